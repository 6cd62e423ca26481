//! Refusals of settings.

use crate::DigitalError;

/// Refuses a setting that is not positive and finite.
pub(crate) fn positive(setting: &'static str, value: f64) -> Result<(), DigitalError> {
    let bounded = value.is_finite() && value > 0.0;
    require(setting, value, bounded, "positive and finite")
}

/// Refuses a setting that is out of bounds.
pub(crate) fn require(
    setting: &'static str,
    value: f64,
    holds: bool,
    bound: &'static str,
) -> Result<(), DigitalError> {
    if holds {
        Ok(())
    } else {
        Err(DigitalError::Setting {
            setting,
            value,
            bound,
        })
    }
}

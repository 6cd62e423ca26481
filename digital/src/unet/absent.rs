//! What stands in for training where the feature `burn` is off.

use super::UNetSettings;
use super::draws::Batch;
use super::parameters::Parameters;
use crate::DigitalError;

pub(super) fn train(
    _initial: &Parameters,
    _settings: &UNetSettings,
    _next: impl FnMut(u64) -> Batch,
    _progress: impl FnMut(u64, f64),
) -> Result<Parameters, DigitalError> {
    Err(DigitalError::NotBuilt)
}

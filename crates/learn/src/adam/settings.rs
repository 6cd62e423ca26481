//! Settings of the optimiser and their ranges.

use serde::{Deserialize, Serialize};

use super::Schedule;
use crate::LearnError;
use crate::error::positive;

/// Settings of the optimiser.
///
/// The three guards (`clip`, `outlier`, `average`) are off by default: gradients of a probe or of a
/// short run are unbiased and need none. Gradients between relaxed phases do, because a chain that
/// has not reached its equilibrium yields a gradient that is long and wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdamSettings {
    /// Learning rate at its highest. Default 3e-3.
    pub rate: f64,
    /// Decay of the first moment. Default 0.9.
    pub momentum: f64,
    /// Decay of the second moment. Default 0.999.
    pub memory: f64,
    /// How the rate changes over the updates. Default: whole for one half, then linear to zero.
    pub schedule: Schedule,
    /// Number of updates that the schedule spans. Default 4000.
    pub updates: u64,
    /// Parameters of a block are kept at or above a bound, by projection.
    pub floors: Vec<(String, f64)>,
    /// Longest gradient (Euclidean norm over all parameters): a longer one is scaled down to it.
    /// Off by default.
    pub clip: Option<f64>,
    /// An update is skipped if its gradient, before clipping, is longer than this many times the
    /// running geometric mean of the lengths, see [`Adam::update`](crate::Adam::update).
    /// Off by default.
    pub outlier: Option<f64>,
    /// Decay, for each update, of the moving average of the parameters that
    /// [`Model::averaged`](crate::Model::averaged) returns; 0.99 remembers some hundred updates. Off
    /// by default.
    pub average: Option<f64>,
}

impl Default for AdamSettings {
    fn default() -> Self {
        Self {
            rate: 3e-3,
            momentum: 0.9,
            memory: 0.999,
            schedule: Schedule::default(),
            updates: 4000,
            floors: Vec::new(),
            clip: None,
            outlier: None,
            average: None,
        }
    }
}

impl AdamSettings {
    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`] with the first value that is not, and its bound.
    pub fn validated(self) -> Result<Self, LearnError> {
        positive("the learning rate", self.rate)?;
        positive("the number of updates", self.updates as f64)?;
        for (_, floor) in &self.floors {
            within(
                "a floor of the optimiser",
                *floor,
                floor.is_finite(),
                "finite",
            )?;
        }
        for (setting, decay) in [
            ("the decay of Adam's first moment", Some(self.momentum)),
            ("the decay of Adam's second moment", Some(self.memory)),
            ("the decay of the parameters' average", self.average),
        ] {
            // Without the feature any decay in range will do.
            let decay = decay.unwrap_or(0.0);
            within(
                setting,
                decay,
                (0.0..1.0).contains(&decay),
                "at least 0 and below 1",
            )?;
        }
        self.schedule.check()?;
        if let Some(clip) = self.clip {
            positive("the longest gradient (clip)", clip)?;
        }
        if let Some(ratio) = self.outlier {
            within(
                "the ratio beyond which a gradient is an outlier",
                ratio,
                ratio.is_finite() && ratio > 1.0,
                "finite and above 1",
            )?;
        }
        Ok(self)
    }

    /// Learning rate of an update, counted from zero.
    pub(super) fn rate_at(&self, update: u64) -> f64 {
        self.rate * self.schedule.share(update, self.updates)
    }
}

/// Refuses a setting that is not `fine`.
pub(super) fn within(
    setting: &'static str,
    value: f64,
    fine: bool,
    bound: &'static str,
) -> Result<(), LearnError> {
    if fine {
        return Ok(());
    }
    Err(LearnError::Setting {
        setting,
        value,
        bound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named_with_value_and_bound() {
        let default = AdamSettings::default;
        let decay = "at least 0 and below 1";
        for (settings, message) in [
            (
                AdamSettings {
                    rate: f64::NAN,
                    ..default()
                },
                "the learning rate is NaN; it must be positive and finite".to_owned(),
            ),
            (
                AdamSettings {
                    updates: 0,
                    ..default()
                },
                "the number of updates is 0; it must be positive and finite".to_owned(),
            ),
            (
                AdamSettings {
                    momentum: -0.1,
                    ..default()
                },
                format!("the decay of Adam's first moment is -0.1; it must be {decay}"),
            ),
            (
                AdamSettings {
                    memory: 1.0,
                    ..default()
                },
                format!("the decay of Adam's second moment is 1; it must be {decay}"),
            ),
            (
                AdamSettings {
                    average: Some(1.0),
                    ..default()
                },
                format!("the decay of the parameters' average is 1; it must be {decay}"),
            ),
            (
                AdamSettings {
                    clip: Some(0.0),
                    ..default()
                },
                "the longest gradient (clip) is 0; it must be positive and finite".to_owned(),
            ),
            (
                AdamSettings {
                    outlier: Some(1.0),
                    ..default()
                },
                "the ratio beyond which a gradient is an outlier is 1; it must be finite and above \
                 1"
                .to_owned(),
            ),
            (
                AdamSettings {
                    floors: vec![("held".to_owned(), f64::INFINITY)],
                    ..default()
                },
                "a floor of the optimiser is inf; it must be finite".to_owned(),
            ),
            (
                AdamSettings {
                    schedule: Schedule::ConstantThenLinear { constant: -1.0 },
                    ..default()
                },
                "the constant share of the learning-rate schedule is -1; it must be at least 0 and \
                 at most 1"
                    .to_owned(),
            ),
        ] {
            assert_eq!(settings.validated().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn settings_at_their_bounds_are_taken() {
        let settings = AdamSettings {
            momentum: 0.0,
            average: Some(0.0),
            clip: Some(f64::MIN_POSITIVE),
            outlier: Some(1.1),
            schedule: Schedule::Cosine {
                warmup: 0.0,
                last: 1.0,
            },
            ..AdamSettings::default()
        };
        assert_eq!(settings.clone().validated().unwrap(), settings);
    }
}

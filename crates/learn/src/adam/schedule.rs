//! How the learning rate changes over a run.

use serde::{Deserialize, Serialize};

use super::settings::within;
use crate::LearnError;

/// The share of the learning rate that each update gets.
///
/// A schedule spans [`AdamSettings::updates`](crate::AdamSettings::updates) updates and is a function
/// of their number alone, so that a resumed run continues where it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Schedule {
    /// The whole rate, then a straight fall to zero.
    ConstantThenLinear {
        /// Share of the updates before the fall, in \[0, 1\].
        constant: f64,
    },
    /// A straight rise, then half a cosine down to a last rate (Loshchilov and Hutter 2017, without
    /// restarts).
    ///
    /// The rise makes W = `warmup` x `updates` updates with shares 1/(W + 1), ..., W/(W + 1), so
    /// that none is lost to a rate of zero; the cosine starts at 1.
    Cosine {
        /// Share of the updates in the rise, in \[0, 1).
        warmup: f64,
        /// Share of the rate at the end, in \[0, 1\].
        last: f64,
    },
    /// The whole rate throughout.
    Constant,
}

impl Default for Schedule {
    /// The whole rate for half of the updates.
    fn default() -> Self {
        Self::ConstantThenLinear { constant: 0.5 }
    }
}

impl Schedule {
    /// Share of the rate at update number `update`, counted from zero, of `updates`.
    ///
    /// Beyond the end it stays at the value there.
    #[must_use]
    pub fn share(&self, update: u64, updates: u64) -> f64 {
        let (update, updates) = (update as f64, updates as f64);
        match *self {
            Self::ConstantThenLinear { constant } => {
                let progress = update / updates;
                let falling = (1.0 - progress) / (1.0 - constant).max(f64::MIN_POSITIVE);
                falling.clamp(0.0, 1.0)
            }
            Self::Cosine { warmup, last } => {
                let rise = warmup * updates;
                if update < rise {
                    return (update + 1.0) / (rise + 1.0);
                }
                let progress = ((update - rise) / (updates - rise)).min(1.0);
                let height = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
                last + (1.0 - last) * height
            }
            Self::Constant => 1.0,
        }
    }

    /// Refuses shares out of range.
    pub(super) fn check(&self) -> Result<(), LearnError> {
        match *self {
            Self::ConstantThenLinear { constant } => within(
                "the constant share of the learning-rate schedule",
                constant,
                (0.0..=1.0).contains(&constant),
                "at least 0 and at most 1",
            ),
            Self::Cosine { warmup, last } => {
                within(
                    "the warm-up share of the learning-rate schedule",
                    warmup,
                    (0.0..1.0).contains(&warmup),
                    "at least 0 and below 1",
                )?;
                within(
                    "the last share of the learning rate",
                    last,
                    (0.0..=1.0).contains(&last),
                    "at least 0 and at most 1",
                )
            }
            Self::Constant => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    }

    #[test]
    fn the_default_is_constant_then_falls_to_zero() {
        let share = |update| Schedule::default().share(update, 100);
        assert_eq!((share(0), share(50)), (1.0, 1.0));
        close(share(75), 0.5);
        assert_eq!((share(100), share(101)), (0.0, 0.0));
        let level = Schedule::ConstantThenLinear { constant: 1.0 };
        assert_eq!(level.share(99, 100), 1.0);
    }

    #[test]
    fn the_cosine_rises_turns_and_ends_where_it_was_told() {
        let schedule = Schedule::Cosine {
            warmup: 0.2,
            last: 0.1,
        };
        let share = |update| schedule.share(update, 20);
        // Four updates of rise, sixteen of fall.
        for (update, expected) in [(0, 0.2), (1, 0.4), (2, 0.6), (3, 0.8), (4, 1.0)] {
            close(share(update), expected);
        }
        let quarter = 0.5 + 0.5 * std::f64::consts::FRAC_1_SQRT_2;
        close(share(8), 0.1 + 0.9 * quarter);
        close(share(12), 0.55);
        close(share(16), 0.1 + 0.9 * (1.0 - quarter));
        close(share(20), 0.1);
        close(share(50), 0.1);
        let straight = Schedule::Cosine {
            warmup: 0.0,
            last: 0.0,
        };
        close(straight.share(0, 20), 1.0);
        close(straight.share(10, 20), 0.5);
        close(straight.share(20, 20), 0.0);
    }

    #[test]
    fn a_constant_schedule_never_moves() {
        for update in [0, 1, 50, 100, 1000] {
            assert_eq!(Schedule::Constant.share(update, 100), 1.0);
        }
    }

    #[test]
    fn shares_out_of_range_are_named_with_value_and_bound() {
        let message = |schedule: Schedule| schedule.check().unwrap_err().to_string();
        assert_eq!(
            message(Schedule::ConstantThenLinear { constant: 1.5 }),
            "the constant share of the learning-rate schedule is 1.5; it must be at least 0 and at \
             most 1"
        );
        let cosine = |warmup, last| Schedule::Cosine { warmup, last };
        assert_eq!(
            message(cosine(1.0, 0.0)),
            "the warm-up share of the learning-rate schedule is 1; it must be at least 0 and below 1"
        );
        assert_eq!(
            message(cosine(0.1, f64::NAN)),
            "the last share of the learning rate is NaN; it must be at least 0 and at most 1"
        );
        for fine in [
            cosine(0.0, 1.0),
            cosine(0.999, 0.0),
            Schedule::default(),
            Schedule::Constant,
        ] {
            assert!(fine.check().is_ok(), "{fine:?}");
        }
    }
}

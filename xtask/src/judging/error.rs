//! What can go wrong while images are judged, and the checks that find it.

use faer::MatRef;
use thiserror::Error;

/// A reason why a set of images (or points) cannot be judged.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum JudgingError {
    /// A set that must hold something holds nothing.
    #[error("the {set} set is empty; give at least one sample")]
    EmptySet {
        /// Which set it was.
        set: &'static str,
    },
    /// Too few samples for the metric to be defined.
    #[error("the {set} set has {found} samples but {metric} needs at least {needed}; draw more")]
    TooFewSamples {
        /// Which set it was.
        set: &'static str,
        /// The metric that was asked for.
        metric: &'static str,
        /// Number of samples given.
        found: usize,
        /// Smallest number that the metric accepts.
        needed: usize,
    },
    /// Two sets that must live in the same space do not.
    #[error(
        "the {set} set has {found} units per sample but {expected} are expected; use the same image size on both sides"
    )]
    UnitMismatch {
        /// Which set it was.
        set: &'static str,
        /// Units per sample given.
        found: usize,
        /// Units per sample expected.
        expected: usize,
    },
    /// Images and labels do not pair up.
    #[error("{images} images came with {labels} labels; give one label for each image")]
    LabelCount {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A label outside the ten digit classes.
    #[error("label {label} of sample {sample} is outside 0..=9; labels are digits")]
    LabelOutOfRange {
        /// The label found.
        label: u8,
        /// Index of its sample.
        sample: usize,
    },
    /// A NaN or infinite value, usually a diverged generation.
    #[error(
        "{value} at unit {unit} of sample {sample} in the {set} set; a diverged run cannot be judged, lower its step"
    )]
    NonFinite {
        /// Which set it was.
        set: &'static str,
        /// Index of the sample (column).
        sample: usize,
        /// Index of the unit (row).
        unit: usize,
        /// The value found.
        value: f64,
    },
    /// A setting outside its allowed range.
    #[error("{name} = {value} is outside {bound}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Value given.
        value: f64,
        /// The range it must lie in, in words.
        bound: &'static str,
    },
    /// An eigendecomposition or optimisation did not finish.
    #[error(
        "{what} did not converge on {samples} samples of {units} units; check the set for extreme values"
    )]
    NoConvergence {
        /// The computation that failed.
        what: &'static str,
        /// Samples it ran on.
        samples: usize,
        /// Units per sample.
        units: usize,
    },
}

/// Accepts a set that has at least one sample and only finite values.
pub(super) fn check_set(set: &'static str, points: MatRef<'_, f32>) -> Result<(), JudgingError> {
    if points.ncols() == 0 || points.nrows() == 0 {
        return Err(JudgingError::EmptySet { set });
    }
    for (sample, column) in points.col_iter().enumerate() {
        for (unit, value) in column.iter().enumerate() {
            if !value.is_finite() {
                return Err(JudgingError::NonFinite {
                    set,
                    sample,
                    unit,
                    value: f64::from(*value),
                });
            }
        }
    }
    Ok(())
}

/// As [`check_set`], and the samples must have `units` units each.
pub(super) fn check_units(
    set: &'static str,
    points: MatRef<'_, f32>,
    units: usize,
) -> Result<(), JudgingError> {
    if points.ncols() > 0 && points.nrows() != units {
        return Err(JudgingError::UnitMismatch {
            set,
            found: points.nrows(),
            expected: units,
        });
    }
    check_set(set, points)
}

/// Accepts a set of at least `needed` samples.
pub(super) fn check_count(
    set: &'static str,
    metric: &'static str,
    points: MatRef<'_, f32>,
    needed: usize,
) -> Result<(), JudgingError> {
    if points.ncols() < needed {
        return Err(JudgingError::TooFewSamples {
            set,
            metric,
            found: points.ncols(),
            needed,
        });
    }
    Ok(())
}

/// Accepts a number of neighbours that leaves somebody to ask.
pub(super) fn check_neighbours(k: usize) -> Result<(), JudgingError> {
    if k == 0 {
        return Err(JudgingError::Setting {
            name: "k",
            value: 0.0,
            bound: "1 or more neighbours",
        });
    }
    Ok(())
}

/// Accepts one label in 0..=9 for each image.
pub(super) fn check_labels(images: MatRef<'_, f32>, labels: &[u8]) -> Result<(), JudgingError> {
    if labels.len() != images.ncols() {
        return Err(JudgingError::LabelCount {
            images: images.ncols(),
            labels: labels.len(),
        });
    }
    match labels.iter().position(|&label| label > 9) {
        Some(sample) => Err(JudgingError::LabelOutOfRange {
            label: labels[sample],
            sample,
        }),
        None => Ok(()),
    }
}

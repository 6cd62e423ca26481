//! What can go wrong while learning.

use std::path::PathBuf;

use overdamped_energy::EnergyError;
use overdamped_substrate::SubstrateError;

/// Learning could not start, go on, or be resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// The energy or its parameters are at fault.
    #[error(transparent)]
    Energy(#[from] EnergyError),
    /// The substrate is at fault.
    #[error(transparent)]
    Substrate(#[from] SubstrateError),
    /// A setting is outside its range.
    #[error("{setting} is {value}; it must be {bound}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        bound: &'static str,
    },
    /// There is nothing to learn from.
    #[error("the data set is empty; give at least one example")]
    NoData,
    /// Two shapes disagree.
    #[error("{what}: {found} given, {expected} needed")]
    Shape {
        /// What was given.
        what: &'static str,
        /// Size needed.
        expected: usize,
        /// Size given.
        found: usize,
    },
    /// A data value is NaN or infinite.
    #[error("example {example} has {value} at unit {unit}; every value must be finite")]
    NonFiniteData {
        /// Unit.
        unit: usize,
        /// Example.
        example: usize,
        /// The value.
        value: f64,
    },
    /// A batch without repeats asks for more examples than there are.
    #[error(
        "a batch of {batch} different examples was asked for, and there are {examples}; draw at most \
         that many"
    )]
    BatchBeyondData {
        /// Examples asked for.
        batch: usize,
        /// Examples in the data set.
        examples: usize,
    },
    /// An assignment matches as many rows as columns.
    #[error("the costs of an assignment are {rows} x {columns}; give a square matrix")]
    UnbalancedAssignment {
        /// Rows given.
        rows: usize,
        /// Columns given.
        columns: usize,
    },
    /// A cost that no sum can contain.
    #[error(
        "the cost of row {row} and column {column} is {value}; it must be at most 1e290 in size, so \
         scale the costs or the data down"
    )]
    UnusableCost {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// The cost.
        value: f64,
    },
    /// A gradient or loss left the finite numbers.
    #[error(
        "learning diverged at update {update} of model {model}: {what} is {value}; lower the \
         learning rate or bound the parameters"
    )]
    Diverged {
        /// Which model of the run.
        model: usize,
        /// Update counter.
        update: u64,
        /// What is not finite.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A rule failed while a model was being trained.
    #[error("update {update} of model {model} failed: {source}")]
    Update {
        /// Which model of the run.
        model: usize,
        /// Update counter.
        update: u64,
        /// What the rule reported.
        source: Box<LearnError>,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A checkpoint cannot be used.
    #[error("{} is not a usable checkpoint: {reason}", path.display())]
    Checkpoint {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
}

/// Refuses a setting that is not finite or not above its lower bound.
pub(crate) fn positive(setting: &'static str, value: f64) -> Result<(), LearnError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(LearnError::Setting {
        setting,
        value,
        bound: "positive and finite",
    })
}

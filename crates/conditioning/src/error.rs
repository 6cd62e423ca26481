//! What can go wrong between an input and the substrate.

use overdamped_energy::EnergyError;
use overdamped_learn::LearnError;

/// An interface could not be fitted, applied or read, or a barrier not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConditioningError {
    /// The drive cannot act on the substrate.
    #[error(transparent)]
    Energy(#[from] EnergyError),
    /// The optimiser refuses its settings.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// There is nothing to learn from, or to apply.
    #[error("{what}: {units} units x {samples} samples were given; give at least one of each")]
    Empty {
        /// Which matrix.
        what: &'static str,
        /// Rows given.
        units: usize,
        /// Columns given.
        samples: usize,
    },
    /// A matrix has another number of units than its partner needs.
    #[error("{what}: {found} units were given, and {expected} are needed")]
    Units {
        /// Which matrix.
        what: &'static str,
        /// Units needed.
        expected: usize,
        /// Units given.
        found: usize,
    },
    /// Two matrices that belong together have different numbers of samples.
    #[error("{what}: {found} samples for {expected} inputs; give one column for each input")]
    Unpaired {
        /// Which matrix.
        what: &'static str,
        /// Samples of the inputs.
        expected: usize,
        /// Samples of this matrix.
        found: usize,
    },
    /// Values are NaN or infinite.
    #[error(
        "{what}: {count} of the values are not finite, the first ({value}) in row {row}, column \
         {column}; drop these samples or repair them"
    )]
    NonFinite {
        /// Which matrix (units x samples), or which block of weights.
        what: &'static str,
        /// How many values.
        count: usize,
        /// Row of the first, columns taken in turn.
        row: usize,
        /// Column of the first.
        column: usize,
        /// The first.
        value: f64,
    },
    /// There are fewer samples than numbers to be found from them.
    #[error(
        "{what} needs at least {needed} samples, and {samples} were given; give more, or narrow it"
    )]
    TooFewSamples {
        /// What was to be fitted.
        what: &'static str,
        /// Samples needed.
        needed: usize,
        /// Samples given.
        samples: usize,
    },
    /// The inputs vary, or reach, in too few directions.
    #[error(
        "the inputs have numerical rank {rank} in {features} features, and {needed} is needed{}; \
         lower the rank of the bottleneck, or give a ridge above zero",
        constant.map(|feature| format!(" (feature {feature} is constant)")).unwrap_or_default()
    )]
    RankDeficient {
        /// Numerical rank of the inputs' second moments.
        rank: usize,
        /// Rank needed.
        needed: usize,
        /// Number of features.
        features: usize,
        /// The first feature that is the same in every sample, if one is.
        constant: Option<usize>,
    },
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
    /// A block of weights holds another number of values than its shape says.
    #[error(
        "{block} says {rows} x {columns} and holds {values} values; none may be missing or too many"
    )]
    Shape {
        /// Name of the block.
        block: &'static str,
        /// Rows of the shape.
        rows: usize,
        /// Columns of the shape.
        columns: usize,
        /// Number of values.
        values: usize,
    },
    /// Training left the finite numbers.
    #[error("training diverged at update {update} (loss {loss:.3e}); lower the learning rate")]
    Diverged {
        /// The update, from zero.
        update: u64,
        /// The loss there, for data scaled to one.
        loss: f64,
    },
    /// A stiffness has no inverse.
    #[error(
        "the stiffness ({units} units) is not symmetric and positive definite, so that nothing is at rest; \
         raise its diagonal"
    )]
    NotDefinite {
        /// Units of the stiffness.
        units: usize,
    },
    /// A decomposition did not converge.
    #[error("{what} did not converge; bring the data closer to one")]
    Unconverged {
        /// What was sought.
        what: &'static str,
    },
    /// A ratio has nothing below its line.
    #[error(
        "{what} is zero{}, so that the barrier is infinite; give a coupling that carries something",
        unit.map(|unit| format!(" at unit {unit}")).unwrap_or_default()
    )]
    ZeroDenominator {
        /// What is zero.
        what: &'static str,
        /// At which unit, where the ratio is one of each unit.
        unit: Option<usize>,
    },
}

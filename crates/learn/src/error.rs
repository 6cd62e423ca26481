//! What can go wrong while learning.

use std::path::PathBuf;

use overdamped_energy::EnergyError;
use overdamped_substrate::SubstrateError;

use crate::files;

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
    /// The examples mark other rows as data than the wiring does.
    #[error(
        "row {row} of the examples is on the wrong side: the wiring has {visible} visible rows before \
         {clamped} clamped ones; mark exactly the visible ones as data (`Examples::with_visible`)"
    )]
    Mask {
        /// First row that is marked and clamped, or visible and not marked.
        row: usize,
        /// Visible rows of the wiring.
        visible: usize,
        /// Clamped rows of the wiring.
        clamped: usize,
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
    /// A network did not come to rest in its free phase, or when it was nudged.
    #[error(
        "after a {phase} phase of {time} the median chain is {median:.2e} from rest (99 % quantile \
         {high:.2e}, largest {largest:.2e}), above the bound of {bound:.2e}; give it more time ({}), or lower \
         the learning rate; where the energy is not convex, a stiffer spring helps", more(*needed)
    )]
    Unrelaxed {
        /// `free` or `nudged`.
        phase: &'static str,
        /// Time that it had, in 1 / (mobility x stiffness).
        time: f64,
        /// Median over chains of the largest force.
        median: f64,
        /// 99 % quantile.
        high: f64,
        /// Largest.
        largest: f64,
        /// Bound of the median.
        bound: f64,
        /// Time that it would need, by the decay of the residual between the last two looks: infinite if no
        /// time is enough, absent if there was one look only.
        needed: Option<f64>,
    },
    /// A quadratic nudge is strong enough to turn the energy over.
    #[error(
        "the nudge strength is {strength:.3e}, and the state nudged the other way runs away from a \
         strength at or below {bound:.3e} = (curvature of energy and spring) / (curvature of the cost) on; \
         lower it, or nudge by a constant force"
    )]
    NudgeTooStrong {
        /// beta.
        strength: f64,
        /// Its bound, or a value above the bound.
        bound: f64,
    },
    /// Fluctuations that there are none of at zero temperature.
    #[error(
        "the {estimator} estimate divides by the temperature of the bath, which is {temperature}; it must be \
         positive and finite: warm the bath, or nudge"
    )]
    NoTemperature {
        /// Which estimator.
        estimator: &'static str,
        /// kT.
        temperature: f64,
    },
    /// A state at rest is not at a minimum.
    #[error(
        "the energy is not convex at chain {chain}: its smallest curvature is {smallest:.3e}; raise \
         the stiffness of the spring by more than that, or relax longer"
    )]
    NotConvex {
        /// Chain.
        chain: usize,
        /// Smallest eigenvalue of the Hessian, or the curvature along a direction that is not convex.
        smallest: f64,
    },
    /// A stiffness matrix has a direction in which nothing holds the network.
    #[error(
        "the stiffness matrix is not positive definite: its smallest eigenvalue is {smallest:.3e}; weaken \
         the couplings, or stiffen every unit by more than that"
    )]
    Indefinite {
        /// Smallest eigenvalue; NaN if it could not be found.
        smallest: f64,
    },
    /// A stiffness matrix is no second derivative of an energy.
    #[error(
        "the stiffness matrix is {value} at ({row}, {column}) and {mirrored} across the diagonal; give a \
         symmetric one"
    )]
    Asymmetric {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// The entry there.
        value: f64,
        /// The entry at (column, row).
        mirrored: f64,
    },
    /// An entry of a vector or matrix is NaN or infinite.
    #[error("{what} is {value} at entry {entry}; every entry must be finite")]
    NotFinite {
        /// Which vector or matrix.
        what: &'static str,
        /// Entry, counted down the columns.
        entry: usize,
        /// Its value.
        value: f64,
    },
    /// Units moved that were to be held: labels, or visible units whose force was to be read where they
    /// were put.
    #[error(
        "unit {unit} moved by {moved:.2e} while it was to be held; give the clamped units no mobility, \
         and in a walk by forces the visible units neither, or walk by springs"
    )]
    NotHeld {
        /// The unit that moved farthest.
        unit: usize,
        /// How far, in data units.
        moved: f64,
    },
    /// No signal gets from the data to the output.
    #[error(
        "no chain of couplings leads from module {from} to module {to}, so that \
         nothing there is felt at the output; couple them"
    )]
    Disconnected {
        /// Where the signal comes from.
        from: usize,
        /// Where it does not arrive.
        to: usize,
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
    #[error("cannot {action} {}: {source}; {}", path.display(), files::remedy(source.kind()))]
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

/// How much more time a phase needs, in words.
fn more(needed: Option<f64>) -> String {
    match needed {
        Some(time) if time.is_finite() => {
            format!("{time:.3} in all, at the decay between the last two looks")
        }
        Some(_) => "though at the decay between the last two looks no time is enough".to_owned(),
        None => "how much, one look cannot tell".to_owned(),
    }
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

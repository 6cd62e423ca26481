//! What can be wrong with an energy or its parameters.

/// An energy or its parameters cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnergyError {
    /// A vector has another length than its owner needs.
    #[error("{what} needs {expected} values, but {found} were given")]
    Length {
        /// What the vector is for.
        what: String,
        /// Length needed.
        expected: usize,
        /// Length given.
        found: usize,
    },
    /// An energy is described that no memory can hold.
    #[error("{what} are more than memory can address; use fewer")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
    },
    /// A parameter or constant is NaN or infinite.
    #[error("{what}[{index}] is {value}; every value must be finite")]
    NonFinite {
        /// Name of the parameter block or constant.
        what: String,
        /// Position inside it.
        index: usize,
        /// The offending value.
        value: f64,
    },
    /// An edge names a unit that does not exist.
    #[error(
        "edge ({first}, {second}) is out of range: the units are numbered from 0 below {units}"
    )]
    EdgeOutOfRange {
        /// First unit.
        first: usize,
        /// Second unit.
        second: usize,
        /// Number of units.
        units: usize,
    },
    /// An edge joins a unit with itself.
    #[error("edge ({unit}, {unit}) joins a unit with itself; use an on-site term instead")]
    SelfLoop {
        /// The unit.
        unit: usize,
    },
    /// The same pair of units appears twice, in either order.
    #[error("units {first} and {second} are joined twice; keep one edge for each pair")]
    DuplicateEdge {
        /// First unit.
        first: usize,
        /// Second unit.
        second: usize,
    },
    /// A layer of a layered network cannot be made.
    #[error("layer {layer} {reason}")]
    Layer {
        /// Which layer, from the visible one up.
        layer: usize,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A module of a modular network cannot be made, or does not exist.
    #[error("module {module} {reason}")]
    Module {
        /// Which module.
        module: usize,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A coupling of a modular network cannot be made, or does not exist.
    #[error("coupling {coupling} {reason}")]
    Coupling {
        /// Which coupling, in their order.
        coupling: usize,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A unit that moves is not stiff.
    #[error(
        "unit {unit} of module {module} has stiffness {stiffness}, springs included; a unit that \
         moves needs more than zero: raise `stiffness.{module}`, or hold the unit by a spring"
    )]
    Stiffness {
        /// The module.
        module: usize,
        /// Which of its units, from 0.
        unit: usize,
        /// Its stiffness with that of its spring.
        stiffness: f64,
    },
    /// Couplings are too strong for the stiffness.
    #[error(
        "the stiffness is not positive definite: with the couplings its smallest eigenvalue is \
         {eigenvalue:.3e}, most of it in module {module}; raise `stiffness.{module}`, or weaken the \
         couplings with `Modular::project`"
    )]
    NotDefinite {
        /// The smallest eigenvalue of diag(a) - W.
        eigenvalue: f64,
        /// The module where its eigenvector is largest.
        module: usize,
    },
    /// A margin of a projection leaves nothing.
    #[error("the margin is {margin}; it must be at least 0 and below 1")]
    Margin {
        /// The margin given.
        margin: f64,
    },
    /// A decomposition did not converge.
    #[error("{what} did not converge; bring the parameters closer to one")]
    Unconverged {
        /// What was sought.
        what: String,
    },
    /// What the energy would hold does not fit into memory.
    #[error(
        "{what} of {units} units needs {:.1} GiB, and {:.1} GiB are free; couple fewer pairs (`Edges::four_neighbour`, \
         `Edges::chebyshev`), or all of them through a few modes (`LowRank`)",
        *needed as f64 / 1_073_741_824.0, *available as f64 / 1_073_741_824.0
    )]
    Memory {
        /// What is to be held.
        what: &'static str,
        /// Units.
        units: usize,
        /// Bytes that it needs.
        needed: u128,
        /// Bytes that are free.
        available: u128,
    },
    /// Two terms of a sum have different numbers of units.
    #[error("a term on {found} units cannot join a sum on {expected} units")]
    Units {
        /// Units of the sum.
        expected: usize,
        /// Units of the term.
        found: usize,
    },
    /// Two terms of a sum name a parameter block alike.
    #[error("parameter block `{name}` appears twice in the sum; merge the two terms into one")]
    DuplicateBlock {
        /// Name of the block.
        name: String,
    },
    /// A parameter block does not exist.
    #[error("there is no parameter block `{name}`; this energy has: {known}")]
    UnknownBlock {
        /// Name asked for.
        name: String,
        /// Names that exist, separated by commas.
        known: String,
    },
    /// The energy is not certified to grow in every direction.
    #[error(
        "the energy does not confine unit {unit}: {reason}; raise its quartic or sextic \
         coefficient, or run the substrate between walls"
    )]
    NotConfining {
        /// The first unit that may escape.
        unit: usize,
        /// Which term lets it escape.
        reason: String,
    },
}

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

//! What can be wrong with activations, a fit of them, or a hierarchy.

use overdamped_energy::EnergyError;

use crate::Side;

/// Activations cannot be used, or do not determine what is asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CouplingError {
    /// The assembled energy is at fault.
    #[error(transparent)]
    Energy(#[from] EnergyError),
    /// A side has no units, or more than moments are made for.
    #[error("the {side} has {units} units; moments are for 1 to {most}, so drop or pool some")]
    Units {
        /// Which side.
        side: Side,
        /// Its units.
        units: usize,
        /// Most units of a side.
        most: usize,
    },
    /// Two sizes disagree.
    #[error("{what}: {found} given, {expected} needed")]
    Shape {
        /// What was given.
        what: &'static str,
        /// Size needed.
        expected: usize,
        /// Size given.
        found: usize,
    },
    /// The two sides of a chunk have different numbers of samples.
    #[error(
        "{encoder} samples of the encoder came with {decoder} of the decoder; column i of both must be \
         the same sample"
    )]
    Unpaired {
        /// Samples of the encoder.
        encoder: usize,
        /// Samples of the decoder.
        decoder: usize,
    },
    /// Activations are NaN or infinite.
    #[error(
        "{count} activations are not finite, the first {value} at sample {sample}, {side} unit {unit}; \
         drop these samples, or find out what made them"
    )]
    NonFinite {
        /// How many.
        count: usize,
        /// Sample of the first, counted from the beginning of the stream.
        sample: usize,
        /// Its side.
        side: Side,
        /// Its unit.
        unit: usize,
        /// The first of them.
        value: f32,
    },
    /// A number that a map or a hierarchy is made of is NaN or infinite.
    #[error("{what}[{index}] is {value}; every value must be finite")]
    NonFiniteValue {
        /// What it is part of.
        what: &'static str,
        /// Position inside it.
        index: usize,
        /// The value.
        value: f64,
    },
    /// There are too few samples.
    #[error("{samples} samples were seen; {purpose} needs at least {needed}")]
    TooFewSamples {
        /// Samples seen.
        samples: usize,
        /// Samples needed.
        needed: usize,
        /// What for.
        purpose: &'static str,
    },
    /// A rank that no coupling of these sides has.
    #[error(
        "rank {rank} was asked for; between {encoder} and {decoder} units it must lie between 1 and {}",
        encoder.min(decoder)
    )]
    Rank {
        /// Rank asked for.
        rank: usize,
        /// Units of the encoder.
        encoder: usize,
        /// Units of the decoder.
        decoder: usize,
    },
    /// Activations leave directions in which they never vary, and the fit would divide by that.
    #[error(
        "the {side} activations have numerical rank {rank} of {units} ({samples} samples){}; set \
         `FitSettings::ridge` above zero, or drop units that are constant or follow from others",
        constant.map_or(String::new(), |unit| format!(", and unit {unit} is constant"))
    )]
    RankDeficient {
        /// Which side; the decoder's rank is, for the joint Gaussian, that given the encoder.
        side: Side,
        /// Directions in which they vary.
        rank: usize,
        /// Units of the side.
        units: usize,
        /// Samples seen.
        samples: usize,
        /// The first unit that never varies, if one does not.
        constant: Option<usize>,
    },
    /// Nothing varies on one side.
    #[error("no {side} activation varies over the {samples} samples; there is nothing to fit")]
    NoVariance {
        /// Which side.
        side: Side,
        /// Samples seen.
        samples: usize,
    },
    /// A map answers to nothing that the samples do, so that no scale is the best one.
    #[error("the map is zero on these samples, so no scale fits; choose another method or rank")]
    NoResponse,
    /// The weight-Gram pairing was asked for without weights.
    #[error(
        "the weight-Gram pairing is made of weights, not of activations; use `Fit::of_weights`"
    )]
    NeedsWeights,
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
    /// A decomposition did not converge.
    #[error("{what} did not converge; bring the activations closer to one")]
    Unconverged {
        /// What was sought.
        what: &'static str,
    },
    /// A map from a file is not in canonical form.
    #[error("the map is not in canonical form: {reason}; make it with `LowRankMap::new`")]
    NotCanonical {
        /// What is wrong.
        reason: &'static str,
    },
    /// A module of a hierarchy cannot be made, or does not exist.
    #[error("module `{name}` {reason}")]
    Module {
        /// Its name, or its number where it has none.
        name: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A coupling of a hierarchy cannot be made.
    #[error("the coupling from `{from}` to `{to}` {reason}")]
    Coupling {
        /// Module it comes from.
        from: String,
        /// Module it leads to.
        to: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

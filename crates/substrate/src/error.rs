//! What can go wrong on a substrate.

use overdamped_energy::EnergyError;
use overdamped_kernel::PathError;

use crate::ornstein_uhlenbeck::OrnsteinUhlenbeckError;

const GIBIBYTE: f64 = 1_073_741_824.0;

/// A substrate was set up wrongly, or its dynamics failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubstrateError {
    /// The energy or a drive is at fault.
    #[error(transparent)]
    Energy(#[from] EnergyError),
    /// An Ornstein-Uhlenbeck process is at fault.
    #[error(transparent)]
    OrnsteinUhlenbeck(#[from] OrnsteinUhlenbeckError),
    /// The engine asked for is not available on this machine.
    #[error(transparent)]
    Engine(#[from] PathError),
    /// There is nothing to simulate.
    #[error("the substrate has no {what}; it needs at least one")]
    Empty {
        /// `units` or `chains`.
        what: &'static str,
    },
    /// A range of chains that the batch does not have.
    #[error("chains {start} to {end} were asked for, and the batch has {chains}")]
    Chains {
        /// First chain of the range.
        start: usize,
        /// The chain after its last.
        end: usize,
        /// Chains of the batch.
        chains: usize,
    },
    /// The chains would not fit into memory.
    #[error(
        "{chains} chains of {units} units need {:.1} GiB, and {:.1} GiB are free; run them in \
         batches with `prepare_from`, which gives the same trajectories",
        *needed as f64 / GIBIBYTE, *available as f64 / GIBIBYTE
    )]
    Memory {
        /// Units.
        units: usize,
        /// Chains asked for.
        chains: usize,
        /// Bytes that they need.
        needed: u128,
        /// Bytes that are free.
        available: u128,
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
    /// A per-unit setting or a state matrix has the wrong number of units.
    #[error("{what} has {found} units, but the substrate has {expected}")]
    Units {
        /// What was given.
        what: &'static str,
        /// Units of the substrate.
        expected: usize,
        /// Units given.
        found: usize,
    },
    /// A state handed to the substrate is NaN or infinite.
    #[error("the state of unit {unit} in chain {chain} is {value}; every state must be finite")]
    NonFiniteState {
        /// Unit.
        unit: usize,
        /// Chain.
        chain: usize,
        /// The value.
        value: f64,
    },
    /// No parameters have been programmed yet.
    #[error("the substrate has no parameters yet; call `program` before running it")]
    NotProgrammed,
    /// No states have been prepared yet.
    #[error("the substrate has no chains yet; call `prepare` before running it")]
    NotPrepared,
    /// Block descent needs groups of units that do not act on each other.
    #[error(
        "the energy has no groups of uncoupled units, which block descent needs; relax by gradient \
         flow or with momentum"
    )]
    NoGroups,
    /// A protocol has no slice.
    #[error("the protocol has no slice; give it at least one")]
    EmptyProtocol,
    /// The time step exceeds the stability bound of explicit integrators. In the first slice of a
    /// run nothing has moved yet; in a later one the chains are gone and must be prepared or
    /// restored.
    #[error(
        "the time step h = {step:.3e} is unstable: the fastest relaxation rate is {rate:.3e}, and an \
         explicit step must stay below {bound:.3e} (2 / rate, or less with momentum); use more or shorter steps"
    )]
    UnstableStep {
        /// The time step.
        step: f64,
        /// Its bound.
        bound: f64,
        /// Mobility times largest curvature.
        rate: f64,
    },
    /// Steps are so short that their drift is lost to rounding, and so many that this is noticed.
    #[error(
        "the time step h = {step:.3e} is lost to rounding: the fastest relaxation rate is {rate:.3e}, and a step below \
         {bound:.3e} moves a unit by too few of its last digits; use fewer, longer steps or double precision"
    )]
    LostStep {
        /// The time step.
        step: f64,
        /// Its bound.
        bound: f64,
        /// Mobility times largest curvature.
        rate: f64,
    },
    /// A slice has more steps than can be counted.
    #[error(
        "a duration of {duration:e} in steps of {step:e} takes {steps:.3e} steps; at most 2^53 can be counted: use longer \
         steps or a shorter duration"
    )]
    Steps {
        /// Duration of the slice.
        duration: f64,
        /// Largest step.
        step: f64,
        /// Steps that it takes.
        steps: f64,
    },
    /// A step of a unit is beyond the range of the numbers that states are made of.
    #[error(
        "the {what} of unit {unit} is {value:.3e} in one step, and these numbers are exact from {least:.1e} to \
         {most:.1e}; use other units of length or time, or double precision"
    )]
    Range {
        /// `drift` (mobility x h) or `noise` (sqrt(2 mobility kT h)).
        what: &'static str,
        /// Unit.
        unit: usize,
        /// The value in double precision.
        value: f64,
        /// Smallest normal number.
        least: f64,
        /// Largest number.
        most: f64,
    },
    /// The energy of a chain is beyond the range of double precision.
    #[error(
        "the energy of chain {chain} is {energy}; use parameters, drives or states that are smaller, so that it stays a \
         number"
    )]
    InfiniteEnergy {
        /// Chain.
        chain: usize,
        /// What came out.
        energy: f64,
    },
    /// Chains are numbered in 64 bits, from a run's first to its last.
    #[error(
        "chains {first} to {first} + {count} - 1 are beyond 2^64 - 1, the last number of a chain"
    )]
    ChainNumbers {
        /// Number of the first.
        first: u64,
        /// How many.
        count: u64,
    },
    /// A state left the finite numbers while the substrate was running.
    #[error(
        "unit {unit} of chain {chain} diverged at step {step} (chains lost in this run: {chains}; the \
         others went on); shorten the time step, confine the energy, or run between walls"
    )]
    Diverged {
        /// Unit.
        unit: usize,
        /// Chain.
        chain: usize,
        /// Steps since the chains were prepared.
        step: u64,
        /// Number of chains that diverged in this run.
        chains: usize,
    },
    /// A snapshot belongs to another substrate.
    #[error("the snapshot does not fit this substrate: {reason}")]
    Snapshot {
        /// What differs.
        reason: String,
    },
}

/// Refuses a setting that is not finite or is below its lower bound.
pub(crate) fn at_least(
    setting: &'static str,
    value: f64,
    lowest: f64,
    bound: &'static str,
) -> Result<(), SubstrateError> {
    if value.is_finite() && value >= lowest {
        return Ok(());
    }
    Err(SubstrateError::Setting {
        setting,
        value,
        bound,
    })
}

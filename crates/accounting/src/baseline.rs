//! The same result by other means: four baselines, always side by side.

use serde::{Deserialize, Serialize};

use crate::counts::{Counts, Task, Work};
use crate::{AccountingError, Assumption, HardwareModel, Joules, Seconds};

/// What a substrate is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// The processor computes the same function of the same inputs.
    SameFunction,
    /// The processor simulates the relaxation step by step.
    SimulatingRelaxation,
    /// The processor runs the whole network that the substrate stands for, or for a part of.
    WholeNetwork,
    /// The same function, at the share of its peak that the processor reaches at small, serial work.
    LowUtilisation,
}

impl Baseline {
    /// All four, in the order of tables.
    pub const ALL: [Self; 4] = [
        Self::SameFunction,
        Self::SimulatingRelaxation,
        Self::WholeNetwork,
        Self::LowUtilisation,
    ];

    /// Its name in files and ids.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::SameFunction => "same_function",
            Self::SimulatingRelaxation => "simulating_relaxation",
            Self::WholeNetwork => "whole_network",
            Self::LowUtilisation => "low_utilisation",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::SameFunction => "the same function",
            Self::SimulatingRelaxation => "simulating the relaxation",
            Self::WholeNetwork => "the whole network",
            Self::LowUtilisation => "the same function at low utilisation",
        }
    }

    /// The entry of the counts that it is made from: low utilisation is the same function at another price.
    #[must_use]
    pub const fn entry(self) -> &'static str {
        match self {
            Self::LowUtilisation => Self::SameFunction.id(),
            other => other.id(),
        }
    }

    /// The task that it stands for, if the counts have it.
    const fn task(self, counts: &Counts) -> Option<&Task> {
        let baselines = &counts.baselines;
        match self {
            Self::SameFunction | Self::LowUtilisation => baselines.same_function.as_ref(),
            Self::SimulatingRelaxation => baselines.simulating_relaxation.as_ref(),
            Self::WholeNetwork => baselines.whole_network.as_ref(),
        }
    }

    /// What it takes, if the counts have it.
    pub(crate) fn cost(
        self,
        counts: &Counts,
        model: &HardwareModel,
    ) -> Result<BaselineCost, AccountingError> {
        let task = self
            .task(counts)
            .ok_or(AccountingError::MissingBaseline { baseline: self })?;
        let utilisation = match self {
            Self::LowUtilisation => Assumption::LowUtilisation,
            _ => Assumption::ProcessorUtilisation,
        };
        let (energy, time) = on_processor(task.work, model, utilisation);
        Ok(BaselineCost {
            baseline: self,
            about: task.about.clone(),
            energy,
            time,
        })
    }
}

/// What a baseline takes for one result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineCost {
    /// Which.
    pub baseline: Baseline,
    /// What is computed.
    pub about: String,
    /// Its energy.
    pub energy: Joules,
    /// Its time.
    pub time: Seconds,
}

/// Energy and time of work on the processor. An energy that somebody states stays as it is, at any utilisation,
/// and takes the time in which the processor at full power would spend it.
pub(crate) fn on_processor(
    work: Work,
    model: &HardwareModel,
    utilisation: Assumption,
) -> (Joules, Seconds) {
    let power = model.processor_power();
    let flop = match work {
        Work::Joules(joules) => return (Joules(joules), Seconds(joules / power.0)),
        Work::Macs(macs) => 2.0 * macs,
        Work::Flop(flop) => flop,
    };
    let speed = model.si(Assumption::ProcessorPeak) * model.value(utilisation);
    let time = Seconds(flop / speed);
    (power * time, time)
}

/// Amdahl's law: the gain of a whole of which `share` gains by `gain` and the rest stays as it is.
///
/// 1 / ((1 - share) + share / gain), and so at most 1 / (1 - share) whatever the gain (G. M. Amdahl 1967). Bills need
/// no such formula, as they hold the rest as lines of their own; it is here to check claims by.
///
/// # Errors
/// [`AccountingError::Setting`] for a share outside 0 to 1, or a gain that is not above zero.
///
/// ```
/// // Nine tenths of the work for nothing at all is a gain of ten.
/// assert!((overdamped_accounting::amdahl(0.9, 1e7)? - 10.0).abs() < 1e-4);
/// # Ok::<(), overdamped_accounting::AccountingError>(())
/// ```
pub fn amdahl(share: f64, gain: f64) -> Result<f64, AccountingError> {
    if !(0.0..=1.0).contains(&share) {
        return Err(AccountingError::Setting {
            what: "the share that gains",
            value: share,
            bound: "from 0 to 1",
        });
    }
    let gain = crate::error::positive("the gain", gain)?;
    Ok(1.0 / ((1.0 - share) + share / gain))
}

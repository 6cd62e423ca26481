//! The bill: every act a line, with what it costs and which assumptions say so.
//!
//! | line | count, for one result | energy of each |
//! |---|---|---|
//! | relaxation | unit-seconds in units of simulated time | share of kT that a unit dissipates in it |
//! | bias | unit x physical second, from the first state or drive written to the last reading | power of a unit |
//! | signal | states read | energy that the signal stores in a unit |
//! | charging | states and drives written | C V^2 |
//! | writings of states, drives, parameters | how many | DAC |
//! | readings of states, forces | how many | ADC |
//! | interface, optimiser | multiply-accumulates | that of one |
//! | processor | operations, or an energy as stated | power / (peak x utilisation) |
//!
//! Time is that of a device that does one thing after the other: relaxation, rounds of conversions by so many
//! converters at a time, digital work.

mod display;
mod lines;

use serde::Serialize;

use crate::baseline::BaselineCost;
use crate::counts::Counts;
use crate::{AccountingError, Assumption, Baseline, HardwareModel, Joules, Seconds, Watts};

/// A kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Units relax.
    Relaxation,
    /// Units are held at their working point, while they relax, are written and are read.
    Bias,
    /// Units that are read hold a signal.
    Signal,
    /// Nodes of states and drives are charged.
    Charging,
    /// States are written.
    WriteStates,
    /// Drives are written.
    WriteDrives,
    /// Parameters are written.
    WriteParameters,
    /// States are read.
    ReadStates,
    /// Forces are read.
    ReadForces,
    /// The digital interface works.
    Interface,
    /// The optimiser works.
    Optimiser,
    /// The processor does what the substrate leaves to it.
    Processor,
}

impl Act {
    /// All of them, in the order of a bill.
    pub const ALL: [Self; 12] = [
        Self::Relaxation,
        Self::Bias,
        Self::Signal,
        Self::Charging,
        Self::WriteStates,
        Self::WriteDrives,
        Self::WriteParameters,
        Self::ReadStates,
        Self::ReadForces,
        Self::Interface,
        Self::Optimiser,
        Self::Processor,
    ];

    /// Its name in ids.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Relaxation => "relaxation",
            Self::Bias => "bias",
            Self::Signal => "signal",
            Self::Charging => "charging",
            Self::WriteStates => "write_states",
            Self::WriteDrives => "write_drives",
            Self::WriteParameters => "write_parameters",
            Self::ReadStates => "read_states",
            Self::ReadForces => "read_forces",
            Self::Interface => "interface",
            Self::Optimiser => "optimiser",
            Self::Processor => "processor",
        }
    }
}

/// A line of a bill, for one result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Which act.
    pub act: Act,
    /// What was done, for people.
    pub label: String,
    /// How often.
    pub count: f64,
    /// What is counted.
    pub unit: &'static str,
    /// Energy of each.
    pub each: Joules,
    /// Energy of all.
    pub energy: Joules,
    /// Time of all; zero where it passes during another line.
    pub time: Seconds,
    /// What the price rests on.
    pub assumptions: Vec<Assumption>,
}

/// What one result takes, line by line, beside what it takes by other means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// What was counted.
    pub name: String,
    /// What one result is.
    pub per: String,
    /// Name of the hardware model.
    pub hardware: String,
    /// Name of the processor.
    pub processor: String,
    /// The lines; acts that did not happen have none.
    pub lines: Vec<Line>,
    /// The baselines that the counts have.
    pub baselines: Vec<BaselineCost>,
}

impl Bill {
    /// Prices counts.
    ///
    /// # Errors
    /// Those of [`Counts::check`].
    pub fn new(counts: &Counts, model: &HardwareModel) -> Result<Self, AccountingError> {
        counts.check()?;
        let mut lines = lines::of(counts, model);
        lines.retain(|line| line.count > 0.0);
        let baselines = Baseline::ALL.into_iter();
        Ok(Self {
            name: counts.name.clone(),
            per: counts.per.clone(),
            hardware: model.name.clone(),
            processor: model.processor.clone(),
            lines,
            baselines: baselines
                .filter_map(|baseline| baseline.cost(counts, model).ok())
                .collect(),
        })
    }

    /// Energy of one result.
    #[must_use]
    pub fn energy(&self) -> Joules {
        self.lines.iter().map(|line| line.energy).sum()
    }

    /// Time of one result.
    #[must_use]
    pub fn time(&self) -> Seconds {
        self.lines.iter().map(|line| line.time).sum()
    }

    /// Mean power while it is made.
    ///
    /// # Errors
    /// [`AccountingError::NoRatio`] if it takes no time.
    pub fn power(&self) -> Result<Watts, AccountingError> {
        let time = above_zero("the time of the bill", self.time().0)?;
        Ok(self.energy() / Seconds(time))
    }

    /// Energy of all lines of a kind.
    #[must_use]
    pub fn energy_of(&self, act: Act) -> Joules {
        let lines = self.lines.iter().filter(|line| line.act == act);
        lines.map(|line| line.energy).sum()
    }

    /// A baseline.
    ///
    /// # Errors
    /// [`AccountingError::MissingBaseline`].
    pub fn baseline(&self, baseline: Baseline) -> Result<&BaselineCost, AccountingError> {
        let found = self.baselines.iter().find(|cost| cost.baseline == baseline);
        found.ok_or(AccountingError::MissingBaseline { baseline })
    }

    /// How many times less energy this takes than a baseline. What the substrate leaves to the processor is among
    /// its lines, so Amdahl's law holds by itself.
    ///
    /// # Errors
    /// [`AccountingError::MissingBaseline`], or [`AccountingError::NoRatio`] if the bill is zero.
    pub fn gain(&self, baseline: Baseline) -> Result<f64, AccountingError> {
        let energy = above_zero("the energy of the bill", self.energy().0)?;
        Ok(self.baseline(baseline)?.energy.0 / energy)
    }

    /// How many times less time this takes than a baseline.
    ///
    /// # Errors
    /// As [`Bill::gain`], if it takes no time.
    pub fn speed_up(&self, baseline: Baseline) -> Result<f64, AccountingError> {
        let time = above_zero("the time of the bill", self.time().0)?;
        Ok(self.baseline(baseline)?.time.0 / time)
    }
}

fn above_zero(what: &'static str, value: f64) -> Result<f64, AccountingError> {
    if value > 0.0 {
        return Ok(value);
    }
    Err(AccountingError::NoRatio { what, value })
}

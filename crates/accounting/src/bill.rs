//! The bill: every act a line, with what it costs and which assumptions say so.
//!
//! | line | count, for one result | energy of each |
//! |---|---|---|
//! | relaxation | unit-seconds in units of simulated time | share of kT that a unit dissipates in it |
//! | bias | the same | power of a unit x physical duration of that time |
//! | signal | states read | energy that the signal stores in a unit |
//! | charging | states and drives written | C V^2 |
//! | writings of states, drives, parameters | how many | DAC |
//! | readings of states, forces | how many | ADC |
//! | interface, optimiser | multiply-accumulates | that of one |
//! | processor | operations, or an energy as stated | power / (peak x utilisation) |
//!
//! Time is that of a device that does one thing after the other: relaxation, rounds of conversions by so many
//! converters at a time, digital work.

use std::fmt;

use serde::Serialize;

use crate::baseline::{BaselineCost, on_processor};
use crate::counts::{Counts, Digital, Place, Work};
use crate::{AccountingError, Assumption, Baseline, HardwareModel, Joules, Seconds, Watts};

/// A kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Units relax.
    Relaxation,
    /// Units are held at their working point meanwhile.
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
        let mut lines = physical(counts, model);
        lines.extend(
            counts
                .digital
                .iter()
                .map(|piece| digital(piece, counts, model)),
        );
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

/// Lines of what the substrate and its converters do.
fn physical(counts: &Counts, model: &HardwareModel) -> Vec<Line> {
    use Assumption as A;
    let results = counts.results as f64;
    let acts = &counts.acts;
    let unit_time = counts.unit_time();
    let second = model.si(A::RelaxationTime);
    // All units of a chain relax at once, chain after chain unless the device has copies.
    let side_by_side = (counts.units * counts.chains_at_once).max(1) as f64;
    let relaxing = Seconds(unit_time / side_by_side * second);
    let (none, kt) = (Seconds(0.0), model.thermal_energy());
    let bias = Joules(model.si(A::BiasPower) * second);
    let line = |act, label: &str, count, unit, each: Joules, time, assumptions: &[A]| Line {
        act,
        label: label.to_owned(),
        count,
        unit,
        each,
        energy: each * count,
        time,
        assumptions: assumptions.to_vec(),
    };
    let of = |count: u64| count as f64 / results;
    // The last round of conversions takes as long as the others, however few it serves.
    let rounds = |count: f64| (count / model.value(A::ParallelConverters)).ceil();
    let written = |act, label, count: f64| {
        let time = Seconds(rounds(count) * model.si(A::DacTime));
        let rests = [A::AdcStepEnergy, A::DacShare, A::DacBits];
        line(act, label, count, "values", model.writing(), time, &rests)
    };
    let read = |act, label, count: f64| {
        let time = Seconds(rounds(count) * model.si(A::AdcTime));
        let rests = [A::AdcStepEnergy, A::AdcBits];
        line(act, label, count, "values", model.reading(), time, &rests)
    };
    let sharing = counts.parameters_shared_by.unwrap_or(counts.results);
    vec![
        line(
            Act::Relaxation,
            "units relax",
            unit_time,
            "unit x time",
            kt * model.value(A::RelaxationDissipation),
            relaxing,
            &[A::RelaxationDissipation, A::BathTemperature],
        ),
        line(
            Act::Bias,
            "units are biased",
            unit_time,
            "unit x time",
            bias,
            none,
            &[A::BiasPower, A::RelaxationTime],
        ),
        line(
            Act::Signal,
            "a signal is stored",
            of(acts.states_read),
            "states",
            kt * model.value(A::SignalEnergy),
            none,
            &[A::SignalEnergy, A::BathTemperature],
        ),
        line(
            Act::Charging,
            "nodes are charged",
            of(acts.states_written + acts.drives_written),
            "nodes",
            model.charging(),
            none,
            &[A::NodeCapacitance, A::NodeVoltage],
        ),
        written(
            Act::WriteStates,
            "states are written",
            of(acts.states_written),
        ),
        written(
            Act::WriteDrives,
            "drives are written",
            of(acts.drives_written),
        ),
        written(
            Act::WriteParameters,
            "parameters are written",
            acts.parameters_written as f64 / sharing as f64,
        ),
        read(Act::ReadStates, "states are read", of(acts.states_read)),
        read(Act::ReadForces, "forces are read", of(acts.forces_read)),
    ]
}

/// The line of a piece of digital work.
fn digital(piece: &Digital, counts: &Counts, model: &HardwareModel) -> Line {
    use Assumption as A;
    let work = piece.work.times(1.0 / counts.results as f64);
    let (act, each, rate, rests) = match piece.place {
        Place::Interface => (
            Act::Interface,
            A::InterfaceEnergy,
            A::InterfaceRate,
            vec![A::InterfaceEnergy],
        ),
        Place::Optimiser => (
            Act::Optimiser,
            A::OptimiserEnergy,
            A::OptimiserRate,
            vec![A::OptimiserEnergy],
        ),
        Place::Processor => {
            let (energy, time) = on_processor(work, model, A::ProcessorUtilisation);
            let (count, unit, rests) = match work {
                Work::Joules(joules) => (joules, "J", Vec::new()),
                Work::Macs(count) => (count, "MAC", PROCESSOR.to_vec()),
                Work::Flop(count) => (count, "FLOP", PROCESSOR.to_vec()),
            };
            return Line {
                act: Act::Processor,
                label: piece.name.clone(),
                count,
                unit,
                each: if count > 0.0 { energy / count } else { energy },
                energy,
                time,
                assumptions: rests,
            };
        }
    };
    let (each, rate) = (Joules(model.si(each)), model.si(rate));
    let (count, unit, each, rests) = match work {
        Work::Macs(macs) => (macs, "MAC", each, rests),
        // A multiply-accumulate is two operations.
        Work::Flop(flop) => (flop / 2.0, "MAC", each, rests),
        Work::Joules(joules) => (joules, "J", Joules(1.0), Vec::new()),
    };
    let time = match work {
        Work::Joules(_) => 0.0,
        Work::Macs(_) | Work::Flop(_) => count / rate,
    };
    Line {
        act,
        label: piece.name.clone(),
        count,
        unit,
        each,
        energy: each * count,
        time: Seconds(time),
        assumptions: rests,
    }
}

/// What the price of work on the processor rests on.
const PROCESSOR: [Assumption; 3] = [
    Assumption::ProcessorPeak,
    Assumption::ProcessorPower,
    Assumption::ProcessorUtilisation,
];

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, for one {}, on `{}`",
            self.name, self.per, self.hardware
        )?;
        let total = self.energy();
        let share = |energy: Joules| {
            if total.0 > 0.0 {
                format!("{:.1} %", 100.0 * (energy / total))
            } else {
                String::new()
            }
        };
        for line in &self.lines {
            let count = crate::si(line.count, line.unit);
            writeln!(
                f,
                "  {:<28}{count:>20}  x {:<9} = {:<9} {:>7}  {}",
                line.label,
                line.each.to_string(),
                line.energy.to_string(),
                share(line.energy),
                line.time
            )?;
        }
        writeln!(f, "  total {total}, {}", self.time())?;
        for cost in &self.baselines {
            let gain = self.gain(cost.baseline);
            let gain = gain.map_or_else(|_| "-".to_owned(), |gain| format!("{gain:.3e}"));
            writeln!(
                f,
                "  {} ({}): {}, {}; gain {gain}",
                cost.baseline.title(),
                self.processor,
                cost.energy,
                cost.time
            )?;
        }
        Ok(())
    }
}

//! Counts and prices, act by act.

use super::{Act, Line};
use crate::baseline::on_processor;
use crate::counts::{Counts, Digital, Place, Work};
use crate::{Assumption, HardwareModel, Joules, Seconds};

/// Every line of a bill; those of acts that did not happen count zero.
pub(super) fn of(counts: &Counts, model: &HardwareModel) -> Vec<Line> {
    let desk = Desk {
        counts,
        model,
        results: counts.results as f64,
    };
    let mut lines = desk.relaxation();
    lines.extend(desk.conversions());
    lines.extend(counts.digital.iter().map(|piece| desk.digital(piece)));
    lines
}

/// Counts beside the prices that they meet.
struct Desk<'a> {
    counts: &'a Counts,
    model: &'a HardwareModel,
    results: f64,
}

impl Desk<'_> {
    /// A count of all results, for one.
    fn each(&self, count: u64) -> f64 {
        count as f64 / self.results
    }

    /// Units that are on at the same time: of a chain, and of its copies.
    fn side_by_side(&self) -> f64 {
        self.counts.units as f64 * self.counts.chains_at_once as f64
    }

    /// What the units do and hold.
    fn relaxation(&self) -> Vec<Line> {
        use Assumption as A;
        let (model, acts) = (self.model, &self.counts.acts);
        let (kt, unit_time) = (model.thermal_energy(), self.counts.unit_time());
        let physical = unit_time * model.si(A::RelaxationTime);
        let charged = self.each(acts.states_written) + self.each(acts.drives_written);
        // All units of a chain relax at once, chain after chain unless the device has copies.
        let relaxing = Seconds(physical / self.side_by_side().max(1.0));
        vec![
            Line {
                act: Act::Relaxation,
                label: "units relax".to_owned(),
                count: unit_time,
                unit: "unit x time",
                each: kt * model.value(A::RelaxationDissipation),
                energy: kt * model.value(A::RelaxationDissipation) * unit_time,
                time: relaxing,
                assumptions: vec![A::RelaxationDissipation, A::BathTemperature],
            },
            meanwhile(
                Act::Bias,
                "units are biased",
                (physical + self.side_by_side() * self.held().0, "unit x s"),
                Joules(model.si(A::BiasPower)),
                &[A::BiasPower, A::RelaxationTime, A::AdcTime, A::DacTime],
            ),
            meanwhile(
                Act::Signal,
                "a signal is stored",
                (self.each(acts.states_read), "states"),
                kt * model.value(A::SignalEnergy),
                &[A::SignalEnergy, A::BathTemperature],
            ),
            meanwhile(
                Act::Charging,
                "nodes are charged",
                (charged, "nodes"),
                model.charging(),
                &[A::NodeCapacitance, A::NodeVoltage],
            ),
        ]
    }

    /// How long states and drives are held while others are written or read.
    fn held(&self) -> Seconds {
        use Assumption as A;
        let acts = &self.counts.acts;
        let written = self.each(acts.states_written) + self.each(acts.drives_written);
        let read = self.each(acts.states_read) + self.each(acts.forces_read);
        let (dac, adc) = (self.model.si(A::DacTime), self.model.si(A::AdcTime));
        Seconds((written * dac + read * adc) / self.model.value(A::ParallelConverters))
    }

    /// What converters write and read.
    fn conversions(&self) -> Vec<Line> {
        use Assumption as A;
        let (model, acts) = (self.model, &self.counts.acts);
        let sharing = self.counts.parameters_shared_by;
        let sharing = sharing.unwrap_or(self.counts.results) as f64;
        let parameters = acts.parameters_written as f64 / sharing;
        // The last round of conversions takes as long as the others, however few it serves.
        let rounds = |count: f64| (count / model.value(A::ParallelConverters)).ceil();
        let line = |act, label, count: f64| {
            let reads = matches!(act, Act::ReadStates | Act::ReadForces);
            let (each, time) = match reads {
                true => (model.reading(), A::AdcTime),
                false => (model.writing(), A::DacTime),
            };
            let rests: &[A] = match reads {
                true => &[A::AdcStepEnergy, A::AdcBits],
                false => &[A::AdcStepEnergy, A::DacShare, A::DacBits],
            };
            Line {
                time: Seconds(rounds(count) * model.si(time)),
                ..meanwhile(act, label, (count, "values"), each, rests)
            }
        };
        let each = |count| self.each(count);
        vec![
            line(
                Act::WriteStates,
                "states are written",
                each(acts.states_written),
            ),
            line(
                Act::WriteDrives,
                "drives are written",
                each(acts.drives_written),
            ),
            line(Act::WriteParameters, "parameters are written", parameters),
            line(Act::ReadStates, "states are read", each(acts.states_read)),
            line(Act::ReadForces, "forces are read", each(acts.forces_read)),
        ]
    }

    /// What is computed.
    fn digital(&self, piece: &Digital) -> Line {
        use Assumption as A;
        let work = piece.work.times(1.0 / self.results);
        let (act, price, rate) = match piece.place {
            Place::Interface => (Act::Interface, A::InterfaceEnergy, A::InterfaceRate),
            Place::Optimiser => (Act::Optimiser, A::OptimiserEnergy, A::OptimiserRate),
            Place::Processor => return left(piece, work, self.model),
        };
        let each = Joules(self.model.si(price));
        let macs = match work {
            Work::Macs(macs) => macs,
            // A multiply-accumulate is two operations.
            Work::Flop(flop) => flop / 2.0,
            Work::Joules(joules) => {
                return meanwhile(act, &piece.name, (joules, "J"), Joules(1.0), &[]);
            }
        };
        Line {
            time: Seconds(macs / self.model.si(rate)),
            ..meanwhile(act, &piece.name, (macs, "MAC"), each, &[price])
        }
    }
}

/// A line that takes no time of its own.
fn meanwhile(
    act: Act,
    label: &str,
    (count, unit): (f64, &'static str),
    each: Joules,
    assumptions: &[Assumption],
) -> Line {
    Line {
        act,
        label: label.to_owned(),
        count,
        unit,
        each,
        energy: each * count,
        time: Seconds(0.0),
        assumptions: assumptions.to_vec(),
    }
}

/// What is left to the processor.
fn left(piece: &Digital, work: Work, model: &HardwareModel) -> Line {
    use Assumption as A;
    let (energy, time) = on_processor(work, model, A::ProcessorUtilisation);
    let rests = [A::ProcessorPeak, A::ProcessorPower, A::ProcessorUtilisation];
    let (count, unit, rests): (_, _, &[A]) = match work {
        Work::Joules(joules) => (joules, "J", &[]),
        Work::Macs(count) => (count, "MAC", &rests),
        Work::Flop(count) => (count, "FLOP", &rests),
    };
    let each = if count > 0.0 { energy / count } else { energy };
    Line {
        energy,
        time,
        ..meanwhile(Act::Processor, &piece.name, (count, unit), each, rests)
    }
}

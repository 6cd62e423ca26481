//! What a run takes of a substrate, for accounting: acts as the meter counts them, and what only a simulation can see
//! besides.

use std::sync::Arc;

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Energy, Modular, Wires};
use overdamped_substrate::{
    Acts, ForceProbe, Metered, Observe, Protocol, Relaxer, Residuals, Settings, SimulatedSubstrate,
    Substrate, SubstrateError,
};

/// What some results of a system took.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Results that everything was counted over.
    pub results: u64,
    /// Units of a chain that move.
    pub units: u64,
    /// Physical acts.
    pub acts: Acts,
    /// What the simulation saw besides.
    pub seen: Seen,
}

/// What a simulation sees of its chains and a meter outside does not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seen {
    /// Heat given to the bath, in kT.
    pub heat: f64,
    /// Work done on the chains by switching parameters and drives, in kT.
    pub work: f64,
    /// Evaluations of the force on a chain as the project simulates: time steps, and sweeps where it has a shortcut.
    pub evaluations: u64,
    /// The same, had every relaxation been made in time steps.
    pub steps: u64,
}

/// A simulated substrate that keeps a record of itself beyond what is prepared at the moment.
pub struct Observed {
    inner: SimulatedSubstrate<f32>,
    /// Of the chains before those that are prepared.
    past: Seen,
}

impl Observed {
    /// A metered substrate of this energy. What `settings` observe is replaced.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn metered(
        energy: Arc<dyn Energy<f32>>,
        settings: &Settings,
    ) -> Result<Metered<Self>, SubstrateError> {
        let observing = Settings {
            observe: Observe::Energy,
            ..settings.clone()
        };
        let observed = Self {
            inner: SimulatedSubstrate::new(energy, observing)?,
            past: Seen::default(),
        };
        Metered::new(observed, settings)
    }

    /// Everything up to now.
    pub fn seen(&self) -> Seen {
        let ledger = self.inner.ledger();
        Seen {
            heat: self.past.heat - ledger.heat.iter().sum::<f64>(),
            work: self.past.work + ledger.work.iter().sum::<f64>(),
            ..self.past
        }
    }

    /// Counts the force evaluations of a time; `shortcut` where the relaxer may take one.
    fn count(&mut self, duration: f64, shortcut: bool) {
        let chains = self.inner.chains() as u64;
        let settings = self.inner.settings();
        let (steps, _) = settings.time_step.divide(duration);
        let made = match settings.relaxer {
            Relaxer::Nesterov { momentum } if shortcut => {
                settings.time_step.divide(duration * (1.0 - momentum)).0
            }
            Relaxer::BlockDescent { time_per_sweep, .. } if shortcut => {
                (duration / time_per_sweep).ceil() as u64
            }
            _ => steps,
        };
        self.past.evaluations += made * chains;
        self.past.steps += steps * chains;
    }
}

/// What a metered substrate has counted and seen.
pub fn finish(substrate: Metered<Observed>, results: u64, units: u64) -> Run {
    let (observed, acts) = substrate.into_parts();
    Run {
        results,
        units,
        acts,
        seen: observed.seen(),
    }
}

impl Run {
    /// What came after a moment when so much had been counted and seen.
    #[must_use]
    pub fn since(mut self, acts: &Acts, seen: &Seen) -> Self {
        for spent in &mut self.acts.relaxation {
            let known = acts.relaxation.iter();
            let before = { known }.find(|at| at.temperature == spent.temperature);
            spent.unit_seconds -= before.map_or(0.0, |at| at.unit_seconds);
        }
        self.acts.chains_prepared -= acts.chains_prepared;
        self.acts.states_written -= acts.states_written;
        self.acts.parameters_written -= acts.parameters_written;
        self.acts.drives_written -= acts.drives_written;
        self.acts.states_read -= acts.states_read;
        self.acts.forces_read -= acts.forces_read;
        self.seen.heat -= seen.heat;
        self.seen.work -= seen.work;
        self.seen.evaluations -= seen.evaluations;
        self.seen.steps -= seen.steps;
        self
    }

    /// Two runs of the same kind, together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.results += other.results;
        let (acts, more) = (&mut self.acts, &other.acts);
        for spent in &more.relaxation {
            let known = acts.relaxation.iter_mut();
            match { known }.find(|at| at.temperature == spent.temperature) {
                Some(at) => at.unit_seconds += spent.unit_seconds,
                None => acts.relaxation.push(*spent),
            }
        }
        acts.chains_prepared += more.chains_prepared;
        acts.states_written += more.states_written;
        acts.parameters_written += more.parameters_written;
        acts.drives_written += more.drives_written;
        acts.states_read += more.states_read;
        acts.forces_read += more.forces_read;
        self.seen.heat += other.seen.heat;
        self.seen.work += other.seen.work;
        self.seen.evaluations += other.seen.evaluations;
        self.seen.steps += other.seen.steps;
        self
    }
}

/// Wires of all couplings of a modular energy: one for each partner of a pair, and for each unit on each bus.
pub fn wires(energy: &Modular) -> u64 {
    each_coupling(energy, |left, right, wires| match wires {
        Wires::OneToOne => left,
        Wires::LowRank { rank } => rank * (left + right),
    })
}

/// Multiply-accumulates of the force on all units of a modular energy: every coupling in both directions, through its
/// buses or as a whole, whichever takes fewer, and a quartic well's cubic for each unit that has one.
pub fn force(energy: &Modular) -> u64 {
    let couplings = each_coupling(energy, |left, right, wires| match wires {
        Wires::OneToOne => 2 * left,
        Wires::LowRank { rank } => 2 * (rank * (left + right)).min(left * right),
    });
    let wells = energy.modules().iter().map(|module| {
        let products = if module.quartic { 3 } else { 1 };
        products * module.units as u64
    });
    couplings + wells.sum::<u64>()
}

fn each_coupling(energy: &Modular, count: impl Fn(usize, usize, Wires) -> usize) -> u64 {
    let units = |module: usize| energy.modules()[module].units;
    let couplings = energy.couplings().iter();
    couplings
        .map(|c| count(units(c.modules.0), units(c.modules.1), c.wires) as u64)
        .sum()
}

impl Substrate<f32> for Observed {
    fn units(&self) -> usize {
        self.inner.units()
    }

    fn chains(&self) -> usize {
        self.inner.chains()
    }

    fn program(&mut self, parameters: &[f32]) -> Result<(), SubstrateError> {
        self.inner.program(parameters)
    }

    fn attach(&mut self, drive: Option<Drive<f32>>) -> Result<(), SubstrateError> {
        self.inner.attach(drive)
    }

    fn prepare(&mut self, states: MatRef<'_, f32>, seed: u64) -> Result<(), SubstrateError> {
        let seen = self.seen();
        self.inner.prepare(states, seed)?;
        // The ledger starts anew with the chains.
        self.past = seen;
        Ok(())
    }

    fn evolve(&mut self, duration: f64) -> Result<(), SubstrateError> {
        self.inner.evolve(duration)?;
        self.count(duration, false);
        Ok(())
    }

    fn relax(&mut self, duration: f64) -> Result<Residuals, SubstrateError> {
        let residuals = self.inner.relax(duration)?;
        self.count(duration, true);
        Ok(residuals)
    }

    fn run(&mut self, protocol: &Protocol<f32>) -> Result<(), SubstrateError> {
        self.inner.run(protocol)?;
        for slice in protocol.slices() {
            self.count(slice.duration, false);
        }
        Ok(())
    }

    fn read(&mut self) -> Result<Mat<f32>, SubstrateError> {
        self.inner.read()
    }
}

impl ForceProbe<f32> for Observed {
    fn probe_forces(&mut self) -> Result<Mat<f32>, SubstrateError> {
        let forces = self.inner.probe_forces()?;
        let chains = self.inner.chains() as u64;
        self.past.evaluations += chains;
        self.past.steps += chains;
        Ok(forces)
    }
}

#[cfg(test)]
mod tests {
    use overdamped_energy::{SiteTerm, Sites};
    use overdamped_substrate::{PerUnit, TimeStep};

    use super::*;

    /// Two chains fall from x = 2 in a well of stiffness 3: 6 kT of heat each, to a second preparation and beyond; a
    /// drive that is attached at x = 0 does the work that its spring stores.
    #[test]
    fn heat_work_and_steps_outlive_a_preparation() {
        let settings = Settings {
            temperature: PerUnit::Uniform(0.0),
            time_step: TimeStep::AtMost(0.05),
            ..Settings::default()
        };
        let energy = Arc::new(Sites::new(1, &[SiteTerm::Stiffness]));
        let mut substrate = Observed::metered(energy, &settings).unwrap();
        substrate.program(&[3.0]).unwrap();
        let high = Mat::full(1, 2, 2.0_f32);
        for seed in 0..2 {
            substrate.prepare(high.as_ref(), seed).unwrap();
            substrate.evolve(5.0).unwrap();
        }
        let anchors = Mat::full(1, 2, 1.0_f32);
        let spring = Drive::quadratic_nudge(4.0, &[true], anchors.as_ref()).unwrap();
        substrate.attach(Some(spring)).unwrap();
        substrate.relax(1.0).unwrap();
        let seen = substrate.inner().seen();
        // From 4 / 2 at x = 0 to the least of 3 x^2 / 2 + 4 (x - 1)^2 / 2, at x = 4 / 7.
        let left = 2.0 - 0.5 * (3.0 * 16.0 + 4.0 * 9.0) / 49.0;
        assert!((seen.work - 4.0).abs() < 1e-5, "{seen:?}");
        assert!((seen.heat - 24.0 - 2.0 * left).abs() < 1e-3, "{seen:?}");
        assert_eq!((seen.steps, seen.evaluations), (440, 440));
    }
}

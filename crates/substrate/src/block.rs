//! A block of chains: its place in the batch, its work and heat, and its faults.

use faer::Mat;
use faer::traits::math_utils::eps as epsilon;
use overdamped_energy::{Drive, Potential, Scalar};
use overdamped_kernel::{self as kernel, HeatMeter, Scratch};
use serde::{Deserialize, Serialize};

use crate::descent::{Descending, Descent};
use crate::driven::Driven;
use crate::ledger::Account;
use crate::stage::Stage;
use crate::{Observe, SubstrateError, reference};

/// Chains in a full block.
pub(crate) const CHAINS: usize = kernel::Block::<f32>::CHAINS;

/// Units in the last place that the fastest mode has to move by in a step: half of one is then less than two per cent.
const RESOLVED: f64 = 32.0;
/// Share of the way to rest from which on a drift that is lost is noticed.
const NOTICED: f64 = 0.01;
/// Relative difference up to which two rates are the same but for rounding.
const SAME: f64 = 1e-5;

/// A state that left the finite numbers: which unit of which chain, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// Unit.
    pub unit: usize,
    /// Chain, counted from the first of the batch.
    pub chain: usize,
    /// Steps since the chains were prepared.
    pub step: u64,
}

/// Chains that run together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Serialize + serde::de::DeserializeOwned")]
pub(crate) struct Block<T: Scalar> {
    engine: kernel::Block<T>,
    chains: usize,
    /// Number of the first chain: in the run, which fixes its noise, and in this batch.
    first_chain: u64,
    first_in_batch: usize,
    clock: u64,
    account: Account,
    /// Chains that diverged; they read NaN from then on.
    lost: Vec<Divergence>,
}

impl<T: Scalar> Block<T> {
    /// `state` gives the state of each unit of each chain of the block.
    pub(crate) fn new(
        units: usize,
        chains: usize,
        seed: u64,
        (first_chain, first_in_batch): (u64, usize),
        remembers: bool,
        state: impl Fn(usize, usize) -> T,
    ) -> Self {
        Self {
            engine: kernel::Block::new(units, chains, seed, first_chain, remembers, state),
            chains,
            first_chain,
            first_in_batch,
            clock: 0,
            account: Account::new(chains),
            lost: Vec::new(),
        }
    }

    /// Whether the parts of a deserialised block agree with each other and with its substrate.
    pub(crate) fn fits(&self, units: usize, remembers: bool) -> bool {
        let first = self.first_in_batch;
        self.engine.fits(units, self.chains, remembers)
            && self.account.fits(units, self.chains)
            && self
                .lost
                .iter()
                .all(|lost| (first..first.saturating_add(self.chains)).contains(&lost.chain))
            && (0..self.chains).all(|chain| self.is_lost(chain) || self.is_finite(chain))
    }

    /// Whether another block can follow this one in a batch.
    pub(crate) fn precedes(&self, next: &Self) -> bool {
        self.chains == CHAINS
            && next.clock == self.clock
            && Some(next.first_in_batch) == self.first_in_batch.checked_add(CHAINS)
            && next.first_chain == self.first_chain.wrapping_add(CHAINS as u64)
    }

    /// New noise for every chain, from the seed and the chain's own number.
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.engine.reseed(seed, self.first_chain);
    }

    pub(crate) const fn chains(&self) -> usize {
        self.chains
    }

    /// Number of its first chain within the batch.
    pub(crate) const fn first_in_batch(&self) -> usize {
        self.first_in_batch
    }

    /// State of a unit of a chain of the block.
    pub(crate) fn state(&self, unit: usize, chain: usize) -> T {
        self.engine.state(unit, chain)
    }

    /// Copies the states of a chain of the block.
    pub(crate) fn read_chain(&self, chain: usize, states: &mut [T]) {
        self.engine.read_chain(chain, states);
    }

    pub(crate) const fn account(&self) -> &Account {
        &self.account
    }

    /// The chains that diverged, in the order in which they did.
    pub(crate) fn lost(&self) -> &[Divergence] {
        &self.lost
    }

    /// The drive of these chains.
    pub(crate) fn driven<'a>(
        &self,
        potential: &'a dyn Potential<T>,
        drive: Option<&Drive<T>>,
    ) -> Driven<'a, T> {
        let chains = self.first_in_batch..self.first_in_batch + self.chains;
        Driven {
            potential,
            drive: drive.map(|drive| drive.narrowed(chains)),
        }
    }

    /// Energy of each chain; NaN for those that are lost.
    pub(crate) fn energies(&self, driven: &Driven<'_, T>) -> Result<Vec<f64>, SubstrateError> {
        let energies = self.raw_energies(driven);
        let away = self.unbounded(&energies).next();
        match away {
            None => Ok(energies),
            Some(chain) => Err(SubstrateError::InfiniteEnergy {
                chain: self.first_in_batch + chain,
                energy: energies[chain],
            }),
        }
    }

    /// Energy of each chain on its way; one without a finite energy has diverged, by its largest state.
    fn measured(&mut self, driven: &Driven<'_, T>) -> Vec<f64> {
        let mut energies = self.raw_energies(driven);
        let away: Vec<_> = self.unbounded(&energies).collect();
        for chain in away {
            let size = |&unit: &usize| self.state(unit, chain).wide().abs();
            let units = 0..self.engine.units();
            let unit = units.max_by(|a, b| size(a).total_cmp(&size(b)));
            self.lost.push(Divergence {
                unit: unit.unwrap_or(0),
                chain: self.first_in_batch + chain,
                step: self.clock,
            });
            self.lose(chain);
            energies[chain] = f64::NAN;
        }
        energies
    }

    fn raw_energies(&self, driven: &Driven<'_, T>) -> Vec<f64> {
        let columns = reference::columns(&self.engine);
        let mut energies = driven.as_dyn().energy(columns.as_ref());
        energies.truncate(self.chains);
        energies
    }

    /// The chains that are there and whose energy is no number.
    fn unbounded(&self, energies: &[f64]) -> impl Iterator<Item = usize> {
        let chains = energies.iter().enumerate();
        let chains = chains.filter(|(chain, energy)| !energy.is_finite() && !self.is_lost(*chain));
        chains.map(|(chain, _)| chain)
    }

    /// Force on each unit of each chain (units x chains).
    pub(crate) fn force(&self, driven: &Driven<'_, T>) -> Mat<T> {
        let mut forces = driven
            .as_dyn()
            .force(reference::columns(&self.engine).as_ref());
        forces.truncate(forces.nrows(), self.chains);
        forces
    }

    /// Largest |F| on any mobile unit, for each chain that is not lost; infinite if any is no number.
    pub(crate) fn residuals(&self, driven: &Driven<'_, T>, mobility: &[f64]) -> Vec<f64> {
        let forces = self.force(driven);
        let residual = |chain: usize| {
            let units = forces.col_as_slice(chain).iter().zip(mobility);
            let mobile = units.filter(|(_, mobility)| **mobility > 0.0);
            mobile.fold(0.0, |most, (force, _)| {
                let size = force.wide().abs();
                // `max` would pass over NaN, and a broken force for rest.
                f64::max(most, if size.is_nan() { f64::INFINITY } else { size })
            })
        };
        let own = (0..self.chains).filter(|&chain| !self.is_lost(chain));
        own.map(residual).collect()
    }

    /// Books the work of switching between potentials at fixed states.
    pub(crate) fn switch(&mut self, old: &[f64], new: &[f64]) {
        self.account.switch(old, new);
    }

    /// Refuses a step size that is certainly unstable at the first chain's state.
    pub(crate) fn check_stability(
        &self,
        driven: &Driven<'_, T>,
        stage: &Stage<'_, T>,
    ) -> Result<(), SubstrateError> {
        if stage.motion.steps == 0 {
            return Ok(());
        }
        self.check_step(driven, stage.mobility, stage.step, 2.0)
    }

    /// Refuses steps so short that the drift is rounded away: it is rounded into the state, so that a step which moves
    /// a unit by a few units in the last place of where it is is off by half of one each time, in the same direction.
    ///
    /// Springs alone are judged, whose rates are the same in every state: elsewhere a rate that is small here says
    /// nothing of where the chains are going.
    pub(crate) fn check_resolution(
        &self,
        stages: &[Stage<'_, T>],
        drive: Option<&Drive<T>>,
    ) -> Result<(), SubstrateError> {
        if self.is_lost(0) {
            return Ok(());
        }
        let resolved = RESOLVED * epsilon::<T>().wide();
        let mut together = 0.0;
        for stage in stages.iter().filter(|stage| stage.motion.steps > 0) {
            let driven = self.driven(stage.potential, drive);
            let units = 0..driven.units();
            let here: Vec<T> = units.map(|unit| self.state(unit, 0)).collect();
            let rate_at = |state: &[T]| driven.as_dyn().largest_rate(state, stage.mobility);
            let rate = rate_at(&here);
            if stage.step * rate >= resolved {
                continue;
            }
            let elsewhere: Vec<T> = here.iter().map(|&x| x + T::ONE).collect();
            if (rate_at(&elsewhere) - rate).abs() > SAME * rate {
                continue;
            }
            together += stage.step * stage.motion.steps as f64 * rate;
            if together > NOTICED {
                return Err(SubstrateError::LostStep {
                    step: stage.step,
                    bound: resolved / rate,
                    rate,
                });
            }
        }
        Ok(())
    }

    /// Refuses a step with step x rate above `limit` at the first chain's state.
    pub(crate) fn check_step(
        &self,
        driven: &Driven<'_, T>,
        mobility: &[f64],
        step: f64,
        limit: f64,
    ) -> Result<(), SubstrateError> {
        if self.is_lost(0) {
            return Ok(());
        }
        let state: Vec<T> = (0..driven.units())
            .map(|unit| self.state(unit, 0))
            .collect();
        let rate = driven.as_dyn().largest_rate(&state, mobility);
        let bound = limit / rate;
        if rate > 0.0 && step > bound {
            return Err(SubstrateError::UnstableStep { step, bound, rate });
        }
        Ok(())
    }

    /// Runs through slices, from a potential in which the chains have the energies `before`.
    /// Returns the number of chains that were lost on the way.
    pub(crate) fn advance(
        &mut self,
        stages: &[Stage<'_, T>],
        drive: Option<&Drive<T>>,
        before: Option<&dyn Potential<T>>,
        observe: Observe,
        scratch: &mut Scratch<T>,
    ) -> Result<usize, SubstrateError> {
        let observed = observe != Observe::Nothing;
        let lost = self.lost.len();
        let mut energies = before
            .filter(|_| observed)
            .map(|potential| self.measured(&self.driven(potential, drive)));
        let pull = drive.filter(|_| stages.iter().any(|stage| stage.program.is_some()));
        let pull = pull.map(|drive| {
            let pull = |unit: usize, chain: usize| drive.pull(self.first_in_batch + chain)[unit];
            kernel::Drive::new(drive.stiffness().to_vec(), self.chains, pull)
        });
        for (index, stage) in stages.iter().enumerate() {
            let driven = self.driven(stage.potential, drive);
            if observed {
                let start = self.measured(&driven);
                if let Some(end) = &energies {
                    self.switch(end, &start);
                }
                energies = Some(start);
            }
            // One chain speaks for all: the check costs a few products, not a batch.
            if self.first_in_batch == 0 && index > 0 {
                self.check_stability(&driven, stage)?;
            }
            let mut runner = Runner {
                driven: &driven,
                stage,
                pull: pull.as_ref(),
                scratch,
            };
            self.evolve(&mut runner, observe == Observe::UnitHeat);
            if let Some(start) = &mut energies {
                let end = self.measured(&driven);
                self.account.hold(start, &end);
                *start = end;
            }
        }
        Ok(self.lost.len() - lost)
    }

    /// Brings the chains down by a shortcut; returns the number of chains lost on the way.
    pub(crate) fn descend(
        &mut self,
        driven: &Driven<'_, T>,
        descent: Descent,
        mobility: &[f64],
        walls: T,
        observed: bool,
    ) -> usize {
        let lost = self.lost.len();
        let before = observed.then(|| self.measured(driven));
        let mut descending = Descending {
            driven,
            mobility,
            walls,
            states: reference::columns(&self.engine),
        };
        descending.run(descent);
        for chain in 0..self.chains {
            let states = descending.states.col_as_slice(chain);
            let fault = states.iter().position(|x| !x.finite());
            if let Some(unit) = fault.filter(|_| !self.is_lost(chain)) {
                self.lost.push(Divergence {
                    unit,
                    chain: self.first_in_batch + chain,
                    step: self.clock,
                });
            }
            self.engine.write_chain(chain, states);
            if fault.is_some() {
                self.lose(chain);
            }
        }
        if let Some(before) = before {
            let after = self.measured(driven);
            self.account.hold(&before, &after);
        }
        self.lost.len() - lost
    }

    /// All steps of one slice.
    fn evolve(&mut self, runner: &mut Runner<'_, T>, metered: bool) {
        let motion = &runner.stage.motion;
        let start = self.engine.clone();
        let units = start.units();
        let mut heat = metered.then(|| Mat::zeros(units, self.chains));
        let faults = runner.run(&mut self.engine, motion, heat.as_mut());
        let known = self.lost_bits();
        if faults & !known != 0 {
            for fault in runner.locate(start, faults & !known) {
                self.lost.push(Divergence {
                    unit: fault.unit,
                    chain: self.first_in_batch + fault.chain,
                    step: self.clock + fault.step,
                });
            }
        }
        let lost = self.lost_bits();
        for chain in (0..self.chains).filter(|chain| lost >> chain & 1 == 1) {
            self.lose(chain);
        }
        if let Some(heat) = heat {
            self.account.warm(&vec![0.0; units]);
            // What a lost chain drew in its last slice is lost with it.
            for chain in (0..self.chains).filter(|chain| lost >> chain & 1 == 0) {
                self.account.warm(heat.col_as_slice(chain));
            }
        }
        self.clock += motion.steps;
    }

    /// A lost chain reads NaN from now on.
    fn lose(&mut self, chain: usize) {
        for unit in 0..self.engine.units() {
            self.engine.set_state(unit, chain, T::of(f64::NAN));
        }
    }

    /// One bit for each chain that is lost.
    fn lost_bits(&self) -> u32 {
        let own = self
            .lost
            .iter()
            .map(|lost| lost.chain - self.first_in_batch);
        own.fold(0, |bits, chain| bits | 1 << chain)
    }

    fn is_lost(&self, chain: usize) -> bool {
        let in_batch = self.first_in_batch + chain;
        self.lost.iter().any(|lost| lost.chain == in_batch)
    }

    fn is_finite(&self, chain: usize) -> bool {
        (0..self.engine.units()).all(|unit| self.state(unit, chain).finite())
    }
}

/// What moves a block through one slice.
struct Runner<'a, T: Scalar> {
    driven: &'a Driven<'a, T>,
    stage: &'a Stage<'a, T>,
    pull: Option<&'a kernel::Drive<T>>,
    scratch: &'a mut Scratch<T>,
}

impl<T: Scalar> Runner<'_, T> {
    /// All steps of a motion; one bit for each chain that did not stay finite.
    fn run(
        &mut self,
        block: &mut kernel::Block<T>,
        motion: &kernel::Motion<T>,
        heat: Option<&mut Mat<f64>>,
    ) -> u32 {
        let path = self.stage.path;
        let Some(program) = self.stage.program else {
            return reference::run(block, self.driven, motion, path, heat);
        };
        let mut meter = heat.is_some().then(|| HeatMeter::new(block));
        let faults = block.run(
            path,
            program,
            motion,
            self.pull,
            meter.as_mut(),
            self.scratch,
        );
        if let (Some(heat), Some(meter)) = (heat, meter) {
            for unit in 0..heat.nrows() {
                for (chain, value) in meter.of_unit(unit).enumerate() {
                    heat[(unit, chain)] = value;
                }
            }
        }
        faults
    }

    /// The first fault of each of these chains, by running the slice once more, step by step;
    /// chain and step are counted from the block's and the slice's first.
    fn locate(&mut self, mut block: kernel::Block<T>, mut wanted: u32) -> Vec<Divergence> {
        let mut found = Vec::new();
        let walled = kernel::Motion {
            steps: 1,
            ..self.stage.motion.clone()
        };
        // Walls would take an infinity back before it is seen.
        let open = kernel::Motion {
            walls: T::INFINITY,
            ..walled.clone()
        };
        for step in 0..self.stage.motion.steps {
            let before = block.clone();
            let faults = self.run(&mut block, &walled, None) & wanted;
            if faults != 0 {
                let mut seen = before;
                self.run(&mut seen, &open, None);
                for chain in (0..seen.chains()).filter(|chain| faults >> chain & 1 == 1) {
                    let faulty = |&unit: &usize| !seen.state(unit, chain).finite();
                    let unit = (0..seen.units()).find(faulty).unwrap_or(0);
                    found.push(Divergence { unit, chain, step });
                }
                wanted &= !faults;
            }
            if wanted == 0 {
                break;
            }
        }
        found
    }
}

//! A block of chains: its place in the batch, its work and heat, and its faults.

use overdamped_energy::{Drive, Potential, Scalar};
use overdamped_kernel::{self as kernel, HeatMeter, LANES, Scratch};
use serde::{Deserialize, Serialize};

use crate::driven::Driven;
use crate::stage::Stage;
use crate::{Ledger, Observe, SubstrateError, reference};

/// Chains in a full block.
pub(crate) const CHAINS: usize = kernel::Block::<f32>::CHAINS;

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
    ledger: Ledger,
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
            ledger: Ledger::new(chains),
            lost: Vec::new(),
        }
    }

    /// Whether the parts of a deserialised block agree with each other and with its substrate.
    pub(crate) fn fits(&self, units: usize, remembers: bool) -> bool {
        let heat = self.ledger.unit_heat.len();
        let first = self.first_in_batch;
        self.engine.fits(units, self.chains, remembers)
            && self.ledger.work.len() == self.chains
            && self.ledger.heat.len() == self.chains
            && (heat == 0 || heat == units)
            && self
                .lost
                .iter()
                .all(|lost| (first..first + self.chains).contains(&lost.chain))
            && (0..self.chains).all(|chain| self.is_lost(chain) || self.is_finite(chain))
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
        self.engine.states()[unit * self.engine.chunks() + chain / LANES].0[chain % LANES]
    }

    pub(crate) const fn ledger(&self) -> &Ledger {
        &self.ledger
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

    /// Energy of each chain.
    pub(crate) fn energies(&self, driven: &Driven<'_, T>) -> Vec<f64> {
        let potential: &dyn Potential<T> = driven;
        let mut energies = potential.energy(reference::columns(&self.engine).as_ref());
        energies.truncate(self.chains);
        energies
    }

    /// Force on each unit of each chain (units x chains).
    pub(crate) fn force(&self, driven: &Driven<'_, T>) -> faer::Mat<T> {
        let potential: &dyn Potential<T> = driven;
        let mut forces = potential.force(reference::columns(&self.engine).as_ref());
        forces.truncate(forces.nrows(), self.chains);
        forces
    }

    /// Largest |F| on any mobile unit, for each chain.
    pub(crate) fn residuals(&self, driven: &Driven<'_, T>, mobility: &[f64]) -> Vec<f64> {
        let forces = self.force(driven);
        let residual = |chain: usize| {
            let units = forces.col_as_slice(chain).iter().zip(mobility);
            let mobile = units.filter(|(_, mobility)| **mobility > 0.0);
            mobile.fold(0.0, |most, (force, _)| f64::max(most, force.wide().abs()))
        };
        (0..self.chains).map(residual).collect()
    }

    /// Books the work of switching between potentials at fixed states.
    pub(crate) fn switch(&mut self, old: &[f64], new: &[f64]) {
        for (work, (old, new)) in self.ledger.work.iter_mut().zip(old.iter().zip(new)) {
            *work += new - old;
        }
    }

    /// Refuses a step size that is certainly unstable at the first chain's state.
    pub(crate) fn check_stability(
        &self,
        driven: &Driven<'_, T>,
        stage: &Stage<'_, T>,
    ) -> Result<(), SubstrateError> {
        if stage.motion.steps == 0 || self.is_lost(0) {
            return Ok(());
        }
        let state: Vec<T> = (0..driven.units())
            .map(|unit| self.state(unit, 0))
            .collect();
        let potential: &dyn Potential<T> = driven;
        let rate = potential.largest_rate(&state, stage.mobility);
        let bound = 2.0 / rate;
        if rate > 0.0 && stage.step > bound {
            return Err(SubstrateError::UnstableStep {
                step: stage.step,
                bound,
                rate,
            });
        }
        Ok(())
    }

    /// Runs through slices, from a potential in which the chains have the energies `before`.
    pub(crate) fn advance(
        &mut self,
        stages: &[Stage<'_, T>],
        drive: Option<&Drive<T>>,
        before: Option<&dyn Potential<T>>,
        observe: Observe,
        scratch: &mut Scratch<T>,
    ) -> Result<(), SubstrateError> {
        let observed = observe != Observe::Nothing;
        let mut energies = before
            .filter(|_| observed)
            .map(|potential| self.energies(&self.driven(potential, drive)));
        for stage in stages {
            let driven = self.driven(stage.potential, drive);
            if observed {
                let start = self.energies(&driven);
                if let Some(end) = &energies {
                    self.switch(end, &start);
                }
                energies = Some(start);
            }
            // One chain speaks for all: the check costs a few products, not a batch.
            if self.first_in_batch == 0 {
                self.check_stability(&driven, stage)?;
            }
            self.evolve(&driven, stage, observe == Observe::UnitHeat, scratch);
            if let Some(start) = &mut energies {
                let end = self.energies(&driven);
                let changes = start.iter().zip(&end);
                for (heat, (start, end)) in self.ledger.heat.iter_mut().zip(changes) {
                    *heat += end - start;
                }
                *start = end;
            }
        }
        Ok(())
    }

    /// All steps of one slice.
    fn evolve(
        &mut self,
        driven: &Driven<'_, T>,
        stage: &Stage<'_, T>,
        metered: bool,
        scratch: &mut Scratch<T>,
    ) {
        let pull = driven.drive.as_ref().map(|drive| {
            let pull = |unit: usize, chain: usize| drive.pull(chain)[unit];
            kernel::Drive::new(drive.stiffness().to_vec(), self.chains, pull)
        });
        let mut runner = Runner {
            driven,
            stage,
            chains: self.chains,
            pull,
            scratch,
        };
        let start = self.engine.clone();
        let mut heat = metered.then(|| vec![0.0; driven.units()]);
        let finite = runner.run(&mut self.engine, &stage.motion, heat.as_deref_mut());
        if let Some(heat) = heat {
            self.ledger.unit_heat.resize(heat.len(), 0.0);
            for (sum, heat) in self.ledger.unit_heat.iter_mut().zip(heat) {
                *sum += heat;
            }
        }
        if !finite {
            let found = runner.locate(start, self.clock, self.first_in_batch);
            for divergence in found {
                self.lose(divergence);
            }
        }
        self.clock += stage.motion.steps;
    }

    /// Marks a chain as lost, unless it is already.
    fn lose(&mut self, divergence: Divergence) {
        let chain = divergence.chain - self.first_in_batch;
        if !self.is_lost(chain) {
            self.lost.push(divergence);
        }
        let chunks = self.engine.chunks();
        for chunk in self.engine.states_mut()[chain / LANES..]
            .iter_mut()
            .step_by(chunks)
        {
            chunk.0[chain % LANES] = T::of(f64::NAN);
        }
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
    chains: usize,
    pull: Option<kernel::Drive<T>>,
    scratch: &'a mut Scratch<T>,
}

impl<T: Scalar> Runner<'_, T> {
    /// All steps of a motion; whether every state stayed finite.
    fn run(
        &mut self,
        block: &mut kernel::Block<T>,
        motion: &kernel::Motion<T>,
        heat: Option<&mut [f64]>,
    ) -> bool {
        let path = self.stage.path;
        let Some(program) = self.stage.program else {
            return reference::run(block, self.chains, self.driven, motion, path, heat);
        };
        let mut meter = heat.is_some().then(|| HeatMeter::new(block));
        let pull = self.pull.as_ref();
        let finite = block.run(path, program, motion, pull, meter.as_mut(), self.scratch);
        if let (Some(heat), Some(meter)) = (heat, meter) {
            for (unit, heat) in heat.iter_mut().enumerate() {
                let chains = meter.of_unit(unit, block.chunks()).take(self.chains);
                *heat += chains.sum::<f64>();
            }
        }
        finite
    }

    /// The first fault of each chain: the slice once more, step by step. That costs nothing
    /// as long as nothing diverges.
    fn locate(
        &mut self,
        mut block: kernel::Block<T>,
        clock: u64,
        first_in_batch: usize,
    ) -> Vec<Divergence> {
        let mut found: Vec<Divergence> = Vec::new();
        let one = kernel::Motion {
            steps: 1,
            // Walls would take an infinity back before it is seen.
            walls: T::INFINITY,
            ..self.stage.motion.clone()
        };
        let walled = kernel::Motion {
            walls: self.stage.motion.walls,
            ..one.clone()
        };
        for step in 0..self.stage.motion.steps {
            let mut open = block.clone();
            self.run(&mut block, &walled, None);
            if self.run(&mut open, &one, None) {
                continue;
            }
            let chunks = open.chunks();
            for chain in 0..self.chains {
                let in_batch = first_in_batch + chain;
                let faulty = |unit: &usize| {
                    !open.states()[unit * chunks + chain / LANES].0[chain % LANES].finite()
                };
                if found.iter().all(|known| known.chain != in_batch)
                    && let Some(unit) = (0..open.units()).find(faulty)
                {
                    found.push(Divergence {
                        unit,
                        chain: in_batch,
                        step: clock + step,
                    });
                }
            }
        }
        found
    }
}

//! The simulated substrate: overdamped Langevin dynamics of a programmed energy.
//!
//! dx = mu F(x, t) dt + sqrt(2 mu kT) dW, F = -dE/dx.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | x | state of a unit | data units |
//! | mu | mobility | 1 |
//! | kT | bath temperature | reference kT |
//! | F | force | kT / x |
//! | h | time step | 1 / (mu x stiffness) |
//!
//! Chains are kept in blocks of thirty-two; each block makes all steps of a protocol before the
//! next one starts, and blocks run in parallel. The steps are those of `overdamped-kernel`: force,
//! noise and update fused, with the same bits whatever the machine's instructions, the number of
//! threads, the split into batches or the point of a resume. A chain that diverges is lost and
//! reported; the others are not touched by it.

use std::ops::Range;
use std::sync::Arc;

use faer::{Mat, MatMut, MatRef};
use overdamped_energy::{Drive, Energy, Scalar};
use overdamped_kernel::{self as kernel, Path, Scratch};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::block::{self, Block, Divergence};
use crate::engine::compile;
use crate::protocol::check_duration;
use crate::stage::{Programmed, Stage, motion};
use crate::{
    ForceProbe, Integrator, Ledger, Observe, PerUnit, Protocol, Residuals, Settings, Slice,
    Substrate, SubstrateError, memory,
};

/// A substrate simulated by explicit time steps.
///
/// ```
/// use std::sync::Arc;
/// use overdamped_energy::{SiteTerm, Sites};
/// use overdamped_substrate::{Settings, SimulatedSubstrate, Substrate};
///
/// // 4,000 chains of one harmonic unit forget where they started.
/// let energy = Arc::new(Sites::new(1, &[SiteTerm::Stiffness]));
/// let mut substrate = SimulatedSubstrate::<f64>::new(energy, Settings::default())?;
/// substrate.program(&[4.0])?;
/// substrate.prepare(faer::Mat::zeros(1, 4000).as_ref(), 1)?;
/// substrate.evolve(2.0)?;
/// let variance = substrate.read()?.squared_norm_l2() / 4000.0;
/// assert!((variance - 0.25).abs() < 0.03); // kT / k, to 5 sigma
/// # Ok::<(), overdamped_substrate::SubstrateError>(())
/// ```
pub struct SimulatedSubstrate<T: Scalar> {
    energy: Arc<dyn Energy<T>>,
    settings: Settings,
    mobility: Vec<f64>,
    temperature: Vec<f64>,
    /// The instructions of the fused loops; none for the reference.
    path: Option<Path>,
    programmed: Option<Programmed<T>>,
    drive: Option<Drive<T>>,
    blocks: Vec<Block<T>>,
}

/// Everything that a run needs to continue bit for bit, apart from the parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Snapshot<T: Scalar> {
    units: usize,
    blocks: Vec<Block<T>>,
}

impl<T: Scalar> SimulatedSubstrate<T> {
    /// A substrate with this energy; nothing is programmed or prepared yet.
    ///
    /// # Errors
    /// [`SubstrateError::Setting`] or [`SubstrateError::Units`] for settings out of range,
    /// [`SubstrateError::Empty`] for an energy without units, [`SubstrateError::Engine`] for an
    /// engine that this machine lacks.
    pub fn new(energy: Arc<dyn Energy<T>>, settings: Settings) -> Result<Self, SubstrateError> {
        let settings = settings.validated(energy.units())?;
        if energy.units() == 0 {
            return Err(SubstrateError::Empty { what: "units" });
        }
        Ok(Self {
            path: settings.engine.path()?,
            mobility: settings.mobility.values("the mobility", energy.units())?,
            temperature: settings
                .temperature
                .values("the temperature", energy.units())?,
            energy,
            settings,
            programmed: None,
            drive: None,
            blocks: Vec::new(),
        })
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The energy.
    #[must_use]
    pub fn energy(&self) -> &Arc<dyn Energy<T>> {
        &self.energy
    }

    /// Work and heat of every chain since it was prepared, in kT; zeros unless
    /// [`Settings::observe`] asks for them.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger::join(self.blocks.iter().map(Block::ledger))
    }

    /// The chains that diverged, in order; they read NaN.
    #[must_use]
    pub fn divergences(&self) -> Vec<Divergence> {
        let mut all: Vec<_> = self.blocks.iter().flat_map(Block::lost).copied().collect();
        all.sort_unstable_by_key(|lost| lost.chain);
        all
    }

    /// Energy of every chain in the programmed potential and its drive, in kT.
    ///
    /// # Errors
    /// [`SubstrateError::NotProgrammed`] or [`SubstrateError::NotPrepared`].
    pub fn energies(&self) -> Result<Vec<f64>, SubstrateError> {
        let programmed = self.ready()?;
        let energies = self.blocks.par_iter().map(|block| {
            let potential = programmed.potential.as_ref();
            block.energies(&block.driven(potential, self.drive.as_ref()))
        });
        Ok(energies.flatten_iter().collect())
    }

    /// [`Substrate::prepare`] for the chains numbered from `first_chain` on.
    ///
    /// A large run may be split into batches of any size: chain `c` has the same noise, and
    /// so the same trajectory, in whichever batch it runs.
    ///
    /// # Errors
    /// As [`Substrate::prepare`].
    pub fn prepare_from(
        &mut self,
        first_chain: u64,
        states: MatRef<'_, T>,
        seed: u64,
    ) -> Result<(), SubstrateError> {
        if states.nrows() != self.energy.units() {
            return Err(SubstrateError::Units {
                what: "the state matrix",
                expected: self.energy.units(),
                found: states.nrows(),
            });
        }
        let chains = first_chain..first_chain + states.ncols() as u64;
        self.prepare_each(chains, seed, |unit, chain| {
            states[(unit, (chain - first_chain) as usize)]
        })
    }

    /// [`Substrate::prepare`] for a range of chains whose states come from a function of unit
    /// and chain, without a matrix that holds them all.
    ///
    /// # Errors
    /// As [`Substrate::prepare`].
    pub fn prepare_each(
        &mut self,
        chains: Range<u64>,
        seed: u64,
        state: impl Fn(usize, u64) -> T + Sync,
    ) -> Result<(), SubstrateError> {
        let first = chains.start;
        let (units, count) = (
            self.energy.units(),
            (chains.end.saturating_sub(first)) as usize,
        );
        if count == 0 {
            return Err(SubstrateError::Empty { what: "chains" });
        }
        let ledgers = count as u128 * 16;
        let bytes = kernel::Block::<T>::bytes(units, count, self.remembers());
        memory::check(units, count, bytes + ledgers)?;
        let blocks: Result<Vec<_>, _> = (0..count)
            .into_par_iter()
            .step_by(block::CHAINS)
            .map(|start| {
                let width = block::CHAINS.min(count - start);
                let place = (first + start as u64, start);
                let state = |unit, chain| state(unit, place.0 + chain as u64);
                let block = Block::new(units, width, seed, place, self.remembers(), state);
                for chain in 0..width {
                    for unit in 0..units {
                        let value = block.state(unit, chain);
                        if !value.finite() {
                            return Err(SubstrateError::NonFiniteState {
                                unit,
                                chain: start + chain,
                                value: value.wide(),
                            });
                        }
                    }
                }
                Ok(block)
            })
            .collect();
        self.blocks = blocks?;
        self.drive = None;
        Ok(())
    }

    /// Reads a range of the chains (units x chains in the range).
    ///
    /// # Errors
    /// [`SubstrateError::NotPrepared`] if the batch has no such chains.
    pub fn read_chains(&self, chains: Range<usize>) -> Result<Mat<T>, SubstrateError> {
        if chains.end > self.chains() || chains.is_empty() {
            return Err(SubstrateError::NotPrepared);
        }
        let mut states = Mat::zeros(self.energy.units(), chains.len());
        let blocks = &self.blocks[chains.start / block::CHAINS..chains.end.div_ceil(block::CHAINS)];
        let mut parts: Vec<(&Block<T>, usize, MatMut<'_, T>)> = Vec::with_capacity(blocks.len());
        let mut rest = states.as_mut();
        for block in blocks {
            let first = chains.start.saturating_sub(block.first_in_batch());
            let end = block.chains().min(chains.end - block.first_in_batch());
            let (own, others) = rest.split_at_col_mut(end - first);
            parts.push((block, first, own));
            rest = others;
        }
        parts.into_par_iter().for_each(|(block, first, mut own)| {
            for chain in 0..own.ncols() {
                for unit in 0..own.nrows() {
                    own[(unit, chain)] = block.state(unit, first + chain);
                }
            }
        });
        Ok(states)
    }

    /// The chains as they are now: states, noise generators, clocks and ledgers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<T> {
        Snapshot {
            units: self.energy.units(),
            blocks: self.blocks.clone(),
        }
    }

    /// Puts the chains back as they were; running on gives the same bits as if it
    /// had never stopped. Parameters and drives are not part of a snapshot.
    ///
    /// # Errors
    /// [`SubstrateError::Snapshot`] if it belongs to another number of units or another integrator.
    pub fn restore(&mut self, snapshot: &Snapshot<T>) -> Result<(), SubstrateError> {
        if snapshot.units != self.energy.units() {
            return Err(SubstrateError::Snapshot {
                reason: format!(
                    "it has {} units, the substrate {}",
                    snapshot.units,
                    self.energy.units()
                ),
            });
        }
        let remembers = self.remembers();
        let last = snapshot.blocks.len().saturating_sub(1);
        let fits = |(index, block): (usize, &Block<T>)| {
            let full = block.chains() == block::CHAINS || index == last;
            let in_place = block.first_in_batch() == index * block::CHAINS;
            full && in_place && block.fits(snapshot.units, remembers)
        };
        if !snapshot.blocks.iter().enumerate().all(fits) {
            return Err(SubstrateError::Snapshot {
                reason: "its chains have another shape, or ran with another integrator".to_owned(),
            });
        }
        // A drive belongs to the chains that it was attached to.
        self.drive = None;
        self.blocks.clone_from(&snapshot.blocks);
        Ok(())
    }

    /// Gives every chain new noise, derived from `seed`, and keeps its state: an
    /// independent continuation, as opposed to an exact resume.
    pub fn branch(&mut self, seed: u64) {
        for block in &mut self.blocks {
            block.reseed(seed);
        }
    }

    /// Whether the integrator carries a draw from step to step.
    fn remembers(&self) -> bool {
        self.settings.integrator == Integrator::LeimkuhlerMatthews
    }

    fn ready(&self) -> Result<&Programmed<T>, SubstrateError> {
        let programmed = self.programmed.as_ref();
        let programmed = programmed.ok_or(SubstrateError::NotProgrammed)?;
        if self.blocks.is_empty() {
            return Err(SubstrateError::NotPrepared);
        }
        Ok(programmed)
    }

    /// The energy at these parameters, packed for the fused loops if they are to be used.
    fn bound(&self, parameters: &[T]) -> Result<Programmed<T>, SubstrateError> {
        let potential = self.energy.bind(parameters)?;
        let fused = self.path.is_some();
        Ok(Programmed {
            program: fused.then(|| compile(potential.as_ref())).flatten(),
            potential,
        })
    }

    /// A potential held for a duration at a temperature (`None`: that of the substrate's bath).
    fn stage<'a>(
        &'a self,
        programmed: &'a Programmed<T>,
        duration: f64,
        temperature: Option<&PerUnit>,
    ) -> Result<Stage<'a, T>, SubstrateError> {
        check_duration(duration)?;
        let (steps, step) = self.settings.time_step.divide(duration);
        let given = temperature.map(|given| given.values("the temperature", self.energy.units()));
        let given = given.transpose()?;
        let temperature = given.as_ref().unwrap_or(&self.temperature);
        Ok(Stage {
            potential: programmed.potential.as_ref(),
            program: programmed.program.as_ref(),
            path: self.path.unwrap_or_else(Path::best),
            motion: motion(&self.settings, &self.mobility, temperature, steps, step),
            step,
            mobility: &self.mobility,
        })
    }

    /// Moves every block in the programmed potential.
    fn hold(&mut self, duration: f64, temperature: Option<&PerUnit>) -> Result<(), SubstrateError> {
        let mut blocks = std::mem::take(&mut self.blocks);
        let outcome = match &self.programmed {
            None => Err(SubstrateError::NotProgrammed),
            Some(programmed) => self
                .stage(programmed, duration, temperature)
                .and_then(|stage| self.advance(&mut blocks, &[stage], None)),
        };
        self.blocks = blocks;
        outcome
    }

    /// Moves blocks through the slices of a protocol.
    fn through(
        &self,
        blocks: &mut Vec<Block<T>>,
        slices: &[Slice<T>],
        bound: &[Programmed<T>],
    ) -> Result<(), SubstrateError> {
        let stages = slices.iter().zip(bound).map(|(slice, programmed)| {
            self.stage(programmed, slice.duration, slice.temperature.as_ref())
        });
        let stages = stages.collect::<Result<Vec<_>, _>>()?;
        self.advance(blocks, &stages, self.programmed.as_ref())
    }

    /// Moves blocks through the same sequence of potentials, from the one they are in.
    fn advance(
        &self,
        blocks: &mut Vec<Block<T>>,
        stages: &[Stage<'_, T>],
        before: Option<&Programmed<T>>,
    ) -> Result<(), SubstrateError> {
        let before = before.map(|before| before.potential.as_ref());
        let (drive, observe) = (self.drive.as_ref(), self.settings.observe);
        let moved = blocks
            .par_iter_mut()
            .try_for_each_init(Scratch::default, |scratch, block| {
                block.advance(stages, drive, before, observe, scratch)
            });
        if moved.is_err() {
            // Chains at different times are no batch.
            blocks.clear();
        }
        moved?;
        let lost = || blocks.iter().flat_map(Block::lost);
        match lost().min_by_key(|lost| lost.chain) {
            None => Ok(()),
            Some(&Divergence { unit, chain, step }) => Err(SubstrateError::Diverged {
                unit,
                chain,
                step,
                chains: lost().count(),
            }),
        }
    }
}

impl<T: Scalar> Substrate<T> for SimulatedSubstrate<T> {
    fn units(&self) -> usize {
        self.energy.units()
    }

    fn chains(&self) -> usize {
        self.blocks.iter().map(Block::chains).sum()
    }

    fn program(&mut self, parameters: &[T]) -> Result<(), SubstrateError> {
        let programmed = self.bound(parameters)?;
        if self.settings.observe != Observe::Nothing
            && let Some(previous) = &self.programmed
        {
            let drive = self.drive.as_ref();
            self.blocks.par_iter_mut().for_each(|block| {
                let old = block.energies(&block.driven(previous.potential.as_ref(), drive));
                let new = block.energies(&block.driven(programmed.potential.as_ref(), drive));
                block.switch(&old, &new);
            });
        }
        self.programmed = Some(programmed);
        Ok(())
    }

    fn attach(&mut self, drive: Option<Drive<T>>) -> Result<(), SubstrateError> {
        if let Some(drive) = &drive {
            if drive.units() != self.energy.units() {
                return Err(SubstrateError::Units {
                    what: "the drive",
                    expected: self.energy.units(),
                    found: drive.units(),
                });
            }
            drive.check_chains(self.chains())?;
        }
        if self.settings.observe != Observe::Nothing
            && let Some(programmed) = &self.programmed
        {
            let potential = programmed.potential.as_ref();
            let previous = self.drive.as_ref();
            self.blocks.par_iter_mut().for_each(|block| {
                let old = block.energies(&block.driven(potential, previous));
                let new = block.energies(&block.driven(potential, drive.as_ref()));
                block.switch(&old, &new);
            });
        }
        self.drive = drive;
        Ok(())
    }

    fn prepare(&mut self, states: MatRef<'_, T>, seed: u64) -> Result<(), SubstrateError> {
        self.prepare_from(0, states, seed)
    }

    fn evolve(&mut self, duration: f64) -> Result<(), SubstrateError> {
        self.ready()?;
        self.hold(duration, None)
    }

    fn relax(&mut self, duration: f64) -> Result<Residuals, SubstrateError> {
        self.ready()?;
        self.hold(duration, Some(&PerUnit::Uniform(0.0)))?;
        let potential = self.ready()?.potential.as_ref();
        let residuals = self.blocks.par_iter().map(|block| {
            let driven = block.driven(potential, self.drive.as_ref());
            block.residuals(&driven, &self.mobility)
        });
        Ok(Residuals::of(residuals.flatten_iter().collect()))
    }

    fn run(&mut self, protocol: &Protocol<T>) -> Result<(), SubstrateError> {
        if self.blocks.is_empty() {
            return Err(SubstrateError::NotPrepared);
        }
        let slices = protocol.slices();
        let bound = slices.iter().map(|slice| self.bound(&slice.parameters));
        let mut bound = bound.collect::<Result<Vec<_>, _>>()?;
        let mut blocks = std::mem::take(&mut self.blocks);
        let outcome = self.through(&mut blocks, slices, &bound);
        self.blocks = blocks;
        // After a divergence the other chains are where the protocol ends.
        if matches!(outcome, Ok(()) | Err(SubstrateError::Diverged { .. })) {
            self.programmed = bound.pop();
        }
        outcome
    }

    fn read(&mut self) -> Result<Mat<T>, SubstrateError> {
        self.read_chains(0..self.chains())
    }
}

impl<T: Scalar> ForceProbe<T> for SimulatedSubstrate<T> {
    fn probe_forces(&mut self) -> Result<Mat<T>, SubstrateError> {
        let potential = self.ready()?.potential.as_ref();
        let mut forces = Mat::zeros(self.units(), self.chains());
        for block in &self.blocks {
            let own = block.force(&block.driven(potential, self.drive.as_ref()));
            forces
                .subcols_mut(block.first_in_batch(), block.chains())
                .copy_from(own);
        }
        Ok(forces)
    }
}

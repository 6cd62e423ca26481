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
//! Chains are kept in blocks; each block makes all steps of a protocol before the next
//! one starts, and blocks run in parallel. A chain's numbers depend on
//! nothing but the seed and its index. A run that fails loses its chains: prepare them again, or restore a
//! snapshot. This is the reference implementation: plain
//! loops whose every line can be compared with the equations.

use std::ops::Range;
use std::sync::Arc;

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Energy, Potential, Scalar};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::block::{Block, Motion};
use crate::driven::Driven;
use crate::protocol::check_duration;
use crate::{
    ForceProbe, Integrator, Ledger, Observe, PerUnit, Protocol, Residuals, Settings, Substrate,
    SubstrateError,
};

/// Chains in a block: enough to amortise a matrix product, few enough to stay in cache.
const BLOCK: usize = 128;

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
    programmed: Option<Box<dyn Potential<T>>>,
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
    /// [`SubstrateError::Setting`] or [`SubstrateError::Units`] for settings out of range.
    pub fn new(energy: Arc<dyn Energy<T>>, settings: Settings) -> Result<Self, SubstrateError> {
        let settings = settings.validated(energy.units())?;
        Ok(Self {
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

    /// Energy of every chain in the programmed potential and its drive, in kT.
    ///
    /// # Errors
    /// [`SubstrateError::NotProgrammed`] or [`SubstrateError::NotPrepared`].
    pub fn energies(&self) -> Result<Vec<f64>, SubstrateError> {
        let potential = self.ready()?;
        let energies = self
            .blocks
            .par_iter()
            .enumerate()
            .map(|(index, block)| block.energies(&self.driven(potential, index)));
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
        for chain in 0..states.ncols() {
            for unit in 0..states.nrows() {
                if !states[(unit, chain)].finite() {
                    return Err(SubstrateError::NonFiniteState {
                        unit,
                        chain,
                        value: states[(unit, chain)].wide(),
                    });
                }
            }
        }
        let remembers = self.remembers();
        self.drive = None;
        self.blocks = (0..states.ncols())
            .step_by(BLOCK)
            .map(|start| {
                let width = BLOCK.min(states.ncols() - start);
                Block::new(
                    states.subcols(start, width),
                    seed,
                    first_chain + start as u64,
                    remembers,
                )
            })
            .collect();
        Ok(())
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
            let full = block.chains() == BLOCK || (index == last && block.chains() < BLOCK);
            full && block.fits(snapshot.units, remembers)
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

    fn ready(&self) -> Result<&dyn Potential<T>, SubstrateError> {
        let programmed = self.programmed.as_deref();
        let potential = programmed.ok_or(SubstrateError::NotProgrammed)?;
        if self.blocks.is_empty() {
            return Err(SubstrateError::NotPrepared);
        }
        Ok(potential)
    }

    /// The potential with the drive of one block's chains.
    fn driven<'a>(&self, potential: &'a dyn Potential<T>, block: usize) -> Driven<'a, T> {
        let chains = block_chains(block, self.chains());
        Driven {
            potential,
            drive: self.drive.as_ref().map(|drive| drive.narrowed(chains)),
        }
    }

    /// Steps per slice and noise at the given temperature (`None`: the substrate's bath).
    fn motion(
        &self,
        duration: f64,
        temperature: Option<&PerUnit>,
    ) -> Result<Motion<T>, SubstrateError> {
        check_duration(duration)?;
        let (steps, step) = self.settings.time_step.divide(duration);
        let temperature = match temperature {
            None => self.temperature.clone(),
            Some(given) => given.values("the temperature", self.energy.units())?,
        };
        Ok(Motion::new(
            &self.settings,
            &self.mobility,
            &temperature,
            steps,
            step,
        ))
    }

    /// Moves every block in the programmed potential, which stays programmed.
    fn hold(&mut self, motion: Motion<T>) -> Result<(), SubstrateError> {
        // Taken out so that the blocks can be borrowed; put back whatever happens.
        let programmed = self.programmed.take();
        let outcome = match programmed.as_deref() {
            None => Err(SubstrateError::NotProgrammed),
            Some(potential) => self.advance(&[(potential, motion)], None),
        };
        self.programmed = programmed;
        outcome
    }

    /// Moves every block through the same sequence of potentials.
    fn advance(
        &mut self,
        stages: &[(&dyn Potential<T>, Motion<T>)],
        before: Option<&dyn Potential<T>>,
    ) -> Result<(), SubstrateError> {
        let observe = self.settings.observe;
        let (drive, chains) = (self.drive.as_ref(), self.chains());
        let outcomes: Vec<_> = self
            .blocks
            .par_iter_mut()
            .enumerate()
            .map(|(index, block)| {
                let chains = block_chains(index, chains);
                let drive = drive.map(|drive| drive.narrowed(chains.clone()));
                let mut previous = before;
                for (potential, motion) in stages {
                    if observe != Observe::Nothing
                        && let Some(previous) = previous
                    {
                        block.switch(previous, *potential);
                    }
                    let driven: &dyn Potential<T> = &Driven {
                        potential: *potential,
                        drive: drive.clone(),
                    };
                    // One chain speaks for all: the check costs a few products, not a batch.
                    if index == 0 {
                        block.check_stability(driven, motion)?;
                    }
                    block
                        .evolve(driven, motion, observe)
                        .map_err(|fault| fault.in_block(block.first_chain()))?;
                    previous = Some(*potential);
                }
                Ok(())
            })
            .collect();
        // The first failing chain in order, whichever thread found it first.
        let outcome: Result<(), _> = outcomes.into_iter().collect();
        if outcome.is_err() {
            // Other blocks may have finished: chains at different times are no batch.
            self.blocks.clear();
        }
        outcome
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
        let potential = self.energy.bind(parameters)?;
        if self.settings.observe != Observe::Nothing
            && let Some(previous) = self.programmed.as_deref()
        {
            self.blocks
                .par_iter_mut()
                .for_each(|block| block.switch(previous, potential.as_ref()));
        }
        self.programmed = Some(potential);
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
            && let Some(programmed) = self.programmed.as_deref()
        {
            let chains = self.chains();
            for index in 0..self.blocks.len() {
                let old = self.driven(programmed, index);
                let chains = block_chains(index, chains);
                let new = Driven {
                    potential: programmed,
                    drive: drive.as_ref().map(|drive| drive.narrowed(chains)),
                };
                self.blocks[index].switch(&old, &new);
            }
        }
        self.drive = drive;
        Ok(())
    }

    fn prepare(&mut self, states: MatRef<'_, T>, seed: u64) -> Result<(), SubstrateError> {
        self.prepare_from(0, states, seed)
    }

    fn evolve(&mut self, duration: f64) -> Result<(), SubstrateError> {
        self.ready()?;
        let motion = self.motion(duration, None)?;
        self.hold(motion)
    }

    fn relax(&mut self, duration: f64) -> Result<Residuals, SubstrateError> {
        self.ready()?;
        let motion = self.motion(duration, Some(&PerUnit::Uniform(0.0)))?;
        self.hold(motion)?;
        let potential = self.ready()?;
        let residuals =
            self.blocks.par_iter().enumerate().map(|(index, block)| {
                block.residuals(&self.driven(potential, index), &self.mobility)
            });
        Ok(Residuals::of(residuals.flatten_iter().collect()))
    }

    fn run(&mut self, protocol: &Protocol<T>) -> Result<(), SubstrateError> {
        if self.blocks.is_empty() {
            return Err(SubstrateError::NotPrepared);
        }
        let mut potentials = Vec::with_capacity(protocol.slices().len());
        for slice in protocol.slices() {
            potentials.push(self.energy.bind(&slice.parameters)?);
        }
        let mut stages = Vec::with_capacity(potentials.len());
        for (slice, potential) in protocol.slices().iter().zip(&potentials) {
            let motion = self.motion(slice.duration, slice.temperature.as_ref())?;
            stages.push((potential.as_ref(), motion));
        }
        let before = self.programmed.take();
        let outcome = self.advance(&stages, before.as_deref());
        drop(stages);
        self.programmed = potentials.pop().or(before);
        outcome
    }

    fn read(&mut self) -> Result<Mat<T>, SubstrateError> {
        if self.blocks.is_empty() {
            return Err(SubstrateError::NotPrepared);
        }
        let mut states = Mat::zeros(self.units(), self.chains());
        for (index, block) in self.blocks.iter().enumerate() {
            let chains = block.chains();
            states
                .subcols_mut(index * BLOCK, chains)
                .copy_from(block.states());
        }
        Ok(states)
    }
}

impl<T: Scalar> ForceProbe<T> for SimulatedSubstrate<T> {
    fn probe_forces(&mut self) -> Result<Mat<T>, SubstrateError> {
        let potential = self.ready()?;
        let mut forces = Mat::zeros(self.units(), self.chains());
        for (index, block) in self.blocks.iter().enumerate() {
            let own = block.force(&self.driven(potential, index));
            forces
                .subcols_mut(index * BLOCK, block.chains())
                .copy_from(own);
        }
        Ok(forces)
    }
}

/// The chains of a block.
fn block_chains(block: usize, chains: usize) -> Range<usize> {
    block * BLOCK..((block + 1) * BLOCK).min(chains)
}

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

mod advance;
mod chains;
mod relax;

use std::sync::Arc;

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Energy, Scalar};
use overdamped_kernel::Path;
use rayon::prelude::*;

pub use self::chains::Snapshot;
use crate::block::{Block, Divergence};
use crate::driven::Driven;
use crate::engine::compile;
use crate::ledger::Account;
use crate::stage::Programmed;
use crate::{
    ForceProbe, Ledger, Observe, Protocol, Residuals, Settings, Substrate, SubstrateError,
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

    /// Whether the programmed energy runs in the fused loops; if not, it has no closed form or
    /// the reference was asked for.
    #[must_use]
    pub fn is_fused(&self) -> bool {
        let programmed = self.programmed.as_ref();
        programmed.is_some_and(|programmed| programmed.program.is_some())
    }

    /// Work and heat of every chain since it was prepared, in kT; zeros unless
    /// [`Settings::observe`] asks for them.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Account::join(self.blocks.iter().map(Block::account))
    }

    /// All chains that diverged since they were prepared, in order; they read NaN.
    #[must_use]
    pub fn divergences(&self) -> Vec<Divergence> {
        let mut all: Vec<_> = self.blocks.iter().flat_map(Block::lost).copied().collect();
        all.sort_unstable_by_key(|lost| lost.chain);
        all
    }

    /// Energy of every chain in the programmed potential and its drive, in kT.
    ///
    /// # Errors
    /// [`SubstrateError::NotProgrammed`], [`SubstrateError::NotPrepared`], or [`SubstrateError::InfiniteEnergy`] beyond
    /// the range of numbers. Chains that diverged read NaN.
    pub fn energies(&self) -> Result<Vec<f64>, SubstrateError> {
        let programmed = self.ready()?;
        let energies = self.blocks.par_iter().map(|block| {
            let potential = programmed.potential.as_ref();
            block.energies(&block.driven(potential, self.drive.as_ref()))
        });
        Ok(energies.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The energies of every block before and after a switch; nothing is booked if some are beyond all numbers.
    fn switched<'a>(
        &self,
        from: impl Fn(&Block<T>) -> Driven<'a, T> + Sync,
        to: impl Fn(&Block<T>) -> Driven<'a, T> + Sync,
    ) -> Result<Switch, SubstrateError> {
        let both = self
            .blocks
            .par_iter()
            .map(|block| Ok((block.energies(&from(block))?, block.energies(&to(block))?)));
        Ok(Switch(both.collect::<Result<_, SubstrateError>>()?))
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
}

/// Energies of the chains of each block before and after a switch.
struct Switch(Vec<(Vec<f64>, Vec<f64>)>);

impl Switch {
    fn book<T: Scalar>(&self, blocks: &mut [Block<T>]) {
        for (block, (from, to)) in blocks.iter_mut().zip(&self.0) {
            block.switch(from, to);
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
            self.switched(
                |block| block.driven(previous.potential.as_ref(), drive),
                |block| block.driven(programmed.potential.as_ref(), drive),
            )?
            .book(&mut self.blocks);
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
            self.switched(
                |block| block.driven(potential, previous),
                |block| block.driven(potential, drive.as_ref()),
            )?
            .book(&mut self.blocks);
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
        self.come_to_rest(duration)
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

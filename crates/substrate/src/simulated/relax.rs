//! How a simulated substrate comes to rest.

use overdamped_energy::Scalar;
use rayon::prelude::*;

use super::SimulatedSubstrate;
use crate::descent::Descent;
use crate::protocol::check_duration;
use crate::{Observe, PerUnit, Relaxer, Residuals, SubstrateError, TimeStep};

impl<T: Scalar> SimulatedSubstrate<T> {
    /// [`Substrate::relax`](crate::Substrate::relax), by whatever relaxer is set.
    pub(super) fn come_to_rest(&mut self, duration: f64) -> Result<Residuals, SubstrateError> {
        self.ready()?;
        check_duration(duration)?;
        match self.settings.relaxer {
            Relaxer::GradientFlow => self.hold(duration, Some(&PerUnit::Uniform(0.0)))?,
            Relaxer::Nesterov { momentum } => {
                let time = duration * (1.0 - momentum);
                let (steps, step) = self.settings.time_step.counted(time)?;
                if steps > 0 {
                    self.check_momentum(step, momentum)?;
                }
                self.descend(Descent::Momentum {
                    steps,
                    step,
                    momentum,
                })?;
            }
            Relaxer::BlockDescent {
                time_per_sweep,
                least_curvature,
            } => {
                if self.ready()?.potential.grouped().is_none() {
                    return Err(SubstrateError::NoGroups);
                }
                self.descend(Descent::Blocks {
                    sweeps: TimeStep::AtMost(time_per_sweep).counted(duration)?.0,
                    least_curvature,
                })?;
            }
        }
        self.residuals()
    }

    /// How far from rest the chains are, in the programmed energy and the attached drive.
    ///
    /// # Errors
    /// [`SubstrateError::NotProgrammed`] or [`SubstrateError::NotPrepared`].
    pub fn residuals(&self) -> Result<Residuals, SubstrateError> {
        let potential = self.ready()?.potential.as_ref();
        let residuals = self.blocks.par_iter().map(|block| {
            let driven = block.driven(potential, self.drive.as_ref());
            block.residuals(&driven, &self.mobility)
        });
        Ok(Residuals::of(residuals.flatten_iter().collect()))
    }

    /// Refuses a step that is certainly unstable at the first chain's state. Around a minimum of curvature K,
    /// with a = h mu K, momentum steps are x'' = (1 - a) ((1 + m) x - m x'). They alternate without end once
    /// z = -1 solves z^2 - (1 - a) (1 + m) z + (1 - a) m = 0, at a = 2 (1 + m) / (1 + 2 m).
    fn check_momentum(&self, step: f64, momentum: f64) -> Result<(), SubstrateError> {
        let potential = self.ready()?.potential.as_ref();
        let Some(block) = self.blocks.first() else {
            return Ok(());
        };
        let driven = block.driven(potential, self.drive.as_ref());
        let limit = 2.0 * (1.0 + momentum) / (1.0 + 2.0 * momentum);
        block.check_step(&driven, &self.mobility, step, limit)?;
        Ok(())
    }

    /// Moves every block down by a shortcut.
    fn descend(&mut self, descent: Descent) -> Result<(), SubstrateError> {
        let mut blocks = std::mem::take(&mut self.blocks);
        let outcome = self.programmed.as_ref().map(|programmed| {
            let potential = programmed.potential.as_ref();
            let observed = self.settings.observe != Observe::Nothing;
            let walls = self.settings.walls.map_or(T::INFINITY, T::of);
            blocks
                .par_iter_mut()
                .map(|block| {
                    let driven = block.driven(potential, self.drive.as_ref());
                    block.descend(&driven, descent, &self.mobility, walls, observed)
                })
                .collect::<Vec<_>>()
        });
        self.blocks = blocks;
        super::advance::report(&self.blocks, &outcome.ok_or(SubstrateError::NotProgrammed)?)
    }
}

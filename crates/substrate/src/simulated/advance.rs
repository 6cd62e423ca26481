//! How a simulated substrate moves its blocks: slice by slice, block by block in parallel.

use overdamped_energy::Scalar;
use overdamped_kernel::{Path, Scratch};
use rayon::prelude::*;

use super::SimulatedSubstrate;
use crate::block::{Block, Divergence};
use crate::protocol::check_duration;
use crate::stage::{Programmed, Stage, motion};
use crate::{PerUnit, Slice, SubstrateError};

impl<T: Scalar> SimulatedSubstrate<T> {
    /// A potential held for a duration at a temperature (`None`: that of the substrate's bath).
    pub(super) fn stage<'a>(
        &'a self,
        programmed: &'a Programmed<T>,
        duration: f64,
        temperature: Option<&PerUnit>,
    ) -> Result<Stage<'a, T>, SubstrateError> {
        check_duration(duration)?;
        let (steps, step) = self.settings.time_step.counted(duration)?;
        let given = temperature.map(|given| given.values("the temperature", self.energy.units()));
        let given = given.transpose()?;
        let temperature = given.as_ref().unwrap_or(&self.temperature);
        Ok(Stage {
            potential: programmed.potential.as_ref(),
            program: programmed.program.as_ref(),
            path: self.path.unwrap_or_else(Path::best),
            motion: motion(&self.settings, &self.mobility, temperature, steps, step)?,
            step,
            mobility: &self.mobility,
        })
    }

    /// Moves every block in the programmed potential.
    pub(super) fn hold(
        &mut self,
        duration: f64,
        temperature: Option<&PerUnit>,
    ) -> Result<(), SubstrateError> {
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
    pub(super) fn through(
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
    pub(super) fn advance(
        &self,
        blocks: &mut Vec<Block<T>>,
        stages: &[Stage<'_, T>],
        before: Option<&Programmed<T>>,
    ) -> Result<(), SubstrateError> {
        let before = before.map(|before| before.potential.as_ref());
        let (drive, observe) = (self.drive.as_ref(), self.settings.observe);
        // The first step size is refused while every chain is where it was.
        if let (Some(block), Some(stage)) = (blocks.first(), stages.first()) {
            block.check_stability(&block.driven(stage.potential, drive), stage)?;
            block.check_resolution(stages, drive)?;
        }
        let moved: Result<Vec<usize>, _> = blocks
            .par_iter_mut()
            .map_init(Scratch::default, |scratch, block| {
                block.advance(stages, drive, before, observe, scratch)
            })
            .collect();
        if moved.is_err() {
            // A later slice was refused: chains at different times are no batch.
            blocks.clear();
        }
        let lost = moved?;
        report(blocks, &lost)
    }
}

/// The first of the chains that were lost just now (so many of each block), as an error.
pub(super) fn report<T: Scalar>(blocks: &[Block<T>], lost: &[usize]) -> Result<(), SubstrateError> {
    let fresh = blocks.iter().zip(lost).flat_map(|(block, &lost)| {
        let all = block.lost();
        &all[all.len() - lost..]
    });
    match fresh.min_by_key(|lost| lost.chain) {
        None => Ok(()),
        Some(&Divergence { unit, chain, step }) => Err(SubstrateError::Diverged {
            unit,
            chain,
            step,
            chains: lost.iter().sum(),
        }),
    }
}

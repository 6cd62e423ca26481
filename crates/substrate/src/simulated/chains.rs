//! The chains of a simulated substrate: prepared, read, kept and put back.

use std::ops::Range;

use faer::{Mat, MatMut, MatRef};
use overdamped_energy::Scalar;
use overdamped_kernel as kernel;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::SimulatedSubstrate;
use crate::block::{self, Block};
use crate::{Integrator, Substrate, SubstrateError, memory};

/// The chains at one moment: states, noise generators, clocks, ledgers and losses. With the same
/// settings, parameters and drive, a run continues from it bit for bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Snapshot<T: Scalar> {
    units: usize,
    blocks: Vec<Block<T>>,
}

impl<T: Scalar> SimulatedSubstrate<T> {
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
        let count = states.ncols() as u64;
        let end = first_chain.checked_add(count);
        let chains = first_chain..end.ok_or(SubstrateError::ChainNumbers {
            first: first_chain,
            count,
        })?;
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
        let ledgers = count as u128 * 32;
        let bytes = kernel::Block::<T>::bytes(units, count, self.remembers());
        // The old chains make room only where they have to: a refusal then leaves none.
        if memory::check(units, count, bytes + ledgers).is_err() {
            let own = self.chains();
            let old = kernel::Block::<T>::bytes(units, own, self.remembers());
            memory::check(units, count, (bytes + ledgers).saturating_sub(old))?;
            self.blocks.clear();
        }
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
    /// [`SubstrateError::NotPrepared`], or [`SubstrateError::Chains`] if the batch has no such
    /// chains.
    pub fn read_chains(&self, chains: Range<usize>) -> Result<Mat<T>, SubstrateError> {
        if self.chains() == 0 {
            return Err(SubstrateError::NotPrepared);
        }
        if chains.end > self.chains() || chains.is_empty() {
            return Err(SubstrateError::Chains {
                start: chains.start,
                end: chains.end,
                chains: self.chains(),
            });
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
                // The columns of a matrix that was made here are contiguous.
                if let Some(column) = own.as_mut().col_mut(chain).try_as_col_major_mut() {
                    block.read_chain(first + chain, column.as_slice_mut());
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
        let blocks = &snapshot.blocks;
        let whole = blocks
            .iter()
            .all(|block| block.fits(snapshot.units, remembers));
        let in_order = blocks.windows(2).all(|pair| pair[0].precedes(&pair[1]));
        let from_zero = blocks
            .first()
            .is_none_or(|block| block.first_in_batch() == 0);
        if !(whole && in_order && from_zero) {
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
    pub(super) fn remembers(&self) -> bool {
        self.settings.integrator == Integrator::LeimkuhlerMatthews
    }
}

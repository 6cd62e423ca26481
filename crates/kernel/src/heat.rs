//! The heat of each unit, booked while the steps are made.

use crate::block::Block;
use crate::compensated::Compensated;
use crate::simd::{Chunk, LANES, Lanes, Real};

/// Heat that flows to each unit of each chain, by the midpoint rule.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMeter<T> {
    /// Force and displacement of the last step, which wait for the force at its end.
    waiting: Vec<(Chunk<T>, Chunk<T>)>,
    /// -(F + F') / 2 dx, unit by unit as in a block; compensated, as a run may have 1e8 steps.
    heat: Vec<[Compensated; LANES]>,
    chains: usize,
    chunks: usize,
}

impl<T: Real> HeatMeter<T> {
    /// A meter for a block, at zero.
    #[must_use]
    pub fn new(block: &Block<T>) -> Self {
        Self {
            waiting: vec![
                (Chunk([T::default(); LANES]), Chunk([T::default(); LANES]));
                block.len()
            ],
            heat: vec![[Compensated::default(); LANES]; block.len()],
            chains: block.chains(),
            chunks: block.chunks(),
        }
    }

    /// Whether it was made for a block of this size.
    pub(crate) fn fits(&self, block: &Block<T>) -> bool {
        self.heat.len() == block.len() && self.chains == block.chains()
    }

    /// Heat of a unit, for each chain of the block.
    ///
    /// # Panics
    /// If there is no such unit.
    pub fn of_unit(&self, unit: usize) -> impl Iterator<Item = f64> {
        let own = &self.heat[unit * self.chunks..(unit + 1) * self.chunks];
        let lanes = own.iter().flatten().take(self.chains);
        lanes.map(|heat| heat.total())
    }

    /// Force on one chunk at the start of a step, and its displacement during the step.
    #[inline(always)]
    pub(crate) fn book<L: Lanes<Scalar = T>>(&mut self, at: usize, force: L, moved: L) {
        let (old_force, old_moved) = self.waiting[at];
        let mut new_force = Chunk([T::default(); LANES]);
        force.store(&mut new_force);
        let forces = old_force.0.iter().zip(new_force.0);
        let heat = self.heat[at].iter_mut();
        for ((heat, (old, new)), moved) in heat.zip(forces).zip(old_moved.0) {
            heat.add(-0.5 * (old.to_f64() + new.to_f64()) * moved.to_f64());
        }
        self.waiting[at].0 = new_force;
        moved.store(&mut self.waiting[at].1);
    }
}

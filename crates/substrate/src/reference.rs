//! The reference: explicit steps as plain loops, for comparison and for energies of unknown form.
//!
//! Every line can be held against the equations. It takes the noise of the fused
//! loops, so that both follow the same paths and differ by rounding alone.

use faer::Mat;
use overdamped_energy::{Potential, Scalar};
use overdamped_kernel::{Block, Chunk, LANES, Motion, Path};

use crate::driven::Driven;

/// All steps of a motion; `unit_heat` collects the heat of each unit, summed over the chains.
/// Returns whether every state stayed finite.
pub(crate) fn run<T: Scalar>(
    block: &mut Block<T>,
    chains: usize,
    driven: &Driven<'_, T>,
    motion: &Motion<T>,
    path: Path,
    mut unit_heat: Option<&mut [f64]>,
) -> bool {
    let mut reference = Reference {
        states: columns(block),
        noise: vec![Chunk([T::ZERO; LANES]); block.units()],
        motion,
        path,
        finite: true,
    };
    let mut forces = driven.force(&reference.states);
    for _ in 0..motion.steps {
        let before = unit_heat.is_some().then(|| reference.states.clone());
        reference.drift(&forces);
        reference.diffuse(block);
        reference.reflect();
        let after = driven.force(&reference.states);
        if let (Some(heat), Some(before)) = (&mut unit_heat, before) {
            for chain in 0..chains {
                for (unit, heat) in heat.iter_mut().enumerate() {
                    let at = (unit, chain);
                    let force = 0.5 * (forces[at].wide() + after[at].wide());
                    *heat -= force * (reference.states[at].wide() - before[at].wide());
                }
            }
        }
        forces = after;
    }
    let chunks = block.chunks();
    for (index, chunk) in block.states_mut().iter_mut().enumerate() {
        let (unit, first) = (index / chunks, index % chunks * LANES);
        for (lane, slot) in chunk.0.iter_mut().enumerate() {
            *slot = reference.states[(unit, first + lane)];
        }
    }
    reference.finite
}

/// The states of a block as a matrix (units x lanes). The lanes beyond the last chain are
/// part of it: products of a fixed shape round alike whatever the number of chains.
pub(crate) fn columns<T: Scalar>(block: &Block<T>) -> Mat<T> {
    let (chunks, states) = (block.chunks(), block.states());
    Mat::from_fn(block.units(), chunks * LANES, |unit, chain| {
        states[unit * chunks + chain / LANES].0[chain % LANES]
    })
}

struct Reference<'a, T: Scalar> {
    states: Mat<T>,
    /// The draws of one chunk in one step.
    noise: Vec<Chunk<T>>,
    motion: &'a Motion<T>,
    path: Path,
    finite: bool,
}

impl<T: Scalar> Reference<'_, T> {
    /// x += mu h F.
    fn drift(&mut self, forces: &Mat<T>) {
        for chain in 0..self.states.ncols() {
            let states = self.states.col_as_slice_mut(chain).iter_mut();
            let terms = forces.col_as_slice(chain).iter().zip(&self.motion.drift);
            for (x, (&force, &drift)) in states.zip(terms) {
                *x += drift * force;
            }
        }
    }

    /// x += sqrt(2 mu kT h) R, or with the mean of two draws.
    fn diffuse(&mut self, block: &mut Block<T>) {
        if self.motion.noise.iter().all(|&scale| scale == T::ZERO) {
            return;
        }
        let chunks = block.chunks();
        let (memory, streams) = block.noise_mut();
        for (chunk, streams) in streams.iter_mut().enumerate() {
            streams.fill(self.path, &mut self.noise);
            for (unit, (noise, &scale)) in self.noise.iter().zip(&self.motion.noise).enumerate() {
                for (lane, &draw) in noise.0.iter().enumerate() {
                    let mut kick = draw;
                    if self.motion.averaged {
                        let old = &mut memory[unit * chunks + chunk].0[lane];
                        kick += *old;
                        *old = draw;
                    }
                    self.states[(unit, chunk * LANES + lane)] += scale * kick;
                }
            }
        }
    }

    /// Keeps the states between the walls.
    fn reflect(&mut self) {
        let walls = self.motion.walls;
        for chain in 0..self.states.ncols() {
            for x in self.states.col_as_slice_mut(chain) {
                // Before the walls, which would hide an infinity.
                self.finite &= x.finite();
                if *x > walls {
                    *x = walls;
                } else if *x < -walls {
                    *x = -walls;
                }
            }
        }
    }
}

impl<T: Scalar> Driven<'_, T> {
    /// Force on each unit of each lane; a drive acts on the chains that it has.
    fn force(&self, states: &Mat<T>) -> Mat<T> {
        let potential: &dyn Potential<T> = self;
        potential.force(states.as_ref())
    }
}

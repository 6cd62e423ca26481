//! The reference: explicit steps as plain loops, for comparison and for energies of unknown form.
//!
//! Every line can be held against the equations. It takes the noise of the fused
//! loops, so that both follow the same paths and differ by rounding alone.

use faer::Mat;
use overdamped_energy::Scalar;
use overdamped_kernel::{Block, Chunk, LANES, Motion, Path};

use crate::driven::Driven;

/// All steps of a motion; `heat` collects that of each unit (units x chains). Returns one bit for
/// each chain with a state that was not finite.
pub(crate) fn run<T: Scalar>(
    block: &mut Block<T>,
    driven: &Driven<'_, T>,
    motion: &Motion<T>,
    path: Path,
    mut heat: Option<&mut Mat<f64>>,
) -> u32 {
    let mut reference = Reference {
        states: columns(block),
        noise: vec![Chunk([T::ZERO; LANES]); block.units()],
        motion,
        path,
        faults: 0,
    };
    let mut forces = driven.as_dyn().force(reference.states.as_ref());
    for _ in 0..motion.steps {
        let before = heat.is_some().then(|| reference.states.clone());
        reference.drift(&forces);
        reference.diffuse(block);
        reference.reflect();
        let after = driven.as_dyn().force(reference.states.as_ref());
        if let (Some(heat), Some(before)) = (&mut heat, before) {
            for chain in 0..block.chains() {
                for unit in 0..block.units() {
                    let at = (unit, chain);
                    let force = 0.5 * (forces[at].wide() + after[at].wide());
                    heat[at] -= force * (reference.states[at].wide() - before[at].wide());
                }
            }
        }
        forces = after;
    }
    for chain in 0..block.chains() {
        block.write_chain(chain, reference.states.col_as_slice(chain));
    }
    // The columns beyond the last chain are nobody's.
    let own = u64::MAX >> (64 - block.chains());
    reference.faults & own as u32
}

/// The states of a block as a matrix of thirty-two columns, with zeros beyond the last chain:
/// products of one shape round alike whatever the number of chains.
pub(crate) fn columns<T: Scalar>(block: &Block<T>) -> Mat<T> {
    let mut columns = Mat::zeros(block.units(), Block::<T>::CHAINS);
    for chain in 0..block.chains() {
        block.read_chain(chain, columns.col_as_slice_mut(chain));
    }
    columns
}

struct Reference<'a, T: Scalar> {
    states: Mat<T>,
    /// The draws of one chunk in one step.
    noise: Vec<Chunk<T>>,
    motion: &'a Motion<T>,
    path: Path,
    faults: u32,
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
                self.faults |= u32::from(!x.finite()) << chain;
                if *x > walls {
                    *x = walls;
                } else if *x < -walls {
                    *x = -walls;
                }
            }
        }
    }
}

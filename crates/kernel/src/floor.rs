//! The floor under every dense coupling: how fast this machine multiplies and adds.
//!
//! A benchmark that says "ten nanoseconds" says little; "1.2 times what the multipliers can do" says
//! where there is nothing left to gain. [`multiply_adds`] keeps the multipliers of one core as
//! busy as they can be, without any memory in the way: independent chains of
//!
//! x <- x f + a
//!
//! in registers. There are more chains than a multiply-add takes cycles, times those that start in
//! each cycle, so that none waits for its predecessor; and few enough to stay in registers.

use crate::simd::{Kernel, Lanes32, Path};

/// Multiply-adds that one chain of [`multiply_adds`] makes for each round.
const UNROLLED: u64 = 8;
const FACTOR: f32 = 0.999;
const ADDEND: f32 = 0.001;

/// What was done, and a value that depends on all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Busy {
    /// Multiply-adds of single numbers; each counts as two operations.
    pub multiply_adds: u64,
    /// Sum of the first lane's chains: nobody's result, but a compiler may not skip what it needs.
    pub value: f32,
}

/// Keeps the multipliers of the calling thread busy for a number of rounds.
///
/// Time it and divide: the highest rate over some repetitions is the peak of this core.
///
/// ```
/// use overdamped_kernel::{Path, floor};
/// let started = std::time::Instant::now();
/// let busy = floor::multiply_adds(Path::best(), 10_000);
/// let seconds = started.elapsed().as_secs_f64();
/// assert!(busy.value.is_finite());
/// println!("{:.1} GFLOP/s", 2e-9 * busy.multiply_adds as f64 / seconds);
/// ```
#[must_use]
pub fn multiply_adds(path: Path, rounds: u64) -> Busy {
    // Constants that the compiler sees through could be folded into a closed form.
    let (factor, addend) = std::hint::black_box((FACTOR, ADDEND));
    path.execute(Chains {
        factor,
        addend,
        rounds,
    })
}

struct Chains {
    factor: f32,
    addend: f32,
    rounds: u64,
}

impl Kernel for Chains {
    type Output = Busy;

    #[inline(always)]
    fn run<N: Lanes32>(self) -> Busy {
        // Twelve registers of 512 bits, or ten of the sixteen of 256 bits.
        if N::MANY_REGISTERS {
            self.all::<N, 12>()
        } else {
            self.all::<N, 5>()
        }
    }
}

impl Chains {
    #[inline(always)]
    fn all<N: Lanes32, const COUNT: usize>(self) -> Busy {
        let (factor, addend) = (N::splat(self.factor), N::splat(self.addend));
        // Equal chains would be merged into one.
        let mut chains = [addend; COUNT];
        for (index, chain) in chains.iter_mut().enumerate() {
            *chain = N::splat(index as f32);
        }
        for _ in 0..self.rounds {
            for _ in 0..UNROLLED {
                for chain in &mut chains {
                    *chain = chain.mul_add(factor, addend);
                }
            }
        }
        let mut sum = N::splat(0.0);
        for chain in chains {
            sum = sum.add(chain);
        }
        let mut lanes = crate::Chunk::default();
        sum.store(&mut lanes);
        Busy {
            multiply_adds: self.rounds * UNROLLED * (COUNT * crate::LANES) as u64,
            value: lanes.0[0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of the chains in closed form: each approaches a / (1 - f) = 1 by the factor f.
    fn expected(chains: u64, steps: u64) -> f64 {
        let (factor, addend) = (f64::from(FACTOR), f64::from(ADDEND));
        let rest = addend / (1.0 - factor);
        let chain = |start: u64| rest + (start as f64 - rest) * factor.powf(steps as f64);
        (0..chains).map(chain).sum()
    }

    // A compiler that shortened the loop, or a count that missed chains, would give another sum.
    #[test]
    fn all_that_is_counted_is_done() {
        for path in Path::available() {
            for rounds in [0, 1, 100] {
                let busy = multiply_adds(path, rounds);
                let steps = rounds * UNROLLED;
                let chains = if path.name() == "avx512" { 12 } else { 5 };
                assert_eq!(busy.multiply_adds, steps * chains * crate::LANES as u64);
                let (found, wanted) = (f64::from(busy.value), expected(chains, steps));
                // 800 roundings of 6e-8 each, in twelve chains of at most 11.
                assert!((found - wanted).abs() < 1e-2, "{path}: {found}, {wanted}");
            }
        }
    }
}

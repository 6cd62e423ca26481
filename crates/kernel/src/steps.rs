//! The fused step: force, noise and update of a block, for all steps of a motion.
//!
//! x' = x + mu h F(x) + sqrt(2 mu kT h) R (Euler-Maruyama), or with (R + R') / 2 in place of R, R'
//! the draw of the step before (Leimkuhler and Matthews 2013).

use crate::block::{Drive, Motion};
use crate::heat::HeatMeter;
use crate::noise::{Generator, Streams, normals};
use crate::program::{Program, Scratch};
use crate::simd::{Chunk, Kernel, LANES, Lanes, Lanes32, Real};

/// Everything that takes part in the steps of one block.
pub struct Steps<'a, T> {
    pub(crate) states: &'a mut [Chunk<T>],
    pub(crate) memory: &'a mut [Chunk<T>],
    pub(crate) streams: &'a mut [Streams],
    pub(crate) program: &'a Program<T>,
    pub(crate) motion: &'a Motion<T>,
    pub(crate) drive: Option<&'a Drive<T>>,
    pub(crate) meter: Option<&'a mut HeatMeter<T>>,
    pub(crate) scratch: &'a mut Scratch<T>,
    pub(crate) chains: usize,
}

/// One bit for each chain that did not stay finite.
impl<T: Real> Kernel for Steps<'_, T> {
    type Output = u32;

    #[inline(always)]
    fn run<N: Lanes32>(self) -> u32 {
        if self.streams.len() == 2 {
            self.all::<T::Lanes<N>, 2>()
        } else {
            self.all::<T::Lanes<N>, 1>()
        }
    }
}

impl<T: Real> Steps<'_, T> {
    #[inline(always)]
    fn all<L: Lanes<Scalar = T>, const W: usize>(mut self) -> u32 {
        let mut generators = [Generator::<L::Noise>::load(&self.streams[0]); W];
        for (generator, streams) in generators.iter_mut().zip(&*self.streams) {
            *generator = Generator::load(streams);
        }
        let constants = constants(self.program, self.motion, self.drive);
        let pull = self.drive.map(|drive| &*drive.pull);
        let manner = Manner {
            bends: self.program.bends(),
            cold: self.motion.noise.iter().all(|&noise| noise == T::default()),
            averaged: self.motion.averaged,
            walls: L::splat(self.motion.walls),
        };
        let walled = self.motion.walls != T::INFINITY;
        let plain = !manner.cold && !manner.averaged && !walled && pull.is_none();
        let plain = plain && self.meter.is_none();
        // Zero times a number that is not finite is NaN, and stays so in a sum.
        let mut finite = [L::splat(T::default()); W];
        for _ in 0..self.motion.steps {
            self.program.couple::<L, W>(self.states, self.scratch);
            let mut units = Units {
                states: self.states.as_chunks_mut::<W>().0,
                memory: self.memory.as_chunks_mut::<W>().0,
                force: self.scratch.force.as_chunks::<W>().0,
                pull: pull.map(|pull| pull.as_chunks::<W>().0),
                meter: self.meter.as_deref_mut(),
                constants: &constants,
                manner,
            };
            if plain {
                units.advance_all::<true>(&mut generators, &mut finite);
            } else {
                units.advance_all::<false>(&mut generators, &mut finite);
            }
        }
        if plain {
            // Without walls to take an infinity back, a number that is not finite stays so.
            for states in self.states.as_chunks::<W>().0 {
                for (finite, x) in finite.iter_mut().zip(states) {
                    *finite = L::load(x).mul_add(L::splat(T::default()), *finite);
                }
            }
        }
        if let Some(meter) = self.meter {
            // The heat of the last step waits for the force at its end.
            self.program.couple::<L, W>(self.states, self.scratch);
            for (at, (x, force)) in self.states.iter().zip(&self.scratch.force).enumerate() {
                let own = constants[at / W].force(L::load(x), manner.bends);
                let mut force = own.add(L::load(force));
                if let Some(pull) = pull {
                    force = force.add(L::load(&pull[at]));
                }
                meter.book(at, force, L::splat(T::default()));
            }
        }
        for (generator, streams) in generators.iter().zip(self.streams) {
            generator.save(streams);
        }
        let mut zeros = [Chunk([T::default(); LANES]); W];
        for (sum, zeros) in finite.into_iter().zip(&mut zeros) {
            sum.store(zeros);
        }
        let lanes = zeros.iter().flat_map(|chunk| chunk.0).take(self.chains);
        let faulty = lanes.enumerate().filter(|(_, zero)| *zero != T::default());
        faulty.fold(0, |bits, (chain, _)| bits | 1 << chain)
    }
}

/// How all units move alike.
#[derive(Clone, Copy)]
struct Manner<L> {
    /// Whether some unit's own force has terms beyond the linear one.
    bends: bool,
    /// Whether no unit feels noise.
    cold: bool,
    /// Whether the noise of two steps is averaged.
    averaged: bool,
    walls: L,
}

/// The numbers of one unit, together in memory.
#[derive(Clone, Copy)]
struct Constants<T> {
    /// The drive's spring is part of it.
    polynomial: [T; 5],
    drift: T,
    noise: T,
}

fn constants<T: Real>(
    program: &Program<T>,
    motion: &Motion<T>,
    drive: Option<&Drive<T>>,
) -> Vec<Constants<T>> {
    let mut all = Vec::with_capacity(program.units());
    for (unit, &polynomial) in program.polynomial().iter().enumerate() {
        let mut polynomial = polynomial;
        if let Some(drive) = drive {
            polynomial[1] -= drive.stiffness[unit];
        }
        all.push(Constants {
            polynomial,
            drift: motion.drift[unit],
            noise: motion.noise[unit],
        });
    }
    all
}

impl<T: Real> Constants<T> {
    /// The unit's own force at `x`.
    #[inline(always)]
    fn force<L: Lanes<Scalar = T>>(&self, x: L, bends: bool) -> L {
        let [c0, c1, c2, c3, c5] = self.polynomial;
        let mut slope = L::splat(c1);
        if bends {
            let high = L::splat(c5).mul_add(x.mul(x), L::splat(c3));
            slope = high.mul_add(x, L::splat(c2)).mul_add(x, slope);
        }
        slope.mul_add(x, L::splat(c0))
    }
}

/// Units whose noise is drawn together.
const GROUP: usize = 16;

/// Draws the noise of an even number of units, two for each pair of normals.
#[inline(always)]
fn draw<N: Lanes32, const W: usize>(generators: &mut [Generator<N>; W], noise: &mut [[N; W]]) {
    // Where the registers hold all generators, their words are drawn side by side: one alone
    // waits for itself.
    if N::MANY_REGISTERS {
        let mut local = *generators;
        for pair in noise.chunks_exact_mut(2) {
            let mut words = [local[0].words(); W];
            for w in 1..W {
                words[w] = local[w].words();
            }
            for w in 0..W {
                (pair[0][w], pair[1][w]) = normals(words[w]);
            }
        }
        *generators = local;
    } else {
        for w in 0..W {
            let mut local = generators[w];
            for pair in noise.chunks_exact_mut(2) {
                (pair[0][w], pair[1][w]) = normals(local.words());
            }
            generators[w] = local;
        }
    }
}

/// All units of a block during one step.
struct Units<'a, L: Lanes, const W: usize> {
    states: &'a mut [[Chunk<L::Scalar>; W]],
    memory: &'a mut [[Chunk<L::Scalar>; W]],
    force: &'a [[Chunk<L::Scalar>; W]],
    pull: Option<&'a [[Chunk<L::Scalar>; W]]>,
    meter: Option<&'a mut HeatMeter<L::Scalar>>,
    constants: &'a [Constants<L::Scalar>],
    manner: Manner<L>,
}

impl<L: Lanes, const W: usize> Units<'_, L, W> {
    /// Moves all units. `PLAIN` is a promise that the units are warm, the draws not shared, and
    /// neither walls, pull nor meter there: the compiler then leaves them out.
    #[inline(always)]
    fn advance_all<const PLAIN: bool>(
        &mut self,
        generators: &mut [Generator<L::Noise>; W],
        finite: &mut [L; W],
    ) {
        let units = self.states.len();
        let mut sums = *finite;
        // Noise for a few units, then their steps: two loops that fit into the registers.
        let mut noise = [[L::Noise::splat(0.0); W]; GROUP];
        let together = if L::MANY_REGISTERS { GROUP } else { 2 };
        for first in (0..units).step_by(together) {
            let group = together.min(units - first);
            if PLAIN || !self.manner.cold {
                draw(generators, &mut noise[..group.next_multiple_of(2)]);
            }
            for (unit, noise) in (first..first + group).zip(&noise) {
                for w in 0..W {
                    let noise = L::of_noise(noise[w]);
                    sums[w] = self.advance::<PLAIN>(unit, w, noise, sums[w]);
                }
            }
        }
        *finite = sums;
    }

    /// Moves one unit of a chunk of chains.
    #[inline(always)]
    fn advance<const PLAIN: bool>(&mut self, unit: usize, w: usize, mut noise: L, finite: L) -> L {
        let constants = &self.constants[unit];
        let old = L::load(&self.states[unit][w]);
        let mut force = constants.force(old, self.manner.bends);
        force = force.add(L::load(&self.force[unit][w]));
        if !PLAIN && let Some(pull) = self.pull {
            force = force.add(L::load(&pull[unit][w]));
        }
        let mut new = L::splat(constants.drift).mul_add(force, old);
        if !PLAIN && self.manner.averaged && !self.manner.cold {
            let memory = &mut self.memory[unit][w];
            let sum = noise.add(L::load(memory));
            noise.store(memory);
            noise = sum;
        }
        if PLAIN || !self.manner.cold {
            new = L::splat(constants.noise).mul_add(noise, new);
        }
        if PLAIN {
            new.store(&mut self.states[unit][w]);
            return finite;
        }
        let finite = new.mul_add(L::splat(L::Scalar::default()), finite);
        let new = new.clamp_magnitude(self.manner.walls);
        new.store(&mut self.states[unit][w]);
        if let Some(meter) = &mut self.meter {
            meter.book(unit * W + w, force, new.sub(old));
        }
        finite
    }
}

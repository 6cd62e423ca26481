//! The fused step: force, noise and update of a block, for all steps of a motion.
//!
//! x' = x + mu h F(x) + sqrt(2 mu kT h) R (Euler-Maruyama), or with (R + R') / 2 in place of R, R'
//! the draw of the step before (Leimkuhler and Matthews 2013).

use crate::block::{Drive, Motion};
use crate::heat::HeatMeter;
use crate::noise::{Generator, Streams};
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

/// Whether every state stayed finite.
impl<T: Real> Kernel for Steps<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<N: Lanes32>(self) -> bool {
        if self.streams.len() == 2 {
            self.all::<T::Lanes<N>, 2>()
        } else {
            self.all::<T::Lanes<N>, 1>()
        }
    }
}

impl<T: Real> Steps<'_, T> {
    #[inline(always)]
    fn all<L: Lanes<Scalar = T>, const W: usize>(mut self) -> bool {
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
            for w in 0..W {
                finite[w] = units.advance_all(w, &mut generators[w], finite[w]);
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
        let mut lanes = zeros.iter().flat_map(|chunk| chunk.0).take(self.chains);
        lanes.all(|zero| zero == T::default())
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
    polynomial: [T; 5],
    /// Stiffness of the drive.
    spring: T,
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
        all.push(Constants {
            polynomial,
            spring: drive.map_or(T::default(), |drive| drive.stiffness[unit]),
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
        let mut slope = L::splat(c1).sub(L::splat(self.spring));
        if bends {
            let high = L::splat(c5).mul_add(x.mul(x), L::splat(c3));
            slope = high.mul_add(x, L::splat(c2)).mul_add(x, slope);
        }
        slope.mul_add(x, L::splat(c0))
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
    /// Moves all units of a chunk of chains, two units for each pair of normals.
    #[inline(always)]
    fn advance_all(&mut self, w: usize, generator: &mut Generator<L::Noise>, mut finite: L) -> L {
        let units = self.states.len();
        // A copy, so that it stays in registers.
        let mut local = *generator;
        for unit in (0..units).step_by(2) {
            let (mut first, mut second) = (
                L::splat(L::Scalar::default()),
                L::splat(L::Scalar::default()),
            );
            if !self.manner.cold {
                let (z, y) = local.normals();
                (first, second) = (L::of_noise(z), L::of_noise(y));
            }
            finite = self.advance(unit, w, first, finite);
            if unit + 1 < units {
                finite = self.advance(unit + 1, w, second, finite);
            }
        }
        *generator = local;
        finite
    }

    /// Moves one unit of a chunk of chains.
    #[inline(always)]
    fn advance(&mut self, unit: usize, w: usize, mut noise: L, finite: L) -> L {
        let constants = &self.constants[unit];
        let old = L::load(&self.states[unit][w]);
        let mut force = constants.force(old, self.manner.bends);
        force = force.add(L::load(&self.force[unit][w]));
        if let Some(pull) = self.pull {
            force = force.add(L::load(&pull[unit][w]));
        }
        let mut new = L::splat(constants.drift).mul_add(force, old);
        if !self.manner.cold {
            if self.manner.averaged {
                // The factor 1/2 is part of the noise scale.
                let memory = &mut self.memory[unit][w];
                let sum = noise.add(L::load(memory));
                noise.store(memory);
                noise = sum;
            }
            new = L::splat(constants.noise).mul_add(noise, new);
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

//! Chains that run together: their states, their noise, and all their steps.
//!
//! A block is one or two chunks of sixteen chains, unit by unit: small enough that it stays
//! in the first cache for all its steps while the couplings stream from the second.

use serde::{Deserialize, Serialize};

use crate::heat::HeatMeter;
use crate::noise::Streams;
use crate::program::{Program, Scratch};
use crate::simd::{Chunk, LANES, Path, Real};
use crate::steps::Steps;

/// How the units move during a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Motion<T> {
    /// Number of steps.
    pub steps: u64,
    /// mu h of each unit.
    pub drift: Vec<T>,
    /// Scale of the noise of each unit: sqrt(2 mu kT h), or half of it if `averaged`.
    pub noise: Vec<T>,
    /// Whether a step takes the sum of its own draw and that of the step before
    /// (Leimkuhler-Matthews).
    pub averaged: bool,
    /// States are kept in [-walls, walls]; infinity for none.
    pub walls: T,
}

/// A linear force on each unit of each chain of a block: pull - stiffness x.
#[derive(Debug, Clone, PartialEq)]
pub struct Drive<T> {
    /// Shared by all chains, units.
    pub stiffness: Vec<T>,
    /// Unit by unit, the chunks of a unit together.
    pub pull: Vec<Chunk<T>>,
}

impl<T: Real> Drive<T> {
    /// A drive for a block of `chains` chains, with the pull on each unit of each chain.
    #[must_use]
    pub fn new(stiffness: Vec<T>, chains: usize, pull: impl Fn(usize, usize) -> T) -> Self {
        let pull = arranged(stiffness.len(), chains, pull);
        Self { stiffness, pull }
    }
}

/// Values of each unit of each chain as chunks: unit by unit, and zeros beyond the last chain.
fn arranged<T: Real>(
    units: usize,
    chains: usize,
    value: impl Fn(usize, usize) -> T,
) -> Vec<Chunk<T>> {
    let chunks = chains.div_ceil(LANES);
    let mut all = vec![Chunk([T::default(); LANES]); units * chunks];
    for (index, chunk) in all.iter_mut().enumerate() {
        let (unit, first) = (index / chunks, index % chunks * LANES);
        for (lane, slot) in chunk.0.iter_mut().enumerate().take(chains - first) {
            *slot = value(unit, first + lane);
        }
    }
    all
}

/// The streams of chains `first`, `first + 1`, ..., sixteen to an entry.
fn streams_of(seed: u64, first: u64, chains: usize) -> Vec<Streams> {
    let starts = (0..chains).step_by(LANES);
    starts
        .map(|chain| Streams::new(seed, first + chain as u64))
        .collect()
}

/// Up to thirty-two chains that run together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block<T> {
    /// Unit by unit; the chunks of a unit are neighbours.
    states: Vec<Chunk<T>>,
    /// The draw of the step before, likewise; empty unless it is needed.
    memory: Vec<Chunk<T>>,
    streams: Vec<Streams>,
    /// The lanes beyond are padding: they run along and are never looked at.
    chains: usize,
}

impl<T: Real> Block<T> {
    /// Chains in a full block.
    pub const CHAINS: usize = 2 * LANES;

    /// Bytes of memory for `chains` chains of `units` units.
    #[must_use]
    pub const fn bytes(units: usize, chains: usize, remembers: bool) -> u128 {
        let chunks = chains.div_ceil(LANES) as u128;
        let copies = if remembers { 2 } else { 1 };
        let chunk = size_of::<Chunk<T>>() as u128;
        chunks * (units as u128 * chunk * copies + size_of::<Streams>() as u128)
    }

    /// Chains number `first`, `first + 1`, ... of a run with this seed; `state` gives the state of
    /// each unit of each chain of the block. With `remembers`, a draw is carried from step to step.
    ///
    /// # Panics
    /// If `chains` is zero or above [`Block::CHAINS`].
    #[must_use]
    pub fn new(
        units: usize,
        chains: usize,
        seed: u64,
        first: u64,
        remembers: bool,
        state: impl Fn(usize, usize) -> T,
    ) -> Self {
        assert!((1..=Self::CHAINS).contains(&chains));
        let states = arranged(units, chains, state);
        let mut block = Self {
            memory: vec![Chunk([T::default(); LANES]); if remembers { states.len() } else { 0 }],
            states,
            streams: streams_of(seed, first, chains),
            chains,
        };
        block.draw_memory();
        block
    }

    /// New noise for every chain, from another seed.
    pub fn reseed(&mut self, seed: u64, first: u64) {
        self.streams = streams_of(seed, first, self.chains);
        self.draw_memory();
    }

    /// Number of chains.
    #[must_use]
    pub const fn chains(&self) -> usize {
        self.chains
    }

    /// Number of chunks, one or two.
    #[must_use]
    pub fn chunks(&self) -> usize {
        self.streams.len()
    }

    /// Number of chunks in all.
    pub(crate) const fn len(&self) -> usize {
        self.states.len()
    }

    /// Number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.states.len() / self.chunks()
    }

    /// State of a unit of a chain.
    ///
    /// # Panics
    /// If there is no such unit or chain.
    #[must_use]
    pub fn state(&self, unit: usize, chain: usize) -> T {
        assert!(chain < self.chains);
        self.states[unit * self.chunks() + chain / LANES].0[chain % LANES]
    }

    /// Sets the state of a unit of a chain.
    ///
    /// # Panics
    /// If there is no such unit or chain.
    pub fn set_state(&mut self, unit: usize, chain: usize, value: T) {
        assert!(chain < self.chains);
        let at = unit * self.chunks() + chain / LANES;
        self.states[at].0[chain % LANES] = value;
    }

    /// Copies the states of a chain, unit by unit.
    ///
    /// # Panics
    /// If there is no such chain, or not one place for each unit.
    pub fn read_chain(&self, chain: usize, states: &mut [T]) {
        assert!(chain < self.chains && states.len() == self.units());
        let (chunk, lane) = (chain / LANES, chain % LANES);
        let chunks = self.states.iter().skip(chunk).step_by(self.chunks());
        for (state, chunk) in states.iter_mut().zip(chunks) {
            *state = chunk.0[lane];
        }
    }

    /// Sets the states of a chain, unit by unit.
    ///
    /// # Panics
    /// As [`Block::read_chain`].
    pub fn write_chain(&mut self, chain: usize, states: &[T]) {
        assert!(chain < self.chains && states.len() == self.units());
        let (chunk, lane) = (chain / LANES, chain % LANES);
        let step = self.chunks();
        let chunks = self.states.iter_mut().skip(chunk).step_by(step);
        for (&state, chunk) in states.iter().zip(chunks) {
            chunk.0[lane] = state;
        }
    }

    /// The generators, one entry for each chunk.
    #[must_use]
    pub fn streams(&self) -> &[Streams] {
        &self.streams
    }

    /// The draws of the step before (units x chunks, unit by unit), and the generators.
    pub fn noise_mut(&mut self) -> (&mut [Chunk<T>], &mut [Streams]) {
        (&mut self.memory, &mut self.streams)
    }

    /// Whether the parts of a block that came from a file agree with each other.
    #[must_use]
    pub fn fits(&self, units: usize, chains: usize, remembers: bool) -> bool {
        let chunks = chains.div_ceil(LANES);
        (1..=Self::CHAINS).contains(&chains)
            && self.chains == chains
            && self.streams.len() == chunks
            && self.states.len() == units * chunks
            && self.streams.iter().all(Streams::is_alive)
            && self.memory.len() == if remembers { units * chunks } else { 0 }
    }

    /// All steps of a motion. Returns one bit for each chain with a state that was not finite
    /// after some step: bit c for chain c.
    ///
    /// # Panics
    /// If the program, motion, drive or meter is of another size than the block.
    pub fn run(
        &mut self,
        path: Path,
        program: &Program<T>,
        motion: &Motion<T>,
        drive: Option<&Drive<T>>,
        meter: Option<&mut HeatMeter<T>>,
        scratch: &mut Scratch<T>,
    ) -> u32 {
        assert!(program.units() == self.units() && motion.drift.len() == self.units());
        assert!(motion.noise.len() == self.units());
        assert!(!motion.averaged || self.memory.len() == self.states.len());
        assert!(
            drive.is_none_or(|drive| drive.stiffness.len() == self.units()
                && drive.pull.len() == self.states.len())
        );
        assert!(meter.as_ref().is_none_or(|meter| meter.fits(self)));
        scratch.fit(program, self.chunks());
        let steps = Steps {
            states: &mut self.states,
            memory: &mut self.memory,
            streams: &mut self.streams,
            program,
            motion,
            drive,
            meter,
            scratch,
            chains: self.chains,
        };
        T::step(path, steps)
    }

    fn draw_memory(&mut self) {
        if self.memory.is_empty() {
            return;
        }
        let chunks = self.chunks();
        let mut noise = vec![Chunk([T::default(); LANES]); self.units()];
        for (chunk, streams) in self.streams.iter_mut().enumerate() {
            streams.fill(Path::best(), &mut noise);
            for (unit, noise) in noise.iter().enumerate() {
                self.memory[unit * chunks + chunk] = *noise;
            }
        }
    }
}

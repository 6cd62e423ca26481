//! Chains that run together: their states, their noise, and all their steps.
//!
//! A block is one or two chunks of sixteen chains, unit by unit: small enough that it stays
//! in the first cache for all its steps while the couplings stream from the second.

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

/// Up to thirty-two chains that run together.
#[derive(Debug, Clone, PartialEq)]
pub struct Block<T> {
    /// Unit by unit; the chunks of a unit are neighbours.
    states: Vec<Chunk<T>>,
    /// The draw of the step before, likewise; empty unless it is needed.
    memory: Vec<Chunk<T>>,
    streams: Vec<Streams>,
}

impl<T: Real> Block<T> {
    /// Chains in a full block.
    pub const CHAINS: usize = 2 * LANES;

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
        let chunks = chains.div_ceil(LANES);
        let mut states = vec![Chunk([T::ZERO; LANES]); units * chunks];
        for (index, chunk) in states.iter_mut().enumerate() {
            let (unit, first) = (index / chunks, index % chunks * LANES);
            for (lane, slot) in chunk.0.iter_mut().enumerate().take(chains - first) {
                *slot = state(unit, first + lane);
            }
        }
        let mut block = Self {
            memory: vec![Chunk([T::ZERO; LANES]); if remembers { states.len() } else { 0 }],
            states,
            streams: Vec::with_capacity(chunks),
        };
        for chunk in 0..chunks {
            block
                .streams
                .push(Streams::new(seed, first + (chunk * LANES) as u64));
        }
        block.draw_memory();
        block
    }

    /// New noise for every chain, from another seed.
    pub fn reseed(&mut self, seed: u64, first: u64) {
        for (chunk, streams) in self.streams.iter_mut().enumerate() {
            *streams = Streams::new(seed, first + (chunk * LANES) as u64);
        }
        self.draw_memory();
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
    #[must_use]
    pub fn state(&self, unit: usize, chain: usize) -> T {
        self.states[unit * self.chunks() + chain / LANES].0[chain % LANES]
    }

    /// Sets the state of a unit of a chain.
    pub fn set_state(&mut self, unit: usize, chain: usize, value: T) {
        let at = unit * self.chunks() + chain / LANES;
        self.states[at].0[chain % LANES] = value;
    }

    /// The carried draw of a unit of a chain, if draws are carried.
    #[must_use]
    pub fn memory(&self, unit: usize, chain: usize) -> Option<T> {
        let chunk = self.memory.get(unit * self.chunks() + chain / LANES)?;
        Some(chunk.0[chain % LANES])
    }

    /// Sets the carried draw of a unit of a chain, if draws are carried.
    pub fn set_memory(&mut self, unit: usize, chain: usize, value: T) {
        let at = unit * self.chunks() + chain / LANES;
        if let Some(chunk) = self.memory.get_mut(at) {
            chunk.0[chain % LANES] = value;
        }
    }

    /// The generators, one entry for each chunk.
    #[must_use]
    pub fn streams(&self) -> &[Streams] {
        &self.streams
    }

    /// The generators, to draw from or to put back.
    pub fn streams_mut(&mut self) -> &mut [Streams] {
        &mut self.streams
    }

    /// All steps of a motion. `pull`, laid out as the block, is a constant force of each chain.
    /// Returns whether every state stayed finite.
    ///
    /// # Panics
    /// If the program, motion, pull or meter is of another size than the block.
    pub fn run(
        &mut self,
        path: Path,
        program: &Program<T>,
        motion: &Motion<T>,
        pull: Option<&[Chunk<T>]>,
        meter: Option<&mut HeatMeter<T>>,
        scratch: &mut Scratch<T>,
    ) -> bool {
        assert!(program.units() == self.units() && motion.drift.len() == self.units());
        assert!(motion.noise.len() == self.units());
        assert!(!motion.averaged || self.memory.len() == self.states.len());
        assert!(pull.is_none_or(|pull| pull.len() == self.states.len()));
        scratch.fit(program, self.chunks());
        path.execute(Steps {
            states: &mut self.states,
            memory: &mut self.memory,
            streams: &mut self.streams,
            program,
            motion,
            pull,
            meter,
            scratch,
        })
    }

    fn draw_memory(&mut self) {
        if self.memory.is_empty() {
            return;
        }
        let chunks = self.chunks();
        let mut noise = vec![Chunk([T::ZERO; LANES]); self.units()];
        for (chunk, streams) in self.streams.iter_mut().enumerate() {
            streams.fill(Path::PORTABLE, &mut noise);
            for (unit, noise) in noise.iter().enumerate() {
                self.memory[unit * chunks + chunk] = *noise;
            }
        }
    }
}

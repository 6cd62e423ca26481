//! One run of a block, by the engine and by a reference that shares nothing with it but the noise.

use overdamped_kernel::{Block, Chunk, Drive, HeatMeter, Motion, Path, Real, Scratch, Streams};

use crate::network::Network;

/// What is run. Numbers are `f32`, so that both precisions run the same.
#[derive(Clone)]
pub struct Experiment {
    pub network: Network,
    /// Number of chains, and of the first of them.
    pub chains: usize,
    pub first: u64,
    pub steps: u64,
    pub averaged: bool,
    pub walls: f32,
    /// Whether each chain is pulled by its own constant force, against a spring.
    pub pulled: bool,
    /// Multiplies the noise.
    pub warmth: f32,
}

/// Where it ended: [unit][chain].
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub states: Vec<Vec<f64>>,
    pub heat: Vec<Vec<f64>>,
}

pub const SEED: u64 = 42;

impl Experiment {
    /// Three warm steps without walls or pull.
    pub const fn of(network: Network, chains: usize) -> Self {
        Self {
            network,
            chains,
            first: 100,
            steps: 3,
            averaged: false,
            walls: f32::INFINITY,
            pulled: false,
            warmth: 1.0,
        }
    }

    pub fn units(&self) -> usize {
        self.network.polynomial.len()
    }

    /// Where a chain starts; chains are told apart by their number in the run.
    fn start(&self, unit: usize, chain: usize) -> f32 {
        let number = self.first as usize + chain;
        ((unit * 37 + number * 11) % 64) as f32 / 32.0 - 1.0
    }

    fn pull(&self, unit: usize, chain: usize) -> f32 {
        let number = self.first as usize + chain;
        ((unit * 5 + number * 3) % 16) as f32 / 8.0 - 1.0
    }

    /// mu h of a unit, and the scale of its noise; units differ.
    fn scales(&self, unit: usize) -> [f32; 2] {
        let drift = 0.01 + 0.001 * (unit % 3) as f32;
        let noise = if self.averaged { 0.5 } else { 1.0 } * 0.1;
        [drift, self.warmth * (noise + 0.01 * (unit % 2) as f32)]
    }

    pub fn motion<T: Real>(&self) -> Motion<T> {
        let scales = |which: usize| {
            let all = (0..self.units()).map(|unit| T::from_f32(self.scales(unit)[which]));
            all.collect::<Vec<T>>()
        };
        Motion {
            steps: self.steps,
            drift: scales(0),
            noise: scales(1),
            averaged: self.averaged,
            walls: T::from_f32(self.walls),
        }
    }

    pub fn block<T: Real>(&self) -> Block<T> {
        let start = |unit, chain| T::from_f32(self.start(unit, chain));
        let (units, chains) = (self.units(), self.chains);
        Block::new(units, chains, SEED, self.first, self.averaged, start)
    }

    /// Stiffness of the spring that comes with the pull.
    fn spring(&self, unit: usize) -> f32 {
        (unit % 4) as f32 / 4.0
    }

    /// The pull of each chain, and a spring.
    pub fn drive<T: Real>(&self) -> Option<Drive<T>> {
        let springs = (0..self.units()).map(|unit| T::from_f32(self.spring(unit)));
        let pull = |unit, chain| T::from_f32(self.pull(unit, chain));
        self.pulled
            .then(|| Drive::new(springs.collect(), self.chains, pull))
    }

    /// By the engine, with a heat meter.
    pub fn run<T: Real>(&self, path: Path) -> Outcome {
        let mut block = self.block::<T>();
        let mut meter = HeatMeter::new(&block);
        let drive = self.drive();
        let faults = block.run(
            path,
            &self.network.program(),
            &self.motion(),
            drive.as_ref(),
            Some(&mut meter),
            &mut Scratch::default(),
        );
        assert_eq!(faults, 0);
        let heat = |unit| meter.of_unit(unit).collect();
        Outcome {
            states: states_of(&block, self.chains),
            heat: (0..self.units()).map(heat).collect(),
        }
    }

    /// By loops over plain numbers, chain by chain.
    pub fn reference(&self) -> Outcome {
        let units = self.units();
        let mut outcome = Outcome {
            states: vec![vec![0.0; self.chains]; units],
            heat: vec![vec![0.0; self.chains]; units],
        };
        for chain in 0..self.chains {
            let mut draw = self.draws(chain);
            let mut x: Vec<f64> = (0..units)
                .map(|unit| f64::from(self.start(unit, chain)))
                .collect();
            let mut memory = if self.averaged {
                draw()
            } else {
                vec![0.0; units]
            };
            let mut force = self.force(&x, chain);
            for _ in 0..self.steps {
                let noise = draw();
                let mut moved = x.clone();
                for unit in 0..units {
                    let [drift, scale] = self.scales(unit).map(f64::from);
                    let z = noise[unit] + if self.averaged { memory[unit] } else { 0.0 };
                    let walls = f64::from(self.walls);
                    let free = x[unit] + drift * force[unit] + scale * z;
                    moved[unit] = free.clamp(-walls, walls);
                }
                let next = self.force(&moved, chain);
                for unit in 0..units {
                    let mean = 0.5 * (force[unit] + next[unit]);
                    outcome.heat[unit][chain] -= mean * (moved[unit] - x[unit]);
                }
                (x, memory, force) = (moved, noise, next);
            }
            for (states, x) in outcome.states.iter_mut().zip(x) {
                states[chain] = x;
            }
        }
        outcome
    }

    fn force(&self, x: &[f64], chain: usize) -> Vec<f64> {
        let mut force = self.network.force(x);
        for (unit, force) in force.iter_mut().enumerate().filter(|_| self.pulled) {
            *force += f64::from(self.pull(unit, chain)) - f64::from(self.spring(unit)) * x[unit];
        }
        force
    }

    /// The noise of each step of one chain.
    fn draws(&self, chain: usize) -> impl FnMut() -> Vec<f64> {
        let mut streams = Streams::new(SEED, self.first + chain as u64);
        let mut noise = vec![Chunk::<f64>::default(); self.units()];
        move || {
            streams.fill(Path::best(), &mut noise);
            noise.iter().map(|unit| unit.0[0]).collect()
        }
    }
}

/// The states of a block, [unit][chain].
pub fn states_of<T: Real>(block: &Block<T>, chains: usize) -> Vec<Vec<f64>> {
    let units = 0..block.units();
    units
        .map(|unit| {
            (0..chains)
                .map(|chain| block.state(unit, chain).to_f64())
                .collect()
        })
        .collect()
}

impl Outcome {
    /// All numbers, states first.
    pub fn numbers(&self) -> impl Iterator<Item = f64> {
        self.states.iter().chain(&self.heat).flatten().copied()
    }

    /// Their bits.
    pub fn bits(&self) -> Vec<u64> {
        self.numbers().map(f64::to_bits).collect()
    }

    /// Largest difference from another outcome, relative to one plus the size.
    pub fn distance(&self, other: &Self) -> f64 {
        let pairs = self.numbers().zip(other.numbers());
        pairs.fold(0.0, |worst, (a, b)| {
            worst.max((a - b).abs() / (1.0 + b.abs()))
        })
    }
}

//! The engine under test, through the same calls that a user makes.

use std::sync::Arc;

use anyhow::Context as _;
use overdamped_substrate::{Engine, Settings, SimulatedSubstrate, Substrate as _, TimeStep};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::agreement::Averages;
use super::timing::Contestant;
use super::work::{TIME_STEP, Work};

/// Seed of all runs; chains of one work are the same in each of them.
const SEED: u64 = 1;

/// Threads to run on.
pub type Threads = Arc<ThreadPool>;

/// A pool of exactly `count` threads.
///
/// # Errors
/// If the operating system refuses.
pub fn threads(count: usize) -> anyhow::Result<Threads> {
    let pool = ThreadPoolBuilder::new().num_threads(count).build();
    Ok(Arc::new(pool.context("cannot start the threads")?))
}

/// Prepared chains of a work.
pub struct Chains {
    name: String,
    substrate: SimulatedSubstrate<f32>,
    threads: Threads,
    count: usize,
    units: usize,
}

impl Chains {
    /// `count` chains at x = 0.
    ///
    /// # Errors
    /// If the machine lacks the engine, or the memory.
    pub fn new(
        work: &Work,
        count: usize,
        threads: &Threads,
        engine: Engine,
    ) -> anyhow::Result<Self> {
        let settings = Settings {
            time_step: TimeStep::AtMost(TIME_STEP),
            engine,
            ..Settings::default()
        };
        let mut substrate = SimulatedSubstrate::new(Arc::clone(&work.energy), settings)?;
        substrate.program(&work.parameters)?;
        threads.install(|| substrate.prepare_each(0..count as u64, SEED, |_, _| 0.0))?;
        Ok(Self {
            name: work.name.clone(),
            substrate,
            threads: Arc::clone(threads),
            count,
            units: work.units,
        })
    }

    /// Takes all chains through `steps` steps.
    ///
    /// # Errors
    /// If a chain diverges.
    pub fn advance(&mut self, steps: u64) -> anyhow::Result<()> {
        let substrate = &mut self.substrate;
        let duration = steps as f64 * TIME_STEP;
        Ok(self.threads.install(|| substrate.evolve(duration))?)
    }

    /// The same as a contestant, whose items are unit-steps.
    pub fn contestant<'a>(mut self) -> Contestant<'a> {
        let items = (self.units * self.count) as f64;
        let name = self.name.clone();
        Contestant::new(&name, items, move |steps| self.advance(steps))
    }

    /// Averages of the present states.
    ///
    /// # Errors
    /// Never for prepared chains.
    pub fn averages(&mut self) -> anyhow::Result<Averages> {
        let energies = self.substrate.energies()?;
        Ok(Averages::of(self.substrate.read()?.as_ref(), &energies))
    }

    /// Reads the first chains, as a user would look at them.
    ///
    /// # Errors
    /// Never for prepared chains.
    pub fn look(&self, chains: usize) -> anyhow::Result<f32> {
        let states = self.substrate.read_chains(0..chains.min(self.count))?;
        Ok(states.norm_max())
    }
}

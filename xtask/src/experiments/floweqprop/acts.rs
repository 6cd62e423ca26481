//! What a digit, and an update of training, take of the substrate: short metered runs of the network that the paper preset
//! trained, for accounting.

use std::sync::Arc;

use overdamped_energy::Energy;
use overdamped_learn::{Adam, Examples, Rule};
use overdamped_substrate::{Relaxer, Substrate, stream};

use super::drawing::{Artist, Way};
use super::network::Network;
use super::recipe::Recipe;
use super::{course, digits, kept};
use crate::data::embedded;
use crate::experiments::metering::{Observed, Run, finish};

/// Flow time of a digit.
const HORIZON: f64 = 1.2;

/// The kept network.
pub struct System {
    network: Network,
    parameters: Vec<f32>,
    examples: Arc<Examples<f32>>,
    seed: u64,
}

impl System {
    /// Reads it.
    ///
    /// # Errors
    /// Data or parameters of another network.
    pub fn open(seed: u64) -> anyhow::Result<Self> {
        let (network, parameters) = kept::network()?;
        let examples = network.examples(&embedded::native()?)?;
        Ok(Self {
            network,
            parameters,
            examples,
            seed,
        })
    }

    /// `count` digits at flow time 1.2.
    ///
    /// # Errors
    /// If the dynamics fail.
    pub fn sample(&self, way: Way, count: usize) -> anyhow::Result<Run> {
        let Self {
            network,
            parameters,
            ..
        } = self;
        let artist = Artist {
            network,
            parameters,
        };
        let start = artist.noise(&vec![0; count], self.seed);
        let energy: Arc<dyn Energy<f32>> = Arc::clone(&network.energy) as _;
        let mut substrate = Observed::metered(energy, &network.cold(Relaxer::BLOCK_DESCENT))?;
        substrate.program(parameters)?;
        let ((walk, spring), wiring) = (way.walk(HORIZON), &network.wiring);
        walk.by_spring(
            &mut substrate,
            wiring,
            spring,
            start.as_ref(),
            self.seed,
            &[],
        )?;
        Ok(finish(substrate, count as u64, self.units()))
    }

    /// So many updates of this project's recipe, from the parameters as they are.
    ///
    /// # Errors
    /// If the rule fails.
    pub fn training(&self, updates: u64) -> anyhow::Result<Run> {
        let recipe = Recipe::own(digits::UPDATES);
        let energy: Arc<dyn Energy<f32>> = Arc::clone(&self.network.energy) as _;
        let substrate = Observed::metered(energy, &self.network.cold(recipe.relaxer))?;
        let mut rule = course::rule(&self.network, &self.examples, &recipe, substrate)?;
        let mut parameters = self.parameters.clone();
        let mut gradient = vec![0.0; parameters.len()];
        let mut adam = Adam::new(parameters.len());
        let mut random = stream::of(stream::derive(self.seed, 5), 0);
        for _ in 0..updates {
            rule.estimate(&parameters, &mut random, &mut gradient)?;
            adam.update(&recipe.adam, &rule.layout(), &mut parameters, &gradient)?;
        }
        let substrate = rule.into_substrate();
        Ok(finish(substrate, updates, self.units()))
    }

    /// Units, all of which move.
    pub fn units(&self) -> u64 {
        self.network.units() as u64
    }

    /// Parameters.
    pub fn parameters(&self) -> u64 {
        self.network.parameters() as u64
    }

    /// Couplings: multiply-accumulates of a feed-forward network of the same layers and back to the pixels.
    pub fn couplings(&self) -> u64 {
        let layers = self.network.energy.layers();
        let pairs = layers.windows(2);
        pairs
            .map(|pair| (pair[0].units * pair[1].units) as u64)
            .sum()
    }

    /// Multiply-accumulates of the force on all units: every coupling once for either end.
    pub fn force(&self) -> u64 {
        2 * self.couplings()
    }

    /// Pairs in an update.
    pub fn batch(&self) -> u64 {
        Recipe::own(digits::UPDATES).batch as u64
    }

    /// Velocities that a way reads to flow time 1.2.
    pub fn velocities(way: Way) -> u64 {
        way.walk(HORIZON).0.steps as u64
    }
}

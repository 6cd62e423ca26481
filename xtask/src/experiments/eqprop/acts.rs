//! What a digit, and an update of training, take of the substrate of the closed loop: short metered runs of the network
//! that the paper preset trained, for accounting.

use overdamped_energy::{Energy, Layout};
use overdamped_learn::{Adam, Rule};
use overdamped_substrate::{Substrate, stream};

use super::closed_loop::{self, RUNGS, UPDATES, WAY};
use super::course::Course;
use super::drawing::Descent;
use super::kept;
use super::network::Network;
use super::recipe::Recipe;
use super::wiener::Wiener;
use crate::data::{CLASSES, ImageSet, embedded};
use crate::experiments::metering::{Observed, Run, finish};

/// The kept network.
pub struct System {
    network: Network,
    parameters: Vec<f32>,
    images: ImageSet,
    seed: u64,
}

impl System {
    /// Reads it.
    ///
    /// # Errors
    /// Data or parameters of another network.
    pub fn open(seed: u64) -> anyhow::Result<Self> {
        let (network, parameters) = kept::network()?;
        Ok(Self {
            network,
            parameters,
            images: embedded::native()?,
            seed,
        })
    }

    /// `count` digits, drawn down the ladder as the figures of `eqprop.loop` are; pixels alone are read.
    ///
    /// # Errors
    /// If the dynamics fail.
    pub fn sample(&self, count: usize) -> anyhow::Result<Run> {
        let network = &self.network;
        let labels: Vec<u8> = (0..CLASSES).cycle().take(count).collect();
        let Descent {
            settings,
            protocol,
            start,
        } = Descent::new(network, &self.parameters, &labels, WAY)?;
        let mut substrate = Observed::metered(network.energy.clone(), &settings)?;
        substrate.prepare(start.as_ref(), self.seed)?;
        substrate.run(&protocol)?;
        let pixels: Vec<usize> = network.energy.rows(network.modules.output).collect();
        substrate.read_units(&pixels)?;
        let moving = network.modules.mobility(&network.energy, WAY.mobility);
        Ok(finish(substrate, count as u64, mobile(&moving)))
    }

    /// So many updates of the recipe, from the parameters as they are.
    ///
    /// # Errors
    /// If the rule fails.
    pub fn training(&self, updates: u64) -> anyhow::Result<Run> {
        let network = &self.network;
        let recipe = self.recipe();
        let weights = closed_loop::weights(network, &Wiener::fit(self.images.pixels.as_ref())?);
        let course = Course {
            id: "accounting.eqprop",
            network,
            weights: &weights,
            recipe: &recipe,
            seed: self.seed,
        };
        let settings = network.held(recipe.relaxer);
        let substrate = Observed::metered(network.energy.clone(), &settings)?;
        let mut rule = course.rule(network.examples(&self.images)?, substrate)?;
        let mut parameters = self.parameters.clone();
        let mut gradient = vec![0.0; parameters.len()];
        let mut adam = Adam::new(parameters.len());
        let mut random = stream::of(stream::derive(self.seed, 5), 0);
        for _ in 0..updates {
            rule.estimate(&parameters, &mut random, &mut gradient)?;
            adam.update(&recipe.adam, &rule.layout(), &mut parameters, &gradient)?;
            rule.constrain(&mut parameters)?;
        }
        let moving = network.modules.mobility(&network.energy, 0.0);
        let substrate = rule.into_substrate();
        Ok(finish(substrate, updates, mobile(&moving)))
    }

    fn recipe(&self) -> Recipe {
        Recipe::ladder(RUNGS, UPDATES)
    }

    /// Numbers that are learned.
    pub fn parameters(&self) -> u64 {
        self.network.parameters() as u64
    }

    /// Parameters of the energy that are learned, at one level.
    pub fn learned_at_a_level(&self) -> u64 {
        let full = Energy::<f32>::layout(self.network.energy.as_ref());
        let learned = self.network.conditioned.layout();
        let blocks = full.blocks();
        let known = blocks.filter(|(block, _)| holds(learned, &block.name));
        known.map(|(_, range)| range.len() as u64).sum()
    }

    /// Wires of all couplings: the multiply-accumulates of a feed-forward network of as many weights.
    pub fn wires(&self) -> u64 {
        crate::experiments::metering::wires(&self.network.energy)
    }

    /// Multiply-accumulates of the force on all units.
    pub fn force(&self) -> u64 {
        crate::experiments::metering::force(&self.network.energy)
    }

    /// Noisy images in an update, of all its levels.
    pub fn batch(&self) -> u64 {
        let recipe = self.recipe();
        (recipe.levels * recipe.batch) as u64
    }

    /// Noise levels, which are the rungs of the ladder.
    pub fn rungs(&self) -> u64 {
        self.network.levels.len() as u64
    }

    /// Sweeps that bring the network to rest at one level: those of the free phase in training.
    pub fn sweeps(&self) -> u64 {
        self.recipe().free.time as u64
    }
}

/// Whether a layout has a block of this name, at any level.
fn holds(layout: &Layout, name: &str) -> bool {
    layout.blocks().any(|(block, _)| block.name == name)
}

fn mobile(mobility: &[f64]) -> u64 {
    mobility.iter().filter(|mobility| **mobility > 0.0).count() as u64
}

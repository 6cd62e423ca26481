//! Training a network, and what it makes of noisy images then.

use faer::{Mat, MatRef};
use overdamped_learn::{Examples, ScoreMatching};
use overdamped_substrate::{Metered, SimulatedSubstrate, Substrate, stream};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::network::Network;
use super::recipe::{Recipe, SWEEPS};
use crate::experiments::Context;
use crate::experiments::trained::{Run, Trained, train_one};

/// A run of training.
pub struct Course<'a> {
    /// Names its checkpoint, and the run to people.
    pub id: &'a str,
    /// The network.
    pub network: &'a Network,
    /// Weight of the errors of each level.
    pub weights: &'a [f64],
    /// Settings.
    pub recipe: &'a Recipe,
    /// Seed of start, draws and noise.
    pub seed: u64,
}

impl Course<'_> {
    /// Trains the network on `examples`; `seen` is shown the averaged parameters after each round.
    ///
    /// # Errors
    /// An interrupt, a file that cannot be written, or training that fails.
    pub fn train(
        &self,
        context: &Context,
        examples: Examples<f32>,
        mut seen: impl FnMut(u64, &[f32]),
    ) -> anyhow::Result<Trained> {
        let Self {
            network, recipe, ..
        } = self;
        let settings = network.held(recipe.relaxer);
        let simulated = SimulatedSubstrate::new(network.energy.clone(), settings.clone())?;
        let substrate = Metered::new(simulated, &settings)?;
        let count = examples.len();
        let rule = self.rule(examples, substrate)?;
        let run = Run {
            id: self.id,
            seed: self.seed,
            recipe: format!("{count} examples, levels {:?}, {recipe:?}", network.levels),
            adam: &recipe.adam,
            round: recipe.round,
        };
        let acts = |rule: ScoreMatching<_, Metered<_>>| rule.into_substrate().into_parts().1;
        let start = network.start(self.seed)?;
        train_one(context, &run, rule, start, acts, |model| {
            seen(model.updates(), &model.averaged());
        })
    }

    /// The rule of this run, on any substrate that holds data and labels.
    ///
    /// # Errors
    /// Parts that do not fit each other.
    pub fn rule<S: Substrate<f32>>(
        &self,
        examples: Examples<f32>,
        substrate: S,
    ) -> anyhow::Result<ScoreMatching<f32, S>> {
        let network = self.network;
        Ok(ScoreMatching::new(
            network.energy.clone(),
            substrate,
            network.conditioned.clone(),
            examples,
            self.recipe.rule(network, self.weights),
        )?)
    }
}

/// What the network makes of noisy images at a level: its output at rest (pixels x chains).
///
/// `noisy` has a row for each pixel and, where the network has labels, for each class.
///
/// # Errors
/// Parameters or states that do not fit, or are not finite.
pub fn denoise(
    network: &Network,
    parameters: &[f32],
    level: usize,
    noisy: MatRef<'_, f32>,
) -> anyhow::Result<Mat<f32>> {
    /// Far beyond what a trained network needs.
    const TIME: f64 = 100.0;
    let mut substrate = SimulatedSubstrate::new(network.energy.clone(), network.held(SWEEPS))?;
    substrate.program(&network.conditioned.at(parameters, level)?)?;
    substrate.prepare(network.modules.start(&network.energy, noisy).as_ref(), 0)?;
    substrate.relax(TIME)?;
    let states = substrate.read()?;
    Ok(network
        .module(network.modules.output, states.as_ref())
        .to_owned())
}

/// Images with fresh noise (pixels x count); `index` tells apart what one seed draws.
pub fn noised(images: MatRef<'_, f32>, deviation: f64, seed: u64, index: u64) -> Mat<f32> {
    let mut random = stream::of(stream::derive(seed, 3), index);
    Mat::from_fn(images.nrows(), images.ncols(), |pixel, image| {
        let normal: f64 = random.sample(StandardNormal);
        images[(pixel, image)] + (deviation * normal) as f32
    })
}

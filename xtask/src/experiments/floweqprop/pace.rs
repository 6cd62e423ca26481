//! How fast the published recipe is on this machine.

use std::sync::Arc;
use std::time::Instant;

use overdamped_energy::Energy;
use overdamped_learn::{Adam, Examples, FlowPairs, GradEp, Rule};
use overdamped_substrate::{SimulatedSubstrate, stream};

use super::network::{Network, initial};
use super::recipe::Recipe;

/// Seconds of one update of the published recipe, pairing included: the fastest of `updates`.
///
/// # Errors
/// If the rule fails.
pub fn published_update(
    network: &Network,
    examples: &Arc<Examples<f32>>,
    updates: u64,
    seed: u64,
) -> anyhow::Result<f64> {
    let recipe = Recipe::published(examples.len());
    let energy: Arc<dyn Energy<f32>> = Arc::clone(&network.energy) as _;
    let substrate = SimulatedSubstrate::new(Arc::clone(&energy), network.cold(recipe.relaxer))?;
    let pairs = FlowPairs::new(Arc::clone(examples), recipe.pairing())?;
    let mut rule = GradEp::new(energy, substrate, pairs, recipe.rule(&network.wiring))?;
    let mut parameters: Vec<f32> = initial(&network.energy, seed);
    let mut gradient = vec![0.0; parameters.len()];
    let mut adam = Adam::new(parameters.len());
    let mut random = stream::of(stream::derive(seed, 5), 0);
    let mut fastest = f64::INFINITY;
    for _ in 0..updates {
        let started = Instant::now();
        rule.estimate(&parameters, &mut random, &mut gradient)?;
        adam.update(&recipe.adam, &rule.layout(), &mut parameters, &gradient)?;
        fastest = fastest.min(started.elapsed().as_secs_f64());
    }
    Ok(fastest)
}

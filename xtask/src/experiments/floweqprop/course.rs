//! The course of training: the shared loop, with a look at the parameters after each round.

use std::sync::Arc;

use overdamped_energy::Energy;
use overdamped_learn::{Examples, FlowPairs, GradEp};
use overdamped_substrate::{Metered, SimulatedSubstrate, Substrate};

use super::loss;
use super::network::{Network, initial};
use super::recipe::Recipe;
use crate::experiments::Context;
use crate::experiments::trained::{Run, Trained, train_one};

/// Parameters up to which those of every round are kept.
const KEPT: usize = 100_000;

/// The parameters after some updates.
pub struct Look {
    /// Updates made.
    pub updates: u64,
    /// Averaged parameters.
    pub parameters: Vec<f32>,
}

/// Trains `network` on `examples`; `id` names its checkpoint. Returns its parameters after each round, too.
///
/// # Errors
/// An interrupt, a file that cannot be written, or training that fails.
pub fn train(
    context: &Context,
    id: &str,
    network: &Network,
    examples: &Arc<Examples<f32>>,
    recipe: &Recipe,
) -> anyhow::Result<(Trained, Vec<Look>)> {
    let energy: Arc<dyn Energy<f32>> = Arc::clone(&network.energy) as _;
    let settings = network.cold(recipe.relaxer);
    let simulated = SimulatedSubstrate::new(energy, settings.clone())?;
    let substrate = Metered::new(simulated, &settings)?;
    let rule = rule(network, examples, recipe, substrate)?;
    let start = initial(&network.energy, context.seed);
    let run = Run {
        id,
        seed: context.seed,
        recipe: format!("{} examples, {recipe:?}", examples.len()),
        adam: &recipe.adam,
        round: recipe.round,
    };
    let mut looks = Vec::new();
    let acts = |rule: GradEp<_, Metered<_>>| rule.into_substrate().into_parts().1;
    let trained = train_one(context, &run, rule, start, acts, |model| {
        // A wide network would fill the memory with its past.
        if network.parameters() > KEPT {
            looks.clear();
        }
        looks.push(Look {
            updates: model.updates(),
            parameters: model.averaged(),
        });
    });
    if let (Err(_), Some(look)) = (&trained, looks.last())
        && context.interrupt.requested()
    {
        let pairs = loss::fresh(examples, context.seed, 0)?;
        let (loss, _) = loss::loss(network, &look.parameters, &pairs)?;
        eprintln!(
            "{id}: after {} updates the loss on fresh pairs is {loss:.4}",
            look.updates
        );
    }
    Ok((trained?, looks))
}

/// The rule that trains `network` on `examples`, on any substrate.
///
/// # Errors
/// Parts that do not fit each other.
pub fn rule<S: Substrate<f32>>(
    network: &Network,
    examples: &Arc<Examples<f32>>,
    recipe: &Recipe,
    substrate: S,
) -> anyhow::Result<GradEp<f32, S>> {
    let energy: Arc<dyn Energy<f32>> = Arc::clone(&network.energy) as _;
    let pairs = FlowPairs::new(Arc::clone(examples), recipe.pairing())?;
    Ok(GradEp::new(
        energy,
        substrate,
        pairs,
        recipe.rule(&network.wiring),
    )?)
}

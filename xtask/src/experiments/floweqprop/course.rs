//! The course of training: the shared loop, with a look at the parameters after each round.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use overdamped_energy::Energy;
use overdamped_learn::{Examples, FlowPairs, GradEp, Milestone, Model};
use overdamped_substrate::{Acts, Metered, SimulatedSubstrate, stream};

use super::loss;
use super::network::{Network, initial};
use super::recipe::Recipe;
use crate::experiments::Context;
use crate::experiments::learning::{self, Log, learn};

/// Parameters up to which those of every round are kept.
const KEPT: usize = 100_000;

/// A trained network and how it came to be.
pub struct Trained {
    /// Averaged parameters at the end.
    pub parameters: Vec<f32>,
    /// Loss and residual over time.
    pub history: Vec<Milestone>,
    /// Averaged parameters after each round.
    pub looks: Vec<Look>,
    /// What the substrate did; none if the run was resumed, as what came before is not known.
    acts: Option<Acts>,
    /// Wall time; likewise.
    pub seconds: Option<f64>,
    /// Its finished state, until its figures are safe.
    checkpoint: PathBuf,
}

impl Trained {
    /// What training asked of the substrate, as (name, count, unit), where that is known.
    pub fn counts(&self) -> Vec<(&'static str, f64, &'static str)> {
        let Some(acts) = &self.acts else {
            return Vec::new();
        };
        let time = acts.relaxation.iter().map(|entry| entry.unit_seconds);
        vec![
            ("unit_time", time.sum(), "units x time / (mu k0)"),
            ("states_written", acts.states_written as f64, "states"),
            ("states_read", acts.states_read as f64, "states"),
            ("drives_written", acts.drives_written as f64, "drives"),
            (
                "parameters_written",
                acts.parameters_written as f64,
                "parameters",
            ),
        ]
    }

    /// Removes the checkpoint: the figures are safe.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn forget(&self) -> anyhow::Result<()> {
        Ok(learning::forget(&self.checkpoint)?)
    }
}

/// The parameters after some updates.
pub struct Look {
    /// Updates made.
    pub updates: u64,
    /// Averaged parameters.
    pub parameters: Vec<f32>,
}

/// Trains `network` on `examples`; `id` names its checkpoint.
///
/// # Errors
/// An interrupt, a file that cannot be written, or training that fails.
pub fn train(
    context: &Context,
    id: &str,
    network: &Network,
    examples: &Arc<Examples<f32>>,
    recipe: &Recipe,
) -> anyhow::Result<Trained> {
    let energy: Arc<dyn Energy<f32>> = Arc::clone(&network.energy) as _;
    let settings = network.cold(recipe.relaxer);
    let simulated = SimulatedSubstrate::new(Arc::clone(&energy), settings.clone())?;
    let substrate = Metered::new(simulated, &settings)?;
    let pairs = FlowPairs::new(Arc::clone(examples), recipe.pairing())?;
    let rule = GradEp::new(energy, substrate, pairs, recipe.rule(&network.wiring))?;
    let layout = Energy::<f32>::layout(network.energy.as_ref());
    let start = initial(&network.energy, context.seed);
    let model = Model::new(start, stream::derive(context.seed, 1), 0);
    let checkpoint = context
        .recorder
        .folder()
        .join("checkpoints")
        .join(format!("{id}.checkpoint"));
    let resumed = checkpoint.exists();
    let log = Log {
        label: id,
        checkpoint: &checkpoint,
        interrupt: &context.interrupt,
        round: recipe.round,
    };
    let words = format!(
        "seed {}, {} examples, {recipe:?}",
        context.seed,
        examples.len()
    );
    let started = Instant::now();
    let mut looks = Vec::new();
    let mut rules = [rule];
    let models = learn(
        &mut rules,
        vec![model],
        &recipe.adam,
        &layout,
        &words,
        &log,
        |models| {
            // A wide network would fill the memory with its past.
            if network.parameters() > KEPT {
                looks.clear();
            }
            looks.push(Look {
                updates: models[0].updates(),
                parameters: models[0].averaged(),
            });
        },
    );
    if let (Err(_), Some(look)) = (&models, looks.last())
        && context.interrupt.requested()
    {
        let pairs = loss::fresh(examples, context.seed, 0)?;
        let (loss, _) = loss::loss(network, &look.parameters, &pairs)?;
        eprintln!(
            "{id}: after {} updates the loss on fresh pairs is {loss:.4}",
            look.updates
        );
    }
    let models = models?;
    let seconds = started.elapsed().as_secs_f64();
    let [rule] = rules;
    let model = models.first().context("one model was trained")?;
    Ok(Trained {
        parameters: model.averaged(),
        history: model.history.clone(),
        looks,
        acts: (!resumed).then(|| rule.into_substrate().into_parts().1),
        seconds: (!resumed).then_some(seconds),
        checkpoint,
    })
}

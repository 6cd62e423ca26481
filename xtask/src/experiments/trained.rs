//! One trained model: the run that made it, and what that took of the substrate.

use std::time::Instant;

use anyhow::Context as _;
use overdamped_learn::{AdamSettings, Milestone, Model, Rule};
use overdamped_substrate::{Acts, stream};

use super::Context;
use super::learning::{self, Log, learn};

/// A trained model, and what its training took.
pub struct Trained {
    /// Averaged parameters at the end.
    pub parameters: Vec<f32>,
    /// Loss and residual over time.
    pub history: Vec<Milestone>,
    /// What the substrate did; none if the run was resumed, as what came before is not known.
    pub acts: Option<Acts>,
    /// Wall time; likewise.
    pub seconds: Option<f64>,
}

impl Trained {
    /// What training asked of the substrate, as (name, count, unit), where that is known.
    pub fn counts(&self) -> Vec<(&'static str, f64, &'static str)> {
        self.acts.as_ref().map_or_else(Vec::new, counts)
    }
}

/// Physical acts as (name, count, unit).
pub fn counts(acts: &Acts) -> Vec<(&'static str, f64, &'static str)> {
    let time = acts.relaxation.iter().map(|entry| entry.unit_seconds);
    vec![
        ("unit_time", time.sum(), "units x time / (mu k0)"),
        ("states_written", acts.states_written as f64, "unit states"),
        ("states_read", acts.states_read as f64, "unit states"),
        ("drives_written", acts.drives_written as f64, "drives"),
        (
            "parameters_written",
            acts.parameters_written as f64,
            "parameters",
        ),
    ]
}

/// A run of training.
pub struct Run<'a> {
    /// Names its checkpoint, and the run to people.
    pub id: &'a str,
    /// Seed of everything random.
    pub seed: u64,
    /// Everything else that decides what it does, besides the layout: a checkpoint of another recipe is refused.
    pub recipe: String,
    /// Optimiser and number of updates.
    pub adam: &'a AdamSettings,
    /// Updates between two looks.
    pub round: u64,
}

/// Trains one model from `start` with a rule whose substrate `acts` tells the counts of; `seen` is shown it
/// after every round.
///
/// # Errors
/// As [`learn`].
pub fn train_one<R: Rule<f32>>(
    context: &Context,
    run: &Run<'_>,
    rule: R,
    start: Vec<f32>,
    acts: impl FnOnce(R) -> Acts,
    mut seen: impl FnMut(&Model<f32>),
) -> anyhow::Result<Trained> {
    let layout = rule.layout();
    let model = Model::new(start, stream::derive(run.seed, 1), 0);
    let checkpoint = learning::checkpoint(context.recorder.folder(), run.id);
    let resumed = checkpoint.exists();
    let log = Log {
        label: run.id,
        checkpoint: &checkpoint,
        interrupt: &context.interrupt,
        round: run.round,
    };
    let recipe = format!("seed {}, {}", run.seed, run.recipe);
    let mut rules = [rule];
    let started = Instant::now();
    let models = learn(
        &mut rules,
        vec![model],
        run.adam,
        &layout,
        &recipe,
        &log,
        |models| models.iter().for_each(&mut seen),
    )?;
    let seconds = started.elapsed().as_secs_f64();
    let [rule] = rules;
    let model = models.first().context("one model was trained")?;
    Ok(Trained {
        parameters: model.averaged(),
        history: model.history.clone(),
        acts: (!resumed).then(|| acts(rule)),
        seconds: (!resumed).then_some(seconds),
    })
}

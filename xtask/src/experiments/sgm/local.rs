//! A protocol learned by a local rule: one model for each slice, all in parallel.

use std::path::Path;
use std::sync::Arc;

use overdamped_energy::{Layout, Scalar};
use overdamped_learn::{
    AdamSettings, Checkpoint, Examples, ForceMatching, Interval, Model, Noising, Outcome, Rule,
    Verdict, train,
};
use overdamped_substrate::{Settings, SimulatedSubstrate, stream};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::network::Network;
use crate::experiments::Interrupt;
use crate::progress::Progress;

/// Updates between progress, checkpoint and the chance to stop.
const ROUND: u64 = 250;

/// How long to train, and how.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Updates of each slice.
    pub updates: u64,
    /// Noised examples in each update.
    pub batch: usize,
    /// Learning rate.
    pub rate: f64,
}

/// Where a run of training reports to.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    /// Name of the run, for people.
    pub label: &'a str,
    /// Where its state is kept until it is finished.
    pub checkpoint: &'a Path,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
}

/// Learns the denoiser-form parameters of every slice by force matching on a simulated substrate.
///
/// # Errors
/// If the user interrupts, a file cannot be written, or training diverges.
pub fn force_matching(
    network: &Network,
    examples: &Arc<Examples<f32>>,
    schedule: &[Interval],
    effort: Effort,
    seed: u64,
    log: &Log<'_>,
) -> anyhow::Result<Vec<Model<f32>>> {
    let energy = network.energy()?;
    let layout = energy.layout();
    let noising = Noising::default();
    let mut rules = Vec::with_capacity(schedule.len());
    let mut models = Vec::with_capacity(schedule.len());
    for (index, interval) in schedule.iter().enumerate() {
        let substrate = SimulatedSubstrate::new(Arc::clone(&energy), Settings::default())?;
        rules.push(ForceMatching::new(
            Arc::clone(&energy),
            substrate,
            Arc::clone(examples),
            noising.denoiser(interval.middle),
            effort.batch,
        )?);
        let start = start(network, &layout, examples, *interval, seed, index as u64)?;
        models.push(Model::new(start, stream::derive(seed, 1), index as u64));
    }
    let settings = AdamSettings {
        rate: effort.rate,
        updates: effort.updates,
        ..AdamSettings::default()
    };
    let recipe = format!(
        "seed {seed}, {}, {} slices, {effort:?}, {} examples",
        network.topology(),
        schedule.len(),
        examples.len()
    );
    learn(&mut rules, models, &settings, &layout, &recipe, log)
}

/// The training loop with progress, checkpoints and Ctrl-C.
///
/// A checkpoint of the same recipe is resumed; it is removed when training is finished.
///
/// # Errors
/// As [`force_matching`].
pub fn learn<T: Scalar, R: Rule<T>>(
    rules: &mut [R],
    mut models: Vec<Model<T>>,
    settings: &AdamSettings,
    layout: &Layout,
    recipe: &str,
    log: &Log<'_>,
) -> anyhow::Result<Vec<Model<T>>> {
    let recipe = format!("{}, {recipe}", log.label);
    let checkpoint = log.checkpoint;
    if checkpoint.exists() {
        models = Checkpoint::read(checkpoint, &recipe, layout)?.models;
    } else if let Some(folder) = checkpoint.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let progress = Progress::new(log.label, settings.updates);
    let mut done = 0;
    let mut seen = 0;
    let outcome = train(rules, &mut models, settings, ROUND, |models| {
        let updates = models[0].updates();
        progress.advance(updates - done);
        done = updates;
        let last = models.iter().filter_map(|model| model.history.last()?.loss);
        let (sum, count) = last.fold((0.0, 0), |(sum, count), loss| (sum + loss, count + 1));
        if count > 0 {
            progress.set_metric("loss", sum / f64::from(count));
        }
        seen += 1;
        let stop = log.interrupt.requested();
        // Every eighth round: minutes at most are lost to a power cut, nothing to Ctrl-C.
        if stop || seen % 8 == 0 {
            let state = Checkpoint {
                recipe: recipe.clone(),
                layout: layout.clone(),
                models: models.to_vec(),
            };
            state.write(checkpoint)?;
        }
        Ok(if stop {
            Verdict::Stop
        } else {
            Verdict::Continue
        })
    })?;
    progress.finish();
    if outcome == Outcome::Stopped {
        log.interrupt.check()?;
    }
    if checkpoint.exists() {
        std::fs::remove_file(checkpoint)?;
    }
    Ok(models)
}

/// Where training starts: the Gaussian fit of each pixel alone, and weak random hidden oscillators.
fn start(
    network: &Network,
    layout: &Layout,
    examples: &Examples<f32>,
    interval: Interval,
    seed: u64,
    slice: u64,
) -> anyhow::Result<Vec<f32>> {
    let mut stream = stream::of(stream::derive(seed, 2), slice);
    let mut parameters = vec![0.0; layout.len()];
    let (bias, stiffness) = (
        layout.range("sites.bias")?,
        layout.range("sites.stiffness")?,
    );
    let (signal, noise) = (interval.middle.signal, interval.middle.noise);
    for unit in 0..network.pixels() {
        let pixels = examples.data().row(unit);
        let count = examples.len() as f64;
        let mean = pixels.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let square = pixels.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count;
        let variance = square - mean * mean;
        // E[x0 | x] of a Gaussian pixel: mean + gain (x - a mean).
        let gain = signal * variance / (signal * signal * variance + noise * noise);
        parameters[bias.start + unit] = (mean - gain * signal * mean) as f32;
        parameters[stiffness.start + unit] = -gain as f32;
    }
    if network.hidden > 0 {
        parameters[layout.range("hidden.amplitude")?].fill(1.0);
        for weight in &mut parameters[layout.range("hidden.weights")?] {
            *weight = 0.03 * stream.sample::<f32, _>(StandardNormal);
        }
    }
    Ok(parameters)
}

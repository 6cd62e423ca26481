//! A protocol learned by a local rule: one model for each slice, all in parallel.

use std::sync::Arc;

use overdamped_energy::{Energy, Layout};
use overdamped_learn::{AdamSettings, Examples, ForceMatching, Interval, Model, Noising};
use overdamped_substrate::{ForceProbe, Settings, SimulatedSubstrate, stream};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::network::Network;
use crate::experiments::learning::{Log, learn};

/// Updates between progress, checkpoint and the chance to stop.
pub const ROUND: u64 = 250;

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
    let mut rules = Vec::with_capacity(schedule.len());
    let mut models = Vec::with_capacity(schedule.len());
    for (index, interval) in schedule.iter().enumerate() {
        let substrate = SimulatedSubstrate::new(Arc::clone(&energy), Settings::default())?;
        rules.push(rule(&energy, substrate, examples, *interval, effort)?);
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
    learn(&mut rules, models, &settings, &layout, &recipe, log, |_| ())
}

/// The rule of one slice, on any substrate with force probes.
///
/// # Errors
/// Parts that do not fit each other.
pub fn rule<S: ForceProbe<f32>>(
    energy: &Arc<dyn Energy<f32>>,
    substrate: S,
    examples: &Arc<Examples<f32>>,
    interval: Interval,
    effort: Effort,
) -> anyhow::Result<ForceMatching<f32, S>> {
    let denoiser = Noising::default().denoiser(interval.middle);
    let examples = Arc::clone(examples);
    let energy = Arc::clone(energy);
    Ok(ForceMatching::new(
        energy,
        substrate,
        examples,
        denoiser,
        effort.batch,
    )?)
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

//! How soon one chain gives a new sample: its integrated autocorrelation time, against closed form.
//!
//! A mode of rate r forgets at that rate, so that the mean over a long time T has the variance of one state times 2 / (r T). Read
//! every few steps, the time in readings is 1 + 2 sum rho_j, with the correlations of [`super::averaging`].
//!
//! The state at rest and the variance kT / r are known, so that products of deviations over each lag, up to one at which
//! nothing is left, are an estimate of each chain without the bias of short series; chains are independent, and their
//! spread is its error.

use overdamped_substrate::statistics::RunningMoments;

use super::averaging::{self, Sampling, Series, Target};
use super::bench::{Bath, Bench, Encoder, Ensemble};
use super::{EQUILIBRATED, NAME, PIECES, settle};
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Block, Table};
use crate::results::{Entry, Preset};

/// Time between readings, in relaxation times of the slowest mode.
const INTERVAL: f64 = 0.25;
/// Lags that enter, in the same unit: beyond them correlations are below .001.
const WINDOW: f64 = 7.0;

/// Chains of each patch, and readings of each chain.
const fn effort(preset: Preset) -> (usize, usize) {
    match preset {
        Preset::Quick => (64, 512),
        Preset::Paper => (128, 2048),
    }
}

/// Patches that are read.
const PATCHES: usize = 2;

/// Reads chains over and over, and compares how much successive readings are worth.
///
/// # Errors
/// An interrupt, or whatever the substrate reports.
pub fn study(context: &mut Context, bench: &Bench<'_>, seed: u64) -> anyhow::Result<Vec<Block>> {
    let (copies, readings) = effort(context.preset);
    let ensemble = Ensemble {
        patches: PATCHES.min(bench.patches()),
        copies,
    };
    let bath = Bath {
        temperature: 1.0,
        step: bench.step(0.8),
    };
    let series = Series {
        bath,
        interval: bench.steps(INTERVAL, bath.step),
    };
    let slowest = bench.modes.col(0);
    let mut device = bench.device(Encoder::Drive, bath, ensemble, seed)?;
    let progress = Progress::new("autocorrelation", PIECES + readings as u64);
    let burn_in = bench.steps(EQUILIBRATED, bath.step);
    settle(context, &mut device, burn_in, &progress)?;
    let mut along = vec![Vec::with_capacity(readings); ensemble.chains()];
    let mut sum = faer::Mat::zeros(bench.units(), ensemble.chains());
    for reading in 0..readings {
        context.interrupt.check()?;
        if reading > 0 {
            device.evolve(series.interval)?;
        }
        progress.step();
        let states = device.read()?;
        for (chain, along) in along.iter_mut().enumerate() {
            let off = states.col(chain) - bench.rest.col(ensemble.patch(chain));
            along.push(slowest.transpose() * off);
        }
        sum += &states;
    }
    progress.finish();
    let between = series.interval as f64 * bath.step;
    let mut time = RunningMoments::new();
    let variance = bath.temperature / bench.gap();
    let lags = (WINDOW / INTERVAL) as usize;
    for deviations in &along {
        time.push(between * integrated(deviations, lags) / variance);
    }
    let exact = between * series.time(bench.gap());
    let id = format!("{NAME}.autocorrelation_time");
    let entry = Entry::new(&id, time.mean())
        .unit("1 / (mobility x stiffness)")
        .n(ensemble.chains())
        .reference("closed form, at this interval", exact)
        .reference("2 / gap", 2.0 / bench.gap())
        .reference("standard error", time.standard_error(1.0).unwrap_or(0.0));
    context.recorder.record(entry)?;

    // What all readings of one chain are worth for what is read out.
    let target = Target::new(bench, ensemble.patches);
    let sampling = Sampling {
        chains: 1,
        readings,
    };
    let law = series.law(bench, &target, sampling);
    let tally = averaging::tally(bench, &target, &sum, sampling);
    let share = format!("{NAME}.chain_law_error");
    let entry = Entry::new(&share, (tally.error() / law.error - 1.0).abs())
        .unit("share of the law")
        .lower()
        .n(tally.means())
        .reference(
            "standard deviation by chance",
            law.chance_over(tally.means()),
        );
    context.recorder.record(entry)?;
    let single = Sampling {
        chains: 1,
        readings: 1,
    };
    let worth = format!("{NAME}.chain_worth");
    let single = series.law(bench, &target, single);
    let entry = Entry::new(&worth, single.error / tally.error())
        .unit("independent samples")
        .n(tally.means())
        .reference("law", single.error / law.error)
        .reference("readings", readings as f64);
    context.recorder.record(entry)?;
    let table = Table::new(&format!(
        "{} chains at kT = 1, each read {readings} times, {INTERVAL} relaxation times of the slowest mode apart.",
        ensemble.chains()
    ))
    .row("autocorrelation time of the slowest mode", &id)
    .row("independent samples that one chain is worth", &worth)
    .row("squared error of its mean: deviation from the law", &share);
    Ok(vec![Block::Table(table)])
}

/// Sum over lags to either side, of at most `lags`, of the mean product of deviations so far apart.
fn integrated(deviations: &[f64], lags: usize) -> f64 {
    let covariance = |lag: usize| {
        let pairs = deviations.iter().zip(&deviations[lag..]);
        pairs.map(|(one, other)| one * other).sum::<f64>() / (deviations.len() - lag) as f64
    };
    let later: f64 = (1..=lags.min(deviations.len() - 1)).map(covariance).sum();
    covariance(0) + 2.0 * later
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_summed_over_lags_to_either_side() {
        // Lag 0: (1 + 4 + 9) / 3, lag 1: (2 + 6) / 2, lag 2: 3.
        let deviations = [1.0, 2.0, 3.0];
        assert!((integrated(&deviations, 1) - (14.0 / 3.0 + 8.0)).abs() < 1e-12);
        assert!((integrated(&deviations, 9) - (14.0 / 3.0 + 8.0 + 6.0)).abs() < 1e-12);
    }
}

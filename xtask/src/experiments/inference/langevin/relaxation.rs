//! How long it takes: the mean of an ensemble on its way from zero to rest, against the spectral gap.
//!
//! The mean obeys the equation without noise, so that its distance from rest is a sum of decays, one for each mode. Along the
//! slowest mode v it is one decay, at the gap: with s = v . (0 - rest) of each patch,
//!
//! A(t) = sum s v . (mean(t) - rest) / sum s^2 = exp(-gap t),
//!
//! to which a rate is fitted by least squares, for eight parts of the ensemble each on its own, which gives its error.
//! Explicit steps of size h decay at -ln(1 - h gap) / h instead.

use faer::{Col, Scale};
use overdamped_substrate::statistics::RunningMoments;

use super::bench::{Bath, Bench, Encoder, Ensemble};
use super::{NAME, figures};
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Block, Table};
use crate::results::{Entry, Preset};

/// Parts of the ensemble.
const PARTS: usize = 8;
/// Distance at which the decoder counts as settled, as a share of that from zero.
const SETTLED: f64 = 0.01;
/// Distance that is left to chance by the number of chains.
const FLOOR: f64 = 0.001;
/// Length of the course and of the fit, and time between two readings, in relaxation times of the slowest mode.
const COURSE: f64 = 7.0;
const FITTED: f64 = 3.0;
const INTERVAL: f64 = 0.125;

/// Distances and amplitudes at one time.
struct Moment {
    time: f64,
    /// |mean - rest| / |rest| over all patches and units that move.
    distance: f64,
    /// A of each part of the ensemble.
    amplitudes: [f64; PARTS],
}

/// Copies of each patch, a multiple of the parts.
const fn copies(preset: Preset) -> usize {
    match preset {
        Preset::Quick => 32,
        Preset::Paper => 128,
    }
}

/// Patches that are followed.
const PATCHES: usize = 8;

/// Follows an ensemble from zero, and fits the rate of its slowest mode.
///
/// # Errors
/// An interrupt, or whatever the substrate reports.
pub fn study(context: &mut Context, bench: &Bench<'_>, seed: u64) -> anyhow::Result<Vec<Block>> {
    let ensemble = Ensemble {
        patches: PATCHES.min(bench.patches()),
        copies: copies(context.preset),
    };
    let course = follow(context, bench, ensemble, seed)?;
    let mut rate = RunningMoments::new();
    for part in 0..PARTS {
        let points = course
            .iter()
            .filter(|moment| moment.time * bench.gap() <= FITTED);
        let points: Vec<_> = points
            .map(|moment| (moment.time, moment.amplitudes[part]))
            .collect();
        rate.push(fitted_rate(&points, bench.gap()));
    }
    let step = step(bench);
    let stepped = -(-step * bench.gap()).ln_1p() / step;
    let deviation = rate.standard_error(1.0).unwrap_or(0.0) / bench.gap();
    let law = |time: f64| distance(bench, ensemble.patches, time);
    let points: Vec<_> = course
        .iter()
        .map(|moment| (moment.time, moment.distance))
        .collect();

    let chains = ensemble.chains();
    let figures = [
        (
            "spectral_gap",
            "spectral gap",
            Entry::new("", bench.gap()).unit("mobility x stiffness"),
        ),
        (
            "condition_number",
            "fastest rate over slowest",
            Entry::new("", bench.rates[bench.units() - 1] / bench.gap()),
        ),
        (
            "decay_rate",
            "decay of the slowest mode",
            Entry::new("", rate.mean())
                .unit("mobility x stiffness")
                .n(chains)
                .reference("spectral gap", bench.gap())
                .reference("gap at this time step", stepped),
        ),
        (
            "decay_rate_error",
            "deviation from the gap",
            Entry::new("", (rate.mean() / bench.gap() - 1.0).abs())
                .unit("share of the gap")
                .lower()
                .n(chains)
                .reference("standard error", deviation)
                .reference("due to the time step", stepped / bench.gap() - 1.0),
        ),
    ];
    let mut table = Table::new(&format!(
        "Relaxation of {chains} chains of {} patches from zero, at a temperature that leaves {:.1} % of the distance to chance.",
        ensemble.patches,
        100.0 * FLOOR
    ));
    for (what, title, mut entry) in figures {
        entry.id = format!("{NAME}.{what}");
        table = table.row(title, &entry.id);
        context.recorder.record(entry)?;
    }
    // It may be out of sight, where the state at rest is nearly all slowest mode and that is far away.
    if let Some(time) = crossing(&points, SETTLED) {
        let id = format!("{NAME}.time_to_percent");
        let exact = closed_crossing(law, time, SETTLED);
        let entry = Entry::new(&id, time)
            .unit("1 / (mobility x stiffness)")
            .lower()
            .n(chains)
            .reference("closed form", exact)
            .reference("slowest mode alone", -SETTLED.ln() / bench.gap());
        context.recorder.record(entry)?;
        table = table.row("time to 1 % of the distance", &id);
    }
    let exact = points.iter().map(|&(time, _)| (time, law(time))).collect();
    Ok(vec![
        Block::Table(table),
        Block::Lines(figures::decay(&points, exact, bench.gap())),
    ])
}

/// A step that is stable, and slow modes hardly notice.
fn step(bench: &Bench<'_>) -> f64 {
    bench.step(0.5).min(0.002 / bench.gap())
}

fn follow(
    context: &Context,
    bench: &Bench<'_>,
    ensemble: Ensemble,
    seed: u64,
) -> anyhow::Result<Vec<Moment>> {
    let patches = ensemble.patches;
    let far: f64 = bench.rest.subcols(0, patches).squared_norm_l2();
    let spread: f64 = bench.rates.iter().map(|rate| 1.0 / rate).sum();
    let bath = Bath {
        // kT tr K^-1 of each patch, over its copies, is the square of the floor.
        temperature: FLOOR.powi(2) * far * ensemble.copies as f64 / (patches as f64 * spread),
        step: step(bench),
    };
    let slowest = bench.modes.col(0);
    let starts: Vec<f64> = (0..patches)
        .map(|patch| -(slowest.transpose() * bench.rest.col(patch)))
        .collect();
    let power: f64 = starts.iter().map(|start| start * start).sum();
    let part = ensemble.copies / PARTS;
    let mut device = bench.device(Encoder::Drive, bath, ensemble, seed)?;
    let interval = bench.steps(INTERVAL, bath.step);
    let mut course = Vec::new();
    let readings = (COURSE / INTERVAL) as u64;
    let progress = Progress::new("relaxation", 1 + readings);
    for reading in 0..=readings {
        context.interrupt.check()?;
        progress.step();
        if reading > 0 {
            device.evolve(interval)?;
        }
        let states = device.read()?;
        let mut distance = 0.0;
        let mut amplitudes = [0.0; PARTS];
        for (patch, start) in starts.iter().enumerate() {
            let mut whole = Col::<f64>::zeros(bench.units());
            for (index, amplitude) in amplitudes.iter_mut().enumerate() {
                let first = patch * ensemble.copies + index * part;
                let mut sum = Col::<f64>::zeros(bench.units());
                for chain in first..first + part {
                    sum += states.col(chain);
                }
                whole += &sum;
                let off = sum * Scale(1.0 / part as f64) - bench.rest.col(patch);
                *amplitude += start * (slowest.transpose() * off) / power;
            }
            let off = whole * Scale(1.0 / ensemble.copies as f64) - bench.rest.col(patch);
            distance += off.squared_norm_l2();
        }
        course.push(Moment {
            time: (reading * interval) as f64 * bath.step,
            distance: (distance / far).sqrt(),
            amplitudes,
        });
    }
    progress.finish();
    Ok(course)
}

/// |exp(-K t) rest| / |rest| over the first patches.
fn distance(bench: &Bench<'_>, patches: usize, time: f64) -> f64 {
    let rest = bench.rest.subcols(0, patches);
    let along = bench.modes.transpose() * rest;
    let left: f64 = (0..patches)
        .flat_map(|patch| along.col(patch).iter().zip(&bench.rates))
        .map(|(along, rate)| (along * (-rate * time).exp()).powi(2))
        .sum();
    (left / rest.squared_norm_l2()).sqrt()
}

/// The rate r that minimises sum (A - exp(-r t))^2, by Gauss-Newton steps from a guess.
fn fitted_rate(points: &[(f64, f64)], guess: f64) -> f64 {
    let mut rate = guess;
    for _ in 0..20 {
        let (mut slope, mut curvature) = (0.0, 0.0);
        for &(time, amplitude) in points {
            let model = (-rate * time).exp();
            slope += (model - amplitude) * time * model;
            curvature += (time * model).powi(2);
        }
        if curvature > 0.0 {
            rate += slope / curvature;
        }
    }
    rate
}

/// When a course first falls below a level, with logarithms in between.
fn crossing(course: &[(f64, f64)], level: f64) -> Option<f64> {
    course.windows(2).find_map(|pair| {
        let [(before, above), (after, below)] = [pair[0], pair[1]];
        let inside = above > level && below <= level;
        inside.then(|| before + (after - before) * (above / level).ln() / (above / below).ln())
    })
}

/// When a falling function has a level, near a guess.
fn closed_crossing(law: impl Fn(f64) -> f64, guess: f64, level: f64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0 * guess);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if law(middle) > level {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_decay_is_fitted_and_crosses_in_time() {
        let points: Vec<_> = (0..60)
            .map(|k| (0.1 * f64::from(k), (-0.7 * 0.1 * f64::from(k)).exp()))
            .collect();
        assert!((fitted_rate(&points, 0.9) - 0.7).abs() < 1e-12);
        let time = crossing(&points, 0.05).unwrap();
        assert!((time + 0.05_f64.ln() / 0.7).abs() < 1e-12);
        let exact = closed_crossing(|t| (-0.7 * t).exp(), 2.0, 0.05);
        assert!((exact - time).abs() < 1e-9);
        assert_eq!(crossing(&points, 1e-9), None);
    }
}

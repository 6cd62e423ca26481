//! How many samples, and how warm: cosine and R^2 against n and against kT, each beside its law.

use super::averaging::{self, Law, Sampling, Series, Tally, Target};
use super::bench::{Bath, Bench, Device, Encoder, Ensemble};
use super::{EQUILIBRATED, NAME, PATCHES, PIECES, figures, settle};
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Block, Table};
use crate::results::{Entry, Preset};

/// The cosine that is asked for.
const WANTED: f64 = 0.99;
/// Temperatures at which one sample is taken, in units of the one at which it should have that cosine.
const TEMPERATURES: [f64; 7] = [0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];

/// Chance errors, as a share, below which the law is judged; n is too large for the number of samples where they exceed it.
const RESOLVED: f64 = 0.006;

/// How much to sample.
struct Effort {
    /// Readings of each chain.
    readings: usize,
    /// Most steps of all chains.
    chain_steps: u64,
}

impl Effort {
    const fn of(preset: Preset) -> Self {
        match preset {
            Preset::Quick => Self {
                readings: 32,
                chain_steps: 4_000_000,
            },
            Preset::Paper => Self {
                readings: 64,
                chain_steps: 24_000_000,
            },
        }
    }
}

/// Means of samples at kT = 1, then one sample at several temperatures.
///
/// # Errors
/// An interrupt, or whatever the substrate reports.
pub fn study(context: &mut Context, bench: &Bench<'_>, seed: u64) -> anyhow::Result<Vec<Block>> {
    let effort = Effort::of(context.preset);
    let bath = Bath {
        temperature: 1.0,
        step: bench.step(0.8),
    };
    let series = Series {
        bath,
        interval: bench.steps(1.0, bath.step),
    };
    let burn_in = bench.steps(EQUILIBRATED, bath.step);
    let steps = burn_in + effort.readings as u64 * series.interval;
    let patches = PATCHES.min(bench.patches());
    let ensemble = Ensemble::within(effort.chain_steps, patches, steps);
    let target = Target::new(bench, patches);
    let mut device = bench.device(Encoder::Drive, bath, ensemble, seed)?;
    let progress = Progress::new("means of samples", PIECES + effort.readings as u64);
    settle(context, &mut device, burn_in, &progress)?;
    let before = |device: &mut Device, reading| {
        progress.step();
        context.interrupt.check()?;
        if reading == 0 {
            return Ok(());
        }
        device.evolve(series.interval)
    };
    let tallies = averaging::measure(
        &mut device,
        (bench, &target),
        ensemble,
        effort.readings,
        before,
    )?;
    progress.finish();
    let law = |sampling| series.law(bench, &target, sampling);
    let curve: Vec<_> = tallies
        .into_iter()
        .map(|(sampling, tally)| (sampling, tally, law(sampling)))
        .collect();
    let table = record(context, &curve)?;
    let single = Sampling {
        chains: 1,
        readings: 1,
    };
    // Only kT / n counts: the squared error is in proportion to it.
    let temperature = target.error_for(WANTED) * bath.temperature / law(single).error;
    let table = needs(context, table, temperature, bath.temperature)?;
    let warmth = one_sample(context, bench, temperature, seed)?;
    Ok(vec![
        Block::Table(table),
        Block::Lines(figures::against_samples(&curve)),
        Block::Lines(figures::against_temperature(&warmth)),
    ])
}

/// Figures at every n, and how far the law is from them.
fn record(context: &mut Context, curve: &[(Sampling, Tally, Law)]) -> anyhow::Result<Table> {
    let (mut worst, mut worst_error) = (0.0_f64, 0.0_f64);
    // Of all n that are judged: the largest chance error, n itself, and the number of means of it.
    let (mut chance, mut most, mut means) = (0.0_f64, 0, 0);
    for (sampling, tally, law) in curve {
        let at = format!("{NAME}.samples_{}", sampling.samples());
        for (what, value, expected) in [
            ("raw_cosine", tally.cosine(), law.cosine),
            ("r2", tally.r2(), law.r2),
        ] {
            let entry = Entry::new(&format!("{at}.{what}"), value)
                .higher()
                .n(tally.means())
                .best("state at rest", 1.0)
                .reference("law", expected);
            context.recorder.record(entry)?;
        }
        let by_chance = law.chance_over(tally.means());
        if by_chance <= RESOLVED || sampling.samples() == 1 {
            worst = worst.max((tally.excess() / law.excess - 1.0).abs());
            worst_error = worst_error.max((tally.error() / law.error - 1.0).abs());
            chance = chance.max(by_chance);
            (most, means) = (sampling.samples(), tally.means());
        }
    }
    let mut table = Table::new(&format!(
        "Means of n samples at kT = 1 against their law: the largest deviation of n = 1, 2, 4, ... {most}. There are {means} means of {most} \
         samples, of which chance alone leaves a standard deviation of {:.2} %; larger n are shown, but not judged.",
        100.0 * chance
    ));
    for (what, title, value) in [
        ("cosine_law_error", "cosine: deviation from the law", worst),
        (
            "squared_error_law_error",
            "squared error: deviation from the law",
            worst_error,
        ),
    ] {
        let id = format!("{NAME}.{what}");
        let entry = Entry::new(&id, value)
            .unit("share of the law, the largest over n")
            .lower()
            .n(means)
            .reference("standard deviation by chance", chance);
        context.recorder.record(entry)?;
        table = table.row(title, &id);
    }
    Ok(table)
}

/// What a cosine of .99 takes.
fn needs(
    context: &mut Context,
    table: Table,
    temperature: f64,
    warm: f64,
) -> anyhow::Result<Table> {
    let samples = format!("{NAME}.samples_for_cosine_99");
    let entry = Entry::new(&samples, warm / temperature).unit("samples at kT = 1, by the law");
    context.recorder.record(entry)?;
    let cold = format!("{NAME}.temperature_for_cosine_99");
    let entry = Entry::new(&cold, temperature).unit("kT for one sample, by the law");
    context.recorder.record(entry)?;
    Ok(table
        .row("samples for a cosine of .99 at kT = 1", &samples)
        .row("kT at which one sample has it", &cold))
}

/// The cosine of one sample at several temperatures, as (kT, measured, law).
fn one_sample(
    context: &mut Context,
    bench: &Bench<'_>,
    cool: f64,
    seed: u64,
) -> anyhow::Result<Vec<(f64, f64, f64)>> {
    let ensemble = Ensemble {
        patches: PATCHES.min(bench.patches()),
        copies: 1,
    };
    let target = Target::new(bench, ensemble.patches);
    let mut points = Vec::new();
    for (index, share) in TEMPERATURES.into_iter().enumerate() {
        let bath = Bath {
            temperature: share * cool,
            step: bench.step(0.8),
        };
        let series = Series { bath, interval: 1 };
        let seed = seed.wrapping_add(1 + index as u64);
        let mut device = bench.device(Encoder::Drive, bath, ensemble, seed)?;
        device.evolve(bench.steps(EQUILIBRATED, bath.step))?;
        let parts = (bench, &target);
        let before = |_: &mut Device, _| context.interrupt.check();
        let tallies = averaging::measure(&mut device, parts, ensemble, 1, before)?;
        for (sampling, tally) in tallies {
            let law = series.law(bench, &target, sampling);
            points.push((bath.temperature, tally.cosine(), law.cosine));
            if share == 1.0 {
                let entry = Entry::new(&format!("{NAME}.one_sample.raw_cosine"), tally.cosine())
                    .higher()
                    .n(tally.means())
                    .reference("law", law.cosine)
                    .reference("kT", bath.temperature);
                context.recorder.record(entry)?;
            }
        }
    }
    Ok(points)
}

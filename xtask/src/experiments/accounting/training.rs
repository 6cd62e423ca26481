//! The published gain of a step of training, 1e3 to 1e4 (arXiv 2604.23806), recomputed from counted acts.

use overdamped_accounting::{Baseline, Bill, Counts, Crossover, HardwareModel, Pair, Use};

use super::published::Device;
use super::systems::as_published;
use super::{billed, figures};
use crate::experiments::Context;
use crate::report::{Block, Comparison, Section, Table};
use crate::results::Entry;

const NAME: &str = "accounting.training";
/// Steps of the run.
const STEPS: u64 = 16;
/// The published range.
const PUBLISHED: [f64; 2] = [1e3, 1e4];
/// What an independent recomputation from the papers' settings gave, with typical and with record converters.
const BY_HAND: [(Baseline, f64, f64); 3] = [
    (Baseline::SameFunction, 62.0, 260.0),
    (Baseline::SimulatingRelaxation, 5.5e3, 2.3e4),
    (Baseline::LowUtilisation, 1.9e3, 7.8e3),
];

/// Counts, bills, shows.
///
/// # Errors
/// An interrupt, dynamics that fail, or a folder that cannot be written.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    context.interrupt.check()?;
    let pair = Pair::PUBLISHED;
    let device = Device::new(pair, context.seed)?;
    let counts = as_published(&pair.training()?, &device.as_published(STEPS)?);
    billed::keep(context, NAME, &counts)?;
    let bill = billed::record(context, NAME, &counts, |baseline, mut gain| {
        gain = gain.published(PUBLISHED[0]);
        gain = gain.reference("paper, upper end", PUBLISHED[1]);
        let known = BY_HAND.iter().find(|known| known.0 == baseline);
        if let Some((_, typical, record)) = known {
            gain = gain.reference("recomputed by hand", *typical);
            gain = gain.reference("recomputed by hand, record hardware", *record);
        }
        gain
    })?;
    let structure = structure(context, &pair, &counts)?;
    let here = estimators(context, &device)?;
    let model = billed::shown()?;
    let table = Comparison::new(
        "A step on typical hardware beside four baselines on an A100: gains in energy and in time.",
        &["energy", "time"],
    );
    let known = |id: &str| context.recorder.results().get(id).is_some();
    let sides = figures::beside(table, NAME, known);
    let mut gains = Table::new("How much less energy a step takes. Published: 1e3 to 1e4.");
    for baseline in Baseline::ALL {
        gains = gains.row(baseline.title(), &format!("{NAME}.gain.{}", baseline.id()));
        billed::at_all_prices(context, NAME, &counts, baseline)?;
    }
    let known = |id: &str| context.recorder.results().get(id).is_some();
    gains = gains.row(
        "the function of this pair, whose modules are not dense",
        &structure,
    );
    let prices = figures::at_all_prices(NAME, known);
    let middle = Crossover {
        pair,
        model: model.clone(),
        what: Use::Training,
        baseline: Baseline::SameFunction,
    };
    let mut blocks = vec![
        Block::Table(gains),
        Block::Comparison(sides),
        Block::Comparison(prices),
        Block::Waterfall(figures::waterfall(
            "One step of training on typical hardware",
            &bill,
        )),
        Block::Tornado(figures::tornado(
            "What moves the gain over the same function",
            &counts,
            &model,
            Baseline::SameFunction,
        )?),
        Block::Table(here),
    ];
    blocks.extend(figures::maps(&middle)?);
    Ok(Section {
        title: "A thousand times less energy for a step of training?".to_owned(),
        intro: figures::TRAINING.to_owned(),
        blocks,
    })
}

/// The gain over what the pair that was run computes: its modules have no couplings of their own. Returns its id.
fn structure(context: &mut Context, pair: &Pair, counts: &Counts) -> anyhow::Result<String> {
    let sparse = Pair {
        dense_modules: false,
        ..*pair
    };
    let counts = Counts {
        baselines: sparse.training()?.baselines,
        ..counts.clone()
    };
    let gain = |preset: &str| {
        let bill = Bill::new(&counts, &HardwareModel::preset(preset)?)?;
        bill.gain(Baseline::SameFunction)
    };
    let id = format!("{NAME}.gain.same_structure");
    let entry = Entry::new(&id, gain(billed::SHOWN)?)
        .unit("times less energy")
        .higher()
        .baseline("break-even", 1.0)
        .reference("record hardware", gain("record")?);
    context.recorder.record(entry)?;
    Ok(id)
}

/// The same step by the project's estimator, and what the second nudged phase adds to it.
fn estimators(context: &mut Context, device: &Device) -> anyhow::Result<Table> {
    let pair = Pair::PUBLISHED;
    let closed = pair.training()?;
    let symmetric = as_published(&closed, &device.by_estimator(Device::symmetric(), STEPS)?);
    let one_sided = as_published(&closed, &device.by_estimator(Device::one_sided(), STEPS)?);
    let prefix = format!("{NAME}.estimator");
    billed::keep(context, &prefix, &symmetric)?;
    billed::record(context, &prefix, &symmetric, |_, gain| gain)?;
    let extra = |preset: &str| {
        let model = HardwareModel::preset(preset)?;
        let two = Bill::new(&symmetric, &model)?.energy().0;
        let one = Bill::new(&one_sided, &model)?.energy().0;
        anyhow::Ok((two - one) / two)
    };
    let id = format!("{NAME}.symmetric_extra");
    let entry = Entry::new(&id, extra(billed::SHOWN)?)
        .unit("of a step's energy")
        .lower()
        .n(STEPS as usize)
        .best("no second phase", 0.0)
        .reference("record hardware", extra("record")?)
        .reference("ideal hardware", extra("ideal")?)
        .reference("one phase of three", 1.0 / 3.0);
    context.recorder.record(entry)?;
    let table = Table::new(
        "The same step by the estimator of this project: all parameters are programmed, every phase is prepared from the free \
         state, and that state is read as well.",
    );
    let rows = [
        ("energy", format!("{prefix}.energy")),
        (
            "gain over the same function",
            format!("{prefix}.gain.same_function"),
        ),
        (
            "gain over simulating the relaxation",
            format!("{prefix}.gain.simulating_relaxation"),
        ),
        ("heat, measured", format!("{prefix}.heat")),
        ("share of the second nudged phase", id),
    ];
    Ok(rows
        .into_iter()
        .fold(table, |table, (label, id)| table.row(label, &id)))
}

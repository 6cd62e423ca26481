//! Denoising at one noise level, learned by each estimator, beside what else could do it.
//!
//! The network is the one of the closed loop without labels, at a single level. The Wiener filter is the best
//! linear denoiser; a network without quartic wells can reach it, and no more. What a nonlinear one gains
//! is the room between the filter and a perceptron of the same size, trained by backpropagation.

use faer::{Mat, MatRef};
use overdamped_digital::MlpSettings;
use overdamped_learn::{Backward, Nudging};
use overdamped_substrate::stream;

use super::course::{self, Course};
use super::figures;
use super::network::{Network, Shape};
use super::perceptron;
use super::recipe::Recipe;
use super::wiener::{Wiener, mean_squared_error};
use crate::data::{self, ImageSet, Split, embedded};
use crate::experiments::Context;
use crate::report::{Block, Section};
use crate::results::{Entry, Preset};

/// sigma.
const NOISE: f64 = 0.5;
/// beta of constant forces, and of whatever has hardly any time.
const STRENGTH: f64 = 0.02;
/// beta of springs to both sides: below what the softest chain of a whole training bears.
const GENTLE: f64 = 1e-3;
/// beta of springs to one side with time enough: the weaker they are, the more what is left of the free
/// phase counts.
const FIRM: f64 = 0.1;
/// Noisy images on which an error is measured.
const MEASURED: usize = 4000;
/// Those of them for a point of a curve.
const CURVE: usize = 1000;

/// One way to learn.
struct Contender {
    /// Segments of its id below the study's.
    id: &'static str,
    title: &'static str,
    recipe: Recipe,
    /// Coefficient of the quartic wells of hidden units.
    quartic: f32,
}

/// Data, network and what is tried on them.
struct Study {
    /// Its ids start with it.
    name: &'static str,
    /// Seeds, each with images to learn from and images held back.
    splits: Vec<(u64, Split)>,
    hidden: usize,
    rank: usize,
    contenders: Vec<Contender>,
    /// Updates of the perceptron.
    updates: u64,
}

/// 8 x 8 digits, a fifth of them held back, with two seeds in the paper preset.
///
/// # Errors
/// An interrupt, a run that fails, or a folder that cannot be written.
pub fn digits8(context: &mut Context) -> anyhow::Result<Section> {
    let quick = context.preset == Preset::Quick;
    let (updates, seeds) = if quick { (400, 1) } else { (2000, 2) };
    let splits = (context.seed..context.seed + seeds)
        .map(|seed| Ok((seed, embedded::native_split(seed)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut contenders = estimators(updates);
    if !quick {
        contenders.push(Contender {
            id: "exact",
            title: "the exact gradient, by the implicit function theorem",
            recipe: Recipe::single(Backward::Implicit, updates),
            quartic: 1.0,
        });
    }
    let study = |name, splits, contenders| Study {
        name,
        splits,
        hidden: 128,
        rank: 64,
        contenders,
        updates: 10 * updates,
    };
    let mut blocks = run(
        context,
        &study("eqprop.train.digits8", splits.clone(), contenders),
    )?;
    let first = splits.into_iter().take(1).collect();
    blocks.extend(run(
        context,
        &study("eqprop.train.starved", first, starved(updates / 2)),
    )?);
    Ok(section("Denoising, learned by each estimator", blocks))
}

/// MNIST at 12 x 12.
///
/// # Errors
/// As [`digits8`], or missing files.
pub fn mnist12(context: &mut Context) -> anyhow::Result<Section> {
    let split = data::mnist::load(&context.data)?.at_12x12();
    let study = mnist(context, "eqprop.train.mnist12", split, 256, 144);
    Ok(section("Denoising MNIST, 12 x 12", run(context, &study)?))
}

/// MNIST at full size.
///
/// # Errors
/// As [`digits8`], or missing files.
pub fn mnist28(context: &mut Context) -> anyhow::Result<Section> {
    let split = data::mnist::load(&context.data)?.at_28x28();
    let study = mnist(context, "eqprop.train.mnist28", split, 512, 256);
    Ok(section("Denoising MNIST, 28 x 28", run(context, &study)?))
}

fn mnist(context: &Context, name: &'static str, split: Split, hidden: usize, rank: usize) -> Study {
    let updates = match context.preset {
        Preset::Quick => 100,
        Preset::Paper => 2000,
    };
    let mut contenders = estimators(updates);
    contenders.retain(|contender| contender.id == "constant_force");
    Study {
        name,
        splits: vec![(context.seed, split)],
        hidden,
        rank,
        contenders,
        updates: 4 * updates,
    }
}

fn section(title: &str, blocks: Vec<Block>) -> Section {
    Section {
        title: title.to_owned(),
        intro: figures::DENOISING.to_owned(),
        blocks,
    }
}

/// The estimators with time enough, and two networks of one state at rest: with quartic wells and without.
fn estimators(updates: u64) -> Vec<Contender> {
    let contender = |id, title, nudging| Contender {
        id,
        title,
        recipe: Recipe::single(Backward::Nudged(nudging), updates),
        quartic: 1.0,
    };
    let symmetric = Nudging::symmetric(GENTLE);
    let definite = |id, title, quartic| Contender {
        recipe: Recipe::single(Backward::Nudged(symmetric), updates).definite(),
        quartic,
        ..contender(id, title, symmetric)
    };
    vec![
        contender("symmetric", "symmetric nudges", symmetric),
        contender(
            "constant_force",
            "constant forces",
            Nudging::constant_force(STRENGTH),
        ),
        contender(
            "one_sided",
            "one-sided nudges",
            Nudging::one_sided(STRENGTH),
        ),
        definite("definite", "symmetric nudges, K definite", 0.3),
        definite("quadratic", "symmetric nudges, no quartic wells", 0.0),
    ]
}

/// The estimators with hardly any time.
fn starved(updates: u64) -> Vec<Contender> {
    let contender = |id, title, nudging| Contender {
        id,
        title,
        recipe: Recipe::starved(Backward::Nudged(nudging), updates),
        quartic: 1.0,
    };
    vec![
        contender("symmetric", "symmetric nudges", Nudging::symmetric(GENTLE)),
        contender(
            "constant_force",
            "constant forces",
            Nudging::constant_force(STRENGTH),
        ),
        contender(
            "one_sided",
            "one-sided nudges",
            Nudging::one_sided(STRENGTH),
        ),
        contender(
            "drift_compensated",
            "one-sided nudges, drift compensated",
            Nudging::compensated(STRENGTH),
        ),
    ]
}

/// Held-out errors of one way over the seeds, and its training curve with the first.
struct Outcome {
    id: &'static str,
    title: &'static str,
    errors: Vec<f64>,
    curve: Vec<(f64, f64)>,
}

/// Trains every contender with every seed, and measures all on images held back.
fn run(context: &mut Context, study: &Study) -> anyhow::Result<Vec<Block>> {
    let mut outcomes = Vec::new();
    for contender in &study.contenders {
        let (mut errors, mut curve) = (Vec::new(), Vec::new());
        for (seed, split) in &study.splits {
            let held = HeldOut::new(&split.test, *seed);
            let (error, course) = contend(context, study, contender, &split.train, &held, *seed)?;
            errors.push(error);
            if curve.is_empty() {
                curve = course;
            }
        }
        let (id, title) = (contender.id, contender.title);
        eprintln!("{}.{id}: {errors:.4?}", study.name);
        outcomes.push(Outcome {
            id,
            title,
            errors,
            curve,
        });
    }
    let (mut wiener, mut noise) = (Vec::new(), Vec::new());
    for (seed, split) in &study.splits {
        let held = HeldOut::new(&split.test, *seed);
        let filter = Wiener::fit(split.train.pixels.as_ref())?;
        wiener.push(held.error(filter.denoise(held.noisy.as_ref(), NOISE).as_ref()));
        noise.push(held.error(held.noisy.as_ref()));
    }
    outcomes.push(Outcome {
        id: "wiener",
        title: "the Wiener filter",
        errors: wiener,
        curve: Vec::new(),
    });
    if let Some(errors) = perceptrons(context, study)? {
        outcomes.push(Outcome {
            id: "mlp",
            title: "a perceptron of the same size, by backpropagation",
            errors,
            curve: Vec::new(),
        });
    }
    record(context, study, &outcomes, mean(&noise))?;
    let label = |outcome: &Outcome| {
        (
            outcome.title.to_owned(),
            outcome.curve.clone(),
            mean(&outcome.errors),
        )
    };
    let figure = figures::denoising(outcomes.iter().map(label).collect());
    let ids = outcomes.iter().map(|outcome| {
        let id = format!("{}.{}.mse", study.name, outcome.id);
        (outcome.title.to_owned(), id)
    });
    let rows = ids.collect::<Vec<_>>();
    Ok(vec![
        Block::Lines(figure),
        Block::Table(figures::errors(study.name, &rows)),
    ])
}

/// Images held back, with noise.
struct HeldOut {
    clean: Mat<f32>,
    noisy: Mat<f32>,
}

impl HeldOut {
    fn new(images: &ImageSet, seed: u64) -> Self {
        let count = images.len();
        let clean = Mat::from_fn(images.units(), MEASURED, |pixel, column| {
            images.pixels[(pixel, column % count)]
        });
        let noisy = course::noised(clean.as_ref(), NOISE, seed, 0);
        Self { clean, noisy }
    }

    /// Mean squared error per pixel of what something made of the first noisy images.
    fn error(&self, denoised: MatRef<'_, f32>) -> f64 {
        mean_squared_error(denoised, self.clean.subcols(0, denoised.ncols()))
    }
}

/// Trains one contender; returns its error on images held back, and that after each round.
fn contend(
    context: &Context,
    study: &Study,
    contender: &Contender,
    learned: &ImageSet,
    held: &HeldOut,
    seed: u64,
) -> anyhow::Result<(f64, Vec<(f64, f64)>)> {
    let shape = Shape {
        pixels: learned.units(),
        hidden: study.hidden,
        rank: study.rank,
        quartic: contender.quartic,
        labels: false,
    };
    let network = Network::new(shape, &[NOISE])?;
    let course = Course {
        id: &format!("{}.{}.seed_{seed}", study.name, contender.id),
        network: &network,
        weights: &[1.0],
        recipe: &contender.recipe,
        seed,
    };
    let mut curve = Vec::new();
    let error = |parameters: &[f32], count: usize| {
        let noisy = held.noisy.subcols(0, count);
        let output = course::denoise(&network, parameters, 0, noisy)?;
        anyhow::Ok(held.error(output.as_ref()))
    };
    let examples = network.examples(learned)?;
    let trained = course.train(context, examples, |updates, parameters| {
        if let Ok(error) = error(parameters, CURVE) {
            curve.push((updates as f64, error));
        }
    })?;
    let last = error(&trained.parameters, MEASURED)?;
    trained.forget()?;
    Ok((last, curve))
}

/// Errors of perceptrons, if this build can train them.
fn perceptrons(context: &Context, study: &Study) -> anyhow::Result<Option<Vec<f64>>> {
    let mut errors = Vec::new();
    for (seed, split) in &study.splits {
        context.interrupt.check()?;
        let held = HeldOut::new(&split.test, *seed);
        let settings = MlpSettings {
            hidden: study.hidden,
            updates: study.updates,
            seed: stream::derive(*seed, 4),
            ..MlpSettings::default()
        };
        let learned = split.train.pixels.as_ref();
        match perceptron::denoise(learned, held.noisy.as_ref(), NOISE, &settings)? {
            Some(output) => errors.push(held.error(output.as_ref())),
            None => return Ok(None),
        }
    }
    Ok(Some(errors))
}

/// Writes every error beside the filter's and the best one known.
fn record(
    context: &mut Context,
    study: &Study,
    outcomes: &[Outcome],
    noise: f64,
) -> anyhow::Result<()> {
    let known = |id: &str| {
        let outcome = outcomes.iter().find(|outcome| outcome.id == id)?;
        Some(mean(&outcome.errors))
    };
    for outcome in outcomes {
        let id = format!("{}.{}.mse", study.name, outcome.id);
        let mut entry = Entry::new(&id, mean(&outcome.errors))
            .unit("squared error per pixel, images held back")
            .lower()
            .n(MEASURED * study.splits.len())
            .baseline("the noisy image itself", noise);
        for (title, id) in [
            ("Wiener filter", "wiener"),
            ("no quartic wells", "quadratic"),
        ] {
            if let Some(value) = known(id).filter(|_| outcome.id != id) {
                entry = entry.baseline(title, value);
            }
        }
        for (title, id) in [("perceptron", "mlp"), ("exact gradient", "exact")] {
            if let Some(value) = known(id).filter(|_| outcome.id != id) {
                entry = entry.best(title, value);
            }
        }
        for ((seed, _), &error) in study.splits.iter().zip(&outcome.errors) {
            entry = entry.reference(&format!("seed {seed}"), error);
        }
        context.recorder.record(entry)?;
    }
    Ok(())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

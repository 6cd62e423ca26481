//! A contest: everyone learns from the same images at one noise level, and is judged on the same noisy images of
//! others.

use faer::{Mat, MatRef};
use overdamped_digital::MlpSettings;
use overdamped_substrate::stream;

use super::backpropagation;
use super::course::{self, Course};
use super::figures;
use super::network::{Network, Shape};
use super::recipe::Recipe;
use super::wiener::{Wiener, mean_squared_error};
use crate::data::{ImageSet, Split};
use crate::experiments::Context;
use crate::report::Block;
use crate::results::Entry;

/// sigma.
const NOISE: f64 = 0.5;
/// Noisy images on which an error is measured: each image held back several times, with fresh noise.
const MEASURED: usize = 4000;
/// Those of them for a point of a curve.
const CURVE: usize = 1000;

/// One way to learn.
pub struct Contender {
    /// Segments of its id below the study's.
    pub id: &'static str,
    /// What people read.
    pub title: &'static str,
    /// Settings of training.
    pub recipe: Recipe,
    /// Coefficient of the quartic wells of hidden units.
    pub quartic: f32,
}

/// Data, network and what is tried on them.
pub struct Study {
    /// Its ids start with it.
    pub name: &'static str,
    /// Seeds, each with images to learn from and images held back.
    pub splits: Vec<(u64, Split)>,
    /// Hidden units.
    pub hidden: usize,
    /// Buses between output and hidden units.
    pub rank: usize,
    /// Who is in it.
    pub contenders: Vec<Contender>,
    /// Updates of a perceptron, where there is to be one.
    pub perceptron: Option<u64>,
}

/// How one way did.
struct Outcome {
    id: &'static str,
    title: &'static str,
    /// On images held back, seed by seed.
    errors: Vec<f64>,
    /// After each round, with the first seed; none for what is not trained here.
    curve: Option<Vec<(f64, f64)>>,
}

impl Outcome {
    fn mean(&self) -> f64 {
        mean(&self.errors)
    }

    const fn untrained(id: &'static str, title: &'static str, errors: Vec<f64>) -> Self {
        Self {
            id,
            title,
            errors,
            curve: None,
        }
    }
}

/// Trains every contender with every seed, and measures all on images held back. One whose training fails has no
/// figure; the report says why.
///
/// # Errors
/// An interrupt, or a folder that cannot be written.
pub fn run(context: &mut Context, study: &Study) -> anyhow::Result<Vec<Block>> {
    let (mut outcomes, mut failures) = (Vec::new(), Vec::new());
    for contender in &study.contenders {
        match contend(context, study, contender) {
            Ok(outcome) => {
                eprintln!("{}.{}: {:.4?}", study.name, outcome.id, outcome.errors);
                outcomes.push(outcome);
            }
            Err(error) => {
                context.interrupt.check()?;
                let failure = format!("No figure for {}: {error:#}.", contender.title);
                eprintln!("{}: {failure}", study.name);
                failures.push(Block::Text(failure));
            }
        }
    }
    let (mut wiener, mut noise) = (Vec::new(), Vec::new());
    for (seed, split) in &study.splits {
        let held = HeldOut::new(&split.test, *seed);
        let filter = Wiener::fit(split.train.pixels.as_ref())?;
        wiener.push(held.error(filter.denoise(held.noisy.as_ref(), NOISE).as_ref()));
        noise.push(held.error(held.noisy.as_ref()));
    }
    outcomes.push(Outcome::untrained("wiener", "the Wiener filter", wiener));
    if let Some(errors) = perceptrons(context, study)? {
        let title = "a perceptron of the same size, by backpropagation";
        outcomes.push(Outcome::untrained("mlp", title, errors));
    }
    record(context, study, &outcomes, mean(&noise))?;
    let curves = outcomes.iter().map(|outcome| figures::Line {
        title: outcome.title.to_owned(),
        curve: outcome.curve.clone(),
        error: outcome.mean(),
    });
    let mut blocks = vec![Block::Lines(figures::denoising(curves.collect()))];
    let rows = outcomes.iter().map(|outcome| {
        let id = format!("{}.{}.mse", study.name, outcome.id);
        (outcome.title.to_owned(), id)
    });
    blocks.push(Block::Table(figures::errors(
        study.name,
        &rows.collect::<Vec<_>>(),
    )));
    blocks.extend(failures);
    Ok(blocks)
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

/// Trains one contender with every seed.
fn contend(context: &Context, study: &Study, contender: &Contender) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::untrained(contender.id, contender.title, Vec::new());
    for (seed, split) in &study.splits {
        let shape = Shape {
            pixels: split.train.units(),
            hidden: study.hidden,
            rank: study.rank,
            quartic: contender.quartic,
            labels: false,
        };
        let network = Network::new(shape, &[NOISE])?;
        let held = HeldOut::new(&split.test, *seed);
        let error = |parameters: &[f32], count: usize| {
            let noisy = held.noisy.subcols(0, count);
            let output = course::denoise(&network, parameters, 0, noisy)?;
            anyhow::Ok(held.error(output.as_ref()))
        };
        let course = Course {
            id: &format!("{}.{}.seed_{seed}", study.name, contender.id),
            network: &network,
            weights: &[1.0],
            recipe: &contender.recipe,
            seed: *seed,
        };
        let mut curve = Vec::new();
        let examples = network.examples(&split.train)?;
        let trained = course.train(context, examples, |updates, parameters| {
            // A look that fails is a gap in the curve; the last error decides.
            curve.extend(
                error(parameters, CURVE)
                    .ok()
                    .map(|error| (updates as f64, error)),
            );
        })?;
        outcome.errors.push(error(&trained.parameters, MEASURED)?);
        outcome.curve.get_or_insert(curve);
    }
    Ok(outcome)
}

/// Errors of perceptrons, if there are to be some and this build can train them.
fn perceptrons(context: &Context, study: &Study) -> anyhow::Result<Option<Vec<f64>>> {
    let Some(updates) = study.perceptron else {
        return Ok(None);
    };
    let mut errors = Vec::new();
    for (seed, split) in &study.splits {
        context.interrupt.check()?;
        let held = HeldOut::new(&split.test, *seed);
        let settings = MlpSettings {
            hidden: study.hidden,
            updates,
            seed: stream::derive(*seed, 4),
            ..MlpSettings::default()
        };
        let learned = split.train.pixels.as_ref();
        match backpropagation::denoise(learned, held.noisy.as_ref(), NOISE, &settings)? {
            Some(output) => errors.push(held.error(output.as_ref())),
            None => return Ok(None),
        }
    }
    Ok(Some(errors))
}

/// Writes every error beside the filter's, and what symmetric nudges gain over it.
fn record(
    context: &mut Context,
    study: &Study,
    outcomes: &[Outcome],
    noise: f64,
) -> anyhow::Result<()> {
    let known = |id: &str| {
        let outcome = outcomes.iter().find(|outcome| outcome.id == id)?;
        Some(outcome.mean())
    };
    let images: usize = study.splits.iter().map(|(_, split)| split.test.len()).sum();
    for outcome in outcomes {
        let id = format!("{}.{}.mse", study.name, outcome.id);
        let mut entry = Entry::new(&id, outcome.mean())
            .unit("squared error per pixel, images held back")
            .lower()
            .n(images.min(MEASURED * study.splits.len()))
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
                entry = entry.reference(title, value);
            }
        }
        for ((seed, _), &error) in study.splits.iter().zip(&outcome.errors) {
            entry = entry.reference(&format!("seed {seed}"), error);
        }
        context.recorder.record(entry)?;
    }
    for outcome in outcomes
        .iter()
        .filter(|o| ["symmetric", "constant_force"].contains(&o.id))
    {
        let Some(wiener) = known("wiener") else {
            continue;
        };
        let id = format!("{}.{}.gain_over_wiener", study.name, outcome.id);
        let entry = Entry::new(&id, 1.0 - outcome.mean() / wiener);
        context
            .recorder
            .record(entry.unit("1").higher().n(images))?;
    }
    Ok(())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

//! The experiment `inference`: every contender on held-out images, at every noise level, in every measure.

use faer::Mat;

use super::decoder::Recipe;
use super::figures;
use super::predictors::{Bench, Outcome};
use super::published;
use super::ranks;
use super::source::{Part, Source, View};
use crate::experiments::Context;
use crate::experiments::wiener::{Wiener, mean_squared_error};
use crate::report::{Block, Section, Strip};
use crate::results::{Entry, Preset};

const NAME: &str = "inference";
/// Noise at which the paper's figures are answered.
const MAIN: f32 = 0.5;
/// Rank of couplings where only one is shown.
pub const RANK: usize = 16;

/// How much is done.
struct Plan {
    sigmas: &'static [f32],
    train: usize,
    held: usize,
}

const fn plan(preset: Preset) -> Plan {
    match preset {
        Preset::Quick => Plan {
            sigmas: &[MAIN],
            train: 500,
            held: 150,
        },
        Preset::Paper => Plan {
            sigmas: &[0.1, 0.3, MAIN, 1.0],
            train: usize::MAX,
            held: usize::MAX,
        },
    }
}

/// Predicts the decoder in every way, and judges.
///
/// # Errors
/// An interrupt, a fit that fails, or a folder that cannot be written.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let source = Source::open()?;
    let plan = plan(context.preset);
    let wiener = Wiener::fit(source.images.train.pixels.as_ref())?;
    let mut blocks = Vec::new();
    for &sigma in plan.sigmas {
        context.interrupt.check()?;
        eprintln!("{NAME}: activations at sigma {sigma}");
        let train = source.view(Part::Train, plan.train, sigma, context.seed)?;
        let held = source.view(Part::HeldOut, plan.held, sigma, context.seed)?;
        let bench = Bench::new(&source.network, &train, &held, context.seed);
        denoising(context, &wiener, &held)?;
        let outcomes = contest(context, &bench, sigma)?;
        blocks.push(figures::contenders(NAME, sigma, &outcomes));
        if sigma == MAIN {
            context.interrupt.check()?;
            full(context, &outcomes)?;
            let strip = strip(&source, &held, outcomes)?;
            figures::keep(
                &strip,
                &context
                    .recorder
                    .folder()
                    .join("images/inference.denoised.png"),
            )?;
            blocks.push(Block::Strip(strip));
            blocks.push(ranks::sweep(context, &bench)?);
            context.interrupt.check()?;
            blocks.extend(published::audit(context, &train, &held, &source.network)?);
        }
    }
    blocks.insert(0, figures::unet(NAME, plan.sigmas));
    Ok(Section {
        title: "Inference on a substrate: what couplings carry of a U-Net's skips".to_owned(),
        intro: figures::STUDY.to_owned(),
        blocks,
    })
}

/// The U-Net as a denoiser, beside the best linear one.
fn denoising(context: &mut Context, wiener: &Wiener, held: &View) -> anyhow::Result<()> {
    let clean = held.clean.as_ref();
    let own = mean_squared_error(held.activations.image.as_ref(), clean);
    let linear = wiener.denoise(held.noisy.as_ref(), f64::from(held.sigma));
    let linear = mean_squared_error(linear.as_ref(), clean);
    let entry = Entry::new(&figures::unet_id(NAME, held.sigma), own / linear)
        .unit("squared error on held-out images, over that of the Wiener filter")
        .lower()
        .n(held.len())
        .baseline("Wiener filter", 1.0)
        .reference("squared error per pixel", own);
    Ok(context.recorder.record(entry)?)
}

/// One contender and what it predicted.
pub type Entrant = (Outcome, Mat<f32>);

/// All contenders at one noise level.
fn contest(context: &mut Context, bench: &Bench<'_>, sigma: f32) -> anyhow::Result<Vec<Entrant>> {
    let mut outcomes = bench.baselines()?;
    outcomes.extend(bench.couplings(RANK)?);
    let seed = context.seed;
    let recipe = Recipe {
        seed,
        ..Recipe::default()
    };
    let dense = Recipe {
        outer: 64,
        inner: 96,
        ..recipe
    };
    let bare = Recipe {
        interface: false,
        ..recipe
    };
    let fulls = [
        ("hierarchy", "the substrate, without the interface", &bare),
        (
            "full",
            "the substrate: couplings, hierarchy and interface",
            &recipe,
        ),
        ("full_rank", "the same at full rank", &dense),
    ];
    for (id, title, recipe) in fulls {
        context.interrupt.check()?;
        let (outcome, decoder) = bench.full(id, title, recipe)?;
        if id == "full" && sigma == MAIN {
            let entry = Entry::new("inference.full.wires", decoder.wires as f64)
                .unit("wires of a patch of four pixels")
                .lower()
                .reference(
                    "dense couplings of the same modules",
                    decoder.dense_wires as f64,
                );
            context.recorder.record(entry)?;
        }
        outcomes.push(outcome);
    }
    let [unet, mean] = ["unet", "mean"].map(|id| {
        let found = outcomes.iter().find(|(outcome, _)| outcome.id == id);
        found.map_or(f64::NAN, |(outcome, _)| outcome.downstream)
    });
    for (outcome, _) in &outcomes {
        let score = outcome.score;
        for (measure, value) in [
            ("raw_cosine", score.raw),
            ("centred_cosine", score.centred),
            ("r2", score.r2),
        ] {
            let entry = Entry::new(&figures::pixel_id(NAME, sigma, outcome.id, measure), value)
                .unit("over held-out pixels")
                .higher()
                .n(bench.pixels())
                .best("the U-Net's own decoder", 1.0);
            context.recorder.record(entry)?;
        }
        let entry = Entry::new(
            &figures::pixel_id(NAME, sigma, outcome.id, "downstream"),
            outcome.downstream,
        )
        .unit("squared error per pixel of the denoised image")
        .lower()
        .n(bench.pixels())
        .baseline("mean of the training images", mean)
        .best("the U-Net's own decoder", unet);
        context.recorder.record(entry)?;
        let entry = Entry::new(
            &figures::pixel_id(NAME, sigma, outcome.id, "parameters"),
            outcome.parameters as f64,
        )
        .unit("weights or wires");
        context.recorder.record(entry)?;
    }
    Ok(outcomes)
}

/// The figures by which the whole substrate is known.
fn full(context: &mut Context, outcomes: &[Entrant]) -> anyhow::Result<()> {
    let of = |id: &str| {
        outcomes
            .iter()
            .map(|(outcome, _)| outcome)
            .find(|outcome| outcome.id == id)
    };
    let (Some(full), Some(mean), Some(unet)) = (of("full"), of("mean"), of("unet")) else {
        return Ok(());
    };
    let (Some(linear), Some(dense)) = (of("ridge"), of("full_rank")) else {
        return Ok(());
    };
    for (measure, value, trivial, ridge, best) in [
        (
            "raw_cosine",
            full.score.raw,
            mean.score.raw,
            linear.score.raw,
            dense.score.raw,
        ),
        (
            "centred_cosine",
            full.score.centred,
            0.0,
            linear.score.centred,
            dense.score.centred,
        ),
        ("r2", full.score.r2, 0.0, linear.score.r2, dense.score.r2),
    ] {
        let entry = Entry::new(&format!("{NAME}.full.{measure}"), value)
            .unit("over held-out pixels")
            .higher()
            .baseline("mean of the training images", trivial)
            .best("the U-Net's own decoder", 1.0)
            .reference("least squares on e1", ridge)
            .reference("the substrate at full rank", best);
        context.recorder.record(entry)?;
    }
    let entry = Entry::new(
        &format!("{NAME}.full.downstream_ratio"),
        full.downstream / unet.downstream,
    )
    .unit("squared error of the denoised image, over the U-Net's")
    .lower()
    .baseline(
        "mean of the training images",
        mean.downstream / unet.downstream,
    )
    .best("the U-Net's own decoder", 1.0)
    .reference("least squares on e1", linear.downstream / unet.downstream);
    Ok(context.recorder.record(entry)?)
}

/// Images that the U-Net reads out of what contenders predict.
fn strip(source: &Source, held: &View, outcomes: Vec<Entrant>) -> anyhow::Result<Strip> {
    // Every twentieth image, so that more than one writer and digit is seen.
    let shown: Vec<usize> = (0..held.len()).step_by(20).take(7).collect();
    let picked = |images: &Mat<f32>| {
        Mat::from_fn(images.nrows(), shown.len(), |pixel, image| {
            images[(pixel, shown[image])].clamp(-1.0, 1.0)
        })
    };
    let mut frames = vec![
        ("clean".to_owned(), picked(&held.clean)),
        ("noisy".to_owned(), picked(&held.noisy)),
    ];
    for (outcome, predicted) in outcomes {
        let label = match outcome.id {
            "unet" => "U-Net",
            "mean" => "mean",
            "published_coupling" => "published",
            "interface" => "interface",
            "ridge" => "linear",
            "full" => "substrate",
            _ => continue,
        };
        let images = source.network.read_out(predicted.as_ref())?;
        frames.push((label.to_owned(), picked(&images)));
    }
    Ok(figures::strip(frames))
}

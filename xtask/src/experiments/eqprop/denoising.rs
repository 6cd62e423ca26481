//! Denoising at one noise level, learned by each estimator, beside what else could do it.
//!
//! The network is the one of the closed loop without labels, at a single level. The Wiener filter is the best
//! linear denoiser; a network without quartic wells can reach it, and no more. What a nonlinear one gains
//! is the room between the filter and a perceptron of the same size, trained by backpropagation.

use overdamped_learn::{Backward, Nudging};

use super::contest::{self, Contender, Study};
use super::figures;
use super::recipe::Recipe;
use crate::data::{self, Split, embedded};
use crate::experiments::Context;
use crate::report::{Block, Section};
use crate::results::Preset;

/// beta of constant forces, and of whatever has hardly any time.
const STRENGTH: f64 = 0.02;
/// beta of springs to both sides: below what the softest chain of a whole training bears.
const GENTLE: f64 = 1e-3;
/// beta of springs to one side with time enough: the weaker they are, the more what is left of the free
/// phase counts.
const FIRM: f64 = 0.1;
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
            title: "the exact gradient, K definite (q = .3)",
            recipe: Recipe::single(Backward::Implicit, updates).definite(),
            quartic: 0.3,
        });
    }
    let study = |name, splits, contenders, perceptron| Study {
        name,
        splits,
        hidden: 128,
        rank: 64,
        contenders,
        perceptron,
    };
    let opponent = Some(10 * updates);
    let rested = study("eqprop.train.digits8", splits.clone(), contenders, opponent);
    let mut blocks = contest::run(context, &rested)?;
    let first = splits.into_iter().take(1).collect();
    let hurried = study("eqprop.train.starved", first, starved(updates), None);
    blocks.extend(contest::run(context, &hurried)?);
    Ok(section("Denoising, learned by each estimator", blocks))
}

/// MNIST at 12 x 12.
///
/// # Errors
/// As [`digits8`], or missing files.
pub fn mnist12(context: &mut Context) -> anyhow::Result<Section> {
    let split = data::mnist::load(&context.data)?.at_12x12();
    let study = mnist(context, "eqprop.train.mnist12", split, 256, 144);
    Ok(section(
        "Denoising MNIST, 12 x 12",
        contest::run(context, &study)?,
    ))
}

/// MNIST at full size.
///
/// # Errors
/// As [`digits8`], or missing files.
pub fn mnist28(context: &mut Context) -> anyhow::Result<Section> {
    let split = data::mnist::load(&context.data)?.at_28x28();
    let study = mnist(context, "eqprop.train.mnist28", split, 512, 256);
    Ok(section(
        "Denoising MNIST, 28 x 28",
        contest::run(context, &study)?,
    ))
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
        perceptron: Some(4 * updates),
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
        contender("one_sided", "one-sided nudges", Nudging::one_sided(FIRM)),
        contender(
            "drift_compensated",
            "one-sided nudges, drift compensated",
            Nudging::compensated(FIRM),
        ),
        definite("definite", "symmetric nudges, K definite (q = .3)", 0.3),
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

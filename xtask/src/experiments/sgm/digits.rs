//! The digit experiments: which data, which networks, how much work.

use super::recipes::{Couplings, Efforts, Recipe};
use super::study::{self, Study};
use super::{exact, local};
use crate::data;
use crate::experiments::Context;
use crate::report::Section;
use crate::results::Preset;

pub const CLASSES01: [u8; 2] = [0, 1];
/// Hidden oscillators of `hidden` by MNIST, and by the embedded digits.
pub const MNIST_HIDDEN: usize = PAPER.hidden_units;
pub const EMBEDDED_HIDDEN: usize = QUICK.hidden_units;

const PAPER: Efforts = Efforts {
    slices: 16,
    rich: exact::Effort {
        draws: 10_000,
        iterations: 40,
    },
    matching: local::Effort {
        updates: 6000,
        batch: 64,
        rate: 3e-3,
    },
    hidden: local::Effort {
        updates: 12_000,
        batch: 128,
        rate: 3e-3,
    },
    hidden_units: 256,
};

pub const QUICK: Efforts = Efforts {
    slices: 16,
    rich: exact::Effort {
        draws: 4000,
        iterations: 30,
    },
    matching: local::Effort {
        updates: 1500,
        batch: 64,
        rate: 3e-3,
    },
    hidden: local::Effort {
        updates: 2500,
        batch: 64,
        rate: 3e-3,
    },
    hidden_units: 64,
};

/// Zeros and ones of the embedded digits.
///
/// # Errors
/// As [`study::run`].
pub fn digits01(context: &mut Context) -> anyhow::Result<Section> {
    let all = data::embedded::digits(context.seed)?;
    let study = Study {
        name: "sgm.digits01",
        title: "Zeros and ones from a small data set",
        intro:
            "144 oscillators, one for each pixel, are driven from thermal noise to a digit. The \
                training set is small (237 images of 8 x 8 pixels, enlarged), so that this runs \
                anywhere in minutes; MNIST has the figures to quote."
                .to_owned(),
        split: all.of_classes(&CLASSES01),
        judge_on: all,
        classes: CLASSES01.to_vec(),
        recipes: vec![
            Recipe::Plain,
            Recipe::ForceMatching,
            Recipe::Hidden,
            Recipe::PerClass,
        ],
        couplings: Couplings::AllToAllBilinear,
        efforts: QUICK,
        count: 500,
    };
    study::run(context, &study)
}

/// MNIST zeros and ones at 12 x 12.
///
/// # Errors
/// As [`study::run`].
pub fn mnist01(context: &mut Context) -> anyhow::Result<Section> {
    let all = data::mnist::load(&context.data)?.at_12x12();
    let study = Study {
        name: "sgm.mnist01",
        title: "MNIST zeros and ones, 12 x 12",
        intro:
            "144 oscillators, one for each pixel, are driven from thermal noise to a digit. Rows \
                that say so are learned from measured forces; the others are solved, to show what \
                a network can express. Springs between pixels cannot choose between the classes; \
                fast hidden oscillators can. A label oscillator and one protocol for each class \
                are told the class, which is another task."
                .to_owned(),
        split: all.of_classes(&CLASSES01),
        judge_on: all,
        classes: CLASSES01.to_vec(),
        recipes: vec![
            Recipe::Plain,
            Recipe::ForceMatching,
            Recipe::Rich,
            Recipe::Hidden,
            Recipe::Label,
            Recipe::Best,
            Recipe::PerClass,
        ],
        couplings: Couplings::AllToAll,
        efforts: efforts(context.preset),
        count: 1000,
    };
    study::run(context, &study)
}

/// All ten MNIST digits, one protocol for each.
///
/// # Errors
/// As [`study::run`].
pub fn mnist10(context: &mut Context) -> anyhow::Result<Section> {
    let all = data::mnist::load(&context.data)?.at_12x12();
    let study = Study {
        name: "sgm.mnist10",
        title: "All ten MNIST digits, 12 x 12",
        intro: "One protocol of wells and bilinear springs for each digit.".to_owned(),
        split: all.clone(),
        judge_on: all,
        classes: (0..data::CLASSES).collect(),
        recipes: vec![Recipe::PerClass],
        couplings: Couplings::AllToAllBilinear,
        efforts: Efforts {
            slices: 24,
            ..efforts(context.preset)
        },
        count: 1000,
    };
    study::run(context, &study)
}

/// MNIST zeros and ones at full size with local springs.
///
/// # Errors
/// As [`study::run`].
pub fn mnist28(context: &mut Context) -> anyhow::Result<Section> {
    let all = data::mnist::load(&context.data)?.at_28x28();
    let study = Study {
        name: "sgm.mnist28",
        title: "MNIST zeros and ones, 28 x 28",
        intro: "784 oscillators with springs to their neighbours only, one protocol for each \
                class. The memory that learning needs grows with parameters and states, never \
                with their product."
            .to_owned(),
        split: all.of_classes(&CLASSES01),
        judge_on: all,
        classes: CLASSES01.to_vec(),
        recipes: vec![Recipe::PerClass],
        couplings: Couplings::Shells(4),
        efforts: efforts(context.preset),
        count: 1000,
    };
    study::run(context, &study)
}

const fn efforts(preset: Preset) -> Efforts {
    match preset {
        Preset::Quick => QUICK,
        Preset::Paper => PAPER,
    }
}

//! Accounting: what all of it would cost, every joule from an act that a run has counted.
//!
//! | file | what |
//! |---|---|
//! | `published` | the pair of modules of the papers, run and metered |
//! | `inference`, `training` | the published gains, recomputed switch by switch |
//! | `systems` | the counts of all four systems, and what they are compared with |
//! | `update` | the arithmetic that stays digital in training |
//! | `overview` | their bills side by side |
//! | `billed` | counts on their way to bills, figures and files |
//! | `figures` | what they show |
//!
//! Prices are those of `overdamped-accounting`; counts are written into the output folder under `counts/`, where
//! `cargo xtask bill` reads them.

mod billed;
mod figures;
mod inference;
mod overview;
mod published;
mod systems;
mod training;
mod update;

use super::Experiment;
use crate::results::Preset;

const BOTH: &[Preset] = &[Preset::Quick, Preset::Paper];

/// The experiments of this group.
pub const ALL: &[Experiment] = &[
    Experiment {
        name: "accounting.inference",
        about: "the published energy gain of inference, recomputed from counted acts",
        needs_mnist: false,
        presets: BOTH,
        has_published: false,
        run: inference::run,
    },
    Experiment {
        name: "accounting.training",
        about: "the published energy gain of a step of training, the same way",
        needs_mnist: false,
        presets: BOTH,
        has_published: false,
        run: training::run,
    },
    Experiment {
        name: "accounting.systems",
        about: "bills of all four systems from the counts of their runs, beside four baselines",
        needs_mnist: false,
        presets: BOTH,
        has_published: false,
        run: overview::run,
    },
];

//! Force-based score-based generation on driven nonlinear oscillators (arXiv 2506.19136).
//!
//! | file | what |
//! |---|---|
//! | `network` | which oscillators and springs |
//! | `exact` | the exact optimum of a protocol, slice by slice |
//! | `local` | the same protocol learned by a local rule |
//! | `generator` | a trained protocol: sampling, films, files |
//! | `mixture` | the two-dimensional experiment |
//! | `oracle` | the exact score of the mixture, as an energy |
//! | `thermodynamics` | Jarzynski's equality on a learned protocol |
//! | `recipes` | how each network that draws digits is made |
//! | `artist` | a made network that draws, one protocol or one for each class |
//! | `digits` | the digit experiments: data, networks, work |
//! | `study` | the course of each: make, draw, judge |
//! | `acts` | what a sample and an update of training take, for accounting |
//! | `records`, `figures` | what it writes down, what it shows |

pub mod acts;
mod artist;
mod digits;
mod exact;
mod figures;
mod generator;
mod local;
mod mixture;
mod network;
mod oracle;
mod recipes;
mod records;
mod study;
mod thermodynamics;

pub use digits::{EMBEDDED_HIDDEN, MNIST_HIDDEN};

use super::Experiment;
use crate::results::Preset;

const BOTH: &[Preset] = &[Preset::Quick, Preset::Paper];
const PAPER: &[Preset] = &[Preset::Paper];

/// The experiments of this system.
pub const ALL: &[Experiment] = &[
    Experiment {
        name: "sgm.mixture",
        about: "a mixture of two Gaussians, drawn by two coupled oscillators",
        needs_mnist: false,
        presets: BOTH,
        has_published: false,
        run: |context| mixture::run(context, "sgm.mixture", 0.5),
    },
    Experiment {
        name: "sgm.mixture_w03",
        about: "the same with weights .3 and .7",
        needs_mnist: false,
        presets: PAPER,
        has_published: false,
        run: |context| mixture::run(context, "sgm.mixture_w03", 0.3),
    },
    Experiment {
        name: "sgm.digits01",
        about: "zeros and ones of a small embedded data set, drawn by 144 oscillators",
        needs_mnist: false,
        presets: BOTH,
        has_published: false,
        run: digits::digits01,
    },
    Experiment {
        name: "sgm.mnist01",
        about: "MNIST zeros and ones, drawn by 144 oscillators",
        needs_mnist: true,
        presets: PAPER,
        has_published: false,
        run: digits::mnist01,
    },
    Experiment {
        name: "sgm.mnist10",
        about: "all ten MNIST digits, one protocol for each",
        needs_mnist: true,
        presets: PAPER,
        has_published: false,
        run: digits::mnist10,
    },
    Experiment {
        name: "sgm.mnist28",
        about: "MNIST zeros and ones at 28 x 28 with local springs",
        needs_mnist: true,
        presets: PAPER,
        has_published: false,
        run: digits::mnist28,
    },
];

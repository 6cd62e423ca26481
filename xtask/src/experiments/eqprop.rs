//! Equilibrium propagation on the bilinear substrate (arXiv 2604.23806).
//!
//! | file | what |
//! |---|---|
//! | `theory` | what estimators of the gradient are worth: bias, unfinished relaxation, noise, advice |
//! | `network` | the four modules, and what noise levels share of them |
//! | `recipe`, `course` | settings of training, and the run |
//! | `wiener` | the best linear denoiser |
//! | `denoising`, `contest` | the experiments `eqprop.train`: who is in them, and how they are judged |
//! | `backpropagation` | what is trained by a computer instead |
//! | `drawing` | digits by relaxation down the ladder |
//! | `closed_loop` | the experiment `eqprop.loop` |
//! | `kept` | the network that the paper preset trained |
//! | `acts` | what a sample and an update of training take, for accounting |
//! | `figures` | what they show |

pub mod acts;
mod backpropagation;
mod closed_loop;
mod contest;
mod course;
mod denoising;
mod drawing;
mod figures;
mod kept;
mod network;
mod recipe;
mod theory;
pub mod wiener;

use super::Experiment;
use crate::results::Preset;

/// The experiments of this system.
pub const ALL: &[Experiment] = &[
    Experiment {
        name: "eqprop",
        about: "the theory of nudged equilibria: bias, noise and unfinished relaxation",
        needs_mnist: false,
        presets: &[Preset::Quick, Preset::Paper],
        has_published: false,
        run: theory::run,
    },
    Experiment {
        name: "eqprop.train",
        about: "denoising of 8 x 8 digits, learned by each estimator",
        needs_mnist: false,
        presets: &[Preset::Quick, Preset::Paper],
        has_published: false,
        run: denoising::digits8,
    },
    Experiment {
        name: "eqprop.train.mnist12",
        about: "the same with MNIST at 12 x 12",
        needs_mnist: true,
        presets: &[Preset::Paper],
        has_published: false,
        run: denoising::mnist12,
    },
    Experiment {
        name: "eqprop.train.mnist28",
        about: "the same with MNIST at 28 x 28",
        needs_mnist: true,
        presets: &[Preset::Paper],
        has_published: false,
        run: denoising::mnist28,
    },
    Experiment {
        name: "eqprop.loop",
        about: "one substrate learns to denoise by nudges, and samples digits by its own relaxation",
        needs_mnist: false,
        presets: &[Preset::Quick, Preset::Paper],
        has_published: false,
        run: closed_loop::run,
    },
];

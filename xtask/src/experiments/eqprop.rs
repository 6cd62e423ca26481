//! Equilibrium propagation on the bilinear substrate (arXiv 2604.23806).
//!
//! | file | what |
//! |---|---|
//! | `network` | the four modules, and what noise levels share of them |
//! | `recipe`, `course` | settings of training, and the run |
//! | `wiener` | the best linear denoiser |
//! | `drawing` | digits by relaxation down the ladder |
//! | `closed_loop` | the experiment `eqprop.loop` |
//! | `figures` | what they show |

mod closed_loop;
mod course;
mod drawing;
mod figures;
mod network;
mod recipe;
mod wiener;

use super::Experiment;
use crate::results::Preset;

/// The experiments of this system.
pub const ALL: &[Experiment] = &[Experiment {
    name: "eqprop.loop",
    about: "one substrate learns to denoise by nudges, and samples digits by its own relaxation",
    needs_mnist: false,
    presets: &[Preset::Quick, Preset::Paper],
    has_published: false,
    run: closed_loop::run,
}];

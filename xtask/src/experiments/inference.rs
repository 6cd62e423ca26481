//! Thermodynamic diffusion inference (arXiv 2604.14332): a U-Net's decoder as the equilibrium of a substrate.
//!
//! | file | what |
//! |---|---|
//! | `source` | the U-Net, and the activations that it makes of noised digits |
//! | `scores` | how near predicted activations come to its own |
//! | `patches`, `decoder` | the decoder of the U-Net as one bilinear energy, fitted module by module |
//! | `study`, `predictors`, `ranks`, `fits` | everything that predicts the decoder, judged alike |
//! | `published` | the published pipeline to the letter, and the audit beside it |
//! | `langevin` | the decoder sampled by the engine |
//! | `generation` | the whole reverse process with the substrate in the decoder's place |
//! | `figures` | what they show |

mod decoder;
mod figures;
mod fits;
mod generation;
mod langevin;
mod patches;
mod predictors;
mod published;
mod ranks;
mod scores;
mod source;
mod study;

pub use self::generation::RUNGS;
pub use self::langevin::acts;
use super::Experiment;
use crate::results::Preset;

/// The experiments of this system.
pub const ALL: &[Experiment] = &[
    Experiment {
        name: "inference",
        about: "a U-Net's decoder predicted by couplings: every method, beside what is trivial",
        needs_mnist: false,
        presets: &[Preset::Quick, Preset::Paper],
        has_published: false,
        run: study::run,
    },
    Experiment {
        name: "inference.langevin",
        about: "the decoder sampled by the engine: equilibrium, averages, times",
        needs_mnist: false,
        presets: &[Preset::Quick, Preset::Paper],
        has_published: false,
        run: langevin::run,
    },
    Experiment {
        name: "inference.generation",
        about: "digits out of noise, with a substrate in the place of a U-Net's decoder",
        needs_mnist: false,
        presets: &[Preset::Quick, Preset::Paper],
        has_published: false,
        run: generation::run,
    },
];

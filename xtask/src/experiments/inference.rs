//! Thermodynamic diffusion inference (arXiv 2604.14332): a U-Net's decoder as the equilibrium of a substrate.
//!
//! | file | what |
//! |---|---|
//! | `source` | the U-Net, and the activations that it makes of noised digits |
//! | `scores` | how near predicted activations come to its own |
//! | `decoder` | the decoder of the U-Net as one bilinear energy, fitted module by module |
//! | `published` | the published pipeline to the letter, and the audit beside it |
//! | `langevin` | the decoder sampled by the engine |
//! | `generation` | the whole reverse process with the substrate in the decoder's place |

mod decoder;
mod patches;
mod predictors;
mod scores;
mod source;
mod study;

use super::Experiment;

/// The experiments of this system.
pub const ALL: &[Experiment] = &[];

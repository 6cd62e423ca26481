//! Local learning rules for thermodynamic generative models.
//!
//! A rule names states and weights; everything else is shared. Each gradient estimate is
//! a contrast of the local parameter gradient dE/dtheta between states that a
//! [`Substrate`](overdamped_substrate::Substrate) visits:
//!
//! | rule | states | estimate |
//! |---|---|---|
//! | [`ForceMatching`] | x_s, with the force error e | -d/d eps dE(x + eps e) |
//! | [`PathLikelihood`] | the same along an observed path | the same |
//! | [`Contrastive::equilibrium`] (static CD) | x_s and where it relaxes to | dE(x) - dE(x') |
//! | [`Contrastive::trajectory`] | x_s and the network's way back to it | dE(x) - dE(x') |
//! | [`Nudging`] | the free state, nudged to one side or both, at rest or in the bath | [dE(x+) - dE(x-)] / (2 beta) |
//! | [`GradEp`] | the same, on a spring at x_t | the same |
//! | [`covariance_gradient`] | free samples, no nudge | -Cov(dE, C) / kT |
//!
//! The first four learn in the denoiser form of [`Denoiser`]. [`GradEp`] learns the velocity field of flow
//! matching ([`FlowPairs`]), read as the displacement on a [`Spring`]; a [`Walk`] follows it from noise to
//! data. All share one training loop, [`train`] ([`Adam`] under a [`Schedule`]; clipping, skipped outliers
//! and averaging where wanted), and one [`Checkpoint`] format; [`files`] writes it so that a kill costs
//! no more than time.
//!
//! Oracles say how good a rule is, or could have been:
//!
//! | oracle | exact |
//! |---|---|
//! | [`implicit_gradient`] | gradient of a cost at rest, by the implicit function theorem, for any energy |
//! | [`LeastSquares`] | optimum on given draws, for any energy that is linear in its parameters |
//! | [`MomentProblem`] | optimum over the whole noised data set, for sites and bilinear pairs |
//! | [`theory`] | bias, variance and best nudge of every nudged estimator, for quadratic energies |
//!
//! This crate knows energies and substrates, and nothing of data formats, images or judging.

// A library that panics takes a user's hours with it; tests may.
#![cfg_attr(
    not(test),
    warn(
        clippy::panic,
        clippy::expect_used,
        clippy::unreachable,
        clippy::unimplemented
    )
)]

mod adam;
mod checkpoint;
mod conditioned;
mod contrastive;
mod covariance;
mod error;
mod examples;
pub mod files;
mod flow;
mod force_matching;
mod gradep;
mod implicit;
mod ladder;
mod least_squares;
mod moments;
mod noising;
mod nudging;
mod path_likelihood;
mod rule;
mod score_matching;
mod score_modules;
mod settling;
pub mod theory;
mod training;
mod wiring;

pub use adam::{Adam, AdamSettings, Schedule, Step};
pub use checkpoint::Checkpoint;
pub use conditioned::Conditioned;
pub use contrastive::Contrastive;
pub use covariance::covariance_gradient;
pub use error::LearnError;
pub use examples::{Draws, Examples};
pub use flow::{Assignment, FlowBatch, FlowPairs, Pairing, Spring, Walk, assign};
pub use force_matching::ForceMatching;
pub use gradep::{GradEp, GradEpSettings};
pub use implicit::implicit_gradient;
pub use ladder::{Ladder, Rung};
pub use least_squares::{Floor, LeastSquares, Optimum, SolveSettings};
pub use moments::{DataMoments, MomentOptimum, MomentProblem, MomentSettings};
pub use noising::{Denoiser, Interval, Level, Noising};
pub use nudging::{FreeState, NudgeForce, Nudging, Phase, QuadraticCost, Reading, Sides, Visited};
pub use path_likelihood::PathLikelihood;
pub use rule::{Measured, Rule};
pub use score_matching::{Backward, NoiseLevel, ScoreMatching, ScoreMatchingSettings};
pub use score_modules::ScoreModules;
pub use settling::{Settled, Settling};
pub use training::{Milestone, Model, Outcome, Verdict, train};
pub use wiring::Wiring;

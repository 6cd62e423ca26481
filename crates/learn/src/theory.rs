//! Theory of nudged equilibria, as code (equilibrium propagation on a bilinear substrate, arXiv 2604.23806;
//! the derivations are in the files named below).
//!
//! The energy is quadratic, so that every state that an estimator reads, and every error that it makes,
//! has a closed form: what a nudge does to the gradient of a cost, how phases that are too short and
//! samples that are too few spoil it, and which nudge is best. Dense, in f64, for up to some hundred
//! units.
//!
//! | symbol | meaning |
//! |---|---|
//! | E = z.K z / 2 - b.z | energy; K symmetric positive definite, units x units, a coupling is -z_l^T J z_m |
//! | L = (z - t).P (z - t) / 2 | cost; P has ones at the seen units of the diagonal |
//! | x = K^-1 b | rest |
//! | g = P (x - t) | gradient of the cost at rest |
//! | v = -K^-1 g | response: how x moves with a weak nudge |
//! | R = K^-1 P | recoil: how a nudge by L gives way as the state follows it |
//! | beta | nudge strength; the energy becomes E + beta L, or E + beta g.z for a constant force |
//! | Lambda | nudge bound: K - beta P > 0 below Lambda = 1 / largest eigenvalue of the seen block of K^-1 |
//! | mu, kT, N | mobility, temperature, independent samples |
//!
//! All gradients are dL/dJ as a full symmetric matrix; a block of two modules is that of their coupling:
//!
//! dL = g.dx = -g.K^-1 dK x = v.dK x, and dK_lm = -dJ, dK_ml = -dJ^T, so dL/dJ_lm = -(x_l v_m^T + v_l x_m^T).
//!
//! | question | answer | file |
//! |---|---|---|
//! | rest, response, nudged states | [`QuadraticSystem`] | `system.rs` |
//! | bias of a finite nudge | [`QuadraticSystem::bias`], [`QuadraticSystem::leading_bias`] | `bias.rs` |
//! | how large it can be | [`BiasBound`] | `bound.rs` |
//! | finite phases, heat, samples | [`QuadraticSystem::statistics`] of a [`Measurement`] | `measurement.rs`, `gaussian.rs`, `covariance.rs` |
//! | error and best nudge | [`QuadraticSystem::accuracy`], [`LeadingError`] | `accuracy.rs` |
//! | what to do on given hardware | [`recommend`] | `recommend.rs` |
//!
//! ```
//! use overdamped_learn::theory::{Estimator, Typical};
//!
//! let system = Typical::default().system(1)?;
//! let exact = system.exact_gradient();
//! let estimate = system.estimate(Estimator::ConstantForce, 1.0)?;
//! assert!((estimate - &exact).norm_l2() < 1e-10 * exact.norm_l2());
//! # Ok::<(), overdamped_learn::LearnError>(())
//! ```

mod accuracy;
mod bias;
mod bound;
mod covariance;
mod estimator;
mod gaussian;
mod measurement;
mod recommend;
mod spectrum;
mod system;
mod typical;

pub use accuracy::{Accuracy, Block, LeadingError, OptimalNudge};
pub use bound::BiasBound;
pub use estimator::Estimator;
pub use gaussian::Statistics;
pub use measurement::{Bath, Loss, Measurement};

pub use crate::Reading;
pub use recommend::{Hardware, Recommendation, recommend};
pub use system::QuadraticSystem;
pub use typical::Typical;

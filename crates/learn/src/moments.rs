//! The exact optimum of force matching for sites and bilinear couplings, from moments of the data.
//!
//! In denoiser form the network's force is the denoiser,
//!
//! xhat_i(x) = b_i - k_i x_i - c_i x_i^2 - q_i x_i^3 + sum_j J_ij x_j, x = a x_0 + sigma eps,
//!
//! and force matching minimises L(theta') = E |xhat(x) - x_0|^2 / (2 n), a quadratic
//! form. Its coefficients are moments of x up to sixth order at a unit and fourth
//! order between two units, and these follow from the moments of x_0 by
//! binomial expansion. Nothing is sampled: the optimum has no error but rounding, so that
//! "a rule learns" becomes a number, its excess loss (the energy of arXiv 2506.19136;
//! denoising as score matching: Vincent 2011). The error of the predicted noise per unit, which
//! the literature quotes, is 2 (a / sigma)^2 L.
//!
//! | symbol | meaning |
//! |---|---|
//! | y, xi | x_0 - E x_0, x - E x |
//! | z_i | xi_i / sd x_i |
//! | S | E xi xi^T = a^2 E y y^T + sigma^2 |
//!
//! [`DataMoments`] are taken once; a [`MomentProblem`] is one noise level; its solver eliminates
//! the sites ([`basis`]), and runs conjugate gradients over the couplings ([`projected`]). A
//! matrix over parameters never exists: memory is O(n^2) and an iteration O(n^3) for any edge set.

mod basis;
mod binomial;
mod conjugate;
mod data;
mod noised;
mod problem;
mod projected;
mod solve;
#[cfg(test)]
mod tests;

pub use data::DataMoments;
pub use problem::MomentProblem;
pub use solve::{MomentOptimum, MomentSettings};

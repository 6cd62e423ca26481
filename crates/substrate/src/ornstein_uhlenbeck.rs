//! Exact Ornstein-Uhlenbeck process: the linear substrate without a time-step error.
//!
//! A network of springs in a heat bath (or in several, at different temperatures) obeys
//!
//! ```text
//! dx = -A (x - m) dt + B dW,      B B^T = D.
//! ```
//!
//! Its transition over a finite duration is Gaussian and known in closed form,
//!
//! ```text
//! x(t) | x(0) ~ N( m + E(t) (x(0) - m),  Q(t) ),
//! E(t) = exp(-A t),      Q(t) = int_0^t exp(-A s) D exp(-A^T s) ds,
//! ```
//!
//! for **any** stable drift `A`, normal or not, and **any** positive-semidefinite diffusion `D`,
//! singular or not. Nothing here diagonalises `A`, nor assumes that `A` and `D` commute: a formula
//! that does, such as `int exp(-(A + A^T) s) ds D`, is wrong by tens of per cent already for
//! `A = [[1, 4], [0, 2]]`, `D = 2 I`. [`Transition`] says how `E` and `Q` are computed.
//!
//! | symbol | code | meaning | unit |
//! |---|---|---|---|
//! | `x` | state column | positions of the units of one chain | length |
//! | `m` | `mean` | fixed point of the drift | length |
//! | `A` | `drift` | mobility times stiffness | 1 / time |
//! | `D` | `diffusion` | `B B^T`; `2 mu kT` on the diagonal for independent baths | length² / time |
//! | `E` | [`Transition::propagator`] | mean response to the initial state | 1 |
//! | `Q` | [`Transition::covariance`] | spread gathered since the start | length² |
//! | `S` | [`OrnsteinUhlenbeck::stationary_covariance`] | `Q` at infinite time: `A S + S A^T = D` | length² |
//! | `sigma` | [`OrnsteinUhlenbeck::entropy_production_rate`] | stationary entropy production, `k = 1` | 1 / time |
//!
//! `D` is the covariance of the noise per unit time. In the Fokker-Planck equation it stands with a
//! factor one half, which matters when formulas are taken from papers that write `D` for that half.
//!
//! # Sources
//!
//! - Exact updates: D. T. Gillespie, *Exact numerical simulation of the Ornstein-Uhlenbeck process
//!   and its integral*, Phys. Rev. E 54, 2084 (1996); there for one unit, here for many.
//! - The integral `Q`: C. F. Van Loan, *Computing integrals involving the matrix exponential*,
//!   IEEE Trans. Autom. Control 23, 395 (1978).
//! - Stationary covariance by doubling: R. A. Smith, *Matrix equation XA + BX = C*,
//!   SIAM J. Appl. Math. 16, 198 (1968).
//! - Entropy production: C. Godrèche and J.-M. Luck, *Characterising the nonequilibrium stationary
//!   states of Ornstein-Uhlenbeck processes*, J. Phys. A 52, 035002 (2019).
//!
//! # Example
//!
//! Two coupled units, one bath at temperature 2 and one at temperature 1: heat flows at the rate
//! `J = kappa² (T1 - T2) / (2 (k + kappa))` and produces entropy at the rate `J (1/T2 - 1/T1)`.
//!
//! ```
//! use faer::{Mat, mat};
//! use overdamped_substrate::ornstein_uhlenbeck::OrnsteinUhlenbeck;
//! use rand::SeedableRng;
//! use rand_pcg::Pcg64Mcg;
//!
//! # fn main() -> Result<(), overdamped_substrate::ornstein_uhlenbeck::OrnsteinUhlenbeckError> {
//! let (stiffness, coupling, hot, cold) = (1.0, 0.5, 2.0, 1.0);
//! let process = OrnsteinUhlenbeck::new(
//!     mat![
//!         [stiffness + coupling, -coupling],
//!         [-coupling, stiffness + coupling],
//!     ],
//!     mat![[2.0 * hot, 0.0], [0.0, 2.0 * cold]],
//!     vec![0.0, 0.0],
//! )?;
//!
//! let heat_flow = coupling * coupling * (hot - cold) / (2.0 * (stiffness + coupling));
//! let expected = heat_flow * (1.0 / cold - 1.0 / hot);
//! assert!((process.entropy_production_rate()? - expected).abs() < 1e-12);
//!
//! // Three chains, each with its own stream, advanced by one exact step of any length.
//! let mut streams: Vec<_> = (0..3).map(Pcg64Mcg::seed_from_u64).collect();
//! let mut x = Mat::from_fn(2, 3, |_, _| 1.0);
//! process.transition(0.7)?.sample_into(x.as_mut(), &mut streams)?;
//! # Ok(())
//! # }
//! ```

mod dense;
mod doubling;
mod error;
mod transition;
mod validation;

use faer::{Mat, MatRef};

pub use error::OrnsteinUhlenbeckError;
pub use transition::Transition;

use dense::{correlation, invert_lower, largest_entry, lower_cholesky, product, symmetric_eigen};
use doubling::Doubling;

/// Result of this module.
type Result<T> = std::result::Result<T, OrnsteinUhlenbeckError>;

/// Largest residual of `A S + S A^T = D` that [`OrnsteinUhlenbeck::stationary_covariance`] accepts,
/// relative to the size of the terms that cancel in it. Rounding alone leaves about
/// `units * f64::EPSILON`; the margin covers thousands of units and stays far below any statistical use.
const STATIONARY_RESIDUAL: f64 = 1e-11;

/// A stable linear process `dx = -A (x - m) dt + B dW` with `B B^T = D`.
///
/// Validated once at construction; afterwards `D` is exactly symmetric.
#[derive(Clone, Debug)]
pub struct OrnsteinUhlenbeck {
    drift: Mat<f64>,
    diffusion: Mat<f64>,
    mean: Vec<f64>,
}

impl OrnsteinUhlenbeck {
    /// Builds the process from `A` (`drift`, units x units, 1 / time), `D = B B^T` (`diffusion`,
    /// units x units, length² / time) and the fixed point `m` (`mean`, one entry per unit, length).
    ///
    /// # Errors
    ///
    /// A shape mismatch, a non-finite entry, a diffusion that is asymmetric or has an eigenvalue
    /// below zero by more than rounding, or a drift with an eigenvalue whose real part is not
    /// above zero by more than rounding.
    pub fn new(drift: Mat<f64>, diffusion: Mat<f64>, mean: Vec<f64>) -> Result<Self> {
        validation::shapes(drift.as_ref(), diffusion.as_ref(), &mean)?;
        validation::finite(drift.as_ref(), diffusion.as_ref(), &mean)?;
        let diffusion = validation::symmetrised(diffusion)?;
        validation::positive_semidefinite(diffusion.as_ref())?;
        validation::stable(drift.as_ref())?;
        Ok(Self {
            drift,
            diffusion,
            mean,
        })
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.mean.len()
    }

    /// Drift `A`, units x units, in 1 / time.
    pub fn drift(&self) -> MatRef<'_, f64> {
        self.drift.as_ref()
    }

    /// Diffusion `D = B B^T`, units x units, in length² / time.
    pub fn diffusion(&self) -> MatRef<'_, f64> {
        self.diffusion.as_ref()
    }

    /// Fixed point `m` of the drift, one entry per unit, in units of length.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Exact transition over `duration` (time), from 0 to the end of the `f64` range.
    ///
    /// The result belongs to a drift that differs from `A` by rounding, about
    /// `f64::EPSILON * |A|`: a mode that much slower than the fastest one is as uncertain as `A` is.
    ///
    /// # Errors
    ///
    /// A negative or non-finite duration; a covariance beyond the range of `f64`.
    pub fn transition(&self, duration: f64) -> Result<Transition> {
        if !(duration.is_finite() && duration >= 0.0) {
            return Err(OrnsteinUhlenbeckError::InvalidDuration { duration });
        }
        let (propagator, covariance) =
            Doubling::over(self.drift(), self.diffusion(), duration).into_parts();
        Transition::new(propagator, covariance, self.mean.clone())
    }

    /// Transition of infinite duration: it forgets its start, so that
    /// [`Transition::sample_into`] draws independent states from the stationary law.
    ///
    /// # Errors
    ///
    /// Those of [`stationary_covariance`](Self::stationary_covariance).
    pub fn stationary_transition(&self) -> Result<Transition> {
        let units = self.units();
        Transition::new(
            Mat::zeros(units, units),
            self.stationary_covariance()?,
            self.mean.clone(),
        )
    }

    /// Stationary covariance `S`, units x units, in length²: the solution of `A S + S A^T = D`.
    ///
    /// # Errors
    ///
    /// A residual of that equation above rounding level, which happens only when the drift is so
    /// close to instability, or so far from normal, that `f64` does not determine `S`.
    pub fn stationary_covariance(&self) -> Result<Mat<f64>> {
        let covariance = Doubling::to_stationary(self.drift(), self.diffusion());
        let product = product(self.drift(), covariance.as_ref());
        let units = self.units();
        let residual = Mat::from_fn(units, units, |i, j| {
            product[(i, j)] + product[(j, i)] - self.diffusion[(i, j)]
        });
        let scale = largest_entry(self.diffusion())
            + largest_entry(self.drift()) * largest_entry(covariance.as_ref());
        let bound = STATIONARY_RESIDUAL * scale;
        let residual = largest_entry(residual.as_ref());
        if residual <= bound {
            Ok(covariance)
        } else {
            Err(OrnsteinUhlenbeckError::StationaryResidual { residual, bound })
        }
    }

    /// Entropy produced per unit time in the stationary state, in units of k / time: zero if and only
    /// if detailed balance holds (`A D` symmetric), positive otherwise.
    ///
    /// The irreversible part of `A S = D/2 + K` is the antisymmetric `K`; the stationary current
    /// has the mean velocity `-K S^-1 x`, and
    ///
    /// ```text
    /// sigma = 2 tr(K^T D^-1 K S^-1) = 2 tr(A^T D^-1 A S) - tr A.
    /// ```
    ///
    /// The first form is used: with Cholesky factors of `D` and `S` it is a sum of squares, so it
    /// neither cancels near equilibrium nor turns negative. (With the Fokker-Planck convention
    /// `D/2` in place of `D`, the factor two before the second trace disappears.)
    ///
    /// # Errors
    ///
    /// A singular diffusion: a noiseless direction makes the entropy production of a steady current
    /// infinite or undefined. Also those of [`stationary_covariance`](Self::stationary_covariance).
    pub fn entropy_production_rate(&self) -> Result<f64> {
        let units = self.units();
        let noise_inverse = inverse_cholesky("diffusion", self.diffusion())?;
        let covariance = self.stationary_covariance()?;
        let spread_inverse = inverse_cholesky("stationary covariance", covariance.as_ref())?;

        let forward = product(self.drift(), covariance.as_ref());
        // (A S - S A^T) / 2 equals A S - D/2, and is antisymmetric to the last bit.
        let circulation = Mat::from_fn(units, units, |i, j| {
            0.5 * (forward[(i, j)] - forward[(j, i)])
        });
        let left = product(noise_inverse.as_ref(), circulation.as_ref());
        let whitened = product(left.as_ref(), spread_inverse.transpose());
        Ok(2.0 * whitened.squared_norm_l2())
    }
}

/// Inverse of the lower Cholesky factor of a symmetric matrix that must be invertible.
///
/// Whether it is, is judged on the matrix scaled to a unit diagonal: baths at 1e-6 and 1 kelvin
/// are both legitimate, two perfectly correlated noises are not.
fn inverse_cholesky(quantity: &'static str, matrix: MatRef<'_, f64>) -> Result<Mat<f64>> {
    let (scales, unit_diagonal) = correlation(matrix);
    let (eigenvalues, _) = symmetric_eigen(quantity, unit_diagonal.as_ref())?;
    let eigenvalue = eigenvalues.iter().copied().fold(f64::INFINITY, f64::min);
    let bound = 4.0 * matrix.nrows() as f64 * f64::EPSILON;
    let factor = if eigenvalue > bound {
        lower_cholesky(unit_diagonal)
    } else {
        None
    };
    let factor = factor.ok_or(OrnsteinUhlenbeckError::Singular {
        quantity,
        eigenvalue,
        bound,
    })?;
    let mut inverse = invert_lower(factor.as_ref());
    for (j, scale) in scales.iter().enumerate() {
        for i in 0..matrix.nrows() {
            inverse[(i, j)] /= scale;
        }
    }
    Ok(inverse)
}

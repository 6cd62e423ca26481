//! Propagator and covariance of a linear process: a short series step, then doubling.
//!
//! **Why not one block exponential.** Van Loan's identity reads `E` and `Q` off the exponential of
//! `[[A, D], [0, -A^T]] t` (signs vary). One of its diagonal blocks is `exp(+A t)`: it grows as fast
//! as the process relaxes. At `lambda t > 710` it overflows, and long before that `Q` is lost in
//! the product of a huge and a tiny block, since a relative error `eps exp(lambda t)` is no longer
//! small at `lambda t = 30`. A relaxed substrate lives exactly there.
//!
//! **What is done instead.** Over a step `h` so short that nothing grows, sum both series; then
//! let the process be its own integrator,
//!
//! ```text
//! E(2 h) = E(h)²,      Q(2 h) = Q(h) + E(h) Q(h) E(h)^T,
//! ```
//!
//! `log2(t / h)` times. `Q` is a sum of positive-semidefinite terms, so nothing cancels, and a
//! decayed `E` is harmless. The series for `Q` needs no block matrix and no linear solve, because
//! `dQ/dt = D + L(Q)` with the Lyapunov operator `L(X) = -(A X + X A^T)`:
//!
//! ```text
//! E(h) = sum_k (-h A)^k / k!,      Q(h) = sum_k h^(k+1) L^k(D) / (k+1)!.
//! ```
//!
//! **Stiff drifts.** A fast mode forces a tiny `h`, over which a slow mode moves by far less than
//! one; stored as `E = 1 - 1e-9`, half of its digits are gone before the first doubling. So the
//! *increment* `F = E - I` is doubled, `F(2h) = 2 F + F²`, as long as `E` is of order one; once
//! `E` has become small it is `F` that would lose digits, and `E` itself is squared.

use faer::{Mat, MatRef, zip};

use super::dense::{column_norm, product};

/// Terms of either series. The operator norms of `h A` and `h L` are at most 1/2, so the first
/// omitted term is below `2^-16 / 17! < 1e-19` of the leading one.
const SERIES_TERMS: usize = 16;

/// Largest norm of `h L` in the series step.
const SERIES_STEP: f64 = 0.5;

/// Doublings after which [`Doubling::to_stationary`] gives up (the caller checks the residual).
/// The slowest mode accepted at construction needs about 60.
const MAX_DOUBLINGS: usize = 200;

/// `E` and `Q` of some duration, and the increment `E - I`.
pub(super) struct Doubling {
    increment: Mat<f64>,
    propagator: Mat<f64>,
    covariance: Mat<f64>,
}

impl Doubling {
    /// `E` and `Q` over `duration`, finite and non-negative.
    pub(super) fn over(drift: MatRef<'_, f64>, diffusion: MatRef<'_, f64>, duration: f64) -> Self {
        // Exponents are added instead of numbers multiplied: rate * duration may overflow.
        let exponent = (rate(drift) / SERIES_STEP).log2() + duration.log2();
        let doublings = exponent.ceil().max(0.0) as i32;
        // Two exact halves of the power of two, as 2^-doublings itself may underflow.
        let half = doublings / 2;
        let step = duration * 2f64.powi(-half) * 2f64.powi(half - doublings);
        let mut state = Self::series(drift, diffusion, step);
        for _ in 0..doublings {
            state.double();
            if column_norm(state.propagator.as_ref()) == 0.0 {
                break;
            }
        }
        state
    }

    /// `Q` of infinite duration.
    pub(super) fn to_stationary(drift: MatRef<'_, f64>, diffusion: MatRef<'_, f64>) -> Mat<f64> {
        let mut state = Self::series(drift, diffusion, SERIES_STEP / rate(drift));
        for _ in 0..MAX_DOUBLINGS {
            let growth = state.double();
            // The propagator must have decayed as well: before that, a non-normal drift may still
            // carry noise from one unit to another that has barely moved so far.
            let settled = (0..growth.nrows())
                .all(|i| growth[(i, i)] <= f64::EPSILON * state.covariance[(i, i)]);
            if settled && column_norm(state.propagator.as_ref()) < 0.5 {
                break;
            }
        }
        state.covariance
    }

    /// Propagator `E` and covariance `Q`.
    pub(super) fn into_parts(self) -> (Mat<f64>, Mat<f64>) {
        (self.propagator, self.covariance)
    }

    /// Both series, over a `step` with `rate(drift) * step <= SERIES_STEP`.
    fn series(drift: MatRef<'_, f64>, diffusion: MatRef<'_, f64>, step: f64) -> Self {
        let n = drift.nrows();
        let generator = Mat::from_fn(n, n, |i, j| -step * drift[(i, j)]);

        // Summed from the last term to the first (Horner), so that small terms meet first.
        // F = G (I + G/2 (I + G/3 (...)))
        let mut increment = generator.clone();
        for k in (2..=SERIES_TERMS).rev() {
            let mut inner = increment;
            zip!(&mut inner).for_each(|faer::unzip!(value)| *value /= k as f64);
            for i in 0..n {
                inner[(i, i)] += 1.0;
            }
            increment = product(generator.as_ref(), inner.as_ref());
        }

        // Q = D h + L(D h + L(D h + ...)/3)/2
        let kick = Mat::from_fn(n, n, |i, j| step * diffusion[(i, j)]);
        let mut covariance = kick.clone();
        for k in (2..=SERIES_TERMS).rev() {
            let flow = product(generator.as_ref(), covariance.as_ref());
            covariance = Mat::from_fn(n, n, |i, j| {
                kick[(i, j)] + (flow[(i, j)] + flow[(j, i)]) / k as f64
            });
        }

        let propagator = plus_identity(increment.as_ref());
        Self {
            increment,
            propagator,
            covariance,
        }
    }

    /// Twice the duration; returns what `Q` gained.
    fn double(&mut self) -> Mat<f64> {
        let n = self.covariance.nrows();
        let carried = product(self.propagator.as_ref(), self.covariance.as_ref());
        let growth = product(carried.as_ref(), self.propagator.transpose());
        // The two products round differently on either side of the diagonal.
        let growth = Mat::from_fn(n, n, |i, j| growth[(i, j)].midpoint(growth[(j, i)]));
        self.covariance += &growth;

        if column_norm(self.propagator.as_ref()) > 0.5 {
            let square = product(self.increment.as_ref(), self.increment.as_ref());
            self.increment =
                Mat::from_fn(n, n, |i, j| 2.0 * self.increment[(i, j)] + square[(i, j)]);
            self.propagator = plus_identity(self.increment.as_ref());
        } else {
            self.propagator = product(self.propagator.as_ref(), self.propagator.as_ref());
        }
        growth
    }
}

/// Bound on the norm of the Lyapunov operator `X -> A X + X A^T` (1 / time), hence on `A` as well.
fn rate(drift: MatRef<'_, f64>) -> f64 {
    column_norm(drift) + column_norm(drift.transpose())
}

fn plus_identity(matrix: MatRef<'_, f64>) -> Mat<f64> {
    let mut sum = matrix.to_owned();
    for i in 0..sum.nrows() {
        sum[(i, i)] += 1.0;
    }
    sum
}

//! Mean and variance of a contrast of products of two jointly Gaussian states (Isserlis' theorem).
//!
//! With u = (z + y) / 2 and w = z - y, z z^T - y y^T = u w^T + w u^T without a difference of large
//! numbers. For Gaussian a, b, c, d with means marked by a bar and covariances C,
//!
//! Cov(ab, cd) = a c C_bd + a d C_bc + b c C_ad + b d C_ac + C_ac C_bd + C_ad C_bc.

use faer::{Col, Mat, Scale};

/// A Gaussian state.
#[derive(Debug, Clone)]
pub(super) struct Gaussian {
    /// units.
    pub(super) mean: Col<f64>,
    /// units x units.
    pub(super) covariance: Mat<f64>,
}

/// Expectation and variance of each entry of an estimate (units x units, both symmetric).
#[derive(Debug, Clone)]
pub struct Statistics {
    /// Expectation of each entry.
    pub expectation: Mat<f64>,
    /// Variance of each entry.
    pub variance: Mat<f64>,
}

/// z = A s + c + noise from a Gaussian s: what a phase of relaxation does.
#[derive(Debug, Clone)]
pub(super) struct Phase {
    /// A.
    pub(super) map: Mat<f64>,
    /// c.
    pub(super) offset: Col<f64>,
    /// Covariance of the noise.
    pub(super) noise: Mat<f64>,
}

impl Phase {
    pub(super) fn of(&self, start: &Gaussian) -> Gaussian {
        Gaussian {
            mean: &self.map * &start.mean + &self.offset,
            covariance: &self.map * &start.covariance * self.map.transpose() + &self.noise,
        }
    }
}

/// Mean and difference of two states: u, w and their covariances.
pub(super) struct Contrast {
    mean: Col<f64>,
    difference: Col<f64>,
    of_mean: Mat<f64>,
    of_difference: Mat<f64>,
    /// Cov(u_i, w_j) at (i, j).
    cross: Mat<f64>,
}

impl Contrast {
    /// Of two phases with noises of their own, from the same `start`.
    pub(super) fn new(start: &Gaussian, upper: &Phase, lower: &Phase) -> Self {
        let shared = &upper.map * &start.covariance * lower.map.transpose();
        let (upper, lower) = (upper.of(start), lower.of(start));
        let sum = &upper.covariance + &lower.covariance;
        let both = &shared + shared.transpose();
        let odd = &upper.covariance - &lower.covariance - &shared + shared.transpose();
        Self {
            mean: (&upper.mean + &lower.mean) * Scale(0.5),
            difference: upper.mean - lower.mean,
            of_mean: Scale(0.25) * (&sum + &both),
            of_difference: sum - both,
            cross: Scale(0.5) * odd,
        }
    }

    /// The same of the means of `samples` independent pairs.
    pub(super) fn of_means(self, samples: f64) -> Self {
        let share = Scale(1.0 / samples);
        Self {
            of_mean: share * self.of_mean,
            of_difference: share * self.of_difference,
            cross: share * self.cross,
            ..self
        }
    }

    /// Of -(z z^T - y y^T) / `width`.
    pub(super) fn statistics(&self, width: f64) -> Statistics {
        let (u, w) = (&self.mean, &self.difference);
        let (a, b, d) = (&self.of_mean, &self.of_difference, &self.cross);
        let units = u.nrows();
        let expectation = Mat::from_fn(units, units, |i, j| {
            -(u[i] * w[j] + w[i] * u[j] + d[(i, j)] + d[(j, i)]) / width
        });
        let variance = Mat::from_fn(units, units, |i, j| {
            // Var(u_i w_j) + Var(w_i u_j) + 2 Cov(u_i w_j, w_i u_j).
            let one = |i, j| {
                u[i] * u[i] * b[(j, j)]
                    + 2.0 * u[i] * w[j] * d[(i, j)]
                    + w[j] * w[j] * a[(i, i)]
                    + a[(i, i)] * b[(j, j)]
                    + d[(i, j)] * d[(i, j)]
            };
            let both = u[i] * w[i] * d[(j, j)]
                + u[i] * u[j] * b[(i, j)]
                + w[j] * w[i] * a[(i, j)]
                + w[j] * u[j] * d[(i, i)]
                + d[(i, i)] * d[(j, j)]
                + a[(i, j)] * b[(i, j)];
            (one(i, j) + one(j, i) + 2.0 * both) / (width * width)
        });
        Statistics {
            expectation,
            variance,
        }
    }
}

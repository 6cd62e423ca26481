//! The zero-nudge covariance estimator: mean and variance of a sample covariance of second-degree
//! polynomials of a Gaussian.
//!
//! From N free states z = m + y, y ~ N(0, C), the estimate of dL/dJ_ij is the unbiased sample covariance
//! of f = z_i z_j and L over kT. Centred, each is c . y + (y . D y - tr D C) / 2: with a = m_i e_j + m_j
//! e_i, B = e_i e_j^T + e_j e_i^T for f and the gradient c = P (m - t), D = P for L. The cumulants of
//! such polynomials follow from
//!
//! log E exp(s f + r L) = -ln det(I - C M) / 2 - tr(C M) / 2 + q . (I - C M)^-1 C q / 2,
//! with M = s B + r D and q = s a + r c:
//!
//! | cumulant | value |
//! |---|---|
//! | (f, L) | a.Cc + tr(BCDC) / 2; at rest kT times the gradient of the mean loss |
//! | (f, f), (L, L) | the same with both alike |
//! | (f, f, L, L) | 2 a.CDCDC a + 2 c.CBCBC c + 4 a.C(BCD + DCB)C c + 2 tr(BCBC DCDC) + tr(BCDC BCDC) |
//!
//! and Var = (k_ffLL + k_ff k_LL + k_fL^2) / N + (k_ff k_LL + k_fL^2) / (N (N - 1)), written below with
//! N - 1.

use faer::Mat;

use super::QuadraticSystem;
use super::gaussian::{Gaussian, Statistics};

impl QuadraticSystem {
    /// Of -Cov(dE, L) / kT over `samples` independent free states.
    pub(super) fn covariance_statistics(
        &self,
        free: &Gaussian,
        temperature: f64,
        samples: f64,
    ) -> Statistics {
        let m = &free.mean;
        let c = &free.covariance;
        let slope = self.cost_gradient_at(m);
        // F = CPC, H = CPCPC; h = C c and k = CPC c of the table, with c the slope.
        let seen = self.seen_columns(c);
        let f = &seen * c;
        let h = &seen * &f;
        let toward = c * &slope;
        let curved = &f * &slope;
        let loss_variance = slope.transpose() * &toward + 0.5 * trace_of_seen_square(self, c);
        let units = self.units();
        let covariance = Mat::from_fn(units, units, |i, j| {
            m[i] * toward[j] + m[j] * toward[i] + f[(i, j)]
        });
        let variance = Mat::from_fn(units, units, |i, j| {
            let quadratic = |s: &Mat<f64>, a_i: f64, a_j: f64| {
                a_i * a_i * s[(j, j)] + a_j * a_j * s[(i, i)] + 2.0 * a_i * a_j * s[(i, j)]
            };
            let product_variance =
                quadratic(c, m[i], m[j]) + c[(i, i)] * c[(j, j)] + c[(i, j)] * c[(i, j)];
            // a.CBCDC c and a.CDCBC c.
            let nudged = |s: &Mat<f64>, along: &faer::Col<f64>| {
                (m[i] * s[(i, j)] + m[j] * s[(i, i)]) * along[j]
                    + (m[i] * s[(j, j)] + m[j] * s[(i, j)]) * along[i]
            };
            let linear = 2.0 * quadratic(&h, m[i], m[j])
                + 2.0 * quadratic(c, toward[i], toward[j])
                + 4.0 * (nudged(c, &curved) + nudged(&f, &toward));
            let traces = 2.0
                * (2.0 * c[(i, j)] * h[(i, j)] + c[(j, j)] * h[(i, i)] + c[(i, i)] * h[(j, j)])
                + 2.0 * (f[(i, j)] * f[(i, j)] + f[(i, i)] * f[(j, j)]);
            let paired = product_variance * loss_variance + covariance[(i, j)].powi(2);
            ((linear + traces) / samples + paired / (samples - 1.0)) / (temperature * temperature)
        });
        Statistics {
            expectation: covariance * faer::Scale(1.0 / temperature),
            variance,
        }
    }
}

/// tr(PCPC): the squares of C between seen units.
fn trace_of_seen_square(system: &QuadraticSystem, covariance: &Mat<f64>) -> f64 {
    let between = system.seen_columns(covariance);
    let rows = (0..system.units()).filter(|&unit| system.seen()[unit]);
    rows.map(|row| between.row(row).squared_norm_l2()).sum()
}

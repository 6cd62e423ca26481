//! Mean and covariance of a set of points, in f64 whatever the points are in.

use faer::linalg::matmul::matmul;
use faer::{Accum, Col, Mat, MatRef, Par};

/// First two moments of a point set.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Mean, one entry per unit.
    pub mean: Col<f64>,
    /// Covariance, units x units, with the unbiased n - 1 divisor.
    pub covariance: Mat<f64>,
}

impl Moments {
    /// Moments of the columns of `points` (units x samples, at least two samples).
    ///
    /// A single sample yields a zero covariance: callers decide whether that is enough.
    pub fn of(points: MatRef<'_, f32>) -> Self {
        let (units, samples) = points.shape();
        let mean = Col::from_fn(units, |unit| {
            let sum: f64 = points.row(unit).iter().map(|&x| f64::from(x)).sum();
            sum / samples as f64
        });
        // Centre before squaring: E x^2 - (E x)^2 would lose half of the digits at near-constant pixels.
        let centred = Mat::from_fn(units, samples, |unit, sample| {
            f64::from(points[(unit, sample)]) - mean[unit]
        });
        let mut covariance = Mat::zeros(units, units);
        let divisor = samples.saturating_sub(1).max(1) as f64;
        matmul(
            &mut covariance,
            Accum::Replace,
            &centred,
            centred.transpose(),
            1.0 / divisor,
            Par::Seq,
        );
        Self { mean, covariance }
    }
}

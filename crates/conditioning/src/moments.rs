//! Second moments about the origin, and means, of samples in single precision.
//!
//! Products and sums are in double precision, block by block in the order of the samples: bits do not
//! depend on anything but the data.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use crate::weights::{column_blocks, widened};

/// X Y^T / n, for X and Y with n columns each.
pub(crate) fn cross(x: MatRef<'_, f32>, y: MatRef<'_, f32>) -> Mat<f64> {
    let mut sum = Mat::zeros(x.nrows(), y.nrows());
    let share = 1.0 / x.ncols() as f64;
    for (first, width) in column_blocks(x.ncols()) {
        let left = widened(x.subcols(first, width));
        let right = widened(y.subcols(first, width));
        matmul(
            &mut sum,
            Accum::Add,
            left,
            right.transpose(),
            share,
            Par::Seq,
        );
    }
    sum
}

/// Mean of each row.
pub(crate) fn means(x: MatRef<'_, f32>) -> Vec<f64> {
    let mut sums = vec![0.0; x.nrows()];
    for sample in 0..x.ncols() {
        for (sum, &value) in sums.iter_mut().zip(x.col(sample).iter()) {
            *sum += f64::from(value);
        }
    }
    sums.iter().map(|sum| sum / x.ncols() as f64).collect()
}

/// Root of the mean square over all entries.
pub(crate) fn root_mean_square(x: MatRef<'_, f32>) -> f64 {
    let columns = (0..x.ncols()).map(|sample| {
        let squares = x.col(sample).iter().map(|&value| f64::from(value).powi(2));
        squares.sum::<f64>()
    });
    (columns.sum::<f64>() / (x.nrows() * x.ncols()) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::BLOCK;

    #[test]
    fn moments_over_several_blocks_are_those_of_the_plain_sums() {
        let samples = 2 * BLOCK + 17;
        let x = Mat::from_fn(3, samples, |i, s| ((i + 1) * s % 11) as f32 - 4.0);
        let y = Mat::from_fn(2, samples, |i, s| ((i + 2) * s % 7) as f32);
        let found = cross(x.as_ref(), y.as_ref());
        for i in 0..3 {
            for j in 0..2 {
                let terms = (0..samples).map(|s| f64::from(x[(i, s)]) * f64::from(y[(j, s)]));
                let expected = terms.sum::<f64>() / samples as f64;
                assert!((found[(i, j)] - expected).abs() < 1e-12, "{i} {j}");
            }
        }
        let sum: f64 = (0..samples).map(|s| f64::from(y[(1, s)])).sum();
        assert!((means(y.as_ref())[1] - sum / samples as f64).abs() < 1e-12);
        let square = cross(y.as_ref(), y.as_ref());
        let rms = ((square[(0, 0)] + square[(1, 1)]) / 2.0).sqrt();
        assert!((root_mean_square(y.as_ref()) - rms).abs() < 1e-12);
    }
}

//! Principal components of a set of real images: the space in which neighbours are looked for.
//!
//! Distances between raw pixels of 144 or 784 dimensions are dominated by many small, noisy directions; twenty
//! components hold most of the variance of digits. The axes are orthonormal and are not rescaled, so that
//! distances keep their unit.

use faer::linalg::matmul::matmul;
use faer::{Accum, Col, Mat, MatRef, Par, Side};

use super::error::{JudgingError, check_count, check_set, check_units};
use super::moments::Moments;

/// An orthonormal basis of the directions of largest variance.
#[derive(Debug, Clone)]
pub struct Pca {
    mean: Col<f64>,
    axes: Mat<f64>,
}

impl Pca {
    /// Fits the `dimensions` leading components of `images` (units x samples).
    ///
    /// # Errors
    /// Fewer than two images, a non-finite value, `dimensions` outside 1..=units, or an eigendecomposition that
    /// does not converge.
    pub fn fit(images: MatRef<'_, f32>, dimensions: usize) -> Result<Self, JudgingError> {
        check_set("PCA training", images)?;
        check_count("PCA training", "PCA", images, 2)?;
        let units = images.nrows();
        if !(1..=units).contains(&dimensions) {
            return Err(JudgingError::Setting {
                name: "PCA dimensions",
                value: dimensions as f64,
                bound: "1..=units per image",
            });
        }
        let moments = Moments::of(images);
        let decomposition = moments
            .covariance
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| JudgingError::NoConvergence {
                what: "the eigendecomposition of PCA",
                samples: images.ncols(),
                units,
            })?;
        // Eigenvalues come in rising order.
        let axes = Mat::from_fn(units, dimensions, |unit, axis| {
            decomposition.U()[(unit, units - 1 - axis)]
        });
        Ok(Self {
            mean: moments.mean,
            axes,
        })
    }

    /// Coordinates of `images` along the components, dimensions x samples, centred on the training mean.
    ///
    /// # Errors
    /// An empty or non-finite set, or images of another size than the fit's.
    pub fn project(&self, images: MatRef<'_, f32>) -> Result<Mat<f32>, JudgingError> {
        check_units("projected", images, self.mean.nrows())?;
        let centred = Mat::from_fn(images.nrows(), images.ncols(), |unit, sample| {
            f64::from(images[(unit, sample)]) - self.mean[unit]
        });
        let mut coordinates = Mat::zeros(self.axes.ncols(), images.ncols());
        matmul(
            &mut coordinates,
            Accum::Replace,
            self.axes.transpose(),
            &centred,
            1.0,
            Par::Seq,
        );
        Ok(Mat::from_fn(
            coordinates.nrows(),
            coordinates.ncols(),
            |axis, sample| coordinates[(axis, sample)] as f32,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points along (3, 4) / 5 with a small spread across it. Catches components in rising order of variance,
    /// a missing centring and rows taken for columns.
    #[test]
    fn first_component_is_the_direction_of_largest_variance() {
        let along = [-2.0_f32, -1.0, 0.0, 1.0, 2.0];
        let across = [0.1_f32, -0.2, 0.2, -0.2, 0.1];
        let points = Mat::from_fn(2, 5, |row, sample| {
            let (a, c) = (along[sample], across[sample]);
            if row == 0 {
                7.0 + 0.6 * a - 0.8 * c
            } else {
                0.8 * a + 0.6 * c - 1.0
            }
        });
        let pca = Pca::fit(points.as_ref(), 1).unwrap();
        let found = pca.project(points.as_ref()).unwrap();
        let sign = found[(0, 4)].signum();
        for (sample, expected) in along.iter().enumerate() {
            assert!((sign * found[(0, sample)] - expected).abs() < 1e-5);
        }
    }

    /// All components together are a rotation: distances survive, whatever the points.
    #[test]
    fn a_full_projection_keeps_distances() {
        let points = Mat::from_fn(4, 9, |unit, sample| {
            ((unit * 7 + sample * sample * 5) % 11) as f32 / 5.0 - 1.0
        });
        let projected = Pca::fit(points.as_ref(), 4)
            .unwrap()
            .project(points.as_ref())
            .unwrap();
        let distance = |m: &Mat<f32>, i, j| (m.col(i) - m.col(j)).norm_l2();
        for (i, j) in [(0, 1), (2, 8), (3, 5)] {
            let change = distance(&points, i, j) - distance(&projected, i, j);
            assert!(change.abs() < 1e-5, "{change}");
        }
    }

    #[test]
    fn more_components_than_units_is_an_error() {
        let points = Mat::from_fn(3, 5, |unit, sample| (unit + sample) as f32);
        assert!(matches!(
            Pca::fit(points.as_ref(), 4),
            Err(JudgingError::Setting { value: 4.0, .. })
        ));
    }
}

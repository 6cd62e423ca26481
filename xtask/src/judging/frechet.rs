//! Fréchet distance between Gaussian fits of two point sets.
//!
//! For means `m` and covariances `C`,
//!
//! ```text
//! d^2 = |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a^1/2 C_b C_a^1/2)^1/2)
//! ```
//!
//! (Dowson and Landau 1982; the "FID" of Heusel et al. 2017 when the points are network features). As is usual
//! the *squared* distance is reported. The inner product under the root is kept symmetric, so that
//! self-adjoint eigenvalues suffice and rounding cannot make them complex. Only two moments enter: images that
//! share the mean and covariance of the data score well however they look.

use faer::{Mat, MatRef, Side};

use super::error::{JudgingError, check_count, check_set, check_units};
use super::moments::Moments;

/// A reference set against which others are measured.
#[derive(Debug, Clone)]
pub struct Frechet {
    reference: Moments,
    root: Mat<f64>,
}

impl Frechet {
    /// Fits the Gaussian of `reference` (units x samples) and takes the root of its covariance once.
    ///
    /// # Errors
    /// Fewer than two samples, a non-finite value, or an eigendecomposition that does not converge.
    pub fn to(reference: MatRef<'_, f32>) -> Result<Self, JudgingError> {
        check_set("reference", reference)?;
        check_count("reference", "the Frechet distance", reference, 2)?;
        let moments = Moments::of(reference);
        let root = symmetric_root(&moments.covariance).ok_or(JudgingError::NoConvergence {
            what: "the eigendecomposition of a covariance",
            samples: reference.ncols(),
            units: reference.nrows(),
        })?;
        Ok(Self {
            reference: moments,
            root,
        })
    }

    /// Squared Fréchet distance of `points` (units x samples) from the reference, in squared data units.
    ///
    /// # Errors
    /// Fewer than two samples, other units than the reference, a non-finite value, or an eigendecomposition
    /// that does not converge.
    pub fn distance(&self, points: MatRef<'_, f32>) -> Result<f64, JudgingError> {
        check_units("compared", points, self.root.nrows())?;
        check_count("compared", "the Frechet distance", points, 2)?;
        let moments = Moments::of(points);
        let shift = (&moments.mean - &self.reference.mean).squared_norm_l2();
        let inner = &self.root * &moments.covariance * &self.root;
        let eigenvalues = inner.self_adjoint_eigenvalues(Side::Lower).map_err(|_| {
            JudgingError::NoConvergence {
                what: "the eigendecomposition of a covariance",
                samples: points.ncols(),
                units: points.nrows(),
            }
        })?;
        // Rounding leaves the null directions at about -1e-16.
        let overlap: f64 = eigenvalues.iter().map(|value| value.max(0.0).sqrt()).sum();
        Ok(shift + trace(&moments.covariance) + trace(&self.reference.covariance) - 2.0 * overlap)
    }
}

/// Squared Fréchet distance between the Gaussian fits of two sets (units x samples), in squared data units.
///
/// # Errors
/// As for [`Frechet::to`] and [`Frechet::distance`].
#[cfg(test)]
pub fn frechet_distance(a: MatRef<'_, f32>, b: MatRef<'_, f32>) -> Result<f64, JudgingError> {
    Frechet::to(a)?.distance(b)
}

fn trace(matrix: &Mat<f64>) -> f64 {
    matrix.diagonal().column_vector().iter().sum()
}

/// The positive semidefinite root of a covariance.
fn symmetric_root(covariance: &Mat<f64>) -> Option<Mat<f64>> {
    let decomposition = covariance.self_adjoint_eigen(Side::Lower).ok()?;
    let vectors = decomposition.U();
    let roots = decomposition.S().column_vector();
    let scaled = Mat::from_fn(vectors.nrows(), vectors.ncols(), |row, column| {
        vectors[(row, column)] * roots[column].max(0.0).sqrt()
    });
    Some(&scaled * vectors.transpose())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points whose sample mean is `mean` and whose sample covariance is exactly `L L^T`:
    /// the corners of a square, mapped by the lower-triangular `L`.
    fn cloud(mean: [f64; 2], [l11, l21, l22]: [f64; 3]) -> Mat<f32> {
        let corners = [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)];
        // Four corners have covariance 4/3 with the n - 1 divisor.
        let unit = 0.75_f64.sqrt();
        Mat::from_fn(2, 4, |row, sample| {
            let (x, y) = corners[sample];
            let value = if row == 0 { l11 * x } else { l21 * x + l22 * y };
            (mean[row] + unit * value) as f32
        })
    }

    /// Diagonal covariances commute: d^2 = |dm|^2 + sum (sd_a - sd_b)^2 = 9 + 16 + 1 + 4.
    /// Catches a forgotten root, a variance in place of a deviation, a dropped mean.
    #[test]
    fn commuting_gaussians() {
        let a = cloud([0.0, 0.0], [1.0, 0.0, 3.0]);
        let b = cloud([3.0, 4.0], [2.0, 0.0, 1.0]);
        let found = frechet_distance(a.as_ref(), b.as_ref()).unwrap();
        assert!((found - 30.0).abs() < 1e-5, "{found}");
    }

    /// For 2 x 2 matrices tr (C_a C_b)^1/2 = sqrt(tr(C_a C_b) + 2 sqrt(det C_a det C_b)).
    /// Catches `C_a^1/2 C_b^1/2` in place of the root of the product: equal only if they commute.
    #[test]
    fn gaussians_that_do_not_commute() {
        let (la, lb) = ([1.0, 0.8, 0.5], [2.0, -1.0, 0.3]);
        let covariance = |[l11, l21, l22]: [f64; 3]| [l11 * l11, l11 * l21, l21 * l21 + l22 * l22];
        let (a, b) = (covariance(la), covariance(lb));
        let product_trace = a[0] * b[0] + 2.0 * a[1] * b[1] + a[2] * b[2];
        let determinants = la[0] * la[2] * lb[0] * lb[2];
        let overlap = (product_trace + 2.0 * determinants).sqrt();
        let expected = a[0] + a[2] + b[0] + b[2] - 2.0 * overlap;
        let (a, b) = (cloud([1.0, 1.0], la), cloud([1.0, 1.0], lb));
        for (a, b) in [(&a, &b), (&b, &a)] {
            let found = frechet_distance(a.as_ref(), b.as_ref()).unwrap();
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    /// A constant pixel has a singular covariance: a Cholesky root would fail, a negative eigenvalue give NaN.
    #[test]
    fn degenerate_directions_are_harmless() {
        let flat = cloud([0.5, 0.5], [1.0, 0.0, 0.0]);
        let found = frechet_distance(flat.as_ref(), flat.as_ref()).unwrap();
        assert!(found.abs() < 1e-7, "{found}");
    }

    #[test]
    fn faults_are_named() {
        let a = cloud([0.0, 0.0], [1.0, 0.0, 1.0]);
        assert!(matches!(
            frechet_distance(a.as_ref().subcols(0, 1), a.as_ref()),
            Err(JudgingError::TooFewSamples {
                found: 1,
                needed: 2,
                ..
            })
        ));
        assert!(matches!(
            frechet_distance(a.as_ref(), a.as_ref().subrows(0, 1)),
            Err(JudgingError::UnitMismatch {
                found: 1,
                expected: 2,
                ..
            })
        ));
    }
}

//! One exact step of finite (or infinite) duration, and sampling from it.

use faer::{Mat, MatMut, MatRef};
use rand::distr::Distribution;
use rand_distr::StandardNormal;
use rand_pcg::Pcg64Mcg;

use super::dense::{correlation, entries, product, symmetric_eigen};
use super::validation::all_finite;
use super::{OrnsteinUhlenbeckError, Result};

/// Gaussian law of the state after a duration: `x' ~ N(m + E (x - m), Q)`.
///
/// Made by [`OrnsteinUhlenbeck::transition`](super::OrnsteinUhlenbeck::transition). `E` and `Q` are
/// computed over a short step by their series and then doubled up to the duration, which stays
/// accurate from the first collision to complete relaxation, and for stiff drifts.
#[derive(Clone, Debug)]
pub struct Transition {
    propagator: Mat<f64>,
    covariance: Mat<f64>,
    /// `R` with `R R^T = Q`.
    root: Mat<f64>,
    mean: Vec<f64>,
}

impl Transition {
    pub(super) fn new(propagator: Mat<f64>, covariance: Mat<f64>, mean: Vec<f64>) -> Result<Self> {
        for (quantity, matrix) in [
            ("transition propagator", &propagator),
            ("transition covariance", &covariance),
        ] {
            if entries(matrix.as_ref()).any(|(_, _, value)| !value.is_finite()) {
                return Err(OrnsteinUhlenbeckError::Overflow { quantity });
            }
        }
        let root = covariance_root(covariance.as_ref())?;
        Ok(Self {
            propagator,
            covariance,
            root,
            mean,
        })
    }

    /// Propagator `E = exp(-A t)`, units x units, dimensionless.
    pub fn propagator(&self) -> MatRef<'_, f64> {
        self.propagator.as_ref()
    }

    /// Covariance `Q` of the state given its start, units x units, in length².
    pub fn covariance(&self) -> MatRef<'_, f64> {
        self.covariance.as_ref()
    }

    /// Replaces each column of `x` (units x chains, length) by a draw from its transition law.
    ///
    /// Chain `c` takes one standard normal per unit from `streams[c]` and nothing else, and its
    /// sums run in an order that does not depend on the other chains: its numbers are the same bit
    /// for bit in a batch of any size.
    ///
    /// # Errors
    ///
    /// A state of another number of units, another number of streams than chains, or a
    /// non-finite entry (a diverged chain: unit and chain are named). On an error neither `x` nor
    /// any stream has changed.
    pub fn sample_into(&self, mut x: MatMut<'_, f64>, streams: &mut [Pcg64Mcg]) -> Result<()> {
        let (units, chains) = (self.mean.len(), x.ncols());
        if x.nrows() != units {
            return Err(OrnsteinUhlenbeckError::Shape {
                quantity: "state",
                rows: x.nrows(),
                columns: chains,
                expected_rows: units,
                expected_columns: chains,
            });
        }
        if streams.len() != chains {
            return Err(OrnsteinUhlenbeckError::StreamCount {
                streams: streams.len(),
                chains,
            });
        }
        all_finite("state", entries(x.as_ref()))?;

        let mut next = vec![0.0; units];
        for (chain, stream) in streams.iter_mut().enumerate() {
            next.copy_from_slice(&self.mean);
            for (unit, mean) in self.mean.iter().enumerate() {
                let displacement = x[(unit, chain)] - mean;
                let normal: f64 = StandardNormal.sample(stream);
                let response = self.propagator.col_as_slice(unit);
                let noise = self.root.col_as_slice(unit);
                for ((next, response), noise) in next.iter_mut().zip(response).zip(noise) {
                    *next += response * displacement + noise * normal;
                }
            }
            for (unit, value) in next.iter().enumerate() {
                x[(unit, chain)] = *value;
            }
        }
        Ok(())
    }
}

/// A root `R` of a covariance, `R R^T = Q`, also where `Q` is singular.
///
/// The symmetric root of the *correlation* matrix, rows multiplied by the standard deviations:
/// - correlations first, because after a short time a unit that is driven only through its
///   neighbours has a variance many orders below theirs, which an eigenvector would round away;
/// - the symmetric root, because it alone is continuous in `Q`: a factor `V sqrt(Lambda)` inherits
///   the arbitrary signs and, for equal eigenvalues, the arbitrary rotation of the eigenvectors, so
///   that the last bit of `Q` would decide which sample a seed gives.
///
/// Eigenvalues below rounding level are clipped to zero; noise has no component along them.
fn covariance_root(covariance: MatRef<'_, f64>) -> Result<Mat<f64>> {
    let n = covariance.nrows();
    let (scales, correlations) = correlation(covariance);
    let (values, vectors) = symmetric_eigen("transition covariance", correlations.as_ref())?;
    let largest = values.iter().copied().fold(0.0, f64::max);
    let clip = n as f64 * f64::EPSILON * largest;
    let stretched = Mat::from_fn(n, n, |i, k| {
        if values[k] > clip {
            scales[i] * vectors[(i, k)] * values[k].sqrt()
        } else {
            0.0
        }
    });
    Ok(product(stretched.as_ref(), vectors.transpose()))
}

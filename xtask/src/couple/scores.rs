//! How well a fixed map predicts, in closed form from the moments of a part.
//!
//! With the map's centred prediction p = M^T (x - mx), its mean my of the decoder, and averages <.> over the samples of the
//! part, summed over decoder units:
//!
//! - R^2 = 1 - <|y - my - p|^2> / <|y - my|^2> ([`LowRankMap::coefficient_of_determination`]),
//! - centred cosine = <p . (y - my)> / sqrt(<|p|^2> <|y - my|^2>),
//! - raw cosine = <(my + p) . y> / sqrt(<|my + p|^2> <|y|^2>).
//!
//! The cosines are those of all samples and units as one long vector, which is what moments can tell; the average of
//! each sample's own cosine weighs small activations more.

use anyhow::anyhow;
use faer::{Mat, Side as Triangle};
use overdamped_coupling::{CouplingError, LowRankMap, Moments, Side};

/// Eigenvalues of a correlation matrix that count as zero, per unit; what `overdamped-coupling` refuses to divide by.
const NEGLIGIBLE: f64 = 64.0 * f64::EPSILON;

/// How one map does on one part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Pooled coefficient of determination against the map's mean.
    pub r2: f64,
    /// Cosine between prediction and activation, means included.
    pub raw_cosine: f64,
    /// Cosine after the map's mean has been subtracted; 0 for a map that predicts the mean.
    pub centred_cosine: f64,
}

/// The moments of a part, opened up for many maps.
#[derive(Debug)]
pub struct Judge<'a> {
    moments: &'a Moments,
    mean_encoder: Vec<f64>,
    mean_decoder: Vec<f64>,
    covariance: Mat<f64>,
    cross: Mat<f64>,
    /// Summed variance of the decoder's units.
    variance: f64,
}

impl<'a> Judge<'a> {
    /// Opens the moments.
    pub fn new(moments: &'a Moments) -> Self {
        Self {
            moments,
            mean_encoder: moments.mean_encoder(),
            mean_decoder: moments.mean_decoder(),
            covariance: moments.covariance_encoder(),
            cross: moments.cross_covariance(),
            variance: moments.variance(Side::Decoder).iter().sum(),
        }
    }

    /// The scores of a map.
    ///
    /// # Errors
    /// A map of other units, or a decoder that never differs from the map's mean.
    pub fn scores(&self, map: &LowRankMap) -> Result<Scores, CouplingError> {
        // What the map makes of the part's own mean, measured from the map's.
        let left = Mat::from_fn(map.encoder_units(), map.rank(), |unit, mode| {
            map.left()[(unit, mode)] * map.strength()[mode]
        });
        let shift = difference(&self.mean_encoder, map.mean_encoder());
        let shift = map.right() * (left.transpose() * column(&shift));
        let p: Vec<f64> = shift.col_as_slice(0).to_vec();
        let y = difference(&self.mean_decoder, map.mean_decoder());
        let predicted_mean: Vec<f64> = p
            .iter()
            .zip(map.mean_decoder())
            .map(|(p, m)| p + m)
            .collect();

        // Fluctuations about the part's means; V is orthonormal, so |V z| = |z|.
        let shared = trace(&left, &(&self.cross * map.right()));
        let predicted = trace(&left, &(&self.covariance * &left));
        Ok(Scores {
            r2: map.coefficient_of_determination(self.moments)?,
            raw_cosine: cosine(
                shared + dot(&predicted_mean, &self.mean_decoder),
                predicted + dot(&predicted_mean, &predicted_mean),
                self.variance + dot(&self.mean_decoder, &self.mean_decoder),
            ),
            centred_cosine: cosine(
                shared + dot(&p, &y),
                predicted + dot(&p, &p),
                self.variance + dot(&y, &y),
            ),
        })
    }

    /// The scores of always answering `mean`. Its R^2 is 0 by definition.
    pub fn of_mean(&self, mean: &[f64]) -> Scores {
        Scores {
            r2: 0.0,
            raw_cosine: cosine(
                dot(mean, &self.mean_decoder),
                dot(mean, mean),
                self.variance + dot(&self.mean_decoder, &self.mean_decoder),
            ),
            centred_cosine: 0.0,
        }
    }
}

/// Directions in which units vary, given their covariance: eigenvalues of the matrix of correlations that are more
/// than rounding. Units that never vary, or that others determine, lower it.
///
/// # Errors
/// If the eigenvalues do not converge.
pub fn numerical_rank(covariance: Mat<f64>) -> anyhow::Result<usize> {
    let units = covariance.nrows();
    let scale = |unit: usize| match covariance[(unit, unit)] {
        variance if variance > 0.0 => variance.sqrt().recip(),
        _ => 0.0,
    };
    let scales: Vec<f64> = (0..units).map(scale).collect();
    let correlation = Mat::from_fn(units, units, |i, j| {
        covariance[(i, j)] * scales[i] * scales[j]
    });
    let values = correlation
        .self_adjoint_eigenvalues(Triangle::Lower)
        .map_err(|_| anyhow!("the eigenvalues of a covariance did not converge; bring the activations closer to one"))?;
    let least = NEGLIGIBLE * units as f64;
    Ok(values.iter().filter(|&&value| value > least).count())
}

/// The product over the lengths; 0 where one of these is.
fn cosine(product: f64, one: f64, other: f64) -> f64 {
    let lengths = (one * other).sqrt();
    if lengths > 0.0 {
        product / lengths
    } else {
        0.0
    }
}

/// The trace of a^T b.
fn trace(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (0..a.ncols())
        .map(|k| dot(a.col_as_slice(k), b.col_as_slice(k)))
        .sum()
}

fn column(values: &[f64]) -> Mat<f64> {
    Mat::from_fn(values.len(), 1, |unit, _| values[unit])
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::MatRef;
    use overdamped_coupling::{Fit, FitSettings, Method};
    use rand::{RngExt as _, SeedableRng as _};
    use rand_pcg::Pcg64Mcg;

    /// Three encoder units with an offset, and two decoder units that follow them loosely.
    fn pairs(seed: u64, samples: usize, offset: f32) -> (Mat<f32>, Mat<f32>) {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        let x = Mat::from_fn(3, samples, |_, _| rng.random_range(-1.0..1.0_f32) + offset);
        let y = Mat::from_fn(2, samples, |unit, sample| {
            2.0 * x[(unit, sample)] - x[(unit + 1, sample)] + rng.random_range(-0.5..0.5_f32) + 1.0
        });
        (x, y)
    }

    fn moments(x: MatRef<'_, f32>, y: MatRef<'_, f32>) -> Moments {
        let mut moments = Moments::new(x.nrows(), y.nrows()).unwrap();
        moments.add(x, y).unwrap();
        moments
    }

    /// The definitions, sample by sample.
    fn measured(prediction: &Mat<f32>, y: &Mat<f32>, mean: &[f64]) -> Scores {
        let (mut error, mut total) = (0.0, 0.0);
        let (mut raw, mut centred) = ([0.0; 3], [0.0; 3]);
        for sample in 0..y.ncols() {
            for (unit, mean) in mean.iter().enumerate() {
                let (p, y) = (
                    f64::from(prediction[(unit, sample)]),
                    f64::from(y[(unit, sample)]),
                );
                error += (p - y).powi(2);
                total += (y - mean).powi(2);
                for (sums, p, y) in [(&mut raw, p, y), (&mut centred, p - mean, y - mean)] {
                    *sums = [sums[0] + p * y, sums[1] + p * p, sums[2] + y * y];
                }
            }
        }
        Scores {
            r2: 1.0 - error / total,
            raw_cosine: raw[0] / (raw[1] * raw[2]).sqrt(),
            centred_cosine: centred[0] / (centred[1] * centred[2]).sqrt(),
        }
    }

    #[test]
    fn closed_forms_are_what_predictions_measure_on_samples_of_another_mean() {
        let (x, y) = pairs(1, 300, 0.0);
        let fitted = moments(x.as_ref(), y.as_ref());
        let (x, y) = pairs(2, 200, 0.3);
        let other = moments(x.as_ref(), y.as_ref());
        let fit = Fit::new(&fitted, Method::ReducedRank, FitSettings::default()).unwrap();
        for rank in [1, 2] {
            let map = fit.rank(rank).unwrap();
            let found = Judge::new(&other).scores(&map).unwrap();
            let expected = measured(&map.predict(x.as_ref()).unwrap(), &y, map.mean_decoder());
            for (found, expected) in [
                (found.r2, expected.r2),
                (found.raw_cosine, expected.raw_cosine),
                (found.centred_cosine, expected.centred_cosine),
            ] {
                // Predictions are rounded to single precision.
                assert!(
                    (found - expected).abs() < 1e-6,
                    "rank {rank}: {found} {expected}"
                );
            }
        }
        let map = fit.rank(1).unwrap();
        let always = Mat::from_fn(2, 200, |unit, _| map.mean_decoder()[unit] as f32);
        let found = Judge::new(&other).of_mean(map.mean_decoder());
        let expected = measured(&always, &y, map.mean_decoder());
        assert!((found.raw_cosine - expected.raw_cosine).abs() < 1e-6);
        assert!(expected.r2.abs() < 1e-6);
    }

    #[test]
    fn constant_and_repeated_units_lower_the_numerical_rank() {
        let (mut x, y) = pairs(3, 100, 0.0);
        let rank = |x: &Mat<f32>| {
            numerical_rank(moments(x.as_ref(), y.as_ref()).covariance_encoder()).unwrap()
        };
        assert_eq!(rank(&x), 3);
        for sample in 0..100 {
            x[(2, sample)] = 1e-3 * x[(0, sample)];
        }
        assert_eq!(rank(&x), 2);
        for sample in 0..100 {
            x[(1, sample)] = 5.0;
        }
        assert_eq!(rank(&x), 1);
    }
}

//! How well a map predicts, in closed form from the moments of the activations.

use faer::{Mat, MatRef};

use super::{LowRankMap, check_sizes};
use crate::{CouplingError, Moments, Side};

/// The mean squares, over samples, of what a map predicts, of what it should, and of both together. Activations are
/// measured from the means of the map, not from their own.
struct Squares {
    /// <|y - my|^2>.
    total: f64,
    /// <(y - my) . M^T (x - mx)>.
    shared: f64,
    /// <|M^T (x - mx)|^2>.
    predicted: f64,
}

impl LowRankMap {
    /// Pooled R^2 on activations of these `moments`: 1 - <|y - my - M^T (x - mx)|^2> / <|y - my|^2>, summed over
    /// decoder units.
    ///
    /// The means are those of the map. So on held-out activations the R^2 counts what their means moved against
    /// it, and the trivial prediction that it is compared with is the mean that the map was fitted with.
    ///
    /// # Errors
    /// [`CouplingError::Shape`], [`CouplingError::TooFewSamples`] for none, or [`CouplingError::NoVariance`] if
    /// no decoder activation ever differs from the map's mean.
    pub fn coefficient_of_determination(&self, moments: &Moments) -> Result<f64, CouplingError> {
        let squares = self.squares(moments)?;
        if squares.total == 0.0 {
            return Err(CouplingError::NoVariance {
                side: Side::Decoder,
                samples: moments.samples(),
            });
        }
        Ok((2.0 * squares.shared - squares.predicted) / squares.total)
    }

    /// The map with the means of these `moments`, times the one factor that predicts best in the sense of least
    /// squares: <y . M^T x> / <|M^T x|^2>, centred. Maps of methods that [predict](crate::Method::predicts) come
    /// with it.
    ///
    /// # Errors
    /// [`CouplingError::Shape`], [`CouplingError::TooFewSamples`] for none, or [`CouplingError::NoResponse`] if
    /// the map is zero on all samples.
    pub fn calibrated(mut self, moments: &Moments) -> Result<Self, CouplingError> {
        self.check(moments)?;
        self.mean_encoder = moments.mean_encoder();
        self.mean_decoder = moments.mean_decoder();
        let squares = self.squares(moments)?;
        if squares.predicted == 0.0 {
            return Err(CouplingError::NoResponse);
        }
        self.scaled(squares.shared / squares.predicted)
    }

    fn check(&self, moments: &Moments) -> Result<(), CouplingError> {
        check_sizes([
            (
                "encoder units",
                self.encoder_units(),
                moments.encoder_units(),
            ),
            (
                "decoder units",
                self.decoder_units(),
                moments.decoder_units(),
            ),
        ])?;
        if moments.samples() == 0 {
            return Err(CouplingError::TooFewSamples {
                samples: 0,
                needed: 1,
                purpose: "judging a map",
            });
        }
        Ok(())
    }

    fn squares(&self, moments: &Moments) -> Result<Squares, CouplingError> {
        self.check(moments)?;
        let moved = |mean: Vec<f64>, own: &[f64]| -> Vec<f64> {
            mean.iter().zip(own).map(|(mean, own)| mean - own).collect()
        };
        let x = moved(moments.mean_encoder(), &self.mean_encoder);
        let y = moved(moments.mean_decoder(), &self.mean_decoder);
        let left = self.scaled_left();
        // V is orthonormal: the prediction is as long as what is on the buses.
        let own = quadratic(
            moments.covariance_encoder().as_ref(),
            left.as_ref(),
            left.as_ref(),
        );
        let cross = quadratic(
            moments.cross_covariance().as_ref(),
            left.as_ref(),
            self.right.as_ref(),
        );
        let (seen_x, seen_y) = (seen(&left, &x), seen(&self.right, &y));
        Ok(Squares {
            total: moments.variance(Side::Decoder).iter().sum::<f64>() + dot(&y, &y),
            shared: cross + dot(&seen_x, &seen_y),
            predicted: own + dot(&seen_x, &seen_x),
        })
    }
}

/// The trace of left^T C right.
fn quadratic(c: MatRef<'_, f64>, left: MatRef<'_, f64>, right: MatRef<'_, f64>) -> f64 {
    let image = c * right;
    let pairs = image.col_iter().zip(left.col_iter());
    pairs
        .map(|(image, left)| {
            image
                .iter()
                .zip(left.iter())
                .map(|(a, b)| a * b)
                .sum::<f64>()
        })
        .sum()
}

/// factor^T states.
fn seen(factor: &Mat<f64>, states: &[f64]) -> Vec<f64> {
    (0..factor.ncols())
        .map(|k| dot(factor.col_as_slice(k), states))
        .collect()
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

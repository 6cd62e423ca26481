//! A multilayer perceptron that predicts clean data from noised data, at one noise level.
//!
//! x_t = x_0 + sigma eps, loss = |f(x_t) - x_0|^2 / units, averaged over examples x_0 and standard
//! normal eps. The optimum is the posterior mean f(x_t) = E[x_0 | x_t], from which the score follows
//! as (f(x_t) - x_t) / sigma^2 (denoising score matching; Vincent 2011).
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | x_0 | an example | x |
//! | sigma | noise | x |
//! | x_t | the example with noise | x |
//! | f | the network | x |

#[cfg(not(feature = "burn"))]
#[path = "mlp/absent.rs"]
mod network;
#[cfg(feature = "burn")]
mod network;

use faer::{Mat, MatRef};
use overdamped_substrate::stream::{self, Stream};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::{DigitalError, positive, require};
use network::Network;

/// Streams of the seed: one for the initial weights, a family for batches and noise.
const WEIGHTS: u64 = 0;
const DRAWS: u64 = 1;

/// Size and training of an [`Mlp`].
///
/// The defaults were chosen on a fifth of the 1,396 training images of 8 x 8 digits at sigma = 0.5.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpSettings {
    /// Hidden units. Default 128.
    pub hidden: usize,
    /// Updates of the weights. Default 20,000.
    pub updates: u64,
    /// Examples in one update, drawn with replacement, each with fresh noise. Default 128.
    pub batch: usize,
    /// Learning rate of Adam in the first update; it falls to zero along half a cosine.
    /// Default 0.005.
    pub rate: f64,
    /// Seed of initial weights, batches and noise. Default 0.
    pub seed: u64,
}

impl Default for MlpSettings {
    fn default() -> Self {
        Self {
            hidden: 128,
            updates: 20_000,
            batch: 128,
            rate: 5e-3,
            seed: 0,
        }
    }
}

impl MlpSettings {
    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`DigitalError::Setting`].
    pub fn validated(&self) -> Result<&Self, DigitalError> {
        let at_least_one = [
            ("the number of hidden units", self.hidden as f64),
            ("the number of updates", self.updates as f64),
            ("the number of examples in a batch", self.batch as f64),
        ];
        for (setting, value) in at_least_one {
            require(setting, value, value >= 1.0, "at least 1")?;
        }
        positive("the learning rate", self.rate)?;
        Ok(self)
    }

    /// Learning rate of an update: half a cosine from `rate` to zero.
    #[cfg(any(feature = "burn", test))]
    fn rate_at(&self, update: u64) -> f64 {
        let done = update as f64 / self.updates as f64;
        0.5 * self.rate * (1.0 + (std::f64::consts::PI * done).cos())
    }
}

/// A trained denoiser: units -> hidden -> units, tanh between, trained by backpropagation and Adam.
///
/// Without the feature `burn` there is none: [`train`](Self::train) checks its input and returns
/// [`DigitalError::NotBuilt`].
#[derive(Debug)]
pub struct Mlp {
    network: Network,
    units: usize,
}

impl Mlp {
    /// Trains a network on `examples` (`units x examples`), each seen with noise of standard
    /// deviation `noise` per unit.
    ///
    /// `progress` is called at most a hundred times with the updates made and the mean loss, in x^2
    /// per unit, of those since the last call.
    ///
    /// # Errors
    /// [`DigitalError::Setting`], [`DigitalError::NoData`] and [`DigitalError::NonFinite`] for bad
    /// input; [`DigitalError::Diverged`] where the rate is too high; [`DigitalError::NotBuilt`]
    /// without the feature `burn`; [`DigitalError::Library`].
    pub fn train(
        examples: MatRef<'_, f32>,
        noise: f64,
        settings: &MlpSettings,
        progress: impl FnMut(u64, f64),
    ) -> Result<Self, DigitalError> {
        settings.validated()?;
        positive("the noise", noise)?;
        let (units, count) = examples.shape();
        if units == 0 || count == 0 {
            return Err(DigitalError::NoData {
                units,
                examples: count,
            });
        }
        let rows = rows_of_samples(examples)?;
        let rows: Vec<&[f32]> = rows.chunks_exact(units).collect();
        let weights = stream::of(settings.seed, WEIGHTS);
        let draws = stream::derive(settings.seed, DRAWS);
        let next = |update| {
            // Each update has its own stream, so that the size of a batch moves no later draw.
            let mut draws = stream::of(draws, update);
            batch(&rows, noise as f32, settings.batch, &mut draws)
        };
        Ok(Self {
            network: Network::train(units, settings, weights, next, progress)?,
            units,
        })
    }

    /// The clean data that the network predicts for `noised` (`units x samples`), of the same shape.
    ///
    /// # Errors
    /// [`DigitalError::Units`] and [`DigitalError::NonFinite`] for bad input,
    /// [`DigitalError::Library`].
    pub fn denoise(&self, noised: MatRef<'_, f32>) -> Result<Mat<f32>, DigitalError> {
        let (units, samples) = noised.shape();
        if units != self.units {
            return Err(DigitalError::Units {
                expected: self.units,
                found: units,
            });
        }
        if samples == 0 {
            return Ok(Mat::zeros(units, 0));
        }
        let clean = self
            .network
            .predict(rows_of_samples(noised)?, [samples, units])?;
        Ok(Mat::from_fn(units, samples, |unit, sample| {
            clean[sample * units + unit]
        }))
    }

    /// Number of weights and biases.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.network.parameters()
    }
}

/// The matrix sample by sample, as the library lays out a batch.
fn rows_of_samples(samples: MatRef<'_, f32>) -> Result<Vec<f32>, DigitalError> {
    let mut rows = Vec::with_capacity(samples.nrows() * samples.ncols());
    for sample in 0..samples.ncols() {
        for unit in 0..samples.nrows() {
            let value = samples[(unit, sample)];
            if !value.is_finite() {
                return Err(DigitalError::NonFinite {
                    unit,
                    sample,
                    value,
                });
            }
            rows.push(value);
        }
    }
    Ok(rows)
}

/// Examples drawn with replacement, one after the other: clean, and with fresh noise.
fn batch(examples: &[&[f32]], noise: f32, size: usize, draws: &mut Stream) -> (Vec<f32>, Vec<f32>) {
    let clean: Vec<f32> = (0..size)
        .flat_map(|_| examples[draws.random_range(0..examples.len())])
        .copied()
        .collect();
    let noised = clean
        .iter()
        .map(|value| {
            let normal: f32 = StandardNormal.sample(draws);
            value + noise * normal
        })
        .collect();
    (clean, noised)
}

#[cfg(test)]
mod tests;

//! How a U-Net is trained.

use serde::{Deserialize, Serialize};

use crate::{DigitalError, positive, require};

/// Training of a [`UNet`](super::UNet); its shape is fixed.
///
/// One update draws `batch` images with replacement, a noise sigma for each, log-uniform between the
/// two bounds, and standard normal eps, and moves the weights by Adam along the gradient of
///
/// loss = mean of w(sigma) |f(x_0 + sigma eps, sigma) - x_0|^2 / 256,
/// w = ((sigma^2 + s^2) / (sigma s)^2)^p
///
/// with s the deviation of the data. p = 1 is the weight of Karras et al. (2022, table 1), which asks
/// for the same relative accuracy at every noise; p = 0 leaves the loss to the greatest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UNetSettings {
    /// Updates of the weights. Default 1,250.
    pub updates: u64,
    /// Images in one update. Default 32.
    pub batch: usize,
    /// Greatest learning rate of Adam. Default 0.001.
    pub rate: f64,
    /// Share of the updates during which the rate rises to its greatest; along the others it falls to
    /// zero by half a cosine. In 0..1, default 0.02.
    pub warm_up: f64,
    /// Least noise. Default 0.05.
    pub least_noise: f64,
    /// Greatest noise. Default 2.
    pub greatest_noise: f64,
    /// Deviation s of the data in the weight of the loss. Default 0.5.
    pub deviation: f64,
    /// Exponent p of the weight of the loss. Default 1.
    pub weight_exponent: f64,
    /// Longest gradient over all weights; a longer one is shortened to it. Default 1.
    pub gradient_norm: f64,
    /// Added to the root of Adam's second moment. Default 1e-8, as in the paper (Kingma and Ba 2015).
    pub epsilon: f64,
    /// Share of the moving average of the weights that each update keeps, once there have been
    /// enough of them; the average is the result. 0 is no average. In 0..1, default 0.
    pub averaging: f64,
    /// Seed of initial weights, batches and noise. Default 0.
    pub seed: u64,
}

impl Default for UNetSettings {
    fn default() -> Self {
        Self {
            updates: 1250,
            batch: 32,
            rate: 1e-3,
            warm_up: 0.02,
            least_noise: 0.05,
            greatest_noise: 2.0,
            deviation: 0.5,
            weight_exponent: 1.0,
            gradient_norm: 1.0,
            epsilon: 1e-8,
            averaging: 0.0,
            seed: 0,
        }
    }
}

impl UNetSettings {
    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`DigitalError::Setting`].
    pub fn validated(&self) -> Result<&Self, DigitalError> {
        let updates = self.updates as f64;
        require(
            "the number of updates",
            updates,
            updates >= 1.0,
            "at least 1",
        )?;
        let batch = self.batch as f64;
        require(
            "the number of images in a batch",
            batch,
            batch >= 1.0,
            "at least 1",
        )?;
        positive("the learning rate", self.rate)?;
        positive("the least noise", self.least_noise)?;
        positive("the greatest noise", self.greatest_noise)?;
        let ordered = self.greatest_noise >= self.least_noise;
        let bound = "at least the least noise";
        require("the greatest noise", self.greatest_noise, ordered, bound)?;
        positive("the deviation of the data", self.deviation)?;
        let finite = self.weight_exponent.is_finite();
        let exponent = "the exponent of the weight of the loss";
        require(exponent, self.weight_exponent, finite, "finite")?;
        positive("the longest gradient", self.gradient_norm)?;
        positive("Adam's epsilon", self.epsilon)?;
        for (setting, share) in [
            ("the share of updates of the warm-up", self.warm_up),
            ("the share that the moving average keeps", self.averaging),
        ] {
            let within = (0.0..1.0).contains(&share);
            require(setting, share, within, "at least 0 and below 1")?;
        }
        Ok(self)
    }

    /// Weight of the loss at a noise, in 1 / x^2 for an exponent of one.
    #[must_use]
    pub fn weight(&self, noise: f64) -> f64 {
        let data = self.deviation * self.deviation;
        let square = noise * noise;
        ((square + data) / (square * data)).powf(self.weight_exponent)
    }

    /// Learning rate of an update, counted from 0: linear up, then half a cosine down to zero.
    #[must_use]
    pub fn rate_at(&self, update: u64) -> f64 {
        let rising = (self.warm_up * self.updates as f64).floor();
        let update = update as f64;
        if update < rising {
            return self.rate * (update + 1.0) / rising;
        }
        let done = (update - rising) / (self.updates as f64 - rising);
        0.5 * self.rate * (1.0 + (std::f64::consts::PI * done).cos())
    }

    /// Share of the moving average that an update, counted from 0, keeps. The first updates keep
    /// less, so that the initial weights fade.
    #[cfg(feature = "burn")]
    pub(super) fn kept_at(&self, update: u64) -> f64 {
        self.averaging
            .min((1.0 + update as f64) / (10.0 + update as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls_along_half_a_cosine() {
        let settings = UNetSettings {
            updates: 100,
            rate: 2.0,
            warm_up: 0.1,
            ..UNetSettings::default()
        };
        assert!((settings.rate_at(0) - 0.2).abs() < 1e-12);
        assert_eq!((settings.rate_at(9), settings.rate_at(10)), (2.0, 2.0));
        assert!((settings.rate_at(55) - 1.0).abs() < 1e-12);
        assert!(settings.rate_at(99) < 1e-3 && settings.rate_at(99) > 0.0);
        let cold = UNetSettings {
            warm_up: 0.0,
            ..settings
        };
        assert_eq!(cold.rate_at(0), 2.0);
    }

    /// At sigma = s both terms are equal: w = 2 / s^2 = 8; the exponent is that of a power.
    #[test]
    fn the_weight_is_that_of_the_formula() {
        let mut settings = UNetSettings::default();
        assert!((settings.weight(0.5) - 8.0).abs() < 1e-12);
        settings.weight_exponent = 0.5;
        assert!((settings.weight(0.5) - 8.0_f64.sqrt()).abs() < 1e-12);
        settings.weight_exponent = 0.0;
        assert_eq!(settings.weight(0.1), 1.0);
    }
}

//! What one update of a U-Net learns from: images, their noise and its weight in the loss.

use faer::MatRef;
use overdamped_substrate::stream::Stream;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::UNetSettings;

/// Images of one update, one after the other in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Batch {
    pub(super) clean: Vec<f32>,
    pub(super) noisy: Vec<f32>,
    /// Noise of each image, in x.
    pub(super) noises: Vec<f32>,
    /// Weight of each image in the loss.
    pub(super) weights: Vec<f32>,
}

impl Batch {
    /// Draws images (columns of `examples`) with replacement, each with noise of its own.
    pub(super) fn draw(
        examples: MatRef<'_, f32>,
        settings: &UNetSettings,
        draws: &mut Stream,
    ) -> Self {
        let pixels = examples.nrows();
        let mut batch = Self {
            clean: Vec::with_capacity(settings.batch * pixels),
            noisy: Vec::with_capacity(settings.batch * pixels),
            noises: Vec::with_capacity(settings.batch),
            weights: Vec::with_capacity(settings.batch),
        };
        let ratio = settings.greatest_noise / settings.least_noise;
        for _ in 0..settings.batch {
            let image = examples.col(draws.random_range(0..examples.ncols()));
            let noise = settings.least_noise * ratio.powf(draws.random::<f64>());
            batch.noises.push(noise as f32);
            batch.weights.push(settings.weight(noise) as f32);
            for &value in image.iter() {
                let normal: f32 = StandardNormal.sample(draws);
                batch.clean.push(value);
                batch.noisy.push(value + noise as f32 * normal);
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use faer::Mat;
    use overdamped_substrate::stream;

    use super::*;

    /// 4,000 images of 4 pixels, seed 0. ln sigma is uniform over ln 40: mean ln sqrt(.05 * 2) within
    /// 4 standard errors (.067), least and greatest within the bounds; (x_t - x_0) / sigma has
    /// mean square 1 within 4 standard errors (.045). False alarms on other seeds: 1 in 8,000. Catches
    /// noise drawn uniformly, once for all images, or scaled by its square.
    #[test]
    fn noise_is_log_uniform_and_scales_a_standard_normal() {
        let settings = UNetSettings {
            batch: 4000,
            ..UNetSettings::default()
        };
        let examples = Mat::from_fn(4, 3, |pixel, image| (4 * image + pixel) as f32);
        let batch = Batch::draw(examples.as_ref(), &settings, &mut stream::of(0, 0));
        let logs: Vec<f64> = batch.noises.iter().map(|s| f64::from(*s).ln()).collect();
        let mean = logs.iter().sum::<f64>() / 4000.0;
        assert!((mean - 0.1_f64.sqrt().ln()).abs() < 0.067, "{mean}");
        assert!(batch.noises.iter().all(|s| (0.0499..2.001).contains(s)));

        let mut square = 0.0;
        for (at, (noisy, clean)) in batch.noisy.iter().zip(&batch.clean).enumerate() {
            let eps = f64::from(noisy - clean) / f64::from(batch.noises[at / 4]);
            square += eps * eps / 16_000.0;
        }
        assert!((square - 1.0).abs() < 0.045, "{square}");
        // Each image whole, row by row.
        for image in batch.clean.chunks_exact(4) {
            assert!(
                image[0] % 4.0 == 0.0 && image[3] == image[0] + 3.0,
                "{image:?}"
            );
        }
        let weight = settings.weight(f64::from(batch.noises[7])) as f32;
        assert!((batch.weights[7] / weight - 1.0).abs() < 1e-4);
    }
}

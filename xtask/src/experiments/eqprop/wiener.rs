//! The Wiener filter: the best that a linear network can do, and what a nonlinear one has to beat.
//!
//! With mean m and covariance C of the data, E[x_0 | y] of a Gaussian is m + C (C + sigma^2)^-1 (y - m); along
//! an eigenvector of variance v it leaves an error of v sigma^2 / (v + sigma^2).

use anyhow::Context as _;
use faer::{Col, Mat, MatRef, Side};

/// Mean and principal directions of a set of images.
pub struct Wiener {
    mean: Col<f64>,
    directions: Mat<f64>,
    variances: Vec<f64>,
}

impl Wiener {
    /// Fitted to images (pixels x count).
    ///
    /// # Errors
    /// Fewer than two images, or a covariance without eigenvalues.
    pub fn fit(images: MatRef<'_, f32>) -> anyhow::Result<Self> {
        let (pixels, count) = (images.nrows(), images.ncols());
        anyhow::ensure!(
            count > 1,
            "a covariance needs two images, and there are {count}"
        );
        let mean = Col::from_fn(pixels, |pixel| {
            let row = images.row(pixel);
            row.iter().map(|&v| f64::from(v)).sum::<f64>() / count as f64
        });
        let centred = Mat::from_fn(pixels, count, |pixel, image| {
            f64::from(images[(pixel, image)]) - mean[pixel]
        });
        let covariance = &centred * centred.transpose();
        let modes = covariance.self_adjoint_eigen(Side::Lower);
        let modes = modes
            .ok()
            .context("the covariance of the images has no eigenvalues")?;
        let scale = 1.0 / (count as f64 - 1.0);
        let variances = modes
            .S()
            .column_vector()
            .iter()
            .map(|v| (v * scale).max(0.0));
        Ok(Self {
            variances: variances.collect(),
            directions: modes.U().to_owned(),
            mean,
        })
    }

    /// Its estimates of the clean images behind `noisy` ones (pixels x count).
    pub fn denoise(&self, noisy: MatRef<'_, f32>, deviation: f64) -> Mat<f32> {
        let centred = Mat::from_fn(noisy.nrows(), noisy.ncols(), |pixel, image| {
            f64::from(noisy[(pixel, image)]) - self.mean[pixel]
        });
        let mut modes = self.directions.transpose() * centred;
        for image in 0..modes.ncols() {
            for (mode, &variance) in modes
                .col_as_slice_mut(image)
                .iter_mut()
                .zip(&self.variances)
            {
                *mode *= variance / (variance + deviation * deviation);
            }
        }
        let clean = &self.directions * modes;
        Mat::from_fn(noisy.nrows(), noisy.ncols(), |pixel, image| {
            (clean[(pixel, image)] + self.mean[pixel]) as f32
        })
    }

    /// Mean squared error per pixel that it leaves on images of this covariance.
    pub fn error(&self, deviation: f64) -> f64 {
        let square = deviation * deviation;
        let left = self.variances.iter().map(|v| v * square / (v + square));
        left.sum::<f64>() / self.variances.len() as f64
    }
}

/// Mean squared error per pixel between images (both pixels x count).
pub fn mean_squared_error(one: MatRef<'_, f32>, other: MatRef<'_, f32>) -> f64 {
    let mut sum = 0.0;
    for image in 0..one.ncols() {
        for pixel in 0..one.nrows() {
            sum += f64::from(one[(pixel, image)] - other[(pixel, image)]).powi(2);
        }
    }
    sum / (one.nrows() * one.ncols()) as f64
}

#[cfg(test)]
mod tests {
    use overdamped_substrate::stream;
    use rand::RngExt;
    use rand_distr::StandardNormal;

    use super::*;

    /// 20,000 Gaussian pairs: the error is known to 1 %, four standard deviations are 4 %.
    #[test]
    fn on_a_gaussian_it_leaves_what_it_says() {
        let mut random = stream::of(3, 0);
        let mut normal = move || random.sample::<f64, _>(StandardNormal);
        let clean = Mat::from_fn(3, 20_000, |_, _| normal());
        // Variances 4 and .25 along mixed directions, and a third pixel that is always .3.
        let clean = Mat::from_fn(3, 20_000, |pixel, image| {
            let (wide, narrow) = (2.0 * clean[(0, image)], 0.5 * clean[(1, image)]);
            [0.6 * wide - 0.8 * narrow, 0.8 * wide + 0.6 * narrow, 0.3][pixel] as f32
        });
        let mut random = stream::of(3, 1);
        let noisy = Mat::from_fn(3, 20_000, |pixel, image| {
            clean[(pixel, image)] + 0.5 * random.sample::<f32, _>(StandardNormal)
        });
        let wiener = Wiener::fit(clean.as_ref()).unwrap();
        let expected = (4.0 * 0.25 / 4.25 + 0.25 * 0.25 / 0.5) / 3.0;
        assert!((wiener.error(0.5) / expected - 1.0).abs() < 0.04);
        let denoised = wiener.denoise(noisy.as_ref(), 0.5);
        let error = mean_squared_error(denoised.as_ref(), clean.as_ref());
        assert!((error / expected - 1.0).abs() < 0.04, "{error}, {expected}");
        assert!(mean_squared_error(noisy.as_ref(), clean.as_ref()) > 2.0 * error);
    }
}

//! Images from noise: a ladder of noise levels, and the way down it.
//!
//! A denoiser D(x, sigma) = E[x_0 | x] makes noised images flow to clean ones (Karras et al. 2022, eq. 1 and 3):
//!
//! dx / d sigma = (x - D) / sigma.
//!
//! In ln sigma the part in x is solved exactly, and D is continued along the line through its last two values
//! (DPM-Solver++(2M) of Lu et al. 2022). With r the ratio of a level to the one before and h = -ln r,
//!
//! x' = r x + (1 - r) (D + (D - D_before) h / (2 h_before)):
//!
//! second order with one evaluation of D at each level, so that a substrate is programmed once for each. From the last
//! level the step goes to sigma = 0, where x' = D.
//!
//! Fresh noise on the way was tried and left out: it brought the U-Net nothing, and an imperfect denoiser was worse
//! for it.

use faer::{Mat, MatRef};

/// Noise levels of Karras et al. (2022, eq. 5), falling: their powers 1 / rho are equally spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ladder {
    /// First level, in the units of pixels.
    pub noisiest: f64,
    /// Last level above zero.
    pub cleanest: f64,
    /// Number of levels, at least two.
    pub rungs: usize,
    /// rho: the greater, the closer the levels where there is little noise.
    pub exponent: f64,
}

impl Ladder {
    /// The levels, the noisiest first.
    pub fn levels(&self) -> Vec<f64> {
        let [first, last] = [self.noisiest, self.cleanest].map(|end| end.powf(1.0 / self.exponent));
        let steps = self.rungs as f64 - 1.0;
        (0..self.rungs)
            .map(|rung| (first + (last - first) * rung as f64 / steps).powf(self.exponent))
            .collect()
    }
}

/// One level of a way down.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Noise level.
    pub sigma: f64,
    /// The images as they came to this level (pixels x images).
    pub noisy: Mat<f32>,
    /// What the denoiser made of them. That of the last level is the result.
    pub clean: Mat<f32>,
}

/// Takes images (pixels x images) that are as noisy as the first of `levels` down to zero. `denoise` is told the
/// place of the level.
///
/// # Errors
/// Those of `denoise`.
pub fn descend(
    levels: &[f64],
    start: Mat<f32>,
    mut denoise: impl FnMut(usize, MatRef<'_, f32>) -> anyhow::Result<Mat<f32>>,
) -> anyhow::Result<Vec<Moment>> {
    let mut moments: Vec<Moment> = Vec::with_capacity(levels.len());
    let mut noisy = start;
    for (place, &sigma) in levels.iter().enumerate() {
        if let Some(last) = moments.last() {
            let ratio = sigma / last.sigma;
            // Nothing comes before the first step, which is of first order.
            let before = moments.len().checked_sub(2).map(|place| &moments[place]);
            let bend = before.map_or(0.0, |b| 0.5 * ratio.ln() / (last.sigma / b.sigma).ln());
            let before = before.map_or(&last.clean, |before| &before.clean);
            noisy = Mat::from_fn(noisy.nrows(), noisy.ncols(), |pixel, image| {
                let at = (pixel, image);
                let [x, d, b] = [noisy[at], last.clean[at], before[at]].map(f64::from);
                (ratio * x + (1.0 - ratio) * (d + bend * (d - b))) as f32
            });
        }
        moments.push(Moment {
            sigma,
            clean: denoise(place, noisy.as_ref())?,
            noisy: noisy.clone(),
        });
    }
    Ok(moments)
}

#[cfg(test)]
mod tests {
    use overdamped_substrate::stream;
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;

    /// Gaussian data of this mean and variance, whose denoiser and flow are known.
    const MEAN: f64 = 0.3;
    const VARIANCE: f64 = 0.25;

    fn levels(rungs: usize) -> Vec<f64> {
        let ladder = Ladder {
            noisiest: 2.0,
            cleanest: 0.05,
            rungs,
            exponent: 7.0,
        };
        ladder.levels()
    }

    fn normal(images: usize, deviation: f64) -> Mat<f32> {
        let mut draws = stream::of(7, 0);
        Mat::from_fn(4, images, |_, _| {
            let normal: f64 = StandardNormal.sample(&mut draws);
            (MEAN + deviation * normal) as f32
        })
    }

    fn down(rungs: usize, start: Mat<f32>) -> Vec<Moment> {
        let levels = levels(rungs);
        let denoise = |place: usize, x: MatRef<'_, f32>| {
            let share = VARIANCE / (VARIANCE + levels[place] * levels[place]);
            Ok(Mat::from_fn(x.nrows(), x.ncols(), |pixel, image| {
                (MEAN + share * (f64::from(x[(pixel, image)]) - MEAN)) as f32
            }))
        };
        descend(&levels, start, denoise).unwrap()
    }

    #[test]
    fn the_ladder_is_even_in_its_root_and_ends_where_it_says() {
        let levels = levels(18);
        assert!((levels[0] - 2.0).abs() < 1e-12 && (levels[17] - 0.05).abs() < 1e-12);
        let roots: Vec<_> = levels.iter().map(|level| level.powf(1.0 / 7.0)).collect();
        let step = roots[1] - roots[0];
        assert!(step < 0.0);
        for pair in roots.windows(2) {
            assert!((pair[1] - pair[0] - step).abs() < 1e-12);
        }
    }

    /// The flow of Gaussian data keeps (x - mean) / sqrt(variance + sigma^2). Where levels double, the error at
    /// the last falls to a quarter, and with a first step of first order still by more than 3.2; a method of first
    /// order would halve it, a wrong sign of the bend leave it where it is.
    #[test]
    fn the_order_is_two() {
        let start = normal(16, 2.0);
        let scale = ((VARIANCE + 0.0025) / (VARIANCE + 4.0)).sqrt();
        let error = |rungs| {
            let end = down(rungs, start.clone()).pop().unwrap().noisy;
            let mut worst = 0.0_f64;
            for image in 0..16 {
                for pixel in 0..4 {
                    let x = MEAN + scale * (f64::from(start[(pixel, image)]) - MEAN);
                    worst = worst.max((f64::from(end[(pixel, image)]) - x).abs());
                }
            }
            worst
        };
        let errors = [12, 24, 48, 96].map(error);
        for pair in errors.windows(2) {
            assert!((3.2..5.0).contains(&(pair[0] / pair[1])), "{errors:?}");
        }
    }

    /// 80,000 pixels (seed 7): by chance the mean is off by .002 and the variance by .5 %. Four times that is allowed,
    /// so that an honest seed fails once in 10,000. Data without spread, as from steps to D alone, or a last step left
    /// out, would be seen.
    #[test]
    fn gaussian_noise_becomes_gaussian_data() {
        let images = down(60, normal(20_000, (VARIANCE + 4.0).sqrt()));
        let images = images.last().unwrap().clean.as_ref();
        let values = images
            .col_iter()
            .flat_map(|column| column.iter().map(|&x| f64::from(x) - MEAN));
        let (sum, squares) =
            values.fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
        let (mean, variance) = (sum / 80_000.0, squares / 80_000.0);
        // D of x at the last level spreads less than the data.
        let expected = VARIANCE * VARIANCE / (VARIANCE + 0.0025);
        assert!(mean.abs() < 0.008, "{mean}");
        assert!((variance / expected - 1.0).abs() < 0.02, "{variance}");
    }

    #[test]
    fn more_images_change_none() {
        let start = normal(6, 2.0);
        let all = down(9, start.clone());
        let part = down(9, start.subcols(0, 3).to_owned());
        assert_eq!(all.len(), 9);
        for (all, part) in all.iter().zip(&part) {
            assert_eq!(all.noisy.subcols(0, 3), part.noisy.as_ref());
            assert_eq!(all.clean.subcols(0, 3), part.clean.as_ref());
        }
    }
}

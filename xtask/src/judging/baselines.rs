//! Samples that need no network: the rows of a results table between which a generator must fall.
//!
//! [`real`] is the floor (nothing scores better than data), or one of two [`halves`] where the reference is the
//! training set itself; [`gaussian`] what mean and covariance alone achieve, [`gaussian_per_class`] the same once the
//! class is chosen first.

use faer::{Mat, MatRef, Side};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::error::{JudgingError, check_count, check_labels, check_set};
use super::moments::Moments;
use super::subset::{draw_indices, select_columns};

/// `count` different images drawn at random from `images` (units x samples), in random order.
///
/// # Errors
/// An empty or non-finite set, or fewer than `count` images.
pub fn real(images: MatRef<'_, f32>, count: usize, seed: u64) -> Result<Mat<f32>, JudgingError> {
    check_set("training", images)?;
    check_count("training", "a draw of real images", images, count)?;
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let chosen = draw_indices(images.ncols(), count, &mut rng);
    Ok(select_columns(images, &chosen))
}

/// Real images with their digits.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Pixels, units x samples.
    pub images: Mat<f32>,
    /// The digit of each image.
    pub labels: Vec<u8>,
}

/// Two random halves of `images` (units x samples) with their labels: real images to judge and real images to judge
/// them against, where no image stands on both sides. Of an odd number one image is left out.
///
/// # Errors
/// Fewer than two images, a non-finite value, or labels that do not pair with the images.
pub fn halves(
    images: MatRef<'_, f32>,
    labels: &[u8],
    seed: u64,
) -> Result<[Labelled; 2], JudgingError> {
    check_set("training", images)?;
    check_labels(images, labels)?;
    check_count("training", "a comparison of two halves", images, 2)?;
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let order = draw_indices(images.ncols(), images.ncols(), &mut rng);
    let half = order.len() / 2;
    Ok(
        [&order[..half], &order[half..2 * half]].map(|chosen| Labelled {
            images: select_columns(images, chosen),
            labels: chosen.iter().map(|&sample| labels[sample]).collect(),
        }),
    )
}

/// `count` draws from the Gaussian with the mean and full covariance of `images` (units x samples).
///
/// Values are not clipped to the range of the images; a scorecard does that for every sample.
///
/// # Errors
/// Fewer than two images, a non-finite value, or an eigendecomposition that does not converge.
pub fn gaussian(
    images: MatRef<'_, f32>,
    count: usize,
    seed: u64,
) -> Result<Mat<f32>, JudgingError> {
    check_set("training", images)?;
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    draw_gaussian(images, count, &mut rng)
}

/// `count` draws from a mixture of one full-covariance Gaussian per class, each class with its share of
/// `labels`; samples of one class stand together, in the order of the classes.
///
/// The number of samples per class is drawn too, so that the rows are independent draws from the mixture.
///
/// # Errors
/// Labels that do not pair with the images, fewer than two images of a class that occurs, and as for [`gaussian`].
pub fn gaussian_per_class(
    images: MatRef<'_, f32>,
    labels: &[u8],
    count: usize,
    seed: u64,
) -> Result<Mat<f32>, JudgingError> {
    check_set("training", images)?;
    check_labels(images, labels)?;
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut samples = Mat::zeros(images.nrows(), count);
    let mut drawn: Vec<u8> = (0..count)
        .map(|_| labels[rng.random_range(0..labels.len())])
        .collect();
    drawn.sort_unstable();
    let mut filled = 0;
    for class in drawn.chunk_by(|a, b| a == b) {
        let members: Vec<usize> = (0..labels.len())
            .filter(|&sample| labels[sample] == class[0])
            .collect();
        let images = select_columns(images, &members);
        let block = draw_gaussian(images.as_ref(), class.len(), &mut rng)?;
        samples.subcols_mut(filled, class.len()).copy_from(&block);
        filled += class.len();
    }
    Ok(samples)
}

/// Draws through the eigenvectors of the covariance: constant pixels make it singular, so that Cholesky would
/// need a ridge.
fn draw_gaussian(
    images: MatRef<'_, f32>,
    count: usize,
    rng: &mut Pcg64Mcg,
) -> Result<Mat<f32>, JudgingError> {
    check_count("training", "a Gaussian fit", images, 2)?;
    let units = images.nrows();
    let moments = Moments::of(images);
    let decomposition = moments
        .covariance
        .self_adjoint_eigen(Side::Lower)
        .map_err(|_| JudgingError::NoConvergence {
            what: "the eigendecomposition of a covariance",
            samples: images.ncols(),
            units,
        })?;
    let variances = decomposition.S().column_vector();
    let coordinates = Mat::from_fn(units, count, |axis, _| {
        let normal: f64 = StandardNormal.sample(rng);
        normal * variances[axis].max(0.0).sqrt()
    });
    let deviations = decomposition.U() * &coordinates;
    Ok(Mat::from_fn(units, count, |unit, sample| {
        (moments.mean[unit] + deviations[(unit, sample)]) as f32
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::frechet::frechet_distance;

    /// Two classes at -+(2, 2, 2), within which units 0 and 1 move together and unit 2 is constant.
    fn two_classes() -> (Mat<f32>, Vec<u8>) {
        let labels: Vec<u8> = (0..400)
            .map(|sample| u8::from(sample % 4 == 0) * 7)
            .collect();
        let images = Mat::from_fn(3, 400, |unit, sample| {
            let wobble = ((sample * 37) % 101) as f32 / 101.0 - 0.5;
            let class = if labels[sample] == 0 { -2.0 } else { 2.0 };
            class + [wobble, 2.0 * wobble, 0.0][unit]
        });
        (images, labels)
    }

    /// The fit of 20,000 draws (seed 4) is the fit of the data: the squared Fréchet distance of n draws from their
    /// own Gaussian is about (units + parameters of C) var / n < 2e-3 here. Catches a covariance applied in
    /// place of its root, and a forgotten mean.
    #[test]
    fn gaussian_has_the_moments_of_the_data() {
        let (images, _) = two_classes();
        let samples = gaussian(images.as_ref(), 20_000, 4).unwrap();
        let distance = frechet_distance(images.as_ref(), samples.as_ref()).unwrap();
        assert!(distance < 1e-2, "{distance}");
        assert_eq!(samples, gaussian(images.as_ref(), 20_000, 4).unwrap());
    }

    /// Class shares 3/4 and 1/4: of 4,000 draws (seed 6) the second class has 1,000 with standard deviation 27;
    /// four of them give a false alarm of 6e-5. A single Gaussian would fill the gap between the classes.
    #[test]
    fn classes_keep_their_shares_and_their_gap() {
        let (images, labels) = two_classes();
        let samples = gaussian_per_class(images.as_ref(), &labels, 4_000, 6).unwrap();
        let third: Vec<f32> = samples.row(2).iter().copied().collect();
        assert!(third.iter().all(|value| (value.abs() - 2.0).abs() < 1e-3));
        let upper = third.iter().filter(|value| **value > 0.0).count();
        assert!(upper.abs_diff(1_000) < 109, "{upper}");
        // Within a class unit 1 is twice unit 0, up to its mean.
        for sample in samples.col_iter() {
            let mean = sample[2];
            assert!(((sample[1] - mean) - 2.0 * (sample[0] - mean)).abs() < 1e-2);
        }
    }

    /// Drawn without replacement: all of the data comes back, each image once.
    #[test]
    fn real_draws_each_image_once() {
        let images = Mat::from_fn(1, 30, |_, sample| sample as f32);
        let mut drawn: Vec<f32> = real(images.as_ref(), 30, 1)
            .unwrap()
            .row(0)
            .iter()
            .copied()
            .collect();
        drawn.sort_by(f32::total_cmp);
        assert_eq!(
            drawn,
            (0..30).map(|sample| sample as f32).collect::<Vec<_>>()
        );
        assert!(matches!(
            real(images.as_ref(), 31, 1),
            Err(JudgingError::TooFewSamples {
                found: 30,
                needed: 31,
                ..
            })
        ));
    }

    /// Image j is the number j and has the label j % 10: of 31 images, 15 and 15 others, each with its own label.
    #[test]
    fn halves_share_no_image_and_keep_their_labels() {
        let images = Mat::from_fn(1, 31, |_, sample| sample as f32);
        let labels: Vec<u8> = (0..31).map(|sample| sample % 10).collect();
        let parts = halves(images.as_ref(), &labels, 5).unwrap();
        let mut seen = Vec::new();
        for Labelled { images, labels } in &parts {
            assert_eq!((images.ncols(), labels.len()), (15, 15));
            for (image, label) in images.row(0).iter().zip(labels) {
                assert_eq!(*image as u8 % 10, *label);
                seen.push(*image as u8);
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 30);
        assert_eq!(parts, halves(images.as_ref(), &labels, 5).unwrap());
        assert_ne!(parts, halves(images.as_ref(), &labels, 6).unwrap());
        assert!(matches!(
            halves(images.as_ref(), &labels[1..], 5),
            Err(JudgingError::LabelCount {
                images: 31,
                labels: 30
            })
        ));
    }
}

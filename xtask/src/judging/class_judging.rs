//! The judging of a generator of all ten classes against a labelled reference set.
//!
//! The reference is what the generator learnt from, or images held back from it. Unlike in
//! [`Judging`](super::Judging) neighbours are looked for among pixels: in the 64 dimensions of an 8 x 8 image that is
//! the published practice, and no second set has to fix the principal components.

use faer::{Mat, MatRef};

use super::agreement::agreement;
use super::class_scorecard::ClassScorecard;
use super::class_shares::ClassShares;
use super::error::{JudgingError, check_labels, check_units};
use super::frechet::Frechet;
use super::judge::Judge;
use super::nearest::{mean_nearest, nearest_neighbours};
use super::{NEIGHBOURS, baselines, displayed, equal_sizes, neighbours};

/// A judge and a labelled reference set, ready to score samples of all ten classes.
#[derive(Debug, Clone)]
pub struct ClassJudging {
    judge: Judge,
    reference: Mat<f32>,
    labels: Vec<u8>,
    fit: Frechet,
}

impl ClassJudging {
    /// Prepares to score samples against the real `images` (units x samples, values in [-1, 1]), whose digits are
    /// `labels`. The `judge` was trained on real images too, usually on these.
    ///
    /// # Errors
    /// A set that is not finite, of another image size than the judge's or of fewer than [`NEIGHBOURS`] + 1 images,
    /// labels that do not pair with the images or exceed 9, or an eigendecomposition that does not converge.
    pub fn new(images: MatRef<'_, f32>, labels: &[u8], judge: Judge) -> Result<Self, JudgingError> {
        check_units("reference", images, judge.units())?;
        check_labels(images, labels)?;
        neighbours::check_size("reference", images, NEIGHBOURS)?;
        Ok(Self {
            judge,
            fit: Frechet::to(images)?,
            reference: images.to_owned(),
            labels: labels.to_vec(),
        })
    }

    /// Scores `samples` (units x samples), clipped to [-1, 1] first as a display would.
    ///
    /// Precision, recall and coverage compare equal numbers: random subsets of the larger set stand in for it. The
    /// other figures use every sample and every reference image. With n samples, m reference images and the smaller
    /// number s of the two, distances between images of d pixels cost 2 n m d operations and, for each of eight
    /// subsets (one where n = m), 8 s^2 d: 2e11 for 2,000 samples against 10,000 images of 28 x 28, below ten
    /// seconds on two cores, and a memory of 128 distances for each reference image and thread.
    ///
    /// # Errors
    /// A NaN or infinite value (named by sample and unit), images of another size, fewer than [`NEIGHBOURS`] + 1
    /// samples, or an eigendecomposition that does not converge.
    pub fn score(&self, samples: MatRef<'_, f32>) -> Result<ClassScorecard, JudgingError> {
        let samples = displayed(samples, self.reference.nrows())?;
        let (samples, reference) = (samples.as_ref(), self.reference.as_ref());
        let verdicts = self.judge.classify(samples)?;
        let read: Vec<u8> = verdicts.into_iter().map(|(digit, _)| digit).collect();
        let shares = ClassShares::of(&read)?;
        let nearest = nearest_neighbours(samples, reference, NEIGHBOURS)?;
        let neighbourhood = equal_sizes::neighbourhood(reference, samples, NEIGHBOURS)?;
        Ok(ClassScorecard {
            agreement: agreement(&read, &nearest, &self.labels),
            precision: neighbourhood.precision,
            recall: neighbourhood.recall,
            coverage: neighbourhood.coverage,
            fd: self.fit.distance(samples)?,
            nearest: mean_nearest(&nearest),
            class_entropy: shares.entropy(),
            smallest_class: shares.smallest(),
        })
    }
}

/// What real images score: a random half of `images` (units x samples) with `labels`, judged against the other half
/// by a judge that has seen that other half alone.
///
/// Every figure is that of data which the reference does not contain. Two of them would improve with larger sets: the
/// Fréchet distance between finite samples of one distribution, and the distance to the nearest image.
///
/// # Errors
/// Fewer than 2 ([`NEIGHBOURS`] + 1) images, and as for [`Judge::train`] and [`ClassJudging::new`].
pub fn real_halves(
    images: MatRef<'_, f32>,
    labels: &[u8],
    seed: u64,
) -> Result<ClassScorecard, JudgingError> {
    let [reference, fresh] = baselines::halves(images, labels, seed)?;
    let judge = Judge::train(reference.images.as_ref(), &reference.labels)?;
    ClassJudging::new(reference.images.as_ref(), &reference.labels, judge)?
        .score(fresh.images.as_ref())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{UNITS, digits, of_classes};
    use super::*;

    fn judging() -> ClassJudging {
        let (images, labels) = digits(1_500, 1);
        let judge = Judge::train(images.as_ref(), &labels).unwrap();
        ClassJudging::new(images.as_ref(), &labels, judge).unwrap()
    }

    /// Fresh draws of the data (seed 3, 500 against 1,500). The classes lie more than twenty standard deviations apart,
    /// so that both classifiers read each sample right. Catches votes counted with the wrong labels, and shares of the
    /// reference in place of the samples'.
    #[test]
    fn data_scores_well() {
        let (images, _) = digits(500, 3);
        let real = judging().score(images.as_ref()).unwrap();
        assert!(real.agreement > 0.99, "{real:?}");
        assert!(real.precision > 0.9 && real.recall > 0.9, "{real:?}");
        // Coverage of equal sets is 1 - 2^-5; two subsets of 500 spread by .012.
        assert!((real.coverage - 0.97).abs() < 0.05, "{real:?}");
        assert!(real.fd < 0.1 && real.nearest > 0.05, "{real:?}");
        assert!(real.class_entropy > 0.999, "{real:?}");
        assert!((real.smallest_class - 0.1).abs() < 0.005, "{real:?}");
    }

    /// Each way to fail costs its own figure: a copy of the data has no distance to it, one class alone no entropy and
    /// no coverage of the rest, a mean image lies near nothing.
    #[test]
    fn every_fault_costs_its_own_figure() {
        let judging = judging();
        let copies = judging.score(judging.reference.as_ref()).unwrap();
        assert!(
            copies.nearest < 1e-6 && copies.fd.abs() < 1e-6,
            "{copies:?}"
        );
        assert_eq!((copies.precision, copies.coverage), (1.0, 1.0));

        let (images, labels) = digits(1_500, 4);
        let one = of_classes(&images, &labels, &[6]);
        let one = judging.score(one.as_ref()).unwrap();
        assert!(one.precision > 0.9 && one.agreement > 0.99, "{one:?}");
        assert!(one.recall < 0.2 && one.coverage < 0.2, "{one:?}");
        assert!(one.class_entropy < 0.01 && one.smallest_class == 0.0);

        // Enough of them that subsets of the reference hold a neighbourhood in every class.
        let grey = judging.score(Mat::zeros(UNITS, 400).as_ref()).unwrap();
        assert_eq!((grey.precision, grey.coverage), (0.0, 0.0), "{grey:?}");
        assert!(grey.nearest > 1.0, "{grey:?}");
    }

    /// Overshoot beyond ink and background is clipped before anything is measured.
    #[test]
    fn samples_are_clipped() {
        let judging = judging();
        let (mut clipped, _) = digits(60, 5);
        let mut overshooting = clipped.clone();
        overshooting[(3, 7)] = -6.0;
        clipped[(3, 7)] = -1.0;
        assert_eq!(
            judging.score(overshooting.as_ref()).unwrap(),
            judging.score(clipped.as_ref()).unwrap()
        );
    }

    /// 1,001 images make two halves of 500, each fresh to the other: the scores of data, decided by the seed alone.
    /// A half judged against the whole set would find itself at distance 0.
    #[test]
    fn halves_score_as_data() {
        let (images, labels) = digits(1_001, 8);
        let halves = |seed| real_halves(images.as_ref(), &labels, seed).unwrap();
        let real = halves(1);
        assert!(real.agreement > 0.99 && real.nearest > 0.05, "{real:?}");
        // One pair of sets of 500: four times a spread of .02.
        assert!((real.coverage - 0.97).abs() < 0.08, "{real:?}");
        assert_eq!(real, halves(1));
        assert_ne!(real, halves(2));
    }

    #[test]
    fn faults_are_named() {
        let judging = judging();
        let (images, labels) = digits(20, 1);
        let new =
            |images, labels: &[u8]| ClassJudging::new(images, labels, judging.judge.clone()).err();
        assert!(matches!(
            new(images.as_ref(), &labels[1..]),
            Some(JudgingError::LabelCount {
                images: 20,
                labels: 19
            })
        ));
        assert!(matches!(
            new(images.as_ref().subcols(0, 5), &labels[..5]),
            Some(JudgingError::TooFewSamples {
                set: "reference",
                found: 5,
                needed: 6,
                ..
            })
        ));
        assert!(matches!(
            new(images.as_ref().subrows(0, 7), &labels),
            Some(JudgingError::UnitMismatch {
                found: 7,
                expected: UNITS,
                ..
            })
        ));
        let mut broken = images.clone();
        broken[(2, 9)] = f32::INFINITY;
        assert!(matches!(
            judging.score(broken.as_ref()),
            Err(JudgingError::NonFinite {
                set: "generated",
                sample: 9,
                unit: 2,
                ..
            })
        ));
    }
}

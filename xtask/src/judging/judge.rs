//! The judge: a ten-class digit classifier that tells whether a generated image reads as a wanted digit.
//!
//! It is trained on real images of *all ten* digits. A classifier of the wanted classes alone would have to
//! call every image one of them, garbage included; with ten classes an image that is merely plausible ink
//! spreads over the other eight.
//!
//! The classifier is a perceptron with one hidden layer. A linear one (multinomial logistic regression) is too blunt a
//! judge: on MNIST at 12 x 12 it reads .914 of all test digits right (the perceptron .966) and is confident
//! in .89 of the 0s and 1s (the perceptron .95), so that little room is left between data and a poor generator.

use faer::{Mat, MatRef};
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;

use super::error::{JudgingError, check_labels, check_set, check_units};
use super::perceptron::{Layers, Perceptron};
use super::subset::{draw_indices, select_columns};
use super::training::{Fit, train};

/// Number of digit classes that the judge tells apart.
pub const DIGITS: usize = 10;

/// Probability above which a classification counts as confident.
pub const CONFIDENT: f64 = 0.9;

/// How the judge is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgeSettings {
    /// Hidden units.
    pub hidden: usize,
    /// Squared-norm penalty on the weights, per mean cross-entropy. It sets how confident the judge gets on real
    /// images: at 1e-3 about 95 % of real MNIST 0s and 1s pass [`CONFIDENT`].
    pub weight_decay: f64,
    /// L-BFGS iterations at most. Training stops here by design rather than at the optimum.
    pub iterations: usize,
    /// Images at most; a larger training set is thinned at random.
    pub training_images: usize,
    /// Seed of the thinning and of the initial weights.
    pub seed: u64,
}

impl Default for JudgeSettings {
    fn default() -> Self {
        Self {
            hidden: 64,
            weight_decay: 1e-3,
            iterations: 200,
            training_images: 20_000,
            seed: 0,
        }
    }
}

/// Shares of a set of images that read as one of the wanted digits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Verdict {
    /// Share whose most probable class is a wanted one.
    pub in_classes: f64,
    /// Share whose most probable class is a wanted one with probability above [`CONFIDENT`].
    pub confident: f64,
}

/// A trained ten-class digit classifier.
#[derive(Debug, Clone)]
pub struct Judge {
    network: Perceptron,
}

impl Judge {
    /// Trains with the default settings on `images` (units x samples, values in [-1, 1]) and their digits.
    ///
    /// # Errors
    /// See [`Judge::train_with`].
    pub fn train(images: MatRef<'_, f32>, labels: &[u8]) -> Result<Self, JudgingError> {
        Self::train_with(images, labels, &JudgeSettings::default())
    }

    /// Trains on `images` (units x samples, values in [-1, 1]) and their digits.
    ///
    /// Equal inputs and settings give equal judges, whatever the thread count.
    ///
    /// # Errors
    /// An empty or non-finite set, labels that do not pair with the images or exceed 9, a setting out of range,
    /// or a loss that does not stay finite.
    pub fn train_with(
        images: MatRef<'_, f32>,
        labels: &[u8],
        settings: &JudgeSettings,
    ) -> Result<Self, JudgingError> {
        settings.validate()?;
        check_set("judge's training", images)?;
        check_labels(images, labels)?;
        let mut rng = Pcg64Mcg::seed_from_u64(settings.seed);
        let chosen = draw_indices(
            images.ncols(),
            settings.training_images.min(images.ncols()),
            &mut rng,
        );
        let chosen_labels: Vec<u8> = chosen.iter().map(|&sample| labels[sample]).collect();
        let layers = Layers {
            units: images.nrows(),
            hidden: settings.hidden,
            classes: DIGITS,
        };
        let fit = Fit {
            weight_decay: settings.weight_decay,
            iterations: settings.iterations,
            seed: settings.seed,
        };
        let images = select_columns(images, &chosen);
        train(layers, images.as_ref(), &chosen_labels, &fit)
            .map(|network| Self { network })
            .ok_or(JudgingError::NoConvergence {
                what: "the training of the judge",
                samples: images.ncols(),
                units: images.nrows(),
            })
    }

    /// Pixels per image that the judge was trained on.
    pub fn units(&self) -> usize {
        self.network.units()
    }

    /// Class probabilities, 10 x samples: row `d` holds the probability of digit `d`.
    ///
    /// # Errors
    /// An empty or non-finite set, or images of another size than the judge was trained on.
    pub fn probabilities(&self, images: MatRef<'_, f32>) -> Result<Mat<f64>, JudgingError> {
        check_units("judged", images, self.network.units())?;
        Ok(self.network.probabilities(images))
    }

    /// The most probable digit of each image, with its probability.
    ///
    /// # Errors
    /// As for [`Judge::probabilities`].
    pub fn classify(&self, images: MatRef<'_, f32>) -> Result<Vec<(u8, f64)>, JudgingError> {
        let probabilities = self.probabilities(images)?;
        let most_probable = |column: faer::ColRef<'_, f64>| {
            (0..)
                .zip(column.iter())
                .fold((0, f64::NEG_INFINITY), |best, (digit, &probability)| {
                    if probability > best.1 {
                        (digit, probability)
                    } else {
                        best
                    }
                })
        };
        Ok(probabilities.col_iter().map(most_probable).collect())
    }

    /// Share of images whose most probable digit is the label.
    ///
    /// # Errors
    /// As for [`Judge::probabilities`], and labels that do not pair with the images or exceed 9.
    pub fn accuracy(&self, images: MatRef<'_, f32>, labels: &[u8]) -> Result<f64, JudgingError> {
        check_labels(images, labels)?;
        let verdicts = self.classify(images)?;
        let hits = verdicts
            .iter()
            .zip(labels)
            .filter(|((digit, _), label)| digit == *label)
            .count();
        Ok(hits as f64 / labels.len() as f64)
    }

    /// Shares of `images` that read as one of the digits in `classes`.
    ///
    /// # Errors
    /// As for [`Judge::probabilities`].
    pub fn verdict(
        &self,
        images: MatRef<'_, f32>,
        classes: &[u8],
    ) -> Result<Verdict, JudgingError> {
        let verdicts = self.classify(images)?;
        let wanted: Vec<f64> = verdicts
            .iter()
            .filter(|(digit, _)| classes.contains(digit))
            .map(|&(_, probability)| probability)
            .collect();
        let confident = wanted
            .iter()
            .filter(|&&probability| probability > CONFIDENT);
        let samples = verdicts.len() as f64;
        Ok(Verdict {
            in_classes: wanted.len() as f64 / samples,
            confident: confident.count() as f64 / samples,
        })
    }
}

impl JudgeSettings {
    fn validate(&self) -> Result<(), JudgingError> {
        let at_least_one = [
            ("hidden", self.hidden),
            ("iterations", self.iterations),
            ("training_images", self.training_images),
        ];
        if let Some((name, _)) = at_least_one.into_iter().find(|&(_, value)| value == 0) {
            return Err(JudgingError::Setting {
                name,
                value: 0.0,
                bound: "1 or more",
            });
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return Err(JudgingError::Setting {
                name: "weight_decay",
                value: self.weight_decay,
                bound: "0 or more, finite",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Ten unit-variance blobs at distance 8 sqrt 2 from one another, one along each axis.
    fn blobs(samples: usize, seed: u64) -> (Mat<f32>, Vec<u8>) {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        let labels: Vec<u8> = (0..samples).map(|sample| (sample % DIGITS) as u8).collect();
        let images = Mat::from_fn(DIGITS, samples, |unit, sample| {
            let noise: f32 = StandardNormal.sample(&mut rng);
            noise + if unit == sample % DIGITS { 8.0 } else { 0.0 }
        });
        (images, labels)
    }

    /// Blobs 11 standard deviations apart: the Bayes error per pair is below 1e-8, so that among 500 fresh
    /// samples (seed 2) a single miss already means that labels and images were paired wrongly.
    #[test]
    fn separable_blobs_are_told_apart() {
        let (images, labels) = blobs(500, 1);
        let judge = Judge::train(images.as_ref(), &labels).unwrap();
        let (fresh, fresh_labels) = blobs(500, 2);
        assert_eq!(judge.accuracy(fresh.as_ref(), &fresh_labels).unwrap(), 1.0);

        // Blobs 3 and 7 are a fifth of the set: a verdict that looked at rows other than the digit's would differ.
        let verdict = judge.verdict(fresh.as_ref(), &[3, 7]).unwrap();
        assert!((verdict.in_classes - 0.2).abs() < 1e-12);
        assert!(verdict.confident > 0.19 && verdict.confident <= verdict.in_classes);
    }

    /// Catches a verdict that counts every argmax as confident: half-way between two blobs the probability is
    /// near one half, so nothing may pass the threshold.
    #[test]
    fn an_image_between_two_digits_is_not_confident() {
        let (images, labels) = blobs(500, 1);
        let judge = Judge::train(images.as_ref(), &labels).unwrap();
        let between = Mat::from_fn(DIGITS, 1, |unit, _| if unit < 2 { 4.0 } else { 0.0 });
        let verdict = judge.verdict(between.as_ref(), &[0, 1]).unwrap();
        assert_eq!(verdict.in_classes, 1.0);
        assert_eq!(verdict.confident, 0.0);
    }

    #[test]
    fn faults_are_named() {
        let (images, labels) = blobs(50, 1);
        let judge_of = |images: &Mat<f32>, labels: &[u8]| Judge::train(images.as_ref(), labels);
        assert!(matches!(
            judge_of(&Mat::zeros(4, 0), &[]),
            Err(JudgingError::EmptySet { .. })
        ));
        assert!(matches!(
            judge_of(&images, &labels[1..]),
            Err(JudgingError::LabelCount {
                images: 50,
                labels: 49
            })
        ));
        let mut wrong = labels.clone();
        wrong[7] = 10;
        assert!(matches!(
            judge_of(&images, &wrong),
            Err(JudgingError::LabelOutOfRange {
                label: 10,
                sample: 7
            })
        ));
        let settings = JudgeSettings {
            weight_decay: -1.0,
            ..JudgeSettings::default()
        };
        assert!(matches!(
            Judge::train_with(images.as_ref(), &labels, &settings),
            Err(JudgingError::Setting {
                name: "weight_decay",
                ..
            })
        ));
        let judge = judge_of(&images, &labels).unwrap();
        assert!(matches!(
            judge.verdict(images.as_ref().subrows(0, 9), &[0]),
            Err(JudgingError::UnitMismatch {
                found: 9,
                expected: 10,
                ..
            })
        ));
        let mut broken = images.clone();
        broken[(2, 30)] = f32::NAN;
        assert!(matches!(
            judge.probabilities(broken.as_ref()),
            Err(JudgingError::NonFinite {
                sample: 30,
                unit: 2,
                ..
            })
        ));
    }
}

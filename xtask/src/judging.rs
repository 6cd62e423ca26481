//! How generated digit images are judged.
//!
//! [`Judging`] holds everything that depends on the real images alone (the classifier, the principal components,
//! the reference's moments and distances) and turns samples of a few wanted digits into a [`Scorecard`];
//! [`ClassJudging`] does the same for a generator of all ten, with a [`ClassScorecard`]. No single figure suffices:
//!
//! | figure | asks | blind to |
//! |---|---|---|
//! | in classes, confident | does an image read as a wanted digit? | variety: one good image, repeated, is perfect |
//! | Fréchet distance | do mean and covariance agree? | shape: Gaussian blur with the right moments is near perfect |
//! | precision | do samples lie near real images? | variety |
//! | recall, coverage | are all real images represented? | samples that lie elsewhere |
//! | agreement | do two classifiers read the same digit? | variety |
//! | nearest | how far is the nearest real image? | whether that is quality or a copy |
//! | class entropy, smallest class | do all classes occur, equally often? | how they look |
//! | energy distance | do the distributions agree? | it has no scale of its own: read it beside the baselines |
//!
//! [`baselines`] gives the rows between which a generator must fall. Every metric stands alone too, as a function in
//! a file of its own.
//!
//! All of it is deterministic, whatever the thread count.

mod agreement;
pub mod baselines;
mod class_judging;
mod class_scorecard;
mod class_shares;
mod columns;
mod distances;
mod energy_distance;
mod equal_sizes;
mod error;
mod frechet;
mod judge;
mod moments;
mod nearest;
mod neighbours;
mod pca;
mod perceptron;
mod scorecard;
mod subset;
mod training;
mod transport;

use faer::{Mat, MatRef};

pub use class_judging::{ClassJudging, real_halves};
pub use class_scorecard::ClassScorecard;
pub use columns::Better;
pub use energy_distance::energy_distance;
pub use error::JudgingError;
pub use frechet::Frechet;
pub use judge::Judge;
pub use pca::Pca;
pub use scorecard::Scorecard;
pub use transport::sliced_wasserstein_1;

use error::{check_set, check_units};

/// Principal components in which neighbours are looked for.
pub const COMPONENTS: usize = 20;

/// Neighbours to which the balls of precision, recall and coverage reach.
pub const NEIGHBOURS: usize = 5;

/// A judge and a reference set, ready to score samples.
#[derive(Debug, Clone)]
pub struct Judging {
    judge: Judge,
    classes: Vec<u8>,
    pca: Pca,
    reference: Mat<f32>,
    reference_components: Mat<f32>,
    pixel_fit: Frechet,
    component_fit: Frechet,
    /// Mean distance within the reference, the costly constant of the energy distance.
    reference_spread: f64,
}

impl Judging {
    /// Prepares to score samples of the digits in `classes`.
    ///
    /// `train` (units x samples) fixes the principal components, `test` is the reference of every distance; both hold
    /// real images of the wanted digits only. The `judge` was trained on all ten.
    ///
    /// # Errors
    /// No class, sets that are empty, not finite or of different image sizes, fewer than [`NEIGHBOURS`] + 1 test
    /// images, or an eigendecomposition that does not converge.
    pub fn new(
        train: MatRef<'_, f32>,
        test: MatRef<'_, f32>,
        judge: Judge,
        classes: &[u8],
    ) -> Result<Self, JudgingError> {
        if classes.is_empty() {
            return Err(JudgingError::EmptySet {
                set: "wanted class",
            });
        }
        check_units("training", train, judge.units())?;
        check_units("test", test, judge.units())?;
        neighbours::check_size("test", test, NEIGHBOURS)?;
        let pca = Pca::fit(train, COMPONENTS.min(train.nrows()))?;
        let reference_components = pca.project(test)?;
        Ok(Self {
            classes: classes.to_vec(),
            pixel_fit: Frechet::to(test)?,
            component_fit: Frechet::to(reference_components.as_ref())?,
            reference_spread: energy_distance::mean_within(test)?,
            reference: test.to_owned(),
            reference_components,
            pca,
            judge,
        })
    }

    /// The classifier.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Scores `samples` (units x samples), clipped to [-1, 1] first as a display would.
    ///
    /// Precision, recall and coverage compare equal numbers: random subsets of the larger set stand in for it. The
    /// other figures use every sample and every test image.
    ///
    /// # Errors
    /// A NaN or infinite value (named by sample and unit), images of another size, fewer than [`NEIGHBOURS`] + 1
    /// samples, or an eigendecomposition that does not converge.
    pub fn score(&self, samples: MatRef<'_, f32>) -> Result<Scorecard, JudgingError> {
        let samples = displayed(samples, self.reference.nrows())?;
        let samples = samples.as_ref();
        let components = self.pca.project(samples)?;
        let verdict = self.judge.verdict(samples, &self.classes)?;
        let neighbourhood = equal_sizes::neighbourhood(
            self.reference_components.as_ref(),
            components.as_ref(),
            NEIGHBOURS,
        )?;
        let between = energy_distance::mean_between(samples, self.reference.as_ref());
        let within = energy_distance::mean_within(samples)?;
        Ok(Scorecard {
            in_classes: verdict.in_classes,
            confident: verdict.confident,
            fd_pixels: self.pixel_fit.distance(samples)?,
            fd_pca: self.component_fit.distance(components.as_ref())?,
            precision: neighbourhood.precision,
            recall: neighbourhood.recall,
            coverage: neighbourhood.coverage,
            energy_distance: 2.0 * between - within - self.reference_spread,
        })
    }
}

/// The samples (units x samples) as a display would show them, clipped to [-1, 1], once they are known to be of
/// `units` pixels and enough for every metric.
fn displayed(samples: MatRef<'_, f32>, units: usize) -> Result<Mat<f32>, JudgingError> {
    // Before clipping, which would turn an infinity into ink.
    check_set("generated", samples)?;
    check_units("generated", samples, units)?;
    neighbours::check_size("generated", samples, NEIGHBOURS)?;
    Ok(Mat::from_fn(
        samples.nrows(),
        samples.ncols(),
        |unit, sample| samples[(unit, sample)].clamp(-1.0, 1.0),
    ))
}

#[cfg(test)]
mod tests {
    use super::judge::DIGITS;
    use super::subset::select_columns;
    use super::*;

    pub(super) const UNITS: usize = 8;

    /// Real "images" of ten classes: class d is a bump at position d of a ring of eight, classes 8 and 9 are dark and
    /// bright, all with the fluctuations of a Gaussian fit of a few prototypes.
    pub(super) fn digits(samples: usize, seed: u64) -> (Mat<f32>, Vec<u8>) {
        let labels: Vec<u8> = (0..samples).map(|sample| (sample % DIGITS) as u8).collect();
        let wobble = Mat::from_fn(UNITS, 2 * UNITS, |unit, sample| {
            let sign = if sample < UNITS { 0.15 } else { -0.15 };
            if sample % UNITS == unit { sign } else { 0.0 }
        });
        let wobble = baselines::gaussian(wobble.as_ref(), samples, seed).unwrap();
        let images = Mat::from_fn(UNITS, samples, |unit, sample| {
            let level = match labels[sample] {
                8 => -0.9,
                9 => 0.9,
                class if usize::from(class) == unit => 0.8,
                _ => -0.7,
            };
            (level + wobble[(unit, sample)]).clamp(-1.0, 1.0)
        });
        (images, labels)
    }

    pub(super) fn of_classes(images: &Mat<f32>, labels: &[u8], wanted: &[u8]) -> Mat<f32> {
        let chosen: Vec<usize> = (0..labels.len())
            .filter(|&sample| wanted.contains(&labels[sample]))
            .collect();
        select_columns(images.as_ref(), &chosen)
    }

    fn judging() -> Judging {
        let (images, labels) = digits(2_000, 1);
        let judge = Judge::train(images.as_ref(), &labels).unwrap();
        let train = of_classes(&images, &labels, &[0, 1]);
        let (fresh, fresh_labels) = digits(2_000, 2);
        let test = of_classes(&fresh, &fresh_labels, &[0, 1]);
        Judging::new(train.as_ref(), test.as_ref(), judge, &[0, 1]).unwrap()
    }

    /// Fresh draws of the data (seed 3, 300 samples against 400) score as data should; images of another class fail in
    /// every figure. Catches swapped arguments, the wrong class set and a reference mixed up with the training set.
    #[test]
    fn data_scores_well_and_other_classes_badly() {
        let judging = judging();
        let (images, labels) = digits(1_500, 3);
        let real = judging
            .score(of_classes(&images, &labels, &[0, 1]).as_ref())
            .unwrap();
        let other = judging
            .score(of_classes(&images, &labels, &[4, 9]).as_ref())
            .unwrap();
        assert!(real.in_classes > 0.99 && other.in_classes < 0.01);
        assert!(real.confident > 0.9 && other.confident < 0.01);
        assert!(real.precision > 0.9 && other.precision < 0.01);
        // Coverage of equal sets is 1 - 2^-5; two subsets of 300 spread by .015.
        assert!((real.coverage - 0.97).abs() < 0.05 && other.coverage < 0.01);
        assert!(real.recall > 0.9);
        assert!(real.fd_pixels < 0.1 && other.fd_pixels > 1.0);
        assert!(real.fd_pca < 0.1 && other.fd_pca > 1.0);
        assert!(real.energy_distance.abs() < 0.02 && other.energy_distance > 0.5);
    }

    /// Eight units leave no room for twenty components: all are kept and the Frechet distances agree.
    #[test]
    fn components_are_limited_by_the_units() {
        let (images, labels) = digits(500, 5);
        let samples = of_classes(&images, &labels, &[0, 3]);
        let card = judging().score(samples.as_ref()).unwrap();
        assert!((card.fd_pixels - card.fd_pca).abs() < 1e-4, "{card:?}");
    }

    /// Overshoot beyond ink and background is clipped before anything is measured.
    #[test]
    fn samples_are_clipped() {
        let judging = judging();
        let (images, labels) = digits(500, 5);
        let samples = of_classes(&images, &labels, &[0, 1]);
        let mut overshooting = samples.clone();
        let mut clipped = samples;
        overshooting[(3, 7)] = -6.0;
        clipped[(3, 7)] = -1.0;
        assert_eq!(
            judging.score(overshooting.as_ref()).unwrap(),
            judging.score(clipped.as_ref()).unwrap()
        );
    }

    /// An infinity must not pass as full ink, nor a NaN reach the metrics.
    #[test]
    fn faults_are_named() {
        let judging = judging();
        let mut samples = Mat::zeros(UNITS, 10);
        samples[(6, 4)] = f32::INFINITY;
        assert!(matches!(
            judging.score(samples.as_ref()),
            Err(JudgingError::NonFinite {
                set: "generated",
                sample: 4,
                unit: 6,
                ..
            })
        ));
        assert!(matches!(
            judging.score(Mat::zeros(UNITS, 5).as_ref()),
            Err(JudgingError::TooFewSamples {
                found: 5,
                needed: 6,
                ..
            })
        ));
        assert!(matches!(
            judging.score(Mat::zeros(UNITS + 1, 10).as_ref()),
            Err(JudgingError::UnitMismatch {
                found: 9,
                expected: 8,
                ..
            })
        ));
        let real = digits(50, 1).0;
        assert!(matches!(
            Judging::new(real.as_ref(), real.as_ref(), judging.judge.clone(), &[]),
            Err(JudgingError::EmptySet {
                set: "wanted class"
            })
        ));
    }
}

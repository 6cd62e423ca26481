//! Which estimator, which nudge and which durations give the least error on given hardware.
//!
//! The [exact error](QuadraticSystem::accuracy) is minimised over estimators, nudge and the share of the
//! time that the free phase has. Theory says where to look, so that a search is short:
//!
//! - A constant force has a bias that does not depend on beta and a variance that falls with it: the strongest
//!   force is best.
//! - Short phases weaken the response to a nudge and so ask for more of it: the best beta is not far below the
//!   [closed form](LeadingError::optimum) of a relaxed network, and below Lambda if the nudge has two signs.
//! - The covariance has no choice to make.
//!
//! A grid over what remains finds the valley, since drift and nudge may cancel at more than one place, and a
//! pattern search its floor.

use serde::{Deserialize, Serialize};

use super::{
    Accuracy, Bath, Block, Estimator, LeadingError, Loss, Measurement, QuadraticSystem, Reading,
};
use crate::LearnError;
use crate::error::positive;

/// What is known of the hardware and of its task.
///
/// ```
/// use overdamped_learn::theory::{Bath, Block, Estimator, Hardware, Loss, Typical, recommend};
///
/// // 12 units of stiffness 0.3 to 2, four of them seen; what else they are is not known.
/// let typical = Typical::default();
/// let systems: Vec<_> = (0..4).map(|seed| typical.system(seed)).collect::<Result<_, _>>()?;
/// let hardware = Hardware {
///     bath: Bath { temperature: 0.01, mobility: 1.0 },
///     samples: 1_000,
///     time: 30.0,
///     largest_force: 1.0,
///     estimators: vec![Estimator::OneSided, Estimator::Symmetric],
///     loss: Loss::OfMean,
///     start: vec![0.0; 12],
/// };
/// let advice = recommend(&systems, &hardware, &Block::all(12))?;
/// assert_eq!(advice.measurement.estimator, Estimator::Symmetric);
/// assert!(advice.accuracy.mse() < 0.01);
/// # Ok::<(), overdamped_learn::LearnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hardware {
    /// Temperature and mobility.
    pub bath: Bath,
    /// N: chains that run at once, or one after the other, for one estimate.
    pub samples: usize,
    /// Time that each chain has for all phases of an estimate, in 1 / (mobility x stiffness). Infinite:
    /// enough.
    pub time: f64,
    /// Strongest force that a nudge may exert on a unit at rest, beta |g|: the range of the drive, or
    /// the limit up to which units respond linearly.
    pub largest_force: f64,
    /// What it can do.
    pub estimators: Vec<Estimator>,
    /// Which loss is to fall. That of the mean state is estimated by [products of
    /// means](Reading::ProductOfMeans), the mean loss by [means of products](Reading::MeanOfProducts).
    pub loss: Loss,
    /// Where each free phase starts (one entry per unit).
    pub start: Vec<f64>,
}

/// What to do, and how well it will work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Estimator, nudge and durations.
    pub measurement: Measurement,
    /// Its exact error, relative to the squared norm of the gradient; the mean over systems.
    pub accuracy: Accuracy,
    /// In words.
    pub why: String,
    /// The best of each estimator that the hardware can do, best first.
    pub ranking: Vec<(Measurement, Accuracy)>,
}

/// The measurement of least expected squared error of the gradient of `block` on `hardware`, in the mean
/// over `systems`: one, if it is known; several examples of a task; or a handful of
/// [typical](super::Typical) ones, if the range of stiffness is all that is known.
///
/// A single typical system would not do: what is best may hang on a bias that happens to be small there,
/// as that of a constant force against the mean loss does.
///
/// # Errors
/// [`LearnError::Setting`] for a time, mobility or force that is not positive, a negative temperature, or a gradient that is zero;
/// [`LearnError::Shape`] for no system, no estimator, no sample, or a start or block of another size;
/// [`LearnError::NotFinite`] for a NaN in the start.
pub fn recommend(
    systems: &[QuadraticSystem],
    hardware: &Hardware,
    block: &Block,
) -> Result<Recommendation, LearnError> {
    hardware.check()?;
    if systems.is_empty() {
        return Err(LearnError::Shape {
            what: "systems to recommend for",
            expected: 1,
            found: 0,
        });
    }
    let mut ranking = Vec::with_capacity(hardware.estimators.len());
    for &estimator in &hardware.estimators {
        if hardware.can(estimator) {
            ranking.push(best_of(systems, hardware, block, estimator)?);
        }
    }
    ranking.sort_by(|(_, one), (_, other)| one.mse().total_cmp(&other.mse()));
    let Some(&(measurement, accuracy)) = ranking.first() else {
        return Err(LearnError::Shape {
            what: "estimators that the hardware can do (the covariance needs heat and two samples)",
            expected: 1,
            found: 0,
        });
    };
    Ok(Recommendation {
        measurement,
        accuracy,
        why: reason(&ranking),
        ranking,
    })
}

impl Hardware {
    fn check(&self) -> Result<(), LearnError> {
        positive("the largest force", self.largest_force)?;
        positive("the mobility", self.bath.mobility)?;
        if !(self.bath.temperature >= 0.0 && self.bath.temperature.is_finite()) {
            return Err(LearnError::Setting {
                setting: "the bath temperature",
                value: self.bath.temperature,
                bound: "finite and not negative",
            });
        }
        if self.time > 0.0 {
            return Ok(());
        }
        Err(LearnError::Setting {
            setting: "the time of an estimate",
            value: self.time,
            bound: "positive",
        })
    }

    fn can(&self, estimator: Estimator) -> bool {
        estimator.nudges() || (self.bath.temperature > 0.0 && self.samples > 1)
    }

    /// A measurement that uses all of the time, the share `free` of it for the free phase.
    fn measurement(&self, estimator: Estimator, strength: f64, free: f64) -> Measurement {
        let phases = f64::from(estimator.later_phases());
        let (nudge_strength, free_time, nudged_time) = if estimator.nudges() {
            (
                strength,
                free * self.time,
                (1.0 - free) * self.time / phases,
            )
        } else {
            (0.0, self.time, 0.0)
        };
        Measurement {
            estimator,
            nudge_strength,
            free_time,
            nudged_time,
            samples: self.samples,
            averaging: match self.loss {
                Loss::OfMean => Reading::ProductOfMeans,
                Loss::Mean => Reading::MeanOfProducts,
            },
        }
    }

    /// Least and greatest nudge worth a trial: by the closed form and the limits of the systems, each the
    /// strictest of them.
    fn strengths(
        &self,
        systems: &[QuadraticSystem],
        estimator: Estimator,
        block: &Block,
    ) -> Result<(f64, f64), LearnError> {
        let (mut least, mut greatest) = (f64::INFINITY, f64::INFINITY);
        for system in systems {
            let allowed = self.largest_force / system.cost_gradient().norm_max();
            let bound = system.nudge_bound();
            greatest = greatest.min(match estimator {
                Estimator::ConstantForce | Estimator::Covariance => allowed,
                Estimator::Symmetric => allowed.min(0.99 * bound),
                // Far beyond, the nudged state is at the target, or as near as the time lets it come.
                Estimator::OneSided | Estimator::DriftCompensated => {
                    allowed.min(100.0 * (bound + 1.0 / (self.bath.mobility * self.time)))
                }
            });
            if estimator.nudges() {
                let error = LeadingError::of(system, estimator, self.bath.temperature, block)?;
                let optimum = error.optimum(self.samples);
                least = least.min(optimum.map_or(0.0, |optimum| optimum.strength / 30.0));
            }
        }
        Ok(match estimator {
            // No bias of the nudge, or no nudge: there is nothing to weigh.
            Estimator::ConstantForce | Estimator::Covariance => (greatest, greatest),
            _ => (least.clamp(1e-6 * greatest, 0.03 * greatest), greatest),
        })
    }

    /// The mean error over systems.
    fn accuracy(
        &self,
        systems: &[QuadraticSystem],
        measurement: &Measurement,
        block: &Block,
    ) -> Result<Accuracy, LearnError> {
        let share = 1.0 / systems.len() as f64;
        let mut mean = Accuracy {
            squared_bias: 0.0,
            variance: 0.0,
        };
        for system in systems {
            let found = system.accuracy(measurement, &self.bath, &self.start, self.loss, block)?;
            mean.squared_bias += share * found.squared_bias;
            mean.variance += share * found.variance;
        }
        Ok(mean)
    }
}

/// Spacing of the first grid, in ln beta and in the logit of the free share.
const SPACING: [f64; 2] = [0.7, 1.0];
/// Largest logit of the free share: 1.8 % to 98.2 %.
const LOGIT: f64 = 4.0;
/// Spacing at which the search ends; an error of second order in the MSE.
const FINEST: f64 = 0.05;

/// The best nudge and share of the free phase for one estimator.
fn best_of(
    systems: &[QuadraticSystem],
    hardware: &Hardware,
    block: &Block,
    estimator: Estimator,
) -> Result<(Measurement, Accuracy), LearnError> {
    let (least, greatest) = hardware.strengths(systems, estimator, block)?;
    let (low, high) = (least.ln(), greatest.ln());
    let attempt = |[strength, logit]: [f64; 2]| -> Result<Trial, LearnError> {
        let at = [strength.clamp(low, high), logit.clamp(-LOGIT, LOGIT)];
        let free = 1.0 / (1.0 + (-at[1]).exp());
        let measurement = hardware.measurement(estimator, at[0].exp().min(greatest), free);
        let accuracy = hardware.accuracy(systems, &measurement, block)?;
        Ok(Trial {
            at,
            measurement,
            accuracy,
        })
    };
    let splits = estimator.nudges() && hardware.time.is_finite();
    let strengths = ((high - low) / SPACING[0]).ceil() as usize;
    let logits: &[f64] = if splits {
        &[0.0, -1.0, 1.0, -2.0, 2.0, -3.0, 3.0, -4.0, 4.0]
    } else {
        &[0.0]
    };
    let mut best = attempt([high, 0.0])?;
    for index in 0..=strengths {
        for &logit in logits {
            best = best.or_better(attempt([high - SPACING[0] * index as f64, logit])?);
        }
    }
    let mut step = SPACING.map(|spacing| 0.5 * spacing);
    while step[0] > FINEST {
        let centre = best.at;
        for (along, across) in NEIGHBOURS {
            let moves = (along == 0.0 || low < high) && (across == 0.0 || splits);
            if moves {
                let at = [centre[0] + along * step[0], centre[1] + across * step[1]];
                best = best.or_better(attempt(at)?);
            }
        }
        if best.at == centre {
            step = step.map(|step| 0.5 * step);
        }
    }
    Ok((best.measurement, best.accuracy))
}

/// The eight places around one.
const NEIGHBOURS: [(f64, f64); 8] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, 1.0),
    (0.0, -1.0),
    (1.0, 1.0),
    (-1.0, -1.0),
    (1.0, -1.0),
    (-1.0, 1.0),
];

/// A place of the search and what it gives.
struct Trial {
    /// ln beta and the logit of the free share.
    at: [f64; 2],
    measurement: Measurement,
    accuracy: Accuracy,
}

impl Trial {
    /// The better of the two, the first if neither is.
    fn or_better(self, other: Self) -> Self {
        if other.accuracy.mse() < self.accuracy.mse() {
            other
        } else {
            self
        }
    }
}

/// Why the first of a ranking is the first.
fn reason(ranking: &[(Measurement, Accuracy)]) -> String {
    let (measurement, accuracy) = ranking[0];
    let principle = match measurement.estimator {
        Estimator::OneSided => {
            "the free phase leaves little drift, and one nudged phase leaves it the most time"
        }
        Estimator::Symmetric => {
            "opposite nudges cancel the drift and the bias of first order; beta balances bias and noise"
        }
        Estimator::ConstantForce => {
            "opposite constant forces leave no bias of the nudge, so it is as strong as the hardware allows"
        }
        Estimator::DriftCompensated => {
            "the continued free phase takes the drift away, and the nudge need not stay below a bound"
        }
        Estimator::Covariance => {
            "the fluctuations tell enough, and the free phase has all of the time"
        }
    };
    // The least positive number keeps an error of zero from being a NaN of bias.
    let bias = 100.0 * accuracy.squared_bias / accuracy.mse().max(f64::MIN_POSITIVE);
    let mut text = format!(
        "{}: {principle}; {bias:.0} % of the squared error is bias",
        measurement.estimator
    );
    if let Some((second, behind)) = ranking.get(1) {
        let factor = behind.mse() / accuracy.mse().max(f64::MIN_POSITIVE);
        let next = second.estimator;
        text.push_str(&format!(
            "; next best is {next}, at {factor:.2} times the error"
        ));
    }
    text
}

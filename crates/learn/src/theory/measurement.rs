//! What an estimator reads after finite phases, at a temperature, from finitely many samples: exactly.
//!
//! On a quadratic energy each phase maps a Gaussian state to another, with G = exp(-mu K t):
//!
//! | phase of duration t | state after it | covariance of its noise |
//! |---|---|---|
//! | free | x + G (z - x) | kT K^-1 (I - G^2) |
//! | nudged, K' = K + beta P | x_beta + G' (z - x_beta) | kT K'^-1 (I - G'^2) |
//! | constant force of z | x + G (z - x) - beta (I - G) K^-1 P (z - t) | kT K^-1 (I - G^2) |
//!
//! A free phase of time t0 leads from the start to z0; every later phase starts from this z0 with noise
//! of its own, for time t1. The estimate contrasts two such states, so that mean and variance follow
//! from the theorem of Isserlis, with whatever the two share through z0. What is left of the free
//! relaxation, r0 = x_free - x, adds -(I - G) r0 / beta to the displacement that one-sided nudging
//! reads, and nothing of order 1 / beta to the others.
//!
//! Each chain freezes the force of its *own* free state, as a batch of different examples must. The noise
//! of that force does not fade as beta grows.
//!
//! [`Reading`] and [`Loss`]: under a quadratic nudge the covariance kT (K + beta P)^-1 changes too, and
//! the mean of products sees it: it follows the gradient of the mean loss L(x) + kT tr(P K^-1) / 2. A
//! constant force leaves the covariance alone, so that with phases long enough *either* average follows
//! the gradient of the loss of the mean state.

use faer::{Col, Mat, Scale};
use serde::{Deserialize, Serialize};

use super::gaussian::{Contrast, Gaussian, Phase, Statistics};
use super::spectrum::Spectrum;
use super::system::vector;
use super::{Estimator, QuadraticSystem};
use crate::error::positive;
use crate::{LearnError, Reading};

/// Which loss is to fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// L of the mean state: [`QuadraticSystem::exact_gradient`].
    OfMean,
    /// The mean over thermal states of L, which is L(x) + kT tr(P K^-1) / 2:
    /// [`QuadraticSystem::thermal_gradient`].
    #[default]
    Mean,
}

/// The surroundings of a network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bath {
    /// kT, in units of the energy. Default 1.
    pub temperature: f64,
    /// mu, so that a mode of stiffness k relaxes at the rate mu k. Default 1.
    pub mobility: f64,
}

impl Default for Bath {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            mobility: 1.0,
        }
    }
}

/// How one estimate is measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Which states are contrasted.
    pub estimator: Estimator,
    /// beta; not used by the covariance.
    pub nudge_strength: f64,
    /// t0, in 1 / (mobility x stiffness). Infinite: at rest.
    pub free_time: f64,
    /// t1 of each [later phase](Estimator::later_phases); not used by the covariance. Infinite: at rest.
    pub nudged_time: f64,
    /// N: independent chains, each of which runs every phase once.
    pub samples: usize,
    /// What is averaged over them.
    pub averaging: Reading,
}

impl Measurement {
    /// One of phases without end, of products.
    #[must_use]
    pub const fn relaxed(estimator: Estimator, nudge_strength: f64, samples: usize) -> Self {
        Self {
            estimator,
            nudge_strength,
            free_time: f64::INFINITY,
            nudged_time: f64::INFINITY,
            samples,
            averaging: Reading::MeanOfProducts,
        }
    }

    /// Time that a chain needs for all phases.
    #[must_use]
    pub fn duration(&self) -> f64 {
        match self.estimator.later_phases() {
            0 => self.free_time,
            phases => f64::from(phases).mul_add(self.nudged_time, self.free_time),
        }
    }

    /// Refuses what cannot be measured in `bath`.
    fn check(&self, bath: &Bath) -> Result<(), LearnError> {
        let least = if self.estimator.nudges() { 1 } else { 2 };
        if self.samples < least {
            return Err(LearnError::Shape {
                what: "samples of an estimate",
                expected: least,
                found: self.samples,
            });
        }
        positive("the mobility", bath.mobility)?;
        if self.estimator == Estimator::Covariance {
            let setting = "the temperature kT of the covariance estimator";
            positive(setting, bath.temperature)?;
        }
        at_least_zero("the temperature kT", bath.temperature)?;
        at_least_zero("the free time", self.free_time)?;
        if self.estimator.nudges() {
            at_least_zero("the nudged time", self.nudged_time)?;
            positive("the nudge strength", self.nudge_strength)?;
        }
        Ok(())
    }
}

/// Refuses a NaN and what is below zero.
fn at_least_zero(setting: &'static str, value: f64) -> Result<(), LearnError> {
    if value >= 0.0 {
        return Ok(());
    }
    Err(LearnError::Setting {
        setting,
        value,
        bound: "at least zero",
    })
}

impl QuadraticSystem {
    /// Gradient of a loss at temperature `temperature` = kT.
    #[must_use]
    pub fn gradient(&self, loss: Loss, temperature: f64) -> Mat<f64> {
        match loss {
            Loss::OfMean => self.exact_gradient(),
            Loss::Mean => self.thermal_gradient(temperature),
        }
    }

    /// Expectation and variance of each entry of the estimate that `measurement` gives, when each chain
    /// starts its free phase from `start` (one entry per unit).
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a value out of range, such as a temperature of zero with the
    /// covariance; [`LearnError::Shape`] for a start of another size or too few samples;
    /// [`LearnError::NotFinite`] for a NaN in it; [`LearnError::NudgeTooStrong`] for a symmetric nudge
    /// at or above the [bound](Self::nudge_bound).
    pub fn statistics(
        &self,
        measurement: &Measurement,
        bath: &Bath,
        start: &[f64],
    ) -> Result<Statistics, LearnError> {
        measurement.check(bath)?;
        let units = self.units();
        let start = Gaussian {
            mean: vector("the start of the free phase", start, units)?,
            covariance: Mat::zeros(units, units),
        };
        let free = self.free_phase(measurement.free_time, bath).of(&start);
        let strength = measurement.nudge_strength;
        let time = measurement.nudged_time;
        let (upper, lower, width) = match measurement.estimator {
            Estimator::Covariance => {
                let samples = measurement.samples as f64;
                return Ok(self.covariance_statistics(&free, bath.temperature, samples));
            }
            Estimator::OneSided => {
                let upper = self.nudged_phase(strength, time, bath)?;
                (upper, Phase::identity(units), strength)
            }
            Estimator::DriftCompensated => {
                let upper = self.nudged_phase(strength, time, bath)?;
                (upper, self.free_phase(time, bath), strength)
            }
            Estimator::Symmetric => {
                let lower = self.nudged_phase(-strength, time, bath)?;
                let upper = self.nudged_phase(strength, time, bath)?;
                (upper, lower, 2.0 * strength)
            }
            Estimator::ConstantForce => {
                let lower = self.pulled_phase(-strength, time, bath);
                let upper = self.pulled_phase(strength, time, bath);
                (upper, lower, 2.0 * strength)
            }
        };
        let contrast = Contrast::new(&free, &upper, &lower);
        let samples = measurement.samples as f64;
        Ok(match measurement.averaging {
            Reading::ProductOfMeans => contrast.of_means(samples).statistics(width),
            Reading::MeanOfProducts => {
                let of_one = contrast.statistics(width);
                Statistics {
                    variance: Scale(1.0 / samples) * of_one.variance,
                    ..of_one
                }
            }
        })
    }

    fn free_phase(&self, time: f64, bath: &Bath) -> Phase {
        Phase::towards(self.spectrum(), self.rest(), time, bath)
    }

    fn nudged_phase(&self, strength: f64, time: f64, bath: &Bath) -> Result<Phase, LearnError> {
        let spectrum = self.stiffened(strength)?;
        let moved = spectrum.map(f64::recip) * self.cost_gradient();
        let rest = self.rest() - moved * Scale(strength);
        Ok(Phase::towards(&spectrum, &rest, time, bath))
    }

    /// Under the frozen force -beta P (z - t) of the state that it starts from.
    fn pulled_phase(&self, strength: f64, time: f64, bath: &Bath) -> Phase {
        let free = self.free_phase(time, bath);
        // (I - G) K^-1, well-conditioned for short times too.
        let yielding = self
            .spectrum()
            .map(|stiffness| -(-bath.mobility * stiffness * time).exp_m1() / stiffness);
        let pull = Scale(strength) * self.seen_columns(&yielding);
        Phase {
            map: free.map - &pull,
            offset: free.offset + pull * self.target(),
            noise: free.noise,
        }
    }
}

impl Phase {
    /// Nothing happens.
    fn identity(units: usize) -> Self {
        Self {
            map: Mat::identity(units, units),
            offset: Col::zeros(units),
            noise: Mat::zeros(units, units),
        }
    }

    /// Relaxation towards `rest` for `time`.
    fn towards(spectrum: &Spectrum, rest: &Col<f64>, time: f64, bath: &Bath) -> Self {
        let rate = bath.mobility * time;
        let map = spectrum.map(|stiffness| (-rate * stiffness).exp());
        let approached = spectrum.map(|stiffness| -(-rate * stiffness).exp_m1());
        Self {
            map,
            offset: approached * rest,
            noise: spectrum.map(|stiffness| {
                -bath.temperature * (-2.0 * rate * stiffness).exp_m1() / stiffness
            }),
        }
    }
}

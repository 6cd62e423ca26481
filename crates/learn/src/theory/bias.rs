//! The bias of relaxed, noise-free estimates at a finite nudge: as measured, and its leading term.
//!
//! Let w = (I + beta R)^-1 v, so that x_beta = x + beta w, and e = (I - beta^2 R^2)^-1 v, the mean of w at
//! beta and -beta. As w = v - beta R w, and half the difference of the two w is -beta R e,
//!
//! | estimate | bias, exactly | leading term |
//! |---|---|---|
//! | one-sided | beta [x (Rw)^T + (Rw) x^T - w w^T] | w -> v |
//! | symmetric | beta^2 [e (Re)^T + (Re) e^T - x (R^2 e)^T - (R^2 e) x^T] | e -> v |
//! | constant force | 0 | 0 |
//!
//! The leading terms, taken at w or e instead of v, thus hold at any beta. Drift compensation changes
//! nothing at rest; the covariance needs a temperature.
//!
//! The block (l, m) of each matrix belongs to a coupling -z_l^T J z_m. As dE/dJ is linear in the state
//! of either module, no term of it is of second order *within* a module, nor of third order at all. What
//! is left of second order is -v_l v_m^T across the two, and it is zero only if one of them is clamped;
//! then a constant force is exact one-sided too. For a site a |z|^2 / 2 the within-module term is there,
//! beta |w_l|^2 / 2. A third derivative of the energy itself (quartic sites) does bend x_beta, and so
//! does reach the couplings: see [`BiasBound`](super::BiasBound).

use faer::{Col, Mat, Scale};

use super::{Estimator, QuadraticSystem, system::symmetric_outer};
use crate::error::positive;
use crate::{LearnError, NudgeForce};

impl QuadraticSystem {
    /// What the estimator reads from rest at kT = 0 and nudge strength beta = `strength`, as a symmetric
    /// matrix (units x units) like the [exact gradient](Self::exact_gradient).
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a strength that is not positive, or the covariance estimator: nothing
    /// fluctuates without temperature. [`LearnError::NudgeTooStrong`] for a symmetric nudge at or above the
    /// [bound](Self::nudge_bound).
    pub fn estimate(&self, estimator: Estimator, strength: f64) -> Result<Mat<f64>, LearnError> {
        check(estimator, strength)?;
        let force = estimator.force();
        let plus = self.nudged(strength, force)?;
        let (minus, width) = if estimator.is_two_sided() {
            (self.nudged(-strength, force)?, 2.0 * strength)
        } else {
            (self.rest().clone(), strength)
        };
        // z z^T - y y^T = (u w^T + w u^T) with u the mean and w the difference.
        let mean = (&plus + &minus) * Scale(0.5);
        let difference = (plus - minus) * Scale(-1.0 / width);
        Ok(symmetric_outer(&mean, &difference))
    }

    /// The leading term of the bias of [`estimate`](Self::estimate): beta [x (Rv)^T + (Rv) x^T - v v^T]
    /// one-sided, beta^2 [(Rv) v^T + v (Rv)^T - x (R^2 v)^T - (R^2 v) x^T] symmetric, zero for a
    /// constant force.
    ///
    /// # Errors
    /// [`LearnError::Setting`], as for the estimate.
    pub fn leading_bias(
        &self,
        estimator: Estimator,
        strength: f64,
    ) -> Result<Mat<f64>, LearnError> {
        check(estimator, strength)?;
        Ok(self.bias_at(estimator, strength, self.response()))
    }

    /// The bias of [`estimate`](Self::estimate), to rounding and without the cancellation of a
    /// difference: the table of the leading terms at w and e instead of v.
    ///
    /// # Errors
    /// As for the estimate.
    pub fn bias(&self, estimator: Estimator, strength: f64) -> Result<Mat<f64>, LearnError> {
        check(estimator, strength)?;
        let plus = self.displacement(strength, NudgeForce::Quadratic)?;
        let at = if estimator == Estimator::Symmetric {
            let minus = self.displacement(-strength, NudgeForce::Quadratic)?;
            (plus + minus) * Scale(0.5)
        } else {
            plus
        };
        Ok(self.bias_at(estimator, strength, &at))
    }

    fn bias_at(&self, estimator: Estimator, strength: f64, at: &Col<f64>) -> Mat<f64> {
        let recoil = self.recoil_matrix();
        let once = &recoil * at;
        match estimator {
            Estimator::OneSided | Estimator::DriftCompensated => {
                let bent = symmetric_outer(self.rest(), &once);
                Scale(strength) * (bent - at * at.transpose())
            }
            Estimator::Symmetric => {
                let twice = &recoil * &once;
                let bent = symmetric_outer(at, &once) - symmetric_outer(self.rest(), &twice);
                Scale(strength * strength) * bent
            }
            Estimator::ConstantForce | Estimator::Covariance => {
                Mat::zeros(self.units(), self.units())
            }
        }
    }
}

impl Estimator {
    /// How it nudges, if it does.
    pub(super) const fn force(self) -> NudgeForce {
        match self {
            Self::ConstantForce => NudgeForce::Linear,
            _ => NudgeForce::Quadratic,
        }
    }

    /// Whether it contrasts opposite nudges.
    pub(super) const fn is_two_sided(self) -> bool {
        matches!(self, Self::Symmetric | Self::ConstantForce)
    }
}

/// Refuses a nudge that is not positive, and an estimator that needs heat.
fn check(estimator: Estimator, strength: f64) -> Result<(), LearnError> {
    if estimator == Estimator::Covariance {
        return positive("the temperature kT of the covariance estimator", 0.0);
    }
    positive("the nudge strength", strength)
}

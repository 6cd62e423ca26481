//! A bound of the bias by norms that a user of the hardware may know (arXiv 2604.23806, made exact).
//!
//! Let lambda be the smallest curvature of the energy between rest and nudged state, kappa3 the largest
//! third derivative there (6 q max |z| for sites q z^4 / 4, whose third derivative is diagonal), H the
//! Hessian at rest and H' its mean along the way. Then x_beta = x + beta w with
//!
//! (H' + beta P) w = -g = H v,  hence |w| <= |g| / lambda and |w - v| <= (|H - H'| + beta |P|) |w| / lambda,
//!
//! and |H - H'| <= kappa3 beta |w| / 2. The bias -(x (w - v)^T + (w - v) x^T) - beta w w^T of the *full*
//! symmetric matrix is thus at most, in the Frobenius norm,
//!
//! (beta / lambda^2) |g| (2 |x| |P| + |g|) + beta |x| kappa3 |g|^2 / lambda^3,
//!
//! the bound of the paper, at **every** beta > 0 and not only to leading order: a positive nudge
//! stiffens. A block (l, m) of two different modules has at most half of it, because |x_l| |u_m| + |u_l|
//! |x_m| <= |x| |u| and
//! |w_l| |w_m| <= |w|^2 / 2. A nudge by -beta softens instead: |w| <= |g| / (lambda - beta |P|).
//!
//! The two opposite nudges together, with r = beta |P| / lambda < 1 (the norms of e, Re and R^2 e; see
//! the [bias](QuadraticSystem::bias)) and kappa3 = 0:
//!
//! 2 (beta^2 / lambda^3) |g| |P| [|x| |P| / (1 - r^2) + |g| / (1 - r^2)^2].
//!
//! With kappa3 > 0 the mean of the bounds of the two sides is taken, which is of first order. A constant
//! force has w - v from kappa3 alone: beta |x| kappa3 |g|^2 / lambda^3 + beta^2 kappa3 |g|^3 / lambda^4.

use super::{Estimator, QuadraticSystem};
use crate::LearnError;
use crate::error::positive;

/// The norms that bound the bias of relaxed, noise-free estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BiasBound {
    /// lambda: a lower bound of the curvature of the energy.
    pub stiffness: f64,
    /// |x| at rest.
    pub rest: f64,
    /// |g| at rest.
    pub cost_gradient: f64,
    /// |P|, the largest curvature of the cost; 1 for |S(z - t)|^2 / 2.
    pub cost_curvature: f64,
    /// kappa3 between rest and nudged states; 0 for a quadratic energy.
    pub third_derivative: f64,
}

impl BiasBound {
    /// The norms of a quadratic system.
    #[must_use]
    pub fn of(system: &QuadraticSystem) -> Self {
        Self {
            stiffness: system.smallest_stiffness(),
            rest: system.rest().norm_l2(),
            cost_gradient: system.cost_gradient().norm_l2(),
            cost_curvature: 1.0,
            third_derivative: 0.0,
        }
    }

    /// Largest Frobenius norm that the bias of the full matrix can have at beta = `strength`; a coupling
    /// block of two different modules can have half of it. Infinite where a nudge may run away.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a strength or a stiffness that is not positive, another norm below zero,
    /// or the covariance estimator, which has no nudge.
    pub fn of_estimate(&self, estimator: Estimator, strength: f64) -> Result<f64, LearnError> {
        self.check(strength)?;
        let Self {
            stiffness: lambda,
            rest,
            cost_gradient: g,
            cost_curvature: p,
            third_derivative: kappa3,
        } = *self;
        match estimator {
            Estimator::OneSided | Estimator::DriftCompensated => Ok(self.of_side(strength, lambda)),
            Estimator::Symmetric if strength * p >= lambda => Ok(f64::INFINITY),
            Estimator::Symmetric if kappa3 > 0.0 => {
                let softened = lambda - strength * p;
                Ok(0.5 * (self.of_side(strength, lambda) + self.of_side(strength, softened)))
            }
            Estimator::Symmetric => {
                let room = 1.0 - (strength * p / lambda).powi(2);
                let bent = rest * p / room + g / (room * room);
                Ok(2.0 * strength * strength * g * p * bent / lambda.powi(3))
            }
            Estimator::ConstantForce => {
                let first = strength * rest * kappa3 * g * g / lambda.powi(3);
                Ok(first + strength * strength * kappa3 * g.powi(3) / lambda.powi(4))
            }
            Estimator::Covariance => Err(LearnError::Setting {
                setting: "the nudge strength of the covariance estimator",
                value: strength,
                bound: "of an estimator that nudges",
            }),
        }
    }

    /// Of one side, whose |w| is at most |g| / `nudged`.
    fn of_side(&self, strength: f64, nudged: f64) -> f64 {
        let moved = self.cost_gradient / nudged;
        let bent = 0.5 * self.third_derivative * strength * moved + strength * self.cost_curvature;
        2.0 * self.rest * bent * moved / self.stiffness + strength * moved * moved
    }

    fn check(&self, strength: f64) -> Result<(), LearnError> {
        positive("the nudge strength", strength)?;
        positive("the stiffness of a bias bound", self.stiffness)?;
        for (setting, value) in [
            ("|x| of a bias bound", self.rest),
            ("|g| of a bias bound", self.cost_gradient),
            ("|P| of a bias bound", self.cost_curvature),
            ("kappa3 of a bias bound", self.third_derivative),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(LearnError::Setting {
                    setting,
                    value,
                    bound: "finite and at least zero",
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula of the paper, by hand: (.5 / 4) 3 (2 * 5 + 3) + .5 * 5 * 7 * 9 / 8.
    #[test]
    fn one_side_is_the_formula_of_the_paper() {
        let bound = BiasBound {
            stiffness: 2.0,
            rest: 5.0,
            cost_gradient: 3.0,
            cost_curvature: 1.0,
            third_derivative: 7.0,
        };
        let expected = 4.875 + 19.6875;
        let found = bound.of_estimate(Estimator::OneSided, 0.5).unwrap();
        assert!((found - expected).abs() < 1e-12, "{found}");
        let runaway = bound.of_estimate(Estimator::Symmetric, 2.0).unwrap();
        assert!(runaway.is_infinite());
    }
}

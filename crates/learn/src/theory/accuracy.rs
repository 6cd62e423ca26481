//! How far an estimate is from the gradient: exactly, and by its leading terms with their optimum.
//!
//! Over the entries of a [`Block`], relative to the squared norm of the gradient there, MSE = |bias|^2 +
//! sum of variances. At rest, for a weak nudge and little heat,
//!
//! | estimator | MSE | optimal beta | MSE there |
//! |---|---|---|---|
//! | one-sided | beta^2 B^2 + 2 s^2 / (N beta^2) | (2 s^2 / (N B^2))^(1/4) | 2 B (2 s^2 / N)^(1/2) |
//! | symmetric | beta^4 B^2 + s^2 / (2 N beta^2) | (s^2 / (4 N B^2))^(1/6) | 3 B^2 beta^4 |
//! | constant force | (s^2 / (2 beta^2) + f^2) / N | as large as the hardware allows | ~ 1 / N |
//!
//! with B beta^order the norm of the [leading bias](QuadraticSystem::leading_bias) and, with C = kT K^-1,
//!
//! s^2 = sum over i of l, j of m: x_i^2 C_jj + x_j^2 C_ii + 2 x_i x_j C_ij
//!     = |x_l|^2 tr C_mm + |x_m|^2 tr C_ll + 2 x_l . C_lm x_m.
//!
//! The last term is of the same order as the others, and negative where noise that two modules share
//! cancels. f^2 is what no beta takes away: the same sum with R C R^T for C, the noise of the frozen
//! force, and half of it with v for x, the noise of the states that the displacement beta v multiplies.
//! With it the error of a constant force is right to first order in kT at any beta; that of the others
//! for a weak nudge.

use std::ops::Range;

use faer::{Col, Mat, MatRef, Scale};
use serde::{Deserialize, Serialize};

use super::{Bath, Estimator, Loss, Measurement, QuadraticSystem};
use crate::LearnError;

/// A coupling of two modules: which rows and columns of the symmetric gradient belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Units of module l.
    pub rows: Range<usize>,
    /// Units of module m.
    pub columns: Range<usize>,
}

impl Block {
    /// The couplings of all units.
    #[must_use]
    pub const fn all(units: usize) -> Self {
        Self {
            rows: 0..units,
            columns: 0..units,
        }
    }

    /// This block of a matrix.
    ///
    /// # Errors
    /// [`LearnError::Shape`] if it is empty or not inside.
    pub fn of<'a>(&self, matrix: MatRef<'a, f64>) -> Result<MatRef<'a, f64>, LearnError> {
        for (what, range, size) in [
            ("rows of a block", &self.rows, matrix.nrows()),
            ("columns of a block", &self.columns, matrix.ncols()),
        ] {
            if range.is_empty() || range.end > size {
                return Err(LearnError::Shape {
                    what,
                    expected: size,
                    found: if range.is_empty() { 0 } else { range.end },
                });
            }
        }
        Ok(matrix.get(self.rows.clone(), self.columns.clone()))
    }
}

/// Squared error of an estimate, relative to the squared norm of the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// |bias|^2.
    pub squared_bias: f64,
    /// Sum of the variances.
    pub variance: f64,
}

impl Accuracy {
    /// |bias|^2 + variance.
    #[must_use]
    pub const fn mse(&self) -> f64 {
        self.squared_bias + self.variance
    }
}

impl QuadraticSystem {
    /// The exact error of a measurement against the gradient of `loss`.
    ///
    /// # Errors
    /// As [`statistics`](Self::statistics); [`LearnError::Shape`] for a block that does not fit, and
    /// [`LearnError::Setting`] if the gradient is zero there, so that there is nothing to compare with.
    pub fn accuracy(
        &self,
        measurement: &Measurement,
        bath: &Bath,
        start: &[f64],
        loss: Loss,
        block: &Block,
    ) -> Result<Accuracy, LearnError> {
        let statistics = self.statistics(measurement, bath, start)?;
        let gradient = self.gradient(loss, bath.temperature);
        let off = &statistics.expectation - &gradient;
        let scale = squared_gradient(block.of(gradient.as_ref())?)?;
        Ok(Accuracy {
            squared_bias: block.of(off.as_ref())?.squared_norm_l2() / scale,
            variance: block.of(statistics.variance.as_ref())?.sum() / scale,
        })
    }
}

/// The leading terms of the squared error of a relaxed estimate of the [exact
/// gradient](QuadraticSystem::exact_gradient), relative to its squared norm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LeadingError {
    /// The bias is `bias` beta^`order`; 1 one-sided, 2 symmetric.
    pub order: i32,
    /// B.
    pub bias: f64,
    /// The variance is `noise` / (N beta^2): 2 s^2 one-sided, s^2 / 2 of two sides.
    pub noise: f64,
    /// The variance that does not depend on beta, times N: f^2 of a constant force, else zero.
    pub floor: f64,
}

/// The best nudge by the leading terms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OptimalNudge {
    /// beta.
    pub strength: f64,
    /// Relative MSE there.
    pub mse: f64,
}

impl LeadingError {
    /// Of an estimator that nudges, at temperature `temperature` = kT.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for the covariance estimator or a gradient that is zero,
    /// [`LearnError::Shape`] for a block that does not fit.
    pub fn of(
        system: &QuadraticSystem,
        estimator: Estimator,
        temperature: f64,
        block: &Block,
    ) -> Result<Self, LearnError> {
        let bias = system.leading_bias(estimator, 1.0)?;
        let gradient = system.exact_gradient();
        let scale = squared_gradient(block.of(gradient.as_ref())?)?;
        let heat = Scale(temperature) * system.compliance();
        let squared = product_noise(system.rest(), &heat, block)? / scale;
        let (order, noise, floor) = match estimator {
            Estimator::Symmetric => (2, 0.5 * squared, 0.0),
            Estimator::ConstantForce => {
                let recoil = system.recoil_matrix();
                let of_force = &recoil * &heat * recoil.transpose();
                let of_force = product_noise(system.rest(), &of_force, block)?;
                let of_states = product_noise(system.response(), &heat, block)?;
                (
                    2,
                    0.5 * squared,
                    0.5f64.mul_add(of_states, of_force) / scale,
                )
            }
            _ => (1, 2.0 * squared, 0.0),
        };
        Ok(Self {
            order,
            bias: block.of(bias.as_ref())?.norm_l2() / scale.sqrt(),
            noise,
            floor,
        })
    }

    /// The relative MSE at beta = `strength` from N = `samples`.
    #[must_use]
    pub fn mse(&self, strength: f64, samples: usize) -> f64 {
        let bias = self.bias * strength.powi(self.order);
        bias * bias + (self.noise / (strength * strength) + self.floor) / samples as f64
    }

    /// The best beta; none where the bias is zero, as that of a constant force is: the stronger, the better.
    #[must_use]
    pub fn optimum(&self, samples: usize) -> Option<OptimalNudge> {
        // d/dbeta: 2 order B^2 beta^(2 order - 1) = 2 noise / (N beta^3).
        let order = f64::from(self.order);
        let balance = self.noise / (order * samples as f64 * self.bias * self.bias);
        let strength = balance.powf(1.0 / 2.0f64.mul_add(order, 2.0));
        (strength.is_finite() && strength > 0.0).then(|| OptimalNudge {
            strength,
            mse: self.mse(strength, samples),
        })
    }
}

/// Sum over a block of x_i^2 C_jj + x_j^2 C_ii + 2 x_i x_j C_ij: to first order the variance of the
/// products of a state of mean x and covariance C.
fn product_noise(x: &Col<f64>, c: &Mat<f64>, block: &Block) -> Result<f64, LearnError> {
    let entries = Mat::from_fn(c.nrows(), c.ncols(), |i, j| {
        x[i] * x[i] * c[(j, j)] + x[j] * x[j] * c[(i, i)] + 2.0 * x[i] * x[j] * c[(i, j)]
    });
    Ok(block.of(entries.as_ref())?.sum())
}

/// The squared norm of a gradient that is not zero.
fn squared_gradient(gradient: MatRef<'_, f64>) -> Result<f64, LearnError> {
    let squared = gradient.squared_norm_l2();
    if squared > 0.0 {
        return Ok(squared);
    }
    Err(LearnError::Setting {
        setting: "the norm of the gradient",
        value: squared,
        bound: "positive, for an error relative to it",
    })
}

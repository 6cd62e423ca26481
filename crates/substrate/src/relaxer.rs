//! How a simulated substrate finds its way to rest when the bath is cold.
//!
//! Hardware has one way, gradient flow. A simulator may take a shorter one to the same fixed
//! point, and must then say for how much of the hardware's time each of its sweeps stands.

use serde::{Deserialize, Serialize};

use crate::SubstrateError;
use crate::error::at_least;

/// The dynamics of [`Substrate::relax`](crate::Substrate::relax).
///
/// All have the same fixed points; where an energy has several minima, they may come to rest at
/// different ones. Durations are always those of the hardware, in
/// 1 / (mobility x stiffness), so that what [`Metered`](crate::Metered) counts keeps its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relaxer {
    /// What hardware does: dx = -mu dE/dx dt, in steps of the substrate's time step.
    #[default]
    GradientFlow,
    /// Gradient steps with momentum (Nesterov 1983): y = x + m (x - x'), x'' = y - h mu dE/dx(y).
    ///
    /// A step of size h stands for a time h / (1 - m), over which momentum carries it.
    Nesterov {
        /// m, at least 0 and below 1.
        momentum: f64,
    },
    /// Block coordinate descent for energies with [groups](overdamped_energy::Grouped): one after
    /// another, all units of a group make a Newton step, x += F / max(d2E/dx2, least_curvature).
    ///
    /// A step is exact where the energy of a unit is quadratic, as that of a linear unit on a
    /// spring; the bound on the curvature keeps it a descent direction everywhere.
    BlockDescent {
        /// Time that one sweep over all groups stands for, in 1 / (mobility x stiffness).
        time_per_sweep: f64,
        /// Lower bound of the curvature, in stiffness.
        least_curvature: f64,
    },
}

impl Relaxer {
    /// Block coordinate descent as in the studies of docs/floweqprop.md: in a trained network a
    /// sweep brings the residual down at least as far as gradient flow does in a time of 2.
    pub const BLOCK_DESCENT: Self = Self::BlockDescent {
        time_per_sweep: 2.0,
        least_curvature: 0.5,
    };

    /// The relaxer, if its constants are within their range.
    ///
    /// # Errors
    /// [`SubstrateError::Setting`].
    pub fn validated(self) -> Result<Self, SubstrateError> {
        match self {
            Self::GradientFlow => {}
            Self::Nesterov { momentum } => {
                let setting = "the momentum of relaxation";
                at_least(setting, momentum, 0.0, "at least 0 and below 1")?;
                if momentum >= 1.0 {
                    return Err(SubstrateError::Setting {
                        setting,
                        value: momentum,
                        bound: "at least 0 and below 1",
                    });
                }
            }
            Self::BlockDescent {
                time_per_sweep,
                least_curvature,
            } => {
                for (setting, value) in [
                    ("the time per sweep of relaxation", time_per_sweep),
                    ("the least curvature of relaxation", least_curvature),
                ] {
                    at_least(setting, value, f64::MIN_POSITIVE, "positive")?;
                }
            }
        }
        Ok(self)
    }
}

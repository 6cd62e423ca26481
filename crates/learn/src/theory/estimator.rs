//! The names of the family of estimators: what each of them measures.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Nudging;

/// A way to estimate the gradient of a cost from states of a network.
///
/// With z0 a free state and z+, z- states nudged by +beta and -beta from it:
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// [dE(z+) - dE(z0)] / beta, nudged by the cost.
    OneSided,
    /// [dE(z+) - dE(z-)] / (2 beta), nudged by the cost.
    Symmetric,
    /// [dE(z+) - dE(z-)] / (2 beta), nudged by the frozen force of the cost at z0.
    ConstantForce,
    /// [dE(z+) - dE(z0')] / beta, where z0' is the free state after as long a time again.
    DriftCompensated,
    /// -Cov(dE, L) / kT over free states; nothing is nudged.
    Covariance,
}

impl Estimator {
    /// All of them, in the order in which they are declared.
    pub const ALL: [Self; 5] = [
        Self::OneSided,
        Self::Symmetric,
        Self::ConstantForce,
        Self::DriftCompensated,
        Self::Covariance,
    ];

    /// Its name as results and settings spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneSided => "one_sided",
            Self::Symmetric => "symmetric",
            Self::ConstantForce => "constant_force",
            Self::DriftCompensated => "drift_compensated",
            Self::Covariance => "covariance",
        }
    }

    /// Phases after the free one, each of the nudged duration: the time of an estimate is the free
    /// time and so many times the nudged time.
    #[must_use]
    pub const fn later_phases(self) -> u32 {
        match self {
            Self::Covariance => 0,
            Self::OneSided => 1,
            Self::Symmetric | Self::ConstantForce | Self::DriftCompensated => 2,
        }
    }

    /// How a rule nudges by it; none for the covariance.
    #[must_use]
    pub const fn nudging(self, strength: f64) -> Option<Nudging> {
        Some(match self {
            Self::OneSided => Nudging::one_sided(strength),
            Self::Symmetric => Nudging::symmetric(strength),
            Self::ConstantForce => Nudging::constant_force(strength),
            Self::DriftCompensated => Nudging::compensated(strength),
            Self::Covariance => return None,
        })
    }

    /// Whether it nudges.
    #[must_use]
    pub const fn nudges(self) -> bool {
        !matches!(self, Self::Covariance)
    }
}

impl fmt::Display for Estimator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

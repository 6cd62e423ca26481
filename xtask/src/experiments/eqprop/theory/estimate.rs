//! The estimators of the studies: those that nudge.

use overdamped_learn::Nudging;
use overdamped_learn::theory::Estimator;

/// An estimator that contrasts nudged states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimate {
    OneSided,
    Symmetric,
    ConstantForce,
    DriftCompensated,
}

impl Estimate {
    pub const ALL: [Self; 4] = [
        Self::OneSided,
        Self::Symmetric,
        Self::ConstantForce,
        Self::DriftCompensated,
    ];

    /// Its segment of an id.
    pub const fn id(self) -> &'static str {
        self.in_theory().name()
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::OneSided => "one-sided",
            Self::Symmetric => "symmetric",
            Self::ConstantForce => "constant force",
            Self::DriftCompensated => "drift-compensated",
        }
    }

    /// On the substrate.
    pub const fn nudging(self, strength: f64) -> Nudging {
        match self {
            Self::OneSided => Nudging::one_sided(strength),
            Self::Symmetric => Nudging::symmetric(strength),
            Self::ConstantForce => Nudging::constant_force(strength),
            Self::DriftCompensated => Nudging::compensated(strength),
        }
    }

    /// In theory.
    pub const fn in_theory(self) -> Estimator {
        match self {
            Self::OneSided => Estimator::OneSided,
            Self::Symmetric => Estimator::Symmetric,
            Self::ConstantForce => Estimator::ConstantForce,
            Self::DriftCompensated => Estimator::DriftCompensated,
        }
    }

    /// The power of beta with which its bias sets in, if it has one.
    pub const fn order(self) -> f64 {
        match self {
            Self::OneSided | Self::DriftCompensated => 1.0,
            Self::Symmetric | Self::ConstantForce => 2.0,
        }
    }
}

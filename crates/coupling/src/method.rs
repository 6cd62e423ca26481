//! Ways from activations to a coupling, and what can be set about them.

use serde::{Deserialize, Serialize};

use crate::CouplingError;

/// How a coupling is made of paired activations, or of weights.
///
/// With covariances Cxx, Cyy and Cxy of encoder activations x and decoder activations y, ridges included, a map M
/// of rank k with y - mean = M^T (x - mean):
///
/// | method | M | scale |
/// |---|---|---|
/// | `WeightGram` | sum of sqrt(g_i h_i) u_i v_i^T over the leading eigenpairs (g, u), (h, v) of W W^T / 4 kT of both sides' weights | Frobenius norm one |
/// | `ActivationGram` | the same of Cxx and Cyy | one factor to be fitted |
/// | `CrossCovariance` | U_k S_k V_k^T of Cxy | one factor to be fitted |
/// | `Canonical` | Cxx^-1/2 A_k S_k B_k^T Cyy^1/2, with A S B^T = Cxx^-1/2 Cxy Cyy^-1/2 | predicts |
/// | `ReducedRank` | B V_k V_k^T, with B = Cxx^-1 Cxy and V_k the leading eigenvectors of B^T Cxx B | predicts, best of its rank |
/// | `JointGaussian` | J_k K_yy^-1, with K = kT Sigma^-1 of x and y jointly and J_k the SVD of -K_xy cut at k | predicts |
///
/// The first two pair eigenvectors of two matrices that know nothing of each other. Their relative signs are
/// arbitrary, and are fixed so that the largest entry of each u_i and of each v_i is positive.
/// [`LowRankMap::calibrated`](crate::LowRankMap::calibrated) fits the one factor that the first three lack.
///
/// Sources: arXiv 2604.14332 (weight-Gram); Hotelling 1936 (canonical); Izenman 1975 (reduced rank).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Eigenvectors of the weights' Gram matrices, paired in order: the published way.
    WeightGram,
    /// Eigenvectors of the two covariances, paired in order.
    ActivationGram,
    /// Singular vectors of the cross-covariance.
    CrossCovariance,
    /// Canonical correlations.
    Canonical,
    /// Reduced-rank regression.
    ReducedRank,
    /// The joint Gaussian's precision, with decoder units coupled among themselves.
    JointGaussian,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::WeightGram,
        Self::ActivationGram,
        Self::CrossCovariance,
        Self::Canonical,
        Self::ReducedRank,
        Self::JointGaussian,
    ];

    /// Its name in result ids and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WeightGram => "weight_gram",
            Self::ActivationGram => "activation_gram",
            Self::CrossCovariance => "cross_covariance",
            Self::Canonical => "canonical",
            Self::ReducedRank => "reduced_rank",
            Self::JointGaussian => "joint_gaussian",
        }
    }

    /// Whether its maps predict as they are; the others lack one factor.
    #[must_use]
    pub fn predicts(self) -> bool {
        matches!(
            self,
            Self::Canonical | Self::ReducedRank | Self::JointGaussian
        )
    }
}

/// What can be set about a fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitSettings {
    /// What is added to each variance of Cxx, and of Cyy where a method divides by it, as a share of that
    /// side's mean variance (0 or more). The default of 1e-6 keeps constant and duplicated units from being divided
    /// by, and is harmless to units whose spread is well above a thousandth of the root mean variance: bring units to
    /// one scale where it is not. Zero refuses constant and duplicated units.
    pub ridge: f64,
}

impl Default for FitSettings {
    fn default() -> Self {
        Self { ridge: 1e-6 }
    }
}

impl FitSettings {
    /// The settings, if they make sense.
    ///
    /// # Errors
    /// [`CouplingError::Setting`] for a ridge that is negative or not finite.
    pub fn validated(self) -> Result<Self, CouplingError> {
        if self.ridge >= 0.0 && self.ridge.is_finite() {
            return Ok(self);
        }
        Err(CouplingError::Setting {
            setting: "FitSettings::ridge",
            value: self.ridge,
            bound: "finite and at least 0",
        })
    }
}

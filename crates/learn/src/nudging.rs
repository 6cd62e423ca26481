//! Nudged states: the contrasts that give the gradient of a cost (Scellier and Bengio 2017).
//!
//! A network in its free state x, of energy E, is nudged by beta times a cost C and moves a little:
//!
//! d/dbeta [dE/dtheta under E + beta C] at beta = 0  is  dC/dtheta,
//!
//! at rest because E + beta C is stationary there, and in a bath for the mean of dE/dtheta, because
//! `d<A>/dbeta = -Cov(A, C) / kT`. The derivative is taken as a difference, in one of these ways; e(beta) is the
//! local gradient dE/dtheta of the nudged state, e(0) of the free one:
//!
//! | estimator | nudge | [`Sides`] | estimate | bias | free phase |
//! |---|---|---|---|---|---|
//! | [one-sided](Nudging::one_sided) | a spring | one | [e(beta) - e(0)] / beta | O(beta) | at rest |
//! | [symmetric](Nudging::symmetric) | a spring | two | [e(beta) - e(-beta)] / 2 beta | O(beta^2) | any |
//! | [constant force](Nudging::constant_force) | frozen | two | the same | none if E is quadratic, else O(beta^2) | at rest |
//! | [compensated](Nudging::compensated) | a spring | compensated | [e(beta) - e(0, continued)] / beta | O(beta) | any |
//! | [covariance](crate::covariance_gradient) | none | | -Cov(dE/dtheta, C) / kT | none | thermal samples |
//!
//! One-sided: Scellier and Bengio 2017; symmetric: Laborieux et al. 2021; frozen force: arXiv 2604.08150 (its
//! linear nudge); covariance: linear response (Kubo 1966).
//!
//! **Bias.** Where one curvature K meets a cost of curvature kappa, a spring to one side gives the gradient times
//! 1 / (1 + beta kappa / K), to two sides times 1 / (1 - (beta kappa / K)^2), and must stay below K / kappa, or
//! the state of -beta runs away. K is the curvature that the cost feels: that of the visible units once hidden
//! ones have followed them. A frozen force has no such bound.
//!
//! **Free phase.** Let it end r0 short of rest, and let G r0 be left of it at the end of the nudged phase. A
//! one-sided contrast then carries -(I - G) r0 / beta, which no cost has caused; between two sides, or against a
//! continued free phase, it cancels. A frozen force is that of the place where the network was, kappa r0 from the
//! true one. [`Nudging::needs_rest`] says which is which, and [`Nudging::check_rest`] refuses what is too early.
//!
//! How long a phase relaxes, and whether the bath is cold, is no property of an estimator but of the
//! substrate: [`Phase`]. In a warm bath the [`Reading`] decides between `<C>` and C at the mean state.
//!
//! A contour of complex nudges would remove every power of beta (holomorphic: Laborieux and Zenke 2022). It needs
//! units with complex states, and those of a real network have none: it is left out.

mod bound;
mod contrast;
mod cost;
mod phase;

use faer::MatRef;
use overdamped_energy::Scalar;
use serde::{Deserialize, Serialize};

pub use self::contrast::FreeState;
pub use self::cost::QuadraticCost;
pub use self::phase::{Phase, Reading, Visited};
use crate::error::positive;
use crate::{LearnError, Settled};

/// How a nudge pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NudgeForce {
    /// -beta dC/dx of the free state, held constant. In a bath: of the mean free state.
    #[default]
    Linear,
    /// -beta dC/dx of the state as it moves: a spring.
    Quadratic,
}

/// Which states are contrasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// The nudged one and the free one.
    One,
    /// The nudged one and one that goes on without a nudge, both started from the free one and run for the same
    /// time: what is left of the free relaxation cancels, and no nudge of the other sign is needed.
    Compensated,
    /// Those of opposite nudges, both started from the free one and run for the same time, so that
    /// whatever is left of the free relaxation cancels. The free one, as it was read, is written again before each.
    #[default]
    Two,
}

impl Sides {
    /// Phases that follow the free one.
    #[must_use]
    pub const fn phases(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Compensated | Self::Two => 2,
        }
    }
}

/// How a rule nudges.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nudging {
    /// How the nudge pulls. Default linear.
    pub force: NudgeForce,
    /// Which states are contrasted. Default two.
    pub sides: Sides,
    /// beta. Default 1.25e-3.
    pub strength: f64,
}

impl Default for Nudging {
    fn default() -> Self {
        Self::constant_force(1.25e-3)
    }
}

impl Nudging {
    /// A spring to one side, against the free state.
    #[must_use]
    pub const fn one_sided(strength: f64) -> Self {
        Self {
            force: NudgeForce::Quadratic,
            sides: Sides::One,
            strength,
        }
    }

    /// A spring to both sides.
    #[must_use]
    pub const fn symmetric(strength: f64) -> Self {
        Self {
            force: NudgeForce::Quadratic,
            sides: Sides::Two,
            strength,
        }
    }

    /// A frozen force to both sides.
    #[must_use]
    pub const fn constant_force(strength: f64) -> Self {
        Self {
            force: NudgeForce::Linear,
            sides: Sides::Two,
            strength,
        }
    }

    /// A spring to one side, against a continued free phase.
    #[must_use]
    pub const fn compensated(strength: f64) -> Self {
        Self {
            force: NudgeForce::Quadratic,
            sides: Sides::Compensated,
            strength,
        }
    }

    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        positive("the nudge strength", self.strength)?;
        Ok(self)
    }

    /// Whether a free phase that ends early spoils the estimate: it does for a frozen force, and for one side.
    #[must_use]
    pub const fn needs_rest(&self) -> bool {
        matches!(self.force, NudgeForce::Linear) || matches!(self.sides, Sides::One)
    }

    /// Refuses a free phase that ended too early for this estimator. What is left of the forces must be at
    /// most `tolerance` times what it is mistaken for, in the median chain: beta |dC/dx| for one side, whose
    /// contrast takes it for the nudge's; |dC/dx| itself for a frozen force to two sides. Others are
    /// never refused ([`Nudging::needs_rest`]).
    ///
    /// `free` are the states at the end of the free phase (units x chains).
    ///
    /// # Errors
    /// [`LearnError::Unrelaxed`], which tells how much time it would need if `settled` has seen the decay;
    /// [`LearnError::Setting`] for a tolerance that is not positive, [`LearnError::Shape`] if cost and
    /// states do not fit.
    pub fn check_rest<T: Scalar>(
        &self,
        settled: &Settled,
        cost: &QuadraticCost<T>,
        free: MatRef<'_, T>,
        tolerance: f64,
    ) -> Result<(), LearnError> {
        positive("the share of the nudge that may be left over", tolerance)?;
        cost.check_states(free.nrows(), free.ncols())?;
        if !self.needs_rest() {
            return Ok(());
        }
        let scale = match self.sides {
            Sides::One => self.strength,
            Sides::Compensated | Sides::Two => 1.0,
        };
        settled.check(tolerance * scale * cost.median_slope(free))
    }
}

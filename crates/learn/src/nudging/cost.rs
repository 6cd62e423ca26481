//! The cost of a nudge, and the pull that it exerts.

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Scalar};

use super::NudgeForce;
use crate::error::positive;
use crate::{LearnError, Wiring};

/// C = kappa |x - target|^2 / 2 on the visible units of each chain.
#[derive(Debug, Clone)]
pub struct QuadraticCost<T: Scalar> {
    wiring: Wiring,
    curvature: f64,
    targets: Mat<T>,
}

impl<T: Scalar> QuadraticCost<T> {
    /// A cost of curvature kappa with its minimum at `targets` (visible x chains).
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a curvature that is not positive, [`LearnError::Shape`] for targets of
    /// another height than there are visible units, [`LearnError::NonFiniteData`] for a target that is no number.
    pub fn new(wiring: Wiring, curvature: f64, targets: Mat<T>) -> Result<Self, LearnError> {
        positive("the curvature of a cost", curvature)?;
        if targets.nrows() != wiring.visible.len() {
            return Err(LearnError::Shape {
                what: "visible units of a target",
                expected: wiring.visible.len(),
                found: targets.nrows(),
            });
        }
        for example in 0..targets.ncols() {
            let target = targets.col_as_slice(example);
            if let Some(unit) = target.iter().position(|value| !value.finite()) {
                let value = target[unit].wide();
                return Err(LearnError::NonFiniteData {
                    unit,
                    example,
                    value,
                });
            }
        }
        Ok(Self {
            wiring,
            curvature,
            targets,
        })
    }

    /// Number of chains.
    #[must_use]
    pub fn chains(&self) -> usize {
        self.targets.ncols()
    }

    /// kappa.
    #[must_use]
    pub const fn curvature(&self) -> f64 {
        self.curvature
    }

    /// Which units the cost is of.
    #[must_use]
    pub const fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// dC/dx at `states`, zero on other units (both units x chains).
    ///
    /// # Panics
    /// If there are more chains than targets, or fewer units than the wiring has.
    #[must_use]
    pub fn gradient(&self, states: MatRef<'_, T>) -> Mat<T> {
        let mut gradient = Mat::zeros(states.nrows(), states.ncols());
        let curvature = T::of(self.curvature);
        let seen = self.wiring.seen(states);
        for chain in 0..states.ncols() {
            for row in 0..seen.nrows() {
                gradient[(self.wiring.visible.start + row, chain)] =
                    curvature * (seen[(row, chain)] - self.targets[(row, chain)]);
            }
        }
        gradient
    }

    /// Mean over chains of C at `states` (units x chains).
    ///
    /// # Panics
    /// As [`QuadraticCost::gradient`].
    #[must_use]
    pub fn mean(&self, states: MatRef<'_, T>) -> f64 {
        let mut squares = 0.0;
        self.each_offset(states, |_, off| squares += off * off);
        0.5 * self.curvature * squares / states.ncols() as f64
    }

    /// C of each chain at `states` (units x chains).
    ///
    /// # Panics
    /// As [`QuadraticCost::gradient`].
    #[must_use]
    pub fn values(&self, states: MatRef<'_, T>) -> Vec<f64> {
        let mut values = vec![0.0; states.ncols()];
        self.each_offset(states, |chain, off| values[chain] += off * off);
        for value in &mut values {
            *value *= 0.5 * self.curvature;
        }
        values
    }

    /// x - target of each visible unit, chain by chain.
    fn each_offset(&self, states: MatRef<'_, T>, mut act: impl FnMut(usize, f64)) {
        let seen = self.wiring.seen(states);
        for chain in 0..states.ncols() {
            for row in 0..seen.nrows() {
                act(
                    chain,
                    (seen[(row, chain)] - self.targets[(row, chain)]).wide(),
                );
            }
        }
    }

    /// Median over chains of the largest |dC/dx| of a unit: the scale of the residuals that matter.
    pub(super) fn median_slope(&self, states: MatRef<'_, T>) -> f64 {
        let mut slopes = vec![0.0_f64; states.ncols()];
        self.each_offset(states, |chain, off| {
            slopes[chain] = slopes[chain].max(self.curvature * off.abs());
        });
        let middle = slopes.len().saturating_sub(1) / 2;
        slopes.sort_unstable_by(f64::total_cmp);
        slopes.get(middle).copied().unwrap_or(0.0)
    }

    /// What every nudge of this cost pulls with, from the free states (units x chains).
    pub(super) fn pull(&self, force: NudgeForce, free: MatRef<'_, T>) -> Pull<T> {
        match force {
            NudgeForce::Linear => Pull::Frozen(self.gradient(free)),
            NudgeForce::Quadratic => {
                let (start, rows) = (self.wiring.visible.start, self.targets.nrows());
                let mut nudged = vec![false; free.nrows()];
                nudged[self.wiring.visible.clone()].fill(true);
                let mut anchors = Mat::zeros(free.nrows(), free.ncols());
                let mut seen = anchors.as_mut().subrows_mut(start, rows);
                seen.copy_from(&self.targets);
                Pull::Spring {
                    curvature: self.curvature,
                    nudged,
                    anchors,
                }
            }
        }
    }

    /// Checks that the cost is of some of these units.
    pub(crate) fn check(&self, units: usize) -> Result<(), LearnError> {
        self.wiring.check(units, self.wiring.rows())
    }

    /// Checks that the cost is of some of these units, and of this many chains.
    pub(crate) fn check_states(&self, units: usize, chains: usize) -> Result<(), LearnError> {
        self.check(units)?;
        if chains == self.chains() && chains > 0 {
            return Ok(());
        }
        Err(LearnError::Shape {
            what: "chains of the free state",
            expected: self.chains().max(1),
            found: chains,
        })
    }
}

/// A cost made ready for the nudges of one estimate, which differ in strength only.
pub(super) enum Pull<T: Scalar> {
    /// dC/dx of the free states.
    Frozen(Mat<T>),
    /// A spring of stiffness beta kappa to the targets.
    Spring {
        curvature: f64,
        nudged: Vec<bool>,
        anchors: Mat<T>,
    },
}

impl<T: Scalar> Pull<T> {
    /// The drive that adds `strength` times the cost to the energy, on top of `base`.
    pub(super) fn drive(
        &self,
        strength: f64,
        base: Option<&Drive<T>>,
    ) -> Result<Drive<T>, LearnError> {
        let nudge = match self {
            Self::Frozen(slope) => Drive::linear_nudge(T::of(strength), slope.as_ref())?,
            Self::Spring {
                curvature,
                nudged,
                anchors,
            } => Drive::quadratic_nudge(T::of(strength * curvature), nudged, anchors.as_ref())?,
        };
        Ok(match base {
            Some(base) => nudge.and(base)?,
            None => nudge,
        })
    }
}

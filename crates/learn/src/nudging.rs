//! Nudged equilibria: the contrast that gives the gradient of a cost at rest (Scellier and
//! Bengio 2017; symmetric: Laborieux et al. 2021; with a spring: arXiv 2604.08150).
//!
//! A network at rest is nudged by beta times a cost C of its visible states and moves a little:
//!
//! d/dbeta [dE/dtheta at rest under E + beta C] at beta = 0  is  dC/dtheta at rest,
//!
//! because E + beta C is stationary at rest. The derivative is taken as a difference:
//!
//! | [`Sides`] | estimate | bias of a cost of curvature kappa, energy of curvature K |
//! |---|---|---|
//! | one | [dE(+beta) - dE(0)] / beta | 1 / (1 + beta kappa / K) |
//! | two | [dE(+beta) - dE(-beta)] / (2 beta) | 1 / (1 - (beta kappa / K)^2) |
//!
//! A [linear](NudgeForce::Linear) nudge pulls with the frozen force -beta dC/dx of the free state. Its limit is the
//! same; it has no such bias (none at all if E is quadratic) and no bound on beta, while a quadratic one
//! must stay below K / kappa, or the state of -beta runs away. K is the curvature that the cost feels: that
//! of the visible units once hidden ones have followed them.

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Potential, Scalar};
use overdamped_substrate::{Residuals, Substrate};
use serde::{Deserialize, Serialize};

use crate::error::positive;
use crate::{LearnError, Wiring};

/// How a nudge pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NudgeForce {
    /// -beta dC/dx of the free state, held constant.
    #[default]
    Linear,
    /// -beta dC/dx of the state as it moves: a spring.
    Quadratic,
}

/// Which equilibria are contrasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// The nudged one and the free one.
    One,
    /// Those of opposite nudges, both started from the free one and run for the same time, so that
    /// whatever is left of the free relaxation cancels. The free one, as it was read, is written again before each.
    #[default]
    Two,
}

/// How a rule nudges.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nudging {
    /// How the nudge pulls. Default linear.
    pub force: NudgeForce,
    /// Which equilibria are contrasted. Default two.
    pub sides: Sides,
    /// beta. Default 1.25e-3.
    pub strength: f64,
}

impl Default for Nudging {
    fn default() -> Self {
        Self {
            force: NudgeForce::default(),
            sides: Sides::default(),
            strength: 1.25e-3,
        }
    }
}

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
    /// another height than there are visible units.
    pub fn new(wiring: Wiring, curvature: f64, targets: Mat<T>) -> Result<Self, LearnError> {
        positive("the curvature of a cost", curvature)?;
        if targets.nrows() != wiring.visible.len() {
            return Err(LearnError::Shape {
                what: "visible units of a target",
                expected: wiring.visible.len(),
                found: targets.nrows(),
            });
        }
        Ok(Self {
            wiring,
            curvature,
            targets,
        })
    }

    /// Number of chains.
    pub(crate) fn chains(&self) -> usize {
        self.targets.ncols()
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
        let seen = self.wiring.seen(states);
        let mut squares = 0.0;
        for chain in 0..states.ncols() {
            for row in 0..seen.nrows() {
                let off = (seen[(row, chain)] - self.targets[(row, chain)]).wide();
                squares += off * off;
            }
        }
        0.5 * self.curvature * squares / states.ncols() as f64
    }

    /// The drive that adds `strength` times this cost to the energy.
    fn drive(
        &self,
        force: NudgeForce,
        strength: f64,
        gradient: &Mat<T>,
    ) -> Result<Drive<T>, LearnError> {
        Ok(match force {
            NudgeForce::Linear => Drive::linear_nudge(T::of(strength), gradient.as_ref())?,
            NudgeForce::Quadratic => {
                let mut on = vec![false; gradient.nrows()];
                on[self.wiring.visible.clone()].fill(true);
                let mut places = Mat::zeros(gradient.nrows(), gradient.ncols());
                places
                    .as_mut()
                    .subrows_mut(self.wiring.visible.start, self.targets.nrows())
                    .copy_from(&self.targets);
                let stiffness = T::of(strength * self.curvature);
                Drive::quadratic_nudge(stiffness, &on, places.as_ref())?
            }
        })
    }

    /// Refuses a quadratic nudge that is certainly too strong for its opposite. Along d = x(+beta) - x(0) the
    /// energy E - beta C curves by d.Hd - beta kappa |d_visible|^2, with H of energy and drive at rest; the
    /// least beta at which that is not positive, over the first chains, is the bound.
    ///
    /// It is never below the true one, so that whatever is refused does run away. Hidden units count: they
    /// follow the visible ones, and what they give way by lowers the curvature.
    fn check_bound(
        &self,
        strength: f64,
        rest: &AtRest<'_, T>,
        plus: &Mat<T>,
    ) -> Result<(), LearnError> {
        /// Chains that speak for all.
        const CHAINS: usize = 32;
        let chains = CHAINS.min(plus.ncols());
        let states = rest.free.as_ref().subcols(0, chains);
        let along = Mat::from_fn(plus.nrows(), chains, |unit, chain| {
            plus[(unit, chain)] - states[(unit, chain)]
        });
        let mut products = Mat::zeros(plus.nrows(), chains);
        rest.potential
            .add_curvature_product(states, along.as_ref(), products.as_mut());
        rest.base
            .add_curvature_product(states, along.as_ref(), products.as_mut());
        let mut bound = f64::INFINITY;
        for chain in 0..chains {
            let way = along.col_as_slice(chain);
            let curvature = dot(way, products.col_as_slice(chain));
            let length = dot(way, way);
            if length > 0.0 && curvature <= 0.0 {
                let smallest = curvature / length;
                return Err(LearnError::NotConvex { chain, smallest });
            }
            let seen = &way[self.wiring.visible.clone()];
            // A chain that did not move says nothing: NaN, or infinite.
            bound = bound.min(curvature / (self.curvature * dot(seen, seen)));
        }
        if strength >= bound {
            return Err(LearnError::NudgeTooStrong { strength, bound });
        }
        Ok(())
    }

    /// Checks that the cost is of some of these units.
    pub(crate) fn check(&self, units: usize) -> Result<(), LearnError> {
        self.wiring.check(units, self.wiring.rows())
    }
}

/// The inner product of two directions.
fn dot<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.wide() * b.wide()).sum()
}

/// A substrate at rest, about to be nudged.
pub(crate) struct AtRest<'a, T: Scalar> {
    /// The energy, for dE/dtheta.
    pub(crate) potential: &'a dyn Potential<T>,
    /// What holds the network besides: the spring.
    pub(crate) base: &'a Drive<T>,
    /// Its free states (units x chains).
    pub(crate) free: &'a Mat<T>,
    /// Time of each nudged phase.
    pub(crate) duration: f64,
}

impl Nudging {
    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        positive("the nudge strength", self.strength)?;
        Ok(self)
    }

    /// Adds the estimate of the mean over chains of dC/dtheta to `gradient`; returns the residuals of the
    /// nudged phase whose median chain is farther from rest.
    ///
    /// The substrate is in the free state, with parameters programmed and the base drive attached. It ends nudged.
    pub(crate) fn contrast<T: Scalar, S: Substrate<T>>(
        &self,
        substrate: &mut S,
        rest: &AtRest<'_, T>,
        cost: &QuadraticCost<T>,
        gradient: &mut [T],
    ) -> Result<Residuals, LearnError> {
        let frozen = cost.gradient(rest.free.as_ref());
        let nudged = |substrate: &mut S, sign: f64| {
            if self.sides == Sides::Two {
                // Both from the free state as it was read, so that an error of the readout is one of
                // both; the bath is cold, so that the seed does not matter.
                substrate.prepare(rest.free.as_ref(), 0)?;
            }
            let nudge = cost.drive(self.force, sign * self.strength, &frozen)?;
            substrate.attach(Some(rest.base.clone().and(&nudge)?))?;
            let residuals = substrate.relax(rest.duration)?;
            Ok::<_, LearnError>((substrate.read()?, residuals))
        };
        let (plus, mut residuals) = nudged(substrate, 1.0)?;
        let (minus, width) = match self.sides {
            Sides::One => (None, self.strength),
            Sides::Two => {
                if self.force == NudgeForce::Quadratic {
                    cost.check_bound(self.strength, rest, &plus)?;
                }
                let (minus, other) = nudged(substrate, -1.0)?;
                if other.median > residuals.median {
                    residuals = other;
                }
                (Some(minus), 2.0 * self.strength)
            }
        };
        let share = 1.0 / (width * rest.free.ncols() as f64);
        let minus = minus.as_ref().unwrap_or(rest.free);
        subtract_gradients(rest.potential, T::of(share), &plus, minus, gradient);
        Ok(residuals)
    }
}

/// Adds `share` times the sum over chains of dE/dtheta(plus) - dE/dtheta(minus).
fn subtract_gradients<T: Scalar>(
    potential: &dyn Potential<T>,
    share: T,
    plus: &Mat<T>,
    minus: &Mat<T>,
    gradient: &mut [T],
) {
    let sum = |states: &Mat<T>, weight: T| {
        let mut sum = vec![T::ZERO; potential.parameter_count()];
        let weights = vec![weight; states.ncols()];
        potential.add_parameter_gradient(&weights, states.as_ref(), &mut sum);
        sum
    };
    let (plus, minus) = rayon::join(|| sum(plus, share), || sum(minus, -share));
    for (slot, (plus, minus)) in gradient.iter_mut().zip(plus.into_iter().zip(minus)) {
        *slot += plus + minus;
    }
}

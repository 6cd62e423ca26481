//! The choreography of nudged phases: which states, with which weights.

use overdamped_energy::{Drive, Potential, Scalar};
use overdamped_substrate::stream::Stream;
use overdamped_substrate::{Residuals, Substrate};
use rand::Rng;

use super::bound::check_bound;
use super::{NudgeForce, Nudging, Phase, QuadraticCost, Sides, Visited};
use crate::LearnError;

/// A substrate in its free state, about to be nudged.
#[derive(Clone, Copy)]
pub struct FreeState<'a, T: Scalar> {
    /// The energy at the parameters that are programmed, for dE/dtheta.
    pub potential: &'a dyn Potential<T>,
    /// What drives the network besides the nudge, if anything does: a spring, the data.
    pub base: Option<&'a Drive<T>>,
    /// What was read of the free phase. For a phase in the bath these are its samples: their mean says where a
    /// frozen force is measured, and one-sided nudges are contrasted with all of them.
    pub visited: &'a Visited<T>,
}

impl<T: Scalar> FreeState<'_, T> {
    /// Checks that the parts fit each other.
    fn check(
        &self,
        units: usize,
        cost: &QuadraticCost<T>,
        gradient: usize,
    ) -> Result<(), LearnError> {
        for (what, expected, found) in [
            ("units of the energy", units, self.potential.units()),
            ("units of the free state", units, self.visited.units()),
            (
                "parameters of the gradient",
                self.potential.parameter_count(),
                gradient,
            ),
        ] {
            if found != expected {
                return Err(LearnError::Shape {
                    what,
                    expected,
                    found,
                });
            }
        }
        cost.check_states(units, self.visited.chains())
    }
}

impl Nudging {
    /// Adds the estimate of the mean over chains of dC/dtheta to `gradient`; returns the residuals of whichever
    /// phase left its median chain farther from rest, if the phases are cold.
    ///
    /// The substrate is in the free state, with parameters programmed and the base drive attached. It ends
    /// as the last phase left it. The first phase starts where the substrate is if there is one only; two start from
    /// the free state as it was read last. Cold phases take nothing from `stream`; each of two warm ones takes a seed
    /// of its own, so that their noise is independent, as it is in hardware.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a strength or a phase out of range, [`LearnError::Shape`] if the parts do not
    /// fit each other, [`LearnError::NudgeTooStrong`] or [`LearnError::NotConvex`] if a spring to both sides has no
    /// equilibrium to go to, [`SubstrateError::NonFiniteState`](overdamped_substrate::SubstrateError) for a
    /// readout that is no number, and whatever the substrate reports.
    pub fn contrast<T: Scalar, S: Substrate<T> + ?Sized>(
        &self,
        substrate: &mut S,
        free: &FreeState<'_, T>,
        cost: &QuadraticCost<T>,
        phase: &Phase,
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<Option<Residuals>, LearnError> {
        let Self {
            force,
            sides,
            strength,
        } = self.validated()?;
        phase.validated()?;
        free.check(substrate.units(), cost, gradient.len())?;
        let pull = cost.pull(force, free.visited.mean().as_ref().as_ref());
        let mut run = |drive: Option<Drive<T>>| {
            if sides != Sides::One {
                // Both from the free state as it was read, so that an error of the readout is one of
                // both. In a cold bath the seed does not matter.
                let seed = match phase {
                    Phase::Cold { .. } => 0,
                    Phase::Warm { .. } => stream.next_u64(),
                };
                substrate.prepare(free.visited.last(), seed)?;
            }
            substrate.attach(drive)?;
            phase.run(substrate)
        };
        let plus = run(Some(pull.drive(strength, free.base)?))?;
        let (minus, width) = match sides {
            Sides::One => (None, strength),
            Sides::Compensated => (Some(run(free.base.cloned())?), strength),
            Sides::Two => {
                let check = |nudged: &Visited<T>| match force {
                    NudgeForce::Linear => Ok(()),
                    NudgeForce::Quadratic => {
                        let cold = matches!(phase, Phase::Cold { .. });
                        check_bound(strength, free, cost, nudged.mean().as_ref().as_ref(), cold)
                    }
                };
                check(&plus)?;
                let minus = run(Some(pull.drive(-strength, free.base)?))?;
                check(&minus)?;
                (Some(minus), 2.0 * strength)
            }
        };
        let other = minus.as_ref().and_then(Visited::residuals);
        let against = minus.as_ref().unwrap_or(free.visited);
        let local = |visited: &Visited<T>, width| {
            visited.local_gradient(free.potential, phase.reading(), width)
        };
        add_difference(
            rayon::join(|| local(&plus, width), || local(against, -width)),
            gradient,
        );
        Ok(farther(plus.residuals(), other))
    }
}

/// Adds the sum of two parts.
fn add_difference<T: Scalar>((plus, minus): (Vec<T>, Vec<T>), gradient: &mut [T]) {
    for (slot, (plus, minus)) in gradient.iter_mut().zip(plus.into_iter().zip(minus)) {
        *slot += plus + minus;
    }
}

/// The residuals with the larger median.
fn farther(first: Option<Residuals>, second: Option<Residuals>) -> Option<Residuals> {
    match (first, second) {
        (Some(first), Some(second)) if second.median > first.median => Some(second),
        (first, second) => first.or(second),
    }
}

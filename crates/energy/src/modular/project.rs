//! Weakening couplings until one state at rest is left, by the smallest change of the strengths.
//!
//! The strengths s at which the relative coupling of a component is at most t are a convex set: the intersection of
//! the half-spaces g(z) . s <= t over all unit vectors z, with g from [`Relative`]. The
//! nearest point of it is approached from outside. Each round adds the half-spaces of all eigenvectors above t at the
//! point where it is (cutting planes: Kelley 1960), and moves to the point that is nearest to the
//! *start* and in all half-spaces there are (Hildreth 1957). No such point is farther from the start than the
//! solution. What little is left when the rounds end, one factor on all strengths takes away.
//!
//! Only strengths that carry an offending eigenvector have a slope there: a single soft unit costs the buses
//! that drive it, and no others. One factor on all of them, update after update, would shrink a whole
//! network for its sake.

use faer::traits::math_utils::eps;

use super::relative::Relative;
use super::{Modular, Moving};
use crate::{EnergyError, Scalar};

/// Epsilons by which strengths end below the bound.
const ROUNDING: f64 = 64.0;
/// Rounds of new half-spaces at most.
const ROUNDS: usize = 16;
/// Passes through the half-spaces in a round at most.
const PASSES: usize = 400;
/// What a factor may take away in the end, as a share of the bound: far less than training moves strengths.
const LEFT_OVER: f64 = 1e-7;

impl Modular {
    /// Weakens couplings where they leave too little stiffness. For each connected component of the modules
    /// that move whose relative coupling exceeds 1 - `margin`, its strengths are moved to (nearly) the nearest ones, in
    /// Euclidean norm, at which it does not, so that every eigenvalue of K is at least `margin` times the
    /// least stiffness, up to rounding. Never is the change larger than that of one factor on all of
    /// them ([`weaken`](Self::weaken)). Couplings to clamped modules are left alone.
    ///
    /// Returns the length of the change over that of all strengths before it: zero if and only if nothing had to
    /// be done. Components are judged by the cheap bound first, and by eigenvalues only if it does not tell.
    ///
    /// # Errors
    /// [`EnergyError::Margin`], else as [`relative_coupling_bound`](Self::relative_coupling_bound); the
    /// parameters are then as they were.
    pub fn project<T: Scalar>(
        &self,
        parameters: &mut [T],
        moving: &Moving,
        margin: f64,
    ) -> Result<f64, EnergyError> {
        self.bring_down(parameters, moving, margin, nearest)
    }

    /// The same by one factor on all strengths of a component. It changes more than is needed, but whatever else
    /// the same strengths are part of, at other stiffnesses for instance, can only gain by it.
    ///
    /// # Errors
    /// As [`project`](Self::project).
    pub fn weaken<T: Scalar>(
        &self,
        parameters: &mut [T],
        moving: &Moving,
        margin: f64,
    ) -> Result<f64, EnergyError> {
        self.bring_down(parameters, moving, margin, shrunk)
    }

    /// Replaces the strengths of each component above the limit by those that `brought` finds.
    fn bring_down<T: Scalar>(
        &self,
        parameters: &mut [T],
        moving: &Moving,
        margin: f64,
        brought: fn(&Relative, f64) -> Result<Vec<f64>, EnergyError>,
    ) -> Result<f64, EnergyError> {
        if !(0.0..1.0).contains(&margin) {
            return Err(EnergyError::Margin { margin });
        }
        let softness = self.softness(parameters, moving)?;
        let limit = 1.0 - margin;
        let mut changes = Vec::new();
        for component in self.components(&moving.modules) {
            let joined = self.inside(&component).count();
            // Of a single coupling the bound is the value itself, and no cheaper.
            if joined == 0 || joined > 1 && self.bound(parameters, &component, &softness)? <= limit
            {
                continue;
            }
            let relative = self.relative(parameters, &component, &softness);
            if relative.largest(relative.strengths())? > limit {
                // Room for the rounding of the strengths, so that the next look finds nothing to do.
                let target = limit * (1.0 - ROUNDING * eps::<T>().wide());
                let strengths = brought(&relative, target)?;
                changes.push((relative, strengths));
            }
        }
        let all = super::Blocks::of(self).wires.into_iter();
        let all = all.flat_map(|wires| wires.strength);
        let length = all.map(|at| parameters[at].wide().powi(2)).sum::<f64>();
        let mut moved = 0.0;
        for (relative, strengths) in changes {
            moved += square_distance(relative.strengths(), &strengths);
            relative.write(&strengths, parameters);
        }
        Ok(if moved > 0.0 {
            (moved / length).sqrt()
        } else {
            0.0
        })
    }
}

/// The strengths times the factor that brings the relative coupling down to `target`.
fn shrunk(relative: &Relative, target: f64) -> Result<Vec<f64>, EnergyError> {
    down(relative, relative.strengths(), target)
}

/// `strengths`, times the factor that brings the relative coupling down to `target` if it is above.
fn down(relative: &Relative, strengths: &[f64], target: f64) -> Result<Vec<f64>, EnergyError> {
    let found = relative.largest(strengths)?;
    // A factor of rounding alone would touch strengths that have no part in it.
    let factor = if found > target * (1.0 + 0.25 * ROUNDING * f64::EPSILON) {
        target / found
    } else {
        1.0
    };
    Ok(strengths.iter().map(|strength| strength * factor).collect())
}

/// Nearly the nearest strengths at which the relative coupling is at most `target`.
fn nearest(relative: &Relative, target: f64) -> Result<Vec<f64>, EnergyError> {
    let start = relative.strengths();
    let mut cuts = Cuts {
        target,
        all: Vec::new(),
        strengths: start.to_vec(),
    };
    for _ in 0..ROUNDS {
        let slopes = relative.slopes_above(target * (1.0 + LEFT_OVER), &cuts.strengths)?;
        if slopes.is_empty() {
            break;
        }
        cuts.add(slopes);
        cuts.settle();
    }
    let found = down(relative, &cuts.strengths, target)?;
    let plain = shrunk(relative, target)?;
    let nearer = square_distance(start, &found) <= square_distance(start, &plain);
    Ok(if nearer { found } else { plain })
}

/// Half-spaces slope . s <= target, and the point nearest to the start that is in all of them.
struct Cuts {
    target: f64,
    all: Vec<Cut>,
    /// start - sum of multiplier * slope.
    strengths: Vec<f64>,
}

struct Cut {
    slope: Vec<f64>,
    square: f64,
    multiplier: f64,
}

impl Cuts {
    /// Adds half-spaces of these slopes, and forgets those that do not bind.
    fn add(&mut self, slopes: Vec<Vec<f64>>) {
        self.all.retain(|cut| cut.multiplier > 0.0);
        self.all.extend(slopes.into_iter().map(|slope| {
            // Never zero: slope . s is an eigenvalue, which is above the target.
            let square = slope.iter().map(|slope| slope * slope).sum();
            Cut {
                slope,
                square,
                multiplier: 0.0,
            }
        }));
    }

    /// Each half-space in turn takes or gives back what it needs.
    fn settle(&mut self) {
        for _ in 0..PASSES {
            let mut most = 0.0_f64;
            for cut in &mut self.all {
                let pairs = cut.slope.iter().zip(&self.strengths);
                let excess = pairs.map(|(g, s)| g * s).sum::<f64>() - self.target;
                let multiplier = (cut.multiplier + excess / cut.square).max(0.0);
                let step = multiplier - cut.multiplier;
                cut.multiplier = multiplier;
                for (strength, slope) in self.strengths.iter_mut().zip(&cut.slope) {
                    *strength -= step * slope;
                }
                most = most.max((step * cut.square).abs());
            }
            if most <= 1e-3 * LEFT_OVER * self.target {
                break;
            }
        }
    }
}

fn square_distance(one: &[f64], other: &[f64]) -> f64 {
    let pairs = one.iter().zip(other);
    pairs.map(|(one, other)| (one - other).powi(2)).sum()
}

//! Is the bias ever beyond its bound? Random systems, quadratic and quartic, at random nudges.
//!
//! Quartic ones, K with q_i z_i^4 / 4 at each unit, have no closed form: rest and nudged states are found by
//! Newton's method, which for a convex energy needs no more than some steps from zero.

use faer::linalg::solvers::Solve;
use faer::{Col, Mat, Side};
use overdamped_learn::theory::{BiasBound, QuadraticSystem, Typical};
use overdamped_substrate::stream::{self, Stream};
use rand::RngExt;
use rayon::prelude::*;

use super::PREFIX;
use super::estimate::Estimate;
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Block, Table};
use crate::results::Entry;

/// Systems that are drawn.
const SYSTEMS: u64 = 10_000;
/// Units of a system.
const UNITS: std::ops::Range<usize> = 2..11;
/// The bound holds up to the rounding of the states that are compared.
const ROUNDING: f64 = 1e-6;

/// Draws systems and records how often a bound is exceeded, and how close to it a bias comes.
///
/// # Errors
/// An interrupt, or whatever theory reports.
pub fn study(context: &mut Context) -> anyhow::Result<Block> {
    let seed = stream::derive(context.seed, 53);
    let progress = Progress::new("random systems", SYSTEMS);
    let ratios: anyhow::Result<Vec<Vec<(Estimate, f64)>>> = (0..SYSTEMS)
        .into_par_iter()
        .map(|index| {
            context.interrupt.check()?;
            let ratios = Trial::draw(&mut stream::of(seed, index))?.ratios()?;
            progress.step();
            Ok(ratios)
        })
        .collect();
    let ratios = ratios?.concat();
    progress.finish();
    let beyond = ratios
        .iter()
        .filter(|(_, ratio)| ratio.is_nan() || *ratio > 1.0)
        .count();
    let violations = format!("{PREFIX}.bound.violations");
    let entry = Entry::new(&violations, beyond as f64)
        .lower()
        .n(ratios.len())
        .best("theory", 0.0);
    context.recorder.record(entry)?;
    let mut table = Table::new(&format!(
        "Biases of {SYSTEMS} random systems, half of them with quartic sites, at nudges from a thousandth of the least \
         stiffness to ten times that (symmetric: to .9 of it), against the bound from norms."
    ))
    .row("biases beyond the bound", &violations);
    for estimate in [
        Estimate::OneSided,
        Estimate::Symmetric,
        Estimate::ConstantForce,
    ] {
        let own = ratios.iter().filter(|(which, _)| *which == estimate);
        let own: Vec<f64> = own.map(|(_, ratio)| *ratio).collect();
        let id = format!("{PREFIX}.bound.{}.tightest", estimate.id());
        let entry = Entry::new(&id, own.iter().copied().fold(0.0, f64::max))
            .unit("bias / bound")
            .n(own.len())
            .best("bound", 1.0);
        context.recorder.record(entry)?;
        let label = format!("largest share of the bound, {}", estimate.label());
        table = table.row(&label, &id);
    }
    Ok(Block::Table(table))
}

/// A system and a nudge.
struct Trial {
    system: QuadraticSystem,
    /// q of each unit, all zero or all positive.
    quartic: Col<f64>,
    strength: f64,
}

impl Trial {
    fn draw(stream: &mut Stream) -> anyhow::Result<Self> {
        // Of any magnitude, so that each term of the bound comes to lead.
        let mut about = |centre: f64, decades: f64| {
            centre * 10.0_f64.powf(decades * stream.random_range(-1.0..1.0))
        };
        let smallest = about(0.3, 1.0);
        let typical = Typical {
            units: 0,
            seen: 0,
            smallest_stiffness: smallest,
            largest_stiffness: smallest * (1.0 + about(3.0, 1.5)),
            rest: about(1.0, 1.0),
            miss: about(1.0, 1.0),
        };
        let relative: f64 = about(0.1, 2.0);
        let quartic = about(0.3, 1.0);
        let units = stream.random_range(UNITS);
        let typical = Typical {
            units,
            seen: stream.random_range(1..=units),
            ..typical
        };
        let curved: bool = stream.random();
        Ok(Self {
            system: typical.system(stream.random())?,
            quartic: Col::from_fn(units, |_| {
                if curved {
                    quartic * stream.random::<f64>()
                } else {
                    0.0
                }
            }),
            strength: relative * smallest,
        })
    }

    fn is_quadratic(&self) -> bool {
        self.quartic.norm_max() == 0.0
    }

    /// Bias over bound of each estimator that has both.
    fn ratios(&self) -> anyhow::Result<Vec<(Estimate, f64)>> {
        let stiffness = self.system.smallest_stiffness();
        let mut ratios = Vec::new();
        for estimate in [
            Estimate::OneSided,
            Estimate::Symmetric,
            Estimate::ConstantForce,
        ] {
            let symmetric = estimate == Estimate::Symmetric;
            let strength = if symmetric {
                self.strength.min(0.9 * stiffness)
            } else {
                self.strength
            };
            if !self.is_quadratic() {
                ratios.push((estimate, self.quartic_ratio(estimate, strength)?));
            } else if estimate != Estimate::ConstantForce {
                let bias = self.system.bias(estimate.in_theory(), strength)?;
                let bound =
                    BiasBound::of(&self.system).of_estimate(estimate.in_theory(), strength)?;
                ratios.push((estimate, bias.norm_l2() / (bound * (1.0 + ROUNDING))));
            }
        }
        Ok(ratios)
    }

    /// The same where states are found by Newton's method.
    fn quartic_ratio(&self, estimate: Estimate, strength: f64) -> anyhow::Result<f64> {
        let system = &self.system;
        let units = system.units();
        let none = Col::zeros(units);
        let rest = self.minimum(0.0, &none)?;
        let slope = Col::from_fn(units, |unit| {
            if system.seen()[unit] {
                rest[unit] - system.target()[unit]
            } else {
                0.0
            }
        });
        let response = -self.hessian(&rest, 0.0).llt(Side::Lower)?.solve(&slope);
        let constant = estimate == Estimate::ConstantForce;
        let nudged = |beta: f64| {
            if constant {
                let frozen = faer::Scale(-beta) * &slope;
                self.minimum(0.0, &frozen)
            } else {
                let towards = Col::from_fn(units, |unit| {
                    if system.seen()[unit] {
                        beta * system.target()[unit]
                    } else {
                        0.0
                    }
                });
                self.minimum(beta, &towards)
            }
        };
        let upper = nudged(strength)?;
        let (lower, width) = if estimate == Estimate::OneSided {
            (rest.clone(), strength)
        } else {
            (nudged(-strength)?, 2.0 * strength)
        };
        let contrast = -(&upper * upper.transpose() - &lower * lower.transpose());
        let exact = -(&rest * response.transpose() + &response * rest.transpose());
        let bias = contrast * faer::Scale(1.0 / width) - exact;
        let largest = rest.norm_max().max(upper.norm_max()).max(lower.norm_max());
        let bound = BiasBound {
            stiffness: system.smallest_stiffness(),
            rest: rest.norm_l2(),
            cost_gradient: slope.norm_l2(),
            cost_curvature: 1.0,
            third_derivative: 6.0 * self.quartic.norm_max() * largest,
        };
        let bound = bound.of_estimate(estimate.in_theory(), strength)?;
        // What a difference of products loses to rounding is no bias.
        let lost = 1e-13 * largest * largest * units as f64 / strength;
        Ok(bias.norm_l2() / (bound * (1.0 + ROUNDING) + lost))
    }

    /// Where K z + q z^3 + `spring` P z = b + `pull`.
    fn minimum(&self, spring: f64, pull: &Col<f64>) -> anyhow::Result<Col<f64>> {
        /// Far more than it takes.
        const STEPS: usize = 100;
        let system = &self.system;
        let drive = system.drive() + pull;
        let mut state = Col::zeros(system.units());
        for _ in 0..STEPS {
            let mut force = &drive - system.stiffness() * &state;
            for unit in 0..system.units() {
                let z = state[unit];
                force[unit] -= self.quartic[unit] * z * z * z;
                if system.seen()[unit] {
                    force[unit] -= spring * z;
                }
            }
            let step = self.hessian(&state, spring).llt(Side::Lower)?.solve(&force);
            state += &step;
            // Convergence is quadratic: the next step would be rounding.
            if step.norm_l2() <= 1e-10 * state.norm_l2() {
                return Ok(state);
            }
        }
        anyhow::bail!(
            "Newton's method does not come to rest within {STEPS} steps; soften the sites"
        )
    }

    /// Second derivatives at a state, with a spring on the seen units.
    fn hessian(&self, state: &Col<f64>, spring: f64) -> Mat<f64> {
        let mut hessian = self.system.stiffness().to_owned();
        for unit in 0..state.nrows() {
            hessian[(unit, unit)] += 3.0 * self.quartic[unit] * state[unit] * state[unit];
            if self.system.seen()[unit] {
                hessian[(unit, unit)] += spring;
            }
        }
        hessian
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newton's states against the closed form of a quadratic system, and at a point where a cubic has a root by
    /// hand: k z + q z^3 = b at z = 1 for b = k + q.
    #[test]
    fn minima_are_where_the_force_is_zero() {
        let mut trial = Trial::draw(&mut stream::of(3, 0)).unwrap();
        trial.quartic.fill(0.0);
        let units = trial.system.units();
        let found = trial.minimum(0.0, &Col::zeros(units)).unwrap();
        let off = &found - trial.system.rest();
        assert!(off.norm_l2() < 1e-12 * found.norm_l2());
        let single = QuadraticSystem::new(Mat::identity(1, 1), &[3.0], &[true], &[0.0]).unwrap();
        let trial = Trial {
            system: single,
            quartic: Col::full(1, 2.0),
            strength: 0.1,
        };
        let found = trial.minimum(0.0, &Col::zeros(1)).unwrap();
        assert!((found[0] - 1.0).abs() < 1e-14);
    }

    /// A bound that is too small by a factor of four is found out: some bias is close to it.
    #[test]
    fn biases_are_below_the_bound_and_come_close() {
        let mut largest = 0.0_f64;
        for index in 0..300 {
            for (_, ratio) in Trial::draw(&mut stream::of(1, index))
                .unwrap()
                .ratios()
                .unwrap()
            {
                assert!(ratio <= 1.0, "{ratio}");
                largest = largest.max(ratio);
            }
        }
        assert!(largest > 0.25, "{largest}");
    }
}

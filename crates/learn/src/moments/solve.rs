//! The optimum, with quartic strengths kept above a floor.

use serde::{Deserialize, Serialize};

use super::basis::{Basis, Reach};
use super::conjugate::{conjugate_gradients, relative_residual};
use super::problem::MomentProblem;
use super::projected::{Projected, scatter};
use crate::LearnError;
use crate::error::positive;

/// How exactly, and under which constraint, [`MomentProblem::solve`] works.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MomentSettings {
    /// Most iterations of conjugate gradients in one round. Default 400.
    pub max_iterations: usize,
    /// Relative residual at which a round ends. Default 1e-8: the excess loss goes with its square.
    pub tolerance: f64,
    /// Penalty on couplings, as a share of the loss's own curvature along each. Default 0: noise
    /// already bounds the curvature from below by sigma^2.
    pub ridge: f64,
    /// Least quartic strength q, in denoiser units: a physical bound divided by
    /// [`crate::Denoiser::force_scale`]. Without one (the default), near-constant pixels
    /// get q well below zero, which is optimal on the data and unstable beyond them.
    pub quartic_floor: Option<f64>,
    /// Most rounds of the search for the units that the floor holds. Default 4.
    pub max_rounds: usize,
}

impl Default for MomentSettings {
    fn default() -> Self {
        Self {
            max_iterations: 400,
            tolerance: 1e-8,
            ridge: 0.0,
            quartic_floor: None,
            max_rounds: 4,
        }
    }
}

impl MomentSettings {
    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        positive("the most iterations of a round", self.max_iterations as f64)?;
        positive("the tolerance of the solver", self.tolerance)?;
        positive("the most rounds of the solver", self.max_rounds as f64)?;
        if !(self.ridge.is_finite() && self.ridge >= 0.0) {
            return Err(LearnError::Setting {
                setting: "the ridge",
                value: self.ridge,
                bound: "finite and not negative",
            });
        }
        match self.quartic_floor.filter(|floor| !floor.is_finite()) {
            None => Ok(self),
            Some(value) => Err(LearnError::Setting {
                setting: "the floor of the quartic",
                value,
                bound: "finite",
            }),
        }
    }
}

/// The optimum and how well it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MomentOptimum {
    /// theta', in the problem's layout.
    pub parameters: Vec<f64>,
    /// Loss at these parameters (without the ridge's penalty).
    pub loss: f64,
    /// Iterations of conjugate gradients, over all rounds.
    pub iterations: usize,
    /// Relative residual of the couplings' equations; those of the sites hold to rounding.
    pub residual: f64,
    /// Units whose quartic lies at the floor, with no cubic, in ascending order.
    pub pinned: Vec<usize>,
}

impl MomentProblem<'_> {
    /// The parameters of least loss, subject to q >= `quartic_floor` where one is set.
    ///
    /// Conjugate gradients run over the couplings, with site parameters eliminated
    /// exactly; of a warm start (the optimum at a neighbouring level) only the couplings matter.
    ///
    /// The constraint is met by an active set. A unit is pinned (q at the floor, c = 0) if its
    /// best polynomial, *given the couplings*, has q below the floor: one rule for fixing and
    /// releasing, except that a unit pinned for the second time stays so, which rules out
    /// cycles. The search starts from the free optimum, so that its answer does not depend on the
    /// warm start: because c jumps to zero, the constraint is not convex and several sets can be
    /// consistent. Rounds of "solve, reclassify" end when no unit changes sides, or
    /// after `max_rounds`; in that case sites are refitted to the last couplings, so that
    /// the bound holds all the same, and `residual` shows what is left undone.
    ///
    /// # Errors
    /// [`LearnError::Setting`], or those of [`MomentProblem::loss`] for a warm start that does not fit.
    pub fn solve(
        &self,
        settings: &MomentSettings,
        warm_start: Option<&[f64]>,
    ) -> Result<MomentOptimum, LearnError> {
        let settings = settings.validated()?;
        let mut strengths = match warm_start {
            Some(parameters) => self.split(parameters)?.1.to_vec(),
            None => vec![0.0; self.edges().len()],
        };
        let system =
            |reach: &[Reach]| Projected::new(self.edges(), self.moments(), reach, settings.ridge);
        let mut pins = Pins::new(self.edges().units(), settings.quartic_floor);
        let mut sites = Vec::new();
        let mut iterations = 0;
        let mut residual = 0.0;
        for round in 1..=settings.max_rounds {
            let stop = conjugate_gradients(
                &system(&pins.reach),
                &mut strengths,
                settings.max_iterations,
                settings.tolerance,
            );
            iterations += stop.iterations;
            residual = stop.residual;
            let free = self.best_sites(&strengths, &vec![Reach::Free; pins.reach.len()]);
            let settled = !pins.update(&free);
            sites = self.best_sites(&strengths, &pins.reach);
            if settled {
                break;
            }
            if round == settings.max_rounds {
                residual = relative_residual(&system(&pins.reach), &strengths);
            }
        }
        let parameters = self.join(&sites, &strengths);
        Ok(MomentOptimum {
            loss: self.loss(&parameters)?,
            parameters,
            iterations,
            residual,
            pinned: pins.units(),
        })
    }

    /// The best (b, k, c, q) within reach of each unit, beside these couplings.
    fn best_sites(&self, strengths: &[f64], reach: &[Reach]) -> Vec<[f64; 4]> {
        let couplings = scatter(self.edges(), strengths);
        let best = |(unit, &reach): (usize, &Reach)| {
            let site = &self.moments().sites[unit];
            // Sites fit what the couplings leave: E (y_i - sum_j J_ij xi_j) z_i^s.
            let mut target = site.target;
            for (slot, cross) in target[1..].iter_mut().zip(&self.moments().cross) {
                *slot -= cross.col(unit).transpose() * couplings.col(unit);
            }
            let basis = Basis::new(site, reach);
            let fit = basis.polynomial(&basis.coordinates(site, &target));
            let [constant, linear, square, cube] = site.frame.original(fit);
            let bias = constant + self.offset(unit, couplings.as_ref());
            match reach {
                Reach::Free => [bias, -linear, -square, -cube],
                // To the last bit, which the change of frame does not keep.
                Reach::Pinned(quartic) => [bias, -linear, 0.0, quartic],
            }
        };
        reach.iter().enumerate().map(best).collect()
    }
}

/// The active set: which units the floor holds.
struct Pins {
    floor: Option<f64>,
    reach: Vec<Reach>,
    /// Units that were pinned once and let go.
    released: Vec<bool>,
}

impl Pins {
    fn new(units: usize, floor: Option<f64>) -> Self {
        Self {
            floor,
            reach: vec![Reach::Free; units],
            released: vec![false; units],
        }
    }

    /// Reclassifies every unit by its free optimum; says whether any changed sides.
    fn update(&mut self, free: &[[f64; 4]]) -> bool {
        let Some(floor) = self.floor else {
            return false;
        };
        let mut changed = false;
        let units = self.reach.iter_mut().zip(&mut self.released).zip(free);
        for ((reach, released), [.., quartic]) in units {
            let next = match *reach {
                Reach::Free if *quartic < floor => Reach::Pinned(floor),
                Reach::Pinned(_) if *quartic >= floor && !*released => {
                    *released = true;
                    Reach::Free
                }
                same => same,
            };
            changed |= next != *reach;
            *reach = next;
        }
        changed
    }

    fn units(&self) -> Vec<usize> {
        let pinned = |&unit: &usize| self.reach[unit] != Reach::Free;
        (0..self.reach.len()).filter(pinned).collect()
    }
}

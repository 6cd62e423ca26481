//! Denoising score matching at equilibrium (arXiv 2604.23806; the loss: Vincent 2011).
//!
//! A *data* module holds a noisy example y = x_0 + sigma eps; a spring couples it, unit by unit, to the
//! *output* module x, which comes to rest with the rest of the network h:
//!
//! E(y, x, h) = |x - y|^2 / 2 + G_sigma(x, h),    (x*, h*) = argmin E,    C = |x* - x_0|^2 / 2.
//!
//! The mean of C is least where x* = E[x_0 | y], and by Tweedie's formula the score is then
//!
//! grad log p_sigma(y) = (x* - y) / sigma^2.
//!
//! Nothing needs to be computed to follow it: x* - y is the force with which the spring pulls at y. Released
//! into a bath of temperature sigma^2, while x and h stay cold and fast, the data units run the Langevin dynamics of
//! p_sigma ([`Ladder`](crate::Ladder)). Any such E[x_0 | y] is the minimum of |x - y|^2 / 2 + G(x) for some G
//! (Gribonval 2011), so that the form costs no generality.
//!
//! The gradient of C is a contrast of nudged equilibria ([`Nudging`]), level by level; [`Conditioned`] says which
//! parameters the levels share.

use std::sync::Arc;

use overdamped_energy::{Drive, Energy, Layout, Modular, Moving, Scalar};
use overdamped_substrate::Substrate;
use overdamped_substrate::stream::Stream;
use rand::Rng;
use rand::seq::index;
use serde::{Deserialize, Serialize};

use crate::error::positive;
use crate::wiring::check_held;
use crate::{
    Conditioned, Examples, FreeState, LearnError, Level, Measured, Nudging, Phase, QuadraticCost,
    Rule, ScoreModules, Settling, Visited, Wiring, implicit_gradient,
};

/// Sweeps through the levels that may change the strengths by the least there is to change.
const SWEEPS: usize = 8;

/// A noise level and what its errors count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NoiseLevel {
    /// sigma, in data units.
    pub deviation: f64,
    /// Weight of this level's cost in the loss.
    pub weight: f64,
}

/// How the gradient of the cost is found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backward {
    /// By a contrast of nudged equilibria: what hardware can do.
    Nudged(Nudging),
    /// By the implicit function theorem, on a computer that knows the energy: the oracle. Takes units^3
    /// operations for each chain.
    Implicit,
}

/// Settings of [`ScoreMatching`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreMatchingSettings {
    /// Which modules do what.
    pub modules: ScoreModules,
    /// The noise levels, in the order of [`Conditioned`].
    pub levels: Vec<NoiseLevel>,
    /// Different levels in each update, drawn at random.
    pub levels_per_update: usize,
    /// Noisy examples at each of them.
    pub batch: usize,
    /// How the gradient is found.
    pub backward: Backward,
    /// Free phase. Its `refuse` holds for the nudged phases as well.
    pub free: Settling,
    /// Time of each nudged phase, in 1 / (mobility x stiffness).
    pub nudged: f64,
    /// Estimators that need a relaxed free phase refuse one of which more than this share of the nudge is left
    /// ([`Nudging::check_rest`]); without it nothing is refused.
    pub unfinished: Option<f64>,
    /// After each update the couplings are weakened, no more than they must, until K = diag(a) - W of the modules
    /// that move is positive definite by this share of its diagonal at every level
    /// ([`Modular::project`]). Strengths that are not learned stay. Without it nothing is done.
    pub margin: Option<f64>,
}

/// The rule, on any substrate whose data and label units are held.
pub struct ScoreMatching<T: Scalar, S> {
    energy: Arc<Modular>,
    substrate: S,
    conditioned: Conditioned<T>,
    examples: Examples<T>,
    settings: ScoreMatchingSettings,
}

impl<T: Scalar, S: Substrate<T>> ScoreMatching<T, S> {
    /// Learns to denoise `examples` (rows: data units, then those of a label) on `substrate`, which carries
    /// `energy`.
    ///
    /// # Errors
    /// [`LearnError::Shape`], [`LearnError::Mask`] or [`LearnError::Disconnected`] if energy, substrate, modules,
    /// levels and examples do not fit each other, [`LearnError::Setting`] for settings out of range.
    pub fn new(
        energy: Arc<Modular>,
        substrate: S,
        conditioned: Conditioned<T>,
        examples: Examples<T>,
        settings: ScoreMatchingSettings,
    ) -> Result<Self, LearnError> {
        settings.modules.check(&energy)?;
        let label = settings
            .modules
            .label
            .map_or(0, |label| energy.modules()[label].units);
        let pixels = energy.modules()[settings.modules.data].units;
        for (what, expected, found) in [
            (
                "units of the substrate",
                Energy::<T>::units(energy.as_ref()),
                substrate.units(),
            ),
            ("rows of an example", pixels + label, examples.units()),
            ("noise levels", conditioned.levels(), settings.levels.len()),
        ] {
            if found != expected {
                return Err(LearnError::Shape {
                    what,
                    expected,
                    found,
                });
            }
        }
        let rows = Wiring {
            visible: 0..pixels,
            clamped: pixels..pixels + label,
        };
        rows.check_mask(examples.visible())?;
        for level in &settings.levels {
            positive("a noise level", level.deviation)?;
            positive("the weight of a noise level", level.weight)?;
        }
        positive(
            "the number of levels in an update",
            settings.levels_per_update as f64,
        )?;
        if settings.levels_per_update > settings.levels.len() {
            return Err(LearnError::Shape {
                what: "levels in an update (at most as many as there are)",
                expected: settings.levels.len(),
                found: settings.levels_per_update,
            });
        }
        positive("the batch", settings.batch as f64)?;
        settings.free.validated()?;
        positive("the time of a nudged phase", settings.nudged)?;
        if let Backward::Nudged(nudging) = settings.backward {
            nudging.validated()?;
        }
        if let Some(tolerance) = settings.unfinished {
            positive("the share of the nudge that may be left over", tolerance)?;
        }
        if let Some(margin) = settings.margin.filter(|m| !(*m > 0.0 && *m < 1.0)) {
            return Err(LearnError::Setting {
                setting: "the margin of definiteness",
                value: margin,
                bound: "positive and below 1",
            });
        }
        Ok(Self {
            energy,
            substrate,
            conditioned,
            examples,
            settings,
        })
    }

    /// The substrate, with whatever it has counted.
    pub fn into_substrate(self) -> S {
        self.substrate
    }

    /// Adds the weighted gradient at one level; returns loss and residual.
    fn level(
        &mut self,
        level: usize,
        parameters: &[T],
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<(f64, f64), LearnError> {
        let ScoreMatchingSettings {
            modules,
            levels,
            levels_per_update,
            batch,
            backward,
            free,
            nudged,
            unfinished,
            ..
        } = &self.settings;
        let noise = levels[level];
        let full = self.conditioned.at(parameters, level)?;
        if self.settings.margin.is_some() {
            // Where training starts, no projection has been yet.
            let modules = modules.moving(&self.energy);
            let springs = Vec::new();
            self.energy
                .check_definite(&full, &Moving { modules, springs })?;
        }
        let potential = self.energy.bind(&full)?;
        let drawn = self.examples.draw(
            Level {
                time: 0.0,
                signal: 1.0,
                noise: noise.deviation,
            },
            *batch,
            stream,
        );
        // Free phase.
        self.substrate.program(&full)?;
        let start = modules.start(&self.energy, drawn.noised.as_ref());
        self.substrate.prepare(start.as_ref(), stream.next_u64())?;
        let settled = free.settle(&mut self.substrate)?;
        let rest = Visited::at_rest(self.substrate.read()?)?;
        for held in [Some(modules.data), modules.label].into_iter().flatten() {
            check_held(&self.energy.rows(held), start.as_ref(), rest.last())?;
        }
        // Backward.
        let output = self.energy.rows(modules.output);
        let pixels = output.len();
        let wiring = Wiring {
            visible: output,
            clamped: 0..0,
        };
        let targets = drawn.clean.subrows(0, pixels).to_owned();
        let cost = QuadraticCost::new(wiring, 1.0, targets)?;
        let mut own = vec![T::ZERO; full.len()];
        match backward {
            Backward::Nudged(nudging) => {
                if let Some(tolerance) = unfinished {
                    nudging.check_rest(&settled, &cost, rest.last(), *tolerance)?;
                }
                let state = FreeState {
                    potential: potential.as_ref(),
                    base: None,
                    visited: &rest,
                };
                let phase = Phase::Cold { time: *nudged };
                let substrate = &mut self.substrate;
                let ends = nudging.contrast(substrate, &state, &cost, &phase, stream, &mut own)?;
                if let Some(ends) = ends {
                    settled.check_phase("nudged", *nudged, &ends, free.refuse)?;
                }
            }
            Backward::Implicit => {
                let mobility = modules.mobility(&self.energy, 0.0);
                let mobile: Vec<_> = mobility.iter().map(|&mobility| mobility > 0.0).collect();
                let drive = Drive::none(mobile.len());
                let potential = potential.as_ref();
                implicit_gradient(potential, &drive, &mobile, rest.last(), &cost, &mut own)?;
            }
        }
        let share = noise.weight / *levels_per_update as f64;
        self.conditioned.add(gradient, level, &own, T::of(share))?;
        let error = 2.0 * cost.mean(rest.last()) / pixels as f64;
        Ok((share * error, settled.residuals.high))
    }
}

impl<T: Scalar, S: Substrate<T> + Send> Rule<T> for ScoreMatching<T, S> {
    fn layout(&self) -> Layout {
        self.conditioned.layout().clone()
    }

    /// The loss is the weighted mean over levels, chains and data units of (x* - x_0)^2; the gradient is that of
    /// the weighted mean of C, which is the loss times half the number of data units.
    fn estimate(
        &mut self,
        parameters: &[T],
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<Measured, LearnError> {
        gradient.fill(T::ZERO);
        let (all, some) = (self.settings.levels.len(), self.settings.levels_per_update);
        let (mut loss, mut residual) = (0.0, 0.0_f64);
        for level in index::sample(stream, all, some) {
            let (error, left) = self.level(level, parameters, stream, gradient)?;
            loss += error;
            // What is no number stays.
            residual = if left.is_nan() || left > residual {
                left
            } else {
                residual
            };
        }
        Ok(Measured {
            loss: Some(loss),
            residual: Some(residual),
        })
    }

    /// Weakens couplings until every level's K is positive definite.
    fn constrain(&self, parameters: &mut [T]) -> Result<(), LearnError> {
        let Some(margin) = self.settings.margin else {
            return Ok(());
        };
        let moving = Moving {
            modules: self.settings.modules.moving(&self.energy),
            springs: Vec::new(),
        };
        // Levels share strengths: what one asks for may undo what another has got, by a little less each time.
        for _ in 0..SWEEPS {
            let mut changed = false;
            for level in 0..self.conditioned.levels() {
                let mut full = self.conditioned.at(parameters, level)?;
                if self.energy.project(&mut full, &moving, margin)? > 0.0 {
                    self.conditioned.put(parameters, level, &full)?;
                    changed = true;
                }
            }
            if !changed {
                return Ok(());
            }
        }
        // One factor on all shared strengths takes nothing from levels that have no others.
        for level in 0..self.conditioned.levels() {
            let mut full = self.conditioned.at(parameters, level)?;
            if self.energy.weaken(&mut full, &moving, margin)? > 0.0 {
                self.conditioned.put(parameters, level, &full)?;
            }
        }
        for level in 0..self.conditioned.levels() {
            let full = self.conditioned.at(parameters, level)?;
            self.energy.check_definite(&full, &moving)?;
        }
        Ok(())
    }
}

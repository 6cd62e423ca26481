//! The exact optimum of force matching on a fixed set of draws, matrix-free.
//!
//! For energies linear in their parameters the force is F = Phi(x) theta, and
//! the loss 1/2 |Phi theta - T|^2 is a quadratic whose normal equations are solved by
//! preconditioned conjugate gradients. Phi (`draws x parameters`) is never formed: Phi theta is a
//! force evaluation, and Phi^T e is minus the directional contrast along e, the
//! same local primitive that the learning rule measures.

use faer::{Mat, MatRef};
use overdamped_energy::{Energy, EnergyError, Role, Scalar};
use rand::RngExt;
use rayon::prelude::*;

use overdamped_substrate::stream;

use crate::LearnError;
use crate::error::positive;

/// Draws that are evaluated together; fixed, so that sums do not depend on threads.
const CHUNK: usize = 256;

/// A lower bound on every parameter of a block, kept by an active set.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor {
    /// Name of the block.
    pub block: &'static str,
    /// Smallest value allowed.
    pub at: f64,
    /// A block whose parameter at the same index is set to zero where the bound is active: a cubic
    /// term that its quartic no longer holds, for instance.
    pub clears: Option<&'static str>,
}

/// When to stop, and what to keep to.
#[derive(Debug, Clone, PartialEq)]
pub struct SolveSettings {
    /// Conjugate-gradient iterations in each round. Default 100.
    pub iterations: usize,
    /// Relative residual at which to stop. Default 1e-4.
    pub tolerance: f64,
    /// Ridge, relative to the diagonal of the normal equations. Default 1e-4.
    pub ridge: f64,
    /// Lower bounds.
    pub floors: Vec<Floor>,
    /// Rounds of the active set after the first solution. Default 3.
    pub rounds: usize,
}

impl Default for SolveSettings {
    fn default() -> Self {
        Self {
            iterations: 100,
            tolerance: 1e-4,
            ridge: 1e-4,
            floors: Vec::new(),
            rounds: 3,
        }
    }
}

impl SolveSettings {
    fn validate(&self) -> Result<(), LearnError> {
        positive("the tolerance of a least-squares fit", self.tolerance)?;
        let ridge = (
            "the ridge of a least-squares fit",
            self.ridge,
            "finite and not negative",
        );
        let floors = self.floors.iter();
        let floors = floors.map(|floor| ("a floor of a least-squares fit", floor.at, "finite"));
        for (setting, value, bound) in floors.chain([ridge]) {
            if !value.is_finite() || (bound != "finite" && value < 0.0) {
                return Err(LearnError::Setting {
                    setting,
                    value,
                    bound,
                });
            }
        }
        Ok(())
    }
}

/// A least-squares optimum.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// Parameters, in layout order.
    pub parameters: Vec<f64>,
    /// Iterations spent, over all rounds.
    pub iterations: usize,
    /// Relative residual of the normal equations at the end.
    pub residual: f64,
    /// Parameters held at their floor.
    pub active: usize,
}

/// Force matching on fixed draws: find theta with forces Phi(x) theta nearest to the targets.
pub struct LeastSquares<'a, T: Scalar> {
    energy: &'a dyn Energy<T>,
    states: MatRef<'a, T>,
    targets: MatRef<'a, T>,
    visible: &'a [bool],
}

impl<'a, T: Scalar> LeastSquares<'a, T> {
    /// The problem of matching `targets` at `states` (both units x draws) on visible units.
    ///
    /// # Errors
    /// [`LearnError::Shape`] if shapes disagree, [`LearnError::NoData`] without draws,
    /// [`LearnError::NonFiniteData`], or [`LearnError::Setting`] if no unit is visible or the energy is not linear in its parameters.
    pub fn new(
        energy: &'a dyn Energy<T>,
        states: MatRef<'a, T>,
        targets: MatRef<'a, T>,
        visible: &'a [bool],
    ) -> Result<Self, LearnError> {
        for (what, found) in [
            ("units of the states", states.nrows()),
            ("units of the targets", targets.nrows()),
            ("length of the mask of visible units", visible.len()),
        ] {
            if found != energy.units() {
                return Err(LearnError::Shape {
                    what,
                    expected: energy.units(),
                    found,
                });
            }
        }
        if states.ncols() != targets.ncols() {
            return Err(LearnError::Shape {
                what: "number of targets",
                expected: states.ncols(),
                found: targets.ncols(),
            });
        }
        if states.ncols() == 0 {
            return Err(LearnError::NoData);
        }
        if !visible.contains(&true) {
            return Err(LearnError::Setting {
                setting: "the number of visible units",
                value: 0.0,
                bound: "at least 1",
            });
        }
        for matrix in [states, targets] {
            for example in 0..matrix.ncols() {
                for unit in 0..matrix.nrows() {
                    let value = matrix[(unit, example)];
                    if !value.finite() {
                        return Err(LearnError::NonFiniteData {
                            unit,
                            example,
                            value: value.wide(),
                        });
                    }
                }
            }
        }
        let shapes = energy.layout();
        let shapes = shapes
            .blocks()
            .filter(|(block, _)| block.role == Role::Shape);
        let count = shapes.map(|(block, _)| block.len).sum::<usize>();
        if count > 0 {
            return Err(LearnError::Setting {
                setting: "the number of nonlinear parameters of a least-squares fit",
                value: count as f64,
                bound: "0: fit energies that are linear in their parameters",
            });
        }
        Ok(Self {
            energy,
            states,
            targets,
            visible,
        })
    }

    /// The optimum, from `start` (layout order; zeros if none).
    ///
    /// # Errors
    /// [`LearnError::Energy`] for an unknown floor block or a start of the wrong length.
    pub fn solve(
        &self,
        settings: &SolveSettings,
        start: Option<&[f64]>,
    ) -> Result<Optimum, LearnError> {
        settings.validate()?;
        let layout = self.energy.layout();
        let mut parameters = start.map_or_else(|| vec![0.0; layout.len()], <[f64]>::to_vec);
        if parameters.len() != layout.len() {
            return Err(EnergyError::Length {
                what: "the start of a least-squares fit".to_owned(),
                expected: layout.len(),
                found: parameters.len(),
            }
            .into());
        }
        let diagonal = self.diagonal();
        let pull = self.project(|chunk| self.columns(self.targets, chunk).to_owned());
        let mut free = vec![true; layout.len()];
        let mut optimum = Optimum {
            parameters: Vec::new(),
            iterations: 0,
            residual: f64::INFINITY,
            active: 0,
        };
        for round in 0..=settings.rounds {
            let (iterations, residual) =
                self.conjugate_gradients(settings, &diagonal, &pull, &free, &mut parameters)?;
            optimum.iterations += iterations;
            optimum.residual = residual;
            let mut violated = false;
            for floor in &settings.floors {
                let range = layout.range(floor.block)?;
                let cleared = floor.clears.map(|block| layout.range(block)).transpose()?;
                if let Some(cleared) = &cleared
                    && cleared.len() != range.len()
                {
                    return Err(EnergyError::Length {
                        what: format!("the block that the floor of `{}` clears", floor.block),
                        expected: range.len(),
                        found: cleared.len(),
                    }
                    .into());
                }
                for (offset, index) in range.enumerate() {
                    if parameters[index] < floor.at {
                        violated = true;
                        parameters[index] = floor.at;
                        free[index] = false;
                        if let Some(cleared) = &cleared {
                            parameters[cleared.start + offset] = 0.0;
                            free[cleared.start + offset] = false;
                        }
                    }
                }
            }
            // The last round only clips; a fit that violates nothing is final.
            if !violated || round == settings.rounds {
                break;
            }
        }
        optimum.active = free.iter().filter(|free| !**free).count();
        optimum.parameters = parameters;
        Ok(optimum)
    }

    /// Mean over draws and visible units of (F - T)^2 / 2.
    ///
    /// # Errors
    /// [`LearnError::Energy`] if the parameters do not fit.
    pub fn loss(&self, parameters: &[f64]) -> Result<f64, LearnError> {
        let potential = self.energy.bind(&narrow(parameters))?;
        let total: Vec<f64> = self
            .chunks()
            .map(|chunk| {
                let forces = potential.force(self.columns(self.states, chunk));
                let targets = self.columns(self.targets, chunk);
                let mut sum = 0.0;
                for draw in 0..forces.ncols() {
                    for (unit, _) in self.visible.iter().enumerate().filter(|(_, on)| **on) {
                        sum += (forces[(unit, draw)] - targets[(unit, draw)])
                            .wide()
                            .powi(2);
                    }
                }
                sum
            })
            .collect();
        let visible = self.visible.iter().filter(|on| **on).count();
        Ok(total.iter().sum::<f64>() / (2 * visible * self.states.ncols()) as f64)
    }

    fn conjugate_gradients(
        &self,
        settings: &SolveSettings,
        diagonal: &[f64],
        pull: &[f64],
        free: &[bool],
        parameters: &mut [f64],
    ) -> Result<(usize, f64), LearnError> {
        let ridge: Vec<f64> = diagonal.iter().map(|d| settings.ridge * d).collect();
        let apply = |vector: &[f64]| -> Result<Vec<f64>, LearnError> {
            let potential = self.energy.bind(&narrow(vector))?;
            let mut image = self.project(|chunk| potential.force(self.columns(self.states, chunk)));
            for index in 0..image.len() {
                image[index] += ridge[index] * vector[index];
            }
            Ok(image)
        };
        let image = apply(parameters)?;
        let mut residual: Vec<f64> = (0..image.len())
            .map(|i| if free[i] { pull[i] - image[i] } else { 0.0 })
            .collect();
        let precondition = |residual: &[f64]| -> Vec<f64> {
            let scaled = residual.iter().zip(diagonal);
            scaled
                .map(|(r, d)| if *d > 0.0 { r / d } else { 0.0 })
                .collect()
        };
        let mut scaled = precondition(&residual);
        let mut direction = scaled.clone();
        let mut power = dot(&residual, &scaled);
        let goal = settings.tolerance.powi(2) * dot(pull, &precondition(pull));
        let mut iterations = 0;
        while iterations < settings.iterations && power > goal {
            let mut image = apply(&direction)?;
            for (slot, &free) in image.iter_mut().zip(free) {
                *slot *= f64::from(u8::from(free));
            }
            let step = power / dot(&direction, &image);
            for index in 0..parameters.len() {
                parameters[index] += step * direction[index];
                residual[index] -= step * image[index];
            }
            scaled = precondition(&residual);
            let next = dot(&residual, &scaled);
            let memory = next / power;
            power = next;
            for (slot, value) in direction.iter_mut().zip(&scaled) {
                *slot = value + memory * *slot;
            }
            iterations += 1;
        }
        if !power.is_finite() {
            return Err(LearnError::Setting {
                setting: "the residual of a least-squares fit",
                value: power,
                bound: "finite: scale states and targets to order one",
            });
        }
        // Zero targets pull at nothing: zeros solve them exactly, and 0 / 0 would say NaN.
        let residual = if power > 0.0 {
            settings.tolerance * (power / goal).sqrt()
        } else {
            0.0
        };
        Ok((iterations, residual))
    }

    /// Phi^T e / draws, for vectors e given chunk by chunk.
    fn project(&self, vectors: impl Fn(usize) -> Mat<T> + Sync) -> Vec<f64> {
        let potential = self.blank();
        let share = -T::ONE / T::of(self.states.ncols() as f64);
        let parts: Vec<Vec<T>> = self
            .chunks()
            .map(|chunk| {
                let states = self.columns(self.states, chunk);
                let mut vectors = vectors(chunk);
                self.mask(&mut vectors);
                let mut part = vec![T::ZERO; potential.parameter_count()];
                let weights = vec![share; states.ncols()];
                potential.add_directional_gradient(&weights, states, vectors.as_ref(), &mut part);
                part
            })
            .collect();
        ordered_sum(&parts, potential.parameter_count())
    }

    /// Diagonal of Phi^T Phi / draws, estimated with random signs: one probe for each chunk.
    ///
    /// It preconditions and scales the ridge; an error of sqrt(2 / chunks) costs a few
    /// iterations.
    fn diagonal(&self) -> Vec<f64> {
        let potential = self.blank();
        let draws = T::of(self.states.ncols() as f64);
        let parts: Vec<Vec<T>> = self
            .chunks()
            .map(|chunk| {
                let states = self.columns(self.states, chunk);
                let mut signs = stream::of(0, chunk as u64);
                let mut vectors = Mat::from_fn(states.nrows(), states.ncols(), |_, _| {
                    if signs.random::<bool>() {
                        T::ONE
                    } else {
                        -T::ONE
                    }
                });
                self.mask(&mut vectors);
                let mut part = vec![T::ZERO; potential.parameter_count()];
                let weights = vec![T::ONE; states.ncols()];
                potential.add_directional_gradient(&weights, states, vectors.as_ref(), &mut part);
                for value in &mut part {
                    *value *= *value / draws;
                }
                part
            })
            .collect();
        let mut diagonal = ordered_sum(&parts, potential.parameter_count());
        // A probe may cancel to nothing, and a zero here would hold its parameter for ever.
        for (_, range) in self.energy.layout().blocks() {
            let block = &mut diagonal[range];
            let mean = block.iter().sum::<f64>() / block.len().max(1) as f64;
            let least = if mean > 0.0 { 0.1 * mean } else { 1.0 };
            for value in block {
                *value = value.max(least);
            }
        }
        diagonal
    }

    /// The energy at zero: its gradients along directions do not depend on the parameters.
    #[expect(
        clippy::unreachable,
        reason = "zeros are finite, and as many as the layout says"
    )]
    fn blank(&self) -> Box<dyn overdamped_energy::Potential<T>> {
        let zeros = vec![T::ZERO; self.energy.layout().len()];
        self.energy
            .bind(&zeros)
            .unwrap_or_else(|_| unreachable!("zeros fit every layout"))
    }

    fn chunks(&self) -> impl IndexedParallelIterator<Item = usize> {
        (0..self.states.ncols().div_ceil(CHUNK)).into_par_iter()
    }

    fn columns(&self, matrix: MatRef<'a, T>, chunk: usize) -> MatRef<'a, T> {
        let start = chunk * CHUNK;
        matrix.subcols(start, CHUNK.min(matrix.ncols() - start))
    }

    fn mask(&self, vectors: &mut Mat<T>) {
        for (unit, _) in self.visible.iter().enumerate().filter(|(_, on)| !**on) {
            vectors.row_mut(unit).fill(T::ZERO);
        }
    }
}

fn ordered_sum<T: Scalar>(parts: &[Vec<T>], len: usize) -> Vec<f64> {
    let mut sum = vec![0.0; len];
    for part in parts {
        for (slot, value) in sum.iter_mut().zip(part) {
            *slot += value.wide();
        }
    }
    sum
}

fn narrow<T: Scalar>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&value| T::of(value)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

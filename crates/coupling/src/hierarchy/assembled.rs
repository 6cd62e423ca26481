//! A hierarchy as an energy with its parameters, made definite, and its states at rest in closed form.

use std::fmt;

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side as Triangle};
use overdamped_energy::{Coupling, Energy, Modular, Module, Moving, Wires};
use serde::{Deserialize, Serialize};

use super::{Hierarchy, ModuleId};
use crate::map::{check_entries, check_sizes};
use crate::{CouplingError, LowRankMap};

/// An energy with parameters that leave one state at rest for each clamped state.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembled {
    /// Modules in the order in which they were added, as are couplings; none has quartic terms.
    pub energy: Modular,
    /// Its parameters.
    pub parameters: Vec<f64>,
    /// The modules that move, without springs.
    pub moving: Moving,
    /// Which couplings had to be weakened, if any.
    pub weakened: Option<Weakened>,
}

/// What was done to couplings among modules that move, because they outweighed the stiffness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weakened {
    /// The relative coupling before: the largest eigenvalue of A^-1/2 W A^-1/2, which had to be below one less
    /// the margin.
    pub relative_coupling: f64,
    /// The factor on each coupling, one where nothing was done: the same for all that are connected through
    /// modules that move.
    pub factors: Vec<f64>,
}

impl Weakened {
    /// The smallest factor.
    #[must_use]
    pub fn least_factor(&self) -> f64 {
        self.factors.iter().copied().fold(1.0, f64::min)
    }
}

impl fmt::Display for Weakened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = self.factors.iter().filter(|&&factor| factor < 1.0).count();
        write!(
            f,
            "{changed} of {} couplings weakened, down to {:.4} of what they were: the relative coupling was {:.4}",
            self.factors.len(),
            self.least_factor(),
            self.relative_coupling
        )
    }
}

impl Hierarchy {
    /// Weakens couplings among modules that move, if `clamped` are those that do not, so that K = diag(a) - W is
    /// positive definite on them: every eigenvalue at least `margin` times the least stiffness. All that are
    /// connected through modules that move are weakened by one factor, the largest that does. Couplings to
    /// clamped modules need no such care, and keep their strengths.
    ///
    /// [`assemble`](Self::assemble) does it where it has not been done. Do it before
    /// [`missing_pull`](Self::missing_pull): a map that supplies the rest must know how strong the others are in
    /// the end.
    ///
    /// Returns what was done, if anything had to be.
    ///
    /// # Errors
    /// As [`assemble`](Self::assemble); the couplings are then as they were.
    pub fn weaken(
        &mut self,
        clamped: &[ModuleId],
        margin: f64,
    ) -> Result<Option<Weakened>, CouplingError> {
        if !(margin > 0.0 && margin < 1.0) {
            return Err(CouplingError::Setting {
                setting: "the margin of definiteness",
                value: margin,
                bound: "above 0 and below 1",
            });
        }
        let energy = self.energy()?;
        let moving = self.moving(&energy, clamped)?;
        let mut parameters = self.parameters(&energy)?;
        let relative_coupling = energy.relative_coupling(&parameters, &moving)?;
        if energy.weaken(&mut parameters, &moving, margin)? == 0.0 {
            return Ok(None);
        }
        let factors = self.factors(&energy, &parameters)?;
        let weaker = self.couplings.iter().zip(&factors);
        let weaker: Result<Vec<_>, _> = weaker
            .map(|(joint, &factor)| joint.coupling.clone().scaled(factor))
            .collect();
        for (joint, weaker) in self.couplings.iter_mut().zip(weaker?) {
            joint.coupling = weaker;
        }
        Ok(Some(Weakened {
            relative_coupling,
            factors,
        }))
    }

    /// One energy of all modules and couplings, for states in which the `clamped` modules are given; definite on
    /// the others by `margin`, as [`weaken`](Self::weaken) makes it where it is not.
    ///
    /// # Errors
    /// [`CouplingError::Setting`] for a margin outside (0, 1), [`CouplingError::Module`] for a clamped module
    /// that does not exist, else [`CouplingError::Energy`].
    pub fn assemble(&self, clamped: &[ModuleId], margin: f64) -> Result<Assembled, CouplingError> {
        let mut own = self.clone();
        let weakened = own.weaken(clamped, margin)?;
        let energy = own.energy()?;
        let moving = own.moving(&energy, clamped)?;
        let parameters = own.parameters(&energy)?;
        energy.check_definite(&parameters, &moving)?;
        Ok(Assembled {
            energy,
            parameters,
            moving,
            weakened,
        })
    }

    fn moving(&self, energy: &Modular, clamped: &[ModuleId]) -> Result<Moving, CouplingError> {
        for &module in clamped {
            self.part(module)?;
        }
        let clamped: Vec<usize> = clamped.iter().map(|module| module.index()).collect();
        Ok(Moving::except(energy, &clamped))
    }

    fn energy(&self) -> Result<Modular, CouplingError> {
        let modules = self.modules.iter().map(|part| Module {
            units: part.units,
            quartic: false,
        });
        let couplings = self.couplings.iter().map(|joint| Coupling {
            modules: (joint.from, joint.to),
            wires: Wires::LowRank {
                rank: joint.coupling.rank(),
            },
        });
        Ok(Modular::new(modules.collect(), couplings.collect())?)
    }

    fn parameters(&self, energy: &Modular) -> Result<Vec<f64>, CouplingError> {
        let layout = Energy::<f64>::layout(energy);
        let mut parameters = vec![0.0; layout.len()];
        for (m, part) in self.modules.iter().enumerate() {
            parameters[layout.range(&format!("stiffness.{m}"))?].fill(part.stiffness);
        }
        for (m, bias) in self.biases().iter().enumerate() {
            parameters[layout.range(&format!("bias.{m}"))?].copy_from_slice(bias);
        }
        for (c, joint) in self.couplings.iter().enumerate() {
            let strength = layout.range(&format!("strength.{c}"))?;
            parameters[strength].copy_from_slice(joint.coupling.strength());
            for (name, factor) in [
                ("left", joint.coupling.left()),
                ("right", joint.coupling.right()),
            ] {
                let slots = &mut parameters[layout.range(&format!("{name}.{c}"))?];
                let columns = (0..factor.ncols()).flat_map(|k| factor.col(k).iter());
                for (slot, &value) in slots.iter_mut().zip(columns) {
                    *slot = value;
                }
            }
        }
        Ok(parameters)
    }

    /// What the strength of each coupling was multiplied by.
    fn factors(&self, energy: &Modular, parameters: &[f64]) -> Result<Vec<f64>, CouplingError> {
        let layout = Energy::<f64>::layout(energy);
        let each = self.couplings.iter().enumerate().map(|(c, joint)| {
            let now = parameters[layout.range(&format!("strength.{c}"))?.start];
            let before = joint.coupling.strength()[0];
            Ok(if before > 0.0 { now / before } else { 1.0 })
        });
        each.collect()
    }

    /// b = a c - J^T x for what leads to a module, and less J c for what leads from it.
    fn biases(&self) -> Vec<Vec<f64>> {
        let each = self.modules.iter().map(|part| {
            let mut bias = part.bias.clone();
            for (bias, centre) in bias.iter_mut().zip(part.centre.iter().flatten()) {
                *bias += part.stiffness * centre;
            }
            bias
        });
        let mut biases: Vec<Vec<f64>> = each.collect();
        for joint in &self.couplings {
            let map = &joint.coupling;
            let (left, right) = (map.left(), map.right());
            take_away(
                map,
                (left, map.mean_encoder()),
                right,
                &mut biases[joint.to],
            );
            if let Some(centre) = &self.modules[joint.to].centre {
                take_away(map, (right, centre), left, &mut biases[joint.from]);
            }
        }
        biases
    }
}

/// Subtracts what a coupling makes at one end of the mean at the other.
fn take_away(
    coupling: &LowRankMap,
    (far, mean): (MatRef<'_, f64>, &[f64]),
    near: MatRef<'_, f64>,
    bias: &mut [f64],
) {
    for (k, strength) in coupling.strength().iter().enumerate() {
        let seen: f64 = far.col(k).iter().zip(mean).map(|(u, x)| u * x).sum();
        for (bias, v) in bias.iter_mut().zip(near.col(k).iter()) {
            *bias -= strength * seen * v;
        }
    }
}

impl Assembled {
    /// The units that move, as rows of the states.
    #[must_use]
    pub fn free_rows(&self) -> Vec<usize> {
        let modules = self.moving.modules.iter();
        modules
            .flat_map(|&module| self.energy.rows(module))
            .collect()
    }

    /// K = diag(a) - W on the units that move, in the order of [`free_rows`](Self::free_rows) (kT / z^2). In a
    /// bath of temperature kT their covariance about the state at rest is kT K^-1, and the smallest eigenvalue of
    /// K, times the mobility, is the spectral gap of their relaxation.
    ///
    /// # Errors
    /// [`CouplingError::Energy`] for parameters that were replaced by others that do not fit.
    pub fn stiffness(&self) -> Result<Mat<f64>, CouplingError> {
        let free = self.free_rows();
        let units = self.units();
        // Row of each unit among those that move.
        let mut place = vec![None; units];
        for (row, &unit) in free.iter().enumerate() {
            place[unit] = Some(row);
        }
        let mut out = Mat::zeros(free.len(), free.len());
        let layout = Energy::<f64>::layout(&self.energy);
        for &module in &self.moving.modules {
            let own = layout.range(&format!("stiffness.{module}"))?;
            for (unit, at) in self.energy.rows(module).zip(own) {
                if let Some(row) = place[unit] {
                    out[(row, row)] = self.parameters[at];
                }
            }
        }
        for (c, coupling) in self.energy.couplings().iter().enumerate() {
            let (l, m) = coupling.modules;
            if !(self.moving.modules.contains(&l) && self.moving.modules.contains(&m)) {
                continue;
            }
            let dense = self.energy.coupling(&self.parameters, c)?;
            let (left, right) = (self.energy.rows(l), self.energy.rows(m));
            for (j, b) in right.enumerate() {
                for (i, a) in left.clone().enumerate() {
                    if let (Some(a), Some(b)) = (place[a], place[b]) {
                        out[(a, b)] = -dense[(i, j)];
                        out[(b, a)] = -dense[(i, j)];
                    }
                }
            }
        }
        Ok(out)
    }

    /// The states at rest: `states` (units of all modules x samples) with the rows of units that move replaced by
    /// the solution of K y = b + J^T x. What those rows hold before does not matter.
    ///
    /// # Errors
    /// [`CouplingError::Shape`], [`CouplingError::NonFiniteValue`] (its index counted column by column), or
    /// [`CouplingError::Energy`], also for parameters that were replaced by others that leave no rest.
    pub fn rest(&self, states: MatRef<'_, f64>) -> Result<Mat<f64>, CouplingError> {
        check_sizes([("units of the states", self.units(), states.nrows())])?;
        let free = self.free_rows();
        let mut out = states.to_owned();
        for n in 0..out.ncols() {
            for &unit in &free {
                out[(unit, n)] = 0.0;
            }
        }
        check_entries("the clamped states", out.as_ref())?;
        if free.is_empty() {
            return Ok(out);
        }
        self.energy.check_definite(&self.parameters, &self.moving)?;
        let potential = self.energy.bind(&self.parameters)?;
        // Where all that move are at zero, the force is b + J^T x.
        let mut force = Mat::zeros(out.nrows(), out.ncols());
        potential.add_force(out.as_ref(), force.as_mut());
        let pull = Mat::from_fn(free.len(), out.ncols(), |row, n| force[(free[row], n)]);
        let root = self.stiffness()?.llt(Triangle::Lower);
        let root = root.map_err(|_| CouplingError::Unconverged {
            what: "the Cholesky factor of the stiffness",
        })?;
        let rest = root.solve(&pull);
        for n in 0..out.ncols() {
            for (row, &unit) in free.iter().enumerate() {
                out[(unit, n)] = rest[(row, n)];
            }
        }
        Ok(out)
    }

    fn units(&self) -> usize {
        Energy::<f64>::units(&self.energy)
    }
}

//! Low-rank couplings: k modes that all units share, in place of a coupling for each pair.
//!
//! E(x) = -x^T J x / 2 with J = U diag(s) U^T, that is, -sum_m s_m (u_m . x)^2 / 2. A substrate
//! realises each mode by one bus, so that n units need k n wires, not n^2 / 2, and the force costs
//! 4 k operations for each unit, not 2 n.
//!
//! | symbol | block | role | unit |
//! |---|---|---|---|
//! | s_m | `modes.strength` | amplitude | kT |
//! | u_m | `modes.shape`, mode by mode | shape | 1 / x |

use faer::{MatMut, MatRef};
use serde::{Deserialize, Serialize};

use crate::layout::addressable;
use crate::modes::Modes;
use crate::potential::column_mut;
use crate::{ClosedForm, Energy, EnergyError, Growth, Layout, Potential, Role, Scalar};

/// A coupling of rank `rank` between all of `units` units.
///
/// ```
/// use overdamped_energy::{Energy, LowRank};
/// let coupling = LowRank::new(2, 1);
/// let potential = coupling.bind(&[0.5_f64, 1.0, 2.0])?; // s = 0.5, u = (1, 2)
/// let states = faer::mat![[1.0], [1.0]];
/// assert_eq!(potential.energy(states.as_ref()), [-0.5 * 9.0 / 2.0]);
/// assert_eq!(potential.force(states.as_ref()), faer::mat![[1.5], [3.0]]);
/// # Ok::<(), overdamped_energy::EnergyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct LowRank {
    units: usize,
    rank: usize,
}

/// What a file says, before it is believed.
#[derive(Deserialize)]
struct Unchecked {
    units: usize,
    rank: usize,
}

impl TryFrom<Unchecked> for LowRank {
    type Error = EnergyError;

    fn try_from(file: Unchecked) -> Result<Self, EnergyError> {
        if !addressable([file.rank, file.rank.saturating_mul(file.units)]) {
            let what = "the shapes of all modes";
            return Err(EnergyError::TooLarge { what });
        }
        Ok(Self::new(file.units, file.rank))
    }
}

impl LowRank {
    /// `rank` modes over `units` units.
    #[must_use]
    pub const fn new(units: usize, rank: usize) -> Self {
        Self { units, rank }
    }

    /// Number of modes.
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank
    }
}

impl<T: Scalar> Energy<T> for LowRank {
    fn units(&self) -> usize {
        self.units
    }

    fn layout(&self) -> Layout {
        Layout::new()
            .with("modes.strength", self.rank, Role::Amplitude)
            .with(
                "modes.shape",
                self.rank.saturating_mul(self.units),
                Role::Shape,
            )
    }

    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        let (strength, shapes) = parameters.split_at(self.rank);
        Ok(Box::new(BoundLowRank {
            strength: strength.to_vec(),
            shapes: Modes::new(self.units, self.rank, shapes),
        }))
    }
}

struct BoundLowRank<T: Scalar> {
    strength: Vec<T>,
    /// u_m.
    shapes: Modes<T>,
}

impl<T: Scalar> BoundLowRank<T> {
    /// `factor` times U diag(s) U^T `states`, added to `out`.
    fn add_product(&self, states: MatRef<'_, T>, factor: T, out: MatMut<'_, T>) {
        let mut modes = self.shapes.project(states);
        for chain in 0..states.ncols() {
            let slots = column_mut(modes.as_mut(), chain).iter_mut();
            for (slot, &strength) in slots.zip(&self.strength) {
                *slot *= strength;
            }
        }
        self.shapes.add_expansion(&modes, factor, out);
    }
}

impl<T: Scalar> Potential<T> for BoundLowRank<T> {
    fn units(&self) -> usize {
        self.shapes.units()
    }

    fn parameter_count(&self) -> usize {
        self.strength.len() * (1 + self.shapes.units())
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        let modes = self.shapes.project(states);
        for (chain, energy) in energies.iter_mut().enumerate() {
            let terms = modes.col_as_slice(chain).iter().zip(&self.strength);
            *energy -= terms
                .map(|(mode, strength)| 0.5 * strength.wide() * mode.wide() * mode.wide())
                .sum::<f64>();
        }
    }

    fn add_force(&self, states: MatRef<'_, T>, forces: MatMut<'_, T>) {
        self.add_product(states, T::ONE, forces);
    }

    fn add_curvature_product(
        &self,
        _states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        products: MatMut<'_, T>,
    ) {
        self.add_product(directions, -T::ONE, products);
    }

    // dE/ds_m = -(u_m . x)^2 / 2, dE/du_m = -s_m (u_m . x) x.
    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]) {
        let (strengths, shapes) = gradient.split_at_mut(self.strength.len());
        let mut modes = self.shapes.project(states);
        let half = T::of(0.5);
        for (chain, &weight) in weights.iter().enumerate() {
            for (m, mode) in modes.col_as_slice_mut(chain).iter_mut().enumerate() {
                strengths[m] -= weight * half * *mode * *mode;
                *mode *= weight * self.strength[m];
            }
        }
        Modes::subtract_outer(shapes, &modes, states);
    }

    // Along e: dE/ds_m -> -(u_m . x)(u_m . e), dE/du_m -> -s_m [(u_m . e) x + (u_m . x) e].
    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    ) {
        let (strengths, shapes) = gradient.split_at_mut(self.strength.len());
        let (mut modes, mut along) = (self.shapes.project(states), self.shapes.project(directions));
        for (chain, &weight) in weights.iter().enumerate() {
            let pairs = modes.col_as_slice_mut(chain).iter_mut();
            let pairs = pairs.zip(along.col_as_slice_mut(chain));
            for (m, (mode, along)) in pairs.enumerate() {
                strengths[m] -= weight * *mode * *along;
                *mode *= weight * self.strength[m];
                *along *= weight * self.strength[m];
            }
        }
        Modes::subtract_outer(shapes, &along, states);
        Modes::subtract_outer(shapes, &modes, directions);
    }

    fn add_growth(&self, growth: &mut Growth) {
        for (mode, &strength) in self.strength.iter().enumerate() {
            let shape = self.shapes.column(mode);
            for (i, left) in shape.iter().enumerate() {
                for (j, right) in shape.iter().enumerate() {
                    growth.harmonic[(i, j)] -= strength.wide() * left.wide() * right.wide();
                }
            }
        }
    }

    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        let bias = vec![T::ZERO; self.strength.len()];
        form.add_layer(self.shapes.layer(bias, self.strength.clone(), false));
    }
}

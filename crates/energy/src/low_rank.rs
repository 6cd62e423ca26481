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

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use serde::{Deserialize, Serialize};

use crate::closed_form::{ClosedForm, ForceLayer};
use crate::potential::column_mut;
use crate::{Energy, EnergyError, Growth, Layout, Potential, Role, Scalar};

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
pub struct LowRank {
    units: usize,
    rank: usize,
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
            .with("modes.shape", self.rank * self.units, Role::Shape)
    }

    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        let (strength, shapes) = parameters.split_at(self.rank);
        Ok(Box::new(BoundLowRank {
            strength: strength.to_vec(),
            shapes: Mat::from_fn(self.units, self.rank, |unit, mode| {
                shapes[mode * self.units + unit]
            }),
        }))
    }
}

struct BoundLowRank<T: Scalar> {
    strength: Vec<T>,
    /// units x rank: column m is u_m.
    shapes: Mat<T>,
}

impl<T: Scalar> BoundLowRank<T> {
    /// u_m . x, rank x chains.
    fn project(&self, states: MatRef<'_, T>) -> Mat<T> {
        let mut out = Mat::zeros(self.strength.len(), states.ncols());
        let shapes = self.shapes.transpose();
        matmul(
            out.as_mut(),
            Accum::Replace,
            shapes,
            states,
            T::ONE,
            Par::Seq,
        );
        out
    }

    /// `factor` times U diag(s) U^T `states`, added to `out`.
    fn add_product(&self, states: MatRef<'_, T>, factor: T, out: MatMut<'_, T>) {
        let mut modes = self.project(states);
        for chain in 0..states.ncols() {
            let slots = column_mut(modes.as_mut(), chain).iter_mut();
            for (slot, &strength) in slots.zip(&self.strength) {
                *slot *= strength;
            }
        }
        let shapes = self.shapes.as_ref();
        matmul(out, Accum::Add, shapes, modes.as_ref(), factor, Par::Seq);
    }
}

impl<T: Scalar> Potential<T> for BoundLowRank<T> {
    fn units(&self) -> usize {
        self.shapes.nrows()
    }

    fn parameter_count(&self) -> usize {
        self.strength.len() * (1 + self.shapes.nrows())
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        let modes = self.project(states);
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
        let mut modes = self.project(states);
        let half = T::of(0.5);
        for (chain, &weight) in weights.iter().enumerate() {
            for (m, mode) in modes.col_as_slice_mut(chain).iter_mut().enumerate() {
                strengths[m] -= weight * half * *mode * *mode;
                *mode *= weight * self.strength[m];
            }
        }
        subtract_outer(shapes, &modes, states);
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
        let (mut modes, mut along) = (self.project(states), self.project(directions));
        for (chain, &weight) in weights.iter().enumerate() {
            let pairs = modes.col_as_slice_mut(chain).iter_mut();
            let pairs = pairs.zip(along.col_as_slice_mut(chain));
            for (m, (mode, along)) in pairs.enumerate() {
                strengths[m] -= weight * *mode * *along;
                *mode *= weight * self.strength[m];
                *along *= weight * self.strength[m];
            }
        }
        subtract_outer(shapes, &along, states);
        subtract_outer(shapes, &modes, directions);
    }

    fn add_growth(&self, growth: &mut Growth) {
        for (mode, &strength) in self.strength.iter().enumerate() {
            let shape = self.shapes.col_as_slice(mode);
            for (i, left) in shape.iter().enumerate() {
                for (j, right) in shape.iter().enumerate() {
                    growth.harmonic[(i, j)] -= strength.wide() * left.wide() * right.wide();
                }
            }
        }
    }

    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        let columns = (0..self.strength.len()).map(|mode| self.shapes.col_as_slice(mode));
        form.add_layer(ForceLayer {
            weights: columns.flatten().copied().collect(),
            bias: vec![T::ZERO; self.strength.len()],
            gain: self.strength.clone(),
            saturates: false,
        });
    }
}

/// Subtracts the sum over chains of left_m x_i from the shape block of a gradient.
fn subtract_outer<T: Scalar>(gradient: &mut [T], left: &Mat<T>, right: MatRef<'_, T>) {
    // Mode m of the block is contiguous: a units x rank column-major matrix.
    let block = MatMut::from_column_major_slice_mut(gradient, right.nrows(), left.nrows());
    matmul(
        block,
        Accum::Add,
        right,
        left.transpose(),
        -T::ONE,
        Par::Seq,
    );
}

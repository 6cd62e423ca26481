//! The two traits: an [`Energy`] is a form with free parameters, a [`Potential`]
//! is that form at one parameter vector.

use faer::{ColRef, Mat, MatMut, MatRef};

use crate::{ClosedForm, EnergyError, Grouped, Growth, Layout, Scalar};

/// A parametric energy E(x; theta): which units and couplings exist, but not their strengths.
///
/// Implementors are cheap to share; [`Energy::bind`] checks a parameter vector
/// once and prepares it for repeated evaluation.
pub trait Energy<T: Scalar>: Send + Sync {
    /// Number of units.
    fn units(&self) -> usize;

    /// Names, lengths and roles of the parameter blocks, in order.
    fn layout(&self) -> Layout;

    /// The potential at `parameters` (in the order of [`Energy::layout`]).
    ///
    /// # Errors
    /// [`EnergyError::Length`] or [`EnergyError::NonFinite`].
    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError>;
}

/// An energy at fixed parameters.
///
/// States are `units x chains` matrices, one column a chain, and columns must be
/// contiguous (as those of every [`Mat`] are). Columns are exchangeable: a substrate hands them over
/// in blocks, padded with zeros, and a chain that was lost is NaN. Every method *adds* to its output, so that
/// sums of potentials need no temporaries. Memory beyond the outputs is a few
/// buffers of the batch's size; `samples x parameters` never exists.
///
/// # Panics
/// Methods panic if shapes disagree or columns are not contiguous: both are
/// fixed when the program is written.
pub trait Potential<T: Scalar>: Send + Sync {
    /// Number of units.
    fn units(&self) -> usize;

    /// Length of the gradient slices.
    fn parameter_count(&self) -> usize;

    /// Adds E(x) of each chain to `energies` (length: chains), evaluated in f64
    /// from the given states.
    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]);

    /// Adds the force F = -dE/dx to `forces` (units x chains).
    fn add_force(&self, states: MatRef<'_, T>, forces: MatMut<'_, T>);

    /// Adds the Hessian times `directions`, (d2E/dx2) v, to `products` (both units x chains).
    fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        products: MatMut<'_, T>,
    );

    /// Adds the weighted local parameter gradient, sum over chains of `weights[c]` dE/dtheta(x_c), to
    /// `gradient`.
    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]);

    /// Adds the directional contrast, sum over chains of
    /// `weights[c]` d/d eps dE/dtheta(x_c + eps e_c) at eps = 0, to `gradient`.
    ///
    /// Because the force is -dE/dx, this is minus the force error `e` carried
    /// back through dF/dtheta: the primitive of force matching.
    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    );

    /// Adds what this potential contributes to confinement at large |x|.
    fn add_growth(&self, growth: &mut Growth);

    /// Adds the force in closed form, for engines that fuse it into their steps.
    ///
    /// The default leaves the form open: a substrate then calls
    /// [`add_force`](Potential::add_force) in every step.
    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        form.leave_open();
    }

    /// The potential as one whose units fall into groups without couplings inside, if it is one.
    fn grouped(&self) -> Option<&dyn Grouped<T>> {
        None
    }
}

/// Convenience evaluations that allocate their output.
impl<T: Scalar> dyn Potential<T> + '_ {
    /// Energy of each chain.
    #[must_use]
    pub fn energy(&self, states: MatRef<'_, T>) -> Vec<f64> {
        let mut energies = vec![0.0; states.ncols()];
        self.add_energy(states, &mut energies);
        energies
    }

    /// Force on each unit of each chain (units x chains).
    #[must_use]
    pub fn force(&self, states: MatRef<'_, T>) -> Mat<T> {
        let mut forces = Mat::zeros(states.nrows(), states.ncols());
        self.add_force(states, forces.as_mut());
        forces
    }

    /// Whether the energy is certified to grow without bound in every direction.
    ///
    /// # Errors
    /// [`EnergyError::NotConfining`], naming a unit that may escape, or [`EnergyError::Memory`] where a dense matrix of
    /// all units does not fit.
    pub fn check_confinement(&self) -> Result<(), EnergyError> {
        // The harmonic part, the block of it that is judged, and its decomposition.
        crate::memory::square("the certificate of confinement", self.units(), 4 * 8)?;
        let mut growth = Growth::new(self.units());
        self.add_growth(&mut growth);
        growth.certify()
    }

    /// Fastest relaxation rate at one state (length: units): the largest eigenvalue of
    /// the Hessian weighted by the mobility of each unit, by power iteration.
    ///
    /// The estimate is a Rayleigh quotient, never above the true value: to linear order around
    /// this state an explicit step above 2 / rate is unstable.
    #[must_use]
    pub fn largest_rate(&self, state: &[T], mobility: &[f64]) -> f64 {
        crate::curvature::largest_rate(self, state, mobility)
    }
}

/// Column `chain` of a state matrix as a slice over units.
#[expect(
    clippy::expect_used,
    reason = "a documented precondition of every potential, fixed when the program is written"
)]
pub(crate) fn column<T>(states: MatRef<'_, T>, chain: usize) -> &[T] {
    let column: ColRef<'_, T> = states.col(chain);
    column
        .try_as_col_major()
        .expect("the columns of a state matrix must be contiguous")
        .as_slice()
}

/// Column `chain` of a state matrix as a mutable slice over units.
#[expect(
    clippy::expect_used,
    reason = "a documented precondition of every potential, fixed when the program is written"
)]
pub(crate) fn column_mut<T>(states: MatMut<'_, T>, chain: usize) -> &mut [T] {
    states
        .col_mut(chain)
        .try_as_col_major_mut()
        .expect("the columns of a state matrix must be contiguous")
        .as_slice_mut()
}

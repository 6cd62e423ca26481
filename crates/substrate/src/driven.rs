//! A programmed potential together with the drive attached to it.

use faer::{MatMut, MatRef};
use overdamped_energy::{Drive, Growth, Potential, Scalar};

/// The sum of a potential and an optional drive of the same chains, by reference.
pub(crate) struct Driven<'a, T: Scalar> {
    pub(crate) potential: &'a dyn Potential<T>,
    pub(crate) drive: Option<Drive<T>>,
}

impl<T: Scalar> Driven<'_, T> {
    /// As a potential, with the evaluations that allocate.
    pub(crate) fn as_dyn(&self) -> &dyn Potential<T> {
        self
    }

    fn each(&self, mut act: impl FnMut(&dyn Potential<T>)) {
        act(self.potential);
        if let Some(drive) = &self.drive {
            act(drive);
        }
    }
}

impl<T: Scalar> Potential<T> for Driven<'_, T> {
    fn units(&self) -> usize {
        self.potential.units()
    }

    fn parameter_count(&self) -> usize {
        self.potential.parameter_count()
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        self.each(|term| term.add_energy(states, energies));
    }

    fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        self.each(|term| term.add_force(states, forces.as_mut()));
    }

    fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        self.each(|term| term.add_curvature_product(states, directions, products.as_mut()));
    }

    // A drive has no parameters.
    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]) {
        self.potential
            .add_parameter_gradient(weights, states, gradient);
    }

    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    ) {
        self.potential
            .add_directional_gradient(weights, states, directions, gradient);
    }

    fn add_growth(&self, growth: &mut Growth) {
        self.each(|term| term.add_growth(growth));
    }
}

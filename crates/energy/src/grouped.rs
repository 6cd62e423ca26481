//! Potentials whose units fall into groups without couplings inside.
//!
//! With all other groups held, each unit of a group has an energy of its own, so that a whole
//! group can be moved towards its minimum at once: the basis of block coordinate descent.
//! The layers of a layered network are such groups, as are the two colours of a square lattice.

use std::ops::Range;

use faer::{MatMut, MatRef};

use crate::{Drive, Potential, Scalar};

/// A potential with groups of units that do not act on each other, d2E/dx_i dx_j = 0 for any two
/// units i, j of a group.
pub trait Grouped<T: Scalar>: Potential<T> {
    /// The groups, in the order of a descent. Each is a list of runs of units; every
    /// unit belongs to one group.
    fn groups(&self) -> &[Vec<Range<usize>>];

    /// Adds the force F_i = -dE/dx_i and the curvature d2E/dx_i2 of each unit of a group to
    /// `forces` and `curvatures` (both units x chains); other rows are left alone.
    fn add_group_derivatives(
        &self,
        group: usize,
        states: MatRef<'_, T>,
        forces: MatMut<'_, T>,
        curvatures: MatMut<'_, T>,
    );

    /// Moves all units of a group by one Newton step, x += F / max(d2E/dx2, least curvature), with the
    /// drive's force and stiffness included and all other groups held; by a few, where the forces of the other
    /// groups cost far more than a step.
    fn newton_step(&self, group: usize, held: &HeldGroup<'_, T>, states: MatMut<'_, T>);
}

/// What holds the units of a group while it moves, besides the other groups.
#[derive(Debug, Clone, Copy)]
pub struct HeldGroup<'a, T: Scalar> {
    /// Springs and nudges.
    pub drive: Option<&'a Drive<T>>,
    /// One for units that move, zero for those that are clamped (length: units).
    pub mobile: &'a [T],
    /// Lower bound of the curvature: it keeps every step in a direction of descent.
    pub least_curvature: T,
    /// States that move are kept in [-walls, walls]; infinite for none.
    pub walls: T,
}

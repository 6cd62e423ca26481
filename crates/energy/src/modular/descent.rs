//! Descent of a modular energy: modules of one colour move at once, each unit in a quartic well of
//! its own.

use std::ops::Range;

use faer::{Mat, MatMut, MatRef};
use overdamped_kernel::quartic::{Wells, descend};

use super::bound::BoundModular;
use crate::potential::{column, column_mut};
use crate::{Grouped, HeldGroup, Scalar};

impl<T: Scalar> BoundModular<T> {
    /// u = b + f + what the neighbours pass on, for each unit of a module (units of the module x chains).
    fn pull<'a>(
        &self,
        module: usize,
        states: MatRef<'_, T>,
        drive: impl Fn(usize) -> Option<&'a [T]>,
    ) -> Mat<T> {
        let rows = self.rows[module].clone();
        let mut pull = Mat::zeros(rows.len(), states.ncols());
        for chain in 0..states.ncols() {
            let slots = pull.col_as_slice_mut(chain);
            slots.copy_from_slice(&self.bias[rows.clone()]);
            if let Some(forces) = drive(chain) {
                for (slot, &force) in slots.iter_mut().zip(&forces[rows.clone()]) {
                    *slot += force;
                }
            }
        }
        self.add_coupled(module, states, T::ONE, pull.as_mut());
        pull
    }
}

impl<T: Scalar> Grouped<T> for BoundModular<T> {
    fn groups(&self) -> &[Vec<Range<usize>>] {
        &self.groups
    }

    // F = u - a z - q z^3, d2E/dz2 = a + 3 q z^2.
    fn add_group_derivatives(
        &self,
        group: usize,
        states: MatRef<'_, T>,
        mut forces: MatMut<'_, T>,
        mut curvatures: MatMut<'_, T>,
    ) {
        let three = T::of(3.0);
        for &module in &self.colours[group] {
            let pull = self.pull(module, states, |_| None);
            let rows = self.rows[module].clone();
            for chain in 0..states.ncols() {
                let forces = column_mut(forces.as_mut(), chain)[rows.clone()].iter_mut();
                let curved = column_mut(curvatures.as_mut(), chain)[rows.clone()].iter_mut();
                let sites = self.stiffness[rows.clone()].iter();
                let sites = sites.zip(&self.quartic[rows.clone()]);
                let inputs = column(states, chain)[rows.clone()].iter();
                let inputs = inputs.zip(pull.col_as_slice(chain)).zip(sites);
                for ((force, curved), ((&z, &u), (&a, &q))) in forces.zip(curved).zip(inputs) {
                    let rise = q * z * z;
                    *force += u - (a + rise) * z;
                    *curved += a + three * rise;
                }
            }
        }
    }

    // Modules that are clamped as a whole are passed over.
    fn newton_step(&self, group: usize, held: &HeldGroup<'_, T>, mut states: MatMut<'_, T>) {
        let driven: Option<Vec<T>> = held.drive.map(|drive| {
            let both = self.stiffness.iter().zip(drive.stiffness());
            both.map(|(&a, &kappa)| a + kappa).collect()
        });
        let stiffness = driven.as_deref().unwrap_or(&self.stiffness);
        for &module in &self.colours[group] {
            let rows = self.rows[module].clone();
            let mobile = &held.mobile[rows.clone()];
            if mobile.iter().all(|&mobile| mobile == T::ZERO) {
                continue;
            }
            let drive = |chain| held.drive.map(|drive| drive.pull(chain));
            let pull = self.pull(module, states.as_ref(), drive);
            for chain in 0..states.ncols() {
                let wells = Wells {
                    pulls: pull.col_as_slice(chain),
                    stiffness: &stiffness[rows.clone()],
                    quartic: &self.quartic[rows.clone()],
                    mobile,
                    least_curvature: held.least_curvature,
                    walls: held.walls,
                };
                let own = &mut column_mut(states.as_mut(), chain)[rows.clone()];
                descend(self.path, own, &wells);
            }
        }
    }
}

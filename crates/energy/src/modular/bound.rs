//! A modular energy at fixed parameters.

use std::ops::Range;

use faer::{MatMut, MatRef};
use overdamped_kernel::Path;

use super::Modular;
use super::blocks::Blocks;
use super::wires::{BoundWires, Side};
use crate::potential::{column, column_mut};
use crate::{ClosedForm, Grouped, Growth, Potential, Scalar};

pub(super) struct BoundModular<T: Scalar> {
    /// Units of each module, as rows of a state matrix.
    pub(super) rows: Vec<Range<usize>>,
    /// b, a and q of each unit; q is zero in modules without it.
    pub(super) bias: Vec<T>,
    pub(super) stiffness: Vec<T>,
    pub(super) quartic: Vec<T>,
    pub(super) wires: Vec<JoinedWires<T>>,
    /// Modules of each colour, and their units.
    pub(super) colours: Vec<Vec<usize>>,
    pub(super) groups: Vec<Vec<Range<usize>>>,
    pub(super) blocks: Blocks,
    pub(super) path: Path,
}

/// A coupling and the modules that it joins.
pub(super) struct JoinedWires<T: Scalar> {
    pub(super) wires: BoundWires<T>,
    left: usize,
    right: usize,
}

impl<T: Scalar> JoinedWires<T> {
    /// On which side a module is, and the module on the other.
    fn seen_from(&self, module: usize) -> Option<(Side, usize)> {
        if module == self.left {
            Some((Side::Left, self.right))
        } else {
            (module == self.right).then_some((Side::Right, self.left))
        }
    }
}

impl<T: Scalar> BoundModular<T> {
    pub(super) fn new(energy: &Modular, parameters: &[T]) -> Self {
        let blocks = Blocks::of(energy);
        let of = |range: &Range<usize>| parameters[range.clone()].to_vec();
        let sites = || blocks.sites.iter();
        let quartic = sites().flat_map(|site| {
            let none = || vec![T::ZERO; site.bias.len()];
            site.quartic.as_ref().map_or_else(none, of)
        });
        let joined = energy.couplings.iter().zip(&blocks.wires);
        let wires = joined.map(|(coupling, blocks)| {
            let (left, right) = coupling.modules;
            let units = (energy.modules[left].units, energy.modules[right].units);
            JoinedWires {
                wires: BoundWires::new(parameters, blocks, units),
                left,
                right,
            }
        });
        let colour = energy.colours();
        let count = colour.iter().max().map_or(0, |last| last + 1);
        let of_colour = |c| (0..colour.len()).filter(|&m| colour[m] == c).collect();
        let colours: Vec<Vec<usize>> = (0..count).map(of_colour).collect();
        let rows: Vec<_> = (0..colour.len()).map(|m| energy.rows(m)).collect();
        let units = |modules: &Vec<usize>| modules.iter().map(|&m| rows[m].clone()).collect();
        Self {
            bias: sites().flat_map(|site| of(&site.bias)).collect(),
            stiffness: sites().flat_map(|site| of(&site.stiffness)).collect(),
            quartic: quartic.collect(),
            wires: wires.collect(),
            groups: colours.iter().map(units).collect(),
            colours,
            rows,
            blocks,
            path: Path::best(),
        }
    }

    /// States of a module (units of the module x chains).
    fn of_module<'a>(&self, module: usize, states: MatRef<'a, T>) -> MatRef<'a, T> {
        states.subrows(self.rows[module].start, self.rows[module].len())
    }

    /// Adds `factor` times what the neighbours of a module pass on to it to `out` (units of the module
    /// x chains).
    pub(super) fn add_coupled(
        &self,
        module: usize,
        states: MatRef<'_, T>,
        factor: T,
        mut out: MatMut<'_, T>,
    ) {
        for joined in &self.wires {
            if let Some((side, other)) = joined.seen_from(module) {
                let from = self.of_module(other, states);
                joined.wires.add_product(side, from, factor, out.as_mut());
            }
        }
    }

    /// Adds `factor` times W `states` to `out` (both units x chains).
    fn add_all_coupled(&self, states: MatRef<'_, T>, factor: T, mut out: MatMut<'_, T>) {
        for (module, rows) in self.rows.iter().enumerate() {
            let out = out.as_mut().subrows_mut(rows.start, rows.len());
            self.add_coupled(module, states, factor, out);
        }
    }

    /// States at both ends of a coupling.
    fn ends<'a>(
        &self,
        joined: &JoinedWires<T>,
        states: MatRef<'a, T>,
    ) -> (MatRef<'a, T>, MatRef<'a, T>) {
        let end = |module| self.of_module(module, states);
        (end(joined.left), end(joined.right))
    }

    /// Adds weighted sums over chains of what `terms` makes of each state and direction to the gradient of
    /// b, a and, in modules that have it, q.
    fn add_site_gradient(
        &self,
        weights: &[T],
        (states, directions): (MatRef<'_, T>, MatRef<'_, T>),
        gradient: &mut [T],
        terms: impl Fn(T, T) -> [T; 3],
    ) {
        for (rows, site) in self.rows.iter().zip(&self.blocks.sites) {
            let end = site.quartic.as_ref().unwrap_or(&site.stiffness).end;
            let (bias, rest) = gradient[site.bias.start..end].split_at_mut(rows.len());
            let (stiffness, quartic) = rest.split_at_mut(rows.len());
            for (chain, &weight) in weights.iter().enumerate() {
                let own = column(states, chain)[rows.clone()].iter();
                let own = own.zip(&column(directions, chain)[rows.clone()]);
                let slots = bias.iter_mut().zip(&mut *stiffness);
                for ((b, a), (&z, &e)) in slots.zip(own.clone()) {
                    let [of_b, of_a, _] = terms(z, e);
                    *b += weight * of_b;
                    *a += weight * of_a;
                }
                // Without a block there are no slots.
                for (q, (&z, &e)) in quartic.iter_mut().zip(own) {
                    *q += weight * terms(z, e)[2];
                }
            }
        }
    }
}

impl<T: Scalar> Potential<T> for BoundModular<T> {
    fn units(&self) -> usize {
        self.bias.len()
    }

    fn parameter_count(&self) -> usize {
        self.blocks.len
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        for (chain, energy) in energies.iter_mut().enumerate() {
            let sites = self.bias.iter().zip(&self.stiffness).zip(&self.quartic);
            let terms = sites.zip(column(states, chain)).map(|(((b, a), q), z)| {
                let z = z.wide();
                let square = z * z;
                0.5 * a.wide() * square + 0.25 * q.wide() * square * square - b.wide() * z
            });
            *energy += terms.sum::<f64>();
        }
        for joined in &self.wires {
            // Each coupling once: z_l . (J z_m).
            let (left, right) = self.ends(joined, states);
            let mut passed = faer::Mat::zeros(left.nrows(), left.ncols());
            joined
                .wires
                .add_product(Side::Left, right, T::ONE, passed.as_mut());
            for (chain, energy) in energies.iter_mut().enumerate() {
                let terms = column(left, chain).iter().zip(passed.col_as_slice(chain));
                *energy -= terms.map(|(z, u)| z.wide() * u.wide()).sum::<f64>();
            }
        }
    }

    fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        for chain in 0..states.ncols() {
            let sites = self.bias.iter().zip(&self.stiffness).zip(&self.quartic);
            let slots = column_mut(forces.as_mut(), chain).iter_mut();
            for ((slot, &z), ((&b, &a), &q)) in slots.zip(column(states, chain)).zip(sites) {
                *slot += b - (a + q * z * z) * z;
            }
        }
        self.add_all_coupled(states, T::ONE, forces);
    }

    // H = diag(a + 3 q z^2) - W.
    fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        let three = T::of(3.0);
        for chain in 0..states.ncols() {
            let sites = self.stiffness.iter().zip(&self.quartic);
            let inputs = column(states, chain).iter().zip(column(directions, chain));
            let slots = column_mut(products.as_mut(), chain).iter_mut();
            for ((slot, (&z, &v)), (&a, &q)) in slots.zip(inputs).zip(sites) {
                *slot += (a + three * q * z * z) * v;
            }
        }
        self.add_all_coupled(directions, -T::ONE, products);
    }

    // dE/db = -z, dE/da = z^2 / 2, dE/dq = z^4 / 4.
    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]) {
        let (half, quarter) = (T::of(0.5), T::of(0.25));
        self.add_site_gradient(weights, (states, states), gradient, |z, _| {
            let square = z * z;
            [-z, half * square, quarter * square * square]
        });
        for (joined, blocks) in self.wires.iter().zip(&self.blocks.wires) {
            let ends = self.ends(joined, states);
            let gradient = &mut gradient[blocks.all()];
            joined.wires.add_gradient(weights, ends, gradient);
        }
    }

    // Along e: dE/db -> -e, dE/da -> z e, dE/dq -> z^3 e.
    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    ) {
        self.add_site_gradient(weights, (states, directions), gradient, |z, e| {
            [-e, z * e, z * z * z * e]
        });
        for (joined, blocks) in self.wires.iter().zip(&self.blocks.wires) {
            let (ends, along) = (self.ends(joined, states), self.ends(joined, directions));
            let gradient = &mut gradient[blocks.all()];
            let wires = &joined.wires;
            wires.add_directional_gradient(weights, ends, along, gradient);
        }
    }

    fn add_growth(&self, growth: &mut Growth) {
        for unit in 0..self.units() {
            growth.harmonic[(unit, unit)] += self.stiffness[unit].wide();
            growth.quartic[unit] += self.quartic[unit].wide();
        }
        for (i, j, value) in self.entries() {
            growth.harmonic[(i, j)] -= value.wide();
            growth.harmonic[(j, i)] -= value.wide();
        }
    }

    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        for unit in 0..self.units() {
            let (b, a, q) = (self.bias[unit], self.stiffness[unit], self.quartic[unit]);
            form.add_polynomial(unit, [b, -a, T::ZERO, -q, T::ZERO]);
        }
        let entries = self.entries();
        let both = entries.flat_map(|(i, j, value)| [(i, j, value), (j, i, value)]);
        form.add_product(0, 1, both);
    }

    fn grouped(&self) -> Option<&dyn Grouped<T>> {
        Some(self)
    }
}

impl<T: Scalar> BoundModular<T> {
    /// The entries of all J_c that are not zero, as (unit of l, unit of m, value).
    fn entries(&self) -> impl Iterator<Item = (usize, usize, T)> {
        self.wires.iter().flat_map(|joined| {
            let first = (self.rows[joined.left].start, self.rows[joined.right].start);
            let entries = joined.wires.entries().into_iter();
            entries.map(move |(i, j, value)| (first.0 + i, first.1 + j, value))
        })
    }
}

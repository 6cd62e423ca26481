//! A layered network at fixed parameters.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use overdamped_kernel::activation::Held;
use overdamped_kernel::{Activation, Path};

use super::{Layered, UnitLayer};
use crate::potential::{column, column_mut};
use crate::{Drive, Grouped, Growth, HeldGroup, Potential, Scalar};

pub(super) struct BoundLayered<T: Scalar> {
    layers: Vec<UnitLayer>,
    /// Units of each layer, as rows of a state matrix.
    rows: Vec<Range<usize>>,
    bias: Vec<Vec<T>>,
    /// W_l, units of layer l + 1 x units of layer l.
    weights: Vec<Mat<T>>,
    /// Even layers and odd layers: no two neighbours are in the same group.
    groups: Vec<Vec<Range<usize>>>,
    path: Path,
}

/// What the layers above and below a layer pass on (each units of the layer x chains).
struct Neighbours<'a, T: Scalar> {
    below: Option<MatRef<'a, T>>,
    above: Option<MatRef<'a, T>>,
}

impl<T: Scalar> BoundLayered<T> {
    pub(super) fn new(network: &Layered, bias: Vec<Vec<T>>, weights: Vec<Mat<T>>) -> Self {
        let rows: Vec<_> = (0..bias.len()).map(|layer| network.rows(layer)).collect();
        let parities = if rows.len() > 1 { 2 } else { 1 };
        let group = |parity| rows.iter().skip(parity).step_by(2).cloned().collect();
        Self {
            layers: network.layers.clone(),
            groups: (0..parities).map(group).collect(),
            rows,
            bias,
            weights,
            path: Path::best(),
        }
    }

    /// States of a layer (units of the layer x chains).
    fn of_layer<'a>(&self, layer: usize, states: MatRef<'a, T>) -> MatRef<'a, T> {
        states.subrows(self.rows[layer].start, self.rows[layer].len())
    }

    /// One elementwise function of the states of a layer.
    fn map(
        &self,
        layer: usize,
        states: MatRef<'_, T>,
        function: impl Fn(Activation, &[T], &mut [T]),
    ) -> Mat<T> {
        let own = self.of_layer(layer, states);
        let mut out = Mat::zeros(own.nrows(), own.ncols());
        for chain in 0..own.ncols() {
            let slots = out.col_as_slice_mut(chain);
            function(self.layers[layer].activation, column(own, chain), slots);
        }
        out
    }

    /// s_l(h_l).
    fn activity(&self, layer: usize, states: MatRef<'_, T>) -> Mat<T> {
        self.map(layer, states, |activation, states, out| {
            activation.values(self.path, states, out);
        })
    }

    /// s_l(h_l) of every layer.
    fn activities(&self, states: MatRef<'_, T>) -> Vec<Mat<T>> {
        let layers = 0..self.layers.len();
        layers.map(|layer| self.activity(layer, states)).collect()
    }

    /// Two elementwise functions of the states of a layer.
    fn map_two(
        &self,
        layer: usize,
        states: MatRef<'_, T>,
        function: impl Fn(Activation, &[T], &mut [T], &mut [T]),
    ) -> (Mat<T>, Mat<T>) {
        let own = self.of_layer(layer, states);
        let mut first = Mat::zeros(own.nrows(), own.ncols());
        let mut second = Mat::zeros(own.nrows(), own.ncols());
        for chain in 0..own.ncols() {
            let slots = (
                first.col_as_slice_mut(chain),
                second.col_as_slice_mut(chain),
            );
            let activation = self.layers[layer].activation;
            function(activation, column(own, chain), slots.0, slots.1);
        }
        (first, second)
    }

    /// s_l(h_l) and s_l'(h_l).
    fn activity_and_slope(&self, layer: usize, states: MatRef<'_, T>) -> (Mat<T>, Mat<T>) {
        self.map_two(layer, states, |activation, states, values, slopes| {
            activation.values_and_slopes(self.path, states, values, slopes);
        })
    }

    /// s_l'(h_l) and s_l''(h_l).
    fn slope_and_curvature(&self, layer: usize, states: MatRef<'_, T>) -> (Mat<T>, Mat<T>) {
        self.map_two(layer, states, |activation, states, slopes, curvatures| {
            activation.slopes_and_curvatures(self.path, states, slopes, curvatures);
        })
    }

    /// W_(l-1) y_(l-1) + W_l^T y_(l+1), added to `out` (units of the layer x chains).
    fn add_coupled(&self, layer: usize, from: &Neighbours<'_, T>, mut out: MatMut<'_, T>) {
        if let Some(below) = from.below {
            let weights = self.weights[layer - 1].as_ref();
            matmul(out.as_mut(), Accum::Add, weights, below, T::ONE, Par::Seq);
        }
        if let Some(above) = from.above {
            let weights = self.weights[layer].transpose();
            matmul(out, Accum::Add, weights, above, T::ONE, Par::Seq);
        }
    }

    /// a_l = b_l + W_(l-1) s_(l-1) + W_l^T s_(l+1).
    fn drive(&self, layer: usize, from: &Neighbours<'_, T>, chains: usize) -> Mat<T> {
        let mut drive = Mat::zeros(self.layers[layer].units, chains);
        for chain in 0..chains {
            let slots = drive.col_as_slice_mut(chain);
            slots.copy_from_slice(&self.bias[layer]);
        }
        self.add_coupled(layer, from, drive.as_mut());
        drive
    }

    /// The neighbours of a layer among these matrices, one for each layer.
    fn neighbours<'a>(&self, layer: usize, of: &'a [Mat<T>]) -> Neighbours<'a, T> {
        Neighbours {
            below: layer.checked_sub(1).map(|below| of[below].as_ref()),
            above: of.get(layer + 1).map(Mat::as_ref),
        }
    }

    /// Writes -sum over chains of left x right^T into the gradient of W_l.
    fn subtract_outer(&self, layer: usize, left: &Mat<T>, right: &Mat<T>, gradient: &mut [T]) {
        let before: usize = self.bias.iter().map(Vec::len).sum();
        let earlier = self.weights[..layer].iter();
        let start = before + earlier.map(|w| w.nrows() * w.ncols()).sum::<usize>();
        let (above, below) = (left.nrows(), right.nrows());
        let block = &mut gradient[start..start + above * below];
        let block = MatMut::from_column_major_slice_mut(block, above, below);
        let right = right.transpose();
        matmul(block, Accum::Add, left.as_ref(), right, -T::ONE, Par::Seq);
    }
}

impl<T: Scalar> Potential<T> for BoundLayered<T> {
    fn units(&self) -> usize {
        self.rows.last().map_or(0, |rows| rows.end)
    }

    fn parameter_count(&self) -> usize {
        let couplings = self.weights.iter().map(|w| w.nrows() * w.ncols());
        self.units() + couplings.sum::<usize>()
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        let activities = self.activities(states);
        for (chain, energy) in energies.iter_mut().enumerate() {
            let squares = column(states, chain).iter().map(|x| x.wide() * x.wide());
            *energy += 0.5 * squares.sum::<f64>();
        }
        for (layer, activity) in activities.iter().enumerate() {
            // Each coupling once: from below.
            let from = Neighbours {
                above: None,
                ..self.neighbours(layer, &activities)
            };
            let drive = self.drive(layer, &from, states.ncols());
            for (chain, energy) in energies.iter_mut().enumerate() {
                let drive = drive.col_as_slice(chain).iter();
                let terms = drive.zip(activity.col_as_slice(chain));
                *energy -= terms.map(|(a, s)| a.wide() * s.wide()).sum::<f64>();
            }
        }
    }

    fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        let layers = 0..self.layers.len();
        let (activities, slopes): (Vec<_>, Vec<_>) = layers
            .map(|layer| self.activity_and_slope(layer, states))
            .unzip();
        for (layer, slope) in slopes.iter().enumerate() {
            let drive = self.drive(layer, &self.neighbours(layer, &activities), states.ncols());
            let own = self.of_layer(layer, states);
            for chain in 0..states.ncols() {
                let slots = column_mut(forces.as_mut(), chain)[self.rows[layer].clone()].iter_mut();
                let terms = slope.col_as_slice(chain).iter();
                let terms = terms.zip(drive.col_as_slice(chain)).zip(column(own, chain));
                for (slot, ((&slope, &drive), &state)) in slots.zip(terms) {
                    *slot += slope * drive - state;
                }
            }
        }
    }

    // (H v)_l = v_l - s_l'' a_l v_l - s_l' (W_(l-1) s_(l-1)' v_(l-1) + W_l^T s_(l+1)' v_(l+1)).
    fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        let activities = self.activities(states);
        let layers = 0..self.layers.len();
        let (slopes, curvatures): (Vec<_>, Vec<_>) = layers
            .map(|layer| self.slope_and_curvature(layer, states))
            .unzip();
        let moved = self.moved(&slopes, directions);
        for layer in 0..self.layers.len() {
            let drive = self.drive(layer, &self.neighbours(layer, &activities), states.ncols());
            let mut coupled = Mat::zeros(self.layers[layer].units, states.ncols());
            self.add_coupled(layer, &self.neighbours(layer, &moved), coupled.as_mut());
            for chain in 0..states.ncols() {
                let rows = self.rows[layer].clone();
                let slots = column_mut(products.as_mut(), chain)[rows.clone()].iter_mut();
                let along = &column(directions, chain)[rows];
                for (unit, (slot, &v)) in slots.zip(along).enumerate() {
                    let at = (unit, chain);
                    *slot +=
                        v - curvatures[layer][at] * drive[at] * v - slopes[layer][at] * coupled[at];
                }
            }
        }
    }

    // dE/db_l = -s_l, dE/dW_l = -s_(l+1) s_l^T.
    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]) {
        let activities = self.activities(states);
        let weighted: Vec<_> = activities.iter().map(|s| scaled(s, weights)).collect();
        for (layer, weighted) in weighted.iter().enumerate() {
            subtract_sum(weighted, &mut gradient[self.rows[layer].clone()]);
        }
        for layer in 0..self.weights.len() {
            self.subtract_outer(layer, &weighted[layer + 1], &activities[layer], gradient);
        }
    }

    // Along e, with u_l = s_l' e_l: dE/db_l -> -u_l, dE/dW_l -> -u_(l+1) s_l^T - s_(l+1) u_l^T.
    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    ) {
        let layers = 0..self.layers.len();
        let (activities, slopes): (Vec<_>, Vec<_>) = layers
            .map(|layer| self.activity_and_slope(layer, states))
            .unzip();
        let moved = self.moved(&slopes, directions);
        let moved: Vec<_> = moved.iter().map(|u| scaled(u, weights)).collect();
        for (layer, moved) in moved.iter().enumerate() {
            subtract_sum(moved, &mut gradient[self.rows[layer].clone()]);
        }
        for layer in 0..self.weights.len() {
            self.subtract_outer(layer, &moved[layer + 1], &activities[layer], gradient);
            self.subtract_outer(layer, &activities[layer + 1], &moved[layer], gradient);
        }
    }

    // Bounded activations couple linearly at most; two linear layers couple bilinearly.
    fn add_growth(&self, growth: &mut Growth) {
        for unit in 0..self.units() {
            growth.harmonic[(unit, unit)] += 1.0;
        }
        for (layer, weights) in self.weights.iter().enumerate() {
            let linear = |layer: usize| self.layers[layer].activation == Activation::Identity;
            if !(linear(layer) && linear(layer + 1)) {
                continue;
            }
            for (j, below) in self.rows[layer].clone().enumerate() {
                for (i, above) in self.rows[layer + 1].clone().enumerate() {
                    growth.harmonic[(above, below)] -= weights[(i, j)].wide();
                    growth.harmonic[(below, above)] -= weights[(i, j)].wide();
                }
            }
        }
    }

    fn grouped(&self) -> Option<&dyn Grouped<T>> {
        Some(self)
    }
}

impl<T: Scalar> Grouped<T> for BoundLayered<T> {
    fn groups(&self) -> &[Vec<Range<usize>>] {
        &self.groups
    }

    // F_l = s_l' a_l - h_l, d2E/dh_l2 = 1 - s_l'' a_l.
    fn add_group_derivatives(
        &self,
        group: usize,
        states: MatRef<'_, T>,
        mut forces: MatMut<'_, T>,
        mut curvatures: MatMut<'_, T>,
    ) {
        for (layer, drive) in self.drives(group, states) {
            let (slope, curvature) = self.slope_and_curvature(layer, states);
            let rows = self.rows[layer].clone();
            for chain in 0..states.ncols() {
                let forces = column_mut(forces.as_mut(), chain)[rows.clone()].iter_mut();
                let curved = column_mut(curvatures.as_mut(), chain)[rows.clone()].iter_mut();
                let slopes = slope.col_as_slice(chain).iter();
                let inputs = slopes
                    .zip(curvature.col_as_slice(chain))
                    .zip(drive.col_as_slice(chain))
                    .zip(&column(states, chain)[rows.clone()]);
                for ((force, curved), (((&first, &second), &drive), &state)) in
                    forces.zip(curved).zip(inputs)
                {
                    *force += first * drive - state;
                    *curved += T::ONE - second * drive;
                }
            }
        }
    }

    // The same in one pass over the states.
    fn newton_step(&self, group: usize, held: &HeldGroup<'_, T>, mut states: MatMut<'_, T>) {
        let nothing = vec![T::ZERO; self.units()];
        let stiffness = held.drive.map_or(&nothing[..], Drive::stiffness);
        for (layer, drive) in self.drives(group, states.as_ref()) {
            let rows = self.rows[layer].clone();
            let activation = self.layers[layer].activation;
            for chain in 0..states.ncols() {
                let pulls = held.drive.map_or(&nothing[..], |drive| drive.pull(chain));
                let held = Held {
                    drives: drive.col_as_slice(chain),
                    pulls: &pulls[rows.clone()],
                    stiffness: &stiffness[rows.clone()],
                    mobile: &held.mobile[rows.clone()],
                    least_curvature: held.least_curvature,
                    walls: held.walls,
                };
                let own = &mut column_mut(states.as_mut(), chain)[rows.clone()];
                activation.newton_step(self.path, own, &held);
            }
        }
    }
}

impl<T: Scalar> BoundLayered<T> {
    /// The drive a_l of each layer of a group.
    fn drives(&self, group: usize, states: MatRef<'_, T>) -> Vec<(usize, Mat<T>)> {
        // Only layers of the other parity pass anything on to it.
        let others = (0..self.layers.len()).map(|layer| {
            let needed = layer % 2 != group;
            needed.then(|| self.activity(layer, states))
        });
        let others: Vec<Option<Mat<T>>> = others.collect();
        let passed = |layer: usize| others.get(layer)?.as_ref().map(Mat::as_ref);
        let layers = (group..self.layers.len()).step_by(2);
        let drives = layers.map(|layer| {
            let from = Neighbours {
                below: layer.checked_sub(1).and_then(passed),
                above: passed(layer + 1),
            };
            (layer, self.drive(layer, &from, states.ncols()))
        });
        drives.collect()
    }

    /// u_l = s_l' e_l of each layer: how what it passes on changes along a direction.
    fn moved(&self, slopes: &[Mat<T>], directions: MatRef<'_, T>) -> Vec<Mat<T>> {
        let layers = slopes.iter().enumerate();
        let moved = layers.map(|(layer, slope)| {
            let along = self.of_layer(layer, directions);
            Mat::from_fn(slope.nrows(), slope.ncols(), |unit, chain| {
                slope[(unit, chain)] * along[(unit, chain)]
            })
        });
        moved.collect()
    }
}

/// Each column times the weight of its chain.
fn scaled<T: Scalar>(columns: &Mat<T>, weights: &[T]) -> Mat<T> {
    Mat::from_fn(columns.nrows(), columns.ncols(), |unit, chain| {
        weights[chain] * columns[(unit, chain)]
    })
}

/// Subtracts the sum of the columns from `sums`.
fn subtract_sum<T: Scalar>(columns: &Mat<T>, sums: &mut [T]) {
    for chain in 0..columns.ncols() {
        for (sum, &value) in sums.iter_mut().zip(columns.col_as_slice(chain)) {
            *sum -= value;
        }
    }
}

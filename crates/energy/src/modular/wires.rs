//! A coupling at fixed parameters: its product with states, and its local gradients.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::blocks::WireBlocks;
use crate::Scalar;
use crate::potential::{column, column_mut};

/// The two modules of a coupling: l, of the rows of J, and m, of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// J between two modules.
pub(super) enum BoundWires<T: Scalar> {
    /// diag(s).
    OneToOne(Vec<T>),
    /// U diag(s) V^T.
    LowRank(LowRankWires<T>),
}

pub(super) struct LowRankWires<T: Scalar> {
    strength: Vec<T>,
    left: Mat<T>,
    right: Mat<T>,
    carrier: Carrier<T>,
}

/// What states are multiplied by: whichever takes fewer operations.
enum Carrier<T: Scalar> {
    /// J itself.
    Dense(Mat<T>),
    /// U diag(s), to go with V.
    Factors(Mat<T>),
}

impl<T: Scalar> BoundWires<T> {
    /// The coupling of these blocks between `left` and `right` units.
    pub(super) fn new(
        parameters: &[T],
        blocks: &WireBlocks,
        (left, right): (usize, usize),
    ) -> Self {
        let strength = &parameters[blocks.strength.clone()];
        let Some((u, v)) = &blocks.factors else {
            return Self::OneToOne(strength.to_vec());
        };
        let rank = strength.len();
        let of = |range: &std::ops::Range<usize>, units| {
            MatRef::from_column_major_slice(&parameters[range.clone()], units, rank).to_owned()
        };
        let (u, v) = (of(u, left), of(v, right));
        let scaled = Mat::from_fn(left, rank, |i, k| u[(i, k)] * strength[k]);
        let carrier = if rank * (left + right) < left * right {
            Carrier::Factors(scaled)
        } else {
            let mut dense = Mat::zeros(left, right);
            let (out, v) = (dense.as_mut(), v.transpose());
            matmul(out, Accum::Replace, scaled.as_ref(), v, T::ONE, Par::Seq);
            Carrier::Dense(dense)
        };
        Self::LowRank(LowRankWires {
            strength: strength.to_vec(),
            left: u,
            right: v,
            carrier,
        })
    }

    /// Adds `factor` times J z_m (to the left) or J^T z_l (to the right) to `out`.
    pub(super) fn add_product(
        &self,
        to: Side,
        from: MatRef<'_, T>,
        factor: T,
        mut out: MatMut<'_, T>,
    ) {
        match self {
            Self::OneToOne(strength) => {
                for chain in 0..from.ncols() {
                    let terms = strength.iter().zip(column(from, chain));
                    let slots = column_mut(out.as_mut(), chain).iter_mut();
                    for (slot, (&s, &z)) in slots.zip(terms) {
                        *slot += factor * s * z;
                    }
                }
            }
            Self::LowRank(wires) => {
                let (outer, inner) = match &wires.carrier {
                    Carrier::Dense(dense) => {
                        let dense = match to {
                            Side::Left => dense.as_ref(),
                            Side::Right => dense.transpose(),
                        };
                        return matmul(out, Accum::Add, dense, from, factor, Par::Seq);
                    }
                    Carrier::Factors(scaled) => match to {
                        Side::Left => (scaled, &wires.right),
                        Side::Right => (&wires.right, scaled),
                    },
                };
                let buses = projected(inner, from);
                matmul(
                    out,
                    Accum::Add,
                    outer.as_ref(),
                    buses.as_ref(),
                    factor,
                    Par::Seq,
                );
            }
        }
    }

    /// Adds to the gradient blocks, strength first, what `weights` make of dE/ds_k = -(u_k . x)(v_k . y),
    /// dE/du_k = -s_k (v_k . y) x and dE/dv_k = -s_k (u_k . x) y at states x and y of the two modules.
    pub(super) fn add_gradient(
        &self,
        weights: &[T],
        (x, y): (MatRef<'_, T>, MatRef<'_, T>),
        gradient: &mut [T],
    ) {
        let wires = match self {
            Self::OneToOne(_) => return subtract_partners(weights, x, y, gradient),
            Self::LowRank(wires) => wires,
        };
        let mut blocks = wires.blocks(gradient);
        let (mut p, mut r) = (projected(&wires.left, x), projected(&wires.right, y));
        subtract_partners(weights, p.as_ref(), r.as_ref(), blocks.strength);
        wires.weigh(weights, &mut p);
        wires.weigh(weights, &mut r);
        subtract_outer(x, &r, blocks.left.as_mut());
        subtract_outer(y, &p, blocks.right.as_mut());
    }

    /// The same for the derivative of dE/ds, dE/dU and dE/dV along (e, f) at (x, y).
    pub(super) fn add_directional_gradient(
        &self,
        weights: &[T],
        (x, y): (MatRef<'_, T>, MatRef<'_, T>),
        (e, f): (MatRef<'_, T>, MatRef<'_, T>),
        gradient: &mut [T],
    ) {
        let wires = match self {
            Self::OneToOne(_) => {
                subtract_partners(weights, e, y, gradient);
                return subtract_partners(weights, x, f, gradient);
            }
            Self::LowRank(wires) => wires,
        };
        let mut blocks = wires.blocks(gradient);
        let (mut p, mut r) = (projected(&wires.left, x), projected(&wires.right, y));
        let (mut along_p, mut along_r) = (projected(&wires.left, e), projected(&wires.right, f));
        subtract_partners(weights, along_p.as_ref(), r.as_ref(), blocks.strength);
        subtract_partners(weights, p.as_ref(), along_r.as_ref(), blocks.strength);
        for buses in [&mut p, &mut r, &mut along_p, &mut along_r] {
            wires.weigh(weights, buses);
        }
        subtract_outer(e, &r, blocks.left.as_mut());
        subtract_outer(x, &along_r, blocks.left.as_mut());
        subtract_outer(f, &p, blocks.right.as_mut());
        subtract_outer(y, &along_p, blocks.right.as_mut());
    }

    /// The entries of J that are not zero.
    pub(super) fn entries(&self) -> Vec<(usize, usize, T)> {
        match self {
            Self::OneToOne(strength) => {
                let entries = strength.iter().enumerate().map(|(i, &s)| (i, i, s));
                entries.filter(|entry| entry.2 != T::ZERO).collect()
            }
            Self::LowRank(wires) => {
                let product;
                let dense = match &wires.carrier {
                    Carrier::Dense(dense) => dense,
                    Carrier::Factors(scaled) => {
                        product = scaled * wires.right.transpose();
                        &product
                    }
                };
                let columns = 0..dense.ncols();
                let entries = columns.flat_map(|j| {
                    let column = dense.col_as_slice(j).iter().enumerate();
                    column.map(move |(i, &value)| (i, j, value))
                });
                entries.filter(|entry| entry.2 != T::ZERO).collect()
            }
        }
    }
}

/// The gradient of a low-rank coupling, block by block.
struct GradientBlocks<'a, T: Scalar> {
    strength: &'a mut [T],
    left: MatMut<'a, T>,
    right: MatMut<'a, T>,
}

impl<T: Scalar> LowRankWires<T> {
    fn blocks<'a>(&self, gradient: &'a mut [T]) -> GradientBlocks<'a, T> {
        let rank = self.strength.len();
        let (strength, factors) = gradient.split_at_mut(rank);
        let (left, right) = factors.split_at_mut(rank * self.left.nrows());
        GradientBlocks {
            strength,
            left: MatMut::from_column_major_slice_mut(left, self.left.nrows(), rank),
            right: MatMut::from_column_major_slice_mut(right, self.right.nrows(), rank),
        }
    }

    /// Multiplies what is on the buses of each chain by their strengths and the weight of the chain.
    fn weigh(&self, weights: &[T], buses: &mut Mat<T>) {
        for (chain, &weight) in weights.iter().enumerate() {
            let slots = buses.col_as_slice_mut(chain).iter_mut();
            for (slot, &strength) in slots.zip(&self.strength) {
                *slot *= weight * strength;
            }
        }
    }
}

/// Columns of `factor` times each state, rank x chains.
fn projected<T: Scalar>(factor: &Mat<T>, states: MatRef<'_, T>) -> Mat<T> {
    let mut buses = Mat::zeros(factor.ncols(), states.ncols());
    let (out, rows) = (buses.as_mut(), factor.transpose());
    matmul(out, Accum::Replace, rows, states, T::ONE, Par::Seq);
    buses
}

/// Subtracts the weighted sum over chains of x_i y_i from `gradient`.
fn subtract_partners<T: Scalar>(
    weights: &[T],
    x: MatRef<'_, T>,
    y: MatRef<'_, T>,
    gradient: &mut [T],
) {
    for (chain, &weight) in weights.iter().enumerate() {
        let pairs = column(x, chain).iter().zip(column(y, chain));
        for (slot, (&x, &y)) in gradient.iter_mut().zip(pairs) {
            *slot -= weight * x * y;
        }
    }
}

/// Subtracts the sum over chains of the outer products of states and buses (units x rank).
fn subtract_outer<T: Scalar>(states: MatRef<'_, T>, buses: &Mat<T>, out: MatMut<'_, T>) {
    matmul(
        out,
        Accum::Add,
        states,
        buses.transpose(),
        -T::ONE,
        Par::Seq,
    );
}

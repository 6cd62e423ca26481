//! Dense evaluation: one matrix for each kind of monomial, products over all pairs.
//!
//! With X^a the elementwise power of the state matrix, the energies
//! x^T M11 y, (x^2)^T M21 y, (x^3)^T M31 y and (x^2)^T M22 y^2 cover every monomial up to
//! fourth order: x y^2 is M21 transposed. Forces and gradients are then
//! six products `units x units x chains` at most, and no `chains x edges` matrix exists.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::monomial::Cross;
use crate::potential::{column, column_mut};
use crate::{Edges, Scalar};

/// Which matrix holds a monomial, and whether its indices are swapped.
const fn place(kind: Cross) -> (usize, bool) {
    match kind {
        Cross::X1Y1 => (M11, false),
        Cross::X2Y1 => (M21, false),
        Cross::X1Y2 => (M21, true),
        Cross::X3Y1 => (M31, false),
        Cross::X1Y3 => (M31, true),
        Cross::X2Y2 => (M22, false),
    }
}

const M11: usize = 0;
const M21: usize = 1;
const M31: usize = 2;
const M22: usize = 3;

/// The coupling matrices; M11 and M22 are stored symmetrised (M + M^T).
pub(super) struct Dense<T: Scalar> {
    matrices: [Option<Mat<T>>; 4],
}

impl<T: Scalar> Dense<T> {
    pub(super) fn new(edges: &Edges, cross: &[(Cross, Vec<T>)]) -> Self {
        let mut matrices = [const { None }; 4];
        for (kind, strengths) in cross {
            let (index, swapped) = place(*kind);
            let symmetric = index == M11 || index == M22;
            let matrix: &mut Mat<T> =
                matrices[index].get_or_insert_with(|| Mat::zeros(edges.units(), edges.units()));
            for (&(i, j), &strength) in edges.pairs().iter().zip(strengths) {
                let (row, col) = if swapped { (j, i) } else { (i, j) };
                matrix[(row, col)] += strength;
                if symmetric {
                    matrix[(col, row)] += strength;
                }
            }
        }
        Self { matrices }
    }

    pub(super) fn add_energy(&self, x: MatRef<'_, T>, energies: &mut [f64]) {
        let square = self.needs_square().then(|| map(x, |x| x * x));
        let mut accumulate = |left: MatRef<'_, T>, right: &Mat<T>, factor: f64| {
            for (chain, energy) in energies.iter_mut().enumerate() {
                let pairs = column(left, chain)
                    .iter()
                    .zip(column(right.as_ref(), chain));
                *energy += factor * pairs.map(|(l, r)| l.wide() * r.wide()).sum::<f64>();
            }
        };
        if let Some(m) = &self.matrices[M11] {
            accumulate(x, &product(m.as_ref(), x), 0.5);
        }
        if let (Some(m), Some(square)) = (&self.matrices[M21], &square) {
            accumulate(square.as_ref(), &product(m.as_ref(), x), 1.0);
        }
        if let Some(m) = &self.matrices[M31] {
            accumulate(map(x, cube).as_ref(), &product(m.as_ref(), x), 1.0);
        }
        if let (Some(m), Some(square)) = (&self.matrices[M22], &square) {
            accumulate(square.as_ref(), &product(m.as_ref(), square.as_ref()), 0.5);
        }
    }

    pub(super) fn add_force(&self, x: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        let square = self.needs_square().then(|| map(x, |x| x * x));
        if let Some(m) = &self.matrices[M11] {
            subtract(forces.as_mut(), m.as_ref(), x);
        }
        if let (Some(m), Some(square)) = (&self.matrices[M21], &square) {
            let inner = product(m.as_ref(), x);
            subtract_scaled(forces.as_mut(), x, &inner, |x| x + x);
            subtract(forces.as_mut(), m.transpose(), square.as_ref());
        }
        if let Some(m) = &self.matrices[M31] {
            let inner = product(m.as_ref(), x);
            subtract_scaled(forces.as_mut(), x, &inner, |x| T::of(3.0) * x * x);
            subtract(forces.as_mut(), m.transpose(), map(x, cube).as_ref());
        }
        if let (Some(m), Some(square)) = (&self.matrices[M22], &square) {
            let inner = product(m.as_ref(), square.as_ref());
            subtract_scaled(forces.as_mut(), x, &inner, |x| x + x);
        }
    }

    // Minus the derivative of the force along v, term by term of `add_force`.
    pub(super) fn add_curvature_product(
        &self,
        x: MatRef<'_, T>,
        v: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        let xv = join(x, v, |x, v| x * v);
        let mut add = |factor: &dyn Fn(T, T) -> T, inner: &Mat<T>| {
            for chain in 0..x.ncols() {
                let (x, v) = (column(x, chain), column(v, chain));
                let inner = column(inner.as_ref(), chain);
                for (unit, slot) in column_mut(products.as_mut(), chain).iter_mut().enumerate() {
                    *slot += factor(x[unit], v[unit]) * inner[unit];
                }
            }
        };
        let (two, three, four, six) = (T::of(2.0), T::of(3.0), T::of(4.0), T::of(6.0));
        if let Some(m) = &self.matrices[M11] {
            add(&|_, _| T::ONE, &product(m.as_ref(), v));
        }
        if let Some(m) = &self.matrices[M21] {
            add(&|_, v| two * v, &product(m.as_ref(), x));
            add(&|x, _| two * x, &product(m.as_ref(), v));
            add(&|_, _| two, &product(m.transpose(), xv.as_ref()));
        }
        if let Some(m) = &self.matrices[M31] {
            let xxv = join(x, v, |x, v| x * x * v);
            add(&|x, v| six * x * v, &product(m.as_ref(), x));
            add(&|x, _| three * x * x, &product(m.as_ref(), v));
            add(&|_, _| three, &product(m.transpose(), xxv.as_ref()));
        }
        if let Some(m) = &self.matrices[M22] {
            let square = map(x, |x| x * x);
            add(&|_, v| two * v, &product(m.as_ref(), square.as_ref()));
            add(&|x, _| four * x, &product(m.as_ref(), xv.as_ref()));
        }
    }

    /// Weighted moments sum_c w_c x_i^a x_j^b of the kinds present, or their derivatives along `e`.
    pub(super) fn moments(
        &self,
        weights: &[T],
        x: MatRef<'_, T>,
        e: Option<MatRef<'_, T>>,
    ) -> Moments<T> {
        let weighted = |source: MatRef<'_, T>, f: &dyn Fn(T) -> T| {
            let mut out = map(source, f);
            for (chain, &weight) in weights.iter().enumerate() {
                for value in column_mut(out.as_mut(), chain) {
                    *value *= weight;
                }
            }
            out
        };
        let square = map(x, |x| x * x);
        let mut matrices = [const { None }; 4];
        let Some(e) = e else {
            for (index, left) in [(M11, (|x| x) as fn(T) -> T), (M21, |x| x * x), (M31, cube)] {
                if self.matrices[index].is_some() {
                    matrices[index] = Some(product(weighted(x, &left).as_ref(), x.transpose()));
                }
            }
            if self.matrices[M22].is_some() {
                let left = weighted(x, &|x| x * x);
                matrices[M22] = Some(product(left.as_ref(), square.transpose()));
            }
            return Moments { matrices };
        };
        // d(x_i^a x_j^b) = a x_i^(a-1) e_i x_j^b + x_i^a b x_j^(b-1) e_j.
        let we = weighted(e, &|e| e);
        let with_power = |f: &dyn Fn(T) -> T| join(x, we.as_ref(), |x, we| f(x) * we);
        if self.matrices[M11].is_some() {
            let half = product(we.as_ref(), x.transpose());
            matrices[M11] = Some(&half + half.transpose());
        }
        if self.matrices[M21].is_some() {
            let mut moment = product(with_power(&|x| x + x).as_ref(), x.transpose());
            add_product(&mut moment, square.as_ref(), we.transpose());
            matrices[M21] = Some(moment);
        }
        if self.matrices[M31].is_some() {
            let mut moment = product(with_power(&|x| T::of(3.0) * x * x).as_ref(), x.transpose());
            add_product(&mut moment, map(x, cube).as_ref(), we.transpose());
            matrices[M31] = Some(moment);
        }
        if self.matrices[M22].is_some() {
            let half = product(with_power(&|x| x + x).as_ref(), square.transpose());
            matrices[M22] = Some(&half + half.transpose());
        }
        Moments { matrices }
    }

    const fn needs_square(&self) -> bool {
        self.matrices[M21].is_some() || self.matrices[M22].is_some()
    }
}

/// Moments of all pairs of units, one matrix for each kind.
pub(super) struct Moments<T: Scalar> {
    matrices: [Option<Mat<T>>; 4],
}

impl<T: Scalar> Moments<T> {
    /// The moments of one kind on the edges, in edge order.
    pub(super) fn on(&self, edges: &Edges, kind: Cross) -> Vec<T> {
        let (index, swapped) = place(kind);
        let Some(matrix) = &self.matrices[index] else {
            return Vec::new();
        };
        let read = |&(i, j): &(usize, usize)| {
            if swapped {
                matrix[(j, i)]
            } else {
                matrix[(i, j)]
            }
        };
        edges.pairs().iter().map(read).collect()
    }
}

fn cube<T: Scalar>(x: T) -> T {
    x * x * x
}

fn map<T: Scalar>(x: MatRef<'_, T>, f: impl Fn(T) -> T) -> Mat<T> {
    let mut out = Mat::zeros(x.nrows(), x.ncols());
    for chain in 0..x.ncols() {
        let slots = column_mut(out.as_mut(), chain).iter_mut();
        for (slot, &x) in slots.zip(column(x, chain)) {
            *slot = f(x);
        }
    }
    out
}

fn join<T: Scalar>(x: MatRef<'_, T>, y: MatRef<'_, T>, f: impl Fn(T, T) -> T) -> Mat<T> {
    let mut out = Mat::zeros(x.nrows(), x.ncols());
    for chain in 0..x.ncols() {
        let inputs = column(x, chain).iter().zip(column(y, chain));
        for (slot, (&x, &y)) in column_mut(out.as_mut(), chain).iter_mut().zip(inputs) {
            *slot = f(x, y);
        }
    }
    out
}

/// Always sequential: a result must not depend on the number of threads.
fn product<T: Scalar>(left: MatRef<'_, T>, right: MatRef<'_, T>) -> Mat<T> {
    let mut out = Mat::zeros(left.nrows(), right.ncols());
    matmul(out.as_mut(), Accum::Replace, left, right, T::ONE, Par::Seq);
    out
}

fn add_product<T: Scalar>(out: &mut Mat<T>, left: MatRef<'_, T>, right: MatRef<'_, T>) {
    matmul(out.as_mut(), Accum::Add, left, right, T::ONE, Par::Seq);
}

fn subtract<T: Scalar>(out: MatMut<'_, T>, left: MatRef<'_, T>, right: MatRef<'_, T>) {
    matmul(out, Accum::Add, left, right, -T::ONE, Par::Seq);
}

fn subtract_scaled<T: Scalar>(
    mut out: MatMut<'_, T>,
    x: MatRef<'_, T>,
    inner: &Mat<T>,
    factor: impl Fn(T) -> T,
) {
    for chain in 0..x.ncols() {
        let inputs = column(x, chain).iter().zip(column(inner.as_ref(), chain));
        for (slot, (&x, &inner)) in column_mut(out.as_mut(), chain).iter_mut().zip(inputs) {
            *slot -= factor(x) * inner;
        }
    }
}

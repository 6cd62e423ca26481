//! Sparse evaluation: edges grouped into runs (i, j), (i + 1, j + 1), ...
//!
//! Edges of a lattice shell, listed offset by offset, join contiguous stretches of
//! units, so that a run is three contiguous slices (strengths, first
//! units, second units) and its loop needs no index. Any edge list works; one
//! without structure has runs of length one.

use std::ops::Range;

use faer::{MatMut, MatRef};

use super::monomial::Cross;
use crate::potential::{column, column_mut};
use crate::{Edges, Scalar};

struct Run {
    edges: Range<usize>,
    first: usize,
    second: usize,
}

impl Run {
    fn first(&self) -> Range<usize> {
        self.first..self.first + self.edges.len()
    }

    fn second(&self) -> Range<usize> {
        self.second..self.second + self.edges.len()
    }
}

pub(super) struct Runs<T> {
    runs: Vec<Run>,
    edges: usize,
    cross: Vec<(Cross, Vec<T>)>,
}

impl<T: Scalar> Runs<T> {
    pub(super) fn new(edges: &Edges, cross: Vec<(Cross, Vec<T>)>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (edge, &(first, second)) in edges.pairs().iter().enumerate() {
            match runs.last_mut() {
                Some(run)
                    if run.first + run.edges.len() == first
                        && run.second + run.edges.len() == second =>
                {
                    run.edges.end += 1;
                }
                _ => runs.push(Run {
                    edges: edge..edge + 1,
                    first,
                    second,
                }),
            }
        }
        Self {
            runs,
            edges: edges.len(),
            cross,
        }
    }

    pub(super) fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        for (chain, energy) in energies.iter_mut().enumerate() {
            let states = column(states, chain);
            for (kind, strengths) in &self.cross {
                for run in &self.runs {
                    let (x, y) = (&states[run.first()], &states[run.second()]);
                    for ((m, x), y) in strengths[run.edges.clone()].iter().zip(x).zip(y) {
                        *energy += m.wide() * kind.value(x.wide(), y.wide());
                    }
                }
            }
        }
    }

    pub(super) fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        for chain in 0..states.ncols() {
            let states = column(states, chain);
            let forces = column_mut(forces.as_mut(), chain);
            for (kind, strengths) in &self.cross {
                // One arm for each kind: the match must stay outside the vectorised loop.
                match kind {
                    Cross::X1Y1 => self.push(strengths, states, forces, |_, y| y, |x, _| x),
                    Cross::X2Y1 => {
                        self.push(strengths, states, forces, |x, y| (x + x) * y, |x, _| x * x);
                    }
                    Cross::X1Y2 => {
                        self.push(strengths, states, forces, |_, y| y * y, |x, y| x * (y + y));
                    }
                    Cross::X3Y1 => {
                        let three = T::of(3.0);
                        let dx = |x: T, y: T| three * x * x * y;
                        self.push(strengths, states, forces, dx, |x, _| x * x * x);
                    }
                    Cross::X2Y2 => {
                        let (dx, dy) = (|x: T, y: T| (x + x) * y * y, |x: T, y: T| x * x * (y + y));
                        self.push(strengths, states, forces, dx, dy);
                    }
                    Cross::X1Y3 => {
                        let three = T::of(3.0);
                        let dy = |x: T, y: T| three * x * y * y;
                        self.push(strengths, states, forces, |_, y| y * y * y, dy);
                    }
                }
            }
        }
    }

    /// Forces from the derivatives of one kind. The two units of a run may overlap, hence two passes.
    #[inline(always)]
    fn push(
        &self,
        strengths: &[T],
        states: &[T],
        forces: &mut [T],
        dx: impl Fn(T, T) -> T,
        dy: impl Fn(T, T) -> T,
    ) {
        for run in &self.runs {
            let (x, y) = (&states[run.first()], &states[run.second()]);
            let strengths = &strengths[run.edges.clone()];
            let inputs = || strengths.iter().zip(x.iter().zip(y));
            for (slot, (&m, (&x, &y))) in forces[run.first()].iter_mut().zip(inputs()) {
                *slot -= m * dx(x, y);
            }
            for (slot, (&m, (&x, &y))) in forces[run.second()].iter_mut().zip(inputs()) {
                *slot -= m * dy(x, y);
            }
        }
    }

    pub(super) fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        for chain in 0..states.ncols() {
            let (states, directions) = (column(states, chain), column(directions, chain));
            let products = column_mut(products.as_mut(), chain);
            for (kind, strengths) in &self.cross {
                for run in &self.runs {
                    for (offset, &m) in strengths[run.edges.clone()].iter().enumerate() {
                        let (i, j) = (run.first + offset, run.second + offset);
                        let (xx, xy, yy) = kind.second_derivatives(states[i], states[j]);
                        products[i] += m * (xx * directions[i] + xy * directions[j]);
                        products[j] += m * (xy * directions[i] + yy * directions[j]);
                    }
                }
            }
        }
    }

    /// Weighted moments of one kind on the edges, or their derivatives along `directions`.
    pub(super) fn moments(
        &self,
        kind: Cross,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: Option<MatRef<'_, T>>,
    ) -> Vec<T> {
        let mut moments = vec![T::ZERO; self.edges];
        for (chain, &weight) in weights.iter().enumerate() {
            let states = column(states, chain);
            let directions = directions.map(|directions| column(directions, chain));
            for run in &self.runs {
                let slots = moments[run.edges.clone()].iter_mut();
                let (x, y) = (&states[run.first()], &states[run.second()]);
                let inputs = slots.zip(x.iter().zip(y));
                match directions {
                    None => {
                        for (slot, (&x, &y)) in inputs {
                            *slot += weight * kind.value(x, y);
                        }
                    }
                    Some(e) => {
                        let along = e[run.first()].iter().zip(&e[run.second()]);
                        if kind == Cross::X1Y1 {
                            for ((slot, (&x, &y)), (&ex, &ey)) in inputs.zip(along) {
                                *slot += weight * (y * ex + x * ey);
                            }
                        } else {
                            for ((slot, (&x, &y)), (&ex, &ey)) in inputs.zip(along) {
                                let (dx, dy) = kind.derivatives(x, y);
                                *slot += weight * (dx * ex + dy * ey);
                            }
                        }
                    }
                }
            }
        }
        moments
    }
}

impl Cross {
    #[inline]
    fn value<T: Scalar>(self, x: T, y: T) -> T {
        match self {
            Self::X1Y1 => x * y,
            Self::X2Y1 => x * x * y,
            Self::X1Y2 => x * y * y,
            Self::X3Y1 => x * x * x * y,
            Self::X2Y2 => x * x * y * y,
            Self::X1Y3 => x * y * y * y,
        }
    }

    /// First derivatives by x and by y.
    #[inline]
    fn derivatives<T: Scalar>(self, x: T, y: T) -> (T, T) {
        let three = T::of(3.0);
        match self {
            Self::X1Y1 => (y, x),
            Self::X2Y1 => ((x + x) * y, x * x),
            Self::X1Y2 => (y * y, x * (y + y)),
            Self::X3Y1 => (three * x * x * y, x * x * x),
            Self::X2Y2 => ((x + x) * y * y, x * x * (y + y)),
            Self::X1Y3 => (y * y * y, three * x * y * y),
        }
    }

    /// Second derivatives by xx, xy and yy.
    fn second_derivatives<T: Scalar>(self, x: T, y: T) -> (T, T, T) {
        let (two, three, four, six) = (T::of(2.0), T::of(3.0), T::of(4.0), T::of(6.0));
        match self {
            Self::X1Y1 => (T::ZERO, T::ONE, T::ZERO),
            Self::X2Y1 => (two * y, two * x, T::ZERO),
            Self::X1Y2 => (T::ZERO, two * y, two * x),
            Self::X3Y1 => (six * x * y, three * x * x, T::ZERO),
            Self::X2Y2 => (two * y * y, four * x * y, two * x * x),
            Self::X1Y3 => (T::ZERO, three * y * y, six * x * y),
        }
    }
}

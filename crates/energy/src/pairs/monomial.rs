//! Monomials x^a y^b of an edge, and those of one unit that pair terms bring along.

use faer::{MatMut, MatRef};

use crate::potential::{column, column_mut};
use crate::{ClosedForm, Scalar};

/// x^a y^b on an edge (x, y).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Monomial {
    pub(super) a: u8,
    pub(super) b: u8,
}

/// A monomial of both units, a, b >= 1 and a + b <= 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cross {
    X1Y1,
    X2Y1,
    X1Y2,
    X3Y1,
    X2Y2,
    X1Y3,
}

impl Monomial {
    /// The monomial of both units, or `None` if it involves only one.
    pub(super) const fn cross(self) -> Option<Cross> {
        match (self.a, self.b) {
            (1, 1) => Some(Cross::X1Y1),
            (2, 1) => Some(Cross::X2Y1),
            (1, 2) => Some(Cross::X1Y2),
            (3, 1) => Some(Cross::X3Y1),
            (2, 2) => Some(Cross::X2Y2),
            (1, 3) => Some(Cross::X1Y3),
            _ => None,
        }
    }

    /// The single unit it involves, and whether its power is four (else two).
    const fn site(self, (i, j): (usize, usize)) -> (usize, bool) {
        if self.b == 0 {
            (i, self.a == 4)
        } else {
            (j, self.b == 4)
        }
    }
}

impl Cross {
    /// The powers of both units.
    pub(super) const fn monomial(self) -> Monomial {
        let (a, b) = match self {
            Self::X1Y1 => (1, 1),
            Self::X2Y1 => (2, 1),
            Self::X1Y2 => (1, 2),
            Self::X3Y1 => (3, 1),
            Self::X2Y2 => (2, 2),
            Self::X1Y3 => (1, 3),
        };
        Monomial { a, b }
    }
}

/// sum_i [ square_i x_i^2 + fourth_i x_i^4 ], the one-unit part of springs.
pub(super) struct SitePart<T> {
    square: Vec<T>,
    fourth: Vec<T>,
}

impl<T: Scalar> SitePart<T> {
    pub(super) fn new(units: usize) -> Self {
        Self {
            square: vec![T::ZERO; units],
            fourth: vec![T::ZERO; units],
        }
    }

    pub(super) fn add(&mut self, monomial: Monomial, pair: (usize, usize), value: T) {
        match monomial.site(pair) {
            (unit, true) => self.fourth[unit] += value,
            (unit, false) => self.square[unit] += value,
        }
    }

    pub(super) fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        for (chain, energy) in energies.iter_mut().enumerate() {
            for (unit, x) in column(states, chain).iter().enumerate() {
                let square = x.wide() * x.wide();
                *energy += square * (self.square[unit].wide() + square * self.fourth[unit].wide());
            }
        }
    }

    pub(super) fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        let (two, four) = (T::of(2.0), T::of(4.0));
        for chain in 0..states.ncols() {
            let strengths = self.square.iter().zip(&self.fourth);
            let slots = column_mut(forces.as_mut(), chain).iter_mut();
            for ((slot, &x), (&square, &fourth)) in slots.zip(column(states, chain)).zip(strengths)
            {
                *slot -= x * (two * square + four * x * x * fourth);
            }
        }
    }

    pub(super) fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        let (two, four) = (T::of(2.0), T::of(4.0));
        for (unit, (&square, &fourth)) in self.square.iter().zip(&self.fourth).enumerate() {
            let polynomial = [T::ZERO, -two * square, T::ZERO, -four * fourth, T::ZERO];
            form.add_polynomial(unit, polynomial);
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
            for (unit, slot) in column_mut(products.as_mut(), chain).iter_mut().enumerate() {
                let x = states[unit];
                *slot += directions[unit]
                    * (T::of(2.0) * self.square[unit] + T::of(12.0) * x * x * self.fourth[unit]);
            }
        }
    }
}

/// Weighted sums over chains of x^2 and x^4 at each unit, or of their derivatives
/// 2 x e and 4 x^3 e along directions e.
pub(super) struct SiteMoments<T> {
    square: Vec<T>,
    fourth: Vec<T>,
}

impl<T: Scalar> SiteMoments<T> {
    pub(super) fn new(
        weights: &[T],
        states: MatRef<'_, T>,
        directions: Option<MatRef<'_, T>>,
    ) -> Self {
        let mut moments = Self {
            square: vec![T::ZERO; states.nrows()],
            fourth: vec![T::ZERO; states.nrows()],
        };
        for (chain, &weight) in weights.iter().enumerate() {
            let states = column(states, chain);
            let slots = moments.square.iter_mut().zip(&mut moments.fourth);
            if let Some(directions) = directions {
                let pairs = states.iter().zip(column(directions, chain));
                for ((square, fourth), (&x, &e)) in slots.zip(pairs) {
                    *square += weight * T::of(2.0) * x * e;
                    *fourth += weight * T::of(4.0) * x * x * x * e;
                }
            } else {
                for ((square, fourth), &x) in slots.zip(states) {
                    *square += weight * x * x;
                    *fourth += weight * x * x * x * x;
                }
            }
        }
        moments
    }

    pub(super) fn of(&self, monomial: Monomial, pair: (usize, usize)) -> T {
        match monomial.site(pair) {
            (unit, true) => self.fourth[unit],
            (unit, false) => self.square[unit],
        }
    }
}

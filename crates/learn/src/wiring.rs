//! Which units of a substrate carry the rows of the examples.

use std::ops::Range;

use faer::{Mat, MatRef};
use overdamped_energy::Scalar;
use serde::{Deserialize, Serialize};

use crate::LearnError;

/// The places of data and labels among the units of a substrate; all other units are hidden.
///
/// An example has the visible values first and the clamped ones (a label, for instance) after
/// them. Clamped units are to have no mobility: the rules write their states, leave them there, and
/// refuse with [`LearnError::NotHeld`] if they moved.
///
/// ```
/// use overdamped_learn::Wiring;
/// // 64 pixels, 128 + 128 hidden units, a label of ten units.
/// let wiring = Wiring { visible: 0..64, clamped: 320..330 };
/// assert_eq!(wiring.rows(), 74);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiring {
    /// Units that carry data.
    pub visible: Range<usize>,
    /// Units that are held at the example's values; empty if there are none.
    pub clamped: Range<usize>,
}

impl Wiring {
    /// Data on the first `visible` units, and nothing clamped.
    #[must_use]
    pub const fn visible(visible: usize) -> Self {
        Self {
            visible: 0..visible,
            clamped: 0..0,
        }
    }

    /// Rows of an example: visible values, then clamped ones.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.visible.len() + self.clamped.len()
    }

    /// Checks that the units exist, that none is both visible and clamped, and that examples have
    /// this many rows.
    ///
    /// # Errors
    /// [`LearnError::Shape`].
    pub fn check(&self, units: usize, rows: usize) -> Result<(), LearnError> {
        let shape = |what, expected, found| {
            Err(LearnError::Shape {
                what,
                expected,
                found,
            })
        };
        // An empty range is a place too, and must exist.
        let bounds = [&self.visible, &self.clamped].map(|range| range.start.max(range.end));
        let end = bounds[0].max(bounds[1]);
        if end > units {
            return shape("units of the substrate that carry examples", units, end);
        }
        let both =
            self.visible.start.max(self.clamped.start)..self.visible.end.min(self.clamped.end);
        if !both.is_empty() {
            return shape("units that are both visible and clamped", 0, both.len());
        }
        if self.visible.is_empty() {
            return shape("visible units", 1, 0);
        }
        if rows != self.rows() {
            return shape("rows of an example", self.rows(), rows);
        }
        Ok(())
    }

    /// Checks that exactly the visible rows of the examples are marked as data: a marked label
    /// would be noised.
    pub(crate) fn check_mask(&self, data: &[bool]) -> Result<(), LearnError> {
        let (visible, clamped) = (self.visible.len(), self.clamped.len());
        match (0..data.len()).find(|&row| data[row] != (row < visible)) {
            None => Ok(()),
            Some(row) => Err(LearnError::Mask {
                row,
                visible,
                clamped,
            }),
        }
    }

    /// States of all units (units x chains) from example rows (rows x chains), hidden units at zero.
    ///
    /// # Panics
    /// If there are fewer units or rows than the wiring has, see [`Wiring::check`].
    #[must_use]
    pub fn spread<T: Scalar>(&self, units: usize, rows: MatRef<'_, T>) -> Mat<T> {
        let mut states = Mat::zeros(units, rows.ncols());
        let visible = self.visible.len();
        states
            .as_mut()
            .subrows_mut(self.visible.start, visible)
            .copy_from(rows.subrows(0, visible));
        states
            .as_mut()
            .subrows_mut(self.clamped.start, self.clamped.len())
            .copy_from(rows.subrows(visible, self.clamped.len()));
        states
    }

    /// The visible rows of a state matrix (visible x chains).
    ///
    /// # Panics
    /// If there are fewer units than the wiring has, see [`Wiring::check`].
    #[must_use]
    pub fn seen<'a, T: Scalar>(&self, states: MatRef<'a, T>) -> MatRef<'a, T> {
        states.subrows(self.visible.start, self.visible.len())
    }
}

/// Refuses units of `held` that are not where they were put (both units x chains).
pub(crate) fn check_held<T: Scalar>(
    held: &Range<usize>,
    put: MatRef<'_, T>,
    found: MatRef<'_, T>,
) -> Result<(), LearnError> {
    /// In data units: room for the readout of a device, and far less than the way to rest.
    const READOUT: f64 = 1e-2;
    let (mut unit, mut moved) = (0, 0.0);
    for chain in 0..put.ncols() {
        for at in held.clone() {
            let way = (found[(at, chain)] - put[(at, chain)]).wide().abs();
            // What is not a number is nowhere near.
            let way = if way.is_nan() { f64::INFINITY } else { way };
            if way > moved {
                (unit, moved) = (at, way);
            }
        }
    }
    if moved > READOUT {
        return Err(LearnError::NotHeld { unit, moved });
    }
    Ok(())
}

//! Directions in state space that all units share: what hidden units and low-rank couplings have
//! in common.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use crate::{ForceLayer, Scalar};

/// Directions u_m as the columns of a units x width matrix.
pub(crate) struct Modes<T: Scalar> {
    columns: Mat<T>,
}

impl<T: Scalar> Modes<T> {
    /// `width` directions over `units` units, one after another in `values`.
    pub(crate) fn new(units: usize, width: usize, values: &[T]) -> Self {
        Self {
            columns: Mat::from_fn(units, width, |unit, m| values[m * units + unit]),
        }
    }

    pub(crate) fn units(&self) -> usize {
        self.columns.nrows()
    }

    /// Entries of direction m, unit by unit.
    pub(crate) fn column(&self, m: usize) -> &[T] {
        self.columns.col_as_slice(m)
    }

    /// u_m . x, width x chains.
    pub(crate) fn project(&self, states: MatRef<'_, T>) -> Mat<T> {
        let mut out = Mat::zeros(self.columns.ncols(), states.ncols());
        let rows = self.columns.transpose();
        matmul(out.as_mut(), Accum::Replace, rows, states, T::ONE, Par::Seq);
        out
    }

    /// Adds `factor` times sum over m of `activity`_m u_m to `out` (units x chains).
    pub(crate) fn add_expansion(&self, activity: &Mat<T>, factor: T, out: MatMut<'_, T>) {
        let columns = self.columns.as_ref();
        matmul(
            out,
            Accum::Add,
            columns,
            activity.as_ref(),
            factor,
            Par::Seq,
        );
    }

    /// Subtracts the sum over chains of left_m x_i from a gradient laid out as `values` of
    /// [`Modes::new`].
    pub(crate) fn subtract_outer(gradient: &mut [T], left: &Mat<T>, right: MatRef<'_, T>) {
        // Each direction is contiguous: a units x width column-major matrix.
        let block = MatMut::from_column_major_slice_mut(gradient, right.nrows(), left.nrows());
        matmul(
            block,
            Accum::Add,
            right,
            left.transpose(),
            -T::ONE,
            Par::Seq,
        );
    }

    /// The layer that reads and drives along these directions.
    pub(crate) fn layer(&self, bias: Vec<T>, gain: Vec<T>, saturates: bool) -> ForceLayer<T> {
        let columns = (0..self.columns.ncols()).map(|m| self.column(m));
        ForceLayer {
            weights: columns.flatten().copied().collect(),
            bias,
            gain,
            saturates,
        }
    }
}

//! One matrix of weights: how it is kept, stored under a name, and multiplied with samples.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use overdamped_energy::Scalar;
use serde::{Deserialize, Serialize};

use crate::{ConditioningError, check};

/// Samples that are worked on at once: fixed, so that the bits of a product do not depend on how many
/// samples there are in all, and few enough for what lies between two layers to stay in the cache.
pub(crate) const BLOCK: usize = 512;

/// A named block of numbers, as files of weights want them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block<'a> {
    /// Dotted name, such as `encoder.in`.
    pub name: &'static str,
    /// Rows (what comes out) and columns (what goes in).
    pub shape: [usize; 2],
    /// The values, row by row.
    pub values: &'a [f32],
}

/// Rows x columns, row by row: the order in which frameworks store a layer (outputs x inputs).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Weights {
    shape: [usize; 2],
    values: Vec<f32>,
}

impl Weights {
    pub(crate) fn new(matrix: MatRef<'_, f32>) -> Self {
        let (rows, columns) = (matrix.nrows(), matrix.ncols());
        let values =
            (0..rows).flat_map(|row| (0..columns).map(move |column| matrix[(row, column)]));
        Self {
            shape: [rows, columns],
            values: values.collect(),
        }
    }

    /// The nearest weights in single precision.
    pub(crate) fn rounded(matrix: MatRef<'_, f64>) -> Self {
        Self::new(
            Mat::from_fn(matrix.nrows(), matrix.ncols(), |row, column| {
                f32::of(matrix[(row, column)])
            })
            .as_ref(),
        )
    }

    pub(crate) fn rows(&self) -> usize {
        self.shape[0]
    }

    pub(crate) fn columns(&self) -> usize {
        self.shape[1]
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn matrix(&self) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.values, self.rows(), self.columns())
    }

    pub(crate) fn block(&self, name: &'static str) -> Block<'_> {
        Block {
            name,
            shape: self.shape,
            values: &self.values,
        }
    }

    /// Refuses what a file may hold and a matrix of weights may not.
    pub(crate) fn check(&self, block: &'static str) -> Result<(), ConditioningError> {
        let [rows, columns] = self.shape;
        let len = rows.checked_mul(columns);
        if len != Some(self.values.len()) || len == Some(0) {
            return Err(ConditioningError::Shape {
                block,
                rows,
                columns,
                values: self.values.len(),
            });
        }
        check::finite(block, self.matrix())
    }

    /// W x into `out`.
    pub(crate) fn apply(&self, x: MatRef<'_, f32>, out: MatMut<'_, f32>) {
        matmul(out, Accum::Replace, self.matrix(), x, 1.0, Par::Seq);
    }
}

/// First column and width of each block of `samples` columns.
pub(crate) fn column_blocks(samples: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..samples)
        .step_by(BLOCK)
        .map(move |first| (first, BLOCK.min(samples - first)))
}

/// A copy in double precision.
pub(crate) fn widened(matrix: MatRef<'_, f32>) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |row, column| {
        f64::from(matrix[(row, column)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::mat;

    #[test]
    fn weights_are_stored_row_by_row() {
        let weights = Weights::new(mat![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]].as_ref());
        let block = weights.block("encoder.in");
        assert_eq!(block.shape, [2, 3]);
        assert_eq!(block.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(weights.matrix()[(1, 0)], 4.0);
    }

    #[test]
    fn shapes_that_lie_are_refused() {
        for shape in [[2, 3], [0, 0], [usize::MAX, usize::MAX], [1 << 63, 2]] {
            let weights = Weights {
                shape,
                values: vec![0.0; 4],
            };
            assert!(matches!(
                weights.check("encoder.in"),
                Err(ConditioningError::Shape { values: 4, .. })
            ));
        }
        let empty = Weights {
            shape: [0, 3],
            values: vec![],
        };
        assert!(matches!(
            empty.check("encoder.in"),
            Err(ConditioningError::Shape { .. })
        ));
        let infinite = Weights {
            shape: [1, 2],
            values: vec![0.0, f32::INFINITY],
        };
        assert!(matches!(
            infinite.check("encoder.in"),
            Err(ConditioningError::NonFinite {
                row: 0,
                column: 1,
                ..
            })
        ));
    }

    #[test]
    fn blocks_cover_every_column_once() {
        for samples in [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK - 1] {
            let mut next = 0;
            for (first, width) in column_blocks(samples) {
                assert_eq!(first, next);
                assert!(width > 0 && width <= BLOCK);
                next += width;
            }
            assert_eq!(next, samples);
        }
    }
}

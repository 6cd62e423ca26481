//! Functions of a symmetric matrix, through its eigenvalues.

use faer::{Mat, MatRef, Side};

use crate::LearnError;

/// Eigenvalues, ascending, and eigenvectors of a symmetric matrix.
#[derive(Debug, Clone)]
pub(super) struct Spectrum {
    vectors: Mat<f64>,
    values: Vec<f64>,
}

impl Spectrum {
    /// Of a matrix whose lower triangle is read.
    ///
    /// # Errors
    /// [`LearnError::Indefinite`] with a NaN if the eigenvalues do not converge.
    pub(super) fn of(matrix: MatRef<'_, f64>) -> Result<Self, LearnError> {
        let eigen = matrix
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| LearnError::Indefinite { smallest: f64::NAN })?;
        let values = eigen.S().column_vector();
        Ok(Self {
            vectors: eigen.U().to_owned(),
            values: values.iter().copied().collect(),
        })
    }

    /// Smallest eigenvalue.
    pub(super) fn smallest(&self) -> f64 {
        self.values.first().copied().unwrap_or(f64::INFINITY)
    }

    /// Largest eigenvalue.
    pub(super) fn largest(&self) -> f64 {
        self.values.last().copied().unwrap_or(f64::NEG_INFINITY)
    }

    /// The function of the matrix.
    pub(super) fn map(&self, function: impl Fn(f64) -> f64) -> Mat<f64> {
        let images: Vec<f64> = self.values.iter().map(|&value| function(value)).collect();
        let scaled = Mat::from_fn(self.vectors.nrows(), images.len(), |row, column| {
            self.vectors[(row, column)] * images[column]
        });
        scaled * self.vectors.transpose()
    }
}

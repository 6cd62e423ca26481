//! Sequential dense linear algebra: the few faer calls of this module, all with `Par::Seq`.
//!
//! The short operators of faer follow a process-wide parallelism setting; results here must not
//! depend on a thread count, so every call names `Par::Seq` itself.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::{cholesky::llt, evd, matmul, triangular_inverse};
use faer::{Accum, Mat, MatRef, Par};

use super::{OrnsteinUhlenbeckError, Result};

/// Matrix product `left * right`.
pub(super) fn product(left: MatRef<'_, f64>, right: MatRef<'_, f64>) -> Mat<f64> {
    let mut result = Mat::zeros(left.nrows(), right.ncols());
    matmul::matmul(result.as_mut(), Accum::Replace, left, right, 1.0, Par::Seq);
    result
}

/// Largest modulus of an entry; NaN if any entry is NaN.
pub(super) fn largest_entry(matrix: MatRef<'_, f64>) -> f64 {
    entries(matrix)
        .map(|(_, _, value)| value.abs())
        .fold(0.0, |largest, value| {
            if value > largest || value.is_nan() {
                value
            } else {
                largest
            }
        })
}

/// Norm induced by the sum norm: the largest column sum of moduli.
pub(super) fn column_norm(matrix: MatRef<'_, f64>) -> f64 {
    matrix
        .col_iter()
        .map(|column| column.iter().map(|value| value.abs()).sum::<f64>())
        .fold(0.0, f64::max)
}

/// All entries, column by column, as `(row, column, value)`.
pub(super) fn entries(matrix: MatRef<'_, f64>) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
    (0..matrix.ncols()).flat_map(move |j| (0..matrix.nrows()).map(move |i| (i, j, matrix[(i, j)])))
}

/// Eigenvalues (ascending) and orthonormal eigenvectors (columns) of a symmetric matrix.
pub(super) fn symmetric_eigen(
    quantity: &'static str,
    matrix: MatRef<'_, f64>,
) -> Result<(Vec<f64>, Mat<f64>)> {
    let n = matrix.nrows();
    let mut values = Diag::<f64>::zeros(n);
    let mut vectors = Mat::zeros(n, n);
    let scratch = evd::self_adjoint_evd_scratch::<f64>(
        n,
        evd::ComputeEigenvectors::Yes,
        Par::Seq,
        Default::default(),
    );
    evd::self_adjoint_evd(
        matrix,
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .map_err(|_| OrnsteinUhlenbeckError::Eigenvalues { quantity })?;
    Ok((values.column_vector().iter().copied().collect(), vectors))
}

/// Eigenvalues of a general real matrix as `(real part, imaginary part)`.
pub(super) fn eigenvalues(
    quantity: &'static str,
    matrix: MatRef<'_, f64>,
) -> Result<Vec<(f64, f64)>> {
    let n = matrix.nrows();
    let (mut real, mut imaginary) = (Diag::<f64>::zeros(n), Diag::<f64>::zeros(n));
    let no = evd::ComputeEigenvectors::No;
    let scratch = evd::evd_scratch::<f64>(n, no, no, Par::Seq, Default::default());
    evd::evd_real(
        matrix,
        real.as_mut(),
        imaginary.as_mut(),
        None,
        None,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .map_err(|_| OrnsteinUhlenbeckError::Eigenvalues { quantity })?;
    let imaginary = imaginary.column_vector().iter();
    Ok(real
        .column_vector()
        .iter()
        .copied()
        .zip(imaginary.copied())
        .collect())
}

/// Splits a covariance into standard deviations `s` and correlations `C`, `Q_ij = s_i C_ij s_j`.
///
/// A unit without variance gets `s = 0` and a zero row and column in `C`.
pub(super) fn correlation(covariance: MatRef<'_, f64>) -> (Vec<f64>, Mat<f64>) {
    let n = covariance.nrows();
    let scales: Vec<f64> = (0..n).map(|i| covariance[(i, i)].max(0.0).sqrt()).collect();
    let correlations = Mat::from_fn(n, n, |i, j| {
        if i == j && scales[i] > 0.0 {
            1.0
        } else if scales[i] > 0.0 && scales[j] > 0.0 {
            // One division after the other: the product of two small scales may underflow.
            covariance[(i, j)] / scales[i] / scales[j]
        } else {
            0.0
        }
    });
    (scales, correlations)
}

/// Lower Cholesky factor, or `None` if the matrix is not positive definite.
pub(super) fn lower_cholesky(mut matrix: Mat<f64>) -> Option<Mat<f64>> {
    let n = matrix.nrows();
    let scratch = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
    llt::factor::cholesky_in_place(
        matrix.as_mut(),
        Default::default(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .ok()?;
    Some(matrix)
}

/// Inverse of the lower triangle of `factor`; the upper triangle of the result is zero.
pub(super) fn invert_lower(factor: MatRef<'_, f64>) -> Mat<f64> {
    let mut inverse = Mat::zeros(factor.nrows(), factor.ncols());
    triangular_inverse::invert_lower_triangular(inverse.as_mut(), factor, Par::Seq);
    inverse
}

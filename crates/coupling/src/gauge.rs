//! Gauge: of the many pairs of factors that make the same map, its singular value decomposition.
//!
//! M = U diag(s) V^T with U and V orthonormal, s >= 0 descending, and the entry of largest magnitude in each column
//! of U positive: the convention of [`Modular::canonical`](overdamped_energy::Modular::canonical). Whatever back
//! end, basis or order of units made the factors, the result is the same up to rounding, unless two strengths are
//! equal or some are zero, where the directions remain free.

use faer::{Mat, MatRef};

use crate::CouplingError;

/// U, s and V.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Canonical {
    pub(crate) left: Mat<f64>,
    pub(crate) strength: Vec<f64>,
    pub(crate) right: Mat<f64>,
}

/// The canonical form of `left` `right`^T (units x rank each, the rank at most that of either number of units):
/// QR of both, and the singular values of the small matrix between the two Q.
pub(crate) fn canonical(
    left: MatRef<'_, f64>,
    right: MatRef<'_, f64>,
) -> Result<Canonical, CouplingError> {
    let (left, right) = (left.qr(), right.qr());
    let core = upper(left.thin_R()) * upper(right.thin_R()).transpose();
    let svd = core.thin_svd().map_err(|_| UNCONVERGED)?;
    let mut made = Canonical {
        left: left.compute_thin_Q() * svd.U(),
        strength: svd.S().column_vector().iter().copied().collect(),
        right: right.compute_thin_Q() * svd.V(),
    };
    if made.strength.iter().any(|s| !s.is_finite()) {
        return Err(UNCONVERGED);
    }
    for k in 0..made.strength.len() {
        if largest(made.left.col_as_slice(k)) < 0.0 {
            negate(&mut made.left, k);
            negate(&mut made.right, k);
        }
    }
    Ok(made)
}

const UNCONVERGED: CouplingError = CouplingError::Unconverged {
    what: "the singular values of a map",
};

/// The entry of largest magnitude, the first of them.
pub(crate) fn largest(values: &[f64]) -> f64 {
    let most = |most: f64, &value: &f64| {
        if value.abs() > most.abs() {
            value
        } else {
            most
        }
    };
    values.iter().fold(0.0, most)
}

/// Changes the sign of a column.
pub(crate) fn negate(matrix: &mut Mat<f64>, column: usize) {
    for entry in matrix.col_as_slice_mut(column) {
        *entry = -*entry;
    }
}

/// R without what stands below its diagonal, where nothing is meant.
fn upper(triangle: MatRef<'_, f64>) -> Mat<f64> {
    Mat::from_fn(triangle.nrows(), triangle.ncols(), |i, k| {
        if i <= k { triangle[(i, k)] } else { 0.0 }
    })
}

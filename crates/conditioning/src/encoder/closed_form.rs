//! The two closed forms of the encoder, from second moments in double precision.
//!
//! With the eigenvectors Q and eigenvalues w of X X^T / n, G = Q (w + lambda) Q^T, and C = (w +
//! lambda)^-1/2 Q^T X Y^T / n is G^1/2 B in the basis Q. The eigenvectors of B^T G B = C^T C are the
//! right singular vectors of C, so that one decomposition of C gives what C^T C would give with half
//! the digits.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};

use super::EncoderSettings;
use crate::ConditioningError;
use crate::moments::cross;

/// Eigenvalues below this share of the largest count as zero. Their directions are a millionth as long
/// as the longest: what single precision can still tell from rounding.
const NOTHING: f64 = 1e-12;

/// I (r x D) and O (D' x r) of the best map of rank r.
pub(super) fn reduced_rank(
    x: MatRef<'_, f32>,
    targets: MatRef<'_, f32>,
    settings: &EncoderSettings,
) -> Result<(Mat<f64>, Mat<f64>), ConditioningError> {
    let features = x.nrows();
    let modes = modes(x)?;
    let needed = if settings.ridge > 0.0 {
        settings.rank
    } else {
        features
    };
    modes.check_rank(x, needed)?;
    let lambda = settings.ridge * modes.values.iter().sum::<f64>() / features as f64;
    let scale: Vec<_> = modes
        .values
        .iter()
        .map(|w| (w + lambda).sqrt().recip())
        .collect();

    let crossed = cross(x, targets);
    let mut core = product(modes.vectors.transpose(), crossed.as_ref());
    scale_rows(&mut core, &scale);
    let svd = core
        .thin_svd()
        .map_err(|_| ConditioningError::Unconverged {
            what: "the singular value decomposition of the encoder",
        })?;
    let output = gauged(svd.V().subcols(0, settings.rank));

    // I = O^T B^T with B = Q (w + lambda)^-1/2 C.
    scale_rows(&mut core, &scale);
    let regression = product(modes.vectors.as_ref(), core.as_ref());
    let input = product(output.transpose(), regression.transpose());
    Ok((input, output))
}

/// The first `rank` principal components about the origin, D x r.
pub(super) fn principal(x: MatRef<'_, f32>, rank: usize) -> Result<Mat<f64>, ConditioningError> {
    let modes = modes(x)?;
    modes.check_rank(x, rank)?;
    let last = x.nrows() - 1;
    // Eigenvalues come in rising order.
    let falling = Mat::from_fn(x.nrows(), rank, |row, mode| {
        modes.vectors[(row, last - mode)]
    });
    Ok(gauged(falling.as_ref()))
}

/// Eigenvectors and eigenvalues (at least 0, rising) of X X^T / n.
struct Modes {
    vectors: Mat<f64>,
    values: Vec<f64>,
}

impl Modes {
    fn check_rank(&self, x: MatRef<'_, f32>, needed: usize) -> Result<(), ConditioningError> {
        let least = NOTHING * self.values.last().copied().unwrap_or(0.0);
        let rank = self.values.iter().filter(|&&value| value > least).count();
        if rank >= needed {
            return Ok(());
        }
        let constant = (0..x.nrows()).find(|&feature| {
            let row = x.row(feature);
            row.iter().all(|&value| value == row[0])
        });
        Err(ConditioningError::RankDeficient {
            rank,
            needed,
            features: x.nrows(),
            constant,
        })
    }
}

fn modes(x: MatRef<'_, f32>) -> Result<Modes, ConditioningError> {
    let moments = cross(x, x);
    let eigen =
        moments
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| ConditioningError::Unconverged {
                what: "the eigendecomposition of the inputs' second moments",
            })?;
    Ok(Modes {
        vectors: eigen.U().to_owned(),
        values: eigen
            .S()
            .column_vector()
            .iter()
            .map(|w| w.max(0.0))
            .collect(),
    })
}

/// The columns with the sign that makes the largest entry of each positive, the first of equals.
fn gauged(columns: MatRef<'_, f64>) -> Mat<f64> {
    let mut columns = columns.to_owned();
    for k in 0..columns.ncols() {
        let column = columns.col_as_slice_mut(k);
        let larger = |most: f64, &u: &f64| if u.abs() > most.abs() { u } else { most };
        if column.iter().fold(0.0, larger) < 0.0 {
            column.iter_mut().for_each(|u| *u = -*u);
        }
    }
    columns
}

fn scale_rows(matrix: &mut Mat<f64>, factors: &[f64]) {
    for k in 0..matrix.ncols() {
        for (value, factor) in matrix.col_as_slice_mut(k).iter_mut().zip(factors) {
            *value *= factor;
        }
    }
}

fn product(left: MatRef<'_, f64>, right: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(left.nrows(), right.ncols());
    matmul(&mut out, Accum::Replace, left, right, 1.0, Par::Seq);
    out
}

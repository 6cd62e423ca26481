//! Checks of drift, diffusion and mean, done once at construction.

use faer::{Mat, MatRef};

use super::dense::{column_norm, eigenvalues, entries, largest_entry, symmetric_eigen};
use super::{OrnsteinUhlenbeckError, Result};

/// Rounding level of a quantity of size `scale` computed from sums over `units` terms. The factor
/// leaves room for a diffusion that the caller formed as a product `B B^T`.
fn rounding(units: usize, scale: f64) -> f64 {
    4.0 * units as f64 * f64::EPSILON * scale
}

/// Refuses anything but units x units, units x units and units, with at least one unit.
pub(super) fn shapes(
    drift: MatRef<'_, f64>,
    diffusion: MatRef<'_, f64>,
    mean: &[f64],
) -> Result<()> {
    let units = drift.nrows().max(1);
    let arguments = [
        ("drift", drift.shape(), (units, units)),
        ("diffusion", diffusion.shape(), (units, units)),
        ("mean", (mean.len(), 1), (units, 1)),
    ];
    for (quantity, (rows, columns), (expected_rows, expected_columns)) in arguments {
        if (rows, columns) != (expected_rows, expected_columns) {
            return Err(OrnsteinUhlenbeckError::Shape {
                quantity,
                rows,
                columns,
                expected_rows,
                expected_columns,
            });
        }
    }
    Ok(())
}

/// Refuses infinities and NaN, and a drift whose norm overflows.
pub(super) fn finite(
    drift: MatRef<'_, f64>,
    diffusion: MatRef<'_, f64>,
    mean: &[f64],
) -> Result<()> {
    all_finite("drift", entries(drift))?;
    all_finite("diffusion", entries(diffusion))?;
    all_finite(
        "mean",
        mean.iter()
            .enumerate()
            .map(|(unit, &value)| (unit, 0, value)),
    )?;
    if !(column_norm(drift) + column_norm(drift.transpose())).is_finite() {
        return Err(OrnsteinUhlenbeckError::Overflow {
            quantity: "norm of the drift",
        });
    }
    Ok(())
}

/// Reports the first non-finite one among `(row, column, value)` entries.
pub(super) fn all_finite(
    quantity: &'static str,
    mut entries: impl Iterator<Item = (usize, usize, f64)>,
) -> Result<()> {
    match entries.find(|(_, _, value)| !value.is_finite()) {
        Some((row, column, value)) => Err(OrnsteinUhlenbeckError::NonFinite {
            quantity,
            row,
            column,
            value,
        }),
        None => Ok(()),
    }
}

/// Removes a rounding-level asymmetry and refuses a larger one.
pub(super) fn symmetrised(diffusion: Mat<f64>) -> Result<Mat<f64>> {
    let units = diffusion.nrows();
    let tolerance = rounding(units, largest_entry(diffusion.as_ref()));
    let difference = |(i, j): (usize, usize)| (diffusion[(i, j)] - diffusion[(j, i)]).abs();
    let worst = (0..units)
        .flat_map(|i| (i + 1..units).map(move |j| (i, j)))
        .max_by(|&a, &b| difference(a).total_cmp(&difference(b)));
    if let Some((row, column)) = worst
        && difference((row, column)) > tolerance
    {
        return Err(OrnsteinUhlenbeckError::AsymmetricDiffusion {
            row,
            column,
            value: diffusion[(row, column)],
            mirrored: diffusion[(column, row)],
            tolerance,
        });
    }
    Ok(Mat::from_fn(units, units, |i, j| {
        diffusion[(i, j)].midpoint(diffusion[(j, i)])
    }))
}

/// Refuses a diffusion with an eigenvalue below zero by more than rounding.
pub(super) fn positive_semidefinite(diffusion: MatRef<'_, f64>) -> Result<()> {
    let (values, _) = symmetric_eigen("diffusion", diffusion)?;
    let eigenvalue = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().map(f64::abs).fold(0.0, f64::max);
    let bound = -rounding(diffusion.nrows(), largest);
    if eigenvalue >= bound {
        Ok(())
    } else {
        Err(OrnsteinUhlenbeckError::IndefiniteDiffusion { eigenvalue, bound })
    }
}

/// Refuses a drift with an eigenvalue whose real part is not above rounding level: `f64` could not
/// tell such a mode from one that never relaxes.
pub(super) fn stable(drift: MatRef<'_, f64>) -> Result<()> {
    let values = eigenvalues("drift", drift)?;
    let (real, imaginary) = values
        .into_iter()
        .fold((f64::INFINITY, 0.0), |slowest, value| {
            if value.0 < slowest.0 || value.0.is_nan() {
                value
            } else {
                slowest
            }
        });
    let bound = drift.nrows() as f64 * f64::EPSILON * column_norm(drift);
    if real > bound {
        Ok(())
    } else {
        Err(OrnsteinUhlenbeckError::UnstableDrift {
            real,
            imaginary: imaginary.abs(),
            bound,
        })
    }
}

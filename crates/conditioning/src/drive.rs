//! Drives on the substrate: the one that holds given states at rest, and the form in which it is
//! applied.
//!
//! A substrate of stiffness K under the drive b has the energy z^T K z / 2 - b^T z and rests at K^-1 b.
//! So b = K z brings it to z: the *oracle* of conditioning, and what encoder and transfer learn to
//! give.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use overdamped_energy::{Drive, Scalar};

use crate::weights::{column_blocks, widened};
use crate::{ConditioningError, check};

/// The drive b = K z under which a substrate of this `stiffness` (K, units x units, symmetric) rests at
/// `states` (units x samples). Units x samples.
///
/// K is that of the module by itself. Where another module, clamped at x, acts on it through -x^T J z,
/// that brings J^T x of the drive, and b - J^T x is left to give.
///
/// ```
/// let stiffness = faer::mat![[2.0, -1.0], [-1.0, 2.0]];
/// let states = faer::mat![[1.0_f32], [3.0]];
/// let drive = overdamped_conditioning::holding_drive(stiffness.as_ref(), states.as_ref())?;
/// assert_eq!((drive[(0, 0)], drive[(1, 0)]), (-1.0, 5.0));
/// # Ok::<(), overdamped_conditioning::ConditioningError>(())
/// ```
///
/// # Errors
/// [`ConditioningError::Units`] unless K is square and fits the states,
/// [`ConditioningError::NonFinite`], [`ConditioningError::Empty`].
pub fn holding_drive(
    stiffness: MatRef<'_, f64>,
    states: MatRef<'_, f32>,
) -> Result<Mat<f32>, ConditioningError> {
    check::samples("the states to be held", states)?;
    check::samples("the stiffness", stiffness)?;
    check::units(
        "the columns of the stiffness",
        stiffness.nrows(),
        stiffness.ncols(),
    )?;
    check::units("the states to be held", stiffness.nrows(), states.nrows())?;
    let mut drive = Mat::zeros(states.nrows(), states.ncols());
    for (first, width) in column_blocks(states.ncols()) {
        let block = widened(states.subcols(first, width));
        let mut held = Mat::<f64>::zeros(states.nrows(), width);
        matmul(&mut held, Accum::Replace, stiffness, &block, 1.0, Par::Seq);
        for column in 0..width {
            let slots = drive.col_as_slice_mut(first + column).iter_mut();
            for (slot, &value) in slots.zip(held.col_as_slice(column)) {
                *slot = f32::of(value);
            }
        }
    }
    Ok(drive)
}

/// The drive `b` (one row for each of its units, one column for each chain) as energy
/// E(z) = -sum_i b_i z_i on a substrate of `units` units, of which it acts on those from `first` on.
///
/// ```
/// use overdamped_conditioning::on_units;
/// use overdamped_energy::Potential;
///
/// let drive = on_units(faer::mat![[0.5_f32], [-2.0]].as_ref(), 3, 1)?;
/// assert_eq!(drive.pull(0), [0.0, 0.5, -2.0]);
/// let states = faer::mat![[9.0_f32], [2.0], [1.0]];
/// let mut energy = [0.0];
/// drive.add_energy(states.as_ref(), &mut energy);
/// assert_eq!(energy, [1.0]);
/// # Ok::<(), overdamped_conditioning::ConditioningError>(())
/// ```
///
/// # Errors
/// [`ConditioningError::Units`] if the substrate has no such units, [`ConditioningError::Empty`],
/// [`ConditioningError::NonFinite`].
pub fn on_units<T: Scalar>(
    b: MatRef<'_, T>,
    units: usize,
    first: usize,
) -> Result<Drive<T>, ConditioningError> {
    check::samples("the drive", b)?;
    let room = units.saturating_sub(first);
    if b.nrows() > room {
        return Err(ConditioningError::Units {
            what: "the drive, from the first unit that it acts on",
            expected: room,
            found: b.nrows(),
        });
    }
    let mut gradient = Mat::zeros(units, b.ncols());
    for chain in 0..b.ncols() {
        let slots = &mut gradient.col_as_slice_mut(chain)[first..];
        for (slot, &value) in slots.iter_mut().zip(b.col(chain).iter()) {
            *slot = -value;
        }
    }
    Ok(Drive::linear_nudge(T::ONE, gradient.as_ref())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::mat;

    #[test]
    fn a_drive_beyond_the_substrate_is_refused() {
        let b = mat![[1.0_f64], [2.0]];
        assert!(on_units(b.as_ref(), 4, 2).is_ok());
        for (units, first) in [(4, 3), (1, 0), (4, usize::MAX)] {
            assert!(matches!(
                on_units(b.as_ref(), units, first),
                Err(ConditioningError::Units { found: 2, .. })
            ));
        }
    }

    #[test]
    fn a_stiffness_of_another_shape_is_refused() {
        let states = mat![[1.0_f32], [2.0]];
        for stiffness in [
            Mat::<f64>::identity(3, 3),
            Mat::identity(2, 3),
            Mat::identity(3, 2),
        ] {
            assert!(matches!(
                holding_drive(stiffness.as_ref(), states.as_ref()),
                Err(ConditioningError::Units { .. })
            ));
        }
    }
}

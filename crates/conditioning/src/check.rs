//! What is asked of every matrix that comes in, before anything is computed from it.

use faer::MatRef;
use overdamped_energy::Scalar;

use crate::ConditioningError;

/// Refuses a matrix without entries, or with some that are not finite.
pub(crate) fn samples<T: Scalar>(
    what: &'static str,
    matrix: MatRef<'_, T>,
) -> Result<(), ConditioningError> {
    if matrix.nrows() == 0 || matrix.ncols() == 0 {
        return Err(ConditioningError::Empty {
            what,
            units: matrix.nrows(),
            samples: matrix.ncols(),
        });
    }
    finite(what, matrix)
}

/// Refuses entries that are not finite: says how many, and which is the first.
pub(crate) fn finite<T: Scalar>(
    what: &'static str,
    matrix: MatRef<'_, T>,
) -> Result<(), ConditioningError> {
    let (mut count, mut first) = (0, None);
    for column in 0..matrix.ncols() {
        for (row, value) in matrix.col(column).iter().enumerate() {
            if !value.finite() {
                count += 1;
                first.get_or_insert((row, column, value.wide()));
            }
        }
    }
    match first {
        None => Ok(()),
        Some((row, column, value)) => Err(ConditioningError::NonFinite {
            what,
            count,
            row,
            column,
            value,
        }),
    }
}

/// Refuses a matrix of another number of units.
pub(crate) fn units(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), ConditioningError> {
    if expected == found {
        return Ok(());
    }
    Err(ConditioningError::Units {
        what,
        expected,
        found,
    })
}

/// Refuses a matrix that has not one column for each of the `expected` inputs.
pub(crate) fn paired(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), ConditioningError> {
    if expected == found {
        return Ok(());
    }
    Err(ConditioningError::Unpaired {
        what,
        expected,
        found,
    })
}

/// Refuses a setting that is not `fine`.
pub(crate) fn setting(
    setting: &'static str,
    value: f64,
    fine: bool,
    bound: &'static str,
) -> Result<(), ConditioningError> {
    if fine {
        return Ok(());
    }
    Err(ConditioningError::Setting {
        setting,
        value,
        bound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::mat;

    #[test]
    fn values_that_are_not_finite_are_counted_and_the_first_is_named() {
        let matrix = mat![[0.0_f32, 1.0, f32::NAN], [2.0, f32::INFINITY, 3.0]];
        assert_eq!(
            samples("the inputs", matrix.as_ref())
                .unwrap_err()
                .to_string(),
            "the inputs: 2 of the values are not finite, the first (inf) in row 1, column 1; drop these \
             samples or repair them"
        );
        assert!(samples("the inputs", matrix.as_ref().subcols(0, 1)).is_ok());
    }

    #[test]
    fn empty_unpaired_and_misshapen_matrices_are_told_apart() {
        let empty = samples("the inputs", MatRef::<f32>::from_row_major_slice(&[], 3, 0));
        assert!(matches!(
            empty,
            Err(ConditioningError::Empty {
                units: 3,
                samples: 0,
                ..
            })
        ));
        assert!(matches!(
            paired("the drives", 4, 5),
            Err(ConditioningError::Unpaired {
                expected: 4,
                found: 5,
                ..
            })
        ));
        assert!(matches!(
            units("the inputs", 4, 5),
            Err(ConditioningError::Units {
                expected: 4,
                found: 5,
                ..
            })
        ));
    }
}

//! Energy distance between two point sets.
//!
//! `D = 2 E|X - Y| - E|X - X'| - E|Y - Y'|` is zero only for equal distributions (Székely and Rizzo 2013), sees
//! every moment and has no parameter. The expectations over one set run over distinct pairs (the U-statistic):
//! the estimate has no bias and is therefore slightly negative about half of the time when the distributions
//! agree.

use faer::MatRef;

use super::distances::map_distances;
use super::error::{JudgingError, check_count, check_set, check_units};

const METRIC: &str = "the energy distance";

/// Unbiased energy distance of `a` and `b` (units x samples), in data units.
///
/// # Errors
/// Fewer than two samples on either side, different units, or a non-finite value.
pub fn energy_distance(a: MatRef<'_, f32>, b: MatRef<'_, f32>) -> Result<f64, JudgingError> {
    check_set("first", a)?;
    check_units("second", b, a.nrows())?;
    Ok(2.0 * mean_between(a, b) - mean_within(a)? - mean_within(b)?)
}

/// Mean distance between distinct points of one checked set.
pub(super) fn mean_within(points: MatRef<'_, f32>) -> Result<f64, JudgingError> {
    check_count("one", METRIC, points, 2)?;
    let sums = map_distances(points, points, |centre, distances| {
        // Skip the pair of a point with itself by index: its rounded distance need not be zero.
        distances[..centre].iter().sum::<f64>() + distances[centre + 1..].iter().sum::<f64>()
    });
    let samples = points.ncols() as f64;
    Ok(sums.iter().sum::<f64>() / (samples * (samples - 1.0)))
}

/// Mean distance between the points of two checked sets of equal units.
pub(super) fn mean_between(a: MatRef<'_, f32>, b: MatRef<'_, f32>) -> f64 {
    let sums = map_distances(a, b, |_, distances| distances.iter().sum::<f64>());
    sums.iter().sum::<f64>() / (a.ncols() as f64 * b.ncols() as f64)
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::*;

    /// Deltas at 0 and (3, 4): D = 2 * 5. Catches a missing factor of two and squared distances.
    #[test]
    fn two_deltas() {
        let origin = Mat::zeros(2, 4);
        let other = Mat::from_fn(2, 7, |unit, _| if unit == 0 { 3.0 } else { 4.0 });
        let found = energy_distance(origin.as_ref(), other.as_ref()).unwrap();
        assert!((found - 10.0).abs() < 1e-6, "{found}");
    }

    /// {0, 1} against itself: 2 * 1/2 - 1 - 1 = -1 with distinct pairs, 0 with a point paired with itself.
    #[test]
    fn the_estimate_runs_over_distinct_pairs() {
        let pair = Mat::from_fn(1, 2, |_, sample| sample as f32);
        let found = energy_distance(pair.as_ref(), pair.as_ref()).unwrap();
        assert!((found + 1.0).abs() < 1e-6, "{found}");
    }

    #[test]
    fn one_sample_is_too_few() {
        let pair = Mat::from_fn(1, 2, |_, sample| sample as f32);
        assert!(matches!(
            energy_distance(pair.as_ref(), pair.as_ref().subcols(0, 1)),
            Err(JudgingError::TooFewSamples {
                found: 1,
                needed: 2,
                ..
            })
        ));
    }
}

//! Quantiles: a residual's median and 99 % say more than its mean.

use super::{StatisticsError, check_series};

/// Quantiles of a sample at several probabilities in [0, 1], after one sort.
///
/// Between order statistics they are interpolated linearly, the k-th of n (from 0) standing at
/// `k / (n - 1)`: definition 7 of Hyndman and Fan (1996), the default of NumPy and R. The result has
/// the order of `probabilities` and the unit of the samples.
///
/// # Errors
///
/// No sample, a non-finite sample, or a probability outside [0, 1].
pub fn quantiles(samples: &[f64], probabilities: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    check_series(samples, 1)?;
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    probabilities
        .iter()
        .map(|&probability| {
            if (0.0..=1.0).contains(&probability) {
                Ok(interpolated(&sorted, probability))
            } else {
                Err(StatisticsError::InvalidProbability { probability })
            }
        })
        .collect()
}

/// Median of a sample: the middle one, or the mean of the two middle ones.
///
/// # Errors
///
/// No sample or a non-finite sample.
pub fn median(samples: &[f64]) -> Result<f64, StatisticsError> {
    check_series(samples, 1)?;
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(interpolated(&sorted, 0.5))
}

/// Quantile of a non-empty sorted sample at a probability in [0, 1].
fn interpolated(sorted: &[f64], probability: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = probability * last as f64;
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let share = position - below as f64;
    sorted[below] + share * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_between_samples_are_interpolated() -> Result<(), StatisticsError> {
        let samples = [40.0, 10.0, 30.0, 20.0];
        let found = quantiles(&samples, &[0.0, 1.0, 0.5, 0.99, 0.25])?;
        let expected = [10.0, 40.0, 25.0, 39.7, 17.5];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert_eq!(median(&samples)?, 25.0);
        assert_eq!(median(&[3.0, -1.0, 7.0])?, 3.0);
        assert_eq!(quantiles(&[2.5], &[0.0, 0.3, 1.0])?, [2.5; 3]);
        Ok(())
    }

    #[test]
    fn unusable_arguments_are_named() {
        assert!(matches!(
            median(&[]),
            Err(StatisticsError::TooShort { length: 0, .. })
        ));
        assert!(matches!(
            quantiles(&[1.0, f64::NAN], &[0.5]),
            Err(StatisticsError::NonFinite { index: 1, .. })
        ));
        for probability in [-0.1, 1.1, f64::NAN] {
            assert!(matches!(
                quantiles(&[1.0], &[probability]),
                Err(StatisticsError::InvalidProbability { .. })
            ));
        }
    }

    proptest! {
        #[test]
        fn a_quantile_splits_the_sample(
            samples in prop::collection::vec(-1e3..1e3f64, 1..60),
            probability in 0.0..=1.0f64,
        ) {
            let quantile = quantiles(&samples, &[probability])?[0];
            let below = samples.iter().filter(|&&x| x < quantile - 1e-9).count() as f64;
            let above = samples.iter().filter(|&&x| x > quantile + 1e-9).count() as f64;
            let gaps = (samples.len() - 1) as f64;
            // Between the k-th and the next sample, k of n - 1 gaps lie below.
            prop_assert!(below <= probability * gaps + 1.0 + 1e-9);
            prop_assert!(above <= (1.0 - probability) * gaps + 1.0 + 1e-9);
        }
    }
}

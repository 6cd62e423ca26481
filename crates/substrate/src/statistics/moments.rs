//! Mean and variance in one pass, and the error of a mean of correlated samples.

use overdamped_kernel::Compensated;

use super::StatisticsError;
use super::autocorrelation::{AutocorrelationTime, autocorrelation_time};

/// Running mean and variance by Welford's recurrence: one pass, no cancellation of large squares, and compensated
/// sums, so that after 1e8 samples with a large mean a sample still counts.
///
/// Collects from an iterator of `f64`. A non-finite sample makes the moments non-finite; it is not
/// skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunningMoments {
    count: u64,
    mean: Compensated,
    /// Sum of squared deviations from the current mean.
    squares: Compensated,
}

impl RunningMoments {
    /// Moments of no samples.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one sample.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean.total();
        self.mean.add(before / self.count as f64);
        self.squares.add(before * (value - self.mean.total()));
    }

    /// Takes in all samples of another accumulator, as if pushed one by one (up to rounding: for
    /// results that do not depend on a thread count, merge in a fixed order).
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let count = self.count + other.count;
        let distance = other.mean.total() - self.mean.total();
        let share = other.count as f64 / count as f64;
        self.squares.add(other.squares.total());
        self.squares
            .add(distance * distance * self.count as f64 * share);
        self.mean.add(distance * share);
        self.count = count;
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean, in the unit of the samples; 0 for no samples.
    pub fn mean(&self) -> f64 {
        self.mean.total()
    }

    /// Unbiased variance (divisor `n - 1`), in the squared unit of the samples; `None` below two
    /// samples.
    pub fn variance(&self) -> Option<f64> {
        (self.count >= 2).then(|| self.squares.total() / (self.count - 1) as f64)
    }

    /// Standard error of the mean, `sqrt(tau Var / n)`, for samples with the integrated
    /// autocorrelation time `tau` (in samples; 1 if independent); `None` below two samples.
    pub fn standard_error(&self, autocorrelation_time: f64) -> Option<f64> {
        let variance = self.variance()?;
        Some((autocorrelation_time * variance / self.count as f64).sqrt())
    }
}

impl Extend<f64> for RunningMoments {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        for value in values {
            self.push(value);
        }
    }
}

impl FromIterator<f64> for RunningMoments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::new();
        moments.extend(values);
        moments
    }
}

/// Mean of a correlated series with the error that its correlation implies.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeanEstimate {
    /// Sample mean.
    pub mean: f64,
    /// Unbiased variance of single samples.
    pub variance: f64,
    /// Standard error of the mean, `sqrt(tau Var / n)`.
    pub standard_error: f64,
    /// The autocorrelation time `tau` that entered the error.
    pub autocorrelation: AutocorrelationTime,
}

/// Mean, variance and autocorrelation-corrected standard error of an equally spaced, stationary
/// series.
///
/// # Errors
///
/// Those of [`autocorrelation_time`].
pub fn mean_estimate(series: &[f64]) -> Result<MeanEstimate, StatisticsError> {
    let autocorrelation = autocorrelation_time(series)?;
    let moments: RunningMoments = series.iter().copied().collect();
    let spread = moments
        .variance()
        .zip(moments.standard_error(autocorrelation.time));
    let (variance, standard_error) = spread.ok_or(StatisticsError::TooShort {
        length: series.len(),
        required: 2,
    })?;
    Ok(MeanEstimate {
        mean: moments.mean(),
        variance,
        standard_error,
        autocorrelation,
    })
}

#[cfg(test)]
mod tests {
    use super::super::autocorrelation::tests::autoregression;
    use super::*;

    #[test]
    fn moments_survive_a_large_offset() {
        let moments: RunningMoments = [4.0, 7.0, 13.0, 16.0]
            .map(|x| x + 1e9)
            .into_iter()
            .collect();
        assert_eq!(moments.count(), 4);
        assert_eq!(moments.mean(), 1e9 + 10.0);
        assert_eq!(moments.variance(), Some(30.0));
        assert_eq!(moments.standard_error(1.0), Some(7.5f64.sqrt()));
        assert_eq!(moments.standard_error(4.0), Some(30f64.sqrt()));
    }

    #[test]
    fn too_few_samples_have_no_variance() {
        let mut moments = RunningMoments::new();
        assert_eq!(moments.variance(), None);
        moments.push(3.0);
        assert_eq!((moments.mean(), moments.variance()), (3.0, None));
        assert_eq!(moments.standard_error(1.0), None);
    }

    #[test]
    fn merged_parts_equal_the_whole() {
        let series = autoregression(0.5, 1000, 8);
        let whole: RunningMoments = series.iter().copied().collect();
        for cut in [0, 1, 333, 1000] {
            let (left, right) = series.split_at(cut);
            let mut merged: RunningMoments = left.iter().copied().collect();
            merged.merge(&right.iter().copied().collect());
            assert_eq!(merged.count(), whole.count());
            assert!((merged.mean() - whole.mean()).abs() < 1e-14);
            let variances = merged.variance().zip(whole.variance());
            assert!(variances.is_some_and(|(a, b)| (a - b).abs() < 1e-13));
        }
    }

    /// 400 series of n = 4000 with correlation 0.9 and mean 0: the mean over its standard error has
    /// variance 1, up to about 5 % for the noise of tau. The mean of 400 squared standard normals is
    /// within 5 sqrt(2 / 400) = 0.35 of 1 (5 sigma, false alarm 6e-7). It would catch an error that
    /// ignores the correlation (19) or is off by a factor of two (4 or 1/4).
    #[test]
    fn standard_error_covers_the_mean() -> Result<(), StatisticsError> {
        let mut squares = 0.0;
        for seed in 0..400 {
            let estimate = mean_estimate(&autoregression(0.9, 4000, seed))?;
            squares += (estimate.mean / estimate.standard_error).powi(2);
        }
        assert!((squares / 400.0 - 1.0).abs() < 0.4, "{}", squares / 400.0);
        Ok(())
    }
}

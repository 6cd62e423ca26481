//! Integrated autocorrelation time and effective sample size of one series.
//!
//! The sum `tau = 1 + 2 sum rho_k` has to stop somewhere: the estimated `rho_k` at large lags is noise
//! whose variance does not shrink with `k`. For a reversible chain the sums of neighbouring pairs,
//! `Gamma_m = rho_2m + rho_(2m+1)`, are positive and decrease with `m`, whatever the sign of the
//! single terms. So the sum runs over pairs up to the first that is not positive, each bounded by its
//! predecessor (Geyer 1992, section 3.3). Unlike a window proportional to `tau` itself, this also
//! holds for anticorrelated series, where `tau < 1`. For a chain with probability currents, whose
//! correlations may oscillate, it stops early at a sign change and errs on the safe side.

use super::moments::RunningMoments;
use super::{StatisticsError, check_series};

/// Fewest samples from which a correlation is estimated: four pairs of lags.
const SHORTEST: usize = 8;

/// Series lengths, in units of `tau`, from which the estimate of `tau` itself is trusted; at 50 its
/// relative error is about a third.
const RESOLVED: f64 = 50.0;

/// Integrated autocorrelation time of a series, and how it was obtained.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AutocorrelationTime {
    /// `tau = 1 + 2 sum_{k >= 1} rho_k`, in samples: 1 for independent samples, below 1 for
    /// anticorrelated ones. Not below `1 / log10(n)`: a shorter one is indistinguishable from noise.
    pub time: f64,
    /// Number of lags that entered the sum, lag 0 included.
    pub window: usize,
    /// Number of samples in the series.
    pub length: usize,
}

impl AutocorrelationTime {
    /// Number of independent samples whose mean would be as precise, `n / tau`.
    pub fn effective_sample_size(&self) -> f64 {
        self.length as f64 / self.time
    }

    /// Whether the series is at least 50 `tau` long. A shorter one tends to *underestimate* `tau`,
    /// because it has not yet seen its own slow motion.
    pub fn is_resolved(&self) -> bool {
        self.length as f64 >= RESOLVED * self.time
    }
}

/// Integrated autocorrelation time of an equally spaced, stationary series, by Geyer's initial
/// monotone sequence.
///
/// Costs `n` multiplications for each lag that enters, a small multiple of `tau` lags in all.
///
/// # Errors
///
/// Fewer than 8 samples, a non-finite sample, or a series without variance.
pub fn autocorrelation_time(series: &[f64]) -> Result<AutocorrelationTime, StatisticsError> {
    check_series(series, SHORTEST)?;
    let length = series.len();
    // Welford's mean of equal numbers is that number exactly, so a constant series has variance 0.
    let mean = series.iter().copied().collect::<RunningMoments>().mean();
    let centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
    let variance = dot(&centred, &centred);
    if variance == 0.0 {
        return Err(StatisticsError::NoVariance { value: mean });
    }
    // Divided by n at every lag: the bias towards zero at large lags costs less than the variance
    // of dividing by n - k.
    let correlation = |lag: usize| dot(&centred[lag..], &centred[..length - lag]) / variance;

    let mut sum = 0.0;
    let mut previous = f64::INFINITY;
    let mut window = 0;
    while window + 1 < length {
        let pair = correlation(window) + correlation(window + 1);
        if pair <= 0.0 {
            break;
        }
        previous = pair.min(previous);
        sum += previous;
        window += 2;
    }
    let shortest = 1.0 / (length as f64).log10();
    Ok(AutocorrelationTime {
        time: (2.0 * sum - 1.0).max(shortest),
        window,
        length,
    })
}

/// Number of independent samples that an equally spaced, stationary series is worth for its mean.
///
/// # Errors
///
/// Those of [`autocorrelation_time`].
pub fn effective_sample_size(series: &[f64]) -> Result<f64, StatisticsError> {
    Ok(autocorrelation_time(series)?.effective_sample_size())
}

/// Scalar product with eight partial sums: a fixed order that still fills vector registers.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    const LANES: usize = 8;
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest = left_rest.iter().zip(right_rest).map(|(l, r)| l * r);
    sums.into_iter().sum::<f64>() + rest.sum::<f64>()
}

#[cfg(test)]
pub(super) mod tests {
    use rand::SeedableRng;
    use rand::distr::Distribution;
    use rand_distr::StandardNormal;
    use rand_pcg::Pcg64Mcg;

    use super::*;

    /// Stationary first-order autoregression with unit variance: `rho_k = correlation^k`.
    pub(in crate::statistics) fn autoregression(
        correlation: f64,
        length: usize,
        seed: u64,
    ) -> Vec<f64> {
        let mut stream = Pcg64Mcg::seed_from_u64(seed);
        let mut x: f64 = StandardNormal.sample(&mut stream);
        let kick = (1.0 - correlation * correlation).sqrt();
        (0..length)
            .map(|_| {
                let normal: f64 = StandardNormal.sample(&mut stream);
                x = correlation * x + kick * normal;
                x
            })
            .collect()
    }

    /// n = 400 000 samples, seed 1, one test of each of five series at 5 sigma plus 2 % for the bias
    /// of the truncation; the estimate's relative variance is at most 2 (2 window + 1) / n (Sokal), so
    /// the false-alarm rate is below 5 * 6e-7. It would catch a forgotten factor of two (tau of
    /// correlation 0.9 would be 10), a window that stops at once, and one that never stops.
    #[test]
    fn time_of_an_autoregression_is_its_closed_form() -> Result<(), StatisticsError> {
        for correlation in [-0.6, 0.0, 0.5, 0.9, 0.98] {
            let series = autoregression(correlation, 400_000, 1);
            let estimate = autocorrelation_time(&series)?;
            let exact = (1.0 + correlation) / (1.0 - correlation);
            let sigma = (2.0 * (2 * estimate.window + 1) as f64 / 400_000.0).sqrt();
            let error = (estimate.time / exact - 1.0).abs();
            assert!(error < 5.0 * sigma + 0.02, "{correlation}: {estimate:?}");
            assert!(sigma < 0.06, "no power: {correlation}: {estimate:?}");
            assert!(estimate.is_resolved());
            let size = effective_sample_size(&series)?;
            assert_eq!(size, 400_000.0 / estimate.time);
        }
        Ok(())
    }

    #[test]
    fn short_series_is_not_resolved() -> Result<(), StatisticsError> {
        let estimate = autocorrelation_time(&autoregression(0.98, 500, 3))?;
        assert!(!estimate.is_resolved(), "{estimate:?}");
        Ok(())
    }

    #[test]
    fn alternating_series_stays_positive() -> Result<(), StatisticsError> {
        let series: Vec<f64> = (0..1000).map(|i| f64::from(i % 2)).collect();
        let estimate = autocorrelation_time(&series)?;
        assert_eq!(estimate.time, 1.0 / 3.0);
        Ok(())
    }

    #[test]
    fn scalar_product_covers_every_length() {
        for length in 0..20 {
            let left: Vec<f64> = (0..length).map(f64::from).collect();
            let exact: f64 = left.iter().map(|value| value * value).sum();
            assert_eq!(dot(&left, &left), exact);
        }
    }

    #[test]
    fn unusable_series_is_named() {
        assert_eq!(
            autocorrelation_time(&[1.0; 7]),
            Err(StatisticsError::TooShort {
                length: 7,
                required: 8
            })
        );
        assert_eq!(
            autocorrelation_time(&[0.1; 1000]),
            Err(StatisticsError::NoVariance { value: 0.1 })
        );
        let mut series = vec![1.0; 10];
        series[4] = f64::INFINITY;
        assert_eq!(
            autocorrelation_time(&series),
            Err(StatisticsError::NonFinite {
                index: 4,
                value: f64::INFINITY
            })
        );
    }
}

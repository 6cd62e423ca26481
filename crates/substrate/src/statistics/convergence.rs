//! Do several chains sample the same law? Split R-hat.

use super::moments::RunningMoments;
use super::{StatisticsError, check_series};

/// Split R-hat of equally long chains, **without** rank normalisation (Vehtari et al. 2021,
/// equations 1-4).
///
/// Each chain is cut into halves of length `n` (an odd one loses its middle sample), so that a
/// single drifting chain is noticed as well. With the mean `W` of the variances within halves and the
/// variance `V` of the means of halves,
///
/// ```text
/// R = sqrt( (n - 1) / n + V / W ).
/// ```
///
/// It is about 1 when all halves agree (slightly below 1 is possible); 1.01 is the usual limit. It
/// compares means in units of the spread, hence needs finite variances and does not see chains that
/// agree in the mean but differ in scale. Halves that are all constant, but at different values,
/// give infinity: the chains are frozen.
///
/// # Errors
///
/// No chain, chains of unequal length or with fewer than 4 samples, a non-finite sample, or samples
/// that are all equal.
pub fn split_r_hat<S: AsRef<[f64]>>(chains: &[S]) -> Result<f64, StatisticsError> {
    let first = chains.first().ok_or(StatisticsError::NoChains)?.as_ref();
    let (expected, half) = (first.len(), first.len() / 2);
    let mut means = RunningMoments::new();
    let mut variances = RunningMoments::new();
    for (chain, series) in chains.iter().map(AsRef::as_ref).enumerate() {
        if series.len() != expected {
            return Err(StatisticsError::UnequalChains {
                chain,
                length: series.len(),
                expected,
            });
        }
        check_series(series, 4)?;
        for part in [&series[..half], &series[expected - half..]] {
            let moments: RunningMoments = part.iter().copied().collect();
            means.push(moments.mean());
            variances.extend(moments.variance());
        }
    }
    let within = variances.mean();
    // At least two halves exist, so there is a variance of their means.
    let between = means.variance().unwrap_or(0.0);
    if within == 0.0 && between == 0.0 {
        return Err(StatisticsError::NoVariance {
            value: means.mean(),
        });
    }
    let n = half as f64;
    Ok(((n - 1.0) / n + between / within).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::autocorrelation::tests::autoregression;
    use super::*;

    #[test]
    fn small_case_by_hand() -> Result<(), StatisticsError> {
        // Halves [1 3], [2 6] and, its middle left out, [0 2], [5 7]: means 2, 4, 1, 6 (variance
        // 59/12), variances 2, 8, 2, 2 (mean 7/2).
        let expected = (0.5f64 + 59.0 / 12.0 / 3.5).sqrt();
        let chains = [[1.0, 3.0, 9.0, 2.0, 6.0], [0.0, 2.0, -9.0, 5.0, 7.0]];
        assert!((split_r_hat(&chains)? - expected).abs() < 1e-14);
        Ok(())
    }

    /// Four chains of n = 20 000 with correlation 0.5 (tau = 3): R² - 1 is about tau/n_half times a
    /// chi-square of 7 degrees over 7, less 1/n_half, thus 2e-4 on average; above 2e-3 (chi-square
    /// above 49) has probability below 3e-8. It would catch a between-half variance still multiplied
    /// by n.
    #[test]
    fn agreeing_chains_give_one() -> Result<(), StatisticsError> {
        let chains: Vec<_> = (0..4)
            .map(|seed| autoregression(0.5, 20_000, seed))
            .collect();
        let r = split_r_hat(&chains)?;
        assert!((1.0 - 1e-4..1.001).contains(&r), "{r}");
        Ok(())
    }

    /// n = 20 000 per chain (tau = 3). R² has a standard deviation of 0.02 about 1.75: the bound 0.1 is
    /// 5 sigma (false alarm 6e-7). It would catch chains that are pooled before they are compared; the
    /// trend, R = 1.2, would show as 1 in an R-hat without the split.
    #[test]
    fn displaced_and_drifting_chains_are_noticed() -> Result<(), StatisticsError> {
        let one = autoregression(0.5, 20_000, 1);
        // Halves at 0 and d with unit variance: R² = 1 + d²/3 for two chains.
        let displaced: Vec<f64> = autoregression(0.5, 20_000, 2)
            .iter()
            .map(|x| x + 1.5)
            .collect();
        let r = split_r_hat(&[one.clone(), displaced])?;
        assert!((r * r - 1.75).abs() < 0.1, "{r}");

        // A single chain with a trend, which only the split can see.
        let drifting: Vec<f64> = one
            .iter()
            .enumerate()
            .map(|(i, x)| x + i as f64 / 10_000.0)
            .collect();
        assert!(split_r_hat(&[drifting])? > 1.1);
        Ok(())
    }

    #[test]
    fn frozen_chains_are_not_mistaken_for_converged() {
        assert_eq!(split_r_hat(&[[1.0; 6], [2.0; 6]]), Ok(f64::INFINITY));
        assert_eq!(
            split_r_hat(&[[0.1; 6], [0.1; 6]]),
            Err(StatisticsError::NoVariance { value: 0.1 })
        );
    }

    #[test]
    fn unusable_chains_are_named() {
        assert_eq!(split_r_hat::<[f64; 4]>(&[]), Err(StatisticsError::NoChains));
        assert_eq!(
            split_r_hat(&[vec![1.0; 6], vec![1.0; 5]]),
            Err(StatisticsError::UnequalChains {
                chain: 1,
                length: 5,
                expected: 6
            })
        );
        assert_eq!(
            split_r_hat(&[[1.0, 2.0, 3.0]]),
            Err(StatisticsError::TooShort {
                length: 3,
                required: 4
            })
        );
        assert!(matches!(
            split_r_hat(&[[1.0, f64::NAN, 3.0, 4.0]]),
            Err(StatisticsError::NonFinite { index: 1, .. })
        ));
    }
}

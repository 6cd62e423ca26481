//! Statistics of correlated samples: how many of them count, whether chains agree, what error a mean has.
//!
//! A substrate hands out samples along a trajectory, and neighbours in time resemble each other.
//! With the normalised autocorrelation `rho_k` of a stationary series, the variance of its mean is
//!
//! ```text
//! Var(mean) = tau Var(x) / n,      tau = 1 + 2 sum_{k >= 1} rho_k,
//! ```
//!
//! so that `n` samples are worth `n / tau` independent ones. An error bar without `tau` is wrong by
//! `sqrt(tau)`.
//!
//! | symbol | code | meaning | unit |
//! |---|---|---|---|
//! | `n` | series length | samples of one chain, equally spaced in time | 1 |
//! | `tau` | [`AutocorrelationTime::time`] | integrated autocorrelation time | samples |
//! | `n / tau` | [`effective_sample_size`] | independent samples that the series is worth | 1 |
//! | `R` | [`split_r_hat`] | disagreement between chains, 1 when they agree | 1 |
//!
//! Everything is `f64`, sequential and without random numbers: the same series gives the same bits.
//!
//! # Sources
//!
//! - C. J. Geyer, *Practical Markov chain Monte Carlo*, Stat. Sci. 7, 473 (1992): truncation of the
//!   sum for `tau` by the initial monotone sequence.
//! - A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Bürkner, *Rank-normalization, folding, and
//!   localization: an improved R-hat*, Bayesian Anal. 16, 667 (2021): split R-hat, equations 1-4.
//! - B. P. Welford, *Note on a method for calculating corrected sums of squares and products*,
//!   Technometrics 4, 419 (1962): running moments.
//! - R. J. Hyndman, Y. Fan, *Sample quantiles in statistical packages*, Am. Stat. 50, 361 (1996):
//!   definition 7 of a quantile.
//!
//! # Example
//!
//! ```
//! use overdamped_substrate::statistics::{mean_estimate, quantiles};
//!
//! # fn main() -> Result<(), overdamped_substrate::statistics::StatisticsError> {
//! // A series that visits each value twice in a row carries half the information.
//! let series: Vec<f64> = (0..4000_u64).map(|i| ((i / 2) * 7919 % 1000) as f64).collect();
//! let estimate = mean_estimate(&series)?;
//! assert!(estimate.autocorrelation.time > 1.5);
//! assert!((estimate.mean - 499.5).abs() < 5.0 * estimate.standard_error);
//!
//! let tail = quantiles(&series, &[0.5, 0.99])?;
//! assert_eq!(tail[0], 499.5);
//! assert!((tail[1] - 989.01).abs() < 1e-9);
//! # Ok(())
//! # }
//! ```

mod autocorrelation;
mod convergence;
mod error;
mod moments;
mod quantile;

pub use autocorrelation::{AutocorrelationTime, autocorrelation_time, effective_sample_size};
pub use convergence::split_r_hat;
pub use error::StatisticsError;
pub use moments::{MeanEstimate, RunningMoments, mean_estimate};
pub use quantile::{median, quantiles};

/// Refuses a series that is shorter than `required` or holds a non-finite value.
fn check_series(series: &[f64], required: usize) -> Result<(), StatisticsError> {
    if series.len() < required {
        return Err(StatisticsError::TooShort {
            length: series.len(),
            required,
        });
    }
    match series.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatisticsError::NonFinite {
            index,
            value: series[index],
        }),
        None => Ok(()),
    }
}

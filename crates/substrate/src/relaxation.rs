//! How far from rest a relaxed batch still is.

use serde::{Deserialize, Serialize};

/// Distribution over chains of the largest force that is left on any unit.
///
/// A step count says nothing about the slowest chain; quantiles do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Residuals {
    /// Median over chains.
    pub median: f64,
    /// 99 % quantile over chains.
    pub high: f64,
    /// Largest over chains.
    pub largest: f64,
}

impl Residuals {
    /// The distribution of one residual per chain.
    pub(crate) fn of(mut residuals: Vec<f64>) -> Self {
        residuals.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| {
            let rank = (share * residuals.len() as f64).ceil() as usize;
            residuals
                .get(rank.saturating_sub(1))
                .copied()
                .unwrap_or(0.0)
        };
        Self {
            median: quantile(0.5),
            high: quantile(0.99),
            largest: quantile(1.0),
        }
    }
}

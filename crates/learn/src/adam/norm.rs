//! Lengths of gradients: how long one is, and whether it is far longer than those before it.

use overdamped_energy::Scalar;
use serde::{Deserialize, Serialize};

/// Updates over which the running mean of the lengths forgets.
const MEMORY: u64 = 100;
/// Lengths that must be known before one of them can be an outlier.
const KNOWN: u64 = 20;

/// Euclidean norm, free of overflow and underflow of the squares; at most the largest finite number.
pub(super) fn norm<T: Scalar>(gradient: &[T]) -> f64 {
    let largest = gradient
        .iter()
        .fold(0.0, |largest: f64, slope| largest.max(slope.wide().abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let squares: f64 = gradient
        .iter()
        .map(|slope| (slope.wide() / largest).powi(2))
        .sum();
    (largest * squares.sqrt()).clamp(0.0, f64::MAX)
}

/// Running geometric mean of the lengths of gradients.
///
/// Geometric, since lengths vary by factors: one that is a thousand times too long moves the mean of
/// a hundred by 7 %, where it would multiply the arithmetic mean by eleven.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Lengths {
    /// ln of the geometric mean: of all lengths at first, with exponential memory later.
    log_mean: f64,
    /// Lengths seen, zeros excepted.
    seen: u64,
}

impl Lengths {
    /// Whether the mean is a number: that of a file may not be.
    pub(super) fn are_finite(&self) -> bool {
        self.log_mean.is_finite()
    }

    /// Whether `length` is more than `ratio` times the mean of those before it; remembers it.
    ///
    /// An outlier is remembered as being right at the limit: it hardly moves the mean, and
    /// yet a lasting change of scale is accepted after a while instead of ending the learning.
    /// A length of zero is no outlier, has no logarithm, and is not remembered.
    pub(super) fn is_outlier(&mut self, length: f64, ratio: f64) -> bool {
        if length == 0.0 {
            return false;
        }
        let limit = self.log_mean + ratio.ln();
        let outlier = self.seen >= KNOWN && length.ln() > limit;
        let remembered = if outlier { limit } else { length.ln() };
        self.seen += 1;
        self.log_mean += (remembered - self.log_mean) / self.seen.min(MEMORY) as f64;
        outlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of the outliers among `lengths`.
    fn outliers(lengths: impl IntoIterator<Item = f64>, ratio: f64) -> Vec<usize> {
        let mut memory = Lengths::default();
        let judged = lengths.into_iter().enumerate();
        judged
            .filter_map(|(at, length)| memory.is_outlier(length, ratio).then_some(at))
            .collect()
    }

    #[test]
    fn norms_neither_overflow_nor_underflow() {
        assert_eq!(norm(&[3.0_f64, -4.0]), 5.0);
        assert_eq!(norm(&[0.0_f32; 3]), 0.0);
        assert_eq!(norm::<f64>(&[]), 0.0);
        for scale in [1e-200, 1e200] {
            let found = norm(&[3.0 * scale, 4.0 * scale]);
            assert!((found / (5.0 * scale) - 1.0).abs() < 1e-15, "{found}");
        }
        assert_eq!(norm(&[f64::MAX, f64::MAX]), f64::MAX);
    }

    #[test]
    fn the_mean_is_geometric_then_forgets() {
        let mut memory = Lengths::default();
        for length in [1.0, 4.0, 16.0] {
            assert!(!memory.is_outlier(length, 1.5));
        }
        assert!((memory.log_mean - 4_f64.ln()).abs() < 1e-15);
        for _ in 0..97 {
            memory.is_outlier(4.0, 1.5);
        }
        // From here on each has the weight 1/100.
        memory.is_outlier(5.0, 1.5);
        let expected = 0.99 * 4_f64.ln() + 0.01 * 5_f64.ln();
        assert!((memory.log_mean - expected).abs() < 1e-12);
    }

    #[test]
    fn an_outlier_is_found_and_only_it() {
        let lengths = (0..200).map(|at| match at {
            // Too early to be judged.
            5 => 300.0,
            60 => 50.0,
            // In a row, and the second larger.
            120 => 1e6,
            121 => 1e30,
            _ => 1.0 + 0.3 * f64::from(at % 7),
        });
        assert_eq!(outliers(lengths, 10.0), [60, 120, 121]);
    }

    #[test]
    fn slow_growth_is_none() {
        // By 1 % each time, over nine decades: the mean lags by a factor of e at most.
        let growing = (0..2100).map(|at| 1.01_f64.powi(at));
        assert!(outliers(growing.clone(), 3.0).is_empty());
        // A ratio below that lag finds them all the same.
        assert!(!outliers(growing, 2.0).is_empty());
    }

    #[test]
    fn a_lasting_change_of_scale_is_accepted_in_the_end() {
        let lengths = (0..500).map(|at| if at < 100 { 1.0 } else { 99.0 });
        // The mean must rise from 1 to 9.9, by a factor of 10^(1/100) for each outlier.
        assert_eq!(
            outliers(lengths, 10.0),
            (100..200).collect::<Vec<_>>(),
            "a hundred outliers, then none"
        );
    }

    #[test]
    fn zeros_are_no_lengths() {
        let lengths = (0..100).map(|at| if at % 2 == 0 { 0.0 } else { 2.0 });
        let mut memory = Lengths::default();
        for length in lengths {
            assert!(!memory.is_outlier(length, 5.0));
        }
        assert_eq!((memory.log_mean, memory.seen), (2_f64.ln(), 50));
    }
}

//! How evenly samples fall on the ten classes.
//!
//! With `p_c` the share of class `c` among C = 10,
//!
//! ```text
//! entropy = -sum_c p_c ln p_c / ln C        1 for equal shares, 0 for one class alone
//! ```
//!
//! The entropy hardly feels one missing class (ln 9 / ln 10 = .954), which is why the smallest share stands beside it.

use super::error::JudgingError;
use super::judge::DIGITS;

/// The share of each digit among some samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ClassShares([f64; DIGITS]);

impl ClassShares {
    /// Shares of the digits `classes`, one per sample, each below ten.
    ///
    /// # Errors
    /// No sample.
    pub fn of(classes: &[u8]) -> Result<Self, JudgingError> {
        if classes.is_empty() {
            return Err(JudgingError::EmptySet { set: "classified" });
        }
        let mut counts = [0; DIGITS];
        for &class in classes {
            counts[usize::from(class)] += 1;
        }
        Ok(Self(
            counts.map(|count: usize| count as f64 / classes.len() as f64),
        ))
    }

    /// Entropy of the shares in units of its maximum, in 0..=1.
    pub fn entropy(&self) -> f64 {
        let surprise = |share: &f64| {
            if *share > 0.0 {
                -share * share.ln()
            } else {
                0.0
            }
        };
        self.0.iter().map(surprise).sum::<f64>() / (DIGITS as f64).ln()
    }

    /// Share of the rarest digit.
    pub fn smallest(&self) -> f64 {
        self.0.iter().copied().fold(1.0, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares 1/2, 1/4, 1/4: entropy (3/2) ln 2 over ln 10. Catches a base other than ten, and 0 ln 0 = NaN.
    #[test]
    fn entropy_by_hand() {
        let shares = ClassShares::of(&[3, 5, 3, 9]).unwrap();
        let expected = 1.5 * 2.0_f64.ln() / 10.0_f64.ln();
        assert!((shares.entropy() - expected).abs() < 1e-12);
        assert_eq!(shares.smallest(), 0.0);
    }

    #[test]
    fn both_ends_of_the_scale() {
        let all: Vec<u8> = (0..30).map(|sample| sample % 10).collect();
        let even = ClassShares::of(&all).unwrap();
        assert!((even.entropy() - 1.0).abs() < 1e-12);
        assert!((even.smallest() - 0.1).abs() < 1e-12);
        let one = ClassShares::of(&[4; 7]).unwrap();
        assert_eq!((one.entropy(), one.smallest()), (0.0, 0.0));
        assert!(matches!(
            ClassShares::of(&[]),
            Err(JudgingError::EmptySet { set: "classified" })
        ));
    }
}

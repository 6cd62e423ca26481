//! Sums that do not drift, however many terms they have.
//!
//! A plain sum of n terms rounds n times: after 1e8 terms of size one it may be off by 1e-8 of their sizes, and terms
//! below half a unit in its last place are lost altogether. A compensated sum keeps what each addition rounded away
//! (D. E. Knuth, *Seminumerical Algorithms*, 4.2.2, theorem B: s = a + b, t = s - a, (a - (s - t)) + (b - t) is the
//! rest, exactly) and adds the rests up on their own, as A. Neumaier (1974) does. Its error is one rounding of the
//! total and n^2 roundings of a rounding.

use serde::{Deserialize, Serialize};

/// A sum in double precision, and what it has rounded away so far.
///
/// ```
/// use overdamped_kernel::Compensated;
/// let mut sum = Compensated::default();
/// for term in [1e16, 1.0, -1e16] {
///     sum.add(term);
/// }
/// assert_eq!(sum.total(), 1.0); // plain additions make it 0
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Compensated {
    sum: f64,
    rest: f64,
}

impl Compensated {
    /// Adds a term. One that is not finite makes the total not finite for good.
    #[inline(always)]
    pub const fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        let own = sum - self.sum;
        self.rest += (self.sum - (sum - own)) + (term - own);
        self.sum = sum;
    }

    /// The sum of all terms.
    #[inline(always)]
    #[must_use]
    pub const fn total(self) -> f64 {
        self.sum + self.rest
    }
}

impl FromIterator<f64> for Compensated {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A sum without its rests would be 0, 1e8 (the terms beyond 2^53 are lost) and off by 1e-9.
    #[test]
    fn nothing_is_lost() {
        let of = |terms: &[f64]| terms.iter().copied().collect::<Compensated>().total();
        assert_eq!(of(&[1e100, 1.0, -1e100]), 1.0);
        assert_eq!(of(&[]), 0.0);
        let mut sum = Compensated::default();
        sum.add(9_007_199_254_740_992.0);
        (0..1000).for_each(|_| sum.add(1.0));
        assert_eq!(sum.total(), 9_007_199_254_741_992.0);
        let tenths: Compensated = (0..10_000_000).map(|_| 0.1).collect();
        // A tenth is 0.1 (1 + 5.6e-17) in doubles.
        assert_eq!(tenths.total(), 1_000_000.0);
        let naive: f64 = (0..10_000_000).map(|_| 0.1).sum();
        assert!((naive - 1e6).abs() > 1e-5);
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        for term in [f64::NAN, f64::INFINITY] {
            let sum: Compensated = [1.0, term, 1.0].into_iter().collect();
            assert!(!sum.total().is_finite());
        }
    }
}

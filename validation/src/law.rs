//! A law, and what a measurement says about it.

use overdamped_energy::EnergyError;
use overdamped_substrate::SubstrateError;
use overdamped_substrate::ornstein_uhlenbeck;

use crate::{Lab, Mutant};

/// Standard errors that a comparison may be off.
pub const SIGMA: f64 = 5.0;
/// Probability that a standard normal lies beyond [`SIGMA`] on either side.
const BEYOND: f64 = 5.733e-7;

/// One law of physics or of bookkeeping.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// Short dotted name.
    pub id: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// Where the exact answer comes from.
    pub oracle: &'static str,
    /// Faults that it must notice.
    pub mutants: &'static [Mutant],
    /// Measures it on the specimens of a lab.
    pub measure: fn(&Lab) -> Result<Finding, ValidationError>,
}

/// The outcome of a measurement: its worst comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// The largest deviation: in standard errors, or in units of the tolerance where the law is exact.
    pub worst: f64,
    /// Numbers compared.
    pub comparisons: usize,
    /// Independent samples behind each; zero where the law is exact.
    pub n: u64,
}

impl Finding {
    /// Of comparisons of `n` independent samples with exact answers.
    #[must_use]
    pub const fn statistical(n: usize) -> Self {
        Self {
            worst: 0.0,
            comparisons: 0,
            n: n as u64,
        }
    }

    /// Of comparisons without chance.
    #[must_use]
    pub const fn exact() -> Self {
        Self::statistical(0)
    }

    /// Compares a number with what it should be, in units of `error`: one standard error, or the tolerance.
    pub fn compare(&mut self, found: f64, expected: f64, error: f64) {
        self.deviates((found - expected).abs() / error);
    }

    /// Adds a comparison that came out so many units off.
    pub fn deviates(&mut self, by: f64) {
        self.comparisons += 1;
        // What is no number is as wrong as can be.
        self.worst = if by.is_nan() {
            f64::INFINITY
        } else {
            self.worst.max(by)
        };
    }

    /// Units that a comparison may be off.
    #[must_use]
    pub const fn limit(&self) -> f64 {
        if self.n == 0 { 1.0 } else { SIGMA }
    }

    /// Whether the law holds; a measurement without comparisons says nothing and fails.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.comparisons > 0 && self.worst <= self.limit()
    }

    /// Probability, over seeds, that good code fails: at most this much.
    #[must_use]
    pub fn false_alarm_rate(&self) -> f64 {
        if self.n == 0 {
            return 0.0;
        }
        (self.comparisons as f64 * BEYOND).min(1.0)
    }
}

/// A measurement could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValidationError {
    /// The substrate refuses.
    #[error(transparent)]
    Substrate(#[from] SubstrateError),
    /// The energy refuses.
    #[error(transparent)]
    Energy(#[from] EnergyError),
    /// There is no closed form of these numbers.
    #[error(transparent)]
    ClosedForm(#[from] ornstein_uhlenbeck::OrnsteinUhlenbeckError),
    /// Threads cannot be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many.
        threads: usize,
        /// Why not.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_its_worst_comparison() {
        let mut finding = Finding::statistical(100);
        assert!(!finding.holds());
        finding.compare(1.0, 1.3, 0.1);
        finding.compare(1.0, 0.9, 0.1);
        assert!((finding.worst - 3.0).abs() < 1e-9 && finding.holds());
        assert!((finding.false_alarm_rate() / 1.15e-6 - 1.0).abs() < 0.01);
        finding.compare(f64::NAN, 1.0, 0.1);
        assert!(!finding.holds());
        finding.compare(1.0, 1.0, 0.1);
        assert!(!finding.holds());
    }

    #[test]
    fn exact_laws_have_a_tolerance_and_no_false_alarms() {
        let mut finding = Finding::exact();
        finding.compare(1.0, 1.0 + 9e-13, 1e-12);
        assert!(finding.holds() && finding.false_alarm_rate() == 0.0);
        finding.compare(1.0, 1.0 + 2e-12, 1e-12);
        assert!(!finding.holds());
    }
}

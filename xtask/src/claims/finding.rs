//! A verdict, and the figures behind it.

use std::fmt;

/// A figure in three to four digits, a ratio of energies in two (more would be more than its assumptions bear), and
/// a share in percent.
pub use crate::report::number::{brief as times, figure as show, percent};

/// What the figures say about a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It holds as stated.
    Reproduced,
    /// It holds under a condition that it does not state: words that go on from `only if`.
    OnlyIf(String),
    /// It does not hold here.
    NotReproduced,
    /// Figures are missing: their ids.
    NotMeasured(Vec<String>),
}

impl Verdict {
    /// The verdict without its condition.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::OnlyIf(_) => "reproduced only if",
            Self::NotReproduced => "not reproduced",
            Self::NotMeasured(_) => "not measured",
        }
    }
}

/// A figure and what it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The figure.
    pub value: f64,
    /// What it is of, with its unit.
    pub what: String,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", show(self.value), self.what)
    }
}

/// A quantity; a constructor short enough for tables.
pub fn of(value: f64, what: &str) -> Quantity {
    Quantity {
        value,
        what: what.into(),
    }
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it comes to.
    pub verdict: Verdict,
    /// Our figures.
    pub here: Vec<Quantity>,
    /// What a trivial method has in their place.
    pub floor: Vec<Quantity>,
    /// What would be best in their place.
    pub ceiling: Vec<Quantity>,
    /// The reason, in sentences with figures.
    pub note: String,
}

impl Finding {
    /// A verdict without figures beside it yet.
    pub fn new(verdict: Verdict, note: String) -> Self {
        Self {
            verdict,
            here: Vec::new(),
            floor: Vec::new(),
            ceiling: Vec::new(),
            note,
        }
    }

    /// Reproduced, or not.
    pub fn decided(holds: bool, note: String) -> Self {
        let verdict = if holds {
            Verdict::Reproduced
        } else {
            Verdict::NotReproduced
        };
        Self::new(verdict, note)
    }

    /// Figures are missing.
    pub fn not_measured(missing: Vec<String>) -> Self {
        Self::new(Verdict::NotMeasured(missing), String::new())
    }

    /// Adds a figure of ours.
    #[must_use]
    pub fn here(mut self, value: f64, what: &str) -> Self {
        self.here.push(of(value, what));
        self
    }

    /// Adds a floor.
    #[must_use]
    pub fn floor(mut self, value: f64, what: &str) -> Self {
        self.floor.push(of(value, what));
        self
    }

    /// Adds a ceiling.
    #[must_use]
    pub fn ceiling(mut self, value: f64, what: &str) -> Self {
        self.ceiling.push(of(value, what));
        self
    }

    /// Which figures are missing, where the verdict says that some are.
    pub fn missing(&self) -> String {
        let Verdict::NotMeasured(missing) = &self.verdict else {
            return String::new();
        };
        match missing.as_slice() {
            [] => String::new(),
            [one] => format!("`{one}` is missing"),
            [first, rest @ ..] => format!("`{first}` and {} more are missing", rest.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_figures_are_named_and_counted() {
        let explain = |ids: &[&str]| {
            let ids = ids.iter().map(ToString::to_string).collect();
            Finding::not_measured(ids).missing()
        };
        assert_eq!(explain(&["a.b"]), "`a.b` is missing");
        assert_eq!(
            explain(&["a.b", "a.c", "a.d"]),
            "`a.b` and 2 more are missing"
        );
    }
}

//! One figure and the figures beside which it is to be read.

use serde::{Deserialize, Serialize};

use super::Error;

/// Which direction of a figure is an improvement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
    /// Neither: a count, a duration, a setting.
    Info,
}

/// What a reference figure stands for; the report has a column for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The figure of the paper under test.
    Published,
    /// What a method without any idea reaches: the floor to clear.
    Baseline,
    /// What an oracle or real data reaches: the ceiling.
    Best,
    /// Any other comparison.
    Other,
}

/// A figure to compare with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// What reaches the value, e.g. `one Gaussian`.
    pub name: String,
    /// What it stands for.
    pub role: Role,
    /// The figure, in the unit of the entry.
    pub value: f64,
}

/// A figure with its unit, provenance and references.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Dotted lower-case id; its first segments name the experiment.
    pub id: String,
    /// The figure.
    pub value: f64,
    /// Its unit; empty for a pure number.
    pub unit: String,
    /// Which direction is an improvement.
    pub better: Better,
    /// Number of samples behind it, where it is a statistic.
    pub n: Option<usize>,
    /// Seed behind it; the run's own when none was given.
    pub seed: Option<u64>,
    /// Wall time that it took, in seconds.
    pub seconds: f64,
    /// Figures to compare with.
    pub references: Vec<Reference>,
    /// Commit behind it, where that is not the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

impl Entry {
    /// A pure number without a preferred direction; the methods below refine it.
    pub fn new(id: &str, value: f64) -> Self {
        Self {
            id: id.into(),
            value,
            unit: String::new(),
            better: Better::Info,
            n: None,
            seed: None,
            seconds: 0.0,
            references: Vec::new(),
            commit: None,
        }
    }

    /// Sets the unit.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = unit.into();
        self
    }

    /// Smaller values are improvements.
    #[must_use]
    pub fn lower(mut self) -> Self {
        self.better = Better::Lower;
        self
    }

    /// Larger values are improvements.
    #[must_use]
    pub fn higher(mut self) -> Self {
        self.better = Better::Higher;
        self
    }

    /// Sets the number of samples behind the figure.
    #[must_use]
    pub fn n(mut self, samples: usize) -> Self {
        self.n = Some(samples);
        self
    }

    /// Sets the seed, where it is not the run's.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the wall time behind the figure, in seconds.
    #[must_use]
    pub fn seconds(mut self, seconds: f64) -> Self {
        self.seconds = seconds;
        self
    }

    /// Adds the figure of the paper under test.
    #[must_use]
    pub fn published(self, value: f64) -> Self {
        self.with_reference("paper", Role::Published, value)
    }

    /// Adds what a trivial method reaches.
    #[must_use]
    pub fn baseline(self, name: &str, value: f64) -> Self {
        self.with_reference(name, Role::Baseline, value)
    }

    /// Adds what an oracle or real data reaches.
    #[must_use]
    pub fn best(self, name: &str, value: f64) -> Self {
        self.with_reference(name, Role::Best, value)
    }

    /// Adds any other comparison.
    #[must_use]
    pub fn reference(self, name: &str, value: f64) -> Self {
        self.with_reference(name, Role::Other, value)
    }

    fn with_reference(mut self, name: &str, role: Role, value: f64) -> Self {
        self.references.push(Reference {
            name: name.into(),
            role,
            value,
        });
        self
    }

    /// The references of one role, in the order in which they were added.
    pub fn references_of(&self, role: Role) -> impl Iterator<Item = &Reference> {
        self.references
            .iter()
            .filter(move |reference| reference.role == role)
    }

    /// Whether the id lies under that experiment's name.
    #[cfg(test)]
    pub fn belongs_to(&self, experiment: &str) -> bool {
        self.id
            .strip_prefix(experiment)
            .is_some_and(|rest| rest.starts_with('.'))
    }

    /// How far the figure has come from the first baseline (0) to the first
    /// best (1); beyond these ends when it is worse or better than both. `None`
    /// without a direction, or unless both references exist and differ.
    pub fn progress(&self) -> Option<f64> {
        let baseline = self.references_of(Role::Baseline).next()?.value;
        let best = self.references_of(Role::Best).next()?.value;
        let span = match self.better {
            Better::Lower => baseline - best,
            Better::Higher => best - baseline,
            Better::Info => return None,
        };
        // A baseline that already beats the best leaves nothing to come from.
        (span > 0.0).then(|| (self.value - baseline) / (best - baseline))
    }

    /// Checks the id and that all numbers are finite.
    ///
    /// # Errors
    /// [`Error::MalformedId`] or [`Error::NotFinite`].
    pub fn validate(&self) -> Result<(), Error> {
        check_id(&self.id)?;
        let own = [
            ("value".to_string(), self.value),
            ("seconds".to_string(), self.seconds),
        ];
        let references = self
            .references
            .iter()
            .map(|r| (format!("reference {}", r.name), r.value));
        match own
            .into_iter()
            .chain(references)
            .find(|(_, value)| !value.is_finite())
        {
            Some((what, value)) => Err(Error::NotFinite {
                id: self.id.clone(),
                what,
                value,
            }),
            None => Ok(()),
        }
    }
}

/// Accepts dotted segments of `a-z`, `0-9` and `_`, of which the first starts with a letter.
///
/// # Errors
/// [`Error::MalformedId`].
pub(super) fn check_id(id: &str) -> Result<(), Error> {
    let letter = |c: char| c.is_ascii_lowercase();
    let well_formed = |segment: &str| {
        let allowed = |c: char| letter(c) || c.is_ascii_digit() || c == '_';
        !segment.is_empty() && segment.chars().all(allowed)
    };
    if id.starts_with(letter) && id.split('.').all(well_formed) {
        Ok(())
    } else {
        Err(Error::MalformedId { id: id.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_dotted_lower_case_segments() {
        for id in [
            "sgm.mnist01.per_class.in01",
            "substrate.a",
            "anchors.6.fd",
            "x",
        ] {
            assert!(Entry::new(id, 1.0).validate().is_ok(), "{id}");
        }
        for id in [
            "", "sgm.", ".sgm", "sgm..a", "Sgm.a", "sgm.a b", "1.sgm", "sgm.a-b", "sgm/é",
        ] {
            let error = Entry::new(id, 1.0).validate().unwrap_err();
            assert!(matches!(error, Error::MalformedId { .. }), "{id}");
        }
    }

    #[test]
    fn every_number_of_an_entry_must_be_finite() {
        let entry = |value| Entry::new("a.b", value);
        let named = |entry: Entry| match entry.validate() {
            Err(Error::NotFinite { what, .. }) => what,
            other => panic!("expected a non-finite number, got {other:?}"),
        };
        assert_eq!(named(entry(f64::NAN)), "value");
        assert_eq!(named(entry(1.0).seconds(f64::INFINITY)), "seconds");
        assert_eq!(
            named(entry(1.0).best("oracle", f64::NEG_INFINITY)),
            "reference oracle"
        );
    }

    #[test]
    fn progress_runs_from_baseline_to_best_in_either_direction() {
        let lower = Entry::new("a", 0.1)
            .lower()
            .baseline("b", 0.3)
            .best("o", 0.1);
        assert_eq!(lower.progress(), Some(1.0));
        let higher = Entry::new("a", 0.75)
            .higher()
            .baseline("b", 0.5)
            .best("o", 1.0);
        assert_eq!(higher.progress(), Some(0.5));
        assert_eq!(
            Entry::new("a", 0.75)
                .baseline("b", 0.5)
                .best("o", 1.0)
                .progress(),
            None
        );
        let inverted = Entry::new("a", 0.75)
            .higher()
            .baseline("b", 1.0)
            .best("o", 0.5);
        assert_eq!(inverted.progress(), None);
    }
}

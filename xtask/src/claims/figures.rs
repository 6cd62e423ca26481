//! What a rule may look up: the figures that its claim names, and their references.

use std::collections::HashMap;

use crate::results::{Entry, Preset, Reference, Results, Role};

/// The figures of one or several results files, by id.
#[derive(Debug, Default)]
pub struct Figures<'a> {
    entries: HashMap<&'a str, &'a Entry>,
    presets: Vec<Preset>,
}

/// Something that a rule needs is not among the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The id, or a reference of it.
    pub what: String,
}

/// Two files hold a figure of the same id.
#[derive(Debug, thiserror::Error)]
#[error("`{id}` is in more than one of the files; name one of them only")]
pub struct Twice {
    /// The id in question.
    pub id: String,
}

impl<'a> Figures<'a> {
    /// The figures of these files.
    ///
    /// # Errors
    /// [`Twice`].
    pub fn of(files: impl IntoIterator<Item = &'a Results>) -> Result<Self, Twice> {
        let mut figures = Self::default();
        for file in files {
            if !figures.presets.contains(&file.preset) {
                figures.presets.push(file.preset);
            }
            for entry in &file.results {
                if figures.entries.insert(&entry.id, entry).is_some() {
                    let id = entry.id.clone();
                    return Err(Twice { id });
                }
            }
        }
        Ok(figures)
    }

    /// The figures of one file; of an id that is there twice, the later.
    pub fn of_run(results: &'a Results) -> Self {
        let entries = results.results.iter();
        Self {
            entries: entries.map(|entry| (entry.id.as_str(), entry)).collect(),
            presets: vec![results.preset],
        }
    }

    /// The presets that the figures were made by, each once.
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    /// Whether there is such a figure.
    pub fn has(&self, id: &str) -> bool {
        self.entries.contains_key(id)
    }

    /// The same, for a rule that names `ids`.
    pub(super) const fn cited(&'a self, ids: &'static [&'static str]) -> Cited<'a> {
        Cited { figures: self, ids }
    }
}

/// The figures that a claim names; others cannot be seen, so that what is listed is what decides.
#[derive(Debug)]
pub struct Cited<'a> {
    figures: &'a Figures<'a>,
    ids: &'static [&'static str],
}

impl Cited<'_> {
    /// The figure of that id, with its references.
    ///
    /// # Errors
    /// [`Missing`], also where the claim does not name it.
    pub fn entry(&self, id: &str) -> Result<&Entry, Missing> {
        let named = self.ids.contains(&id);
        let found = self.figures.entries.get(id).copied();
        found
            .filter(|_| named)
            .ok_or_else(|| Missing { what: id.into() })
    }

    /// The value of that figure.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn value(&self, id: &str) -> Result<f64, Missing> {
        Ok(self.entry(id)?.value)
    }

    /// How many cases that figure is of.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn count(&self, id: &str) -> Result<usize, Missing> {
        self.entry(id)?.n.ok_or_else(|| Missing {
            what: format!("{id} (n)"),
        })
    }

    /// What the paper has in its place.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn published(&self, id: &str) -> Result<f64, Missing> {
        self.role(id, Role::Published)
    }

    /// The best that is possible in its place.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn best(&self, id: &str) -> Result<f64, Missing> {
        self.role(id, Role::Best)
    }

    fn role(&self, id: &str, role: Role) -> Result<f64, Missing> {
        let first = self.entry(id)?.references_of(role).next();
        first.map(|reference| reference.value).ok_or(Missing {
            what: format!("{id} ({role:?})"),
        })
    }

    /// The reference of that name.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn reference(&self, id: &str, name: &str) -> Result<f64, Missing> {
        let named = |reference: &&Reference| reference.name == name;
        let found = self.entry(id)?.references.iter().find(named);
        found.map(|reference| reference.value).ok_or(Missing {
            what: format!("{id} ({name})"),
        })
    }

    /// How far that figure has come from the reference named `floor` (0) to the best possible (1).
    ///
    /// # Errors
    /// [`Missing`].
    pub fn way(&self, id: &str, floor: &str) -> Result<f64, Missing> {
        let floor = self.reference(id, floor)?;
        Ok((self.value(id)? - floor) / (self.best(id)? - floor))
    }

    /// The largest of these figures.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn largest(&self, ids: &[&str]) -> Result<f64, Missing> {
        ids.iter().try_fold(f64::NEG_INFINITY, |largest, id| {
            Ok(largest.max(self.value(id)?))
        })
    }

    /// The smallest of these figures.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn smallest(&self, ids: &[&str]) -> Result<f64, Missing> {
        ids.iter().try_fold(f64::INFINITY, |smallest, id| {
            Ok(smallest.min(self.value(id)?))
        })
    }
}

//! What a run writes down: figures into the results, remarks for the page, lines for the terminal.

use crate::report::terminal;
use crate::results::{Entry, Recorder};

use super::peers::Spread;
use super::targets;

/// References that carry the spread of a figure.
const ENDS: [&str; 2] = ["min", "max"];
/// Unit of most figures.
pub const NS: &str = "ns / unit-step";

/// Figures and remarks of a run.
pub struct Journal {
    recorder: Recorder,
    /// Remarks that are no figures.
    pub remarks: Remarks,
    shown: usize,
}

/// What people should know beside the figures.
#[derive(Debug, Clone, Default)]
pub struct Remarks {
    /// Peers that ran.
    pub peers: Vec<PeerRemark>,
    /// Peers that did not, and why.
    pub skipped: Vec<PeerRemark>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// A peer in one work.
#[derive(Debug, Clone)]
pub struct PeerRemark {
    /// Name of the work, or `normals`.
    pub work: String,
    /// Threads.
    pub threads: usize,
    /// Name of the implementation.
    pub implementation: String,
    /// Versions of its packages; empty if it did not run.
    pub version: String,
    /// Layout that it chose, or why it did not run.
    pub text: String,
}

impl Journal {
    /// A journal that keeps its figures in this recorder, which has begun.
    pub fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            remarks: Remarks::default(),
            shown: 0,
        }
    }

    /// The results so far.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Records a figure; its target is added where there is one.
    ///
    /// # Errors
    /// If the id was used before, or the value is not finite.
    pub fn record(&mut self, entry: Entry) -> anyhow::Result<()> {
        Ok(self.recorder.record(targets::attached(entry))?)
    }

    /// Records a time with its spread.
    ///
    /// # Errors
    /// As [`Journal::record`].
    pub fn spread(
        &mut self,
        id: &str,
        unit: &str,
        spread: impl Into<Spread>,
        repetitions: usize,
    ) -> anyhow::Result<()> {
        self.record(spread_entry(id, unit, spread.into(), repetitions))
    }

    /// Leaves a remark, and says it at once.
    pub fn note(&mut self, text: String) {
        eprintln!("note: {text}");
        self.remarks.notes.push(text);
    }

    /// Ends a chapter: saves, and prints the figures that are new.
    ///
    /// # Errors
    /// If the results cannot be written.
    pub fn close_chapter(&mut self) -> anyhow::Result<()> {
        self.recorder.save()?;
        let fresh: Vec<_> = self.recorder.own().skip(self.shown).collect();
        self.shown += fresh.len();
        if !fresh.is_empty() {
            println!("{}", terminal::table(fresh));
        }
        Ok(())
    }
}

/// A time with the ends of its spread as references.
pub fn spread_entry(id: &str, unit: &str, spread: Spread, repetitions: usize) -> Entry {
    Entry::new(id, spread.median)
        .unit(unit)
        .lower()
        .n(repetitions)
        .reference(ENDS[0], spread.min)
        .reference(ENDS[1], spread.max)
}

/// The spread of a recorded time.
pub fn spread_of(entry: &Entry) -> Option<Spread> {
    let end = |name: &str| {
        let mut found = entry
            .references
            .iter()
            .filter(|reference| reference.name == name);
        found.next().map(|reference| reference.value)
    };
    Some(Spread {
        median: entry.value,
        min: end(ENDS[0])?,
        max: end(ENDS[1])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_survives_the_record() {
        let spread = Spread {
            median: 3.0,
            min: 2.9,
            max: 3.4,
        };
        let entry = spread_entry("bench.a", NS, spread, 7).reference("torch", 7.5);
        assert_eq!(spread_of(&entry), Some(spread));
        assert_eq!(spread_of(&Entry::new("bench.b", 1.0)), None);
    }
}

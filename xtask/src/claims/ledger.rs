//! All claims, judged.

use super::figures::Figures;
use super::finding::{Finding, Verdict};
use super::{Answer, Claim, all};
use crate::results::{Preset, Results};

/// One claim with its verdict.
#[derive(Debug)]
pub struct Row {
    /// What is claimed.
    pub claim: &'static Claim,
    /// The ids that decided; where figures are missing, those of the best answer that could be given.
    pub ids: &'static [&'static str],
    /// What came out.
    pub finding: Finding,
}

impl Row {
    /// Whether figures of one of these experiments decided it.
    pub fn concerns(&self, experiments: &[&str]) -> bool {
        let of = |id: &str, experiment: &str| {
            let rest = id.strip_prefix(experiment);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let measured = !matches!(self.finding.verdict, Verdict::NotMeasured(_));
        measured
            && self
                .ids
                .iter()
                .any(|id| experiments.iter().any(|experiment| of(id, experiment)))
    }
}

/// The claims with their verdicts, in order.
#[derive(Debug)]
pub struct Ledger {
    /// One row for each claim.
    pub rows: Vec<Row>,
    /// Presets of the figures that decided.
    pub presets: Vec<Preset>,
}

/// How many claims came to which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Reproduced as stated.
    pub reproduced: usize,
    /// Reproduced under a condition.
    pub only_if: usize,
    /// Not reproduced.
    pub not: usize,
    /// Not measured.
    pub not_measured: usize,
}

impl Ledger {
    /// Judges every claim by these figures.
    pub fn new(figures: &Figures<'_>) -> Self {
        Self {
            rows: all().map(|claim| judge(claim, figures)).collect(),
            presets: figures.presets().to_vec(),
        }
    }

    /// The same, by the figures of one run.
    pub fn of_run(results: &Results) -> Self {
        Self::new(&Figures::of_run(results))
    }

    /// Verdicts by kind.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            let count = match row.finding.verdict {
                Verdict::Reproduced => &mut counts.reproduced,
                Verdict::OnlyIf(_) => &mut counts.only_if,
                Verdict::NotReproduced => &mut counts.not,
                Verdict::NotMeasured(_) => &mut counts.not_measured,
            };
            *count += 1;
        }
        counts
    }
}

/// By the first answer of which all figures are there.
fn judge(claim: &'static Claim, figures: &Figures<'_>) -> Row {
    let missing = |answer: &Answer| {
        let ids = answer.ids.iter().filter(|id| !figures.has(id));
        ids.map(ToString::to_string).collect::<Vec<_>>()
    };
    let mut nearest: Option<(&'static Answer, Vec<String>)> = None;
    for answer in claim.answers {
        let missing = missing(answer);
        if missing.is_empty() {
            let finding = (answer.rule)(&figures.cited(answer.ids))
                .unwrap_or_else(|lost| Finding::not_measured(vec![lost.what]));
            return Row {
                claim,
                ids: answer.ids,
                finding,
            };
        }
        if nearest
            .as_ref()
            .is_none_or(|(_, least)| missing.len() < least.len())
        {
            nearest = Some((answer, missing));
        }
    }
    let (ids, missing) =
        nearest.map_or_else(Default::default, |(answer, missing)| (answer.ids, missing));
    Row {
        claim,
        ids,
        finding: Finding::not_measured(missing),
    }
}

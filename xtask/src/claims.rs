//! The claims ledger: every quantitative claim of the four papers, with a verdict from recorded figures.
//!
//! A [`Claim`] is data: who says it and where, which figures of `results.json` answer it, and a rule
//! that turns these figures into a verdict by stated thresholds. No result is typed here: where a figure is
//! missing, the claim is *not measured*.
//!
//! | module | content |
//! |---|---|
//! | `inference`, `eqprop`, `sgm`, `floweqprop` | the claims of each paper |
//! | `energy` | rules of the energy claims, which two papers share |
//! | `fold` | ids, written short |
//! | `figures` | what a rule may look up |
//! | `finding` | verdicts, and the figures behind them |
//! | `ledger` | all claims judged |
//! | `markdown`, `html`, `text` | the same ledger as docs/claims.md, in the report, in the terminal |
//!
//! The threshold of a rule is a constant beside it. A verdict is *reproduced only if ...* where the claimed
//! figure is reached under a condition that the claim does not state, and its figures are in that condition.

mod command;
mod energy;
mod eqprop;
mod figures;
mod finding;
mod floweqprop;
mod fold;
mod html;
mod inference;
mod ledger;
mod markdown;
mod sgm;
#[cfg(test)]
mod tests;
mod text;

pub use command::{ClaimsArgs, run};
pub use html::{ANCHOR, section};
pub use ledger::Ledger;
pub use text::table;

use figures::{Cited, Missing};
use finding::Finding;

/// One of the papers under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// A. De, diffusion inference on a substrate.
    Inference,
    /// A. De, symmetric equilibrium propagation.
    EqProp,
    /// C. Bösch and others, local learning rules.
    Sgm,
    /// A. Gower, FlowEqProp.
    FlowEqProp,
}

impl Paper {
    /// Number on arXiv.
    pub const fn arxiv(self) -> &'static str {
        match self {
            Self::Inference => "2604.14332",
            Self::EqProp => "2604.23806",
            Self::Sgm => "2506.19136",
            Self::FlowEqProp => "2604.08150",
        }
    }

    /// The group of experiments, and the page in docs/, that answer it.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::EqProp => "eqprop",
            Self::Sgm => "sgm",
            Self::FlowEqProp => "floweqprop",
        }
    }
}

/// What kind of evidence a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Measured on the simulated substrate, or on networks trained there.
    Measured,
    /// Parameters, wires or acts were counted.
    Counted,
    /// Acts were counted, and priced by a hardware model's constants.
    Billed,
    /// A property of the code, shown by a type or a test; figures, if any, stand beside it.
    ByConstruction,
}

impl Basis {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Counted => "counted",
            Self::Billed => "counted and priced",
            Self::ByConstruction => "by construction",
        }
    }
}

/// A type or a test that shows something about the code.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// File in the repository.
    pub file: &'static str,
    /// Name of the type or test in it.
    pub item: &'static str,
}

/// Figures that answer a claim, and how they do.
#[derive(Debug)]
pub struct Answer {
    /// Ids in `results.json`; the rule needs all of them and sees no others.
    pub ids: &'static [&'static str],
    /// Judges the claim by these figures.
    pub rule: fn(&Cited<'_>) -> Result<Finding, Missing>,
}

/// One claim of a paper.
#[derive(Debug)]
pub struct Claim {
    /// 1 to 30, in the order of the papers A to D.
    pub number: u8,
    /// Who says it.
    pub paper: Paper,
    /// Where in the paper.
    pub place: &'static str,
    /// A few words, for the terminal.
    pub short: &'static str,
    /// The claim, in our words.
    pub statement: &'static str,
    /// Which kind of evidence decides.
    pub basis: Basis,
    /// Types and tests that belong to the evidence.
    pub proofs: &'static [Proof],
    /// Which figures decide, best first: those of a smaller preset may have other ids.
    pub answers: &'static [Answer],
    /// The command that makes them.
    pub command: &'static str,
}

/// All claims, in order of their numbers.
pub fn all() -> impl Iterator<Item = &'static Claim> {
    let papers = [
        inference::CLAIMS,
        eqprop::CLAIMS,
        sgm::CLAIMS,
        floweqprop::CLAIMS,
    ];
    papers.into_iter().flatten()
}

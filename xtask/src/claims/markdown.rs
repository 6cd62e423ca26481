//! The ledger as docs/claims.md.

use std::fmt::Write as _;

use super::finding::{Quantity, Verdict};
use super::fold::fold;
use super::ledger::{Ledger, Row};
use super::text;

const INTRODUCTION: &str = "\
# Claims of the four papers

Every quantitative claim of the papers under test, with a verdict. This page is generated from
[results](results) by `cargo xtask claims`; the rules and their thresholds are in `xtask/src/claims`, one
file for each paper, and nothing on this page is typed as a result. `cargo xtask reproduce` prints the same ledger for
its own figures, and its report opens on it.

- **Reproduced only if**: the claim holds under a condition that it does not state.
- **Not measured**: figures are missing; the command makes them.
- **Floor** is what a trivial method has, **ceiling** what would be best.
- **Evidence**: *measured* on the simulated substrate or on networks trained there; *counted* (parameters, wires,
  acts); *counted and priced*, with the constants of a hardware model; *by construction*, by a type or a test.

";

/// The whole page.
pub fn page(ledger: &Ledger) -> String {
    let mut page = String::from(INTRODUCTION);
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{}\n", text::summary(ledger));
    page.push_str("| # | claim, and where | here | floor | ceiling | verdict | evidence, and how to get it |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    for row in &ledger.rows {
        let finding = &row.finding;
        let cells = [
            row.claim.number.to_string(),
            claim(row),
            quantities(&finding.here),
            quantities(&finding.floor),
            quantities(&finding.ceiling),
            verdict(row),
            evidence(row),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page
}

fn claim(row: &Row) -> String {
    let claim = row.claim;
    let (arxiv, group) = (claim.paper.arxiv(), claim.paper.group());
    format!(
        "{}<br>[{arxiv}](https://arxiv.org/abs/{arxiv}), {} ([here]({group}.md))",
        claim.statement, claim.place
    )
}

fn quantities(quantities: &[Quantity]) -> String {
    if quantities.is_empty() {
        return "–".into();
    }
    let texts: Vec<String> = quantities.iter().map(ToString::to_string).collect();
    texts.join("<br>")
}

fn verdict(row: &Row) -> String {
    let finding = &row.finding;
    let name = finding.verdict.name();
    match &finding.verdict {
        Verdict::OnlyIf(condition) => format!("**{name}** {condition}. {}", finding.note),
        Verdict::NotMeasured(_) => format!("**{name}**: {}.", finding.missing()),
        _ => format!("**{name}**. {}", finding.note),
    }
}

fn evidence(row: &Row) -> String {
    let mut text = row.claim.basis.name().to_owned();
    for proof in row.claim.proofs {
        let item = proof.item.trim_start_matches("fn ");
        let _ = write!(text, "<br>`{item}` in [{0}](../{0})", proof.file);
    }
    for ids in fold(row.ids) {
        let _ = write!(text, "<br>`{ids}`");
    }
    let _ = write!(text, "<br>`{}`", row.claim.command);
    text
}

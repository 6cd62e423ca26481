//! The ledger as the first section of the report.

use maud::{Markup, html};

use super::finding::{Quantity, Verdict, show};
use super::fold::fold;
use super::ledger::{Ledger, Row};
use super::text;
use crate::results::Preset;

/// Anchor of the section.
pub const ANCHOR: &str = "claims";

/// The section.
pub fn section(ledger: &Ledger) -> Markup {
    let counts = ledger.counts();
    let tally = [
        ("good", counts.reproduced, "reproduced"),
        ("fair", counts.only_if, "reproduced only if"),
        ("bad", counts.not, "not reproduced"),
        ("open", counts.not_measured, "not measured"),
    ];
    html! {
        section id=(ANCHOR) {
            h2 { "Claims of the four papers" }
            div.intro {
                p {
                    "Every quantitative claim of the papers under test, judged by the figures of this run. A floor is "
                    "what a trivial method has, a ceiling what would be best; thresholds are in "
                    code { "xtask/src/claims" } "."
                }
                @if ledger.presets.contains(&Preset::Quick) {
                    p { strong { "Quick preset: " }
                        "these are small runs, judged by the same rules as those of the papers' sizes. The verdicts "
                        "to quote are in " code { "docs/claims.md" } "."
                    }
                }
            }
            div.tally title=(text::summary(ledger)) {
                @for (class, count, name) in tally {
                    span.badge.(class) { (count) " " (name) }
                }
            }
            div.scroll {
                table.ledger {
                    thead { tr {
                        th { "#" } th { "claim" } th { "here" } th { "floor" } th { "ceiling" } th { "verdict" }
                    } }
                    tbody { @for row in &ledger.rows { (line(row)) } }
                }
            }
        }
    }
}

fn line(row: &Row) -> Markup {
    let (claim, finding) = (row.claim, &row.finding);
    html! {
        tr.claim {
            td { (claim.number) }
            td {
                (claim.statement)
                span.name { "arXiv " (claim.paper.arxiv()) ", " (claim.place) }
            }
            td { (quantities(&finding.here)) }
            td { (quantities(&finding.floor)) }
            td { (quantities(&finding.ceiling)) }
            td {
                (badge(&finding.verdict))
                @if let Verdict::OnlyIf(condition) = &finding.verdict { p { (condition) } }
            }
        }
        tr {
            td {}
            td colspan="5" {
                @if let Verdict::NotMeasured(_) = finding.verdict {
                    (finding.missing().replace('`', "")) "; " code { (claim.command) } " makes all of them."
                } @else {
                    (finding.note)
                }
                details {
                    summary { "Evidence: " (claim.basis.name()) }
                    @for proof in claim.proofs { div { code { (proof.item) } " in " (proof.file) } }
                    @for ids in fold(row.ids) { div { code { (ids) } } }
                    div { code { (claim.command) } }
                }
            }
        }
    }
}

fn quantities(quantities: &[Quantity]) -> Markup {
    html! {
        @if quantities.is_empty() { span.none { "–" } }
        @for quantity in quantities {
            div.quantity { (show(quantity.value)) span.name { (quantity.what) } }
        }
    }
}

fn badge(verdict: &Verdict) -> Markup {
    let class = match verdict {
        Verdict::Reproduced => "good",
        Verdict::OnlyIf(_) => "fair",
        Verdict::NotReproduced => "bad",
        Verdict::NotMeasured(_) => "open",
    };
    html! { span.badge.(class) { (verdict.name()) } }
}

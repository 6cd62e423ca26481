//! The ledger in the terminal.

use std::fmt::Write as _;

use super::finding::{Quantity, show};
use super::ledger::{Ledger, Row};
use crate::results::Preset;

/// Widest cell of figures: a line must fit into a terminal.
const WIDEST: usize = 34;

/// A compact table of the measured claims among those `shown`, the number of the others, and the summary.
pub fn table(ledger: &Ledger, shown: impl Fn(&Row) -> bool) -> String {
    let rows: Vec<&Row> = ledger.rows.iter().filter(|row| shown(row)).collect();
    let heading = ["", "claim", "here", "floor", "ceiling", "verdict"].map(String::from);
    let lines: Vec<[String; 6]> = std::iter::once(heading)
        .chain(rows.iter().map(|row| cells(row)))
        .collect();
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let width = |line: &[String; 6]| line[column].chars().count();
        lines.iter().map(width).max().unwrap_or(0)
    });
    let mut text = String::from("Claims of the four papers\n");
    if !rows.is_empty() {
        for line in &lines {
            let mut padded = String::new();
            for (cell, width) in line.iter().zip(widths) {
                // Writing to a string cannot fail.
                let _ = write!(padded, "{cell:<width$}  ");
            }
            text.push_str(padded.trim_end());
            text.push('\n');
        }
    }
    let others = ledger.rows.len() - rows.len();
    if others > 0 {
        let _ = writeln!(
            text,
            "{others} more claims are answered by other experiments."
        );
    }
    text.push_str(&summary(ledger));
    text
}

/// How many claims came to which verdict, in one line.
pub fn summary(ledger: &Ledger) -> String {
    let counts = ledger.counts();
    let quick = if ledger.presets.contains(&Preset::Quick) {
        " (quick preset: small runs, judged by the same rules)"
    } else {
        ""
    };
    format!(
        "{} claims: {} reproduced, {} only under a condition, {} not, {} not measured{quick}.",
        ledger.rows.len(),
        counts.reproduced,
        counts.only_if,
        counts.not,
        counts.not_measured,
    )
}

fn cells(row: &Row) -> [String; 6] {
    let finding = &row.finding;
    [
        row.claim.number.to_string(),
        row.claim.short.into(),
        first(&finding.here),
        value(&finding.floor),
        value(&finding.ceiling),
        finding.verdict.name().into(),
    ]
}

/// The first of them stands beside the first of ours, and is of the same kind.
fn value(quantities: &[Quantity]) -> String {
    quantities
        .first()
        .map_or_else(|| "–".into(), |quantity| show(quantity.value))
}

/// The first of them, which is the telling one, cut to the width of a column.
fn first(quantities: &[Quantity]) -> String {
    let Some(quantity) = quantities.first() else {
        return "–".into();
    };
    let text = quantity.to_string();
    if text.chars().count() <= WIDEST {
        return text;
    }
    let cut: String = text.chars().take(WIDEST - 1).collect();
    format!("{}…", cut.trim_end())
}

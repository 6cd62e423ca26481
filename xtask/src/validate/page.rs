//! docs/validation.md.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use overdamped_validation::SIGMA;

use super::trial::Trial;

/// Where the page is.
pub fn path() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .unwrap_or(manifest)
        .join("docs/validation.md")
}

/// The page. Seconds are not on it: the same laws give the same page.
pub fn page(trials: &[Trial]) -> String {
    let mut page = format!(
        "# Validation\n\n\
         Laws that the simulated substrate must obey, each held against an exact answer, and the faults that each law must notice. \
         This page is written by `cargo xtask validate` (seed 1); the laws are in [validation](../validation).\n\n\
         A statistical law allows each comparison {SIGMA} standard errors; the *false alarms* say how likely good code is to fail it \
         over seeds. An exact law allows one tolerance. A *mutant* is the same substrate with a fault planted; behind each stands how far \
         off the law then was, in the same units. {}\n\n\
         | law | what must hold, and the exact answer | worst | allowed | n | false alarms | mutants |\n\
         |---|---|---|---|---|---|---|\n",
        super::summary(trials)
    );
    for trial in trials {
        let (law, finding) = (&trial.law, &trial.finding);
        let unit = if finding.n > 0 { "sigma" } else { "tolerance" };
        let mutants: Vec<_> = trial
            .mutants
            .iter()
            .map(|(mutant, found)| {
                let verdict = if found.holds() {
                    "**missed**"
                } else {
                    "caught"
                };
                format!("{}: {verdict} ({})", mutant.about(), size(found.worst))
            })
            .collect();
        let n = match finding.n {
            0 => "exact".to_owned(),
            n => format!("{:.0e}", n as f64),
        };
        // Writing into a string does not fail.
        let _ = writeln!(
            page,
            "| `{}` | {}: {} | {:.2} | {} {unit} | {n} | {} | {} |",
            law.id,
            law.title,
            law.oracle,
            finding.worst,
            finding.limit(),
            match finding.n {
                0 => "0".to_owned(),
                _ => format!("{:.1e}", finding.false_alarm_rate()),
            },
            mutants.join("<br>")
        );
    }
    page
}

/// A deviation, short.
fn size(deviation: f64) -> String {
    if deviation < 1e4 {
        format!("{deviation:.0}")
    } else {
        format!("{deviation:.0e}")
    }
}

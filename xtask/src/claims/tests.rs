//! The ledger against the kept results; in the folder, every rule on both sides of its thresholds.

mod energy;
mod eqprop;
mod floweqprop;
mod inference;
mod notes;
mod sgm;

use super::command::{PAGE, kept_files, read, root};
use super::figures::Figures;
use super::finding::Verdict;
use super::ledger::Row;
use super::{Claim, ClaimsArgs, Ledger, all, html, markdown, run, text};
use crate::experiments::choose;
use crate::results::{Entry, Preset, Results};

fn kept() -> Vec<Results> {
    read(&kept_files().unwrap()).unwrap()
}

fn ids_of(claim: &Claim) -> impl Iterator<Item = &'static str> {
    claim.answers.iter().flat_map(|answer| answer.ids).copied()
}

#[test]
fn every_claim_is_there_once_and_in_order() {
    let numbers: Vec<u8> = all().map(|claim| claim.number).collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<u8>>());
    for claim in all() {
        assert!(!claim.answers.is_empty(), "{}", claim.number);
        for text in [claim.statement, claim.short, claim.place, claim.command] {
            assert!(!text.is_empty(), "{}", claim.number);
        }
    }
}

#[test]
fn every_id_is_valid_and_among_the_kept_figures() {
    let kept = kept();
    let figures = Figures::of(&kept).unwrap();
    for claim in all() {
        for id in ids_of(claim) {
            assert!(Entry::new(id, 0.0).validate().is_ok(), "{id}");
            assert!(figures.has(id), "{}: {id}", claim.number);
        }
    }
}

#[test]
fn commands_make_the_figures_that_they_stand_for() {
    for claim in all() {
        let (number, command) = (claim.number, claim.command);
        let (before, after) = command.split_once("reproduce ").unwrap();
        let (names, _) = after.split_once(" --preset paper").unwrap();
        let names: Vec<String> = names.split(' ').map(String::from).collect();
        let chosen = choose(&names, Preset::Paper).unwrap();
        for id in claim.answers[0].ids {
            let entry = Entry::new(id, 0.0);
            let made = chosen
                .iter()
                .any(|experiment| entry.belongs_to(experiment.name));
            assert!(made, "{number}: `{command}` does not make {id}");
        }
        let fetch = chosen.iter().any(|experiment| experiment.needs_mnist);
        assert_eq!(before.contains("xtask fetch"), fetch, "{number}: {command}");
    }
}

#[test]
fn types_and_tests_that_are_named_exist() {
    for claim in all() {
        for proof in claim.proofs {
            let text = std::fs::read_to_string(root().join(proof.file));
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", proof.file));
            assert!(
                text.contains(proof.item),
                "{} in {}",
                proof.item,
                proof.file
            );
        }
    }
}

#[test]
fn kept_figures_judge_every_claim() {
    let kept = kept();
    for row in Ledger::new(&Figures::of(&kept).unwrap()).rows {
        let measured = !matches!(row.finding.verdict, Verdict::NotMeasured(_));
        let (number, why) = (row.claim.number, row.finding.missing());
        assert!(measured, "{number}: {why}");
        assert!(!row.finding.here.is_empty(), "{number}");
    }
}

#[test]
fn the_committed_page_is_what_the_kept_results_give() {
    let kept = kept();
    let page = markdown::page(&Ledger::new(&Figures::of(&kept).unwrap()));
    let committed = std::fs::read_to_string(root().join(PAGE)).unwrap();
    assert!(
        committed == page,
        "{PAGE} is out of date: run `cargo xtask claims`"
    );
}

#[test]
fn without_figures_nothing_is_measured() {
    let ledger = Ledger::new(&Figures::default());
    assert_eq!(ledger.counts().not_measured, 30);
    for row in &ledger.rows {
        assert!(
            row.finding.missing().contains("missing"),
            "{}",
            row.claim.number
        );
        assert!(!row.concerns(&["sgm.mixture", "inference"]));
    }
    let page = html::section(&ledger).into_string();
    // In words, not by colour alone; once for each claim and once in the tally.
    assert_eq!(page.matches("not measured</span>").count(), 31);
}

#[test]
fn one_id_in_two_files_is_refused() {
    let kept = kept();
    let twice = [&kept[0], &kept[0]];
    let error = Figures::of(twice).unwrap_err();
    assert_eq!(error.id, kept[0].results[0].id);
}

#[test]
fn a_partial_run_shows_what_it_answers_and_counts_the_rest() {
    let mut kept = kept();
    for results in &mut kept {
        results
            .results
            .retain(|entry| entry.id.starts_with("sgm.mixture."));
    }
    let ledger = Ledger::new(&Figures::of(&kept).unwrap());
    let table = text::table(&ledger, |row| row.concerns(&["sgm.mixture"]));
    assert!(
        table.contains("samples a mixture of two Gaussians"),
        "{table}"
    );
    assert!(!table.contains("decoder cosine"), "{table}");
    // 20 and 24 need digits too.
    assert!(table.contains("28 more claims"), "{table}");
    assert!(table.contains("28 not measured"), "{table}");
}

#[test]
fn a_rule_sees_only_what_its_claim_names() {
    let kept = kept();
    let figures = Figures::of(&kept).unwrap();
    let cited = figures.cited(&["sgm.mixture.exact.sw1"]);
    assert!(cited.value("sgm.mixture.exact.sw1").is_ok());
    assert!(cited.value("sgm.mixture.oracle.sw1").is_err());
    assert!(cited.published("sgm.mixture.exact.sw1").is_err());
}

#[test]
fn other_results_do_not_overwrite_the_kept_page() {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        claims: ClaimsArgs,
    }
    let line = ["claims", "--results", "elsewhere.json"];
    let line = <Line as clap::Parser>::try_parse_from(line).unwrap();
    let error = run(&line.claims).unwrap_err();
    assert!(error.to_string().contains("needs --out"), "{error}");
}

#[test]
fn a_count_that_was_not_recorded_is_missing() {
    let mut kept = kept();
    let mut entries = kept.iter_mut().flat_map(|results| &mut results.results);
    let entry = entries.find(|entry| entry.id == "eqprop.bound.violations");
    entry.unwrap().n = None;
    let missing = judged(11, &kept).finding.missing();
    assert_eq!(missing, "`eqprop.bound.violations (n)` is missing");
}

#[test]
fn the_report_says_what_is_missing() {
    let mut kept = kept();
    for results in &mut kept {
        results
            .results
            .retain(|entry| entry.id != "sgm.mixture.exact.sw1");
    }
    let ledger = Ledger::new(&Figures::of(&kept).unwrap());
    let page = html::section(&ledger).into_string();
    assert!(page.contains("sgm.mixture.exact.sw1 is missing"), "{page}");
}

/// One claim judged with these figures replaced.
fn row(number: u8, figures: &[(&str, f64)]) -> Row {
    let mut kept = kept();
    for (id, value) in figures {
        let mut entries = kept.iter_mut().flat_map(|results| &mut results.results);
        let entry = entries.find(|entry| entry.id == *id);
        entry.unwrap_or_else(|| panic!("{id}")).value = *value;
    }
    judged(number, &kept)
}

/// One claim judged by these results.
fn judged(number: u8, results: &[Results]) -> Row {
    let mut rows = Ledger::new(&Figures::of(results).unwrap()).rows;
    let row = rows.swap_remove(usize::from(number) - 1);
    assert_eq!(row.claim.number, number);
    row
}

/// Replaces one reference among these results.
fn refer(results: &mut [Results], id: &str, name: &str, value: f64) {
    let mut entries = results.iter_mut().flat_map(|results| &mut results.results);
    let entry = entries.find(|entry| entry.id == id).unwrap();
    let mut references = entry.references.iter_mut();
    references.find(|entry| entry.name == name).unwrap().value = value;
}

const REPRODUCED: &str = "reproduced";
const ONLY_IF: &str = "reproduced only if";
const NOT: &str = "not reproduced";

/// Each rule is shown figures on either side of its thresholds.
fn check(number: u8, cases: &[(&[(&str, f64)], &str)]) {
    for (figures, expected) in cases {
        let verdict = row(number, figures).finding.verdict;
        assert_eq!(verdict.name(), *expected, "{number}: {figures:?}");
    }
}

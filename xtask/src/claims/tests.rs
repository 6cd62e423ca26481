//! The ledger against the kept results, and every rule on both sides of its thresholds.

use super::command::{PAGE, kept_files, read, root};
use super::figures::Figures;
use super::finding::Verdict;
use super::{Claim, Ledger, all, html, markdown, text};
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

/// The verdict on one claim when these figures are replaced, or added.
fn verdict(number: u8, figures: &[(&str, f64)]) -> &'static str {
    let mut kept = kept();
    for (id, value) in figures {
        let mut entries = kept.iter_mut().flat_map(|results| &mut results.results);
        match entries.find(|entry| entry.id == *id) {
            Some(entry) => entry.value = *value,
            None => {
                // What accounting records beside its gains.
                let entry = Entry::new(id, *value).reference("record hardware", *value);
                let entry = entry.reference("ideal hardware", *value);
                kept[0].results.push(entry);
            }
        }
    }
    let ledger = Ledger::new(&Figures::of(&kept).unwrap());
    let row = &ledger.rows[usize::from(number) - 1];
    assert_eq!(row.claim.number, number);
    row.finding.verdict.name()
}

const REPRODUCED: &str = "reproduced";
const ONLY_IF: &str = "reproduced only if";
const NOT: &str = "not reproduced";

/// Each rule is shown figures on either side of its thresholds.
fn check(number: u8, cases: &[(&[(&str, f64)], &str)]) {
    for (figures, expected) in cases {
        assert_eq!(verdict(number, figures), *expected, "{number}: {figures:?}");
    }
}

#[test]
fn rules_of_inference_follow_their_figures() {
    let z = "inference.langevin.equilibrium.mean_z";
    let one = "inference.langevin.samples_1.raw_cosine";
    check(
        1,
        &[
            (&[(z, 1.0), (one, 0.5)], ONLY_IF),
            (&[(z, 1.0), (one, 0.995)], REPRODUCED),
            (&[(z, -7.0), (one, 0.995)], NOT),
        ],
    );
    let weights = "inference.rank.weight_gram.k16.r2";
    let activations = "inference.rank.activation_gram.k16.r2";
    let linear = "inference.pixel.sigma_0_5.ridge.r2";
    check(
        2,
        &[
            (&[(weights, 0.8), (linear, 0.9)], REPRODUCED),
            (
                &[(weights, 0.1), (activations, 0.7), (linear, 0.9)],
                ONLY_IF,
            ),
            (&[(weights, 0.1), (activations, 0.1), (linear, 0.9)], NOT),
        ],
    );
    let rank = |k| match k {
        16 => "inference.rank.reduced_rank.k16.r2",
        _ => "inference.rank.reduced_rank.k32.r2",
    };
    check(
        3,
        &[
            (&[(rank(16), 0.867)], REPRODUCED),
            // At D = 64 and rank 32 couplings take as many wires as a dense map.
            (&[(rank(16), 0.5), (rank(32), 0.867)], NOT),
        ],
    );
    let parameters = "inference.interface.parameters";
    check(
        4,
        &[
            (&[(parameters, 2560.0)], ONLY_IF),
            (&[(parameters, 2561.0)], NOT),
        ],
    );
    let published = "inference.published.raw_cosine";
    let normalised = "inference.published.normalised_cosine";
    let bare = "inference.published.no_skip.raw_cosine";
    let mean = "inference.mean.raw_cosine";
    check(
        5,
        &[
            (&[(published, 0.991), (mean, 0.5)], REPRODUCED),
            (&[(published, 0.991), (mean, 0.998)], ONLY_IF),
            (
                &[(published, 0.9), (normalised, 0.9), (bare, 0.999)],
                ONLY_IF,
            ),
            (&[(published, 0.9), (normalised, 0.9), (bare, 0.9)], NOT),
        ],
    );
    let oracle = "inference.oracle.raw_cosine";
    let exact = "inference.oracle.exact.raw_cosine";
    check(
        6,
        &[
            (&[(oracle, 1.0)], REPRODUCED),
            (&[(oracle, 0.9), (exact, 1.0)], ONLY_IF),
            (&[(oracle, 0.9), (exact, 0.99)], NOT),
        ],
    );
    let barrier = "inference.barrier.within.signal";
    check(
        7,
        &[
            (&[(barrier, 370.0)], NOT),
            (&[(barrier, 2500.0)], REPRODUCED),
        ],
    );
    check(9, &[(&[("inference.interface.macs", 2560.0)], ONLY_IF)]);
}

#[test]
fn without_any_arithmetic_there_is_none() {
    let mut kept = kept();
    let entries = kept.iter_mut().flat_map(|results| &mut results.results);
    for entry in entries.filter(|entry| entry.id == "inference.interface.macs") {
        entry.value = 0.0;
        for reference in &mut entry.references {
            reference.value = 0.0;
        }
    }
    let ledger = Ledger::new(&Figures::of(&kept).unwrap());
    assert_eq!(ledger.rows[8].finding.verdict, Verdict::Reproduced);
}

#[test]
fn rules_of_energy_follow_their_figures() {
    let gains = |typical: f64, record: f64, strict: f64| {
        [
            ("accounting.inference.gain.kt_only", 1e13),
            ("accounting.inference.gain.record_converters", record),
            ("accounting.inference.gain.int8_interface", record),
            ("accounting.inference.gain.typical", typical),
            ("accounting.inference.gain.with_upstream_encoder", strict),
            ("accounting.inference.gain.matched_function", strict),
        ]
    };
    check(
        8,
        &[
            (&gains(1e5, 1.1e7, 3.0), ONLY_IF),
            (&gains(1e8, 1e8, 1e7), REPRODUCED),
            (&gains(1e5, 1e6, 3.0), NOT),
        ],
    );
    check(
        18,
        &[
            (&gains(1e5, 1e7, 3.0), ONLY_IF),
            (&gains(1e5, 1e7, 2e3), REPRODUCED),
            (&gains(9e2, 1e7, 3.0), NOT),
        ],
    );
    let training = |same: f64, others: f64| {
        [
            ("accounting.training.gain.same_function", same),
            ("accounting.training.gain.simulating_relaxation", others),
            ("accounting.training.gain.low_utilisation", others),
            ("accounting.training.gain.whole_network", 1e6),
        ]
    };
    check(
        17,
        &[
            (&training(62.0, 5.5e3), ONLY_IF),
            (&training(1.1e3, 5.5e3), REPRODUCED),
            (&training(62.0, 900.0), NOT),
        ],
    );
    let own = [
        (
            "accounting.systems.eqprop.training.gain.same_function",
            450.0,
        ),
        (
            "accounting.systems.floweqprop.training.gain.same_function",
            1200.0,
        ),
    ];
    let all = [training(62.0, 5.5e3).as_slice(), &own].concat();
    check(17, &[(&all, ONLY_IF)]);
    let extra = "accounting.training.symmetric_extra";
    check(
        14,
        &[
            (&[(extra, 0.04)], REPRODUCED),
            (&[(extra, 0.3)], ONLY_IF),
            (&[(extra, 0.6)], NOT),
        ],
    );
}

#[test]
fn rules_of_eqprop_follow_their_figures() {
    let slope = "eqprop.slope.one_sided";
    check(10, &[(&[(slope, 1.0)], REPRODUCED), (&[(slope, 0.1)], NOT)]);
    let violations = "eqprop.bound.violations";
    let tightest = "eqprop.bound.one_sided.tightest";
    check(
        11,
        &[
            (&[(violations, 0.0), (tightest, 0.98)], REPRODUCED),
            (&[(violations, 0.0), (tightest, 0.1)], ONLY_IF),
            (&[(violations, 1.0)], NOT),
        ],
    );
    let free = "eqprop.cross_term.hidden_output.relative_error";
    let clamped = "eqprop.cross_term.data_hidden.relative_error";
    check(
        12,
        &[
            (&[(free, 0.3), (clamped, 1e-14)], ONLY_IF),
            (&[(free, 1e-9), (clamped, 1e-14)], REPRODUCED),
            (&[(free, 0.3), (clamped, 0.2)], NOT),
        ],
    );
    let symmetric = "eqprop.slope.symmetric";
    check(
        13,
        &[
            (&[(symmetric, 2.01)], REPRODUCED),
            (&[(symmetric, 1.2)], NOT),
        ],
    );
    let one_sided = |weak, others| {
        [
            ("eqprop.finite.overshooting.one_sided.cosine", others),
            ("eqprop.finite.stiff.one_sided.cosine", others),
            ("eqprop.finite.weak.one_sided.cosine", weak),
            ("eqprop.finite.trained.one_sided.cosine", others),
            ("eqprop.finite.converged.one_sided.cosine", others),
            ("eqprop.finite.quartic.one_sided.cosine", others),
        ]
    };
    let mut unaligned = one_sided(-0.5, -0.5).to_vec();
    unaligned.push(("eqprop.finite.weak.symmetric.cosine", 0.2));
    check(
        15,
        &[
            (&one_sided(1.0, -0.5), ONLY_IF),
            (&one_sided(-0.5, -0.5), REPRODUCED),
            (&one_sided(0.1, 0.1), NOT),
            (&unaligned, NOT),
        ],
    );
    let accuracy = "eqprop.loop.accuracy";
    check(
        19,
        &[(&[(accuracy, 0.99)], REPRODUCED), (&[(accuracy, 0.2)], NOT)],
    );
    let exponent = "eqprop.optimum.symmetric.mse_exponent";
    check(
        16,
        &[
            (&[(exponent, -0.66)], REPRODUCED),
            (&[(exponent, -0.5)], NOT),
        ],
    );
}

#[test]
fn rules_of_sgm_follow_their_figures() {
    let excess = "sgm.mnist01.force_matching.excess_loss";
    check(
        20,
        &[(&[(excess, 0.004)], REPRODUCED), (&[(excess, 0.1)], NOT)],
    );
    check(
        24,
        &[(&[(excess, 0.004)], REPRODUCED), (&[(excess, 0.1)], NOT)],
    );
    let contrast = "sgm.mixture.trajectory_cd.sw1";
    check(
        21,
        &[(&[(contrast, 0.08)], REPRODUCED), (&[(contrast, 0.2)], NOT)],
    );
    let distance = "sgm.mixture.force_matching.sw1";
    let weight = "sgm.mixture.force_matching.weight";
    check(
        22,
        &[
            (&[(distance, 0.08), (weight, 0.5)], REPRODUCED),
            (&[(distance, 0.2), (weight, 0.5)], NOT),
            (&[(distance, 0.08), (weight, 0.7)], NOT),
        ],
    );
    let good = |variant: &'static str| match variant {
        "rich" => [
            ("sgm.mnist01.rich.in01", 0.98),
            ("sgm.mnist01.rich.coverage", 0.9),
            ("sgm.mnist01.rich.fd_pixels", 0.8),
        ],
        _ => [
            ("sgm.mnist01.hidden.in01", 0.98),
            ("sgm.mnist01.hidden.coverage", 0.9),
            ("sgm.mnist01.hidden.fd_pixels", 0.8),
        ],
    };
    let poor = ("sgm.mnist01.rich.coverage", 0.2);
    let mut hidden = good("hidden").to_vec();
    hidden.push(poor);
    check(
        23,
        &[
            (&good("rich"), REPRODUCED),
            (&hidden, ONLY_IF),
            (&[poor, ("sgm.mnist01.hidden.fd_pixels", 4.0)], NOT),
        ],
    );
}

#[test]
fn rules_of_floweqprop_follow_their_figures() {
    let error = "floweqprop.trained.gradient.quadratic_symmetric.relative_error";
    let loss = "floweqprop.loss.final";
    check(
        25,
        &[
            (&[(error, 0.006), (loss, 0.3)], REPRODUCED),
            (&[(error, 0.2), (loss, 0.3)], NOT),
            (&[(error, 0.006), (loss, 0.9)], NOT),
        ],
    );
    let bias = "floweqprop.gradient.quadratic_symmetric.relative_error";
    check(
        26,
        &[(&[(bias, 0.0048)], REPRODUCED), (&[(bias, 0.05)], NOT)],
    );
    let agreement = "floweqprop.samples.t1_2.agreement";
    let smallest = "floweqprop.samples.t1_2.smallest_class";
    check(
        27,
        &[
            (&[(agreement, 0.93), (smallest, 0.08)], REPRODUCED),
            (&[(agreement, 0.7), (smallest, 0.08)], NOT),
            (&[(agreement, 0.93), (smallest, 0.01)], NOT),
            (&[("floweqprop.parameters", 24_897.0)], NOT),
        ],
    );
    check(28, &[(&[(loss, 0.3)], ONLY_IF), (&[(loss, 0.4)], NOT)]);
    let distances = |distances: [f64; 8]| {
        let ids = [
            "floweqprop.samples.t1_0.fd",
            "floweqprop.samples.t1_1.fd",
            "floweqprop.samples.t1_2.fd",
            "floweqprop.samples.t1_3.fd",
            "floweqprop.samples.t1_4.fd",
            "floweqprop.samples.t1_6.fd",
            "floweqprop.samples.t1_8.fd",
            "floweqprop.samples.t2_0.fd",
        ];
        let mut at = 0;
        ids.map(|id| {
            at += 1;
            (id, distances[at - 1])
        })
    };
    check(
        29,
        &[
            (
                &distances([9.0, 8.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                ONLY_IF,
            ),
            (
                &distances([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0]),
                REPRODUCED,
            ),
            (&distances([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), NOT),
        ],
    );
    let nudged = "eqprop.train.digits8.definite.mse";
    let exact = "eqprop.train.digits8.exact.mse";
    check(
        30,
        &[
            (&[(nudged, 0.0742), (exact, 0.0742)], ONLY_IF),
            (&[(nudged, 0.09), (exact, 0.0742)], NOT),
        ],
    );
}

//! Claims 8, 14, 17 and 18.

use super::{NOT, ONLY_IF, REPRODUCED, check, judged, kept, refer};
use crate::claims::finding::Verdict;

#[test]
fn rules_of_energy_follow_their_figures() {
    let gains = |typical: f64, record: f64, strict: f64| {
        [
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
    check(
        17,
        &[
            (&training(62.0, 5.5e3, 5.5e3, 900.0), ONLY_IF),
            (&training(62.0, 900.0, 900.0, 1200.0), ONLY_IF),
            (&training(1.1e3, 5.5e3, 5.5e3, 900.0), REPRODUCED),
            (&training(62.0, 900.0, 900.0, 900.0), NOT),
        ],
    );
}

fn training(same: f64, simulating: f64, low: f64, flow: f64) -> [(&'static str, f64); 4] {
    [
        ("accounting.training.gain.same_function", same),
        ("accounting.training.gain.simulating_relaxation", simulating),
        ("accounting.training.gain.low_utilisation", low),
        (
            "accounting.systems.floweqprop.training.gain.same_function",
            flow,
        ),
    ]
}

#[test]
fn a_baseline_is_named_where_its_own_figure_meets_the_claim() {
    let condition = |simulating: f64, low: f64, flow: f64| match super::row(
        17,
        &training(62.0, simulating, low, flow),
    )
    .finding
    .verdict
    {
        Verdict::OnlyIf(condition) => condition,
        other => panic!("{other:?}"),
    };
    let [simulates, idles, batch] = ["simulates", "low utilisation", "serves a batch"];
    let cases = [
        (condition(5e3, 500.0, 500.0), [true, false, false]),
        (condition(500.0, 5e3, 500.0), [false, true, false]),
        (condition(500.0, 500.0, 5e3), [false, false, true]),
        (condition(5e3, 5e3, 5e3), [true, true, true]),
    ];
    for (condition, expected) in cases {
        let found = [simulates, idles, batch].map(|clause| condition.contains(clause));
        assert_eq!(found, expected, "{condition}");
        // The GPU is named once, and only where it is what the condition is about.
        let named = condition.matches("the GPU, an A100,").count();
        assert_eq!(
            named,
            usize::from(expected[0] || expected[1]),
            "{condition}"
        );
    }
}

#[test]
fn the_second_nudge_is_held_against_a_step_without_it() {
    let id = "accounting.training.symmetric_extra";
    // A share of .095 of the whole adds .105 to the rest.
    for (typical, record, expected) in [
        (0.08, 0.08, REPRODUCED),
        (0.095, 0.08, ONLY_IF),
        (0.3, 0.095, NOT),
    ] {
        let mut kept = kept();
        refer(&mut kept, id, "record hardware", record);
        let mut entries = kept.iter_mut().flat_map(|results| &mut results.results);
        entries.find(|entry| entry.id == id).unwrap().value = typical;
        let verdict = judged(14, &kept).finding.verdict;
        assert_eq!(verdict.name(), expected, "{typical}, {record}");
    }
}

//! Claims 25 to 30.

use super::{NOT, ONLY_IF, REPRODUCED, check};

/// Acts of 2,000 updates, each of three phases of time 30 for 1,797 pairs of 320 units.
pub const PUBLISHED_RECIPE: [(&str, f64); 3] = [
    (
        "floweqprop.training.unit_time",
        30.0 * 2000.0 * 3.0 * 1797.0 * 320.0,
    ),
    (
        "floweqprop.training.states_written",
        2000.0 * 3.0 * 1797.0 * 320.0,
    ),
    ("floweqprop.training.parameters_written", 2000.0 * 24_896.0),
];

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
            // One Gaussian for each class has .831 and .864.
            (&[("floweqprop.samples.t1_2.coverage", 0.82)], NOT),
            (&[("floweqprop.samples.t1_2.precision", 0.86)], NOT),
            (&[(agreement, 0.93), (smallest, 0.01)], NOT),
            (&[("floweqprop.parameters", 24_897.0)], NOT),
        ],
    );
    let short = "floweqprop.short.loss";
    let residual = "floweqprop.loss.residual";
    check(
        28,
        &[
            // What counts is the loss after as many updates as the paper takes.
            (&[(short, 0.315), (loss, 0.33)], ONLY_IF),
            (&[(short, 0.33), (loss, 0.3)], NOT),
            (&[(residual, 0.5)], NOT),
            (&PUBLISHED_RECIPE, REPRODUCED),
        ],
    );
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
            (
                &distances([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
                ONLY_IF,
            ),
            (&[("floweqprop.samples.t1_6.precision", 0.6)], NOT),
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

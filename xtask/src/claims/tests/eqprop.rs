//! Claims 10 to 19, without those of energy.

use super::{NOT, ONLY_IF, REPRODUCED, check};

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
    let mut all_compensated = one_sided(-0.5, -0.5).to_vec();
    all_compensated.push(("eqprop.finite.converged.drift_compensated.cosine", 0.999));
    check(
        15,
        &[
            (&one_sided(1.0, -0.5), ONLY_IF),
            (&one_sided(-0.5, -0.5), REPRODUCED),
            (&all_compensated, ONLY_IF),
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

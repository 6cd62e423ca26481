//! Claims 20 to 24.

use super::{NOT, ONLY_IF, REPRODUCED, check};

#[test]
fn rules_of_sgm_follow_their_figures() {
    let excess = "sgm.mnist01.force_matching.excess_loss";
    check(
        20,
        &[(&[(excess, 0.004)], REPRODUCED), (&[(excess, 0.1)], NOT)],
    );
    check(
        24,
        &[(&[(excess, 0.004)], ONLY_IF), (&[(excess, 0.1)], NOT)],
    );
    let contrast = "sgm.mixture.trajectory_cd.sw1";
    check(
        21,
        &[(&[(contrast, 0.08)], REPRODUCED), (&[(contrast, 0.2)], NOT)],
    );
    let distance = "sgm.mixture.force_matching.sw1";
    let weight = "sgm.mixture_w03.force_matching.weight";
    check(
        22,
        &[
            (&[(distance, 0.08), (weight, 0.31)], REPRODUCED),
            (&[(distance, 0.2), (weight, 0.31)], NOT),
            // No better than the .345 of one Gaussian.
            (&[(distance, 0.08), (weight, 0.34)], NOT),
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

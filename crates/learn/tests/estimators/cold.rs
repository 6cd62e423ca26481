//! Estimates at rest, against exact gradients.

use overdamped_learn::{NudgeForce, Nudging, Sides};

use crate::network::{Cold, Network, relative};

/// Slope of log(bias) over log(beta), between neighbours of a geometric series: the mean, and how far from it
/// any one is.
fn order(cold: &Cold, nudging: fn(f64) -> Nudging) -> (f64, f64) {
    let exact = cold.exact();
    let biases: Vec<f64> = [1e-3, 2e-3, 4e-3, 8e-3]
        .into_iter()
        .map(|strength| relative(&cold.estimate(nudging(strength)), &exact))
        .collect();
    let slopes = biases.windows(2).map(|pair| (pair[1] / pair[0]).log2());
    let slopes: Vec<f64> = slopes.collect();
    let mean = slopes.iter().sum::<f64>() / slopes.len() as f64;
    let off = slopes.iter().map(|slope| (slope - mean).abs());
    (mean, off.fold(0.0, f64::max))
}

/// A frozen force to one side is that of the free state: first order, as a spring is.
const fn frozen_to_one_side(strength: f64) -> Nudging {
    Nudging {
        force: NudgeForce::Linear,
        sides: Sides::Compensated,
        strength,
    }
}

#[test]
fn biases_of_a_quadratic_energy_fall_by_their_orders() {
    let cold = Cold::new(Network::quadratic());
    for (name, nudging, expected) in [
        ("one-sided", Nudging::one_sided as fn(f64) -> Nudging, 1.0),
        ("compensated", Nudging::compensated, 1.0),
        ("frozen to one side", frozen_to_one_side, 1.0),
        ("symmetric", Nudging::symmetric, 2.0),
    ] {
        let (slope, spread) = order(&cold, nudging);
        let off = (slope - expected).abs();
        assert!(off < 0.02 && spread < 0.02, "{name}: {slope} +- {spread}");
    }
}

#[test]
fn biases_of_a_quartic_energy_fall_by_their_orders() {
    let cold = Cold::new(Network::quartic());
    for (name, nudging, expected) in [
        ("one-sided", Nudging::one_sided as fn(f64) -> Nudging, 1.0),
        ("compensated", Nudging::compensated, 1.0),
        ("symmetric", Nudging::symmetric, 2.0),
        ("constant force", Nudging::constant_force, 2.0),
    ] {
        let (slope, spread) = order(&cold, nudging);
        let off = (slope - expected).abs();
        assert!(off < 0.02 && spread < 0.02, "{name}: {slope} +- {spread}");
    }
}

/// x(beta) = x + beta v exactly, so that the products of two opposite sides differ by 2 beta (x v + v x) exactly.
#[test]
fn a_constant_force_is_exact_in_a_quadratic_energy_at_any_strength() {
    let cold = Cold::new(Network::quadratic());
    let exact = cold.exact();
    for strength in [0.01, 1.0, 100.0] {
        let off = relative(&cold.estimate(Nudging::constant_force(strength)), &exact);
        assert!(off < 1e-10, "{strength}: {off:e}");
    }
}

/// At rest there is no drift to compensate.
#[test]
fn at_rest_compensation_changes_nothing() {
    let cold = Cold::new(Network::quartic());
    let [one, compensated] =
        [Nudging::one_sided, Nudging::compensated].map(|how| cold.estimate(how(0.05)));
    assert!(relative(&compensated, &one) < 1e-10);
}

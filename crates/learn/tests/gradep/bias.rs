//! How far estimates of finite beta are from the exact gradient, against theory.

use overdamped_learn::NudgeForce::{self, Linear, Quadratic};
use overdamped_learn::Sides::{self, One, Two};
use overdamped_learn::{Nudging, Rule};
use overdamped_substrate::stream;

use crate::toy::{Toy, relative};

const SEED: u64 = 5;

fn estimate(toy: &Toy, force: NudgeForce, sides: Sides, strength: f64) -> Vec<f64> {
    let nudging = Nudging {
        force,
        sides,
        strength,
    };
    let mut gradient = vec![0.0; toy.theta.len()];
    let mut stream = stream::of(SEED, 0);
    toy.rule(nudging)
        .estimate(&toy.theta, &mut stream, &mut gradient)
        .unwrap();
    gradient
}

/// Uncoupled linear units have one curvature K = 1 + lambda = 16, and kappa = (alpha lambda)^2 = 900: the
/// factors of theory are exact. At the strength of the publication they are .934 and 1.0050.
#[test]
fn factors_of_a_quadratic_energy_are_those_of_theory() {
    let toy = Toy::uncoupled();
    let exact = toy.exact(&toy.batch(SEED));
    for strength in [1.25e-3, 5e-3, 0.016] {
        let share = strength * 900.0 / 16.0;
        for (force, sides, factor) in [
            (Linear, One, 1.0),
            (Linear, Two, 1.0),
            (Quadratic, One, 1.0 / (1.0 + share)),
            (Quadratic, Two, 1.0 / (1.0 - share * share)),
        ] {
            let found = estimate(&toy, force, sides, strength);
            let expected: Vec<f64> = exact.iter().map(|slope| factor * slope).collect();
            let off = relative(&found, &expected);
            assert!(off < 1e-9, "{force:?}, {sides:?}, {strength}: {off:e}");
        }
    }
}

/// Slope of log(bias) over log(beta) by least squares.
fn order(toy: &Toy, force: NudgeForce, sides: Sides, strengths: &[f64]) -> (f64, Vec<f64>) {
    let exact = toy.exact(&toy.batch(SEED));
    let biases: Vec<f64> = strengths
        .iter()
        .map(|&strength| relative(&estimate(toy, force, sides, strength), &exact))
        .collect();
    let logarithms = |values: &[f64]| values.iter().map(|x| x.ln()).collect::<Vec<_>>();
    let (x, y) = (logarithms(strengths), logarithms(&biases));
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let across: f64 = x
        .iter()
        .zip(&y)
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let along: f64 = x.iter().map(|x| (x - mean_x).powi(2)).sum();
    (across / along, biases)
}

/// A nudge to one side is good to first order in beta, one to both sides to second, whether the
/// force is frozen or not.
#[test]
fn biases_fall_with_the_first_and_second_power_of_beta() {
    let toy = Toy::coupled();
    let weak = [1e-4, 2e-4, 4e-4, 8e-4];
    let strong = [1e-3, 2e-3, 4e-3, 8e-3];
    for (force, sides, strengths, expected) in [
        (Quadratic, One, &weak, 1.0),
        (Quadratic, Two, &weak, 2.0),
        (Linear, One, &weak, 1.0),
        (Linear, Two, &strong, 2.0),
    ] {
        let (order, biases) = order(&toy, force, sides, strengths);
        assert!(
            (order - expected).abs() < 0.05,
            "{force:?}, {sides:?}: order {order}, biases {biases:?}"
        );
    }
}

/// At the same strength the frozen force is a thousand times the better one, because most of the
/// curvature that the energy has is a constant. Found: 2.7e-6 and 3.0e-3.
#[test]
fn a_linear_nudge_to_both_sides_is_all_but_exact() {
    let toy = Toy::coupled();
    let exact = toy.exact(&toy.batch(SEED));
    let bias = |force| relative(&estimate(&toy, force, Two, 1e-3), &exact);
    let (linear, quadratic) = (bias(Linear), bias(Quadratic));
    assert!(linear < 1e-5, "{linear:e}");
    assert!(quadratic > 1e-3, "{quadratic:e}");
    let weaker = relative(&estimate(&toy, Linear, Two, 5e-4), &exact);
    assert!(weaker < 1e-6, "{weaker:e}");
}

/// A free phase of two sweeps leaves a drift, and nudged phases of two sweeps go on with it. On both
/// sides it is the same and cancels, so that beta may be small; on one it enters as drift / beta. Phases
/// that start elsewhere, or of different length, would let it in.
#[test]
fn what_is_left_of_the_free_phase_cancels_between_two_sides() {
    let mut toy = Toy::coupled();
    toy.time = 4.0;
    let change = |sides| {
        let [weak, weaker] = [1e-4, 1e-5].map(|beta| estimate(&toy, Linear, sides, beta));
        relative(&weaker, &weak)
    };
    let (two, one) = (change(Two), change(One));
    assert!(two < 1e-6, "{two:e}");
    assert!(one > 5.0, "{one}");
}

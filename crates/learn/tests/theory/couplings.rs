//! Which terms of second order a coupling has, and which it has not.

use faer::{Col, Mat, Scale};
use overdamped_learn::NudgeForce;
use overdamped_learn::theory::QuadraticSystem;

use crate::{entries, small};

/// Modules l = 0..3 and m = 3..6 of a system whose cost sees m; l can be clamped to the rest of the whole.
struct Pair {
    free: QuadraticSystem,
    held: Col<f64>,
    clamped: QuadraticSystem,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let free = small(6, 3, seed);
        let held = Col::from_fn(3, |unit| free.rest()[unit]);
        let stiffness = free.stiffness();
        let within = stiffness.get(3..6, 3..6).to_owned();
        let pull = stiffness.get(3..6, 0..3) * &held;
        let drive: Vec<f64> = (0..3)
            .map(|unit| free.drive()[3 + unit] - pull[unit])
            .collect();
        let target = entries(free.target())[3..].to_vec();
        let clamped = QuadraticSystem::new(within, &drive, &[true; 3], &target).unwrap();
        Self {
            free,
            held,
            clamped,
        }
    }
}

/// With l clamped, -z_l z_m^T is linear in what moves: the constant force is exact one-sided, at any beta,
/// although the site stiffness of m is off by beta |v_m|^2 / 2, the term within a module.
#[test]
fn a_coupling_has_no_term_within_a_module() {
    for seed in 0..5 {
        let pair = Pair::new(seed);
        let system = &pair.clamped;
        for strength in [0.1, 1.0] {
            let nudged = system.nudged(strength, NudgeForce::Linear).unwrap();
            let moved = (&nudged - system.rest()) * Scale(1.0 / strength);
            let contrast = -(&pair.held * moved.transpose());
            // dL/dJ_lm for a clamped l, which has no response.
            let exact = -(&pair.held * system.response().transpose());
            assert!((contrast - &exact).norm_l2() < 1e-12 * exact.norm_l2());

            let site = |state: &Col<f64>| 0.5 * state.squared_norm_l2();
            let contrast = (site(&nudged) - site(system.rest())) / strength;
            let exact = system.rest().transpose() * system.response();
            let within = 0.5 * strength * system.response().squared_norm_l2();
            assert!(within > 1e-3);
            assert!((contrast - exact - within).abs() < 1e-11, "{contrast}");
        }
    }
}

/// With both free, -beta v_l v_m^T is left, whatever the force.
#[test]
fn a_coupling_of_two_free_modules_keeps_the_cross_term() {
    for seed in 0..5 {
        let system = Pair::new(seed).free;
        let strength = 0.5;
        let (rest, response) = (system.rest(), system.response());
        let nudged = system.nudged(strength, NudgeForce::Linear).unwrap();
        let products = rest * rest.transpose() - &nudged * nudged.transpose();
        let bias: Mat<f64> = Scale(1.0 / strength) * products - system.exact_gradient();
        let cross = Scale(-strength) * (response * response.transpose());
        let (bias, cross) = (bias.get(0..3, 3..6), cross.get(0..3, 3..6));
        assert!(cross.norm_l2() > 1e-2);
        assert!((bias - cross).norm_l2() < 1e-11, "{}", cross.norm_l2());
    }
}

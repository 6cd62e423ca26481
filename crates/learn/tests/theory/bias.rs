//! Gradients and the bias of a finite nudge.

use faer::Mat;
use overdamped_learn::theory::{Estimator, Loss, QuadraticSystem, Typical};

use crate::{cosine, entries, relative, small};

/// The system with K changed by -`step` at (row, column) and across: what a coupling does.
fn coupled(system: &QuadraticSystem, row: usize, column: usize, step: f64) -> QuadraticSystem {
    let mut stiffness = system.stiffness().to_owned();
    stiffness[(row, column)] -= step;
    if row != column {
        stiffness[(column, row)] -= step;
    }
    let (drive, target) = (entries(system.drive()), entries(system.target()));
    QuadraticSystem::new(stiffness, &drive, system.seen(), &target).unwrap()
}

/// <L> = L(x) + kT tr(P K^-1) / 2, with the inverse column by column.
fn mean_cost(system: &QuadraticSystem, temperature: f64) -> f64 {
    use faer::linalg::solvers::DenseSolveCore;
    let inverse = system.stiffness().partial_piv_lu().inverse();
    let trace: f64 = (0..system.units())
        .filter(|&unit| system.seen()[unit])
        .map(|unit| inverse[(unit, unit)])
        .sum();
    0.5f64.mul_add(temperature * trace, system.cost())
}

/// Catches a wrong sign or factor of either gradient; central differences are right to 1e-8 here.
#[test]
fn gradients_are_those_of_finite_differences() {
    let (step, temperature) = (1e-5, 0.7);
    for seed in 0..5 {
        let system = small(6, 3, seed);
        for (loss, temperature) in [(Loss::OfMean, 0.0), (Loss::Mean, temperature)] {
            let gradient = system.gradient(loss, temperature);
            let numeric = Mat::from_fn(6, 6, |row, column| {
                let at = |step| mean_cost(&coupled(&system, row, column, step), temperature);
                // On the diagonal one entry moves and not two.
                let shared = if row == column { 2.0 } else { 1.0 };
                shared * (at(step) - at(-step)) / (2.0 * step)
            });
            let off = relative(&gradient, &numeric);
            assert!(off < 1e-7, "{loss:?}: {off}");
        }
    }
}

/// The nudged state is at rest under E + beta L: K x + beta P (x - t) = b.
#[test]
fn nudged_states_are_at_rest() {
    use overdamped_learn::NudgeForce;
    let system = small(8, 3, 4);
    for strength in [-0.1, 0.2, 30.0] {
        let state = system.nudged(strength, NudgeForce::Quadratic).unwrap();
        let pull = |unit: usize| {
            if system.seen()[unit] {
                strength * (state[unit] - system.target()[unit])
            } else {
                0.0
            }
        };
        for unit in 0..8 {
            let force = system.drive()[unit] - system.stiffness().row(unit) * &state - pull(unit);
            assert!(force.abs() < 1e-12, "{force}");
        }
        let constant = system.nudged(strength, NudgeForce::Linear).unwrap();
        let force = system.stiffness() * (&constant - system.rest());
        let off = force + system.cost_gradient() * faer::Scale(strength);
        assert!(off.norm_l2() < 1e-11);
    }
}

/// Slope of log |bias| against log beta, from the estimates themselves.
#[test]
fn bias_is_of_first_order_one_sided_and_of_second_symmetric() {
    for seed in 0..5 {
        let system = small(12, 4, seed);
        let exact = system.exact_gradient();
        let bias = |estimator, strength| {
            let estimate = system.estimate(estimator, strength).unwrap();
            (estimate - &exact).norm_l2().ln()
        };
        for (estimator, order) in [
            (Estimator::OneSided, 1.0),
            (Estimator::DriftCompensated, 1.0),
            (Estimator::Symmetric, 2.0),
        ] {
            let slope = (bias(estimator, 2e-3) - bias(estimator, 5e-4)) / 4f64.ln();
            assert!((slope - order).abs() < 0.02, "{estimator}: {slope}");
        }
    }
}

#[test]
fn a_constant_force_is_exact_at_any_strength() {
    for seed in 0..20 {
        let system = small(12, 4, seed);
        let exact = system.exact_gradient();
        for strength in [0.01, 1.0, 100.0] {
            let estimate = system.estimate(Estimator::ConstantForce, strength).unwrap();
            let off = relative(&estimate, &exact);
            assert!(off < 1e-10, "beta {strength}: {off:e}");
        }
    }
}

#[test]
fn leading_terms_are_the_bias_of_a_weak_nudge() {
    for seed in 0..20 {
        let system = small(12, 4, seed);
        let exact = system.exact_gradient();
        for estimator in [Estimator::OneSided, Estimator::Symmetric] {
            let measured = system.estimate(estimator, 1e-3).unwrap() - &exact;
            let leading = system.leading_bias(estimator, 1e-3).unwrap();
            let off = relative(&leading, &measured);
            assert!(off < 0.01, "{estimator}: {off}");
        }
    }
}

/// The closed form with w and e instead of v, up to nine tenths of the bound.
#[test]
fn closed_forms_are_the_bias_at_any_nudge() {
    for seed in 0..20 {
        let system = small(9, 3, seed);
        let exact = system.exact_gradient();
        for share in [0.01, 0.3, 0.9] {
            let strength = share * system.nudge_bound();
            for estimator in [
                Estimator::OneSided,
                Estimator::DriftCompensated,
                Estimator::Symmetric,
            ] {
                let measured = system.estimate(estimator, strength).unwrap() - &exact;
                let closed = system.bias(estimator, strength).unwrap();
                let off = relative(&closed, &measured);
                assert!(off < 1e-9, "{estimator}: {off}");
            }
        }
    }
}

/// Near its bound the symmetric nudge is the worse one, and the constant force still exact.
#[test]
fn a_symmetric_nudge_near_its_bound_is_worse_than_one_side() {
    let mut worse = 0;
    for seed in 0..10 {
        let soft = Typical {
            smallest_stiffness: 0.5,
            largest_stiffness: 4.0,
            units: 12,
            seen: 12,
            ..Typical::default()
        };
        let system = soft.system(seed).unwrap();
        let exact = system.exact_gradient();
        let strength = 0.95 * system.nudge_bound();
        let at = |estimator| cosine(&system.estimate(estimator, strength).unwrap(), &exact);
        assert!((at(Estimator::ConstantForce) - 1.0).abs() < 1e-12);
        worse += usize::from(at(Estimator::Symmetric) < at(Estimator::OneSided));
        // And with a nudge of a tenth it is the better one.
        let strength = 0.1 * system.nudge_bound();
        let at = |estimator| cosine(&system.estimate(estimator, strength).unwrap(), &exact);
        assert!(at(Estimator::Symmetric) > at(Estimator::OneSided));
    }
    assert_eq!(worse, 10);
}

/// All units seen, Lambda is the smallest stiffness; fewer of them are held by more.
#[test]
fn the_bound_of_a_nudge_is_where_the_energy_turns_over() {
    use overdamped_learn::NudgeForce;
    for seed in 0..10 {
        let all = small(6, 6, seed);
        assert!((all.nudge_bound() / all.smallest_stiffness() - 1.0).abs() < 1e-12);
        let few = small(6, 2, seed);
        let bound = few.nudge_bound();
        assert!(bound > few.smallest_stiffness());
        let determinant = |strength: f64| {
            Mat::from_fn(6, 6, |row, column| {
                let held = row == column && few.seen()[row];
                few.stiffness()[(row, column)] - if held { strength } else { 0.0 }
            })
            .determinant()
        };
        assert!(determinant(0.999 * bound) > 0.0 && determinant(1.001 * bound) < 0.0);
        assert!(few.nudged(-0.999 * bound, NudgeForce::Quadratic).is_ok());
        assert!(few.nudged(-1.001 * bound, NudgeForce::Quadratic).is_err());
    }
}

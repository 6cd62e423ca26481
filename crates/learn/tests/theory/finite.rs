//! Phases of finite time, without heat.

use faer::{Col, Mat, Scale};
use overdamped_learn::theory::{Bath, Estimator, Measurement, QuadraticSystem, Reading, Typical};

use crate::{cosine, entries, relative, small};

const COLD: Bath = Bath {
    temperature: 0.0,
    mobility: 0.8,
};

const NUDGED: [Estimator; 4] = [
    Estimator::OneSided,
    Estimator::Symmetric,
    Estimator::ConstantForce,
    Estimator::DriftCompensated,
];

fn measurement(
    estimator: Estimator,
    strength: f64,
    free_time: f64,
    nudged_time: f64,
) -> Measurement {
    Measurement {
        estimator,
        nudge_strength: strength,
        free_time,
        nudged_time,
        samples: 1,
        averaging: Reading::MeanOfProducts,
    }
}

fn read(system: &QuadraticSystem, measurement: &Measurement, start: &[f64]) -> Mat<f64> {
    let statistics = system.statistics(measurement, &COLD, start).unwrap();
    assert!(statistics.variance.norm_max() < 1e-15);
    statistics.expectation
}

/// Gradient descent on E + beta L, or with a constant force, by the classical Runge-Kutta method.
fn descend(
    system: &QuadraticSystem,
    state: &Col<f64>,
    time: f64,
    force: impl Fn(&Col<f64>) -> Col<f64>,
) -> Col<f64> {
    let steps = 400;
    let step = time / f64::from(steps);
    let velocity = |state: &Col<f64>| {
        (system.drive() - system.stiffness() * state + force(state)) * Scale(COLD.mobility)
    };
    let mut state = state.clone();
    for _ in 0..steps {
        let first = velocity(&state);
        let second = velocity(&(&state + &first * Scale(0.5 * step)));
        let third = velocity(&(&state + &second * Scale(0.5 * step)));
        let fourth = velocity(&(&state + &third * Scale(step)));
        state += (first + (second + third) * Scale(2.0) + fourth) * Scale(step / 6.0);
    }
    state
}

#[test]
fn states_are_those_of_integrated_descent() {
    let system = small(6, 3, 11);
    let (strength, free_time, nudged_time) = (0.2, 1.5, 0.7);
    let slope = |state: &Col<f64>| {
        Col::from_fn(6, |unit| {
            let seen = f64::from(u8::from(system.seen()[unit]));
            seen * (state[unit] - system.target()[unit])
        })
    };
    let start = [0.3, -1.0, 0.0, 0.5, 2.0, -0.2];
    let none = |_: &Col<f64>| Col::zeros(6);
    let free = descend(
        &system,
        &Col::from_fn(6, |unit| start[unit]),
        free_time,
        none,
    );
    let frozen = slope(&free);
    for estimator in NUDGED {
        let nudged = |sign: f64| {
            descend(&system, &free, nudged_time, |state| match estimator {
                Estimator::ConstantForce => &frozen * Scale(-sign * strength),
                _ => slope(state) * Scale(-sign * strength),
            })
        };
        let (lower, width) = match estimator {
            Estimator::OneSided => (free.clone(), strength),
            Estimator::DriftCompensated => (descend(&system, &free, nudged_time, none), strength),
            _ => (nudged(-1.0), 2.0 * strength),
        };
        let upper = nudged(1.0);
        let products = &lower * lower.transpose() - &upper * upper.transpose();
        let integrated = Scale(1.0 / width) * products;
        let closed = read(
            &system,
            &measurement(estimator, strength, free_time, nudged_time),
            &start,
        );
        let off = relative(&closed, &integrated);
        assert!(off < 1e-8, "{estimator}: {off}");
    }
}

/// Long phases and endless ones give the estimate at rest.
#[test]
fn long_phases_give_the_estimate_at_rest() {
    let system = small(8, 3, 2);
    for estimator in NUDGED {
        let relaxed = system.estimate(estimator, 0.1).unwrap();
        for time in [400.0, f64::INFINITY] {
            let found = read(&system, &measurement(estimator, 0.1, time, time), &[0.0; 8]);
            let off = relative(&found, &relaxed);
            assert!(off < 1e-9, "{estimator} at {time}: {off}");
        }
    }
}

/// As beta falls, what one side reads grows like r0 / beta, and what the others read does not.
#[test]
fn only_one_side_carries_the_drift_over_beta() {
    let system = small(8, 3, 5);
    let size = |estimator, strength| {
        read(
            &system,
            &measurement(estimator, strength, 1.0, 0.5),
            &[0.0; 8],
        )
        .norm_l2()
    };
    for estimator in NUDGED {
        let growth = size(estimator, 1e-5) / size(estimator, 1e-3);
        let expected = if estimator == Estimator::OneSided {
            100.0
        } else {
            1.0
        };
        assert!(
            (growth / expected - 1.0).abs() < 0.02,
            "{estimator}: {growth}"
        );
    }
}

/// Units that rest beyond their target pass it on the way there from zero: what is left of the drift
/// opposes the gradient. Compensated and symmetric nudges align all the same, and a rest short of the
/// target puts drift and gradient in line.
#[test]
fn one_side_anticorrelates_where_the_drift_opposes_the_gradient() {
    for (reach, opposed) in [(0.5, true), (2.0, false)] {
        for seed in 0..5 {
            let stiff = Typical {
                smallest_stiffness: 0.3,
                ..Typical::default()
            };
            let drawn = stiff.system(seed).unwrap();
            let target: Vec<f64> = drawn.rest().iter().map(|rest| reach * rest).collect();
            let system = QuadraticSystem::new(
                drawn.stiffness().to_owned(),
                &entries(drawn.drive()),
                &[true; 12],
                &target,
            )
            .unwrap();
            let exact = system.exact_gradient();
            let at = |estimator, free_time| {
                let measured = measurement(estimator, 0.01, free_time, 6.0);
                cosine(&read(&system, &measured, &[0.0; 12]), &exact)
            };
            let one_sided = at(Estimator::OneSided, 6.0);
            assert!(
                if opposed {
                    one_sided <= -0.5
                } else {
                    one_sided >= 0.5
                },
                "{one_sided}"
            );
            for estimator in &NUDGED[1..] {
                assert!(
                    at(*estimator, 6.0) >= 0.9,
                    "{estimator}: {}",
                    at(*estimator, 6.0)
                );
            }
            // The free phase is to blame; near rest all agree, compensated or not.
            for estimator in NUDGED {
                let aligned = at(estimator, 60.0);
                assert!(aligned >= 0.95, "{estimator}: {aligned}");
            }
        }
    }
}

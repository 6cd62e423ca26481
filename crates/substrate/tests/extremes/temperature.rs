//! Baths from absolute zero to a million kT.

use faer::Mat;
use overdamped_energy::Scalar;
use overdamped_substrate::{
    Engine, Integrator, PerUnit, Settings, SimulatedSubstrate, Substrate, SubstrateError,
};
use proptest::prelude::*;

use crate::{ENGINES, INTEGRATORS, mean_squares, settings, springs};

const STEP: f64 = 0.05;

fn moved(engine: Engine, integrator: Integrator, temperature: f64) -> Mat<f32> {
    let settings = Settings {
        engine,
        integrator,
        ..settings(temperature, STEP)
    };
    let mut substrate = springs(&[1.5_f32, 0.25, 8.0], settings);
    let start = Mat::from_fn(3, 40, |unit, chain| ((unit + 5 * chain) as f32).sin());
    substrate.prepare(start.as_ref(), 3).unwrap();
    substrate.evolve(2.0).unwrap();
    substrate.read().unwrap()
}

/// Without heat the dynamics are gradient descent, x' = x - h K x, here step by step in plain code. The fused loops
/// contract both products; the reference contracts none.
#[test]
fn at_zero_it_is_gradient_descent_bit_for_bit() {
    let drift = STEP as f32;
    for integrator in INTEGRATORS {
        for engine in ENGINES {
            let found = moved(engine, integrator, 0.0);
            for (unit, stiffness) in [1.5_f32, 0.25, 8.0].into_iter().enumerate() {
                for chain in 0..40 {
                    let mut x = ((unit + 5 * chain) as f32).sin();
                    for _ in 0..40 {
                        x = if engine == Engine::Reference {
                            x + drift * -(x * stiffness)
                        } else {
                            drift.mul_add((-stiffness).mul_add(x, 0.0), x)
                        };
                    }
                    assert_eq!(found[(unit, chain)].to_bits(), x.to_bits(), "{engine:?}");
                }
            }
        }
    }
}

/// Noise of 1e-16 is below the digits of states of order one: what is left is gradient descent, to rounding.
#[test]
fn almost_at_zero_it_is_gradient_descent_to_rounding() {
    for engine in ENGINES {
        let (cold, cool) = (
            moved(engine, Integrator::EulerMaruyama, 0.0),
            moved(engine, Integrator::EulerMaruyama, 1e-30),
        );
        for (cold, cool) in (0..40)
            .flat_map(|c| (0..3).map(move |u| (u, c)))
            .map(|at| (cold[at], cool[at]))
        {
            assert!((cold - cool).abs() <= 1e-6 * cold.abs() + 1e-14);
        }
    }
}

/// <x^2> of harmonic units in units of kT / k, by Euler-Maruyama (1 - h k / 2)^-1 and by Leimkuhler-Matthews one.
fn equipartition<T: Scalar>(temperature: f64, integrator: Integrator, engine: Engine) -> [f64; 2] {
    let settings = Settings {
        integrator,
        engine,
        ..settings(temperature, STEP)
    };
    let mut substrate: SimulatedSubstrate<T> = springs(&[T::ONE, T::of(4.0)], settings);
    substrate
        .prepare(Mat::zeros(2, CHAINS).as_ref(), 5)
        .unwrap();
    substrate.evolve(12.0).unwrap();
    let found = mean_squares(&substrate.read().unwrap());
    let bias = |k: f64| match integrator {
        Integrator::EulerMaruyama => 1.0 / (1.0 - STEP * k / 2.0),
        Integrator::LeimkuhlerMatthews => 1.0,
    };
    [1.0, 4.0].map(|k| (k, bias(k))).map(|(k, bias)| {
        let unit = usize::from(k > 1.0);
        found[unit] / temperature * k / bias
    })
}

const CHAINS: usize = 6000;

/// n = 6000 chains and seed 5; five standard errors of a variance, sqrt(2 / n), for 6e-7 false alarms in each of the 56
/// comparisons. It would catch noise that is rounded to zero or to a coarse grid, and a kT that overflows.
#[test]
fn every_bath_has_its_equipartition() {
    let error = (2.0 / CHAINS as f64).sqrt();
    let check = |found: [f64; 2], temperature: f64| {
        for ratio in found {
            assert!(
                (ratio - 1.0).abs() < 5.0 * error,
                "kT = {temperature:e}: {ratio}"
            );
        }
    };
    for integrator in INTEGRATORS {
        for engine in ENGINES {
            // The smallest has kicks of 3e-38 in single precision, among the smallest numbers that are not subnormal.
            for temperature in [1e-74, 1e-30, 1e-6, 1e6, 1e36] {
                check(
                    equipartition::<f32>(temperature, integrator, engine),
                    temperature,
                );
            }
        }
        // A step's kT h is beyond all numbers here, its root is not.
        for temperature in [1e-300, 1e6, 1e300] {
            check(
                equipartition::<f64>(temperature, integrator, Engine::Best),
                temperature,
            );
        }
    }
}

fn refusal<T: Scalar>(temperature: f64) -> SubstrateError {
    let mut substrate: SimulatedSubstrate<T> = springs(&[T::ONE], settings(temperature, STEP));
    substrate.prepare(Mat::zeros(1, 3).as_ref(), 5).unwrap();
    substrate.evolve(0.1).unwrap_err()
}

/// kT = 1e-80 in single precision: kicks are multiples of 1e-45, and the pull back, a twentieth of that, is lost, so
/// that the units wandered off; at 1e80 they were infinite.
#[test]
fn noise_beyond_the_numbers_is_refused() {
    for temperature in [1e-80, 1e-300, 1e80, f64::MAX] {
        let error = refusal::<f32>(temperature);
        assert!(
            matches!(
                error,
                SubstrateError::Range {
                    what: "noise",
                    unit: 0,
                    ..
                }
            ),
            "{error}"
        );
    }
    let message = refusal::<f32>(1e-80).to_string();
    assert!(
        message.starts_with(
            "the noise of unit 0 is 3.162e-41 in one step, and these numbers are exact from 1.2e-38"
        ),
        "{message}"
    );
    // Clamped units feel no bath.
    let clamped = Settings {
        mobility: PerUnit::Each(vec![1.0, 0.0]),
        temperature: PerUnit::Each(vec![1.0, f64::MAX]),
        ..Settings::default()
    };
    let mut substrate = springs(&[1.0_f32, 1.0], clamped);
    substrate
        .prepare(Mat::full(2, 3, 0.5_f32).as_ref(), 5)
        .unwrap();
    substrate.evolve(0.1).unwrap();
    assert_eq!(substrate.read().unwrap()[(1, 2)], 0.5);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(11),
        ..ProptestConfig::default()
    })]

    /// Any bath and any step: finite states, or one of the errors that say so.
    #[test]
    fn no_bath_makes_nan(exponent in -320.0..308.0_f64, step in -300.0..3.0_f64, warm in any::<bool>()) {
        let temperature = if warm { 10.0_f64.powf(exponent) } else { 0.0 };
        let step = 10.0_f64.powf(step);
        let mut substrate = springs(&[1.0_f32, 1e-3], settings(temperature, step));
        substrate.prepare(Mat::full(2, 3, 0.25_f32).as_ref(), 1).unwrap();
        match substrate.evolve(3.0 * step) {
            Ok(()) => {
                let states = substrate.read().unwrap();
                prop_assert!((0..3).all(|c| (0..2).all(|u| states[(u, c)].is_finite())));
            }
            Err(error) => prop_assert!(matches!(
                error,
                SubstrateError::Range { .. }
                    | SubstrateError::UnstableStep { .. }
                    | SubstrateError::LostStep { .. }
                    | SubstrateError::Diverged { .. }
            ), "{error}"),
        }
    }
}

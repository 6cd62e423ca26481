//! Optimisers, assignments and the theory at the ends of what is legal.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use faer::Mat;
use overdamped_energy::{Layout, Role};
use overdamped_learn::theory::QuadraticSystem;
use overdamped_learn::{Adam, AdamSettings, LearnError, assign};
use proptest::prelude::*;

/// Magnitudes of every size, the ends included.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        Just(0.0_f32),
        Just(f32::MAX),
        Just(f32::MIN),
        Just(f32::from_bits(1)),
        (-44.0..38.5_f32, any::<bool>())
            .prop_map(|(e, s)| 10_f32.powf(e) * if s { 1.0 } else { -1.0 }),
    ]
}

fn layout() -> Layout {
    Layout::new().with("all", 2, Role::Amplitude)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(51),
        ..ProptestConfig::default()
    })]

    /// Any finite gradients: parameters that are numbers, or an error that leaves them as they were.
    #[test]
    fn any_finite_gradient(gradients in prop::collection::vec((number(), number()), 1..20), clip in any::<bool>()) {
        let settings = AdamSettings { clip: clip.then_some(1.0), ..AdamSettings::default() };
        let mut adam = Adam::<f32>::new(2);
        let mut parameters = [1.0, -1.0];
        for (a, b) in gradients {
            let before = parameters;
            match adam.update(&settings, &layout(), &mut parameters, &[a, b]) {
                Ok(_) => prop_assert!(parameters.iter().all(|p| p.is_finite()), "{parameters:?}"),
                Err(error) => {
                    prop_assert!(matches!(error, LearnError::Setting { .. }) && !clip, "{error}");
                    prop_assert_eq!(parameters, before);
                }
            }
        }
    }

    /// Any finite costs: a plan whose columns are all different, or refused.
    #[test]
    fn any_finite_costs(costs in prop::collection::vec(number(), 16)) {
        let plan = assign(Mat::from_fn(4, 4, |i, j| costs[4 * i + j]).as_ref()).unwrap();
        let mut columns = plan.columns.clone();
        columns.sort_unstable();
        prop_assert_eq!(columns, vec![0, 1, 2, 3]);
    }

    /// Stiffness of any size: a bound of the nudge and a gradient that are numbers, or a typed error.
    #[test]
    fn any_stiffness(exponents in prop::array::uniform3(-300.0..300.0_f64), tilt in -1.0..1.0_f64) {
        let k = exponents.map(|e| 10.0_f64.powf(e));
        let coupling = tilt * (k[0] * k[1]).sqrt() * 0.5;
        let stiffness = Mat::from_fn(3, 3, |i, j| match (i, j) {
            (0, 1) | (1, 0) => coupling,
            _ if i == j => k[i],
            _ => 0.0,
        });
        let system = QuadraticSystem::new(stiffness, &[1.0; 3], &[true, false, true], &[0.5; 3]);
        if let Ok(system) = system {
            prop_assert!(system.smallest_stiffness() > 0.0);
            let gradient = system.exact_gradient();
            prop_assert!((0..3).all(|i| (0..3).all(|j| gradient[(i, j)].is_finite())), "{gradient:?}");
        }
    }
}

/// A squared slope beyond all numbers made the memory infinite, and the parameter stood still ever after.
#[test]
fn a_gradient_without_a_square_is_refused_or_clipped() {
    let mut adam = Adam::<f32>::new(2);
    let mut parameters = [1.0, 1.0];
    let settings = AdamSettings::default();
    let error = adam
        .update(&settings, &layout(), &mut parameters, &[1e20, 0.0])
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("an entry of the gradient is 1000000020"),
        "{error}"
    );
    assert_eq!((adam.updates(), parameters), (0, [1.0, 1.0]));
    let clipped = AdamSettings {
        clip: Some(1.0),
        ..settings
    };
    adam.update(&clipped, &layout(), &mut parameters, &[1e20, 0.0])
        .unwrap();
    assert!(parameters[0] < 1.0 && parameters[1] == 1.0);
    for bad in [f32::NAN, f32::INFINITY] {
        let error = adam
            .update(&clipped, &layout(), &mut parameters, &[0.0, bad])
            .unwrap_err();
        assert!(
            matches!(
                error,
                LearnError::NotFinite {
                    what: "the gradient",
                    entry: 1,
                    ..
                }
            ),
            "{error}"
        );
    }
}

/// Eight decades of stiffness against the closed form of diagonal systems, and more than doubles hold refused.
#[test]
fn stiffness_over_eight_decades_is_right_and_over_twenty_refused() {
    let diagonal = |k: [f64; 2]| Mat::from_fn(2, 2, |i, j| if i == j { k[i] } else { 0.0 });
    let system = |k| QuadraticSystem::new(diagonal(k), &[1.0, 1.0], &[true, true], &[0.0, 0.0]);
    let wide = system([1e-4, 1e4]).unwrap();
    assert!((wide.smallest_stiffness() / 1e-4 - 1.0).abs() < 1e-8);
    assert!(matches!(
        system([1e-10, 1e10]),
        Err(LearnError::Indefinite { .. })
    ));
}

//! Steps from 1e-30 to beyond what is stable, and numbers of steps from none to more than there are.

use faer::Mat;
use overdamped_energy::Scalar;
use overdamped_substrate::{
    Protocol, Relaxer, Settings, SimulatedSubstrate, Slice, Substrate, SubstrateError, TimeStep,
};

use crate::{ENGINES, INTEGRATORS, settings, springs};

fn one<T: Scalar>(settings: Settings) -> SimulatedSubstrate<T> {
    let mut substrate = springs(&[T::ONE], settings);
    substrate
        .prepare(Mat::full(1, 2, T::ONE).as_ref(), 7)
        .unwrap();
    substrate
}

/// x = exp(-t) after ten steps of 1e-30 is one to rounding, in a bath or not.
#[test]
fn short_times_leave_everything_where_it_is() {
    for integrator in INTEGRATORS {
        for engine in ENGINES {
            for temperature in [0.0, 1.0] {
                let settings = Settings {
                    integrator,
                    engine,
                    ..settings(temperature, 1e-30)
                };
                let mut substrate = one::<f64>(settings);
                substrate.evolve(1e-29).unwrap();
                let x = substrate.read().unwrap()[(0, 1)];
                assert!((x - 1.0).abs() < 1e-13, "{x}");
            }
        }
    }
}

/// In single precision, steps of 1e-8 were each rounded away: x stayed at 1 for ever, and warm units wandered off. Those
/// of 4e-8 were rounded up to 6e-8: x fell half as far again, to .9706 in the place of .9802.
#[test]
fn steps_that_round_away_are_refused() {
    for (temperature, step) in [(0.0, 1e-8), (1e-6, 4e-8), (1.0, 1e-6)] {
        let error = one::<f32>(settings(temperature, step))
            .evolve(0.02)
            .unwrap_err();
        assert!(matches!(error, SubstrateError::LostStep { .. }), "{error}");
        assert!(
            error.to_string().contains("a step below 3.815e-6"),
            "{error}"
        );
    }
    // A time in which nothing would happen anyway is fine, and doubles have the digits.
    one::<f32>(settings(0.0, 1e-8)).evolve(1e-4).unwrap();
    let mut double = one::<f64>(settings(0.0, 1e-6));
    double.evolve(0.02).unwrap();
    let x = double.read().unwrap()[(0, 0)];
    assert!((x - (1.0 - 1e-6_f64).powi(20_000)).abs() < 1e-11, "{x}");
}

/// Just above the bound the drift is right: exp(-.02) within two per cent of .02, and the spread of 64 chains, sqrt(2 kT t /
/// 64) = 2.5e-5, of which five.
#[test]
fn the_shortest_steps_that_are_taken_are_right() {
    let mut substrate = springs(&[1.0_f32], settings(1e-6, 4e-6));
    substrate
        .prepare(Mat::full(1, 64, 1.0_f32).as_ref(), 7)
        .unwrap();
    substrate.evolve(0.02).unwrap();
    let states = substrate.read().unwrap();
    let mean = (0..64)
        .map(|chain| f64::from(states[(0, chain)]))
        .sum::<f64>()
        / 64.0;
    assert!(
        (mean - (-0.02_f64).exp()).abs() < 4e-4 + 5.0 * 2.5e-5,
        "{mean}"
    );
}

#[test]
fn steps_beyond_all_counting_are_refused() {
    let cases = [
        (TimeStep::AtMost(1e-30), 1.0),
        (TimeStep::AtMost(f64::MIN_POSITIVE), f64::MAX),
        (TimeStep::AtMost(1e-16), 1.0),
    ];
    for (time_step, duration) in cases {
        let settings = Settings {
            time_step,
            ..Settings::default()
        };
        let mut substrate = one::<f64>(settings);
        let error = substrate.evolve(duration).unwrap_err();
        assert!(matches!(error, SubstrateError::Steps { .. }), "{error}");
        // It left the substrate as it was.
        assert_eq!(substrate.read().unwrap()[(0, 0)], 1.0);
        let protocol = Protocol::new(vec![Slice::new(duration, vec![1.0])]).unwrap();
        assert!(matches!(
            substrate.run(&protocol),
            Err(SubstrateError::Steps { .. })
        ));
    }
    let many = Settings {
        time_step: TimeStep::PerSlice(usize::MAX),
        ..Settings::default()
    };
    assert!(matches!(
        one::<f64>(many).evolve(1.0),
        Err(SubstrateError::Steps { .. })
    ));
    for relaxer in [
        Relaxer::Nesterov { momentum: 0.5 },
        Relaxer::BlockDescent {
            time_per_sweep: 1e-300,
            least_curvature: 0.5,
        },
    ] {
        let settings = Settings {
            relaxer,
            ..settings(0.0, 1e-30)
        };
        let error = one::<f64>(settings).relax(1.0).unwrap_err();
        let expected = matches!(
            error,
            SubstrateError::Steps { .. } | SubstrateError::NoGroups
        );
        assert!(expected, "{error}");
    }
}

/// A duration that is divided into steps of zero, or of a subnormal size, moved nothing without a word.
#[test]
fn steps_below_all_numbers_are_refused() {
    let settings = Settings {
        time_step: TimeStep::PerSlice(1000),
        ..Settings::default()
    };
    for duration in [f64::MIN_POSITIVE, 1e-322] {
        let error = one::<f64>(settings.clone()).evolve(duration).unwrap_err();
        assert!(
            matches!(error, SubstrateError::Range { what: "drift", .. }),
            "{error}"
        );
    }
    let error = one::<f32>(settings).evolve(1e-42).unwrap_err();
    assert!(
        matches!(error, SubstrateError::Range { what: "drift", .. }),
        "{error}"
    );
}

#[test]
fn no_time_is_no_step() {
    for time_step in [
        TimeStep::AtMost(f64::MIN_POSITIVE),
        TimeStep::PerSlice(usize::MAX),
    ] {
        let settings = Settings {
            time_step,
            ..Settings::default()
        };
        let mut substrate = one::<f32>(settings);
        substrate.evolve(0.0).unwrap();
        substrate.relax(0.0).unwrap();
        substrate
            .run(&Protocol::new(vec![Slice::new(0.0, vec![1.0])]).unwrap())
            .unwrap();
        assert_eq!(substrate.read().unwrap()[(0, 1)], 1.0);
    }
}

/// Beyond 2 / k a step is refused; what the check at the first chain cannot see is reported with unit, chain and step.
#[test]
fn beyond_stability_it_says_where() {
    let error = one::<f64>(settings(1.0, 2.5)).evolve(5.0).unwrap_err();
    assert!(
        matches!(error, SubstrateError::UnstableStep { .. }),
        "{error}"
    );
    for engine in ENGINES {
        // x' = x - .1 x^3: chain 1 starts beyond sqrt(20), where that overshoots further each time.
        let energy = overdamped_energy::Sites::new(2, &[overdamped_energy::SiteTerm::Quartic]);
        let settings = Settings {
            engine,
            ..settings(0.0, 0.1)
        };
        let mut substrate =
            SimulatedSubstrate::<f64>::new(std::sync::Arc::new(energy), settings).unwrap();
        substrate.program(&[1.0, 1.0]).unwrap();
        let start = faer::mat![[0.1, 0.1, 0.1], [0.1, 7.0, 0.1]];
        substrate.prepare(start.as_ref(), 7).unwrap();
        let error = substrate.evolve(2.0).unwrap_err();
        // 7, -27, 2e3, -8e8, 5e25, -2e76, 5e227, then beyond: in the seventh step, counted from zero.
        let expected = matches!(
            error,
            SubstrateError::Diverged {
                unit: 1,
                chain: 1,
                step: 6,
                chains: 1
            }
        );
        assert!(expected, "{error}");
        assert!(substrate.read().unwrap()[(1, 2)].is_finite());
    }
}

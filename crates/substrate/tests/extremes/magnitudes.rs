//! Numbers as large and as small as there are, wherever a number can be put.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Drive, Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::{
    ForceProbe, Observe, PerUnit, Protocol, Relaxer, Settings, SimulatedSubstrate, Slice,
    Substrate, SubstrateError, TimeStep,
};
use proptest::prelude::*;

use crate::{ENGINES, settings, springs};

#[test]
fn infinities_and_nan_are_refused_by_name() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for (settings, name) in [
            (
                Settings {
                    temperature: PerUnit::Uniform(bad),
                    ..Settings::default()
                },
                "the temperature",
            ),
            (
                Settings {
                    mobility: PerUnit::Each(vec![bad]),
                    ..Settings::default()
                },
                "the mobility",
            ),
            (
                Settings {
                    time_step: TimeStep::AtMost(bad),
                    ..Settings::default()
                },
                "the time step",
            ),
            (
                Settings {
                    walls: Some(bad),
                    ..Settings::default()
                },
                "the wall position",
            ),
            (
                Settings {
                    relaxer: Relaxer::Nesterov { momentum: bad },
                    ..Settings::default()
                },
                "the momentum of relaxation",
            ),
        ] {
            let error = settings.validated(1).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
        let mut substrate = springs(&[1.0], Settings::default());
        assert!(substrate.program(&[bad]).is_err());
        assert!(substrate.prepare(Mat::full(1, 1, bad).as_ref(), 1).is_err());
        substrate.prepare(Mat::zeros(1, 1).as_ref(), 1).unwrap();
        assert!(substrate.evolve(bad).is_err() && substrate.relax(bad).is_err());
        assert!(Protocol::new(vec![Slice::new(bad, vec![1.0])]).is_err());
        assert!(Drive::spring(vec![bad], Mat::zeros(1, 1).as_ref()).is_err());
    }
}

/// A switch to an energy beyond all numbers booked infinite or undefined work without a word.
#[test]
fn work_that_is_no_number_is_refused_and_not_booked() {
    let energy = Arc::new(Sites::new(1, &[SiteTerm::Stiffness]));
    let settings = Settings {
        observe: Observe::Energy,
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
    substrate.program(&[1.0]).unwrap();
    substrate
        .prepare(faer::mat![[1.0, 1e10]].as_ref(), 1)
        .unwrap();
    let error = substrate.program(&[f64::MAX]).unwrap_err();
    assert!(
        matches!(error, SubstrateError::InfiniteEnergy { chain: 1, .. }),
        "{error}"
    );
    assert_eq!(substrate.ledger().work, [0.0, 0.0]);
    assert_eq!(substrate.energies().unwrap()[0], 0.5);
    let far = Drive::spring(vec![1e300], faer::mat![[1e5]].as_ref());
    let far = substrate.attach(Some(far.unwrap()));
    assert!(matches!(far, Err(SubstrateError::InfiniteEnergy { .. })));
    assert_eq!(substrate.ledger().work, [0.0, 0.0]);
}

/// Energies beyond all numbers after a slice are a divergence, by unit, chain and step; the other chain goes on.
#[test]
fn a_chain_whose_energy_is_no_number_is_lost_and_named() {
    for engine in ENGINES {
        let energy = Arc::new(Sites::new(2, &[SiteTerm::Bias, SiteTerm::Quartic]));
        let settings = Settings {
            observe: Observe::UnitHeat,
            engine,
            ..settings(0.0, 1e-3)
        };
        let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
        substrate.program(&[0.0, 0.0, 1e-300, 1e-300]).unwrap();
        // x^4 overflows beyond x = 1.3e77, and 1e-300 of it would not: x = 1e153 is a state, its energy no double on the way.
        substrate
            .prepare(faer::mat![[0.0, 0.0], [1.0, 1e153]].as_ref(), 1)
            .unwrap();
        let error = substrate.evolve(0.01).unwrap_err();
        assert!(
            matches!(
                error,
                SubstrateError::Diverged {
                    unit: 1,
                    chain: 1,
                    chains: 1,
                    ..
                }
            ),
            "{error}"
        );
        let ledger = substrate.ledger();
        assert!(ledger.work[0].is_finite() && ledger.heat[0].is_finite());
        assert!(substrate.read().unwrap()[(1, 0)].is_finite());
    }
}

/// Couplings this small are nothing beside one: the units are free of each other to rounding, and the loops exact.
#[test]
fn subnormal_couplings_count_for_what_they_are() {
    for engine in ENGINES {
        let energy = Sum::of(Sites::new(2, &[SiteTerm::Stiffness])).unwrap();
        let energy = Arc::new(energy.and(Pairs::dense_bilinear(2)).unwrap());
        let settings = Settings {
            engine,
            ..settings(0.0, 0.5)
        };
        let mut substrate = SimulatedSubstrate::<f32>::new(energy, settings).unwrap();
        let tiny = 1e-40_f32;
        substrate.program(&[0.0, 0.0, tiny]).unwrap();
        substrate
            .prepare(faer::mat![[0.0, 1.0], [1.0, 1.0]].as_ref(), 1)
            .unwrap();
        assert_eq!(substrate.probe_forces().unwrap()[(0, 0)], tiny);
        substrate.evolve(1.0).unwrap();
        let states = substrate.read().unwrap();
        // Twice half of it.
        assert_eq!(states[(0, 0)], 2.0 * (0.5 * tiny));
        assert_eq!((states[(1, 0)], states[(0, 1)]), (1.0, 1.0));
    }
}

/// Magnitudes of every size, exactly at the ends included.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        Just(0.0_f32),
        Just(f32::MAX),
        Just(f32::MIN),
        Just(f32::MIN_POSITIVE),
        Just(f32::from_bits(1)),
        Just(-f32::from_bits(1)),
        (-44.0..38.5_f32, any::<bool>())
            .prop_map(|(e, s)| 10_f32.powf(e) * if s { 1.0 } else { -1.0 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(12),
        ..ProptestConfig::default()
    })]

    /// Parameters, states, drives and baths of any finite size: states that are finite, or an error that is typed; and
    /// work and heat that are numbers for every chain that is.
    #[test]
    fn any_finite_number_anywhere(
        parameters in prop::collection::vec(number(), 7),
        states in prop::collection::vec(number(), 4),
        anchors in prop::collection::vec(number(), 4),
        spring in number(),
        walls in number(),
        temperature in number(),
        way in 0..6_usize,
    ) {
        let energy = Sum::of(Sites::new(2, &[SiteTerm::Bias, SiteTerm::Stiffness, SiteTerm::Quartic])).unwrap();
        let energy = Arc::new(energy.and(Pairs::dense_bilinear(2)).unwrap());
        let settings = Settings {
            observe: Observe::UnitHeat,
            temperature: PerUnit::Uniform(f64::from(temperature.abs())),
            walls: (walls > 0.0 && way % 2 == 0).then_some(f64::from(walls)),
            engine: ENGINES[way / 3],
            relaxer: if way == 1 { Relaxer::Nesterov { momentum: 0.9 } } else { Relaxer::GradientFlow },
            ..Settings::default()
        };
        let Ok(mut substrate) = SimulatedSubstrate::<f32>::new(energy, settings) else {
            return Ok(());
        };
        prop_assert!(substrate.program(&parameters).is_ok());
        prop_assert!(substrate.prepare(Mat::from_fn(2, 2, |u, c| states[2 * c + u]).as_ref(), 1).is_ok());
        let anchors = Mat::from_fn(2, 2, |u, c| anchors[2 * c + u]);
        if let Ok(drive) = Drive::spring(vec![spring; 2], anchors.as_ref()) {
            let _ = substrate.attach(Some(drive));
        }
        let moved = if way % 3 == 0 { substrate.evolve(0.03) } else { substrate.relax(0.03).map(|_| ()) };
        if substrate.chains() == 0 {
            prop_assert!(moved.is_err());
            return Ok(());
        }
        let (found, lost) = (substrate.read().unwrap(), substrate.divergences());
        let ledger = substrate.ledger();
        for chain in 0..2 {
            let gone = lost.iter().any(|lost| lost.chain == chain);
            prop_assert!(!gone || moved.is_err());
            for unit in 0..2 {
                prop_assert_eq!(found[(unit, chain)].is_finite(), !gone);
            }
            prop_assert!(gone || (ledger.work[chain].is_finite() && ledger.heat[chain].is_finite()));
        }
        if moved.is_ok() {
            prop_assert!(ledger.unit_heat.iter().all(|heat| heat.is_finite()), "{:?}", ledger.unit_heat);
        }
    }
}

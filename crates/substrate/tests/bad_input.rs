//! Every wrong input gets its own error, which names the value, the bound and the fix.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Drive, SiteTerm, Sites};
use overdamped_kernel::Path;
use overdamped_substrate::{
    Engine, Metered, Observe, PerUnit, Protocol, Settings, SimulatedSubstrate, Slice, Substrate,
    SubstrateError, TimeStep,
};

fn sites() -> Arc<Sites> {
    Arc::new(Sites::new(2, &[SiteTerm::Stiffness, SiteTerm::Quartic]))
}

fn with(settings: Settings) -> Result<SimulatedSubstrate<f64>, SubstrateError> {
    SimulatedSubstrate::new(sites(), settings)
}

fn ready(settings: Settings) -> SimulatedSubstrate<f64> {
    let mut substrate = with(settings).unwrap();
    substrate.program(&[1.0, 1.0, 0.0, 0.0]).unwrap();
    substrate
        .prepare(Mat::full(2, 200, 0.5).as_ref(), 1)
        .unwrap();
    substrate
}

#[test]
fn settings_out_of_range_are_refused() {
    let cases = [
        Settings {
            temperature: PerUnit::Uniform(-1.0),
            ..Settings::default()
        },
        Settings {
            temperature: PerUnit::Each(vec![1.0, f64::NAN]),
            ..Settings::default()
        },
        Settings {
            temperature: PerUnit::Each(vec![1.0]),
            ..Settings::default()
        },
        Settings {
            mobility: PerUnit::Uniform(-0.1),
            ..Settings::default()
        },
        Settings {
            time_step: TimeStep::AtMost(0.0),
            ..Settings::default()
        },
        Settings {
            time_step: TimeStep::PerSlice(0),
            ..Settings::default()
        },
        Settings {
            walls: Some(-4.0),
            ..Settings::default()
        },
    ];
    for settings in cases {
        assert!(with(settings.clone()).is_err(), "{settings:?}");
    }
    let message = with(Settings {
        temperature: PerUnit::Uniform(-1.0),
        ..Settings::default()
    })
    .err()
    .unwrap()
    .to_string();
    assert_eq!(
        message,
        "the temperature is -1; it must be finite and not negative"
    );
}

#[test]
fn acts_out_of_order_are_refused() {
    let mut substrate = with(Settings::default()).unwrap();
    assert!(matches!(
        substrate.evolve(1.0),
        Err(SubstrateError::NotProgrammed)
    ));
    substrate.program(&[1.0; 4]).unwrap();
    assert!(matches!(
        substrate.evolve(1.0),
        Err(SubstrateError::NotPrepared)
    ));
    assert!(matches!(substrate.read(), Err(SubstrateError::NotPrepared)));
    assert!(substrate.prepare(Mat::zeros(3, 4).as_ref(), 1).is_err());
    let mut states = Mat::zeros(2, 4);
    states[(1, 3)] = f64::NAN;
    assert!(matches!(
        substrate.prepare(states.as_ref(), 1),
        Err(SubstrateError::NonFiniteState {
            unit: 1,
            chain: 3,
            ..
        })
    ));
    let mut substrate = ready(Settings::default());
    assert!(substrate.evolve(-1.0).is_err());
    assert!(substrate.evolve(f64::INFINITY).is_err());
    assert!(substrate.program(&[1.0; 3]).is_err());
    let drive = Drive::spring(vec![1.0; 2], Mat::zeros(2, 7).as_ref()).unwrap();
    assert!(substrate.attach(Some(drive)).is_err());
    // A refused act leaves the substrate as it was.
    assert!(substrate.read().unwrap() == Mat::full(2, 200, 0.5));
    substrate.evolve(0.1).unwrap();
}

#[test]
fn an_unstable_step_names_the_step_and_its_bound() {
    let mut substrate = ready(Settings {
        time_step: TimeStep::AtMost(0.3),
        ..Settings::default()
    });
    substrate.program(&[10.0, 1.0, 0.0, 0.0]).unwrap();
    let error = substrate.evolve(0.9).unwrap_err();
    assert!(
        matches!(error, SubstrateError::UnstableStep { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("h = 3.000e-1") && error.to_string().contains("2.000e-1"));
    // A clamped unit may be as stiff as it likes.
    let settings = Settings {
        mobility: PerUnit::Each(vec![0.0, 1.0]),
        time_step: TimeStep::AtMost(0.3),
        ..Settings::default()
    };
    let mut substrate = ready(settings);
    substrate.program(&[10.0, 1.0, 0.0, 0.0]).unwrap();
    substrate.evolve(0.9).unwrap();
    let states = substrate.read().unwrap();
    assert!((0..200).all(|chain| states[(0, chain)] == 0.5 && states[(1, chain)] != 0.5));
}

#[test]
fn a_divergence_names_unit_chain_and_step() {
    let mut substrate = ready(Settings::default());
    // An inverted quartic: unit 1 escapes in finite time.
    substrate.program(&[1.0, 0.0, 0.0, -5.0]).unwrap();
    let error = substrate.evolve(100.0).unwrap_err();
    assert!(
        matches!(error, SubstrateError::Diverged { unit: 1, step, .. } if step > 0),
        "{error}"
    );
    // Walls keep it in reach, and the certificate tells beforehand.
    let mut walled = ready(Settings {
        walls: Some(4.0),
        ..Settings::default()
    });
    walled.program(&[1.0, 0.0, 0.0, -5.0]).unwrap();
    walled.evolve(1.0).unwrap();
}

#[test]
fn a_divergence_leaves_the_other_chains_alone() {
    let run = |bad: Option<usize>| {
        let mut substrate = ready(Settings {
            observe: Observe::UnitHeat,
            ..Settings::default()
        });
        // Beyond 0.45 this unit rolls down for ever.
        let wells = [1.0, 1.0, 0.0, -5.0];
        substrate.program(&wells).unwrap();
        let start = Mat::from_fn(2, 70, |_, chain| if Some(chain) == bad { 3.0 } else { 0.1 });
        substrate.prepare(start.as_ref(), 1).unwrap();
        let outcome = substrate.relax(1.0);
        (substrate, outcome)
    };
    let (mut whole, outcome) = run(None);
    outcome.unwrap();
    let expected = whole.read().unwrap();
    for kept in [false, true] {
        let (mut substrate, outcome) = run(Some(40));
        let error = outcome.unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("unit 1 of chain 40 diverged at step"),
            "{message}"
        );
        let states = substrate.read().unwrap();
        assert!(states.col(40).iter().all(|x| x.is_nan()));
        for chain in (0..70).filter(|&chain| chain != 40) {
            assert!(states.col(chain) == expected.col(chain), "chain {chain}");
        }
        // It stays lost, is told once, and keeps its place in a snapshot.
        let first = substrate.divergences();
        assert_eq!((first.len(), first[0].chain), (1, 40));
        if kept {
            let snapshot = substrate.snapshot();
            substrate.restore(&snapshot).unwrap();
        }
        substrate.evolve(0.01).unwrap();
        assert!(substrate.relax(0.01).unwrap().largest.is_finite());
        assert!(substrate.read().unwrap().col(40).iter().all(|x| x.is_nan()));
        assert_eq!(substrate.divergences(), first);
        assert!(
            substrate
                .ledger()
                .unit_heat
                .iter()
                .all(|heat| heat.is_finite())
        );
    }
}

#[test]
fn a_range_that_the_batch_lacks_is_named() {
    let substrate = ready(Settings::default());
    let error = substrate.read_chains(190..201).unwrap_err();
    assert_eq!(
        error.to_string(),
        "chains 190 to 201 were asked for, and the batch has 200"
    );
    assert!(substrate.read_chains(5..5).is_err());
    let some = substrate.read_chains(31..65).unwrap();
    assert!(some == Mat::full(2, 34, 0.5));
}

/// The others went on, so their time counts.
#[test]
fn a_run_with_a_divergence_is_metered() {
    let settings = Settings::default();
    let mut substrate = Metered::new(with(settings.clone()).unwrap(), &settings).unwrap();
    substrate.program(&[1.0, 1.0, 0.0, -5.0]).unwrap();
    let start = Mat::from_fn(2, 70, |_, chain| if chain == 40 { 3.0 } else { 0.1 });
    substrate.prepare(start.as_ref(), 1).unwrap();
    assert!(substrate.relax(1.0).is_err());
    assert_eq!(substrate.acts().relaxation[0].unit_seconds, 140.0);
}

#[test]
fn a_refused_step_leaves_every_chain_where_it_was() {
    let mut substrate = ready(Settings {
        time_step: TimeStep::AtMost(0.3),
        ..Settings::default()
    });
    substrate.program(&[10.0, 1.0, 0.0, 0.0]).unwrap();
    assert!(substrate.evolve(0.9).is_err());
    assert!(substrate.read().unwrap() == Mat::full(2, 200, 0.5));
}

// Elsewhere nobody says how much memory is free.
#[cfg(target_os = "linux")]
#[test]
fn nothing_and_too_much_are_refused_before_anything_is_allocated() {
    let none = Arc::new(Sites::new(0, &[SiteTerm::Stiffness]));
    let error = SimulatedSubstrate::<f64>::new(none, Settings::default()).err();
    assert_eq!(
        error.unwrap().to_string(),
        "the substrate has no units; it needs at least one"
    );
    let mut substrate = ready(Settings::default());
    let error = substrate.prepare(Mat::zeros(2, 0).as_ref(), 1).unwrap_err();
    assert!(matches!(error, SubstrateError::Empty { what: "chains" }));
    // Sixteen thousand billion chains: 64 bytes for each.
    let error = substrate
        .prepare_each(0..1 << 44, 1, |_, _| 0.0)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("17592186044416 chains of 2 units need 1048576.0 GiB"),
        "{error}"
    );
    // A refused act leaves the chains as they were.
    assert!(substrate.read().unwrap() == Mat::full(2, 200, 0.5));
}

#[test]
fn an_engine_that_the_machine_lacks_is_refused_by_name() {
    let engines = [Engine::Avx512, Engine::Avx2, Engine::Portable];
    for (engine, name) in engines.into_iter().zip(["avx512", "avx2", "portable"]) {
        let settings = Settings {
            engine,
            ..Settings::default()
        };
        let here = Path::available().iter().any(|path| path.name() == name);
        match with(settings) {
            Ok(_) => assert!(here, "{name}"),
            Err(error) => {
                assert!(!here && error.to_string().contains(name), "{error}");
            }
        }
    }
}

#[test]
fn snapshots_of_another_substrate_are_refused() {
    let other = Arc::new(Sites::new(3, &[SiteTerm::Stiffness]));
    let mut other = SimulatedSubstrate::<f64>::new(other, Settings::default()).unwrap();
    assert!(
        other
            .restore(&ready(Settings::default()).snapshot())
            .is_err()
    );
}

/// The counters of a short run; a change here is a change of every energy figure.
#[test]
fn physical_acts_are_counted() {
    let settings = Settings {
        mobility: PerUnit::Each(vec![0.0, 1.0]),
        temperature: PerUnit::Uniform(0.5),
        ..Settings::default()
    };
    let mut substrate = Metered::new(with(settings.clone()).unwrap(), &settings).unwrap();
    substrate.program(&[1.0; 4]).unwrap();
    substrate.prepare(Mat::zeros(2, 100).as_ref(), 1).unwrap();
    let spring = Drive::spring(vec![1.0; 2], Mat::zeros(2, 1).as_ref()).unwrap();
    substrate.attach(Some(spring)).unwrap();
    substrate.evolve(0.25).unwrap();
    substrate.relax(0.5).unwrap();
    let hot = Slice {
        temperature: Some(PerUnit::Uniform(2.0)),
        ..Slice::new(0.25, vec![1.0; 4])
    };
    let slices = vec![hot, Slice::new(0.5, vec![1.0; 4])];
    substrate.run(&Protocol::new(slices).unwrap()).unwrap();
    substrate.read().unwrap();
    overdamped_substrate::ForceProbe::probe_forces(&mut substrate).unwrap();
    insta::assert_debug_snapshot!(substrate.acts(), @r"
    Acts {
        relaxation: [
            UnitTime {
                temperature: 0.0,
                unit_seconds: 50.0,
            },
            UnitTime {
                temperature: 0.5,
                unit_seconds: 75.0,
            },
            UnitTime {
                temperature: 2.0,
                unit_seconds: 25.0,
            },
        ],
        chains_prepared: 100,
        states_written: 200,
        parameters_written: 12,
        drives_written: 200,
        states_read: 200,
        forces_read: 200,
    }
    ");
}

/// A part is what the whole has in those places, is counted as a part, and must exist.
#[test]
fn some_units_can_be_read_alone() {
    let settings = Settings::default();
    let energy = Arc::new(Sites::new(3, &[SiteTerm::Stiffness]));
    let simulated = SimulatedSubstrate::<f64>::new(energy, settings.clone()).unwrap();
    let mut substrate = Metered::new(simulated, &settings).unwrap();
    substrate.program(&[1.0; 3]).unwrap();
    let start = faer::mat![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    substrate.prepare(start.as_ref(), 1).unwrap();
    let part = substrate.read_units(&[2, 0]).unwrap();
    assert_eq!(part, faer::mat![[5.0, 6.0], [1.0, 2.0]]);
    let message = substrate.read_units(&[0, 3]).unwrap_err().to_string();
    assert!(message.contains('3') && message.contains('4'), "{message}");
    assert_eq!(substrate.acts().states_read, 4);
}

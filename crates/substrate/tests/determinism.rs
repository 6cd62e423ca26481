//! Bitwise equality: threads, batch splits, resume points and instructions do not change a result.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Edges, Energy, FastHidden, PairTerm, Pairs, SiteTerm, Sites, Sum};
use overdamped_kernel::Path;
use overdamped_substrate::{
    Engine, Integrator, PerUnit, Protocol, Settings, SimulatedSubstrate, Slice, Substrate, TimeStep,
};

const UNITS: usize = 19;
const CHAINS: usize = 401;

const GOLDEN_EULER_MARUYAMA: u64 = 18_225_763_086_854_180_372;
const GOLDEN_LEIMKUHLER_MATTHEWS: u64 = 15_947_020_688_396_691_882;

/// Every kind of evaluation: polynomials, products of several powers, a layer.
fn network() -> Arc<dyn Energy<f32>> {
    let pairs = [
        PairTerm::Bilinear,
        PairTerm::Optomechanical,
        PairTerm::Duffing,
    ];
    Arc::new(
        Sum::of(Sites::new(UNITS, &[SiteTerm::Stiffness, SiteTerm::Quartic]))
            .unwrap()
            .and(Pairs::new(Edges::all_to_all(UNITS), &pairs))
            .unwrap()
            .and(FastHidden::new(UNITS, 7))
            .unwrap(),
    )
}

fn parameters(shift: usize) -> Vec<f32> {
    (0..network().layout().len())
        .map(|index| {
            ((index + shift) as f32 * 0.7).sin() * 0.1 + if index < 2 * UNITS { 1.0 } else { 0.0 }
        })
        .collect()
}

fn start() -> Mat<f32> {
    Mat::from_fn(UNITS, CHAINS, |unit, chain| {
        ((unit + 3 * chain) as f32).cos()
    })
}

fn settings(integrator: Integrator) -> Settings {
    Settings {
        integrator,
        temperature: PerUnit::Uniform(0.3),
        time_step: TimeStep::AtMost(0.01),
        walls: Some(4.0),
        ..Settings::default()
    }
}

fn protocol() -> Protocol<f32> {
    Protocol::new((0..3).map(|k| Slice::new(0.05, parameters(k))).collect()).unwrap()
}

fn substrate(integrator: Integrator) -> SimulatedSubstrate<f32> {
    SimulatedSubstrate::new(network(), settings(integrator)).unwrap()
}

fn whole(integrator: Integrator) -> Mat<f32> {
    by(Engine::Best, integrator)
}

fn engine_of(path: Path) -> Engine {
    match path.name() {
        "avx512" => Engine::Avx512,
        "avx2" => Engine::Avx2,
        _ => Engine::Portable,
    }
}

fn by(engine: Engine, integrator: Integrator) -> Mat<f32> {
    let settings = Settings {
        engine,
        ..settings(integrator)
    };
    let mut substrate = SimulatedSubstrate::new(network(), settings).unwrap();
    substrate.prepare(start().as_ref(), 11).unwrap();
    substrate.run(&protocol()).unwrap();
    substrate.read().unwrap()
}

const BOTH: [Integrator; 2] = [Integrator::EulerMaruyama, Integrator::LeimkuhlerMatthews];

#[test]
fn one_two_and_seven_threads_give_the_same_bits() {
    for integrator in BOTH {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| whole(integrator))
        };
        let one = on(1);
        assert!(one == on(2) && one == on(7));
    }
}

/// Pins the bits of a run: whatever changes them is value-breaking.
#[test]
fn the_golden_digest_holds_on_every_path_and_number_of_threads() {
    let golden = [GOLDEN_EULER_MARUYAMA, GOLDEN_LEIMKUHLER_MATTHEWS];
    for (integrator, golden) in BOTH.into_iter().zip(golden) {
        for path in Path::available() {
            let engine = engine_of(path);
            for threads in [1, 7] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let states = pool.build().unwrap().install(|| by(engine, integrator));
                assert_eq!(digest(&states), golden, "{path}, {integrator:?}");
            }
        }
    }
}

/// The reference rounds after each product, sums in another order, and has another tanh. After 15
/// steps of a contracting flow both differ by a few units in the last place of numbers of order one.
#[test]
fn the_reference_follows_the_same_path_to_a_few_ulp() {
    for integrator in BOTH {
        let (fused, reference) = (whole(integrator), by(Engine::Reference, integrator));
        let mut worst = 0.0_f32;
        for chain in 0..CHAINS {
            for unit in 0..UNITS {
                let (a, b) = (fused[(unit, chain)], reference[(unit, chain)]);
                worst = worst.max((a - b).abs() / (1.0 + b.abs()) / f32::EPSILON);
            }
        }
        assert!((0.5..8.0).contains(&worst), "{integrator:?}: {worst} ulp");
    }
}

/// FNV-1a over the bits, chain by chain.
fn digest(states: &Mat<f32>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for chain in 0..states.ncols() {
        for x in states.col_as_slice(chain) {
            for byte in x.to_bits().to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    hash
}

#[test]
fn batch_splits_give_the_same_bits() {
    for integrator in BOTH {
        let expected = whole(integrator);
        for batch in [1, 64, 150, 200] {
            for first in (0..CHAINS).step_by(batch) {
                let width = batch.min(CHAINS - first);
                let mut substrate = substrate(integrator);
                substrate
                    .prepare_from(first as u64, start().subcols(first, width), 11)
                    .unwrap();
                substrate.run(&protocol()).unwrap();
                let part = substrate.read().unwrap();
                assert!(
                    part.as_ref() == expected.subcols(first, width),
                    "batches of {batch} differ from chain {first} on"
                );
            }
        }
    }
}

/// The reference goes through a library's matrix products, of one shape for every block.
#[test]
fn the_reference_does_not_depend_on_batch_splits_either() {
    for integrator in BOTH {
        let expected = by(Engine::Reference, integrator);
        for first in (0..CHAINS).step_by(50) {
            let width = 50.min(CHAINS - first);
            let settings = Settings {
                engine: Engine::Reference,
                ..settings(integrator)
            };
            let mut substrate = SimulatedSubstrate::new(network(), settings).unwrap();
            substrate
                .prepare_from(first as u64, start().subcols(first, width), 11)
                .unwrap();
            substrate.run(&protocol()).unwrap();
            assert!(substrate.read().unwrap().as_ref() == expected.subcols(first, width));
        }
    }
}

#[test]
fn a_resume_at_any_step_gives_the_same_bits() {
    for integrator in BOTH {
        let mut straight = substrate(integrator);
        straight.program(&parameters(0)).unwrap();
        straight.prepare(start().as_ref(), 5).unwrap();
        let mut snapshots = Vec::new();
        for _ in 0..6 {
            snapshots.push(straight.snapshot());
            straight.evolve(0.01).unwrap();
        }
        let expected = straight.read().unwrap();
        for (step, snapshot) in snapshots.iter().enumerate() {
            let mut resumed = substrate(integrator);
            resumed.program(&parameters(0)).unwrap();
            resumed.restore(snapshot).unwrap();
            for _ in step..6 {
                resumed.evolve(0.01).unwrap();
            }
            assert!(resumed.read().unwrap() == expected, "resume at step {step}");
        }
    }
}

#[test]
fn a_branch_keeps_the_states_and_changes_the_noise() {
    let mut substrate = substrate(Integrator::EulerMaruyama);
    substrate.program(&parameters(0)).unwrap();
    substrate.prepare(start().as_ref(), 5).unwrap();
    let fork = substrate.snapshot();
    substrate.evolve(0.05).unwrap();
    let straight = substrate.read().unwrap();
    substrate.restore(&fork).unwrap();
    substrate.branch(6);
    assert!(substrate.read().unwrap() == start());
    substrate.evolve(0.05).unwrap();
    assert!(substrate.read().unwrap() != straight);
}

#[test]
fn a_branch_of_a_split_batch_is_the_branch_of_the_whole() {
    let run = |first: usize, width: usize| {
        let mut substrate = substrate(Integrator::LeimkuhlerMatthews);
        substrate.program(&parameters(0)).unwrap();
        substrate
            .prepare_from(first as u64, start().subcols(first, width), 5)
            .unwrap();
        substrate.branch(9);
        substrate.evolve(0.05).unwrap();
        substrate.read().unwrap()
    };
    let whole = run(0, CHAINS);
    assert!(run(150, 100).as_ref() == whole.subcols(150, 100));
}

#[test]
fn a_snapshot_of_another_integrator_is_refused() {
    let mut euler = substrate(Integrator::EulerMaruyama);
    euler.prepare(start().as_ref(), 5).unwrap();
    assert!(
        substrate(Integrator::LeimkuhlerMatthews)
            .restore(&euler.snapshot())
            .is_err()
    );
}

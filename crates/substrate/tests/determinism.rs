//! Bitwise equality: threads, batch splits and resume points do not change a result.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Edges, Energy, FastHidden, PairTerm, Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::{
    Integrator, PerUnit, Protocol, Settings, SimulatedSubstrate, Slice, Substrate, TimeStep,
};

const UNITS: usize = 19;
const CHAINS: usize = 401;

/// Dense and hidden terms go through matrix products, whose rounding might depend on the batch.
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
    let mut substrate = substrate(integrator);
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

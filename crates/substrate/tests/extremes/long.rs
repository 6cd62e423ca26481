//! Runs so long that what drifts has drifted.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{SiteTerm, Sites};
use overdamped_substrate::statistics::RunningMoments;
use overdamped_substrate::{Observe, Settings, SimulatedSubstrate, Substrate};

use crate::{INTEGRATORS, settings};

const STEP: f64 = 0.1;

/// One unit of sixteen chains for `steps` steps each, parameters switched to and fro all the time: the first law to a few
/// roundings of the energies, and <x^2> and the entropy flow by their closed forms.
fn long(steps: u64) {
    const CHAINS: u64 = 16;
    for integrator in INTEGRATORS {
        let energy = Arc::new(Sites::new(1, &[SiteTerm::Bias, SiteTerm::Stiffness]));
        let settings = Settings {
            integrator,
            observe: Observe::UnitHeat,
            ..settings(1.0, STEP)
        };
        let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
        substrate.program(&[0.0, 1.0]).unwrap();
        substrate
            .prepare(Mat::zeros(1, CHAINS as usize).as_ref(), 23)
            .unwrap();
        let before = substrate.energies().unwrap();
        let mut squares = RunningMoments::new();
        let rounds = 100;
        for round in 0..rounds {
            // A large offset of the energy that must cancel: the well goes out to 3e4 and back.
            let far = if round % 2 == 0 { 1e-3 } else { 0.0 };
            substrate.program(&[far, 1.0]).unwrap();
            substrate.evolve(STEP * (steps / rounds) as f64).unwrap();
            let states = substrate.read().unwrap();
            squares.extend((0..CHAINS as usize).map(|chain| states[(0, chain)].powi(2)));
        }
        substrate.program(&[0.0, 1.0]).unwrap();
        let (after, ledger) = (substrate.energies().unwrap(), substrate.ledger());
        for chain in 0..CHAINS as usize {
            let booked = ledger.work[chain] + ledger.heat[chain];
            let change = after[chain] - before[chain];
            assert!((booked - change).abs() < 1e-14, "{booked} {change}");
        }
        // The energy is quadratic: the heat of the unit is that of its chains, term by term of 1e8 steps.
        let all: f64 = ledger.heat.iter().sum();
        assert!(
            (ledger.unit_heat[0] - all).abs() < 1e-11,
            "{} {all}",
            ledger.unit_heat[0]
        );
        let expected = match integrator {
            overdamped_substrate::Integrator::EulerMaruyama => 1.0 / (1.0 - STEP / 2.0),
            overdamped_substrate::Integrator::LeimkuhlerMatthews => 1.0,
        };
        let error = squares.standard_error(1.0).unwrap();
        assert!(
            (squares.mean() - expected).abs() < 5.0 * error,
            "{} +- {error}",
            squares.mean()
        );
    }
}

#[test]
fn a_million_steps_keep_the_first_law() {
    long(1_000_000);
}

#[test]
#[ignore = "half a minute: cargo test --release -p overdamped-substrate --test extremes -- --ignored"]
fn a_hundred_million_steps_keep_the_first_law() {
    long(100_000_000);
}

/// A switch at every step is the longest account: the well is dragged along so that every step does work, and after
/// all of them the books still balance. A plain sum of terms near one would be off by about sqrt(n) 1e-16 n.
#[test]
fn a_switch_at_every_step_keeps_the_first_law() {
    let energy = Arc::new(Sites::new(1, &[SiteTerm::Bias, SiteTerm::Stiffness]));
    let settings = Settings {
        observe: Observe::Energy,
        ..settings(1.0, STEP)
    };
    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
    substrate.program(&[0.0, 1.0]).unwrap();
    substrate.prepare(Mat::zeros(1, 1).as_ref(), 3).unwrap();
    let before = substrate.energies().unwrap()[0];
    for step in 0..200_000_u32 {
        substrate
            .program(&[1e3 * f64::from(step).sin(), 1.0])
            .unwrap();
        substrate.evolve(STEP).unwrap();
    }
    let (after, ledger) = (substrate.energies().unwrap()[0], substrate.ledger());
    let (work, heat) = (ledger.work[0], ledger.heat[0]);
    // 1e6 kT at a time in both directions: 1e9 and more in all, in digits of 1e-7.
    assert!(work > 1e9);
    let off = (work + heat - (after - before)).abs();
    assert!(off < 4.0 * f64::EPSILON * work, "{off:e} of {work:e}");
}

/// <x> and the variance of 1e8 numbers near 1e9, exactly known: plain sums stop counting after 1e7 of them.
#[test]
fn moments_of_many_samples_count_them_all() {
    let mut moments = RunningMoments::new();
    let n = 20_000_000_u64;
    for k in 0..n {
        // Half are one below, half three above.
        let value = if k < n / 2 { -1.0 } else { 3.0 };
        moments.push(1e9 + value);
    }
    assert!(
        (moments.mean() - 1e9 - 1.0).abs() < 2e-7,
        "{}",
        moments.mean() - 1e9
    );
    let variance = moments.variance().unwrap();
    let expected = 4.0 * n as f64 / (n - 1) as f64;
    assert!((variance / expected - 1.0).abs() < 1e-9, "{variance}");
}

//! First law, Jarzynski and Crooks relations, entropy production.
//!
//! False-alarm rate: five standard errors for each comparison (6e-7); seeds are fixed.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Drive, Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::ornstein_uhlenbeck::OrnsteinUhlenbeck;
use overdamped_substrate::{
    Integrator, Observe, PerUnit, Protocol, Settings, SimulatedSubstrate, Slice, Substrate,
    TimeStep,
};
use rand::RngExt;
use rand_distr::StandardNormal;

const CHAINS: usize = 20_000;

fn settings() -> Settings {
    Settings {
        integrator: Integrator::LeimkuhlerMatthews,
        time_step: TimeStep::AtMost(0.01),
        observe: Observe::Energy,
        ..Settings::default()
    }
}

/// A trap E = k x^2 / 2 - b x driven from (b0, k0) to (b1, k1) in time 1, started in
/// equilibrium; returns the work on each chain.
fn driven_trap(from: [f64; 2], to: [f64; 2], seed: u64) -> Vec<f64> {
    let energy = Arc::new(Sites::new(1, &[SiteTerm::Bias, SiteTerm::Stiffness]));
    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings()).unwrap();
    let mut stream = overdamped_substrate::stream::of(seed, 1 << 40);
    let start = Mat::from_fn(1, CHAINS, |_, _| {
        from[0] / from[1] + stream.sample::<f64, _>(StandardNormal) / from[1].sqrt()
    });
    substrate.program(&from).unwrap();
    substrate.prepare(start.as_ref(), seed).unwrap();
    let at = |share: f64| {
        (0..2)
            .map(|i| from[i] + share * (to[i] - from[i]))
            .collect()
    };
    let mut slices: Vec<_> = (0..100)
        .map(|k| Slice::new(0.01, at((f64::from(k) + 0.5) / 100.0)))
        .collect();
    slices.push(Slice::new(0.0, to.to_vec()));
    substrate.run(&Protocol::new(slices).unwrap()).unwrap();
    substrate.ledger().work
}

/// Free energy of the trap up to a constant: -ln integral exp(-E).
fn free_energy([b, k]: [f64; 2]) -> f64 {
    0.5 * k.ln() - b * b / (2.0 * k)
}

fn mean_and_error(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Catches work booked at the wrong state (after instead of before the step), a missed switch
/// or a sign: each shifts <exp(-W)> by far more than its error of about 1 %.
#[test]
fn dragged_and_stiffened_traps_obey_jarzynski_and_crooks() {
    let start = [0.0, 1.0];
    for (end, name) in [([1.5, 1.0], "dragged"), ([0.0, 4.0], "stiffened")] {
        let change = free_energy(end) - free_energy(start);
        let forward = driven_trap(start, end, 31);
        let backward = driven_trap(end, start, 37);

        let (average, error) = mean_and_error(forward.iter().map(|w| (change - w).exp()));
        assert!(
            (average - 1.0).abs() < 5.0 * error,
            "{name}: {average} +- {error}"
        );

        // Crooks: P(W) exp(-W + dF) = P_back(-W), tested with a bounded function of W.
        let fermi = |x: f64| 1.0 / (1.0 + x.exp());
        let (ahead, error_ahead) = mean_and_error(forward.iter().map(|w| fermi(w - change)));
        let (behind, error_behind) = mean_and_error(backward.iter().map(|w| fermi(w + change)));
        let error = error_ahead.hypot(error_behind);
        assert!(
            (ahead - behind).abs() < 5.0 * error,
            "{name}: {ahead} and {behind} +- {error}"
        );

        // The second law, with a margin that an unbooked dissipation would not reach.
        let (work, error) = mean_and_error(forward.iter().copied());
        assert!(work - change > 10.0 * error, "{name}: no dissipation");
    }
}

/// Energy change = work + heat to rounding, drives and protocol switches included. The two
/// sides are independent sums: a switch that is missed or booked twice shows at once.
#[test]
fn the_first_law_holds_on_every_chain() {
    let energy = Arc::new(
        Sum::of(Sites::new(3, &[SiteTerm::Stiffness, SiteTerm::Quartic]))
            .unwrap()
            .and(Pairs::dense_bilinear(3))
            .unwrap(),
    );
    let settings = Settings {
        walls: Some(1.5),
        ..settings()
    };
    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
    let theta = |scale: f64| {
        (1..=9)
            .map(|i| scale * f64::from(i) * 0.2)
            .collect::<Vec<_>>()
    };
    substrate.program(&theta(1.0)).unwrap();
    let start = Mat::from_fn(3, 300, |i, c| ((i + c) as f64).sin());
    substrate.prepare(start.as_ref(), 3).unwrap();
    let before = substrate.energies().unwrap();
    let anchors = Mat::from_fn(3, 300, |i, c| ((i * c) as f64).cos());
    substrate
        .attach(Some(Drive::spring(vec![2.0; 3], anchors.as_ref()).unwrap()))
        .unwrap();
    substrate.evolve(0.1).unwrap();
    let slices = (1..5)
        .map(|k| Slice::new(0.1, theta(f64::from(k))))
        .collect();
    substrate.run(&Protocol::new(slices).unwrap()).unwrap();
    substrate.program(&theta(0.5)).unwrap();
    substrate.relax(0.2).unwrap();
    let after = substrate.energies().unwrap();
    let ledger = substrate.ledger();
    for chain in 0..300 {
        let residual = after[chain] - before[chain] - ledger.work[chain] - ledger.heat[chain];
        assert!(residual.abs() < 1e-12, "chain {chain}: {residual:e}");
        assert!(ledger.work[chain] != 0.0 && ledger.heat[chain] != 0.0);
    }
}

/// Heat through two coupled units between two baths, against the closed form of the
/// Ornstein-Uhlenbeck process. Catches heat booked to the wrong unit, or the Ito instead of the
/// midpoint rule (which would add kT K per unit time: 20 times the flow here).
#[test]
fn two_baths_exchange_the_predicted_heat() {
    let (stiffness, coupling, baths) = (1.5, 0.5, [2.0, 0.5]);
    let energy = Arc::new(
        Sum::of(Sites::new(2, &[SiteTerm::Stiffness]))
            .unwrap()
            .and(Pairs::dense_bilinear(2))
            .unwrap(),
    );
    let settings = Settings {
        integrator: Integrator::EulerMaruyama,
        temperature: PerUnit::Each(baths.to_vec()),
        time_step: TimeStep::AtMost(0.002),
        observe: Observe::UnitHeat,
        ..Settings::default()
    };
    let drift = Mat::from_fn(2, 2, |i, j| if i == j { stiffness } else { -coupling });
    let diffusion = Mat::from_fn(2, 2, |i, j| if i == j { 2.0 * baths[i] } else { 0.0 });
    let process = OrnsteinUhlenbeck::new(drift.clone(), diffusion, vec![0.0; 2]).unwrap();
    let covariance = process.stationary_covariance().unwrap();
    // Heat from bath i: mu (kT_i K_ii - <F_i^2>).
    let forces = &drift * &covariance * drift.transpose();
    let expected: Vec<f64> = (0..2)
        .map(|i| baths[i] * drift[(i, i)] - forces[(i, i)])
        .collect();

    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
    substrate
        .program(&[stiffness, stiffness, coupling])
        .unwrap();
    substrate.prepare(Mat::zeros(2, 4000).as_ref(), 5).unwrap();
    substrate.evolve(8.0).unwrap();
    let (warm, duration) = (substrate.ledger().unit_heat, 5.0);
    substrate.evolve(duration).unwrap();
    let heat = substrate.ledger().unit_heat;
    let rates: Vec<f64> = (0..2)
        .map(|i| (heat[i] - warm[i]) / (4000.0 * duration))
        .collect();
    // The heat of one chain in time t has variance near 2 kT^2 K t: error .011 and .003 here.
    for unit in 0..2 {
        let error = (2.0 * baths[unit].powi(2) * stiffness * 2.0 / (4000.0 * duration)).sqrt();
        assert!(
            (rates[unit] - expected[unit]).abs() < 5.0 * error,
            "bath {unit}: {} against {} +- {error}",
            rates[unit],
            expected[unit]
        );
    }
    let production = -rates[0] / baths[0] - rates[1] / baths[1];
    let predicted = process.entropy_production_rate().unwrap();
    assert!(
        (production - predicted).abs() < 0.05,
        "{production} against {predicted}"
    );
}

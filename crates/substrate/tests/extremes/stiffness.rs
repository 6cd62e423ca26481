//! Stiffness that spreads over eight decades.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::{PerUnit, Settings, SimulatedSubstrate, Substrate, SubstrateError};

use crate::{ENGINES, INTEGRATORS, mean_squares, settings, springs};

/// 1e-4 to 1e4 with mobilities 1 / k: all relax at rate one, and <x^2> = kT / k spans 1e8. n = 6000, seed 2, five
/// standard errors (6e-7 each). Single precision has digits for each unit on its own.
#[test]
fn units_of_all_stiffness_side_by_side() {
    const CHAINS: usize = 6000;
    let stiffness = [1e-4_f32, 1.0, 1e4];
    for integrator in INTEGRATORS {
        for engine in ENGINES {
            let settings = Settings {
                integrator,
                engine,
                mobility: PerUnit::Each(stiffness.iter().map(|&k| 1.0 / f64::from(k)).collect()),
                ..settings(1.0, 0.05)
            };
            let mut substrate = springs(&stiffness, settings);
            substrate
                .prepare(Mat::zeros(3, CHAINS).as_ref(), 2)
                .unwrap();
            substrate.evolve(8.0).unwrap();
            let found = mean_squares(&substrate.read().unwrap());
            let bias = match integrator {
                overdamped_substrate::Integrator::EulerMaruyama => 1.0 / (1.0 - 0.025),
                overdamped_substrate::Integrator::LeimkuhlerMatthews => 1.0,
            };
            for (found, k) in found.iter().zip(stiffness) {
                let ratio = found * f64::from(k) / bias;
                assert!(
                    (ratio - 1.0).abs() < 5.0 * (2.0 / CHAINS as f64).sqrt(),
                    "{k}: {ratio}"
                );
            }
        }
    }
}

/// One mobility for all: the stiffest unit sets the step, and a longer one is refused with its bound, wherever the unit is.
#[test]
fn the_stiffest_unit_sets_the_step() {
    for at in [0, 57, 99] {
        let mut stiffness = vec![1e-4; 100];
        stiffness[at] = 1e4;
        let mut long = springs(&stiffness, settings(1.0, 1e-3));
        long.prepare(Mat::zeros(100, 2).as_ref(), 1).unwrap();
        let SubstrateError::UnstableStep { bound, rate, .. } = long.evolve(1.0).unwrap_err() else {
            panic!("the step is ten times too long")
        };
        assert!((bound / 2e-4 - 1.0).abs() < 1e-6 && (rate / 1e4 - 1.0).abs() < 1e-6);
    }
}

/// Two units whose modes have stiffness 1e-4 and 1e4, at 45 degrees: the soft one is a difference of large numbers.
/// By x' = (1 - h K) x the modes fall by (1 - h k)^n; doubles keep eight digits of it.
#[test]
fn coupled_modes_of_all_stiffness_relax_as_they_should() {
    let (soft, stiff) = (1e-4, 1e4);
    let (own, coupling) = (0.5 * (stiff + soft), 0.5 * (stiff - soft));
    let energy = Sum::of(Sites::new(2, &[SiteTerm::Stiffness])).unwrap();
    let energy = Arc::new(energy.and(Pairs::dense_bilinear(2)).unwrap());
    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings(0.0, 1e-4)).unwrap();
    substrate.program(&[own, own, coupling]).unwrap();
    substrate
        .prepare(faer::mat![[1.0], [0.5]].as_ref(), 1)
        .unwrap();
    substrate.evolve(10.0).unwrap();
    let states = substrate.read().unwrap();
    let sum = 1.5 * (1.0 - 1e-4 * soft).powi(100_000);
    // The stiff mode is gone after a step, since h k = 1.
    assert!((states[(0, 0)] + states[(1, 0)] - sum).abs() < 1e-8);
    assert!((states[(0, 0)] - states[(1, 0)]).abs() < 1e-8);
}

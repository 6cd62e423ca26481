//! All relaxers come to rest at the same states; the shortcuts cost the same physical time.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use faer::Mat;
use faer::linalg::solvers::Solve;
use overdamped_energy::{Activation, Drive, Energy, Layered, SiteTerm, Sites, UnitLayer};
use overdamped_substrate::{
    Metered, Observe, PerUnit, Relaxer, Settings, SimulatedSubstrate, Substrate, SubstrateError,
    TimeStep,
};

const UNITS: usize = 4 + 6 + 5;
const NESTEROV: Relaxer = Relaxer::Nesterov { momentum: 0.8 };

/// 4 linear units below 6 and 5 with an activation.
fn network(activation: Activation) -> Layered {
    let layer = |units, activation| UnitLayer { units, activation };
    let layers = vec![
        layer(4, Activation::Identity),
        layer(6, activation),
        layer(5, activation),
    ];
    Layered::new(layers).unwrap()
}

/// Couplings small enough that even linear layers are stable.
fn parameters(energy: &Layered) -> Vec<f64> {
    let count = Energy::<f64>::layout(energy).len();
    (0..count)
        .map(|index| 0.2 * (1.0 + 2.3 * index as f64).sin())
        .collect()
}

fn anchors(chains: usize) -> Mat<f64> {
    Mat::from_fn(UNITS, chains, |unit, chain| {
        if unit < 4 {
            (0.7 * unit as f64 + 1.3 * chain as f64).sin()
        } else {
            0.0
        }
    })
}

/// A spring on the linear units.
fn spring(chains: usize) -> Drive<f64> {
    let stiffness = (0..UNITS).map(|unit| if unit < 4 { 3.0 } else { 0.0 });
    Drive::spring(stiffness.collect(), anchors(chains).as_ref()).unwrap()
}

fn substrate(energy: Layered, relaxer: Relaxer, mobility: PerUnit) -> SimulatedSubstrate<f64> {
    let theta = parameters(&energy);
    let settings = Settings {
        relaxer,
        mobility,
        time_step: TimeStep::AtMost(0.1),
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::new(Arc::new(energy), settings).unwrap();
    substrate.program(&theta).unwrap();
    substrate
}

fn rest(energy: Layered, relaxer: Relaxer, chains: usize, time: f64) -> (Mat<f64>, f64) {
    let mut substrate = substrate(energy, relaxer, PerUnit::Uniform(1.0));
    substrate.prepare(anchors(chains).as_ref(), 1).unwrap();
    substrate.attach(Some(spring(chains))).unwrap();
    let residuals = substrate.relax(time).unwrap();
    (substrate.read().unwrap(), residuals.largest)
}

fn farthest(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (a - b).norm_max()
}

/// A network of linear units on springs rests where (1 + spring - couplings) x = bias + spring anchor: the
/// state is known. Tolerance 1e-9; a wrong sign, weight or order would miss it by more than 1e-2.
#[test]
fn a_linear_network_rests_at_the_solution_of_its_linear_system() {
    let energy = network(Activation::Identity);
    let theta = parameters(&energy);
    let potential = energy.bind(&theta).unwrap();
    let drive = spring(3);
    let hessian = Mat::from_fn(UNITS, UNITS, |row, column| {
        let along = Mat::from_fn(UNITS, 1, |unit, _| f64::from(unit == column));
        let mut product = Mat::zeros(UNITS, 1);
        let at = Mat::zeros(UNITS, 1);
        potential.add_curvature_product(at.as_ref(), along.as_ref(), product.as_mut());
        product[(row, 0)]
            + if row == column {
                drive.stiffness()[row]
            } else {
                0.0
            }
    });
    let force = potential.force(Mat::zeros(UNITS, 3).as_ref());
    let pull = Mat::from_fn(UNITS, 3, |unit, chain| {
        force[(unit, chain)] + drive.pull(chain)[unit]
    });
    let expected = hessian.partial_piv_lu().solve(&pull);
    for (relaxer, time) in [
        (Relaxer::GradientFlow, 4000.0),
        (NESTEROV, 4000.0),
        (Relaxer::BLOCK_DESCENT, 2000.0),
    ] {
        let (found, residual) = rest(energy.clone(), relaxer, 3, time);
        assert!(residual < 1e-9, "{relaxer:?}: residual {residual:e}");
        let off = farthest(&found, &expected);
        assert!(off < 1e-8, "{relaxer:?}: {off:e} away");
    }
}

#[test]
fn shortcuts_rest_where_gradient_flow_does() {
    for activation in [
        Activation::SoftSilu { bound: 2.0 },
        Activation::Tanh,
        Activation::Sigmoid,
    ] {
        let flow = rest(network(activation), Relaxer::GradientFlow, 40, 600.0);
        // Hidden units start at zero; an activation that is flat there would leave them.
        let hidden = flow.0.subrows(4, UNITS - 4);
        let mut chains = hidden.col_iter();
        let stuck = chains.any(|chain| chain.iter().any(|&h| h == 0.0));
        assert!(!stuck, "{activation:?}: a hidden unit did not move");
        for relaxer in [NESTEROV, Relaxer::BLOCK_DESCENT] {
            let (found, residual) = rest(network(activation), relaxer, 40, 600.0);
            let off = farthest(&found, &flow.0);
            assert!(
                residual < 1e-7 && flow.1 < 1e-7 && off < 1e-6,
                "{activation:?}, {relaxer:?}: residuals {residual:e}, {:e}, {off:e} apart",
                flow.1
            );
        }
    }
}

/// A chain's bits do not depend on its company: 70 chains at once, and 32 + 38 of them.
#[test]
fn chains_rest_alike_in_any_batch() {
    let silu = Activation::SoftSilu { bound: 2.0 };
    for relaxer in [NESTEROV, Relaxer::BLOCK_DESCENT, Relaxer::GradientFlow] {
        let all = rest(network(silu), relaxer, 70, 10.0).0;
        let few = rest(network(silu), relaxer, 38, 10.0).0;
        for chain in 0..38 {
            assert_eq!(
                all.col_as_slice(chain),
                few.col_as_slice(chain),
                "{relaxer:?}"
            );
        }
    }
}

#[test]
fn clamped_units_stay_to_the_bit() {
    let mobility = (0..UNITS).map(|unit| f64::from(unit >= 4)).collect();
    for relaxer in [NESTEROV, Relaxer::BLOCK_DESCENT, Relaxer::GradientFlow] {
        let mobility = PerUnit::Each(Vec::clone(&mobility));
        let mut substrate = substrate(network(Activation::Tanh), relaxer, mobility);
        substrate.prepare(anchors(2).as_ref(), 1).unwrap();
        let residuals = substrate.relax(200.0).unwrap();
        let states = substrate.read().unwrap();
        for chain in 0..2 {
            assert_eq!(
                states.col_as_slice(chain)[..4],
                anchors(2).col_as_slice(chain)[..4]
            );
            assert!(states.col_as_slice(chain)[4..].iter().all(|&x| x != 0.0));
        }
        assert!(residuals.largest < 1e-6, "{relaxer:?}: {residuals:?}");
    }
}

/// Walls hold what moves; a label that is clamped outside of them stays.
#[test]
fn walls_do_not_move_what_is_clamped() {
    let mobility: Vec<f64> = (0..UNITS).map(|unit| f64::from(unit >= 4)).collect();
    for relaxer in [NESTEROV, Relaxer::BLOCK_DESCENT] {
        let energy = network(Activation::Tanh);
        let theta = parameters(&energy);
        let settings = Settings {
            relaxer,
            mobility: PerUnit::Each(mobility.clone()),
            walls: Some(0.05),
            time_step: TimeStep::AtMost(0.1),
            ..Settings::default()
        };
        let mut substrate = SimulatedSubstrate::new(Arc::new(energy), settings).unwrap();
        substrate.program(&theta).unwrap();
        substrate.prepare(anchors(2).as_ref(), 1).unwrap();
        substrate.relax(20.0).unwrap();
        let states = substrate.read().unwrap();
        for chain in 0..2 {
            let (label, hidden) = states.col_as_slice(chain).split_at(4);
            assert_eq!(label, &anchors(2).col_as_slice(chain)[..4], "{relaxer:?}");
            assert!(label.iter().any(|x| x.abs() > 0.05));
            assert!(hidden.iter().all(|x| x.abs() <= 0.05), "{relaxer:?}");
            assert!(hidden.iter().any(|x| x.abs() == 0.05), "{relaxer:?}");
        }
    }
}

/// What relaxation takes from the energy goes to the bath as heat, by any way down.
#[test]
fn the_energy_lost_is_heat() {
    for relaxer in [NESTEROV, Relaxer::BLOCK_DESCENT, Relaxer::GradientFlow] {
        let energy = network(Activation::Tanh);
        let theta = parameters(&energy);
        let settings = Settings {
            relaxer,
            observe: Observe::Energy,
            time_step: TimeStep::AtMost(0.1),
            ..Settings::default()
        };
        let mut substrate = SimulatedSubstrate::new(Arc::new(energy), settings).unwrap();
        substrate.program(&theta).unwrap();
        substrate.prepare(anchors(3).as_ref(), 1).unwrap();
        let before = substrate.energies().unwrap();
        substrate.relax(20.0).unwrap();
        let after = substrate.energies().unwrap();
        let heat = substrate.ledger().heat;
        for chain in 0..3 {
            assert!((after[chain] - before[chain] - heat[chain]).abs() < 1e-12);
            assert!(heat[chain] < -1e-3, "{heat:?}");
        }
    }
}

/// 30 units of time are 30 units of time, however few sweeps the simulator makes of them.
#[test]
fn a_shortcut_is_billed_as_the_time_it_stands_for() {
    let energy = network(Activation::Tanh);
    let settings = Settings {
        relaxer: Relaxer::BLOCK_DESCENT,
        ..Settings::default()
    };
    let theta = parameters(&energy);
    let simulated = SimulatedSubstrate::new(Arc::new(energy), settings.clone()).unwrap();
    let mut substrate = Metered::new(simulated, &settings).unwrap();
    substrate.program(&theta).unwrap();
    substrate.prepare(anchors(2).as_ref(), 1).unwrap();
    substrate.relax(30.0).unwrap();
    assert_eq!(
        substrate.acts().relaxation[0].unit_seconds,
        30.0 * 2.0 * UNITS as f64
    );
}

#[test]
fn block_descent_without_groups_is_refused() {
    let settings = Settings {
        relaxer: Relaxer::BLOCK_DESCENT,
        ..Settings::default()
    };
    let wells = Sites::new(2, &[SiteTerm::Stiffness]);
    let mut substrate = SimulatedSubstrate::<f64>::new(Arc::new(wells), settings).unwrap();
    substrate.program(&[1.0, 1.0]).unwrap();
    substrate.prepare(Mat::zeros(2, 1).as_ref(), 1).unwrap();
    assert!(matches!(
        substrate.relax(1.0),
        Err(SubstrateError::NoGroups)
    ));
}

#[test]
fn constants_out_of_range_are_refused() {
    for relaxer in [
        Relaxer::Nesterov { momentum: 1.0 },
        Relaxer::Nesterov { momentum: -0.1 },
        Relaxer::BlockDescent {
            time_per_sweep: 0.0,
            least_curvature: 0.5,
        },
        Relaxer::BlockDescent {
            time_per_sweep: 2.0,
            least_curvature: f64::NAN,
        },
    ] {
        assert!(matches!(
            relaxer.validated(),
            Err(SubstrateError::Setting { .. })
        ));
    }
}

//! Modular energies: gauge, definiteness, projection and descent, against dense matrices.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod projection;

use faer::{Mat, Side};
use overdamped_energy::{
    Coupling, Drive, Energy, EnergyError, HeldGroup, Modular, Module, Moving, Scalar, Wires,
};
use proptest::prelude::*;

/// A deterministic spread of numbers in [-1, 1].
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    }
}

fn joined(l: usize, m: usize, rank: usize) -> Coupling {
    let wires = match rank {
        0 => Wires::OneToOne,
        rank => Wires::LowRank { rank },
    };
    Coupling {
        modules: (l, m),
        wires,
    }
}

fn network(units: &[usize], couplings: &[(usize, usize, usize)]) -> Modular {
    let modules = units.iter().enumerate().map(|(m, &units)| Module {
        units,
        quartic: m % 2 == 1,
    });
    let couplings = couplings.iter().map(|&(l, m, rank)| joined(l, m, rank));
    Modular::new(modules.collect(), couplings.collect()).unwrap()
}

/// A pair, a chain, a ring, and two components: dense and factored products, partners, each side.
fn networks() -> Vec<Modular> {
    vec![
        network(&[5, 4], &[(1, 0, 3)]),
        network(&[6, 9, 6], &[(0, 1, 2), (2, 1, 4), (0, 2, 0)]),
        network(&[4, 7, 5, 7], &[(0, 1, 1), (2, 1, 2), (3, 2, 5), (1, 3, 0)]),
        network(&[4, 7, 5, 3], &[(0, 1, 1), (2, 1, 5), (3, 2, 2)]),
        network(&[4, 3, 6, 6, 2], &[(1, 0, 3), (2, 3, 0)]),
    ]
}

/// Random parameters with stiffness from 1/2 to 5/2, q >= 0, and strengths up to `strength`.
fn parameters(energy: &Modular, seed: u64, strength: f64) -> Vec<f64> {
    let mut next = numbers(seed);
    let layout = Energy::<f64>::layout(energy);
    let mut theta = vec![0.0; layout.len()];
    for (block, range) in layout.blocks() {
        for value in &mut theta[range] {
            *value = match block.name.split('.').next() {
                Some("stiffness") => 1.5 + next(),
                Some("quartic") => 1.0 + next(),
                Some("strength") => strength * next(),
                _ => next(),
            };
        }
    }
    theta
}

fn states(units: usize, seed: u64) -> Mat<f64> {
    let mut next = numbers(seed);
    Mat::from_fn(units, 3, |_, _| 2.0 * next())
}

/// diag(a + springs) and W on the modules that move, from the dense couplings.
fn dense(energy: &Modular, theta: &[f64], moving: &Moving) -> (Vec<f64>, Mat<f64>) {
    let layout = Energy::<f64>::layout(energy);
    let units = Energy::<f64>::units(energy);
    let mut all = Mat::<f64>::zeros(units, units);
    for (c, coupling) in energy.couplings().iter().enumerate() {
        let (rows, columns) = (
            energy.rows(coupling.modules.0),
            energy.rows(coupling.modules.1),
        );
        let product = energy.coupling(theta, c).unwrap();
        for (i, row) in rows.enumerate() {
            for (j, column) in columns.clone().enumerate() {
                all[(row, column)] += product[(i, j)];
                all[(column, row)] += product[(i, j)];
            }
        }
    }
    let modules = 0..energy.modules().len();
    let modules = modules.filter(|module| moving.modules.contains(module));
    let stiffness = modules.clone().flat_map(|module| {
        let range = layout.range(&format!("stiffness.{module}")).unwrap();
        theta[range].to_vec()
    });
    let own: Vec<usize> = modules.flat_map(|module| energy.rows(module)).collect();
    let springs = own
        .iter()
        .map(|&unit| moving.springs.get(unit).copied().unwrap_or(0.0));
    let stiffness = stiffness
        .zip(springs)
        .map(|(a, spring)| a + spring)
        .collect();
    let chosen = Mat::from_fn(own.len(), own.len(), |i, j| all[(own[i], own[j])]);
    (stiffness, chosen)
}

fn eigenvalues(matrix: &Mat<f64>) -> Vec<f64> {
    matrix.self_adjoint_eigenvalues(Side::Lower).unwrap()
}

/// The smallest eigenvalue of K, and the largest of A^-1/2 W A^-1/2.
fn oracle(energy: &Modular, theta: &[f64], moving: &Moving) -> (f64, f64) {
    let (a, w) = dense(energy, theta, moving);
    let k = Mat::from_fn(a.len(), a.len(), |i, j| {
        f64::from(i == j) * a[i] - w[(i, j)]
    });
    let relative = Mat::from_fn(a.len(), a.len(), |i, j| w[(i, j)] / (a[i] * a[j]).sqrt());
    (eigenvalues(&k)[0], *eigenvalues(&relative).last().unwrap())
}

/// All modules, all but each one, and all with springs on the first.
fn ways_to_move(energy: &Modular) -> Vec<Moving> {
    let clamped = (0..energy.modules().len()).map(|module| vec![module]);
    let all = std::iter::once(vec![]).chain(clamped);
    let mut ways: Vec<_> = all
        .map(|clamped| Moving::except(energy, &clamped))
        .collect();
    ways.push(ways[0].clone().with_springs(energy, 0, 2.0).unwrap());
    ways
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Factors and dense products alike: what the potential multiplies by is the J that it shows.
    #[test]
    fn forces_are_those_of_the_dense_couplings(seed in any::<u64>()) {
        for energy in networks() {
            let mut theta = parameters(&energy, seed, 1.0);
            let layout = Energy::<f64>::layout(&energy);
            for (block, range) in layout.blocks() {
                if block.name.starts_with("quartic") {
                    theta[range].fill(0.0);
                }
            }
            let potential = energy.bind(&theta).unwrap();
            let states = states(potential.units(), seed ^ 1);
            let force = potential.force(states.as_ref());
            let (a, w) = dense(&energy, &theta, &Moving::except(&energy, &[]));
            let coupled = &w * &states;
            let biases = (0..energy.modules().len()).flat_map(|module| {
                theta[layout.range(&format!("bias.{module}")).unwrap()].to_vec()
            });
            for (unit, b) in biases.enumerate() {
                for chain in 0..states.ncols() {
                    let at = (unit, chain);
                    let expected = b - a[unit] * states[at] + coupled[at];
                    prop_assert!((force[at] - expected).abs() < 1e-12);
                }
            }
        }
    }

    /// A form with the same energy, orthonormal factors, descending strengths and a fixed sign, once and for all.
    #[test]
    fn the_canonical_form_leaves_the_energy_and_is_found_once(seed in any::<u64>()) {
        for energy in networks() {
            let layout = Energy::<f64>::layout(&energy);
            let before = parameters(&energy, seed, 1.0);
            let mut after = before.clone();
            energy.canonical(&mut after).unwrap();
            let states = states(Energy::<f64>::units(&energy), seed ^ 2);
            let energies = |theta: &[f64]| energy.bind(theta).unwrap().energy(states.as_ref());
            for (one, other) in energies(&before).iter().zip(energies(&after)) {
                prop_assert!((one - other).abs() < 1e-12 * (1.0 + one.abs()), "{one} and {other}");
            }
            for (c, coupling) in energy.couplings().iter().enumerate() {
                let strength = &after[layout.range(&format!("strength.{c}")).unwrap()];
                let Wires::LowRank { rank } = coupling.wires else {
                    prop_assert_eq!(strength, &before[layout.range(&format!("strength.{c}")).unwrap()]);
                    continue;
                };
                prop_assert!(strength.is_sorted_by(|s, next| s >= next) && strength[rank - 1] >= 0.0);
                for name in ["left", "right"] {
                    let values = &after[layout.range(&format!("{name}.{c}")).unwrap()];
                    let columns: Vec<_> = values.chunks(values.len() / rank).collect();
                    for (i, one) in columns.iter().enumerate() {
                        for (j, other) in columns.iter().enumerate() {
                            let product: f64 = one.iter().zip(*other).map(|(x, y)| x * y).sum();
                            prop_assert!((product - f64::from(i == j)).abs() < 1e-12);
                        }
                        let most = one.iter().copied().max_by(|x, y| x.abs().total_cmp(&y.abs()));
                        prop_assert!(name == "right" || most > Some(0.0));
                    }
                }
            }
            let mut again = after.clone();
            energy.canonical(&mut again).unwrap();
            for (one, other) in after.iter().zip(&again) {
                prop_assert!((one - other).abs() < 1e-9, "{one} and {other}");
            }
        }
    }

    /// Eigenvalues and bounds against those of the dense matrices; the verdict against the sign.
    #[test]
    fn definiteness_is_that_of_the_dense_matrix(seed in any::<u64>(), strength in 0.05_f64..1.5) {
        for energy in networks() {
            let theta = parameters(&energy, seed, strength);
            for moving in ways_to_move(&energy) {
                let (eigenvalue, relative) = oracle(&energy, &theta, &moving);
                let found = energy.smallest_eigenvalue(&theta, &moving).unwrap();
                prop_assert!((found - eigenvalue).abs() < 1e-11, "{found} for {eigenvalue}");
                let found = energy.relative_coupling(&theta, &moving).unwrap();
                prop_assert!((found - relative).abs() < 1e-11, "{found} for {relative}");
                let bound = energy.relative_coupling_bound(&theta, &moving).unwrap();
                prop_assert!(bound > relative - 1e-11, "{bound} is below {relative}");
                match energy.check_definite(&theta, &moving) {
                    Ok(()) => prop_assert!(eigenvalue > 0.0),
                    Err(EnergyError::NotDefinite { eigenvalue: named, module }) => {
                        prop_assert!(eigenvalue <= 1e-12 && (named - eigenvalue).abs() < 1e-11);
                        prop_assert!(moving.modules.contains(&module));
                    }
                    Err(other) => prop_assert!(false, "{other}"),
                }
            }
        }
    }

    /// In the one direction that coordinates leave, energies never rise, however hard units are pulled.
    #[test]
    fn sweeps_lower_the_energy_and_end_at_rest(seed in any::<u64>(), pull in 0.0_f64..100.0) {
        for energy in networks() {
            let mut theta = parameters(&energy, seed, 1.0);
            let moving = Moving::except(&energy, &[0]);
            energy.project(&mut theta, &moving, 0.2).unwrap();
            let potential = energy.bind(&theta).unwrap();
            let units = potential.units();
            let clamped = energy.rows(0);
            let spring = (0..units).map(|unit| 0.2 * (unit % 3) as f64).collect();
            let anchors = Mat::from_fn(units, 3, |i, c| pull * ((7 * i + 3 * c) as f64).sin());
            let drive = Drive::spring(spring, anchors.as_ref()).unwrap();
            let mobile: Vec<f64> = (0..units).map(|i| f64::from(!clamped.contains(&i))).collect();
            let start = states(units, seed ^ 3);
            for drive in [None, Some(&drive)] {
                let (mut now, grouped) = (start.clone(), potential.grouped().unwrap());
                let energies = |states: &Mat<f64>| {
                    let mut energies = potential.energy(states.as_ref());
                    if let Some(drive) = drive {
                        let drive: &dyn overdamped_energy::Potential<f64> = drive;
                        for (sum, energy) in energies.iter_mut().zip(drive.energy(states.as_ref())) {
                            *sum += energy;
                        }
                    }
                    energies
                };
                let held = HeldGroup {
                    drive,
                    mobile: &mobile,
                    least_curvature: 1e-6,
                    walls: f64::INFINITY,
                };
                let mut last = energies(&now);
                for _ in 0..200 {
                    for group in 0..grouped.groups().len() {
                        grouped.newton_step(group, &held, now.as_mut());
                        let next = energies(&now);
                        for (before, after) in last.iter().zip(&next) {
                            prop_assert!(after - before <= 1e-10 * (1.0 + before.abs()), "{before} to {after}");
                        }
                        last = next;
                    }
                }
                let mut force = potential.force(now.as_ref());
                if let Some(drive) = drive {
                    overdamped_energy::Potential::add_force(drive, now.as_ref(), force.as_mut());
                }
                for unit in 0..units {
                    for chain in 0..3 {
                        let at = (unit, chain);
                        if clamped.contains(&unit) {
                            prop_assert_eq!(now[at], start[at]);
                        } else {
                            prop_assert!(force[at].abs() < 1e-9, "unit {unit}: {}", force[at]);
                        }
                    }
                }
            }
        }
    }
}

/// On a thousand random systems, no certificate without definiteness; between two modules, each definite one is certified.
#[test]
fn the_cheap_test_implies_the_exact_one() {
    let energies = networks();
    let (mut certified, mut missed) = (0, 0);
    for seed in 0..1000 {
        let energy = &energies[(seed % 5) as usize];
        let theta = parameters(energy, seed, 0.1 + 0.001 * seed as f64);
        let moving = Moving::except(energy, &[]);
        let (eigenvalue, relative) = oracle(energy, &theta, &moving);
        assert_eq!(eigenvalue > 0.0, relative < 1.0);
        let sure = energy.is_surely_definite(&theta, &moving).unwrap();
        assert!(!sure || eigenvalue > 0.0, "system {seed}: {eigenvalue}");
        if seed % 5 == 0 {
            assert_eq!(sure, eigenvalue > 0.0, "system {seed}: {eigenvalue}");
        }
        certified += u32::from(sure);
        missed += u32::from(!sure && eigenvalue > 0.0);
        // The bound of the row sums: |J| < a at each module.
        let layout = Energy::<f64>::layout(energy);
        let enough = energy.modules().iter().enumerate().all(|(module, _)| {
            let stiffness = &theta[layout.range(&format!("stiffness.{module}")).unwrap()];
            let couplings = energy.couplings().iter().enumerate();
            let own = couplings.filter(|(_, c)| c.modules.0 == module || c.modules.1 == module);
            let norms = own.map(|(c, _)| {
                let dense = energy.coupling(&theta, c).unwrap();
                dense.singular_values().unwrap()[0]
            });
            norms.sum::<f64>() < stiffness.iter().copied().fold(f64::INFINITY, f64::min)
        });
        assert!(sure || !enough, "system {seed}: weaker than the row sums");
    }
    // Each side of each claim has been seen.
    assert!(certified > 100 && missed > 50, "{certified}, {missed}");
}

/// Two modules of one unit each: K = [[1, -s], [-s, 2]], which is singular at s = sqrt 2.
#[test]
fn refusals_name_eigenvalue_module_and_fix() {
    let energy = network(&[1, 2, 1], &[(0, 2, 0)]);
    // b, a; b, a, q; b, a; s.
    let theta = |s: f64| [0.0, 1.0, 0.0, 0.0, 3.0, 3.0, 0.0, 0.0, 0.0, 2.0, s];
    let all = Moving::except(&energy, &[]);
    energy.check_definite(&theta(1.41), &all).unwrap();
    let error = energy.check_definite(&theta(4.0), &all).unwrap_err();
    // (3 - sqrt(1 + 4 * 16)) / 2 = -2.531, and the softer unit 0 moves most.
    let message = "the stiffness is not positive definite: with the couplings its smallest eigenvalue is \
                   -2.531e0, most of it in module 0; raise `stiffness.0`, or weaken the couplings with \
                   `Modular::project`";
    assert_eq!(error.to_string(), message);
    assert!(energy.check_definite(&theta(2.0_f64.sqrt()), &all).is_err());
    // Nothing moves against a clamped partner; a spring holds as stiffness does, a nudge away takes it.
    let apart = Moving::except(&energy, &[2]);
    energy.check_definite(&theta(4.0), &apart).unwrap();
    let held = all.clone().with_springs(&energy, 0, 7.5).unwrap();
    energy.check_definite(&theta(4.0), &held).unwrap();
    let pushed = all.clone().with_springs(&energy, 0, -1.5).unwrap();
    let error = energy.check_definite(&theta(0.0), &pushed).unwrap_err();
    let message = "unit 0 of module 0 has stiffness -0.5, springs included; a unit that moves needs more \
                   than zero: raise `stiffness.0`, or hold the unit by a spring";
    assert_eq!(error.to_string(), message);
    let mut soft = theta(0.1);
    soft[5] = 0.0;
    assert!(matches!(
        energy.project(&mut soft, &all, 0.1),
        Err(EnergyError::Stiffness {
            module: 1,
            unit: 1,
            ..
        })
    ));
    energy
        .project(&mut soft, &Moving::except(&energy, &[1]), 0.1)
        .unwrap();
    let nothing = Moving::except(&energy, &[0, 1, 2]);
    assert_eq!(
        energy.smallest_eigenvalue(&soft, &nothing),
        Ok(f64::INFINITY)
    );
    assert_eq!(energy.project(&mut soft, &nothing, 0.1), Ok(0.0));
    energy.check_definite(&soft, &nothing).unwrap();
}

#[test]
fn what_does_not_fit_is_refused() {
    let energy = network(&[2, 2], &[(0, 1, 0)]);
    let all = Moving::except(&energy, &[]);
    let mut theta = parameters(&energy, 1, 0.1);
    let message = |error: EnergyError| error.to_string();
    assert_eq!(
        energy
            .project(&mut theta, &all, 1.0)
            .map_err(message)
            .unwrap_err(),
        "the margin is 1; it must be at least 0 and below 1"
    );
    assert!(energy.project(&mut theta, &all, f64::NAN).is_err());
    let absent = Moving {
        modules: vec![0, 2],
        springs: vec![],
    };
    assert_eq!(
        energy
            .check_definite(&theta, &absent)
            .map_err(message)
            .unwrap_err(),
        "module 2 does not exist; they are numbered from 0 below 2"
    );
    let springs = Moving {
        modules: vec![0],
        springs: vec![1.0; 3],
    };
    assert!(matches!(
        energy.check_definite(&theta, &springs),
        Err(EnergyError::Length {
            expected: 4,
            found: 3,
            ..
        })
    ));
    let lost = Moving {
        modules: vec![0],
        springs: vec![f64::NAN; 4],
    };
    assert!(matches!(
        energy.project(&mut theta, &lost, 0.1),
        Err(EnergyError::NonFinite { index: 0, .. })
    ));
    assert_eq!(
        energy.coupling(&theta, 1).map_err(message).unwrap_err(),
        "coupling 1 does not exist; they are numbered from 0 below 1"
    );
    assert!(energy.coupling(&theta[1..], 0).is_err());
    theta[3] = f64::INFINITY;
    assert!(matches!(
        energy.canonical(&mut theta),
        Err(EnergyError::NonFinite { .. })
    ));
    assert!(matches!(
        energy.project(&mut theta, &all, 0.1),
        Err(EnergyError::NonFinite { .. })
    ));
}

/// Quartic modules are confined by themselves, linear ones by stiffness that couplings among them leave.
#[test]
fn confinement_is_judged_by_the_linear_modules() {
    // Modules 0 and 2 are linear, module 1 is quartic.
    let energy = network(&[1, 1, 1], &[(0, 1, 1), (0, 2, 1)]);
    // b, a; b, a, q; b, a; s, u, v; s, u, v.
    let confined = |q: f64, across: f64, linear: f64| {
        let theta = [
            0.0, 1.0, 0.0, 1.0, q, 0.0, 1.0, across, 1.0, 1.0, linear, 1.0, 1.0,
        ];
        energy.bind(&theta).unwrap().check_confinement().is_ok()
    };
    assert!(confined(1.0, 50.0, 0.9) && !confined(1.0, 0.0, 1.1));
    assert!(!confined(0.0, 50.0, 0.0) && confined(0.0, 0.5, 0.5));
    assert!(!confined(-1.0, 0.0, 0.0));
}

fn rounded<T: Scalar>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&value| T::of(value)).collect()
}

/// Single precision in and out; the decompositions themselves are in double precision.
#[test]
fn single_precision_follows_double() {
    for energy in networks() {
        let moving = Moving::except(&energy, &[]);
        let wide = parameters(&energy, 5, 2.0);
        let mut narrow: Vec<f32> = rounded(&wide);
        energy.canonical(&mut narrow).unwrap();
        let change = energy.project(&mut narrow, &moving, 0.1).unwrap();
        assert!(change > 0.0);
        let reached = energy.relative_coupling(&narrow, &moving).unwrap();
        assert!(reached < 0.9 + 1e-6 && reached > 0.8, "{reached}");
        let mut exact = wide.clone();
        energy.canonical(&mut exact).unwrap();
        let exact = energy.project(&mut exact, &moving, 0.1).unwrap();
        // So large a change is near the least one, not at it: rounding decides where the rounds end.
        assert!((change / exact - 1.0).abs() < 1e-3, "{change} and {exact}");
        let again = energy.project(&mut narrow.clone(), &moving, 0.1);
        assert_eq!(again, Ok(0.0));
        let states = states(Energy::<f64>::units(&energy), 9);
        let single = Mat::from_fn(states.nrows(), 3, |i, c| states[(i, c)] as f32);
        let theta: Vec<f64> = narrow.iter().map(|&value| f64::from(value)).collect();
        let one = energy.bind(&narrow).unwrap().force(single.as_ref());
        let other = energy.bind(&theta).unwrap().force(states.as_ref());
        for unit in 0..states.nrows() {
            let gap = (f64::from(one[(unit, 0)]) - other[(unit, 0)]).abs();
            assert!(
                gap < 2e-5 * (1.0 + other[(unit, 0)].abs()),
                "unit {unit}: {gap:e}"
            );
        }
    }
}

//! Every force against its energy, every parameter gradient against finite differences.
//!
//! Central differences in f64 with step 1e-5 have an error near 1e-9 for the
//! magnitudes drawn here; the tolerance 1e-6 (relative to the scale of the
//! answer) would catch any wrong coefficient, sign or index.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use faer::{Mat, MatMut, MatRef};
use overdamped_energy::{
    Activation, BoundSum, ClosedForm, Coupling, Drive, Edges, Energy, FastHidden, ForceLayer,
    Growth, HeldGroup, Layered, LowRank, Modular, Module, PairTerm, Pairs, Potential, SiteTerm,
    Sites, Sum, UnitLayer, Wires,
};
use proptest::prelude::*;

const STEP: f64 = 1e-5;
const CHAINS: usize = 3;

const EVERY_PAIR_TERM: [PairTerm; 8] = [
    PairTerm::Bilinear,
    PairTerm::Spring,
    PairTerm::Optomechanical,
    PairTerm::Duffing,
    PairTerm::LinearQuadratic,
    PairTerm::CubicLinear,
    PairTerm::Biquadratic,
    PairTerm::LinearCubic,
];

/// One energy of each kind: dense and sparse pairs are different evaluators.
fn models() -> Vec<(&'static str, Box<dyn Energy<f64>>)> {
    let scattered = Edges::list(16, vec![(0, 5), (1, 6), (2, 7), (9, 3), (15, 0)]).unwrap();
    let lattice = Edges::four_neighbour(4, 4);
    assert!(scattered.density() < 0.15 && Edges::all_to_all(6).density() > 0.15);
    vec![
        ("sites", Box::new(Sites::new(4, &SiteTerm::ALL))),
        (
            "dense pairs",
            Box::new(Pairs::new(Edges::all_to_all(6), &EVERY_PAIR_TERM)),
        ),
        (
            "lattice pairs",
            Box::new(Pairs::new(lattice, &EVERY_PAIR_TERM)),
        ),
        (
            "scattered pairs",
            Box::new(Pairs::new(scattered, &EVERY_PAIR_TERM)),
        ),
        ("hidden", Box::new(FastHidden::new(5, 3))),
        ("low rank", Box::new(LowRank::new(5, 2))),
        (
            "layered",
            Box::new(Layered::new(every_activation()).unwrap()),
        ),
        ("modular", Box::new(every_wiring())),
        (
            "sum",
            Box::new(
                Sum::of(Sites::new(5, &SiteTerm::ALL))
                    .unwrap()
                    .and(Pairs::dense_bilinear(5))
                    .unwrap()
                    .and(FastHidden::new(5, 2))
                    .unwrap(),
            ),
        ),
    ]
}

fn every_activation() -> Vec<UnitLayer> {
    let layer = |units, activation| UnitLayer { units, activation };
    vec![
        layer(3, Activation::Identity),
        layer(5, Activation::SoftSilu { bound: 0.8 }),
        layer(4, Activation::Tanh),
        layer(2, Activation::Identity),
        layer(3, Activation::Identity),
    ]
}

/// Products by the whole matrix (rank 4) and by factors (ranks 1 and 2), and partners.
fn every_wiring() -> Modular {
    let module = |units, quartic| Module { units, quartic };
    let joined = |l, m, wires| Coupling {
        modules: (l, m),
        wires,
    };
    let modules = vec![
        module(4, false),
        module(6, true),
        module(6, true),
        module(5, false),
    ];
    let couplings = vec![
        joined(0, 1, Wires::LowRank { rank: 4 }),
        joined(1, 2, Wires::OneToOne),
        joined(2, 0, Wires::LowRank { rank: 1 }),
        joined(3, 1, Wires::LowRank { rank: 2 }),
    ];
    Modular::new(modules, couplings).unwrap()
}

/// A deterministic spread of numbers in [-1, 1] that depends on the drawn seed.
fn numbers(seed: u64, stream: u64) -> impl FnMut() -> f64 {
    let mut state = seed ^ (stream << 32) ^ 0x9e37_79b9_7f4a_7c15;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    }
}

fn matrix(units: usize, mut next: impl FnMut() -> f64) -> Mat<f64> {
    Mat::from_fn(units, CHAINS, |_, _| next())
}

fn close(found: f64, expected: f64, scale: f64, what: &str) -> Result<(), TestCaseError> {
    prop_assert!(
        (found - expected).abs() <= 1e-6 * (1.0 + scale),
        "{what}: found {found}, finite difference {expected}"
    );
    Ok(())
}

fn shifted(states: MatRef<'_, f64>, direction: MatRef<'_, f64>, step: f64) -> Mat<f64> {
    Mat::from_fn(states.nrows(), states.ncols(), |i, c| {
        states[(i, c)] + step * direction[(i, c)]
    })
}

fn scale(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |most, value| most.max(value.abs()))
}

fn check_state_derivatives(
    name: &str,
    potential: &dyn Potential<f64>,
    seed: u64,
) -> Result<(), TestCaseError> {
    let units = potential.units();
    let states = matrix(units, numbers(seed, 1));
    let direction = matrix(units, numbers(seed, 2));
    let (up, down) = (
        shifted(states.as_ref(), direction.as_ref(), STEP),
        shifted(states.as_ref(), direction.as_ref(), -STEP),
    );
    let force = potential.force(states.as_ref());
    let (energy_up, energy_down) = (
        potential.energy(up.as_ref()),
        potential.energy(down.as_ref()),
    );
    let mut curvature = Mat::zeros(units, CHAINS);
    potential.add_curvature_product(states.as_ref(), direction.as_ref(), curvature.as_mut());
    let (force_up, force_down) = (potential.force(up.as_ref()), potential.force(down.as_ref()));
    for chain in 0..CHAINS {
        let along: f64 = (0..units)
            .map(|i| -force[(i, chain)] * direction[(i, chain)])
            .sum();
        let expected = (energy_up[chain] - energy_down[chain]) / (2.0 * STEP);
        close(along, expected, expected.abs(), &format!("{name}: force"))?;
        for unit in 0..units {
            let expected = -(force_up[(unit, chain)] - force_down[(unit, chain)]) / (2.0 * STEP);
            close(
                curvature[(unit, chain)],
                expected,
                expected.abs(),
                &format!("{name}: curvature of unit {unit}"),
            )?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn forces_and_curvatures_derive_from_the_energy(seed in any::<u64>()) {
        for (name, energy) in models() {
            let mut next = numbers(seed, 0);
            let theta: Vec<f64> = (0..energy.layout().len()).map(|_| next()).collect();
            check_state_derivatives(name, energy.bind(&theta).unwrap().as_ref(), seed)?;
        }
    }

    /// Term by term by hand; engines take it for the force without looking at `add_force`.
    #[test]
    fn closed_forms_are_the_force(seed in any::<u64>()) {
        for (name, energy) in models() {
            let mut next = numbers(seed, 0);
            let theta: Vec<f64> = (0..energy.layout().len()).map(|_| next()).collect();
            let potential = energy.bind(&theta).unwrap();
            // Activations have none as yet.
            let Some(form) = ClosedForm::of(potential.as_ref()) else {
                prop_assert_eq!(name, "layered");
                continue;
            };
            let states = matrix(energy.units(), numbers(seed, 1));
            let force = potential.force(states.as_ref());
            for chain in 0..CHAINS {
                let found = form.force(states.col_as_slice(chain));
                for (unit, found) in found.into_iter().enumerate() {
                    let expected = force[(unit, chain)];
                    prop_assert!(
                        (found - expected).abs() < 1e-11 * (1.0 + expected.abs()),
                        "{name}, unit {unit}: {found} for {expected}"
                    );
                }
            }
        }
    }

    /// Group by group: the force, the diagonal of the Hessian, and zeros beside it.
    #[test]
    fn groups_are_uncoupled_and_have_the_derivatives_of_the_whole(seed in any::<u64>()) {
        for (name, energy) in models() {
            let mut next = numbers(seed, 0);
            let theta: Vec<f64> = (0..energy.layout().len()).map(|_| next()).collect();
            let potential = energy.bind(&theta).unwrap();
            let Some(grouped) = potential.grouped() else {
                prop_assert_ne!(name, "layered");
                continue;
            };
            let units = energy.units();
            let states = matrix(units, numbers(seed, 1));
            let force = potential.force(states.as_ref());
            let mut seen = vec![0; units];
            for (group, ranges) in grouped.groups().iter().enumerate() {
                let own: Vec<usize> = ranges.iter().cloned().flatten().collect();
                let (mut forces, mut curvatures) = (Mat::zeros(units, CHAINS), Mat::zeros(units, CHAINS));
                grouped.add_group_derivatives(
                    group, states.as_ref(), forces.as_mut(), curvatures.as_mut(),
                );
                for &unit in &own {
                    seen[unit] += 1;
                    let along = Mat::from_fn(units, CHAINS, |i, _| f64::from(i == unit));
                    let mut column = Mat::zeros(units, CHAINS);
                    potential.add_curvature_product(states.as_ref(), along.as_ref(), column.as_mut());
                    for chain in 0..CHAINS {
                        let at = (unit, chain);
                        close(forces[at], force[at], 1.0, &format!("{name}: force on {unit}"))?;
                        close(curvatures[at], column[at], 1.0, &format!("{name}: curvature of {unit}"))?;
                        for &other in own.iter().filter(|&&other| other != unit) {
                            prop_assert_eq!(column[(other, chain)], 0.0);
                        }
                    }
                }
                let others = (0..units).filter(|unit| !own.contains(unit));
                for unit in others {
                    prop_assert_eq!((forces[(unit, 0)], curvatures[(unit, 0)]), (0.0, 0.0));
                }
            }
            prop_assert!(seen.iter().all(|&times| times == 1), "{name}: {seen:?}");
        }
    }

    /// x + F / max(d2E/dx2, c) between walls where units are mobile, with a drive, from the derivatives of the group.
    #[test]
    fn a_newton_step_is_force_over_curvature(seed in any::<u64>(), least in 0.5_f64..1.5) {
        let energy = Layered::new(every_activation()).unwrap();
        let mut next = numbers(seed, 0);
        let theta: Vec<f64> = (0..Energy::<f64>::layout(&energy).len()).map(|_| 2.0 * next()).collect();
        let potential = energy.bind(&theta).unwrap();
        let grouped = potential.grouped().unwrap();
        let units = potential.units();
        let stiffness = (0..units).map(|unit| 0.3 * (unit % 3) as f64).collect();
        let drive = Drive::spring(stiffness, matrix(units, numbers(seed, 3)).as_ref()).unwrap();
        let mobile: Vec<f64> = (0..units).map(|unit| f64::from(unit % 5 != 1)).collect();
        let states = matrix(units, numbers(seed, 1));
        for (drive, walls) in [(None, f64::INFINITY), (Some(&drive), 0.7)] {
            for group in 0..grouped.groups().len() {
                let (mut forces, mut curvatures) = (Mat::zeros(units, CHAINS), Mat::zeros(units, CHAINS));
                grouped.add_group_derivatives(
                    group, states.as_ref(), forces.as_mut(), curvatures.as_mut(),
                );
                if let Some(drive) = drive {
                    drive.add_force(states.as_ref(), forces.as_mut());
                }
                let held = HeldGroup { drive, mobile: &mobile, least_curvature: least, walls };
                let mut moved = states.clone();
                grouped.newton_step(group, &held, moved.as_mut());
                for (unit, &mobile) in mobile.iter().enumerate() {
                    let own = grouped.groups()[group].iter().any(|range| range.contains(&unit));
                    for chain in 0..CHAINS {
                        let at = (unit, chain);
                        let spring = drive.map_or(0.0, |drive| drive.stiffness()[unit]);
                        let step = forces[at] / (curvatures[at] + spring).max(least);
                        let moves = own && mobile == 1.0;
                        let expected = if moves { (states[at] + step).clamp(-walls, walls) } else { states[at] };
                        prop_assert!((moved[at] - expected).abs() < 1e-12, "unit {unit}: {} for {expected}", moved[at]);
                    }
                }
            }
        }
    }

    #[test]
    fn drives_derive_from_their_energy(seed in any::<u64>()) {
        let anchors = matrix(4, numbers(seed, 5));
        let spring = Drive::spring(vec![2.0, 0.0, 1.0, 0.5], anchors.as_ref()).unwrap();
        let nudge = Drive::linear_nudge(0.3, matrix(4, numbers(seed, 6)).as_ref()).unwrap();
        let target = Drive::quadratic_nudge(0.1, &[true, false, true, false], anchors.as_ref());
        let drive = spring.and(&nudge).unwrap().and(&target.unwrap()).unwrap();
        check_state_derivatives("drive", &drive, seed)?;
    }

    #[test]
    fn parameter_gradients_match_finite_differences_block_by_block(seed in any::<u64>()) {
        for (name, energy) in models() {
            let layout = energy.layout();
            let mut next = numbers(seed, 0);
            let theta: Vec<f64> = (0..layout.len()).map(|_| next()).collect();
            let states = matrix(energy.units(), numbers(seed, 1));
            let errors = matrix(energy.units(), numbers(seed, 2));
            let weights = [1.0, -0.5, 0.25];
            let potential = energy.bind(&theta).unwrap();
            let mut gradient = vec![0.0; layout.len()];
            potential.add_parameter_gradient(&weights, states.as_ref(), &mut gradient);
            let mut contrast = vec![0.0; layout.len()];
            potential.add_directional_gradient(
                &weights, states.as_ref(), errors.as_ref(), &mut contrast,
            );
            let largest = scale(gradient.iter().chain(&contrast).copied());
            for (block, range) in layout.blocks() {
                for index in range {
                    let at = |step: f64| {
                        let mut theta = theta.clone();
                        theta[index] += step;
                        let potential = energy.bind(&theta).unwrap();
                        let energy = potential.energy(states.as_ref());
                        let force = potential.force(states.as_ref());
                        let weighted: f64 = energy.iter().zip(weights).map(|(e, w)| e * w).sum();
                        let probed: f64 = (0..CHAINS).map(|c| {
                            let work = |i| force[(i, c)] * errors[(i, c)];
                            weights[c] * (0..states.nrows()).map(work).sum::<f64>()
                        }).sum();
                        (weighted, probed)
                    };
                    let (up, down) = (at(STEP), at(-STEP));
                    let slope = (up.0 - down.0) / (2.0 * STEP);
                    // d/d eps dE/dtheta along e is -e . dF/dtheta.
                    let probe = -(up.1 - down.1) / (2.0 * STEP);
                    let what = format!("{name}: {}[{index}]", block.name);
                    close(gradient[index], slope, largest, &what)?;
                    close(contrast[index], probe, largest, &format!("{what} along e"))?;
                }
            }
        }
    }

    // The dense and the sparse evaluator must agree where both apply.
    #[test]
    fn sparse_edges_embedded_in_a_dense_set_give_the_same_forces(seed in any::<u64>()) {
        let sparse = Pairs::new(Edges::four_neighbour(4, 4), &EVERY_PAIR_TERM);
        let dense = Pairs::new(Edges::all_to_all(16), &EVERY_PAIR_TERM);
        let mut next = numbers(seed, 0);
        let few = sparse.edges().len();
        let theta: Vec<f64> = (0..few * EVERY_PAIR_TERM.len()).map(|_| next()).collect();
        let all = dense.edges().len();
        let mut embedded = vec![0.0; all * EVERY_PAIR_TERM.len()];
        for (edge, pair) in sparse.edges().pairs().iter().enumerate() {
            let at = dense.edges().pairs().iter().position(|known| known == pair).unwrap();
            for term in 0..EVERY_PAIR_TERM.len() {
                embedded[term * all + at] = theta[term * few + edge];
            }
        }
        let states = matrix(16, numbers(seed, 1));
        let (sparse, dense) = (sparse.bind(&theta).unwrap(), dense.bind(&embedded).unwrap());
        let (a, b) = (sparse.force(states.as_ref()), dense.force(states.as_ref()));
        for chain in 0..CHAINS {
            for unit in 0..16 {
                prop_assert!((a[(unit, chain)] - b[(unit, chain)]).abs() < 1e-12);
            }
            let (a, b) = (sparse.energy(states.as_ref()), dense.energy(states.as_ref()));
            prop_assert!((a[chain] - b[chain]).abs() < 1e-12);
        }
    }
}

/// A potential that says nothing of its form, alone or in a sum, has none; a drive has one
/// if all chains share it.
#[test]
fn forms_that_are_not_closed_are_not_claimed() {
    let shared = Drive::spring(vec![1.0; 2], Mat::zeros(2, 1).as_ref()).unwrap();
    let each = Drive::spring(vec![1.0; 2], Mat::zeros(2, 3).as_ref()).unwrap();
    assert!(ClosedForm::of(&shared).is_some());
    assert!(ClosedForm::of(&each).is_none());
    let wells = Sites::new(2, &[SiteTerm::Stiffness]);
    let bound = wells.bind(&[1.0, 1.0]).unwrap();
    let sum = BoundSum::new(vec![bound, Box::new(each)]).unwrap();
    assert!(ClosedForm::of(&sum).is_none());
}

/// What an engine could not run is never handed to it.
#[test]
fn terms_beyond_the_form_leave_it_open() {
    struct Strange(fn(&mut ClosedForm<f64>));
    impl Potential<f64> for Strange {
        fn units(&self) -> usize {
            2
        }
        fn parameter_count(&self) -> usize {
            0
        }
        fn add_energy(&self, _: MatRef<'_, f64>, _: &mut [f64]) {}
        fn add_force(&self, _: MatRef<'_, f64>, _: MatMut<'_, f64>) {}
        fn add_curvature_product(
            &self,
            _: MatRef<'_, f64>,
            _: MatRef<'_, f64>,
            _: MatMut<'_, f64>,
        ) {
        }
        fn add_parameter_gradient(&self, _: &[f64], _: MatRef<'_, f64>, _: &mut [f64]) {}
        fn add_directional_gradient(
            &self,
            _: &[f64],
            _: MatRef<'_, f64>,
            _: MatRef<'_, f64>,
            _: &mut [f64],
        ) {
        }
        fn add_growth(&self, _: &mut Growth) {}
        fn add_closed_form(&self, form: &mut ClosedForm<f64>) {
            self.0(form);
        }
    }
    let layer = |width| ForceLayer {
        weights: vec![1.0; 4],
        bias: vec![0.0; 2],
        gain: vec![1.0; width],
        saturates: true,
    };
    assert!(ClosedForm::of(&Strange(|form| form.add_product(2, 3, [(0, 1, 1.0)]))).is_some());
    assert!(ClosedForm::of(&Strange(|form| form.add_product(3, 1, [(0, 1, 1.0)]))).is_none());
    assert!(ClosedForm::of(&Strange(|form| form.add_product(0, 0, [(0, 1, 1.0)]))).is_none());
    assert!(ClosedForm::of(&Strange(|form| form.add_product(0, 1, [(0, 2, 1.0)]))).is_none());
    for (width, closed) in [(2, true), (3, false)] {
        let mut form = ClosedForm::new(2);
        form.add_layer(layer(width));
        assert_eq!(form.layers().len(), usize::from(closed));
    }
}

/// Single precision follows double precision to its own accuracy.
#[test]
fn single_precision_agrees_with_double() {
    let mut next = numbers(7, 0);
    let energy64 = Sum::of(Sites::new(9, &SiteTerm::ALL))
        .unwrap()
        .and(Pairs::new(Edges::all_to_all(9), &EVERY_PAIR_TERM))
        .unwrap();
    let energy32 = Sum::of(Sites::new(9, &SiteTerm::ALL))
        .unwrap()
        .and(Pairs::new(Edges::all_to_all(9), &EVERY_PAIR_TERM))
        .unwrap();
    let theta: Vec<f64> = (0..energy64.layout().len()).map(|_| next()).collect();
    let theta32: Vec<f32> = theta.iter().map(|&value| value as f32).collect();
    let states = matrix(9, numbers(7, 1));
    let states32 = Mat::from_fn(9, CHAINS, |i, c| states[(i, c)] as f32);
    let wide = energy64.bind(&theta).unwrap().force(states.as_ref());
    let narrow = energy32.bind(&theta32).unwrap().force(states32.as_ref());
    for chain in 0..CHAINS {
        for unit in 0..9 {
            let gap = (wide[(unit, chain)] - f64::from(narrow[(unit, chain)])).abs();
            assert!(gap < 2e-5, "unit {unit}, chain {chain}: {gap:e}");
        }
    }
}

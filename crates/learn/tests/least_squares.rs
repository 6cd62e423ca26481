//! The matrix-free optimum against dense normal equations.
//!
//! The dense side writes out Phi, one column for each parameter (the force at a unit vector),
//! and solves Phi^T Phi theta = Phi^T T by LU: sizes at which that is cheap, in f64, so that
//! tolerances are those of rounding and not of statistics. Draws are seeded.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef};
use overdamped_energy::{
    Edges, Energy, EnergyError, FastHidden, PairTerm, Pairs, SiteTerm, Sites, Sum,
};
use overdamped_learn::{Floor, LearnError, LeastSquares, Optimum, SolveSettings};
use overdamped_substrate::stream;
use rand::RngExt;
use rand_distr::StandardNormal;

const UNITS: usize = 4;
/// Two full chunks of the solver and part of a third.
const DRAWS: usize = 600;

/// All orders but the sextic at four units on a ring with three kinds of pair terms: 28 parameters.
fn network() -> Sum<f64> {
    use SiteTerm::{Bias, Cubic, Quartic, Stiffness};
    let ring = Edges::list(UNITS, vec![(0, 1), (1, 2), (2, 3), (3, 0)]).unwrap();
    let terms = [
        PairTerm::Bilinear,
        PairTerm::Optomechanical,
        PairTerm::Duffing,
    ];
    Sum::of(Sites::new(UNITS, &[Bias, Stiffness, Cubic, Quartic]))
        .unwrap()
        .and(Pairs::new(ring, &terms))
        .unwrap()
}

/// States, and targets that no parameters reach exactly.
fn draws(units: usize, seed: u64) -> (Mat<f64>, Mat<f64>) {
    let mut stream = stream::of(seed, 0);
    let states = Mat::from_fn(units, DRAWS, |_, _| stream.sample(StandardNormal));
    let targets = Mat::from_fn(units, DRAWS, |i, c| {
        let x: f64 = states[(i, c)];
        x.tanh()
            + 0.5 * states[((i + 1) % units, c)]
            + 0.3 * stream.sample::<f64, _>(StandardNormal)
    });
    (states, targets)
}

fn precise() -> SolveSettings {
    SolveSettings {
        iterations: 2000,
        tolerance: 1e-13,
        ridge: 0.0,
        ..SolveSettings::default()
    }
}

/// The minimum of |Phi theta - T|^2 over visible rows, with the parameters in `fixed` held.
fn dense(
    energy: &dyn Energy<f64>,
    states: MatRef<'_, f64>,
    targets: MatRef<'_, f64>,
    visible: &[bool],
    fixed: &[(usize, f64)],
) -> Vec<f64> {
    let parameters = energy.layout().len();
    let rows: Vec<(usize, usize)> = (0..states.ncols())
        .flat_map(|draw| (0..states.nrows()).map(move |unit| (unit, draw)))
        .filter(|(unit, _)| visible[*unit])
        .collect();
    let column = |k: usize| {
        let mut theta = vec![0.0; parameters];
        theta[k] = 1.0;
        energy.bind(&theta).unwrap().force(states)
    };
    let columns: Vec<Mat<f64>> = (0..parameters).map(column).collect();
    let free: Vec<usize> = (0..parameters)
        .filter(|k| fixed.iter().all(|(held, _)| held != k))
        .collect();
    let phi = Mat::from_fn(rows.len(), free.len(), |r, k| columns[free[k]][rows[r]]);
    let rest = Mat::from_fn(rows.len(), 1, |r, _| {
        let held = fixed.iter().map(|&(k, value)| value * columns[k][rows[r]]);
        targets[rows[r]] - held.sum::<f64>()
    });
    let normal = phi.transpose() * &phi;
    let solution = normal.partial_piv_lu().solve(phi.transpose() * rest);
    let mut theta = vec![0.0; parameters];
    for &(k, value) in fixed {
        theta[k] = value;
    }
    for (row, &k) in free.iter().enumerate() {
        theta[k] = solution[(row, 0)];
    }
    theta
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    for (k, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() < tolerance,
            "parameter {k}: {found} against {expected}"
        );
    }
}

/// Catches a lost chunk, a wrong adjoint of any term, and a loss of other weights.
#[test]
fn the_optimum_is_that_of_the_normal_equations() {
    let energy = network();
    let (states, targets) = draws(UNITS, 1);
    let (states, targets) = (states.as_ref(), targets.as_ref());
    let problem = LeastSquares::new(&energy, states, targets, &[true; UNITS]).unwrap();
    let optimum = problem.solve(&precise(), None).unwrap();
    let expected = dense(&energy, states, targets, &[true; UNITS], &[]);
    assert_close(&optimum.parameters, &expected, 1e-9);
    assert!(optimum.residual <= 1e-13, "{}", optimum.residual);
    assert_eq!(optimum.active, 0);

    // The loss, written out.
    let forces = energy.bind(&expected).unwrap().force(states);
    let square = (forces - targets).squared_norm_l2();
    let loss = problem.loss(&expected).unwrap();
    assert!((loss - square / (2 * UNITS * DRAWS) as f64).abs() < 1e-12);
    // It is a minimum: any single step away costs.
    for k in 0..expected.len() {
        for by in [-1e-3, 1e-3] {
            let mut shifted = expected.clone();
            shifted[k] += by;
            assert!(problem.loss(&shifted).unwrap() > loss, "parameter {k}");
        }
    }
}

/// Catches errors of a clamped label that count: the label's own bias would then be fitted.
#[test]
fn a_clamped_unit_has_no_say() {
    let energy = network();
    let (states, targets) = draws(UNITS, 2);
    let (states, targets) = (states.as_ref(), targets.as_ref());
    let visible = [true, true, true, false];
    let problem = LeastSquares::new(&energy, states, targets, &visible).unwrap();
    let optimum = problem.solve(&precise(), None).unwrap();
    // The on-site terms of unit 3 touch nothing visible and stay where they started.
    let idle: Vec<(usize, f64)> = (0..4).map(|term| (term * UNITS + 3, 0.0)).collect();
    let expected = dense(&energy, states, targets, &visible, &idle);
    assert_close(&optimum.parameters, &expected, 1e-8);
    assert!(expected[16..].iter().all(|coupling| *coupling != 0.0));
}

/// Catches floors that clip without a new solution, and cubic terms left without their quartic.
#[test]
fn floors_hold_and_the_rest_is_fitted_again() {
    let energy = network();
    let (states, targets) = draws(UNITS, 1);
    let (states, targets) = (states.as_ref(), targets.as_ref());
    let problem = LeastSquares::new(&energy, states, targets, &[true; UNITS]).unwrap();
    let free = problem.solve(&precise(), None).unwrap();
    let quartic = energy.layout().range("sites.quartic").unwrap();
    let cubic = energy.layout().range("sites.cubic").unwrap();
    assert!(
        free.parameters[quartic.clone()].iter().any(|q| *q < 0.05),
        "the floor must bind somewhere"
    );
    let floored = SolveSettings {
        floors: vec![Floor {
            block: "sites.quartic",
            at: 0.05,
            clears: Some("sites.cubic"),
        }],
        rounds: 4,
        ..precise()
    };
    let optimum = problem.solve(&floored, None).unwrap();
    let mut fixed = Vec::new();
    for (q, c) in quartic.zip(cubic) {
        assert!(optimum.parameters[q] >= 0.05);
        if optimum.parameters[q] == 0.05 {
            assert_eq!(optimum.parameters[c], 0.0);
            fixed.extend([(q, 0.05), (c, 0.0)]);
        }
    }
    assert!(!fixed.is_empty());
    assert_eq!(optimum.active, fixed.len());
    let expected = dense(&energy, states, targets, &[true; UNITS], &fixed);
    assert_close(&optimum.parameters, &expected, 1e-9);

    // Without rounds the free optimum is clipped, and costs more.
    let clipped = SolveSettings {
        rounds: 0,
        ..floored
    };
    let clipped = problem.solve(&clipped, None).unwrap();
    let loss = |found: &Optimum| problem.loss(&found.parameters).unwrap();
    assert!(loss(&clipped) > loss(&optimum) && loss(&optimum) > loss(&free));
}

/// Catches a start that is ignored, or that the answer depends on.
#[test]
fn a_warm_start_saves_iterations_and_nothing_else() {
    let energy = network();
    let (states, targets) = draws(UNITS, 3);
    let problem =
        LeastSquares::new(&energy, states.as_ref(), targets.as_ref(), &[true; UNITS]).unwrap();
    let settings = SolveSettings {
        tolerance: 1e-8,
        ..precise()
    };
    let cold = problem.solve(&settings, None).unwrap();
    let near: Vec<f64> = cold.parameters.iter().map(|value| value + 1e-5).collect();
    let warm = problem.solve(&settings, Some(&near)).unwrap();
    assert!(
        warm.iterations < cold.iterations,
        "{} and {}",
        warm.iterations,
        cold.iterations
    );
    assert_close(&warm.parameters, &cold.parameters, 1e-6);
    let exact = problem
        .solve(&precise(), None)
        .and_then(|best| problem.solve(&settings, Some(&best.parameters)))
        .unwrap();
    assert_eq!(exact.iterations, 0);
}

/// Zero targets, as of a data set at the origin, have the zero solution and no residual.
#[test]
fn zero_targets_are_solved_by_zeros() {
    let energy = network();
    let (states, _) = draws(UNITS, 4);
    let targets = Mat::zeros(UNITS, DRAWS);
    let problem =
        LeastSquares::new(&energy, states.as_ref(), targets.as_ref(), &[true; UNITS]).unwrap();
    let optimum = problem.solve(&SolveSettings::default(), None).unwrap();
    assert_eq!(optimum.parameters, [0.0; 28]);
    assert_eq!(optimum.residual, 0.0);
}

/// Catches sums in the order in which threads finish, in either precision.
#[test]
fn bits_do_not_depend_on_threads() {
    let (states, targets) = draws(UNITS, 5);
    let (narrow, goals) = (
        Mat::from_fn(UNITS, DRAWS, |i, c| states[(i, c)] as f32),
        Mat::from_fn(UNITS, DRAWS, |i, c| targets[(i, c)] as f32),
    );
    let sites = Sites::new(UNITS, &SiteTerm::ALL);
    let solve = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let energy = network();
            let visible = [true; UNITS];
            let wide =
                LeastSquares::new(&energy, states.as_ref(), targets.as_ref(), &visible).unwrap();
            let single =
                LeastSquares::<f32>::new(&sites, narrow.as_ref(), goals.as_ref(), &visible)
                    .unwrap();
            let settings = SolveSettings::default();
            let wide = wide.solve(&settings, None).unwrap();
            let single = single.solve(&settings, None).unwrap();
            let bits = wide.parameters.into_iter().chain(single.parameters);
            bits.map(f64::to_bits).collect::<Vec<_>>()
        })
    };
    let one = solve(1);
    assert_eq!(one, solve(2));
    assert_eq!(one, solve(7));
}

#[test]
fn what_cannot_be_solved_is_refused_in_words() {
    let energy = network();
    let (states, targets) = draws(UNITS, 6);
    let (states, targets) = (states.as_ref(), targets.as_ref());
    let visible = [true; UNITS];
    let refused = |energy: &dyn Energy<f64>, states, targets, visible: &[bool]| {
        let outcome = LeastSquares::new(energy, states, targets, visible);
        outcome.map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        refused(&energy, states.subrows(0, 3), targets, &visible),
        "units of the states: 3 given, 4 needed"
    );
    assert_eq!(
        refused(&energy, states, targets.subrows(0, 3), &visible),
        "units of the targets: 3 given, 4 needed"
    );
    assert_eq!(
        refused(&energy, states, targets.subcols(0, 599), &visible),
        "number of targets: 599 given, 600 needed"
    );
    assert_eq!(
        refused(&energy, states, targets, &visible[..2]),
        "length of the mask of visible units: 2 given, 4 needed"
    );
    assert_eq!(
        refused(&energy, states, targets, &[false; UNITS]),
        "the number of visible units is 0; it must be at least 1"
    );
    assert!(
        refused(
            &energy,
            states.subcols(0, 0),
            targets.subcols(0, 0),
            &visible
        )
        .contains("empty")
    );
    // Three hidden units have 3 biases and 12 weights inside the hyperbolic tangent.
    let hidden = Sum::of(Sites::new(UNITS, &[SiteTerm::Stiffness]))
        .unwrap()
        .and(FastHidden::new(UNITS, 3))
        .unwrap();
    assert_eq!(
        refused(&hidden, states, targets, &visible),
        "the number of nonlinear parameters of a least-squares fit is 15; it must be 0: fit \
         energies that are linear in their parameters"
    );

    let problem = LeastSquares::new(&energy, states, targets, &visible).unwrap();
    let short = problem.solve(&SolveSettings::default(), Some(&[0.0; 3]));
    assert!(
        matches!(
            short,
            Err(LearnError::Energy(EnergyError::Length { found: 3, .. }))
        ),
        "{short:?}"
    );
    let settings = SolveSettings {
        floors: vec![Floor {
            block: "sites.quatric",
            at: 0.0,
            clears: None,
        }],
        ..SolveSettings::default()
    };
    let misspelt = problem.solve(&settings, None).unwrap_err().to_string();
    assert!(misspelt.contains("sites.quartic"), "{misspelt}");
    assert!(problem.loss(&[0.0; 3]).is_err());
}

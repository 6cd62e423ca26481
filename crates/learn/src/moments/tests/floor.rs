//! The lower bound on the quartic: it holds, it binds only where it must, and its search ends.

use faer::Mat;
use overdamped_energy::Edges;

use super::{distance, some_parameters};
use crate::{DataMoments, MomentProblem, MomentSettings, Noising};

/// Unit 0 is mostly off and sometimes far on, which asks for q < 0; units 1 and 2 are bistable.
fn sparse_and_bistable() -> Mat<f64> {
    Mat::from_fn(3, 24, |unit, example| match unit {
        0 if example % 12 == 0 => 1.0,
        0 if example % 12 == 6 => -1.0,
        0 => 0.0,
        1 => [1.0, -1.0][example % 2],
        _ => [1.0, -1.0][(example / 3) % 2],
    })
}

#[test]
fn a_floor_under_the_quartic_holds_and_binds_only_where_it_must() {
    let data = sparse_and_bistable();
    let moments = DataMoments::new(data.as_ref()).unwrap();
    let edges = Edges::all_to_all(3);
    let problem = MomentProblem::new(&moments, Noising::default().level(0.2), &edges).unwrap();
    let solve = |quartic_floor| {
        let settings = MomentSettings {
            quartic_floor,
            tolerance: 1e-12,
            ..MomentSettings::default()
        };
        problem.solve(&settings, None).unwrap()
    };
    let (free, held) = (solve(None), solve(Some(0.01)));
    assert!(free.parameters[9] < 0.0 && free.parameters[10] > 0.01);
    assert_eq!(held.pinned, [0]);
    assert_eq!((held.parameters[6], held.parameters[9]), (0.0, 0.01));
    assert!(held.parameters[10..12].iter().all(|&q| q >= 0.01));
    assert!(held.loss > free.loss && held.residual < 1e-11);
    // Stationary in all that is free; at the floor, only a lower q would help.
    let gradient = problem.gradient(&held.parameters).unwrap();
    for (index, slope) in gradient.iter().enumerate() {
        match index {
            6 => {}
            9 => assert!(*slope > 1e-4, "slope {slope}"),
            _ => assert!(slope.abs() < 1e-11, "slope {slope} of parameter {index}"),
        }
    }
    // A floor below every free optimum changes nothing.
    let idle = solve(Some(-100.0));
    assert!(idle.pinned.is_empty() && distance(&idle.parameters, &free.parameters) < 1e-12);
    // A floor above all pins everything.
    assert_eq!(solve(Some(100.0)).pinned, [0, 1, 2]);
}

/// Three units and 15 examples for which a unit that is pinned at first is free in the end.
fn entangled(stride: usize) -> Mat<f64> {
    Mat::from_fn(3, 15, |unit, e| {
        let phase = (e * 37 * stride + unit * 11 * 11 + e * e * (unit + 11) * 5) % 23;
        let level = phase as f64 / 11.0 - 1.0;
        level * level * level + ((e * stride) % 7) as f64 / 14.0
    })
}

#[test]
fn units_are_released_where_others_make_up_for_them_and_never_cycle() {
    // (stride, floor): one release that lasts, and one that would pin and release for ever.
    for (stride, floor, lasts) in [(6, 0.1, true), (8, -0.05, false)] {
        let data = entangled(stride);
        let moments = DataMoments::new(data.as_ref()).unwrap();
        let edges = Edges::all_to_all(3);
        let level = Noising::default().level(0.02);
        let problem = MomentProblem::new(&moments, level, &edges).unwrap();
        let solve = |quartic_floor, max_rounds, warm_start: Option<&[f64]>| {
            let settings = MomentSettings {
                quartic_floor,
                max_rounds,
                ..MomentSettings::default()
            };
            problem.solve(&settings, warm_start).unwrap()
        };
        let free = solve(None, 4, None);
        let violating: Vec<usize> = (0..3)
            .filter(|unit| free.parameters[9 + unit] < floor)
            .collect();
        let held = solve(Some(floor), 4, None);
        assert_eq!(
            violating.iter().all(|unit| held.pinned.contains(unit)),
            !lasts
        );
        assert!(held.residual < 1e-7 && held.loss > free.loss, "{held:?}");
        assert!(held.parameters[9..12].iter().all(|&q| q >= floor));
        // Where the search begins does not decide where it ends.
        let far = some_parameters(problem.parameter_count());
        let again = solve(Some(floor), 4, Some(&far));
        assert_eq!(again.pinned, held.pinned);
        assert!(distance(&again.parameters, &held.parameters) < 1e-6);
        // Where rounds run out, the bound holds all the same and the residual tells.
        let cut = solve(Some(floor), 1, None);
        assert!(cut.parameters[9..12].iter().all(|&q| q >= floor));
        assert!(cut.residual > 1e-6, "{cut:?}");
    }
}

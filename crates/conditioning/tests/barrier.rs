//! The barrier's definitions: by hand, and how they scale.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use faer::{Mat, Scale, mat};
use overdamped_conditioning::{
    Barrier, ConditioningError, Definition, holding_drive, thermal_noise,
};
use proptest::prelude::*;

#[test]
fn a_case_by_hand() {
    // c = J^T x = (0.1 x_0, 0.2 x_1).
    let x = mat![[1.0_f32, 3.0], [-2.0, 2.0]];
    let coupling = mat![[0.1, 0.0], [0.0, 0.2]];
    let b = mat![[4.0_f32, 8.0], [5.0, -7.0]];
    let barrier = Barrier::new(x.as_ref(), coupling.as_ref(), b.as_ref()).unwrap();
    let c = [0.1_f64, 0.3, -0.4, 0.4];
    let std = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        (squares / values.len() as f64).sqrt()
    };
    let rms = |values: &[f64]| {
        let squares: f64 = values.iter().map(|v| v * v).sum();
        (squares / values.len() as f64).sqrt()
    };
    // Spreads between samples: c 0.1 and 0.4; b 2 and 6.
    let between = rms(&[0.1, 0.4]);
    for (definition, expected) in [
        (Definition::Signal, std(&[1.0, 3.0, -2.0, 2.0]) / between),
        (Definition::Magnitude, 2.0 / 0.3),
        (Definition::Drive, rms(&[4.0, 8.0, 5.0, -7.0]) / rms(&c)),
        (Definition::Between, rms(&[2.0, 6.0]) / between),
        (Definition::Bias, std(&[4.0, 8.0, 5.0, -7.0]) / std(&c)),
        (Definition::Median, (2.0 / 0.1 + 6.0 / 0.4) / 2.0),
    ] {
        let found = barrier.ratio(definition).unwrap();
        assert!(
            (found - expected).abs() < 1e-7 * expected,
            "{definition:?}: {found} {expected}"
        );
    }
}

#[test]
fn names_are_those_that_serde_writes() {
    for definition in Definition::ALL {
        let written = serde_json::to_string(&definition).unwrap();
        assert_eq!(written, format!("\"{}\"", definition.name()));
        assert!(definition.formula().contains(" / "));
    }
}

#[test]
fn what_carries_nothing_is_an_error() {
    let x = mat![[1.0_f32, 3.0, 2.5], [2.0, -2.0, 0.5]];
    let b = x.clone();
    let ratios = |coupling: &Mat<f64>, x: &Mat<f32>| {
        let barrier = Barrier::new(x.as_ref(), coupling.as_ref(), b.as_ref()).unwrap();
        Definition::ALL.map(|definition| barrier.ratio(definition))
    };
    for ratio in ratios(&Mat::zeros(2, 2), &x) {
        assert!(matches!(
            ratio,
            Err(ConditioningError::ZeroDenominator { .. })
        ));
    }
    // A coupling that leaves out unit 1: only the ratio of each unit is without a value.
    let partial = ratios(&mat![[0.3, 0.0], [0.1, 0.0]], &x);
    assert!(partial[..5].iter().all(Result::is_ok));
    let message = partial[5].as_ref().unwrap_err().to_string();
    assert!(
        message.starts_with("the spread of J^T x between samples is zero at unit 1"),
        "{message}"
    );
    // An input that is the same in every sample: rounding is no spread.
    let constant = mat![[0.1_f32, 0.1, 0.1], [0.7, 0.7, 0.7]];
    let flat = ratios(&mat![[0.3, 0.2], [0.1, 0.9]], &constant);
    assert!(flat[0].is_err() && flat[1].is_ok() && flat[2].is_ok() && flat[3].is_err());
    // A coupling so weak that the ratio is beyond all numbers.
    let faint = ratios(&Mat::full(2, 2, 1e-320), &x);
    assert!(faint.iter().all(Result::is_err), "{faint:?}");
}

#[test]
fn wrong_shapes_are_refused() {
    let x = mat![[1.0_f32, 3.0], [2.0, -2.0]];
    let square = Mat::<f64>::identity(2, 2);
    let wrong = Mat::<f64>::identity(3, 2);
    let b = Mat::<f32>::zeros(2, 3);
    assert!(matches!(
        Barrier::new(x.as_ref(), wrong.as_ref(), x.as_ref()),
        Err(ConditioningError::Units {
            expected: 2,
            found: 3,
            ..
        })
    ));
    assert!(matches!(
        Barrier::new(x.as_ref(), square.as_ref(), b.as_ref()),
        Err(ConditioningError::Unpaired {
            expected: 2,
            found: 3,
            ..
        })
    ));
    let infinite = Mat::full(2, 2, f64::INFINITY);
    assert!(matches!(
        Barrier::new(x.as_ref(), infinite.as_ref(), x.as_ref()),
        Err(ConditioningError::NonFinite { count: 4, .. })
    ));
}

#[test]
fn noise_against_what_the_coupling_moves() {
    // K = diag(2, 8): noise sqrt(kT (1/2 + 1/8) / 2); response K^-1 J^T x = (x_0 / 2, x_0 / 8).
    let x = mat![[1.0_f32, -1.0]];
    let coupling = mat![[1.0, 1.0]];
    let stiffness = mat![[2.0, 0.0], [0.0, 8.0]];
    let ratio = |kt| thermal_noise(x.as_ref(), coupling.as_ref(), stiffness.as_ref(), kt);
    let expected = (3.0 * 0.3125_f64).sqrt() / (0.132_812_5_f64).sqrt();
    assert!((ratio(3.0).unwrap() - expected).abs() < 1e-12);
    assert_eq!(ratio(0.0).unwrap(), 0.0);
    assert!(matches!(
        ratio(-1.0),
        Err(ConditioningError::Setting { .. })
    ));
    for indefinite in [mat![[1.0, 2.0], [2.0, 1.0]], mat![[1.0, 0.5], [0.0, 1.0]]] {
        assert!(matches!(
            thermal_noise(x.as_ref(), coupling.as_ref(), indefinite.as_ref(), 1.0),
            Err(ConditioningError::NotDefinite { units: 2 })
        ));
    }
}

/// Units x samples of numbers in (-1, 1), away from zero as a whole.
fn entries(rows: usize, columns: usize) -> impl Strategy<Value = Mat<f32>> {
    prop::collection::vec(-1.0_f32..1.0, rows * columns).prop_map(move |values| {
        Mat::from_fn(rows, columns, |i, j| {
            values[i * columns + j] + (((i + 1) * (j + 2)) % 5) as f32
        })
    })
}

fn ratios(x: &Mat<f32>, coupling: &Mat<f64>, b: &Mat<f32>) -> [f64; 6] {
    let barrier = Barrier::new(x.as_ref(), coupling.as_ref(), b.as_ref()).unwrap();
    Definition::ALL.map(|definition| barrier.ratio(definition).unwrap())
}

fn close(found: [f64; 6], expected: [f64; 6]) -> bool {
    found
        .iter()
        .zip(expected)
        .all(|(a, b)| (a - b).abs() <= 1e-6 * b)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scaling_laws(x in entries(3, 8), b in entries(2, 8), j in entries(3, 2), power in -8_i32..8) {
        let factor = 2.0_f64.powi(power);
        let coupling = Mat::from_fn(3, 2, |i, k| 0.01 * f64::from(j[(i, k)]));
        let plain = ratios(&x, &coupling, &b);
        // Each falls as one over the coupling.
        let stronger = ratios(&x, &(&coupling * Scale(factor)), &b);
        prop_assert!(close(stronger, plain.map(|ratio| ratio / factor)));
        // None knows a common unit of input and drive.
        let single = factor as f32;
        let (scaled_x, scaled_b) = (&x * Scale(single), &b * Scale(single));
        prop_assert!(close(ratios(&scaled_x, &coupling, &scaled_b), plain));
        // Those of the drive are proportional to it, those of the signal do not know it.
        let [signal, magnitude, rest @ ..] = plain;
        let [drive, between, bias, median] = rest.map(|ratio| ratio * factor);
        let expected = [signal, magnitude, drive, between, bias, median];
        prop_assert!(close(ratios(&x, &coupling, &scaled_b), expected));
        // The sign of a coupling carries nothing.
        prop_assert!(close(ratios(&x, &(&coupling * Scale(-1.0)), &b), plain));
    }

    #[test]
    fn samples_may_come_in_any_order_and_twice(x in entries(3, 8), b in entries(2, 8)) {
        let coupling = mat![[0.1, 0.0], [0.0, 0.2], [0.05, -0.1]];
        let plain = ratios(&x, &coupling, &b);
        let turned = |m: &Mat<f32>| Mat::from_fn(m.nrows(), 16, |i, n| m[(i, (n * 5 + 3) % 8)]);
        prop_assert!(close(ratios(&turned(&x), &coupling, &turned(&b)), plain));
    }

    #[test]
    fn a_module_whose_stiffness_is_its_coupling_has_no_barrier(x in entries(2, 8)) {
        // b = K x and c = J^T x with J = K.
        let stiffness = mat![[0.7, 0.2], [0.2, 0.4]];
        let b = holding_drive(stiffness.as_ref(), x.as_ref()).unwrap();
        let found = ratios(&x, &stiffness, &b);
        for ratio in &found[2..] {
            prop_assert!((ratio - 1.0).abs() < 1e-5, "{found:?}");
        }
    }
}

//! Predictions, R^2, scales, parts and files of maps, against plain sums over samples.

use faer::Mat;
use overdamped_coupling::{LowRankMap, Method, Moments};

use crate::support::{Pair, activations, assert_near, fitted, moments_of, normal};

/// Residual and total squares about the mean of the map, sample by sample.
fn counted(map: &LowRankMap, (x, y): &Pair) -> f64 {
    let (matrix, mx, my) = (map.matrix(), map.mean_encoder(), map.mean_decoder());
    let (mut residual, mut total) = (0.0, 0.0);
    for n in 0..x.ncols() {
        for j in 0..y.nrows() {
            let own = f64::from(y[(j, n)]) - my[j];
            let terms = (0..x.nrows()).map(|i| matrix[(i, j)] * (f64::from(x[(i, n)]) - mx[i]));
            residual += (own - terms.sum::<f64>()).powi(2);
            total += own * own;
        }
    }
    1.0 - residual / total
}

fn shifted((x, y): Pair) -> Pair {
    let shift = |z: Mat<f32>| {
        Mat::from_fn(z.nrows(), z.ncols(), |i, n| {
            z[(i, n)] * 1.1 + 0.5 * i as f32
        })
    };
    (shift(x), shift(y))
}

#[test]
fn the_coefficient_of_determination_is_that_counted_over_samples() {
    let training = activations(5, 4, 200, 1);
    let held_out = shifted(activations(5, 4, 90, 1));
    let moments = moments_of(&training);
    for method in Method::ALL.into_iter().skip(1) {
        for rank in [1, 3] {
            let map = fitted(&moments, method).rank(rank).unwrap();
            for pair in [&training, &held_out] {
                let found = map.coefficient_of_determination(&moments_of(pair)).unwrap();
                let expected = counted(&map, pair);
                assert!(
                    (found - expected).abs() < 1e-10 * (1.0 + expected.abs()),
                    "{found} {expected}"
                );
            }
        }
    }
}

#[test]
fn predictions_are_means_and_what_the_matrix_makes_of_deviations() {
    // More samples than are predicted at once.
    let pair = activations(5, 4, 1500, 2);
    let map = fitted(&moments_of(&pair), Method::ReducedRank)
        .rank(2)
        .unwrap();
    let found = map.predict(pair.0.as_ref()).unwrap();
    let matrix = map.matrix();
    let offset = map.offset();
    for n in [0, 1, 1023, 1024, 1499] {
        for j in 0..4 {
            let terms = (0..5).map(|i| matrix[(i, j)] * f64::from(pair.0[(i, n)]));
            let expected = offset[j] + terms.sum::<f64>();
            assert!((f64::from(found[(j, n)]) - expected).abs() < 1e-5);
        }
    }
}

/// Of 41 factors around it none is better, and in closed form it is the slope of a regression of y on the
/// prediction.
#[test]
fn calibration_finds_the_best_factor_and_the_means() {
    let pair = activations(5, 4, 200, 3);
    let moments = moments_of(&pair);
    let plain = fitted(&moments, Method::CrossCovariance).rank(2).unwrap();
    // Without means, and turned round: both must be mended.
    let (x, y) = (vec![0.0; 5], vec![0.0; 4]);
    let left = Mat::from_fn(5, 2, |i, k| -plain.left()[(i, k)] * plain.strength()[k]);
    let astray = LowRankMap::new(left.as_ref(), plain.right(), x, y).unwrap();
    let map = astray.calibrated(&moments).unwrap();
    assert_eq!(map.mean_encoder(), moments.mean_encoder());
    assert_eq!(map.mean_decoder(), moments.mean_decoder());
    let best = map.coefficient_of_determination(&moments).unwrap();
    assert!(best > 0.0);
    for step in 1..=20 {
        for factor in [1.0 + 0.01 * f64::from(step), 1.0 - 0.01 * f64::from(step)] {
            let other = map.clone().scaled(factor).unwrap();
            assert!(other.coefficient_of_determination(&moments).unwrap() < best);
        }
    }
    let predicted = map.predict(pair.0.as_ref()).unwrap();
    let again = moments_of(&(predicted, pair.1.clone()));
    let (cross, own) = (again.cross_covariance(), again.covariance_encoder());
    let trace = |m: &Mat<f64>| (0..4).map(|i| m[(i, i)]).sum::<f64>();
    assert!((trace(&cross) / trace(&own) - 1.0).abs() < 1e-6);
}

#[test]
fn a_negative_scale_turns_the_map_round() {
    let map = fitted(&moments_of(&activations(5, 4, 60, 4)), Method::ReducedRank)
        .rank(2)
        .unwrap();
    let turned = map.clone().scaled(-2.0).unwrap();
    assert_near(&turned.matrix(), &(map.matrix() * faer::Scale(-2.0)), 1e-14);
    crate::support::assert_canonical(&turned);
}

#[test]
fn parts_make_the_whole() {
    let map = fitted(&moments_of(&activations(7, 4, 60, 5)), Method::ReducedRank)
        .rank(3)
        .unwrap();
    let (first, second) = (map.part(0..4).unwrap(), map.part(4..7).unwrap());
    let whole = map.matrix();
    assert_near(&first.matrix(), &whole.subrows(0, 4).to_owned(), 1e-12);
    assert_near(&second.matrix(), &whole.subrows(4, 3).to_owned(), 1e-12);
    assert_eq!(second.mean_encoder(), &map.mean_encoder()[4..]);
    assert_eq!(second.mean_decoder(), map.mean_decoder());
    assert!(map.part(5..8).is_err());
    assert!(map.part(5..7).is_err(), "two units for rank three");
}

#[test]
fn wires_pay_below_half_of_the_units() {
    let made = |rank| {
        let (left, right) = (normal(8, rank, 1), normal(8, rank, 2));
        LowRankMap::new(left.as_ref(), right.as_ref(), vec![0.0; 8], vec![0.0; 8]).unwrap()
    };
    assert_eq!(
        (made(3).wires(), made(3).dense_wires(), made(3).pays()),
        (48, 64, true)
    );
    assert_eq!(
        (made(4).wires(), made(4).dense_wires(), made(4).pays()),
        (64, 64, false)
    );
}

#[test]
fn maps_come_back_from_files() {
    let moments: Moments = moments_of(&activations(5, 4, 60, 6));
    let map = fitted(&moments, Method::Canonical).rank(2).unwrap();
    let file = serde_json::to_string(&map).unwrap();
    let back: LowRankMap = serde_json::from_str(&file).unwrap();
    assert_near(&back.matrix(), &map.matrix(), 1e-14);
    assert_eq!(back.mean_encoder().len(), 5);

    let fault = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(&file).unwrap();
        change(&mut value);
        let refused = serde_json::from_value::<LowRankMap>(value);
        refused.map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
    };
    assert_eq!(fault(&|_| ()), "accepted");
    for (field, index, value, reason) in [
        ("strength", 1, 1e9, "strengths must descend"),
        ("strength", 1, -1.0, "strengths must descend"),
        ("left", 3, 5.0, "left factor must be orthonormal"),
        ("right", 3, 5.0, "right factor must be orthonormal"),
    ] {
        let found = fault(&|file| file[field][index] = value.into());
        assert!(found.contains(reason), "{found}");
    }
    let turned = fault(&|file| {
        for entry in file["left"].as_array_mut().unwrap() {
            *entry = (-entry.as_f64().unwrap()).into();
        }
    });
    assert!(turned.contains("must be positive"), "{turned}");
    let short = fault(&|file| file["left"] = vec![1.0].into());
    assert!(
        short.contains("entries of the left factor: 1 given, 10 needed"),
        "{short}"
    );
    let none = fault(&|file| file["strength"] = Vec::<f64>::new().into());
    assert!(none.contains("rank 0 was asked for"), "{none}");
}

//! Methods that take directions as they come, against singular value decompositions.

use faer::Mat;
use overdamped_coupling::{Fit, Method};

use crate::support::{
    TwoPass, activations, assert_canonical, assert_near, fitted, moments_of, narrow, normal,
    truncated,
};

#[test]
fn cross_covariance_maps_are_its_truncated_decomposition() {
    for (encoder, decoder) in [(6, 4), (3, 5)] {
        let pair = activations(encoder, decoder, 300, 10);
        let fit = fitted(&moments_of(&pair), Method::CrossCovariance);
        let cross = TwoPass::new(&pair).xy;
        let values = cross.singular_values().unwrap();
        for rank in 1..=encoder.min(decoder) {
            let map = fit.rank(rank).unwrap();
            assert_canonical(&map);
            assert_near(&map.matrix(), &truncated(&cross, rank), 1e-11);
            for (found, expected) in map.strength().iter().zip(&values) {
                assert!((found - expected).abs() < 1e-11 * values[0]);
            }
        }
    }
}

/// Principal components of both sides, from the decomposition of the samples in place of their covariance.
#[test]
fn activation_gram_pairs_principal_components() {
    let pair = activations(5, 4, 300, 20);
    let fit = fitted(&moments_of(&pair), Method::ActivationGram);
    let c = TwoPass::new(&pair);
    let (x, y) = (c.xx.thin_svd().unwrap(), c.yy.thin_svd().unwrap());
    for rank in 1..=4 {
        let map = fit.rank(rank).unwrap();
        assert_canonical(&map);
        for k in 0..rank {
            let expected = (x.S()[k] * y.S()[k]).sqrt();
            assert!((map.strength()[k] - expected).abs() < 1e-10 * expected);
            assert!((fit.spectrum()[k] - expected).abs() < 1e-10 * expected);
            let along = |one: &dyn Fn(usize) -> f64, other: &dyn Fn(usize) -> f64, units| {
                (0..units).map(|i| one(i) * other(i)).sum::<f64>().abs()
            };
            let left = along(&|i| map.left()[(i, k)], &|i| x.U()[(i, k)], 5);
            let right = along(&|i| map.right()[(i, k)], &|i| y.U()[(i, k)], 4);
            assert!((left - 1.0).abs() < 1e-9 && (right - 1.0).abs() < 1e-9);
            // The convention that fixes what the pairing leaves open.
            let entries = map.right().col(k).iter().copied();
            let largest = entries.max_by(|a, b| a.abs().total_cmp(&b.abs()));
            assert!(largest > Some(0.0));
        }
    }
}

/// From a factor of sqrt(g h) each, brought to Frobenius norm one at every rank.
#[test]
fn weight_gram_pairs_singular_vectors_of_the_weights() {
    let (encoder, decoder) = (normal(6, 18, 1), normal(4, 30, 2));
    let temperature = 0.5;
    let fit = |e: &Mat<f64>, d: &Mat<f64>, temperature| {
        let (e, d) = (narrow(e), narrow(d));
        Fit::of_weights(e.as_ref(), d.as_ref(), temperature).unwrap()
    };
    let made = fit(&encoder, &decoder, temperature);
    let (x, y) = (encoder.thin_svd().unwrap(), decoder.thin_svd().unwrap());
    for rank in 1..=4 {
        let map = made.rank(rank).unwrap();
        assert_canonical(&map);
        assert!((map.matrix().norm_l2() - 1.0).abs() < 1e-12);
        let products = (0..rank).map(|k| x.S()[k] * y.S()[k]);
        let norm = products.map(|p| p * p).sum::<f64>().sqrt();
        for k in 0..rank {
            let product = x.S()[k] * y.S()[k];
            assert!((map.strength()[k] - product / norm).abs() < 1e-6);
            let gram = product / (4.0 * temperature);
            assert!((made.spectrum()[k] - gram).abs() < 1e-6 * gram);
            for (found, svd) in [(map.left(), &x), (map.right(), &y)] {
                let along: f64 = (0..found.nrows())
                    .map(|i| found[(i, k)] * svd.U()[(i, k)])
                    .sum();
                assert!((along.abs() - 1.0).abs() < 1e-6);
            }
        }
        assert!(
            map.mean_encoder()
                .iter()
                .chain(map.mean_decoder())
                .all(|&m| m == 0.0)
        );
    }
}

/// What the Gram matrix does not see: signs, the order and basis of the inputs, and of the map the temperature.
#[test]
fn weight_gram_does_not_change_with_what_the_gram_matrix_does_not_see() {
    let (encoder, decoder) = (normal(6, 18, 3), normal(4, 30, 4));
    let map = |e: &Mat<f64>, d: &Mat<f64>, temperature| {
        let (e, d) = (narrow(e), narrow(d));
        let fit = Fit::of_weights(e.as_ref(), d.as_ref(), temperature).unwrap();
        fit.rank(3).unwrap().matrix()
    };
    let expected = map(&encoder, &decoder, 1.0);
    let rotation = normal(18, 18, 5).qr().compute_thin_Q();
    let signs = Mat::from_fn(4, 30, |i, j| {
        decoder[(i, j)] * if j % 3 == 0 { -1.0 } else { 1.0 }
    });
    for (e, d, temperature) in [
        (&-&encoder, &decoder, 1.0),
        (&encoder, &signs, 1.0),
        (&(&encoder * &rotation), &decoder, 1.0),
        (&encoder, &decoder, 0.01),
    ] {
        assert_near(&map(e, d, temperature), &expected, 1e-5);
    }
}

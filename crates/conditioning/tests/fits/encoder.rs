//! The encoder's closed form.

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};
use overdamped_conditioning::{Encoder, EncoderSettings};

use crate::{normal, squares};

const WITHOUT_RIDGE: EncoderSettings = EncoderSettings {
    rank: 3,
    ridge: 0.0,
};

/// Inputs of unequal spread and targets that depend on them, with noise: 7 -> 5, 200 samples.
fn problem() -> (Mat<f32>, Mat<f32>) {
    let mut x = normal(7, 200, 1.0, 1);
    for sample in 0..200 {
        for (unit, value) in x.col_as_slice_mut(sample).iter_mut().enumerate() {
            *value *= 1.0 + unit as f32;
        }
    }
    let y = &normal(5, 7, 0.5, 2) * &x + normal(5, 200, 1.0, 3);
    (x, y)
}

fn wide(matrix: &Mat<f32>) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| {
        f64::from(matrix[(i, j)])
    })
}

fn loss(input: &Mat<f64>, output: &Mat<f64>, x: &Mat<f64>, y: &Mat<f64>) -> f64 {
    (output * (input * x) - y).squared_norm_l2()
}

#[test]
fn the_fit_is_least_squares_cut_to_its_rank() {
    let (x, y) = problem();
    let encoder = Encoder::fit(x.as_ref(), y.as_ref(), &WITHOUT_RIDGE).unwrap();
    // The normal equations give the unrestricted prediction; the best one of rank 3 is its projection
    // onto its own first three left singular vectors (Eckart and Young).
    let (wide_x, wide_y) = (wide(&x), wide(&y));
    let gram = &wide_x * wide_x.transpose();
    let map = gram
        .llt(Side::Lower)
        .unwrap()
        .solve(&wide_x * wide_y.transpose());
    let full = map.transpose() * &wide_x;
    let svd = full.thin_svd().unwrap();
    let first = svd.U().subcols(0, 3);
    let expected = first * (first.transpose() * &full);
    let found = encoder.encode(x.as_ref()).unwrap();
    let error = (wide(&found) - &expected).norm_l2() / expected.norm_l2();
    assert!(error < 1e-6, "{error:e}");
    // The gauge: orthonormal columns in falling order, the largest entry of each positive.
    let output = wide(&encoder.output().to_owned());
    let identity = output.transpose() * &output;
    assert!((identity - Mat::<f64>::identity(3, 3)).norm_l2() < 1e-6);
    for k in 0..3 {
        let column = output.col_as_slice(k);
        let largest = column
            .iter()
            .copied()
            .fold(0.0, |m: f64, v| if v.abs() > m.abs() { v } else { m });
        assert!(largest > 0.0);
        let along: f64 = (0..5).map(|i| column[i] * first[(i, k)]).sum();
        assert!((along.abs() - 1.0).abs() < 1e-5, "column {k}: {along}");
    }
}

#[test]
fn no_perturbation_is_better() {
    let (x, y) = problem();
    let encoder = Encoder::fit(x.as_ref(), y.as_ref(), &WITHOUT_RIDGE).unwrap();
    let (x, y) = (wide(&x), wide(&y));
    let (input, output) = (
        wide(&encoder.input().to_owned()),
        wide(&encoder.output().to_owned()),
    );
    let best = loss(&input, &output, &x, &y);
    for trial in 0..200 {
        let size = 10.0_f32.powi(-(trial % 4)) * 0.3;
        let moved_in = &input + wide(&normal(3, 7, size, 100 + trial as u64));
        let moved_out = &output + wide(&normal(5, 3, size, 1000 + trial as u64));
        let moved = loss(&moved_in, &moved_out, &x, &y);
        assert!(moved > best, "trial {trial}: {moved} against {best}");
    }
}

#[test]
fn onto_itself_it_is_principal_component_analysis() {
    let (x, _) = problem();
    let principal = Encoder::principal(x.as_ref(), 3).unwrap();
    let fitted = Encoder::fit(x.as_ref(), x.as_ref(), &WITHOUT_RIDGE).unwrap();
    assert!((fitted.output() - principal.output()).norm_l2() < 1e-5);
    assert!((fitted.input() - principal.input()).norm_l2() < 1e-5);
    // What is left is the sum of the squares of the other singular values.
    let singular = wide(&x).singular_values().unwrap();
    let left: f64 = singular[3..].iter().map(|s| s * s).sum();
    let restored = principal.encode(x.as_ref()).unwrap();
    let found = squares((restored - &x).as_ref());
    assert!((found - left).abs() < 1e-5 * left, "{found} {left}");
}

#[test]
fn a_ridge_makes_duplicated_and_constant_features_harmless() {
    let (x, y) = problem();
    let doubled = Mat::from_fn(9, 200, |i, n| if i < 8 { x[(i.min(6), n)] } else { 0.0 });
    let settings = EncoderSettings {
        ridge: 1e-9,
        ..WITHOUT_RIDGE
    };
    let plain = Encoder::fit(x.as_ref(), y.as_ref(), &settings).unwrap();
    let padded = Encoder::fit(doubled.as_ref(), y.as_ref(), &settings).unwrap();
    let expected = plain.encode(x.as_ref()).unwrap();
    let found = padded.encode(doubled.as_ref()).unwrap();
    assert!((found - &expected).norm_l2() < 1e-5 * expected.norm_l2());
}

#[test]
fn samples_in_a_view_of_any_order_are_read_as_they_stand() {
    let (x, y) = problem();
    let transposed = x.transpose().to_owned();
    let view: MatRef<'_, f32> = transposed.transpose();
    let expected = Encoder::fit(x.as_ref(), y.as_ref(), &WITHOUT_RIDGE).unwrap();
    let found = Encoder::fit(view, y.as_ref(), &WITHOUT_RIDGE).unwrap();
    assert_eq!(expected, found);
}

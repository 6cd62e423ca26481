//! Data and weights at the ends of what single precision holds.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use faer::Mat;
use overdamped_conditioning::{ConditioningError, Encoder, EncoderSettings, Interface, Transfer};
use proptest::prelude::*;

/// Magnitudes of every size, the ends included.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        Just(0.0_f32),
        Just(f32::MAX),
        Just(f32::MIN),
        Just(f32::from_bits(1)),
        (-44.0..38.5_f32, any::<bool>())
            .prop_map(|(e, s)| 10_f32.powf(e) * if s { 1.0 } else { -1.0 }),
        -1.0..1.0_f32,
    ]
}

fn finite(matrix: &Mat<f32>) -> bool {
    matrix
        .col_iter()
        .all(|column| column.iter().all(|value| value.is_finite()))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(41),
        ..ProptestConfig::default()
    })]

    /// Any finite data: an encoder of numbers that makes numbers, or an error that is typed.
    #[test]
    fn any_finite_data(values in prop::collection::vec(number(), 40), rank in 1..3_usize, ridge in 0..3_usize) {
        let x = Mat::from_fn(3, 8, |i, n| values[5 * n + i]);
        let y = Mat::from_fn(2, 8, |i, n| values[5 * n + 3 + i]);
        let settings = EncoderSettings { rank, ridge: [0.0, 1e-6, 1e300][ridge] };
        let both = [Encoder::fit(x.as_ref(), y.as_ref(), &settings), Encoder::principal(x.as_ref(), rank)];
        for encoder in both.into_iter().flatten() {
            if let Ok(made) = encoder.encode(x.as_ref()) {
                prop_assert!(finite(&made));
            }
        }
    }

    /// Any finite weights: what comes out is a number or refused; a product beyond them was infinity.
    #[test]
    fn any_finite_weights(values in prop::collection::vec(number(), 16)) {
        let at = |first: usize| Mat::from_fn(2, 2, |i, j| values[first + 2 * i + j]);
        let encoder = Encoder::new(at(0).as_ref(), at(4).as_ref()).unwrap();
        let transfer = Transfer::new(at(8).as_ref(), at(12).as_ref()).unwrap();
        let x = at(3);
        let encoded = encoder.encode(x.as_ref());
        prop_assert!(encoded.as_ref().map_or(true, finite));
        prop_assert!(transfer.apply(x.as_ref()).as_ref().map_or(true, finite));
        let drive = Interface::new(encoder, transfer).unwrap().drive(x.as_ref());
        prop_assert!(drive.as_ref().map_or(true, finite));
        if let Err(error) = drive {
            prop_assert!(matches!(error, ConditioningError::NonFinite { .. }), "{error}");
        }
    }
}

#[test]
fn a_product_beyond_the_numbers_is_refused_by_place() {
    let wide = Mat::full(1, 1, 1e30_f32);
    let encoder = Encoder::new(wide.as_ref(), wide.as_ref()).unwrap();
    let error = encoder
        .encode(faer::mat![[0.0_f32, 1.0]].as_ref())
        .unwrap_err();
    let expected = matches!(
        error,
        ConditioningError::NonFinite {
            what: "the encoder's outputs",
            row: 0,
            column: 1,
            count: 1,
            ..
        }
    );
    assert!(expected, "{error}");
}

/// Features over eight decades at full rank: restored each to its own digits, or refused by rank.
#[test]
fn features_over_eight_decades_are_restored_or_refused() {
    let scale = [1e-4, 1.0, 1e4];
    let x = Mat::from_fn(3, 200, |i, n| {
        (scale[i] * ((n * (i + 2)) as f64 * 0.37).sin()) as f32
    });
    match Encoder::principal(x.as_ref(), 3) {
        Ok(encoder) => {
            let made = encoder.encode(x.as_ref()).unwrap();
            // All three are sums of products with the largest: to its digits.
            assert!((0..200).all(|n| (0..3).all(|i| (made[(i, n)] - x[(i, n)]).abs() < 1e-2)));
        }
        Err(error) => assert!(
            matches!(error, ConditioningError::RankDeficient { .. }),
            "{error}"
        ),
    }
}

#[test]
fn one_feature_and_no_samples() {
    let x = faer::mat![[1.0_f32, 2.0, -1.0]];
    let encoder = Encoder::principal(x.as_ref(), 1).unwrap();
    assert!((encoder.encode(x.as_ref()).unwrap()[(0, 1)] - 2.0).abs() < 1e-6);
    assert_eq!(
        encoder.encode(Mat::zeros(1, 0).as_ref()).unwrap().ncols(),
        0
    );
    assert!(Encoder::principal(Mat::zeros(1, 0).as_ref(), 1).is_err());
    assert!(Encoder::principal(x.as_ref(), usize::MAX).is_err());
}

//! Moments in one pass against two, over chunks, merges and threads.

use faer::Mat;
use overdamped_coupling::{CouplingError, Moments, Side};
use proptest::prelude::*;

use crate::support::{Pair, TwoPass, activations, assert_near, moments_of, narrow, normal};

/// Every number that moments give, as bits.
fn bits(moments: &Moments) -> Vec<u64> {
    let matrices = [
        moments.covariance_encoder(),
        moments.covariance_decoder(),
        moments.cross_covariance(),
    ];
    let entries = matrices
        .iter()
        .flat_map(|m| m.col_iter().flat_map(|c| c.iter().copied()));
    let means = [moments.mean_encoder(), moments.mean_decoder()].concat();
    let variances = [
        moments.variance(Side::Encoder),
        moments.variance(Side::Decoder),
    ]
    .concat();
    entries
        .chain(means)
        .chain(variances)
        .map(f64::to_bits)
        .collect()
}

fn in_chunks((x, y): &Pair, lengths: impl IntoIterator<Item = usize>) -> Moments {
    let mut moments = Moments::new(x.nrows(), y.nrows()).unwrap();
    let mut next = 0;
    for length in lengths {
        let length = length.min(x.ncols() - next);
        let (x, y) = (x.subcols(next, length), y.subcols(next, length));
        moments.add(x, y).unwrap();
        next += length;
    }
    moments
}

fn assert_close(moments: &Moments, expected: &TwoPass, tolerance: f64) {
    assert_near(&moments.covariance_encoder(), &expected.xx, tolerance);
    assert_near(&moments.covariance_decoder(), &expected.yy, tolerance);
    assert_near(&moments.cross_covariance(), &expected.xy, tolerance);
    for (found, expected) in [
        (moments.mean_encoder(), &expected.mean_x),
        (moments.mean_decoder(), &expected.mean_y),
    ] {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < tolerance * (1.0 + expected.abs()));
        }
    }
}

/// More units than a tile, more samples than two blocks and a rest, and a mean of ten thousand times the spread:
/// the sum of squares less the square of the mean would be off by 1e-8, in single precision by everything.
#[test]
fn one_pass_is_as_good_as_two_far_from_zero() {
    let far = |units, seed| {
        let spread = normal(units, 2500, seed);
        narrow(&Mat::from_fn(units, 2500, |i, n| {
            spread[(i, n)] + 1e4 * if i % 2 == 0 { 1.0 } else { -1.0 }
        }))
    };
    let pair = (far(7, 1), far(300, 2));
    let moments = moments_of(&pair);
    assert_eq!(moments.samples(), 2500);
    assert_close(&moments, &TwoPass::new(&pair), 1e-12);
    let diagonal = moments.covariance_decoder();
    let variance = moments.variance(Side::Decoder);
    for (i, variance) in variance.iter().enumerate() {
        assert!((diagonal[(i, i)] - variance).abs() < 1e-13);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn chunks_move_no_bit(lengths in prop::collection::vec(0_usize..900, 8), seed in 0_u64..1000) {
        let total = lengths.iter().sum();
        let pair = activations(3, 4, total, seed);
        prop_assert_eq!(bits(&in_chunks(&pair, lengths)), bits(&moments_of(&pair)));
    }

    #[test]
    fn merges_see_all_samples(
        lengths in prop::collection::vec(0_usize..1500, 3), seed in 0_u64..1000,
    ) {
        let total = lengths.iter().sum::<usize>() + 2;
        let pair = activations(3, 4, total, seed);
        let mut merged = Moments::new(3, 4).unwrap();
        let mut next = 0;
        for length in [lengths[0], lengths[1], lengths[2], 2] {
            let part = |z: &Mat<f32>| z.subcols(next, length).to_owned();
            merged.merge(&moments_of(&(part(&pair.0), part(&pair.1)))).unwrap();
            next += length;
        }
        prop_assert_eq!(merged.samples(), total);
        assert_close(&merged, &TwoPass::new(&pair), 1e-12);
    }
}

#[test]
fn merging_into_nothing_changes_nothing() {
    let moments = moments_of(&activations(3, 4, 1500, 5));
    let mut merged = Moments::new(3, 4).unwrap();
    merged.merge(&moments).unwrap();
    assert_eq!(bits(&merged), bits(&moments));
    merged.merge(&Moments::new(3, 4).unwrap()).unwrap();
    assert_eq!(bits(&merged), bits(&moments));
    let other = Moments::new(4, 3).unwrap();
    assert!(matches!(
        merged.merge(&other),
        Err(CouplingError::Shape { .. })
    ));
}

#[test]
fn threads_move_no_bit() {
    let pair = activations(5, 600, 2100, 8);
    let made = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| bits(&moments_of(&pair)))
    });
    assert_eq!(made[0], made[1]);
    assert_eq!(made[0], made[2]);
}

/// .1 is no number of the machine: sums of it round, and a variance of 1e-33 would be divided by.
#[test]
fn a_unit_that_never_varies_has_a_variance_of_zero() {
    let (mut x, y) = activations(3, 2, 2500, 4);
    for n in 0..x.ncols() {
        x[(1, n)] = 0.1;
    }
    let part = |z: &Mat<f32>| z.subcols(0, 1300).to_owned();
    let mut moments = moments_of(&(part(&x), part(&y)));
    moments.merge(&moments_of(&(x, y))).unwrap();
    let variance = moments.variance(Side::Encoder);
    assert!(variance[1] == 0.0 && variance[0] > 0.0 && variance[2] > 0.0);
    let covariance = moments.covariance_encoder();
    assert!((0..3).all(|i| covariance[(1, i)] == 0.0 && covariance[(i, 1)] == 0.0));
    assert_eq!(moments.mean_encoder()[1], f64::from(0.1_f32));
}

#[test]
fn before_the_first_sample_all_is_zero() {
    let mut moments = Moments::new(2, 3).unwrap();
    let (x, y) = (Mat::<f32>::zeros(2, 0), Mat::<f32>::zeros(3, 0));
    moments.add(x.as_ref(), y.as_ref()).unwrap();
    assert_eq!(moments.samples(), 0);
    assert!(bits(&moments).iter().all(|&bits| bits == 0));
}

#[test]
fn a_refused_chunk_leaves_the_moments_as_they_were() {
    let pair = activations(3, 4, 1100, 6);
    let mut moments = moments_of(&pair);
    let before = bits(&moments);
    let (mut x, mut y) = activations(3, 4, 5, 7);
    y[(2, 1)] = f32::NAN;
    y[(3, 4)] = f32::INFINITY;
    x[(0, 3)] = f32::NEG_INFINITY;
    let refused = moments.add(x.as_ref(), y.as_ref()).unwrap_err();
    let CouplingError::NonFinite {
        count,
        sample,
        side,
        unit,
        value,
    } = &refused
    else {
        panic!("{refused}");
    };
    assert_eq!((*count, *sample, *side, *unit), (3, 1101, Side::Decoder, 2));
    assert!(value.is_nan());
    let message = "3 activations are not finite, the first NaN at sample 1101, decoder unit 2; drop these \
                   samples, or find out what made them";
    assert_eq!(refused.to_string(), message);

    let unpaired = moments.add(x.subcols(0, 4), y.as_ref());
    let (encoder, decoder) = (4, 5);
    assert_eq!(unpaired, Err(CouplingError::Unpaired { encoder, decoder }));
    let shaped = moments.add(y.as_ref(), y.as_ref());
    assert!(matches!(
        shaped,
        Err(CouplingError::Shape {
            expected: 3,
            found: 4,
            ..
        })
    ));
    assert_eq!(bits(&moments), before);
    assert_eq!(moments.samples(), 1100);
}

#[test]
fn a_side_has_between_1_and_4096_units() {
    for (encoder, decoder, side) in [
        (0, 3, Side::Encoder),
        (4097, 3, Side::Encoder),
        (3, 0, Side::Decoder),
        (3, 4097, Side::Decoder),
    ] {
        let refused = Moments::new(encoder, decoder).unwrap_err();
        let CouplingError::Units { side: found, .. } = refused else {
            panic!("{refused}");
        };
        assert_eq!(found, side);
    }
}

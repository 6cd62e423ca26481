//! What cannot be fitted, and how that is said.

use faer::Mat;
use overdamped_coupling::{CouplingError, Fit, FitSettings, LowRankMap, Method, Moments, Side};

use crate::support::{PLAIN, Pair, activations, moments_of};

const WHITENED: [Method; 3] = [
    Method::Canonical,
    Method::ReducedRank,
    Method::JointGaussian,
];

fn refused(pair: &Pair, method: Method) -> CouplingError {
    Fit::new(&moments_of(pair), method, PLAIN).unwrap_err()
}

/// y and units 0, 2 of x as they were, unit 1 of x replaced.
fn with_unit(value: impl Fn(&Mat<f32>, usize) -> f32) -> Pair {
    let (x, y) = activations(3, 2, 200, 1);
    let changed = Mat::from_fn(3, 200, |i, n| if i == 1 { value(&x, n) } else { x[(i, n)] });
    (changed, y)
}

#[test]
fn constant_units_are_refused_by_name_without_a_ridge() {
    let pair = with_unit(|_, _| 0.1);
    for method in WHITENED {
        let error = refused(&pair, method);
        let expected = CouplingError::RankDeficient {
            side: Side::Encoder,
            rank: 2,
            units: 3,
            samples: 200,
            constant: Some(1),
        };
        assert_eq!(error, expected);
        let message = "the encoder activations have numerical rank 2 of 3 (200 samples), and unit 1 is constant; set \
                       `FitSettings::ridge` above zero, or drop units that are constant or follow from others";
        assert_eq!(error.to_string(), message);
    }
    for method in [Method::ActivationGram, Method::CrossCovariance] {
        assert!(Fit::new(&moments_of(&pair), method, PLAIN).is_ok());
    }
}

#[test]
fn duplicated_units_are_refused_without_a_ridge() {
    // A copy, a copy scaled by what rounds, and a sum that rounds.
    for pair in [
        with_unit(|x, n| x[(0, n)]),
        with_unit(|x, n| 0.3 * x[(2, n)]),
        with_unit(|x, n| 0.7 * x[(0, n)] - 0.2 * x[(2, n)]),
    ] {
        for method in WHITENED {
            let error = refused(&pair, method);
            let CouplingError::RankDeficient { rank, constant, .. } = error else {
                panic!("{error}");
            };
            assert_eq!((rank, constant), (2, None));
        }
        let turned = (pair.1, pair.0);
        let error = refused(&turned, Method::Canonical);
        assert!(matches!(
            error,
            CouplingError::RankDeficient {
                side: Side::Decoder,
                rank: 2,
                ..
            }
        ));
        assert!(Fit::new(&moments_of(&turned), Method::ReducedRank, PLAIN).is_ok());
    }
}

#[test]
fn a_joint_gaussian_needs_a_decoder_that_does_not_follow_exactly() {
    let (x, _) = activations(3, 2, 200, 2);
    let y = Mat::from_fn(2, 200, |i, n| {
        if i == 0 {
            x[(0, n)]
        } else {
            x[(1, n)] * (n % 3) as f32
        }
    });
    let error = refused(&(x, y), Method::JointGaussian);
    assert!(
        matches!(
            error,
            CouplingError::RankDeficient {
                side: Side::Decoder,
                rank: 1,
                units: 2,
                ..
            }
        ),
        "{error}"
    );
}

/// Ten samples span nine directions about their mean.
#[test]
fn few_samples_are_refused_for_their_rank() {
    let pair = activations(12, 2, 10, 3);
    let error = refused(&pair, Method::ReducedRank);
    assert!(matches!(
        error,
        CouplingError::RankDeficient {
            rank: 9,
            units: 12,
            samples: 10,
            ..
        }
    ));
    let pair = activations(12, 12, 10, 3);
    let fit = Fit::new(
        &moments_of(&pair),
        Method::ReducedRank,
        FitSettings::default(),
    )
    .unwrap();
    assert!(fit.rank(10).is_ok());
    let error = fit.rank(11).unwrap_err();
    let message = "10 samples were seen; a map of that rank needs at least 11";
    assert_eq!(error.to_string(), message);
    let one = moments_of(&activations(3, 2, 1, 3));
    for method in Method::ALL.into_iter().skip(1) {
        let error = Fit::new(&one, method, FitSettings::default());
        assert!(matches!(
            error,
            Err(CouplingError::TooFewSamples {
                samples: 1,
                needed: 2,
                ..
            })
        ));
    }
}

#[test]
fn ranks_lie_between_one_and_the_smaller_side() {
    let moments = moments_of(&activations(5, 3, 60, 4));
    let fit = Fit::new(&moments, Method::ReducedRank, FitSettings::default()).unwrap();
    assert_eq!(fit.full_rank(), 3);
    let message = |rank| fit.rank(rank).unwrap_err().to_string();
    let bounds = "was asked for; between 5 and 3 units it must lie between 1 and 3";
    assert_eq!(message(0), format!("rank 0 {bounds}"));
    assert_eq!(message(4), format!("rank 4 {bounds}"));
}

#[test]
fn a_side_that_never_varies_is_refused_whatever_the_ridge() {
    let (x, y) = activations(3, 2, 50, 5);
    for (pair, expected) in [
        ((Mat::full(3, 50, 0.1_f32), y), Side::Encoder),
        ((x, Mat::full(2, 50, -7.3_f32)), Side::Decoder),
    ] {
        let moments = moments_of(&pair);
        for method in Method::ALL.into_iter().skip(1) {
            let error = Fit::new(&moments, method, FitSettings::default()).unwrap_err();
            let samples = 50;
            assert_eq!(
                error,
                CouplingError::NoVariance {
                    side: expected,
                    samples
                }
            );
        }
    }
}

#[test]
fn settings_and_weights_are_checked() {
    let moments = moments_of(&activations(3, 2, 50, 6));
    for ridge in [-1e-9, f64::NAN, f64::INFINITY] {
        let fit = Fit::new(&moments, Method::ReducedRank, FitSettings { ridge });
        assert!(matches!(fit, Err(CouplingError::Setting { .. })));
    }
    let fit = Fit::new(&moments, Method::WeightGram, PLAIN);
    assert_eq!(fit.unwrap_err(), CouplingError::NeedsWeights);

    let weights = Mat::<f32>::identity(3, 4);
    let made =
        |e: &Mat<f32>, d: &Mat<f32>, kt| Fit::of_weights(e.as_ref(), d.as_ref(), kt).unwrap_err();
    assert!(matches!(
        made(&weights, &weights, 0.0),
        CouplingError::Setting { .. }
    ));
    assert_eq!(
        made(&weights, &Mat::zeros(2, 4), 1.0),
        CouplingError::NoResponse
    );
    assert!(matches!(
        made(&weights, &Mat::zeros(0, 4), 1.0),
        CouplingError::Units {
            side: Side::Decoder,
            units: 0,
            ..
        }
    ));
    let mut bad = weights.clone();
    bad[(1, 2)] = f32::NAN;
    assert!(matches!(
        made(&bad, &weights, 1.0),
        CouplingError::NonFiniteValue { index: 7, .. }
    ));
}

#[test]
fn maps_are_checked() {
    let moments = moments_of(&activations(3, 2, 50, 7));
    let fit = Fit::new(&moments, Method::ReducedRank, PLAIN).unwrap();
    let map = fit.rank(1).unwrap();
    assert!(matches!(
        map.coefficient_of_determination(&Moments::new(3, 2).unwrap()),
        Err(CouplingError::TooFewSamples { .. })
    ));
    assert!(matches!(
        map.coefficient_of_determination(&Moments::new(2, 2).unwrap()),
        Err(CouplingError::Shape {
            expected: 3,
            found: 2,
            ..
        })
    ));
    let mut x = Mat::<f32>::zeros(3, 4);
    x[(2, 1)] = f32::INFINITY;
    x[(0, 3)] = f32::NAN;
    assert!(matches!(
        map.predict(x.as_ref()),
        Err(CouplingError::NonFinite {
            count: 2,
            sample: 1,
            unit: 2,
            ..
        })
    ));
    assert!(map.predict(Mat::<f32>::zeros(2, 4).as_ref()).is_err());
    assert!(map.clone().scaled(f64::NAN).is_err());
    let none = map.scaled(0.0).unwrap();
    assert_eq!(none.calibrated(&moments), Err(CouplingError::NoResponse));

    let make = |left: Mat<f64>, right: Mat<f64>, means: (usize, usize)| {
        let (x, y) = (vec![0.0; means.0], vec![0.0; means.1]);
        LowRankMap::new(left.as_ref(), right.as_ref(), x, y).unwrap_err()
    };
    let ones = |units, rank| Mat::<f64>::full(units, rank, 1.0);
    assert!(matches!(
        make(ones(3, 0), ones(2, 0), (3, 2)),
        CouplingError::Rank { rank: 0, .. }
    ));
    assert!(matches!(
        make(ones(3, 3), ones(2, 3), (3, 2)),
        CouplingError::Rank { rank: 3, .. }
    ));
    assert!(matches!(
        make(ones(3, 2), ones(2, 1), (3, 2)),
        CouplingError::Shape { .. }
    ));
    assert!(matches!(
        make(ones(3, 1), ones(2, 1), (3, 3)),
        CouplingError::Shape { .. }
    ));
    let bad = Mat::full(3, 1, f64::NAN);
    assert!(matches!(
        make(bad, ones(2, 1), (3, 2)),
        CouplingError::NonFiniteValue { .. }
    ));
}

//! Activations, weights and maps at the ends of what single precision holds.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use faer::Mat;
use overdamped_coupling::{CouplingError, Fit, FitSettings, LowRankMap, Method, Moments, Side};
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

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(31),
        ..ProptestConfig::default()
    })]

    /// Any finite activations: a fit whose map and predictions are numbers, or an error that is typed.
    #[test]
    fn any_finite_activations(values in prop::collection::vec(number(), 40), method in 1..6_usize, ridge in 0..3_usize) {
        let x = Mat::from_fn(3, 8, |i, n| values[5 * n + i]);
        let y = Mat::from_fn(2, 8, |i, n| values[5 * n + 3 + i]);
        let mut moments = Moments::new(3, 2).unwrap();
        moments.add(x.as_ref(), y.as_ref()).unwrap();
        prop_assert!(moments.variance(Side::Encoder).iter().all(|v| v.is_finite()));
        let settings = FitSettings { ridge: [0.0, 1e-6, 1e300][ridge] };
        let Ok(fit) = Fit::new(&moments, Method::ALL[method], settings) else {
            return Ok(());
        };
        prop_assert!(fit.spectrum().iter().all(|s| s.is_finite()), "{:?}", fit.spectrum());
        if let Ok(map) = fit.rank(2) {
            prop_assert!(map.strength().iter().all(|s| s.is_finite()));
            let matrix = map.matrix();
            prop_assert!((0..3).all(|i| (0..2).all(|j| matrix[(i, j)].is_finite())), "{matrix:?}");
            if let Ok(made) = map.predict(x.as_ref()) {
                prop_assert!((0..8).all(|n| (0..2).all(|i| made[(i, n)].is_finite())));
            }
        }
    }

    /// Any finite weights and temperature.
    #[test]
    fn any_finite_weights(values in prop::collection::vec(number(), 12), temperature in -320.0..308.0_f64) {
        let w = Mat::from_fn(3, 2, |i, j| values[2 * i + j]);
        let v = Mat::from_fn(2, 3, |i, j| values[6 + 3 * i + j]);
        let Ok(fit) = Fit::of_weights(w.as_ref(), v.as_ref(), 10.0_f64.powf(temperature)) else {
            return Ok(());
        };
        if let Ok(map) = fit.rank(2) {
            prop_assert!(map.strength().iter().all(|s| s.is_finite()), "{:?}", map.strength());
        }
    }
}

/// Scales that spread over eight decades, at full rank: the map of an exact linear relation is found, to the digits that
/// single precision leaves of it.
#[test]
fn scales_over_eight_decades_are_fitted_at_full_rank() {
    let scale = [1e-4, 1.0, 1e4];
    let x = Mat::from_fn(3, 400, |i, n| {
        (scale[i] * ((n * (i + 2)) as f64 * 0.37).sin()) as f32
    });
    let y = Mat::from_fn(3, 400, |i, n| {
        (2.0 * f64::from(x[(i, n)]) / scale[i]) as f32
    });
    let mut moments = Moments::new(3, 3).unwrap();
    moments.add(x.as_ref(), y.as_ref()).unwrap();
    let fit = Fit::new(&moments, Method::ReducedRank, FitSettings { ridge: 0.0 });
    match fit {
        Ok(fit) => {
            let made = fit.rank(3).unwrap().predict(x.as_ref()).unwrap();
            for n in 0..400 {
                for i in 0..3 {
                    assert!(
                        (made[(i, n)] - y[(i, n)]).abs() < 1e-3,
                        "{i}: {} {}",
                        made[(i, n)],
                        y[(i, n)]
                    );
                }
            }
        }
        // Beyond the digits of a covariance it is refused by its rank.
        Err(error) => assert!(
            matches!(error, CouplingError::RankDeficient { .. }),
            "{error}"
        ),
    }
}

#[test]
fn one_unit_one_rank_and_no_samples() {
    let mut moments = Moments::new(1, 1).unwrap();
    moments
        .add(Mat::zeros(1, 0).as_ref(), Mat::zeros(1, 0).as_ref())
        .unwrap();
    let error = Fit::new(&moments, Method::CrossCovariance, FitSettings::default()).unwrap_err();
    assert!(matches!(
        error,
        CouplingError::TooFewSamples { samples: 0, .. }
    ));
    let x = faer::mat![[1.0_f32, -1.0]];
    moments
        .add(x.as_ref(), (faer::Scale(3.0_f32) * &x).as_ref())
        .unwrap();
    let map = Fit::new(&moments, Method::ReducedRank, FitSettings { ridge: 0.0 })
        .unwrap()
        .rank(1)
        .unwrap();
    assert!((map.matrix()[(0, 0)] - 3.0).abs() < 1e-12);
    for units in [0, Moments::MOST_UNITS + 1, usize::MAX] {
        assert!(matches!(
            Moments::new(units, 1),
            Err(CouplingError::Units { .. })
        ));
    }
}

/// A prediction beyond single precision was infinite, and a scaled strength beyond double precision too.
#[test]
fn what_leaves_the_numbers_is_refused() {
    let one = faer::mat![[1.0]];
    let map = LowRankMap::new(
        one.as_ref(),
        (faer::Scale(1e30) * &one).as_ref(),
        vec![0.0],
        vec![0.0],
    )
    .unwrap();
    let far = map
        .predict(faer::mat![[1.0_f32, 1e30]].as_ref())
        .unwrap_err();
    assert!(
        matches!(far, CouplingError::NonFiniteValue { index: 1, .. }),
        "{far}"
    );
    let far = map.scaled(f64::MAX).unwrap_err();
    assert!(matches!(far, CouplingError::NonFiniteValue { .. }), "{far}");
    for bad in [f64::NAN, f64::INFINITY] {
        let right = faer::mat![[bad]];
        assert!(LowRankMap::new(one.as_ref(), right.as_ref(), vec![0.0], vec![0.0]).is_err());
        assert!(FitSettings { ridge: bad }.validated().is_err());
    }
}

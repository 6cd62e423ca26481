//! Refusals in every build; what training does where there is a library.

use super::*;

const UNITS: usize = 8;

/// Two examples: every unit 1, and every unit -1.
fn two_clusters() -> Mat<f32> {
    Mat::from_fn(UNITS, 2, |_, example| [1.0, -1.0][example])
}

/// Seconds suffice for two clusters.
fn brief() -> MlpSettings {
    MlpSettings {
        hidden: 16,
        updates: 1500,
        batch: 64,
        rate: 5e-3,
        ..MlpSettings::default()
    }
}

#[cfg(feature = "burn")]
fn bits(matrix: &Mat<f32>) -> Vec<u32> {
    (0..matrix.ncols())
        .flat_map(|sample| (0..matrix.nrows()).map(move |unit| (unit, sample)))
        .map(|at| matrix[at].to_bits())
        .collect()
}

/// Samples of the two clusters with noise of 1 that training has not seen.
#[cfg(feature = "burn")]
fn unseen(samples: usize) -> (Mat<f32>, Mat<f32>) {
    let mut draws = stream::of(5, 0);
    let clean = Mat::from_fn(UNITS, samples, |_, s| [1.0, -1.0][s % 2]);
    let noised = Mat::from_fn(UNITS, samples, |unit, s| {
        let normal: f32 = StandardNormal.sample(&mut draws);
        clean[(unit, s)] + normal
    });
    (clean, noised)
}

/// Between two clusters +-1 in 8 units the covariance has one mode, of variance 8. With noise 1 the
/// best linear map leaves 8 / (8 + 1) of its error of 1, so 1/9 in each of 8 units. The posterior
/// mean tanh(sum of the units) leaves E[1 - tanh^2(8 + sqrt(8) z)], .0085.
///
/// 4,000 samples tell .0085 to within .001 (one standard error; one seed, so no false alarms on
/// repetition). Catches gradients of the wrong sign or scale, a missing nonlinearity, noise that
/// is drawn once instead of afresh, and rows taken for columns.
#[cfg(feature = "burn")]
#[test]
fn training_passes_the_linear_optimum_and_nears_the_posterior_mean() {
    let mut rounds = Vec::new();
    let mlp = Mlp::train(two_clusters().as_ref(), 1.0, &brief(), |made, loss| {
        rounds.push((made, loss));
    })
    .unwrap();
    let (clean, noised) = unseen(4000);
    let denoised = mlp.denoise(noised.as_ref()).unwrap();
    let error = (&denoised - &clean).squared_norm_l2() / (UNITS as f32 * 4000.0);
    let linear = 1.0 / 9.0;
    assert!(error < 0.2 * linear, "{error}");
    assert!(error > 0.004, "below the best possible: {error}");

    let (first, last) = (rounds[0], rounds[rounds.len() - 1]);
    assert_eq!((rounds.len(), first.0, last.0), (100, 15, 1500));
    assert!(first.1 > linear as f64, "{first:?}");
    assert!(last.1 < 0.25 * linear as f64, "{last:?}");
}

#[cfg(feature = "burn")]
#[test]
fn the_seed_decides_every_bit() {
    let (_, noised) = unseen(7);
    let run = |seed| {
        let settings = MlpSettings {
            updates: 30,
            seed,
            ..brief()
        };
        let mlp = Mlp::train(two_clusters().as_ref(), 1.0, &settings, |_, _| {}).unwrap();
        bits(&mlp.denoise(noised.as_ref()).unwrap())
    };
    // Two networks trained at once share nothing either.
    let (once, meanwhile) = std::thread::scope(|scope| {
        let one = scope.spawn(|| run(3));
        let other = scope.spawn(|| run(3));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_eq!(once, meanwhile);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        assert_eq!(once, pool.unwrap().install(|| run(3)), "{threads} threads");
    }
    assert_ne!(once, run(4));
}

#[test]
fn the_rate_falls_along_half_a_cosine() {
    let settings = MlpSettings {
        updates: 100,
        rate: 2.0,
        ..MlpSettings::default()
    };
    assert_eq!(settings.rate_at(0), 2.0);
    assert!((settings.rate_at(50) - 1.0).abs() < 1e-12);
    assert!(settings.rate_at(99) < 1e-3 && settings.rate_at(99) > 0.0);
}

#[cfg(feature = "burn")]
#[test]
fn parameters_are_weights_and_biases() {
    let settings = MlpSettings {
        updates: 1,
        ..brief()
    };
    let mlp = Mlp::train(two_clusters().as_ref(), 1.0, &settings, |_, _| {}).unwrap();
    assert_eq!(mlp.parameters(), 8 * 16 + 16 + 16 * 8 + 8);
}

/// The message of a training run that has to be refused.
fn refusal(examples: &Mat<f32>, noise: f64, settings: &MlpSettings) -> String {
    Mlp::train(examples.as_ref(), noise, settings, |_, _| {})
        .unwrap_err()
        .to_string()
}

#[test]
fn bad_settings_are_refused_with_value_and_bound() {
    let with = |change: fn(&mut MlpSettings)| {
        let mut settings = brief();
        change(&mut settings);
        refusal(&two_clusters(), 1.0, &settings)
    };
    let expected = "the number of examples in a batch is 0; it must be at least 1";
    assert_eq!(with(|s| s.batch = 0), expected);
    let expected = "the number of hidden units is 0; it must be at least 1";
    assert_eq!(with(|s| s.hidden = 0), expected);
    let expected = "the number of updates is 0; it must be at least 1";
    assert_eq!(with(|s| s.updates = 0), expected);
    let expected = "the learning rate is NaN; it must be positive and finite";
    assert_eq!(with(|s| s.rate = f64::NAN), expected);
    for noise in [-0.5, 0.0, f64::INFINITY] {
        let expected = format!("the noise is {noise}; it must be positive and finite");
        assert_eq!(refusal(&two_clusters(), noise, &brief()), expected);
    }
}

#[test]
fn bad_data_are_refused_with_their_place() {
    let mut holed = two_clusters();
    holed[(3, 1)] = f32::NAN;
    let expected = "sample 1 has NaN at unit 3; every value must be finite";
    assert_eq!(refusal(&holed, 1.0, &brief()), expected);
    let expected = "the data set has 8 units and 0 examples; give at least one of each";
    assert_eq!(refusal(&Mat::zeros(8, 0), 1.0, &brief()), expected);
}

#[cfg(feature = "burn")]
#[test]
fn a_network_refuses_samples_of_another_size_and_holes() {
    let mut holed = two_clusters();
    holed[(3, 1)] = f32::NAN;
    let settings = MlpSettings {
        updates: 1,
        ..brief()
    };
    let mlp = Mlp::train(two_clusters().as_ref(), 1.0, &settings, |_, _| {}).unwrap();
    let expected = "sample 1 has NaN at unit 3; every value must be finite";
    let error = mlp.denoise(holed.as_ref()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    let expected = "samples of 7 units were given to a network of 8; give 8 rows";
    let error = mlp.denoise(Mat::zeros(7, 2).as_ref()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(
        mlp.denoise(Mat::zeros(8, 0).as_ref()).unwrap().shape(),
        (8, 0)
    );
}

#[cfg(feature = "burn")]
#[test]
fn a_rate_beyond_reason_is_reported_as_divergence() {
    let settings = MlpSettings {
        rate: 1e30,
        ..brief()
    };
    let error = Mlp::train(two_clusters().as_ref(), 1.0, &settings, |_, _| {}).unwrap_err();
    let DigitalError::Diverged { update, rate, .. } = error else {
        panic!("{error}");
    };
    assert!((1..10).contains(&update) && rate == 1e30, "{update}");
}

#[cfg(not(feature = "burn"))]
#[test]
fn a_build_without_the_library_says_how_to_get_one() {
    assert_eq!(
        refusal(&two_clusters(), 1.0, &brief()),
        "this build trains no network by backpropagation; build with the feature `burn` of \
         overdamped-digital (`digital` of xtask)"
    );
}

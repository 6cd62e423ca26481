//! Bad input is refused with the value, the bound and the remedy.

use faer::Mat;
use overdamped_conditioning::{
    ConditioningError, Encoder, EncoderSettings, Interface, InterfaceSettings, Transfer,
    TransferSettings,
};
use overdamped_learn::AdamSettings;

use crate::{normal, teacher};

fn encoder_error(x: &Mat<f32>, y: &Mat<f32>, rank: usize, ridge: f64) -> String {
    let settings = EncoderSettings { rank, ridge };
    let error = Encoder::fit(x.as_ref(), y.as_ref(), &settings).unwrap_err();
    error.to_string()
}

#[test]
fn encoders() {
    let x = normal(5, 20, 1.0, 1);
    let y = normal(4, 20, 1.0, 2);
    let mut broken = x.clone();
    broken[(3, 7)] = f32::NAN;
    broken[(1, 9)] = f32::NEG_INFINITY;
    for (message, expected) in [
        (
            encoder_error(&x, &normal(4, 19, 1.0, 2), 2, 0.0),
            "19 samples for 20 inputs",
        ),
        (
            encoder_error(&broken, &y, 2, 0.0),
            "2 of the values are not finite, the first (NaN) in row 3, column 7",
        ),
        (
            encoder_error(&y, &broken, 2, 0.0),
            "the encoder's targets: 2 of the values",
        ),
        (
            encoder_error(&x, &y, 0, 0.0),
            "the rank of the bottleneck is 0; it must be at least 1",
        ),
        (
            encoder_error(&x, &y, 5, 0.0),
            "the rank of the bottleneck is 5; it must be at most the number of units",
        ),
        (
            encoder_error(&x, &y, 2, -1.0),
            "the ridge of the encoder is -1; it must be at least 0",
        ),
        (
            encoder_error(&x, &y, 2, f64::NAN),
            "the ridge of the encoder is NaN",
        ),
        (
            encoder_error(&Mat::zeros(5, 0), &Mat::zeros(4, 0), 2, 0.0),
            "5 units x 0 samples",
        ),
        (
            encoder_error(
                &x.subcols(0, 3).to_owned(),
                &y.subcols(0, 3).to_owned(),
                4,
                1e-6,
            ),
            "the encoder needs at least 4 samples, and 3 were given",
        ),
        // Fewer samples than features: without a ridge the map is not determined.
        (
            encoder_error(
                &x.subcols(0, 4).to_owned(),
                &y.subcols(0, 4).to_owned(),
                2,
                0.0,
            ),
            "numerical rank 4 in 5 features, and 5 is needed;",
        ),
    ] {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn constant_and_duplicated_features() {
    let x = normal(5, 40, 1.0, 1);
    let y = normal(4, 40, 1.0, 2);
    // Two constants differ by a factor, and feature 4 repeats feature 0.
    let flat = Mat::from_fn(5, 40, |i, n| match i {
        1 => 2.5,
        3 => -0.5,
        4 => x[(0, n)],
        _ => x[(i, n)],
    });
    let message = encoder_error(&flat, &y, 2, 0.0);
    let expected =
        "the inputs have numerical rank 3 in 5 features, and 5 is needed (feature 1 is constant)";
    assert!(message.contains(expected), "{message}");
    // With a ridge, rank 2 is there to be had, and rank 4 is not.
    let fit = |rank| {
        Encoder::fit(
            flat.as_ref(),
            y.as_ref(),
            &EncoderSettings { rank, ridge: 1e-6 },
        )
    };
    assert!(fit(2).is_ok());
    assert!(matches!(
        fit(4),
        Err(ConditioningError::RankDeficient {
            rank: 3,
            needed: 4,
            ..
        })
    ));
    let equal = Mat::from_fn(5, 40, |i, _| i as f32);
    assert!(matches!(
        Encoder::principal(equal.as_ref(), 2),
        Err(ConditioningError::RankDeficient {
            rank: 1,
            needed: 2,
            constant: Some(0),
            ..
        })
    ));
    assert!(matches!(
        Encoder::fit(
            Mat::zeros(5, 40).as_ref(),
            y.as_ref(),
            &EncoderSettings::default()
        ),
        Err(ConditioningError::RankDeficient { rank: 0, .. })
    ));
}

#[test]
fn transfers() {
    let x = normal(5, 40, 1.0, 1);
    let default = TransferSettings::default;
    let refused = |settings: TransferSettings| {
        Transfer::fit(x.as_ref(), x.as_ref(), &settings)
            .unwrap_err()
            .to_string()
    };
    for (settings, expected) in [
        (
            TransferSettings {
                hidden: 0,
                ..default()
            },
            "the number of hidden units is 0",
        ),
        (
            TransferSettings {
                batch: 0,
                ..default()
            },
            "the mini-batch is 0",
        ),
        (
            TransferSettings {
                finish: Some(0.0),
                ..default()
            },
            "output layer is 0; it must be at least 1e-12",
        ),
        (
            TransferSettings {
                finish: Some(f64::INFINITY),
                ..default()
            },
            "output layer is inf",
        ),
        (
            TransferSettings {
                hidden: 41,
                ..default()
            },
            "the transfer needs at least 41 samples, and 40",
        ),
        (
            TransferSettings {
                adam: AdamSettings {
                    rate: -1.0,
                    ..default().adam
                },
                ..default()
            },
            "the learning rate is -1",
        ),
        (
            TransferSettings {
                adam: AdamSettings {
                    floors: vec![("biases".into(), 0.0)],
                    ..default().adam
                },
                ..default()
            },
            "no parameter block `biases`; this energy has: transfer.in, transfer.out",
        ),
    ] {
        let message = refused(settings);
        assert!(message.contains(expected), "{message}");
    }
    let zeros = Mat::<f32>::zeros(5, 40);
    assert!(matches!(
        Transfer::fit(zeros.as_ref(), x.as_ref(), &default()),
        Err(ConditioningError::RankDeficient { rank: 0, .. })
    ));
    let network = teacher(5, 3, 2, 4);
    assert!(matches!(
        network.apply(normal(4, 9, 1.0, 5).as_ref()),
        Err(ConditioningError::Units {
            expected: 5,
            found: 4,
            ..
        })
    ));
    assert_eq!(network.apply(Mat::zeros(5, 0).as_ref()).unwrap().ncols(), 0);
    assert!(matches!(
        Transfer::new(Mat::zeros(3, 5).as_ref(), Mat::zeros(2, 4).as_ref()),
        Err(ConditioningError::Units {
            expected: 3,
            found: 4,
            ..
        })
    ));
}

#[test]
fn interfaces() {
    let x = normal(5, 40, 1.0, 1);
    let fit = |targets: &Mat<f32>, drives: &Mat<f32>| {
        let settings = InterfaceSettings::default();
        Interface::fit(x.as_ref(), targets.as_ref(), drives.as_ref(), &settings).unwrap_err()
    };
    assert!(matches!(
        fit(&x, &normal(5, 39, 1.0, 2)),
        ConditioningError::Unpaired {
            what: "the interface's drives",
            expected: 40,
            found: 39
        }
    ));
    let broken = Mat::full(5, 40, f32::NAN);
    assert!(matches!(
        fit(&broken, &x),
        ConditioningError::NonFinite {
            what: "the encoder's targets",
            count: 200,
            row: 0,
            column: 0,
            ..
        }
    ));
    let encoder = Encoder::new(Mat::zeros(2, 5).as_ref(), Mat::zeros(6, 2).as_ref()).unwrap();
    assert!(matches!(
        Interface::new(encoder, teacher(5, 3, 2, 4)),
        Err(ConditioningError::Units {
            expected: 6,
            found: 5,
            ..
        })
    ));
}

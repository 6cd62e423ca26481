//! The transfer network's training.

use faer::Scale;
use overdamped_conditioning::{Transfer, TransferSettings};
use overdamped_learn::AdamSettings;
use rayon::prelude::*;

use crate::{normal, squares, teacher, unexplained};

fn short(hidden: usize, updates: u64) -> TransferSettings {
    let settings = TransferSettings::default();
    TransferSettings {
        hidden,
        adam: AdamSettings {
            updates,
            ..settings.adam
        },
        ..settings
    }
}

#[test]
fn a_teacher_of_its_own_shape_is_learnt() {
    let teacher = teacher(8, 4, 6, 20);
    let x = normal(8, 2000, 1.5, 22);
    let y = teacher.apply(x.as_ref()).unwrap();
    let (student, training) = Transfer::fit(x.as_ref(), y.as_ref(), &short(4, 3000)).unwrap();
    assert_eq!(student.parameters(), teacher.parameters());
    // On samples that it has not seen: one part in a thousand of the mean square. The best linear map
    // leaves some tens (below).
    let fresh = normal(8, 1000, 1.5, 23);
    let expected = teacher.apply(fresh.as_ref()).unwrap();
    let found = student.apply(fresh.as_ref()).unwrap();
    let left = unexplained(&found, &expected);
    assert!(left < 1e-3, "{left:e} unexplained; {training:?}");
}

#[test]
fn the_finish_lowers_the_training_loss() {
    let teacher = teacher(8, 12, 6, 30);
    let x = normal(8, 700, 1.0, 32);
    let y = teacher.apply(x.as_ref()).unwrap() + normal(6, 700, 0.3, 33);
    for updates in [1, 30, 1000] {
        for ridge in [1e-12, 1e-6, 1.0, 1e6] {
            let settings = TransferSettings {
                finish: Some(ridge),
                ..short(5, updates)
            };
            let (network, training) = Transfer::fit(x.as_ref(), y.as_ref(), &settings).unwrap();
            assert!(training.finished <= training.adam, "{training:?}");
            if ridge < 1.0 {
                assert!(training.finished < training.adam, "{training:?}");
            }
            // What it reports is what the network does.
            let error = network.apply(x.as_ref()).unwrap() - &y;
            let loss = squares(error.as_ref()) / (6.0 * 700.0);
            assert!(
                (loss - training.finished).abs() < 1e-5 * loss,
                "{loss} {training:?}"
            );
            let unfinished = TransferSettings {
                finish: None,
                ..settings
            };
            let (_, left) = Transfer::fit(x.as_ref(), y.as_ref(), &unfinished).unwrap();
            assert_eq!((left.adam, left.finished), (training.adam, training.adam));
        }
    }
}

#[test]
fn seeds_decide_and_threads_do_not() {
    let x = normal(6, 600, 1.0, 40);
    let y = teacher(6, 4, 6, 41).apply(x.as_ref()).unwrap();
    let fit = |seed| {
        let settings = TransferSettings {
            seed,
            ..short(4, 100)
        };
        Transfer::fit(x.as_ref(), y.as_ref(), &settings).unwrap().0
    };
    let alone = fit(7);
    assert_ne!(alone, fit(8));
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let together: Vec<_> = pool.install(|| (0..4).into_par_iter().map(|_| fit(7)).collect());
        for other in together {
            assert_eq!(other, alone);
        }
    }
}

#[test]
fn the_scale_of_the_data_is_the_scale_of_the_weights() {
    let x = normal(6, 300, 1.0, 50);
    let y = teacher(6, 4, 6, 51).apply(x.as_ref()).unwrap();
    let (one, _) = Transfer::fit(x.as_ref(), y.as_ref(), &short(4, 60)).unwrap();
    let (small, large) = (&x * Scale(1.0 / 64.0), &y * Scale(256.0));
    let (other, _) = Transfer::fit(small.as_ref(), large.as_ref(), &short(4, 60)).unwrap();
    // Powers of two round nothing away.
    assert_eq!(other.input(), one.input() * Scale(64.0));
    assert_eq!(other.output(), one.output() * Scale(256.0));
}

#[test]
fn drives_of_zero_are_learnt_as_they_are() {
    let x = normal(4, 100, 1.0, 55);
    let zeros = faer::Mat::<f32>::zeros(3, 100);
    let (network, training) = Transfer::fit(x.as_ref(), zeros.as_ref(), &short(4, 50)).unwrap();
    assert!(training.finished < 1e-9, "{training:?}");
    assert!(network.apply(x.as_ref()).unwrap().norm_max() < 1e-3);
}

#[test]
fn a_rate_beyond_reason_is_reported_as_divergence() {
    let x = normal(4, 100, 1.0, 60);
    let mut settings = short(4, 50);
    settings.adam.rate = 1e30;
    let error = Transfer::fit(x.as_ref(), x.as_ref(), &settings).unwrap_err();
    assert!(
        error.to_string().starts_with("training diverged at update"),
        "{error}"
    );
}

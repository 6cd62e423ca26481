use std::sync::Arc;

use faer::{Mat, mat};
use overdamped_substrate::stream;
use rand::RngExt;

use super::{FlowBatch, FlowPairs, Pairing};
use crate::{Examples, LearnError};

/// Random corners of a cube.
fn corners(units: usize, examples: usize) -> Mat<f64> {
    let mut stream = stream::of(21, 0);
    Mat::from_fn(
        units,
        examples,
        |_, _| if stream.random() { 1.0 } else { -1.0 },
    )
}

fn pairs(data: Mat<f64>, pairing: Pairing) -> FlowPairs<f64> {
    FlowPairs::new(Arc::new(Examples::new(data).unwrap()), pairing).unwrap()
}

fn transport(group: usize) -> Pairing {
    Pairing::OptimalTransport { group }
}

/// Points in the plane at -2 and 2, and a third unit that says which.
fn labelled(examples: usize, pairing: Pairing) -> FlowPairs<f64> {
    let data = Mat::from_fn(3, examples, |unit, example| {
        let class = if example % 3 == 0 { 1.0 } else { -1.0 };
        if unit == 2 { class } else { 2.0 * class }
    });
    let data = Examples::with_visible(data, vec![true, true, false]).unwrap();
    FlowPairs::new(Arc::new(data), pairing).unwrap()
}

/// x_0 of each chain, from x_t = x_0 + t u.
fn noise(batch: &FlowBatch<f64>) -> Mat<f64> {
    Mat::from_fn(batch.places.nrows(), batch.places.ncols(), |unit, chain| {
        batch.places[(unit, chain)] - batch.times[chain] * batch.velocities[(unit, chain)]
    })
}

/// The noise of these chains on unit 0, in order of size.
fn sorted_noise(batch: &FlowBatch<f64>, chains: impl IntoIterator<Item = usize>) -> Vec<f64> {
    let noise = noise(batch);
    let mut values: Vec<f64> = chains.into_iter().map(|chain| noise[(0, chain)]).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn assert_same_noise(a: &FlowBatch<f64>, b: &FlowBatch<f64>, chains: &[usize]) {
    let both = [a, b].map(|batch| sorted_noise(batch, chains.iter().copied()));
    for (one, other) in both[0].iter().zip(&both[1]) {
        assert!((one - other).abs() < 1e-12, "{one} against {other}");
    }
}

/// Sum of |x_1 - x_0|^2 over these chains.
fn cost(batch: &FlowBatch<f64>, chains: &[usize]) -> f64 {
    let squares = chains
        .iter()
        .map(|&chain| batch.velocities.col(chain).squared_norm_l2());
    squares.sum()
}

/// The least sum of |x_1 - x_0|^2 over all ways to exchange the noise of these chains.
fn least_cost(batch: &FlowBatch<f64>, chains: &[usize]) -> f64 {
    fn best(distances: &Mat<f64>, row: usize, taken: &mut [bool]) -> f64 {
        let mut least = if row == taken.len() {
            0.0
        } else {
            f64::INFINITY
        };
        for column in 0..taken.len() {
            if row < taken.len() && !taken[column] {
                taken[column] = true;
                least = least.min(distances[(row, column)] + best(distances, row + 1, taken));
                taken[column] = false;
            }
        }
        least
    }
    let noise = noise(batch);
    let distances = Mat::from_fn(chains.len(), chains.len(), |i, j| {
        let end = noise.col(chains[i]) + batch.velocities.col(chains[i]);
        (end - noise.col(chains[j])).squared_norm_l2()
    });
    best(&distances, 0, &mut vec![false; chains.len()])
}

/// Also catches noise lost or used twice: both pairings take the same numbers from the stream.
#[test]
fn optimal_transport_shortens_the_lines_and_keeps_the_noise() {
    let draw = |pairing| {
        pairs(corners(64, 300), pairing)
            .draw(256, &mut stream::of(22, 0))
            .unwrap()
    };
    let (independent, optimal) = (draw(Pairing::Independent), draw(transport(256)));
    let (halves, beyond) = (draw(transport(128)), draw(transport(1000)));
    let all: Vec<usize> = (0..256).collect();
    for batch in [&optimal, &halves] {
        assert_eq!(batch.examples, independent.examples);
        assert_eq!(batch.times, independent.times);
        assert_same_noise(batch, &independent, &all);
    }
    assert_eq!(beyond, optimal);
    let mean = |batch| cost(batch, &all) / (256.0 * 64.0);
    // Independent: E (x_1 - x_0)^2 = 2 per unit, of standard error 0.02.
    assert!((mean(&independent) - 2.0).abs() < 0.1);
    assert!(mean(&halves) < mean(&independent) - 0.2);
    assert!(mean(&optimal) < mean(&halves));
}

/// Groups of 4, 4 and 2. Catches rows and columns of the plan exchanged, noise that leaves its group, and a
/// remainder that is not solved.
#[test]
fn every_group_has_the_plan_of_an_exhaustive_search() {
    for seed in 0..20 {
        let draw = |pairing| {
            pairs(corners(5, 10), pairing)
                .draw(10, &mut stream::of(23, seed))
                .unwrap()
        };
        let (independent, optimal) = (draw(Pairing::Independent), draw(transport(4)));
        for group in [&[0, 1, 2, 3][..], &[4, 5, 6, 7], &[8, 9]] {
            assert_same_noise(&independent, &optimal, group);
            assert!((cost(&optimal, group) - least_cost(&optimal, group)).abs() < 1e-10);
        }
    }
}

#[test]
fn plans_stay_within_equal_labels() {
    let draw = |pairing| {
        labelled(12, pairing)
            .draw(9, &mut stream::of(24, 0))
            .unwrap()
    };
    let (independent, optimal) = (draw(Pairing::Independent), draw(transport(9)));
    for label in [1.0, -1.0] {
        let chains: Vec<usize> = (0..9)
            .filter(|&chain| optimal.places[(2, chain)] == label)
            .collect();
        assert!(
            chains.len() > 1,
            "the seed shows too little of label {label}"
        );
        assert_same_noise(&independent, &optimal, &chains);
        assert!((cost(&optimal, &chains) - least_cost(&optimal, &chains)).abs() < 1e-10);
    }
}

/// Noise given the label has mean 0. n = 4 x 100 draws of the rarer class, standard error 0.05, bound 5
/// of them (false alarms 6e-7 for each unit). Plans across labels give a mean of 1 or so.
#[test]
fn noise_does_not_tell_the_label() {
    let pairs = labelled(300, transport(300));
    let (mut sums, mut count) = ([0.0; 2], 0.0);
    for seed in 0..4 {
        let batch = pairs.draw(300, &mut stream::of(25, seed)).unwrap();
        let noise = noise(&batch);
        for chain in (0..300).filter(|&chain| batch.places[(2, chain)] == 1.0) {
            count += 1.0;
            sums = [sums[0] + noise[(0, chain)], sums[1] + noise[(1, chain)]];
        }
    }
    assert_eq!(count, 400.0);
    assert!(
        sums.iter().all(|sum| (sum / count).abs() < 0.25),
        "{sums:?} of {count}"
    );
}

#[test]
fn labels_stay_where_they_are() {
    let pairs = labelled(12, transport(5));
    let batch = pairs.draw(12, &mut stream::of(26, 0)).unwrap();
    for (chain, &example) in batch.examples.iter().enumerate() {
        assert_eq!(
            batch.places[(2, chain)],
            pairs.examples().data()[(2, example)]
        );
        assert_eq!(batch.velocities[(2, chain)], 0.0);
        let velocity = batch.velocities[(1, chain)];
        let end = batch.places[(1, chain)] + (1.0 - batch.times[chain]) * velocity;
        assert!((end - pairs.examples().data()[(1, example)]).abs() < 1e-12);
    }
}

/// The two zeros are one label.
#[test]
fn labels_are_told_apart_by_value() {
    let data = mat![
        [1.0, 2.0, 3.0, 4.0],
        [0.0, -0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 2.0]
    ];
    let data = Examples::with_visible(data, vec![true, false, false]).unwrap();
    let pairs = FlowPairs::new(Arc::new(data), Pairing::Independent).unwrap();
    assert_eq!(pairs.classes, [0, 0, 1, 2]);
}

/// x_0 is standard normal. n = 64,000: standard errors 0.004 and 0.0056, bounds 5 of them (false alarms
/// 6e-7 each). Catches a wrong scale of noise, and pairs that favour some of it.
#[test]
fn noise_is_standard_normal() {
    let batch = pairs(corners(64, 1000), transport(100))
        .draw(1000, &mut stream::of(27, 0))
        .unwrap();
    let noise = noise(&batch);
    let mean = noise.sum() / 64_000.0;
    let variance = noise.squared_norm_l2() / 64_000.0 - mean * mean;
    assert!(mean.abs() < 0.02, "{mean}");
    assert!((variance - 1.0).abs() < 0.028, "{variance}");
}

/// Order over chains: the first chain's time, over 2000 batches, has mean 1/2 with standard error 0.0065;
/// bound 5 of them (false alarms 6e-7). Catches strata in the order of chains.
#[test]
fn times_fill_every_stratum_in_random_order() {
    let pairs = pairs(corners(2, 8), Pairing::Independent);
    let mut stream = stream::of(28, 0);
    let mut first = 0.0;
    for _ in 0..2000 {
        let batch = pairs.draw(8, &mut stream).unwrap();
        let mut strata: Vec<f64> = batch
            .times
            .iter()
            .map(|time| (8.0 * time).floor())
            .collect();
        strata.sort_by(f64::total_cmp);
        assert!(strata.into_iter().eq((0..8).map(f64::from)));
        first += batch.times[0] / 2000.0;
    }
    assert!((first - 0.5).abs() < 0.033, "{first}");
}

/// Each of 5 examples is in a batch of 2 with probability 2/5: over 5000 batches 2000 times, standard
/// deviation 34.6; bound 5 of them (false alarms 3e-6 for all). Catches repeats and neglected ends
/// of the data.
#[test]
fn batches_hold_different_examples_equally_often() {
    let pairs = pairs(corners(2, 5), Pairing::Independent);
    let mut stream = stream::of(29, 0);
    let mut counts = [0_i32; 5];
    for _ in 0..5000 {
        let batch = pairs.draw(2, &mut stream).unwrap();
        assert_ne!(batch.examples[0], batch.examples[1]);
        batch
            .examples
            .iter()
            .for_each(|&example| counts[example] += 1);
    }
    assert!(
        counts.iter().all(|count| (count - 2000).abs() < 173),
        "{counts:?}"
    );
}

#[test]
fn draws_do_not_depend_on_the_number_of_threads() {
    let draw = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let pairs = pairs(corners(16, 200), transport(30));
        pool.install(|| pairs.draw(200, &mut stream::of(30, 0)).unwrap())
    };
    assert_eq!(draw(1), draw(5));
}

#[test]
fn impossible_draws_are_refused() {
    let data = || Arc::new(Examples::new(corners(3, 4)).unwrap());
    let error = FlowPairs::new(data(), transport(0)).unwrap_err();
    assert!(matches!(error, LearnError::Setting { .. }));
    let mut stream = stream::of(31, 0);
    let pairs = FlowPairs::new(data(), Pairing::Independent).unwrap();
    let error = pairs.draw(0, &mut stream).unwrap_err();
    assert!(matches!(error, LearnError::Setting { .. }));
    let error = pairs.draw(5, &mut stream).unwrap_err();
    assert!(matches!(
        error,
        LearnError::BatchBeyondData {
            batch: 5,
            examples: 4
        }
    ));
    let far = Examples::new(mat![[3e38_f32, -3e38], [3e38, 3e38]]).unwrap();
    let far = FlowPairs::new(Arc::new(far), transport(2)).unwrap();
    // Some product of 3e38 and noise leaves single precision in nearly every draw.
    let refused = (0..10).filter_map(|_| far.draw(2, &mut stream).err());
    assert!(
        refused
            .into_iter()
            .any(|error| matches!(error, LearnError::UnusableCost { .. }))
    );
}

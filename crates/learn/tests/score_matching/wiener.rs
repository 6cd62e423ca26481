//! The output is the Wiener filter and the force on the data its score: in closed form, and after training.

use faer::Mat;
use overdamped_learn::{
    AdamSettings, Backward, LearnError, Model, NoiseLevel, Nudging, ScoreMatching,
    ScoreMatchingSettings, Settling, Verdict, train,
};
use overdamped_substrate::Settings;

use crate::gaussian::{DEVIATIONS, Gaussian, MODULES, PIXELS, relative};

/// Places around the data.
fn places() -> Mat<f64> {
    Mat::from_fn(PIXELS, 8, |i, c| {
        1.5 * (1.0 + 2.7 * (i + PIXELS * c) as f64).sin()
    })
}

/// The closed form at work: the oracle of the others.
#[test]
fn the_wiener_filter_is_a_network_at_rest() {
    let gaussian = Gaussian::new();
    let learned = gaussian.wiener_network();
    for level in 0..DEVIATIONS.len() {
        let places = places();
        let (output, force) = gaussian.read_out(&learned, level, &places);
        assert!(relative(&force, &(&output - &places)) < 1e-12);
        let off = relative(&force, &gaussian.score(level, &places));
        assert!(off < 1e-9, "level {level}: {off:e}");
    }
}

/// Trained by nudges from couplings that know nothing: 1000 updates of 128 noisy examples at each level. What is left is
/// the noise of the gradients (found: .01 to .05); at the start the score is off by more than ten times as much.
#[test]
fn training_finds_the_wiener_filter_and_the_score() {
    let gaussian = Gaussian::new();
    let wobble = |count: usize, phase: f64| {
        let values = (0..count).map(|i| 0.5 * (phase + 2.3 * i as f64).sin());
        values.collect::<Vec<_>>()
    };
    let start = gaussian.learned(|_| {
        [
            vec![0.0; PIXELS],
            vec![3.0; PIXELS],
            vec![1.0; PIXELS],
            wobble(PIXELS * PIXELS, 1.0),
        ]
    });
    let settings = ScoreMatchingSettings {
        modules: MODULES,
        levels: DEVIATIONS
            .iter()
            .map(|&deviation| NoiseLevel {
                deviation,
                weight: 1.0,
            })
            .collect(),
        levels_per_update: DEVIATIONS.len(),
        batch: 128,
        // Exact at any strength: the energy is quadratic.
        backward: Backward::Nudged(Nudging::constant_force(0.5)),
        free: Settling::once(16.0),
        nudged: 12.0,
        unfinished: Some(0.01),
        margin: Some(0.02),
    };
    let mut rule = ScoreMatching::new(
        gaussian.energy.clone(),
        gaussian.substrate(0.0, Settings::default()),
        gaussian.conditioned.clone(),
        gaussian.examples.clone(),
        settings,
    )
    .unwrap();
    let adam = AdamSettings {
        updates: 1000,
        rate: 0.03,
        memory: 0.99,
        average: Some(0.98),
        ..AdamSettings::default()
    };
    let mut models = [Model::new(start.clone(), 4, 0)];
    train(
        std::slice::from_mut(&mut rule),
        &mut models,
        &adam,
        100,
        |_| Ok::<_, LearnError>(Verdict::Continue),
    )
    .unwrap();
    let learned = models[0].averaged();
    let places = places();
    for level in 0..DEVIATIONS.len() {
        let score = gaussian.score(level, &places);
        let wiener = &places + &score;
        let (_, before) = gaussian.read_out(&start, level, &places);
        let before = relative(&before, &score);
        assert!(before > 0.3, "level {level}: off by {before} at the start");
        let (output, force) = gaussian.read_out(&learned, level, &places);
        let off = relative(&output, &wiener);
        assert!(off < 0.07, "level {level}: the output is off by {off}");
        let off = relative(&force, &score);
        assert!(off < 0.05, "level {level}: the score is off by {off}");
        // What the data units feel is x* - y, to the last digits.
        assert!(relative(&force, &(&output - &places)) < 1e-12);
    }
}

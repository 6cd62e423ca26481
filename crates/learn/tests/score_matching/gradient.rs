//! The estimated gradient against finite differences of the loss, and against the implicit function theorem.

use faer::Mat;
use overdamped_learn::{
    Backward, Level, Measured, Nudging, Rule, ScoreMatchingSettings, ScoreModules,
};
use overdamped_substrate::{Substrate, stream};
use rand::Rng;
use rand::seq::index;

use crate::toy::{
    BATCH, LEVELS, MODULES, PIXELS, TIME, UNITS, conditioned, energy, examples, learned, rule,
    settings, substrate,
};

/// Quadratic up to the quartic wells, whose share is of order beta squared.
const NUDGED: Backward = Backward::Nudged(Nudging::constant_force(1e-4));

fn estimate(settings: &ScoreMatchingSettings, theta: &[f64], seed: u64) -> (Vec<f64>, Measured) {
    let mut gradient = vec![f64::NAN; theta.len()];
    let mut stream = stream::of(seed, 0);
    let measured = rule::<f64>(settings.clone())
        .estimate(theta, &mut stream, &mut gradient)
        .unwrap();
    (gradient, measured)
}

/// |a - b| / |b|.
fn relative(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

/// Every learned parameter, shared and of each level, is moved by 1e-4 to either side, and the loss of the same draws
/// taken again. The loss is 2 / pixels times the cost. Catches any lost weight, level, factor, sign or coupling.
#[test]
fn the_gradient_is_a_difference_of_losses() {
    const STEP: f64 = 1e-4;
    let theta = learned::<f64>();
    for per_update in [1, 2] {
        for backward in [NUDGED, Backward::Implicit] {
            let mut settings = settings(backward);
            settings.levels_per_update = per_update;
            let (gradient, measured) = estimate(&settings, &theta, 5);
            assert!(measured.residual.unwrap() < 1e-12, "{measured:?}");
            let loss = |index: usize, step: f64| {
                let mut theta = theta.clone();
                theta[index] += step;
                estimate(&settings, &theta, 5).1.loss.unwrap()
            };
            let differences: Vec<f64> = (0..theta.len())
                .map(|index| {
                    let change = loss(index, STEP) - loss(index, -STEP);
                    0.5 * PIXELS as f64 * change / (2.0 * STEP)
                })
                .collect();
            let layout = conditioned::<f64>().layout().clone();
            let mut compared = 0;
            for (block, range) in layout.blocks() {
                // Blocks of each level hold one run of values for each.
                let own = ["strength.0", "stiffness.1", "bias.0"].contains(&block.name.as_str());
                let runs = if own { LEVELS.len() } else { 1 };
                for level in 0..runs {
                    let run = range.len() / runs;
                    let run = range.start + level * run..range.start + (level + 1) * run;
                    if own && per_update == 1 && differences[run.clone()].iter().all(|d| *d == 0.0)
                    {
                        // Another level's.
                        assert!(gradient[run].iter().all(|slope| *slope == 0.0));
                        continue;
                    }
                    let off = relative(&gradient[run.clone()], &differences[run.clone()]);
                    assert!(
                        off < 1e-6,
                        "{backward:?}, {} at {level}: {off:e}",
                        block.name
                    );
                    assert!(differences[run].iter().any(|d| d.abs() > 1e-4));
                    compared += 1;
                }
            }
            // Eight shared blocks, and three of each level drawn.
            assert_eq!(compared, 8 + 3 * per_update);
        }
    }
}

/// One level in each update, so that both see the same draws.
#[test]
fn nudges_say_what_the_implicit_function_theorem_says() {
    let theta = learned::<f64>();
    for seed in 0..6 {
        let estimates = [NUDGED, Backward::Implicit].map(|backward| {
            let mut settings = settings(backward);
            settings.levels_per_update = 1;
            estimate(&settings, &theta, seed)
        });
        let [(nudged, seen), (exact, loss)] = estimates;
        let off = relative(&nudged, &exact);
        assert!(off < 1e-7, "seed {seed}: {off:e}");
        assert_eq!(seen, loss);
    }
}

/// The loss from its definition: the weighted mean over levels of the mean square of x* - x_0, the network relaxed by hand
/// from the same draws.
#[test]
fn the_loss_is_the_weighted_mean_square_error() {
    let theta = learned::<f64>();
    let (_, measured) = estimate(&settings(Backward::Implicit), &theta, 11);
    let mut stream = stream::of(11, 0);
    let mut expected = 0.0;
    for level in index::sample(&mut stream, 2, 2) {
        let noise = Level {
            time: 0.0,
            signal: 1.0,
            noise: LEVELS[level].deviation,
        };
        let drawn = examples::<f64>().draw(noise, BATCH, &mut stream);
        let mut device = substrate::<f64>();
        device
            .program(&conditioned().at(&theta, level).unwrap())
            .unwrap();
        let start = MODULES.start(&energy(), drawn.noised.as_ref());
        device.prepare(start.as_ref(), stream.next_u64()).unwrap();
        device.relax(TIME).unwrap();
        let rest = device.read().unwrap();
        for chain in 0..BATCH {
            for pixel in 0..PIXELS {
                let off = rest[(pixel, chain)] - drawn.clean[(pixel, chain)];
                let share = LEVELS[level].weight / (2 * BATCH * PIXELS) as f64;
                expected += share * off * off;
            }
        }
    }
    let loss = measured.loss.unwrap();
    assert!(
        (loss / expected - 1.0).abs() < 1e-12,
        "{loss}, not {expected}"
    );
}

/// Data and output at the noisy values, the label at its own, hidden units at zero; labels never move.
#[test]
fn modules_say_where_a_batch_starts_and_what_moves() {
    let noisy = Mat::from_fn(PIXELS + 2, 2, |row, chain| (1 + row + 10 * chain) as f64);
    let start = MODULES.start(&energy(), noisy.as_ref());
    let column: Vec<f64> = start.col(1).iter().copied().collect();
    let expected = [
        11.0, 12.0, 13.0, 0.0, 0.0, 0.0, 0.0, 11.0, 12.0, 13.0, 14.0, 15.0,
    ];
    assert_eq!(column, expected);
    assert_eq!(MODULES.moving(&energy()), [0, 1]);
    let unlabelled = ScoreModules {
        label: None,
        ..MODULES
    };
    assert_eq!(unlabelled.moving(&energy()), [0, 1, 3]);
    let mobility = MODULES.mobility(&energy(), 0.25);
    let mut expected = [1.0; UNITS];
    expected[7..10].fill(0.25);
    expected[10..].fill(0.0);
    assert_eq!(mobility, expected);
}

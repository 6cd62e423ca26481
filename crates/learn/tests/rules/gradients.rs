//! What each rule measures, against its expectation and against force matching.
//!
//! n = 200 batches of 2,000 draws each, seed 11; nine parameters, five standard errors.

use overdamped_energy::SiteTerm;
use overdamped_learn::{Contrastive, ForceMatching, PathLikelihood, Rule};
use overdamped_substrate::stream;

use crate::oracle::{Contrast, Toy, slope};

const BATCH: usize = 2000;
const BATCHES: usize = 200;

/// Bias, stiffness, cubic, quartic (two units each) and the coupling: nowhere near the optimum.
const THETA: [f64; 9] = [0.1, -0.2, -0.3, 0.1, 0.05, -0.1, 0.1, 0.05, 0.2];

fn toy() -> Toy {
    use SiteTerm::{Bias, Cubic, Quartic, Stiffness};
    Toy::plane(&[Bias, Stiffness, Cubic, Quartic])
}

/// Mean and standard error over batches of the gradient, with the loss (zero if unseen) at the end.
fn measured(mut rule: impl Rule<f64>) -> (Vec<f64>, Vec<f64>) {
    let mut stream = stream::of(11, 0);
    let mut gradient = vec![0.0; THETA.len()];
    let (mut sum, mut squares) = ([0.0; 10], [0.0; 10]);
    for _ in 0..BATCHES {
        let seen = rule.estimate(&THETA, &mut stream, &mut gradient).unwrap();
        for (k, value) in gradient.iter().copied().chain(seen.loss).enumerate() {
            sum[k] += value;
            squares[k] += value * value;
        }
    }
    let n = BATCHES as f64;
    let error = |k: usize| ((squares[k] / n - (sum[k] / n).powi(2)).max(0.0) / (n - 1.0)).sqrt();
    (
        sum.iter().map(|sum| sum / n).collect(),
        (0..10).map(error).collect(),
    )
}

/// Largest deviation of any component, in standard errors.
fn deviation(found: &[f64], error: &[f64], expected: &[f64]) -> f64 {
    let each = expected.iter().zip(found).zip(error);
    each.map(|((expected, found), error)| (found - expected).abs() / error)
        .fold(0.0, f64::max)
}

/// The measurement agrees with `expected`, and would not with its sign or scale wrong.
fn assert_agrees(what: &str, (found, error): &(Vec<f64>, Vec<f64>), expected: &[f64]) {
    let worst = deviation(found, error, expected);
    assert!(
        worst < 5.0,
        "{what}: {worst:.1} standard errors off\n{found:?}\n{expected:?}"
    );
    for (fault, factor) in [("sign", -1.0), ("factor of two", 2.0), ("half", 0.5)] {
        let wrong: Vec<f64> = expected.iter().map(|value| factor * value).collect();
        let worst = deviation(found, error, &wrong);
        assert!(
            worst > 10.0,
            "{what}: a wrong {fault} would pass, {worst:.1} standard errors off"
        );
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    dot(a, b) / (norm(a) * norm(b))
}

/// Catches a wrong target (sigma for sigma^2, a lost trap), a wrong share of batch or units, and an
/// error carried back with the wrong sign.
#[test]
fn force_matching_measures_loss_and_gradient_of_the_expected_loss() {
    let toy = toy();
    let rule = ForceMatching::new(
        toy.energy(),
        toy.substrate(),
        toy.examples(),
        toy.denoiser(),
        BATCH,
    );
    let mut expected = slope(&THETA, |theta| toy.loss(theta));
    expected.push(toy.loss(&THETA));
    assert_agrees("force matching", &measured(rule.unwrap()), &expected);
}

/// Catches a velocity of the wrong sign or mobility, forces read at the earlier point, and a
/// second step that does not continue the first.
#[test]
fn path_likelihood_measures_its_expectation_and_tends_to_force_matching() {
    let toy = toy();
    let matching = slope(&THETA, |theta| toy.loss(theta));
    let path = |duration| slope(&THETA, |theta| toy.path_loss(theta, duration));
    // Halving the step halves the difference: it is of first order.
    let (far, near) = (
        distance(&path(0.004), &matching),
        distance(&path(0.002), &matching),
    );
    assert!(near < 0.02 * norm(&matching), "{near}");
    assert!((far / near - 2.0).abs() < 0.05, "{far} and {near}");

    let duration = 0.05;
    let rule = PathLikelihood::new(
        toy.energy(),
        toy.substrate(),
        toy.examples(),
        toy.denoiser(),
        duration,
        BATCH,
    );
    let mut expected = path(duration);
    expected.push(toy.path_loss(&THETA, duration));
    assert_agrees("path likelihood", &measured(rule.unwrap()), &expected);
}

/// Catches contrasts of the wrong sign or scale, the driving energy where the equilibrium one
/// belongs, and a return that starts at the earlier point.
#[test]
fn contrasts_are_the_force_matching_gradient_to_first_order() {
    let toy = toy();
    let matching = slope(&THETA, |theta| toy.loss(theta));
    let parts = || {
        (
            toy.energy(),
            toy.substrate(),
            toy.examples(),
            toy.denoiser(),
        )
    };
    let duration = 0.02;
    for contrast in [Contrast::Static, Contrast::Trajectory] {
        let expected = toy.contrast(&THETA, duration, contrast);
        let (energy, substrate, examples, denoiser) = parts();
        let rule = match contrast {
            Contrast::Static => {
                Contrastive::equilibrium(energy, substrate, examples, denoiser, duration, BATCH)
            }
            Contrast::Trajectory => {
                Contrastive::trajectory(energy, substrate, examples, denoiser, duration, BATCH)
            }
        };
        let found = measured(rule.unwrap());
        assert_agrees(&format!("{contrast:?}"), &found, &expected);
        assert_eq!(found.0[9], 0.0, "a contrast sees no loss");
        let alignment = cosine(&found.0[..9], &matching);
        assert!(alignment > 0.98, "{contrast:?}: cosine {alignment}");

        let off = |duration| distance(&toy.contrast(&THETA, duration, contrast), &matching);
        let (far, near) = (off(0.004), off(0.002));
        assert!(near < 0.02 * norm(&matching), "{contrast:?}: {near}");
        assert!(
            (far / near - 2.0).abs() < 0.05,
            "{contrast:?}: {far} and {near}"
        );
    }
}

//! Draws: their moments, the invariance of the stationary law, independence of the batch.

use faer::Mat;
use overdamped_substrate::ornstein_uhlenbeck::{
    OrnsteinUhlenbeck, OrnsteinUhlenbeckError, Transition,
};

use super::oracle::{TestResult, covariance_if_drift_were_normal, non_normal, quadrature, streams};

/// n = 200 000 chains. Five statistics (two means, three covariance entries), each tested at
/// 5 sigma: the false-alarm rate is 5 * 5.7e-7 = 3e-6 over seeds. It would catch a drift treated as
/// normal, a transposed propagator or root, a shared stream, and a mean that does not relax.
#[test]
fn samples_have_the_exact_mean_and_covariance() -> TestResult {
    const CHAINS: usize = 200_000;
    let n = CHAINS as f64;
    let process = non_normal()?;
    let transition = process.transition(1.0)?;
    let start = [2.0, 1.0];
    let mut x = Mat::from_fn(2, CHAINS, |unit, _| start[unit]);
    transition.sample_into(x.as_mut(), &mut streams(2024, CHAINS))?;

    let (slow, fast) = ((-1f64).exp(), (-2f64).exp());
    let displacement = [start[0] - 0.5, start[1] + 1.0];
    let expected_mean = [
        0.5 + slow * displacement[0] - 4.0 * (slow - fast) * displacement[1],
        -1.0 + fast * displacement[1],
    ];
    let q = quadrature(process.drift(), process.diffusion(), process.drift(), 1.0);
    let wrong = covariance_if_drift_were_normal(&process, 1.0);

    for i in 0..2 {
        let mean = x.row(i).sum() / n;
        let sigma = (q[(i, i)] / n).sqrt();
        assert!(
            (mean - expected_mean[i]).abs() < 5.0 * sigma,
            "mean of unit {i}"
        );
        for j in 0..=i {
            let covariance = (0..CHAINS)
                .map(|c| (x[(i, c)] - expected_mean[i]) * (x[(j, c)] - expected_mean[j]))
                .sum::<f64>()
                / n;
            let sigma = ((q[(i, i)] * q[(j, j)] + q[(i, j)].powi(2)) / n).sqrt();
            assert!(
                (covariance - q[(i, j)]).abs() < 5.0 * sigma,
                "entry {i}, {j}"
            );
            // Power: every entry differs by more than 15 sigma from what a normal drift would give.
            assert!(
                (wrong[(i, j)] - q[(i, j)]).abs() > 15.0 * sigma,
                "entry {i}, {j}"
            );
        }
    }
    Ok(())
}

/// n = 100 000, three covariance entries at 5 sigma (false alarm 2e-6): one stationary draw, then a
/// step, must leave the law alone. It would catch a step that heats or cools the chain.
#[test]
fn stationary_law_is_invariant_under_a_step() -> TestResult {
    const CHAINS: usize = 100_000;
    let process = non_normal()?;
    let s = process.stationary_covariance()?;
    let mut chains = streams(7, CHAINS);
    let mut x = Mat::zeros(2, CHAINS);
    process
        .stationary_transition()?
        .sample_into(x.as_mut(), &mut chains)?;
    process
        .transition(0.3)?
        .sample_into(x.as_mut(), &mut chains)?;
    for i in 0..2 {
        for j in 0..=i {
            let mean = process.mean();
            let covariance = (0..CHAINS)
                .map(|c| (x[(i, c)] - mean[i]) * (x[(j, c)] - mean[j]))
                .sum::<f64>()
                / CHAINS as f64;
            let sigma = ((s[(i, i)] * s[(j, j)] + s[(i, j)].powi(2)) / CHAINS as f64).sqrt();
            assert!(
                (covariance - s[(i, j)]).abs() < 5.0 * sigma,
                "entry {i}, {j}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_chain_does_not_depend_on_its_batch() -> TestResult {
    const UNITS: usize = 13;
    const CHAINS: usize = 9;
    let drift = Mat::from_fn(UNITS, UNITS, |i, j| {
        if i == j {
            14.0
        } else {
            ((3 * i + 5 * j) as f64).sin()
        }
    });
    let process = OrnsteinUhlenbeck::new(drift, Mat::identity(UNITS, UNITS), vec![0.25; UNITS])?;
    let transition = process.transition(0.02)?;
    let advance = |transition: &Transition, first: usize, count: usize| {
        let mut x = Mat::from_fn(UNITS, count, |i, c| (i * (first + c)) as f64 / 7.0);
        let mut streams: Vec<_> = streams(5, CHAINS).split_off(first);
        streams.truncate(count);
        for _ in 0..4 {
            transition.sample_into(x.as_mut(), &mut streams)?;
        }
        Ok::<_, OrnsteinUhlenbeckError>(x)
    };
    let whole = advance(&transition, 0, CHAINS)?;
    for batch in [1, 2, 7] {
        for first in (0..CHAINS).step_by(batch) {
            let part = advance(&transition, first, batch.min(CHAINS - first))?;
            assert_eq!(part.as_ref(), whole.subcols(first, part.ncols()));
        }
    }
    Ok(())
}

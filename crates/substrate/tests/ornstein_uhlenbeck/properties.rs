//! Laws that hold for every stable drift and every diffusion.

use faer::linalg::solvers::Solve;
use faer::{Mat, Scale, Side};
use overdamped_substrate::ornstein_uhlenbeck::OrnsteinUhlenbeck;
use proptest::prelude::*;

use super::oracle::error;

/// A matrix with entries in [-1, 1].
fn entries(rows: usize, columns: usize) -> impl Strategy<Value = Mat<f64>> {
    prop::collection::vec(-1.0..1.0f64, rows * columns)
        .prop_map(move |values| Mat::from_fn(rows, columns, |i, j| values[i * columns + j]))
}

/// Random stable drift (strictly dominant diagonal) and random diffusion of any rank, zero included.
fn process() -> impl Strategy<Value = OrnsteinUhlenbeck> {
    (1..=6usize, 0..=6usize)
        .prop_flat_map(|(units, rank)| (entries(units, units), entries(units, rank)))
        .prop_map(|(mut drift, noise)| {
            for i in 0..drift.nrows() {
                let row: f64 = drift.row(i).iter().map(|value| value.abs()).sum();
                drift[(i, i)] += row + 0.1;
            }
            let diffusion = &noise * noise.transpose();
            let mean = vec![0.0; drift.nrows()];
            OrnsteinUhlenbeck::new(drift, diffusion, mean).expect("stable by construction")
        })
}

/// Drift `(D/2 + K) S^-1` with chosen `S` and antisymmetric `K`: `S` is its stationary covariance.
fn known_stationary() -> impl Strategy<Value = (OrnsteinUhlenbeck, Mat<f64>)> {
    (1..=6usize)
        .prop_flat_map(|n| (entries(n, n), entries(n, n), entries(n, n)))
        .prop_map(|(shape, noise, rotation)| {
            let n = shape.nrows();
            let covariance = &shape * shape.transpose() + Scale(0.2) * Mat::<f64>::identity(n, n);
            let diffusion = &noise * noise.transpose() + Scale(0.2) * Mat::<f64>::identity(n, n);
            let circulation = &rotation - rotation.transpose();
            // A S = D/2 + K, so S A^T = (D/2 + K)^T.
            let right = Scale(0.5) * &diffusion - circulation;
            let drift = covariance
                .partial_piv_lu()
                .solve(right)
                .transpose()
                .to_owned();
            let process = OrnsteinUhlenbeck::new(drift, diffusion, vec![0.0; n])
                .expect("stable by construction");
            (process, covariance)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn durations_compose(process in process(), s in 0.0..3.0f64, t in 0.0..3.0f64) {
        let first = process.transition(s)?;
        let second = process.transition(t)?;
        let both = process.transition(s + t)?;
        let e = second.propagator();
        let covariance = second.covariance() + e * first.covariance() * e.transpose();
        let difference = (both.covariance() - covariance).norm_max();
        prop_assert!(difference <= 1e-13 * (1.0 + both.covariance().norm_max()));
        let difference = (both.propagator() - e * first.propagator()).norm_max();
        prop_assert!(difference <= 1e-13);
    }

    #[test]
    fn covariance_is_symmetric_and_never_negative(process in process(), t in 1e-6..50.0f64) {
        let transition = process.transition(t)?;
        let q = transition.covariance();
        prop_assert_eq!(q, q.transpose());
        let eigenvalues = q.self_adjoint_eigenvalues(Side::Lower).expect("small");
        prop_assert!(eigenvalues[0] >= -1e-14 * q.norm_max());
    }

    #[test]
    fn long_durations_reach_the_stationary_law(process in process()) {
        let stationary = process.stationary_covariance()?;
        for t in [1e4, 1e300] {
            let transition = process.transition(t)?;
            let difference = (transition.covariance() - &stationary).norm_max();
            prop_assert!(difference <= 1e-13 * stationary.norm_max());
            prop_assert!(transition.propagator().norm_max() < 1e-300);
        }
    }

    #[test]
    fn stationary_covariance_is_the_constructed_one((process, covariance) in known_stationary()) {
        let stationary = process.stationary_covariance()?;
        prop_assert!(error(stationary.as_ref(), covariance.as_ref()) < 1e-10);
    }

    /// Entropy production needs rotation; detailed balance (K = 0) has none.
    #[test]
    fn entropy_production_vanishes_only_in_equilibrium((process, s) in known_stationary()) {
        let rate = process.entropy_production_rate()?;
        let d = process.diffusion();
        let velocity = process.drift() - s.partial_piv_lu().solve(Scale(0.5) * d).transpose();
        let work = d.partial_piv_lu().solve(&velocity * &s * velocity.transpose());
        let expected = 2.0 * (0..process.units()).map(|i| work[(i, i)]).sum::<f64>();
        prop_assert!((rate - expected).abs() <= 1e-9 * expected + 1e-20);

        let balanced = s.partial_piv_lu().solve(Scale(0.5) * d).transpose().to_owned();
        let balanced = OrnsteinUhlenbeck::new(balanced, d.to_owned(), vec![0.0; s.nrows()])?;
        prop_assert!(balanced.entropy_production_rate()? < 1e-18);
    }
}

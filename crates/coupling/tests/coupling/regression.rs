//! Methods that regress, against the normal equations and symmetric roots of covariances.

use std::f64::consts::{SQRT_2, TAU};

use faer::Mat;
use faer::linalg::solvers::Solve;
use overdamped_coupling::{Fit, FitSettings, LowRankMap, Method};

use crate::support::{
    PLAIN, TwoPass, activations, assert_near, fitted, moments_of, narrow, normal, power, truncated,
};

#[test]
fn at_full_rank_three_methods_are_ridge_regression() {
    for (encoder, decoder) in [(6, 4), (4, 6), (5, 5)] {
        let pair = activations(encoder, decoder, 400, 10);
        let moments = moments_of(&pair);
        for ridge in [0.0, 0.3] {
            let expected = TwoPass::new(&pair).ridged(ridge).regression();
            for method in [
                Method::ReducedRank,
                Method::Canonical,
                Method::JointGaussian,
            ] {
                let fit = Fit::new(&moments, method, FitSettings { ridge }).unwrap();
                assert_eq!(fit.full_rank(), encoder.min(decoder));
                let map = fit.rank(fit.full_rank()).unwrap();
                assert_near(&map.matrix(), &expected, 1e-9);
            }
        }
    }
}

/// Two more ways to the same: B V_k V_k^T, and the best approximation of the whitened problem with a Cholesky
/// factor as root.
#[test]
fn reduced_rank_regression_is_the_optimum_of_the_whitened_problem() {
    let pair = activations(7, 5, 300, 20);
    let moments = moments_of(&pair);
    for ridge in [0.0, 0.05] {
        let c = TwoPass::new(&pair).ridged(ridge);
        let regression = c.regression();
        let explained = regression.transpose() * &c.xx * &regression;
        let modes = explained.self_adjoint_eigen(faer::Side::Lower).unwrap();
        let root = c.xx.llt(faer::Side::Lower).unwrap();
        let upper = root.L().transpose().to_owned();
        let whitened = &upper * &regression;
        let fit = Fit::new(&moments, Method::ReducedRank, FitSettings { ridge }).unwrap();
        for rank in 1..=5 {
            let found = fit.rank(rank).unwrap().matrix();
            let leading = modes.U().reverse_cols().subcols(0, rank).to_owned();
            assert_near(
                &found,
                &(&regression * &leading * leading.transpose()),
                1e-9,
            );
            let nearest = upper.partial_piv_lu().solve(truncated(&whitened, rank));
            assert_near(&found, &nearest, 1e-9);
            let variance = modes.S()[5 - rank];
            assert!((fit.spectrum()[rank - 1] - variance.sqrt()).abs() < 1e-9 * variance.sqrt());
        }
    }
}

/// Perturbations of both factors from a thousandth to their own size.
#[test]
fn no_map_near_the_reduced_rank_fit_predicts_better() {
    let moments = moments_of(&activations(6, 5, 250, 30));
    let fit = fitted(&moments, Method::ReducedRank);
    for rank in 1..=4 {
        let best = fit.rank(rank).unwrap();
        let most = best.coefficient_of_determination(&moments).unwrap();
        let scaled = Mat::from_fn(6, rank, |i, k| best.left()[(i, k)] * best.strength()[k]);
        for attempt in 0..200 {
            let size = 10.0_f64.powf(-3.0 * (attempt % 10) as f64 / 9.0);
            let seed = 1000 * rank as u64 + 2 * attempt;
            let left = &scaled + normal(6, rank, seed) * faer::Scale(size * best.strength()[0]);
            let right = best.right() + normal(5, rank, seed + 1) * faer::Scale(size);
            let (x, y) = (moments.mean_encoder(), moments.mean_decoder());
            let other = LowRankMap::new(left.as_ref(), right.as_ref(), x, y).unwrap();
            let reached = other.coefficient_of_determination(&moments).unwrap();
            assert!(reached < most, "{reached} at rank {rank}, for {most}");
        }
    }
}

/// R^2 of each rank is the variance of its modes over that of the decoder.
#[test]
fn the_spectrum_of_reduced_rank_adds_up_to_what_is_explained() {
    let pair = activations(5, 6, 300, 40);
    let moments = moments_of(&pair);
    let fit = fitted(&moments, Method::ReducedRank);
    let all: f64 = (0..6).map(|i| TwoPass::new(&pair).yy[(i, i)]).sum();
    let mut explained = 0.0;
    for rank in 1..=5 {
        explained += fit.spectrum()[rank - 1].powi(2);
        let map = fit.rank(rank).unwrap();
        let found = map.coefficient_of_determination(&moments).unwrap();
        assert!((found - explained / all).abs() < 1e-11);
    }
}

/// Units mixed of waves that are orthogonal over the samples, exactly but for the rounding to single precision,
/// which leaves correlations within 1e-6 of those they were made with.
#[test]
fn canonical_correlations_are_those_that_were_put_in() {
    let known = [0.95, 0.7, 0.4, 0.1];
    let samples = 512;
    let wave = |k: usize, n: usize, phase: f64| {
        SQRT_2 * (TAU * (k + 1) as f64 * n as f64 / samples as f64 + phase).cos()
    };
    let u = Mat::from_fn(5, samples, |k, n| wave(k, n, 0.0));
    let v = Mat::from_fn(4, samples, |k, n| {
        let rho: f64 = known[k];
        rho * u[(k, n)] + (1.0 - rho * rho).sqrt() * wave(k, n, TAU / 4.0)
    });
    let pair = (
        narrow(&(normal(5, 5, 1) * u)),
        narrow(&(normal(4, 4, 2) * v)),
    );
    let fit = fitted(&moments_of(&pair), Method::Canonical);
    for (found, known) in fit.spectrum().iter().zip(known) {
        assert!((found - known).abs() < 1e-6, "{found} for {known}");
    }
}

#[test]
fn canonical_maps_are_those_of_symmetric_roots() {
    let pair = activations(6, 4, 300, 50);
    let moments = moments_of(&pair);
    for ridge in [0.0, 0.1] {
        let c = TwoPass::new(&pair).ridged(ridge);
        let correlation = power(&c.xx, -0.5) * &c.xy * power(&c.yy, -0.5);
        let fit = Fit::new(&moments, Method::Canonical, FitSettings { ridge }).unwrap();
        for rank in 1..=4 {
            let expected = power(&c.xx, -0.5) * truncated(&correlation, rank) * power(&c.yy, 0.5);
            assert_near(&fit.rank(rank).unwrap().matrix(), &expected, 1e-9);
        }
    }
}

/// The precision of both sides as one inverse.
#[test]
fn joint_gaussian_maps_are_those_of_the_inverse_covariance() {
    for (encoder, decoder) in [(6, 4), (3, 5)] {
        let pair = activations(encoder, decoder, 300, 60);
        let moments = moments_of(&pair);
        for ridge in [0.0, 0.1] {
            let c = TwoPass::new(&pair).ridged(ridge);
            let size = encoder + decoder;
            let sigma = Mat::from_fn(size, size, |i, j| match (i < encoder, j < encoder) {
                (true, true) => c.xx[(i, j)],
                (true, false) => c.xy[(i, j - encoder)],
                (false, true) => c.xy[(j, i - encoder)],
                (false, false) => c.yy[(i - encoder, j - encoder)],
            });
            let precision = sigma
                .partial_piv_lu()
                .solve(Mat::<f64>::identity(size, size));
            let coupling = -precision.submatrix(0, encoder, encoder, decoder);
            let own = precision
                .submatrix(encoder, encoder, decoder, decoder)
                .to_owned();
            let fit = Fit::new(&moments, Method::JointGaussian, FitSettings { ridge }).unwrap();
            for rank in 1..=encoder.min(decoder) {
                let cut = truncated(&coupling, rank);
                // y = K_yy^-1 J^T x.
                let expected = own
                    .partial_piv_lu()
                    .solve(cut.transpose())
                    .transpose()
                    .to_owned();
                assert_near(&fit.rank(rank).unwrap().matrix(), &expected, 1e-8);
            }
            let values = coupling.singular_values().unwrap();
            for (found, expected) in fit.spectrum().iter().zip(values) {
                assert!((found - expected).abs() < 1e-8 * expected);
            }
        }
    }
}

/// With a ridge a unit that never varies takes no part, and two that are the same share theirs.
#[test]
fn a_ridge_makes_up_for_constant_and_duplicated_units() {
    let (x, y) = activations(3, 3, 400, 70);
    let wide = Mat::from_fn(5, 400, |i, n| match i {
        0 => 0.1,
        4 => x[(1, n)],
        _ => x[(i - 1, n)],
    });
    let expected = fitted(&moments_of(&(x, y.clone())), Method::ReducedRank);
    let expected = expected.rank(2).unwrap().matrix();
    let moments = moments_of(&(wide, y));
    for method in [
        Method::ReducedRank,
        Method::Canonical,
        Method::JointGaussian,
    ] {
        let fit = Fit::new(&moments, method, FitSettings::default()).unwrap();
        let map = fit.rank(2).unwrap().matrix();
        for j in 0..3 {
            assert!(map[(0, j)].abs() < 1e-9);
            assert!((map[(2, j)] - map[(4, j)]).abs() < 1e-9);
            if method == Method::ReducedRank {
                let both = map[(2, j)] + map[(4, j)];
                assert!((both - expected[(1, j)]).abs() < 1e-4, "{both}");
            }
        }
    }
    assert!(Fit::new(&moments, Method::ReducedRank, PLAIN).is_err());
}

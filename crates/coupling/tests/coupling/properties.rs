//! What holds of every fit.

use overdamped_coupling::{Method, Moments};
use proptest::prelude::*;

use crate::support::{activations, assert_canonical, fitted, moments_of};

/// R^2 at each rank, with the one factor that methods lack.
fn explained(moments: &Moments, method: Method) -> Vec<f64> {
    let fit = fitted(moments, method);
    let each = (1..=fit.full_rank()).map(|rank| {
        let mut map = fit.rank(rank).unwrap();
        assert_canonical(&map);
        if !method.predicts() {
            map = map.calibrated(moments).unwrap();
            assert_canonical(&map);
        }
        map.coefficient_of_determination(moments).unwrap()
    });
    each.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// On the samples that it is fitted to, reduced-rank regression is above every other map of its rank, and
    /// explains the more the higher the rank, as canonical maps do; at full rank all that regress are one.
    #[test]
    fn reduced_rank_regression_explains_most(
        encoder in 1_usize..7, decoder in 1_usize..7, samples in 40_usize..90, seed in 0_u64..100_000,
    ) {
        let moments = moments_of(&activations(encoder, decoder, samples, seed));
        let best = explained(&moments, Method::ReducedRank);
        prop_assert!(best.is_sorted_by(|low, high| *low <= high + 1e-12));
        prop_assert!(best.iter().all(|&r2| (0.0..=1.0).contains(&r2)));
        for method in Method::ALL.into_iter().skip(1) {
            let other = explained(&moments, method);
            for (best, other) in best.iter().zip(&other) {
                prop_assert!(*other <= best + 1e-9, "{other} by {}, for {best}", method.name());
            }
            if method == Method::Canonical {
                prop_assert!(other.is_sorted_by(|low, high| *low <= high + 1e-12));
            }
            if method.predicts() {
                prop_assert!((best[best.len() - 1] - other[best.len() - 1]).abs() < 1e-8);
            }
        }
    }

    /// A map is the same whatever scales its encoder units are measured in: the means and factors scale along.
    #[test]
    fn regression_does_not_depend_on_the_scales_of_units(seed in 0_u64..1000, exponent in -20_i32..20) {
        let (x, y) = activations(4, 3, 60, seed);
        // Powers of two do not round.
        let scale = |i: usize| 2.0_f32.powi(if i == 0 { exponent } else { 0 });
        let scaled = faer::Mat::from_fn(4, 60, |i, n| x[(i, n)] * scale(i));
        let plain = moments_of(&(x, y.clone()));
        let moved = moments_of(&(scaled, y));
        // The joint Gaussian cuts J itself, whose singular values know the scales.
        for method in [Method::ReducedRank, Method::Canonical] {
            let one = fitted(&plain, method).rank(2).unwrap().matrix();
            let other = fitted(&moved, method).rank(2).unwrap().matrix();
            for i in 0..4 {
                for j in 0..3 {
                    let back = other[(i, j)] * f64::from(scale(i));
                    prop_assert!((back - one[(i, j)]).abs() < 1e-9 * one.norm_max());
                }
            }
        }
    }
}

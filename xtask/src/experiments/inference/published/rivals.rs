//! Rivals of the published pipeline that are linear and need no substrate.

use faer::{Mat, MatRef};
use overdamped_conditioning::Encoder;
use overdamped_coupling::{FitSettings, LowRankMap};

use super::super::fits::regression;
use super::super::scores::{means, score};

/// Shares of the mean variance among which a ridge is chosen.
const RIDGES: [f64; 7] = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

/// Least squares of d on the first components of x about its mean, for `seen`.
///
/// # Errors
/// Fewer images than components.
pub fn principal(
    x: MatRef<'_, f32>,
    d: MatRef<'_, f32>,
    seen: MatRef<'_, f32>,
    components: usize,
) -> anyhow::Result<Mat<f32>> {
    let mean = means(x);
    let centred = |x: MatRef<'_, f32>| {
        Mat::from_fn(x.nrows(), x.ncols(), |unit, sample| {
            x[(unit, sample)] - mean[unit] as f32
        })
    };
    let (x, seen) = (centred(x), centred(seen));
    let encoder = Encoder::principal(x.as_ref(), components)?;
    let (codes, seen) = (encoder.input() * x, encoder.input() * seen);
    let map = regression(codes.as_ref(), d, FitSettings { ridge: RIDGES[0] })?;
    Ok(map.predict(seen.as_ref())?)
}

/// Linear regression of d on x, its ridge chosen by the last quarter of the images.
///
/// # Errors
/// Fewer than eight images.
pub fn ridge(x: MatRef<'_, f32>, d: MatRef<'_, f32>) -> anyhow::Result<LowRankMap> {
    let learned = x.ncols() - x.ncols() / 4;
    let (fitted, chosen) = (x.split_at_col(learned), d.split_at_col(learned));
    let mean = means(chosen.0);
    let mut best = (f64::NEG_INFINITY, RIDGES[0]);
    for ridge in RIDGES {
        let predicted = regression(fitted.0, chosen.0, FitSettings { ridge })?.predict(fitted.1)?;
        let r2 = score(predicted.as_ref(), chosen.1, &mean).r2;
        if r2 > best.0 {
            best = (r2, ridge);
        }
    }
    regression(x, d, FitSettings { ridge: best.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_find_a_linear_map_that_few_components_carry() {
        // Six units that vary in two directions about means of their own.
        let wave = |pace: f64, n: usize| (pace * (n * n % 61) as f64).sin();
        let x = Mat::<f32>::from_fn(6, 80, |i, n| {
            (3.0 + i as f64 * wave(0.7, n) + (5 - i) as f64 * wave(1.9, n)) as f32
        });
        let d = Mat::<f32>::from_fn(2, 80, |i, n| 1.0 - x[(i, n)] + 2.0 * x[(4, n)]);
        let near = |made: &Mat<f32>| (made - &d).norm_max() < 1e-2;
        let (seen, truth) = (x.as_ref(), d.as_ref());
        assert!(near(&principal(seen, truth, seen, 2).unwrap()));
        assert!(!near(&principal(seen, truth, seen, 1).unwrap()));
        assert!(near(&ridge(seen, truth).unwrap().predict(seen).unwrap()));
    }
}

//! Activations to fit, and the plain formulas that fits are compared with.

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef};
use overdamped_coupling::{Fit, FitSettings, LowRankMap, Method, Moments};
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_pcg::Pcg64Mcg;

pub type Pair = (Mat<f32>, Mat<f32>);

/// Without a ridge: exact.
pub const PLAIN: FitSettings = FitSettings { ridge: 0.0 };

pub fn normal(rows: usize, columns: usize, seed: u64) -> Mat<f64> {
    let mut stream = Pcg64Mcg::seed_from_u64(seed);
    Mat::from_fn(rows, columns, |_, _| stream.sample(StandardNormal))
}

/// y follows x through a dense random matrix, with as much noise again; units of x are correlated, and of scales
/// from 1 to 3.
pub fn activations(encoder: usize, decoder: usize, samples: usize, seed: u64) -> Pair {
    let mixing = normal(encoder, encoder, seed) + Mat::<f64>::identity(encoder, encoder);
    let x = mixing * normal(encoder, samples, seed + 1);
    let x = Mat::from_fn(encoder, samples, |i, n| {
        (1.0 + 2.0 * i as f64 / encoder as f64) * x[(i, n)] + i as f64
    });
    let follows = normal(decoder, encoder, seed + 2) * &x;
    let noise = normal(decoder, samples, seed + 3);
    let y = Mat::from_fn(decoder, samples, |i, n| {
        follows[(i, n)] / (1.0 + i as f64) + 2.0 * noise[(i, n)] - 3.0
    });
    (narrow(&x), narrow(&y))
}

pub fn narrow(m: &Mat<f64>) -> Mat<f32> {
    Mat::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)] as f32)
}

pub fn moments_of((x, y): &Pair) -> Moments {
    let mut moments = Moments::new(x.nrows(), y.nrows()).unwrap();
    moments.add(x.as_ref(), y.as_ref()).unwrap();
    moments
}

pub fn fitted(moments: &Moments, method: Method) -> Fit {
    Fit::new(moments, method, PLAIN).unwrap()
}

/// Two passes, in double precision.
pub struct TwoPass {
    pub mean_x: Vec<f64>,
    pub mean_y: Vec<f64>,
    pub xx: Mat<f64>,
    pub yy: Mat<f64>,
    pub xy: Mat<f64>,
}

impl TwoPass {
    pub fn new((x, y): &Pair) -> Self {
        let (x, mean_x) = centred(x);
        let (y, mean_y) = centred(y);
        let product = |a: &Mat<f64>, b: &Mat<f64>| {
            let share = 1.0 / a.ncols() as f64;
            let sum = a * b.transpose();
            Mat::from_fn(sum.nrows(), sum.ncols(), |i, j| sum[(i, j)] * share)
        };
        Self {
            xx: product(&x, &x),
            yy: product(&y, &y),
            xy: product(&x, &y),
            mean_x,
            mean_y,
        }
    }

    /// Cxx and Cyy with `ridge` times their mean variance more on the diagonal.
    pub fn ridged(mut self, ridge: f64) -> Self {
        for c in [&mut self.xx, &mut self.yy] {
            let units = c.nrows();
            let mean = (0..units).map(|i| c[(i, i)]).sum::<f64>() / units as f64;
            for i in 0..units {
                c[(i, i)] += ridge * mean;
            }
        }
        self
    }

    /// Cxx^-1 Cxy, by the normal equations.
    pub fn regression(&self) -> Mat<f64> {
        self.xx.partial_piv_lu().solve(&self.xy)
    }
}

fn centred(z: &Mat<f32>) -> (Mat<f64>, Vec<f64>) {
    let samples = z.ncols();
    let sums = (0..z.nrows()).map(|i| (0..samples).map(|n| f64::from(z[(i, n)])).sum::<f64>());
    let mean: Vec<f64> = sums.map(|sum| sum / samples as f64).collect();
    let out = Mat::from_fn(z.nrows(), samples, |i, n| f64::from(z[(i, n)]) - mean[i]);
    (out, mean)
}

/// C^power of a symmetric positive matrix.
pub fn power(c: &Mat<f64>, power: f64) -> Mat<f64> {
    let modes = c.self_adjoint_eigen(faer::Side::Lower).unwrap();
    let values = modes.S().column_vector();
    let scaled = Mat::from_fn(c.nrows(), c.nrows(), |i, k| {
        modes.U()[(i, k)] * values[k].powf(power)
    });
    scaled * modes.U().transpose()
}

/// The nearest matrix of a rank.
pub fn truncated(m: &Mat<f64>, rank: usize) -> Mat<f64> {
    let svd = m.thin_svd().unwrap();
    let scaled = Mat::from_fn(m.nrows(), rank, |i, k| svd.U()[(i, k)] * svd.S()[k]);
    scaled * svd.V().subcols(0, rank).transpose()
}

/// The largest difference, over the largest entry of the second.
pub fn error(found: MatRef<'_, f64>, expected: MatRef<'_, f64>) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    let norm = expected.norm_max();
    (found - expected).norm_max() / norm
}

pub fn assert_near(found: &Mat<f64>, expected: &Mat<f64>, tolerance: f64) {
    let error = error(found.as_ref(), expected.as_ref());
    assert!(error < tolerance, "relative error {error:e}");
}

/// Whether U and V are orthonormal, strengths descend, and signs are as they should.
pub fn assert_canonical(map: &LowRankMap) {
    let unit = Mat::<f64>::identity(map.rank(), map.rank());
    for factor in [map.left(), map.right()] {
        let gram = factor.transpose() * factor;
        assert!((gram - &unit).norm_max() < 1e-12);
    }
    assert!(map.strength().is_sorted_by(|one, next| one >= next));
    assert!(map.strength().iter().all(|&s| s >= 0.0));
    for column in map.left().col_iter() {
        let entries = column.iter().copied();
        let largest = entries.max_by(|a, b| a.abs().total_cmp(&b.abs()));
        assert!(largest > Some(0.0));
    }
}

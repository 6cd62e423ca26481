//! Reference answers that share no code with the crate, and small helpers.

use faer::{Mat, MatRef, mat};
use overdamped_substrate::ornstein_uhlenbeck::{OrnsteinUhlenbeck, OrnsteinUhlenbeckError};
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// Outcome of a test whose set-up may fail.
pub type TestResult = Result<(), OrnsteinUhlenbeckError>;

/// The drift that no eigenvector basis of a symmetric matrix describes.
pub fn non_normal() -> Result<OrnsteinUhlenbeck, OrnsteinUhlenbeckError> {
    OrnsteinUhlenbeck::new(
        mat![[1.0, 4.0], [0.0, 2.0]],
        mat![[2.0, 0.0], [0.0, 2.0]],
        vec![0.5, -1.0],
    )
}

/// Largest entry of a difference, relative to the largest entry of `expected`.
pub fn error(actual: MatRef<'_, f64>, expected: MatRef<'_, f64>) -> f64 {
    assert_eq!(actual.shape(), expected.shape());
    (actual - expected).norm_max() / expected.norm_max()
}

pub fn relative(actual: f64, expected: f64) -> f64 {
    (actual - expected).abs() / expected.abs()
}

/// exp(matrix) by a Taylor series of matrix / 2^10 and ten squarings.
pub fn taylor_exponential(matrix: MatRef<'_, f64>) -> Mat<f64> {
    let n = matrix.nrows();
    let scaled = faer::Scale(1.0 / 1024.0) * matrix;
    let mut term = Mat::<f64>::identity(n, n);
    let mut sum = term.clone();
    for k in 1..20 {
        term = faer::Scale(1.0 / f64::from(k)) * (&term * &scaled);
        sum += &term;
    }
    for _ in 0..10 {
        sum = &sum * &sum;
    }
    sum
}

/// `int_0^t exp(-A s) D exp(-B^T s) ds` by Simpson's rule.
pub fn quadrature(a: MatRef<'_, f64>, d: MatRef<'_, f64>, b: MatRef<'_, f64>, t: f64) -> Mat<f64> {
    const INTERVALS: u32 = 4_000;
    let step = t / f64::from(INTERVALS);
    let mut sum = Mat::<f64>::zeros(d.nrows(), d.ncols());
    for k in 0..=INTERVALS {
        let weight = match k {
            0 | INTERVALS => 1.0,
            k if k % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let s = step * f64::from(k);
        let left = taylor_exponential((faer::Scale(-s) * a).as_ref());
        let right = taylor_exponential((faer::Scale(-s) * b).as_ref());
        sum += faer::Scale(weight * step / 3.0) * (left * d * right.transpose());
    }
    sum
}

/// What a formula for normal drifts gives: `int exp(-(A + A^T) s) ds D`.
pub fn covariance_if_drift_were_normal(process: &OrnsteinUhlenbeck, t: f64) -> Mat<f64> {
    let zero = Mat::zeros(process.units(), process.units());
    let sum = process.drift() + process.drift().transpose();
    quadrature(sum.as_ref(), process.diffusion(), zero.as_ref(), t)
}

/// One stream per chain.
pub fn streams(seed: u64, chains: usize) -> Vec<Pcg64Mcg> {
    let mut seeder = Pcg64Mcg::seed_from_u64(seed);
    (0..chains)
        .map(|_| Pcg64Mcg::from_rng(&mut seeder))
        .collect()
}

//! A random coupling of the same rank and singular values: what a map carries by its directions is what it
//! carries beyond this.

use faer::Mat;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_pcg::Pcg64Mcg;

use super::LowRankMap;
use crate::gauge;

impl LowRankMap {
    /// A control: the same strengths and means, but U and V drawn uniformly (by Haar measure) among all
    /// orthonormal ones. The same seed gives the same control.
    #[must_use]
    pub fn random_control(&self, seed: u64) -> Self {
        let mut stream = Pcg64Mcg::seed_from_u64(seed);
        let mut left = frame(self.encoder_units(), self.rank(), &mut stream);
        let mut right = frame(self.decoder_units(), self.rank(), &mut stream);
        for k in 0..self.rank() {
            // The signs of a frame are random, those of the gauge are not.
            if gauge::largest(left.col_as_slice(k)) < 0.0 {
                gauge::negate(&mut left, k);
                gauge::negate(&mut right, k);
            }
        }
        Self {
            left,
            right,
            ..self.clone()
        }
    }
}

/// Orthonormal columns, uniformly drawn: the Q of normal numbers, with signs that make the diagonal of R positive
/// (Stewart 1980).
fn frame(units: usize, rank: usize, stream: &mut Pcg64Mcg) -> Mat<f64> {
    let mut normal = Mat::<f64>::zeros(units, rank);
    for k in 0..rank {
        for entry in normal.col_as_slice_mut(k) {
            *entry = stream.sample(StandardNormal);
        }
    }
    let decomposed = normal.qr();
    let mut frame = decomposed.compute_thin_Q();
    for k in 0..rank {
        if decomposed.thin_R()[(k, k)] < 0.0 {
            gauge::negate(&mut frame, k);
        }
    }
    frame
}

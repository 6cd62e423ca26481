//! A matrix W with W C W^T = 1, and whether there is one.
//!
//! C is first brought to unit diagonal, so that units of small and of large scale count alike, here and
//! in the numerical rank: with D = diag(C) and D^-1/2 C D^-1/2 = Q diag(l) Q^T,
//!
//! W = diag(l)^-1/2 Q^T D^-1/2.

use faer::{Mat, MatRef, Side as Triangle};

use crate::{CouplingError, Moments, Side};

/// Eigenvalues of a matrix of unit diagonal that count as zero: at most this times its size. That is what is left
/// of a unit which others determine once activations are rounded to single precision.
const NEGLIGIBLE: f64 = 64.0 * f64::EPSILON;

pub(super) struct Whitening {
    /// D^1/2.
    scale: Vec<f64>,
    /// Q.
    vectors: Mat<f64>,
    /// l^1/2.
    roots: Vec<f64>,
}

impl Whitening {
    /// Of the covariance of a side, each variance larger by `ridge` times their mean.
    pub(super) fn of(moments: &Moments, side: Side, ridge: f64) -> Result<Self, CouplingError> {
        let covariance = ridged(moments, side, ridge);
        let diagonal: Vec<f64> = (0..covariance.nrows())
            .map(|i| covariance[(i, i)])
            .collect();
        Self::new(moments, side, covariance.as_ref(), &diagonal)
    }

    /// Of the covariance of the decoder, ridge included, less what the encoder explains. What is left of a
    /// variance counts as much as it is of the whole.
    pub(super) fn given(
        moments: &Moments,
        ridge: f64,
        explained: MatRef<'_, f64>,
    ) -> Result<Self, CouplingError> {
        let covariance = ridged(moments, Side::Decoder, ridge);
        let diagonal: Vec<f64> = (0..covariance.nrows())
            .map(|i| covariance[(i, i)])
            .collect();
        let left = covariance - explained;
        Self::new(moments, Side::Decoder, left.as_ref(), &diagonal)
    }

    fn new(
        moments: &Moments,
        side: Side,
        covariance: MatRef<'_, f64>,
        diagonal: &[f64],
    ) -> Result<Self, CouplingError> {
        let units = diagonal.len();
        // A unit that never varies gets a row of zeros, and so an eigenvalue of zero.
        let scale: Vec<f64> = diagonal.iter().map(|variance| variance.sqrt()).collect();
        let unit = |i: usize| {
            if scale[i] > 0.0 {
                scale[i].recip()
            } else {
                0.0
            }
        };
        let scaled = Mat::from_fn(units, units, |i, j| covariance[(i, j)] * unit(i) * unit(j));
        let modes = scaled.self_adjoint_eigen(Triangle::Lower);
        let modes = modes.map_err(|_| CouplingError::Unconverged {
            what: "the eigenvalues of a covariance",
        })?;
        let values = modes.S().column_vector();
        let least = NEGLIGIBLE * units as f64;
        let rank = values.iter().filter(|&&value| value > least).count();
        if rank < units {
            let variance = moments.variance(side);
            return Err(CouplingError::RankDeficient {
                side,
                rank,
                units,
                samples: moments.samples(),
                constant: variance.iter().position(|&variance| variance == 0.0),
            });
        }
        Ok(Self {
            scale,
            vectors: modes.U().to_owned(),
            roots: values.iter().map(|value| value.sqrt()).collect(),
        })
    }

    /// W m.
    pub(super) fn whitened(&self, mut m: Mat<f64>) -> Mat<f64> {
        scale_rows(&mut m, |i| self.scale[i].recip());
        let mut out = self.vectors.transpose() * m;
        scale_rows(&mut out, |k| self.roots[k].recip());
        out
    }

    /// W^T m.
    pub(super) fn transposed(&self, mut m: Mat<f64>) -> Mat<f64> {
        scale_rows(&mut m, |k| self.roots[k].recip());
        let mut out = &self.vectors * m;
        scale_rows(&mut out, |i| self.scale[i].recip());
        out
    }

    /// W^-1 m.
    pub(super) fn coloured(&self, mut m: Mat<f64>) -> Mat<f64> {
        scale_rows(&mut m, |k| self.roots[k]);
        let mut out = &self.vectors * m;
        scale_rows(&mut out, |i| self.scale[i]);
        out
    }

    /// C.
    pub(super) fn covariance(&self) -> Mat<f64> {
        let root = self.coloured(Mat::identity(self.roots.len(), self.roots.len()));
        &root * root.transpose()
    }
}

fn ridged(moments: &Moments, side: Side, ridge: f64) -> Mat<f64> {
    let mut covariance = match side {
        Side::Encoder => moments.covariance_encoder(),
        Side::Decoder => moments.covariance_decoder(),
    };
    let units = covariance.nrows();
    let mean = (0..units).map(|i| covariance[(i, i)]).sum::<f64>() / units as f64;
    for i in 0..units {
        covariance[(i, i)] += ridge * mean;
    }
    covariance
}

fn scale_rows(m: &mut Mat<f64>, factor: impl Fn(usize) -> f64) {
    for j in 0..m.ncols() {
        for (i, entry) in m.col_as_slice_mut(j).iter_mut().enumerate() {
            *entry *= factor(i);
        }
    }
}

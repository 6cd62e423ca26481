//! A linear map of low rank from encoder to decoder activations: what a coupling is to carry.
//!
//! y - my = M^T (x - mx), with M = U diag(s) V^T in canonical gauge (see [`LowRankMap::new`]).
//!
//! | symbol | accessor | shape |
//! |---|---|---|
//! | U | [`left`](LowRankMap::left) | encoder units x rank |
//! | s | [`strength`](LowRankMap::strength) | rank |
//! | V | [`right`](LowRankMap::right) | decoder units x rank |
//! | mx, my | [`mean_encoder`](LowRankMap::mean_encoder), [`mean_decoder`](LowRankMap::mean_decoder) | units |
//!
//! With the encoder clamped and decoder units of stiffness a, the coupling J = a M and the bias
//! b = a (my - M^T mx) make a network that rests at y ([`Hierarchy`](crate::Hierarchy) assembles it).

mod control;
mod file;
mod quality;

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use serde::{Deserialize, Serialize};

use self::file::MapFile;
use crate::gauge::{self, Canonical, canonical};
use crate::{CouplingError, Side};

/// Samples that are predicted at once: what is held in double precision stays small.
const CHUNK: usize = 1024;

/// A map of low rank between centred activations, in canonical gauge.
///
/// ```
/// use overdamped_coupling::LowRankMap;
///
/// // Both decoder units follow the sum of the two encoder units; the means are 1 and 3.
/// let ones = faer::mat![[1.0], [1.0]];
/// let map = LowRankMap::new(ones.as_ref(), ones.as_ref(), vec![1.0; 2], vec![3.0; 2])?;
/// assert!((map.strength()[0] - 2.0).abs() < 1e-12);
/// let y = map.predict(faer::mat![[2.0_f32], [1.0]].as_ref())?;
/// assert_eq!(y, faer::mat![[4.0_f32], [4.0]]);
/// # Ok::<(), overdamped_coupling::CouplingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "MapFile", into = "MapFile")]
pub struct LowRankMap {
    left: Mat<f64>,
    strength: Vec<f64>,
    right: Mat<f64>,
    mean_encoder: Vec<f64>,
    mean_decoder: Vec<f64>,
}

impl LowRankMap {
    /// The map M = `left` `right`^T of any two factors (encoder units x rank, decoder units x rank).
    ///
    /// It is brought into canonical gauge: U and V orthonormal, s >= 0 descending, the entry of largest magnitude
    /// in each column of U positive. Factors of the same M give the same map up to rounding, unless strengths are
    /// equal or zero, where directions remain free.
    ///
    /// # Errors
    /// [`CouplingError::Shape`] for sizes that do not fit, [`CouplingError::Rank`] for a rank of zero or above
    /// the units of a side, [`CouplingError::NonFiniteValue`], or [`CouplingError::Unconverged`].
    pub fn new(
        left: MatRef<'_, f64>,
        right: MatRef<'_, f64>,
        mean_encoder: Vec<f64>,
        mean_decoder: Vec<f64>,
    ) -> Result<Self, CouplingError> {
        let (encoder, decoder, rank) = (left.nrows(), right.nrows(), left.ncols());
        check_sizes([
            ("columns of the right factor", rank, right.ncols()),
            ("means of the encoder", encoder, mean_encoder.len()),
            ("means of the decoder", decoder, mean_decoder.len()),
        ])?;
        check_rank(rank, encoder, decoder)?;
        check_entries("the left factor", left)?;
        check_entries("the right factor", right)?;
        check_finite("the mean of the encoder", &mean_encoder)?;
        check_finite("the mean of the decoder", &mean_decoder)?;
        let Canonical {
            left,
            strength,
            right,
        } = canonical(left, right)?;
        check_finite("the strength of the map", &strength)?;
        Ok(Self {
            left,
            strength,
            right,
            mean_encoder,
            mean_decoder,
        })
    }

    /// Number of its singular values.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.strength.len()
    }

    /// Units of the encoder.
    #[must_use]
    pub fn encoder_units(&self) -> usize {
        self.left.nrows()
    }

    /// Units of the decoder.
    #[must_use]
    pub fn decoder_units(&self) -> usize {
        self.right.nrows()
    }

    /// U, orthonormal (encoder units x rank).
    #[must_use]
    pub fn left(&self) -> MatRef<'_, f64> {
        self.left.as_ref()
    }

    /// s, descending and never negative (length: rank).
    #[must_use]
    pub fn strength(&self) -> &[f64] {
        &self.strength
    }

    /// V, orthonormal (decoder units x rank).
    #[must_use]
    pub fn right(&self) -> MatRef<'_, f64> {
        self.right.as_ref()
    }

    /// Mean of each encoder unit.
    #[must_use]
    pub fn mean_encoder(&self) -> &[f64] {
        &self.mean_encoder
    }

    /// Mean of each decoder unit.
    #[must_use]
    pub fn mean_decoder(&self) -> &[f64] {
        &self.mean_decoder
    }

    /// M, dense (encoder units x decoder units).
    #[must_use]
    pub fn matrix(&self) -> Mat<f64> {
        self.scaled_left() * self.right.transpose()
    }

    /// my - M^T mx: what the decoder rests at when the encoder is zero (length: decoder units). Times the
    /// stiffness this is the bias of a decoder that the map alone drives.
    #[must_use]
    pub fn offset(&self) -> Vec<f64> {
        let mut out = self.mean_decoder.clone();
        for (k, strength) in self.strength.iter().enumerate() {
            let seen = self.left.col_as_slice(k).iter().zip(&self.mean_encoder);
            let seen = strength * seen.map(|(u, x)| u * x).sum::<f64>();
            for (out, v) in out.iter_mut().zip(self.right.col_as_slice(k)) {
                *out -= seen * v;
            }
        }
        out
    }

    /// Wires of the coupling: rank x (encoder units + decoder units).
    #[must_use]
    pub fn wires(&self) -> usize {
        self.rank() * (self.encoder_units() + self.decoder_units())
    }

    /// Wires of a dense coupling: encoder units x decoder units.
    #[must_use]
    pub fn dense_wires(&self) -> usize {
        self.encoder_units() * self.decoder_units()
    }

    /// Whether the rank saves wires: between sides of D units, if it is below D / 2.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.wires() < self.dense_wires()
    }

    /// The map times a factor. One below zero turns V round, so that the gauge stays.
    ///
    /// # Errors
    /// [`CouplingError::Setting`] for a factor that is not finite, [`CouplingError::NonFiniteValue`] for a strength that
    /// it takes beyond all numbers.
    pub fn scaled(mut self, factor: f64) -> Result<Self, CouplingError> {
        if !factor.is_finite() {
            return Err(CouplingError::Setting {
                setting: "the scale of a map",
                value: factor,
                bound: "finite",
            });
        }
        for strength in &mut self.strength {
            *strength *= factor.abs();
        }
        check_finite("the strength of the scaled map", &self.strength)?;
        if factor < 0.0 {
            for k in 0..self.rank() {
                gauge::negate(&mut self.right, k);
            }
        }
        Ok(self)
    }

    /// The part of the map that starts from a run of encoder units. Of a map that was fitted on several modules
    /// side by side, the parts drive the decoder together as the whole did; each has the whole's mean of the
    /// decoder.
    ///
    /// # Errors
    /// [`CouplingError::Shape`] for units that do not exist, [`CouplingError::Rank`] for fewer units than the rank.
    pub fn part(&self, units: Range<usize>) -> Result<Self, CouplingError> {
        if units.start > units.end || units.end > self.encoder_units() {
            return Err(CouplingError::Shape {
                what: "encoder units of a part of a map (its end)",
                expected: self.encoder_units(),
                found: units.end,
            });
        }
        let left = self.scaled_left();
        let mean = self.mean_encoder[units.clone()].to_vec();
        let own = left.subrows(units.start, units.len());
        Self::new(own, self.right(), mean, self.mean_decoder.clone())
    }

    /// What the map makes of activations `x` (encoder units x samples): decoder units x samples, means included.
    ///
    /// # Errors
    /// [`CouplingError::Shape`], [`CouplingError::NonFinite`] with the sample counted in `x`, or
    /// [`CouplingError::NonFiniteValue`] for a prediction beyond single precision.
    pub fn predict(&self, x: MatRef<'_, f32>) -> Result<Mat<f32>, CouplingError> {
        check_sizes([("encoder units", self.encoder_units(), x.nrows())])?;
        check_samples(x)?;
        let left = self.scaled_left();
        let mut out = Mat::zeros(self.decoder_units(), x.ncols());
        for start in (0..x.ncols()).step_by(CHUNK) {
            let chunk = x.subcols(start, CHUNK.min(x.ncols() - start));
            let centred = Mat::from_fn(chunk.nrows(), chunk.ncols(), |unit, sample| {
                f64::from(chunk[(unit, sample)]) - self.mean_encoder[unit]
            });
            let buses = left.transpose() * centred;
            let mut made = Mat::from_fn(out.nrows(), chunk.ncols(), |unit, _| {
                self.mean_decoder[unit]
            });
            matmul(&mut made, Accum::Add, &self.right, &buses, 1.0, Par::Seq);
            check_narrow("a prediction of the map", &made)?;
            for sample in 0..made.ncols() {
                let slots = out.col_as_slice_mut(start + sample).iter_mut();
                for (slot, &y) in slots.zip(made.col_as_slice(sample)) {
                    *slot = y as f32;
                }
            }
        }
        Ok(out)
    }

    /// U diag(s).
    fn scaled_left(&self) -> Mat<f64> {
        Mat::from_fn(self.encoder_units(), self.rank(), |i, k| {
            self.left[(i, k)] * self.strength[k]
        })
    }
}

pub(crate) fn check_rank(rank: usize, encoder: usize, decoder: usize) -> Result<(), CouplingError> {
    if (1..=encoder.min(decoder)).contains(&rank) {
        return Ok(());
    }
    Err(CouplingError::Rank {
        rank,
        encoder,
        decoder,
    })
}

/// Each of (what, size needed, size given).
pub(crate) fn check_sizes<const N: usize>(
    sizes: [(&'static str, usize, usize); N],
) -> Result<(), CouplingError> {
    match sizes
        .into_iter()
        .find(|(_, expected, found)| expected != found)
    {
        None => Ok(()),
        Some((what, expected, found)) => Err(CouplingError::Shape {
            what,
            expected,
            found,
        }),
    }
}

pub(crate) fn check_finite<'a>(
    what: &'static str,
    values: impl IntoIterator<Item = &'a f64>,
) -> Result<(), CouplingError> {
    match values
        .into_iter()
        .enumerate()
        .find(|(_, value)| !value.is_finite())
    {
        None => Ok(()),
        Some((index, &value)) => Err(CouplingError::NonFiniteValue { what, index, value }),
    }
}

/// The same of a matrix, counted column by column.
pub(crate) fn check_entries(
    what: &'static str,
    matrix: MatRef<'_, f64>,
) -> Result<(), CouplingError> {
    let columns = 0..matrix.ncols();
    check_finite(what, columns.flat_map(|j| matrix.col(j).iter()))
}

/// Refuses entries that single precision does not hold.
fn check_narrow(what: &'static str, matrix: &Mat<f64>) -> Result<(), CouplingError> {
    let columns = 0..matrix.ncols();
    let values = columns.flat_map(|j| matrix.col_as_slice(j));
    let far = |value: &f64| !(*value as f32).is_finite();
    match values.enumerate().find(|(_, value)| far(value)) {
        None => Ok(()),
        Some((index, &value)) => Err(CouplingError::NonFiniteValue { what, index, value }),
    }
}

fn check_samples(x: MatRef<'_, f32>) -> Result<(), CouplingError> {
    let samples = x.col_iter().enumerate();
    let values = samples.flat_map(|(sample, values)| {
        let values = values.iter().enumerate();
        values.map(move |(unit, &value)| (sample, unit, value))
    });
    let mut bad = values.filter(|(_, _, value)| !value.is_finite());
    let Some((sample, unit, value)) = bad.next() else {
        return Ok(());
    };
    Err(CouplingError::NonFinite {
        count: 1 + bad.count(),
        sample,
        side: Side::Encoder,
        unit,
        value,
    })
}

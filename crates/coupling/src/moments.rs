//! Mean and covariance of paired activations in one pass, larger than memory.
//!
//! Samples are gathered into blocks of [`BLOCK`], whatever the chunks they come in, and a block joins what came
//! before it by the pairwise update of Chan, Golub and LeVeque (1983). With n samples of mean a before, and m of
//! mean c in the block,
//!
//! S <- S + sum (z - c)(z - c)^T + (n m / (n + m)) (c - a)(c - a)^T,
//!
//! where z = (x, y). The last term is one more column of the block, so that all of it is one symmetric product, of
//! which the lower triangle is made, in double precision, tile by tile ([`scatter`]). Deviations are small where
//! activations are large beside their spread: nothing cancels.
//!
//! Each tile is summed by one thread in the order of the samples, so neither chunks nor threads move a bit.

mod pending;
mod scatter;

use std::fmt;
use std::ops::Range;

use faer::{Mat, MatRef};
use rayon::prelude::*;

use self::pending::{Pending, deviations};
use self::scatter::Scatter;
use crate::CouplingError;

/// Samples of a block: long enough that making it costs little beside the products.
const BLOCK: usize = 1024;

/// One side of paired activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The activations x that a map starts from.
    Encoder,
    /// The activations y that it leads to.
    Decoder,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
        })
    }
}

/// Mean and covariance of encoder activations x and decoder activations y, sample by sample paired.
///
/// ```
/// use overdamped_coupling::Moments;
///
/// let mut moments = Moments::new(2, 1)?;
/// let x = faer::mat![[1.0_f32, 3.0], [0.0, 0.0]]; // two units x two samples
/// let y = faer::mat![[2.0_f32, 6.0]];
/// moments.add(x.as_ref(), y.as_ref())?;
/// assert_eq!(moments.mean_encoder(), [2.0, 0.0]);
/// assert_eq!(moments.cross_covariance()[(0, 0)], 2.0);
/// # Ok::<(), overdamped_coupling::CouplingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Moments {
    encoder: usize,
    /// Samples in `mean` and `scatter`; those of the block that is being filled are not.
    committed: usize,
    mean: Vec<f64>,
    scatter: Scatter,
    pending: Pending,
}

impl Moments {
    /// Most units of a side: the covariances of both then take about a quarter of a gigabyte.
    pub const MOST_UNITS: usize = 4096;

    /// Of no samples yet, with this many units on each side.
    ///
    /// # Errors
    /// [`CouplingError::Units`] for a side without units or with more than [`MOST_UNITS`](Self::MOST_UNITS).
    pub fn new(encoder: usize, decoder: usize) -> Result<Self, CouplingError> {
        for (side, units) in [(Side::Encoder, encoder), (Side::Decoder, decoder)] {
            if !(1..=Self::MOST_UNITS).contains(&units) {
                let most = Self::MOST_UNITS;
                return Err(CouplingError::Units { side, units, most });
            }
        }
        let units = encoder + decoder;
        Ok(Self {
            encoder,
            committed: 0,
            mean: vec![0.0; units],
            scatter: Scatter::new(units),
            pending: Pending::new(units),
        })
    }

    /// Adds a chunk of samples: column i of `x` (encoder units x samples) and of `y` (decoder units x
    /// samples) are the same sample. A chunk may have any number of samples, and may be empty.
    ///
    /// # Errors
    /// [`CouplingError::Unpaired`], [`CouplingError::Shape`], or [`CouplingError::NonFinite`], which tells how many
    /// values are not finite and where the first is; the moments are then as they were.
    pub fn add(&mut self, x: MatRef<'_, f32>, y: MatRef<'_, f32>) -> Result<(), CouplingError> {
        self.check(x, y)?;
        let mut next = 0;
        while next < x.ncols() {
            let taken = self.pending.room().min(x.ncols() - next);
            self.pending
                .push(x.subcols(next, taken), y.subcols(next, taken));
            next += taken;
            if self.pending.room() == 0 {
                self.commit();
            }
        }
        Ok(())
    }

    /// Adds all samples that `other` has seen. Up to rounding the result does not depend on what was merged in
    /// which order; the same merges give the same bits.
    ///
    /// # Errors
    /// [`CouplingError::Shape`] if a side has other units.
    pub fn merge(&mut self, other: &Self) -> Result<(), CouplingError> {
        self.check_units(other.encoder, other.decoder_units())?;
        if self.committed == 0 {
            self.mean.clone_from(&other.mean);
            self.scatter.clone_from(&other.scatter);
        } else if other.committed > 0 {
            let (n, m) = (self.committed as f64, other.committed as f64);
            let both = other.mean.iter().zip(&self.mean);
            let drift: Vec<f64> = both.map(|(c, a)| c - a).collect();
            self.scatter.merge(&other.scatter, &drift, n * m / (n + m));
            for (mean, drift) in self.mean.iter_mut().zip(&drift) {
                *mean += drift * (m / (n + m));
            }
        }
        self.committed += other.committed;
        let left = other.pending.samples();
        let (x, y) = left.split_at_row(self.encoder);
        self.add(x, y)
    }

    /// Samples seen.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.committed + self.pending.count()
    }

    /// Units of the encoder.
    #[must_use]
    pub fn encoder_units(&self) -> usize {
        self.encoder
    }

    /// Units of the decoder.
    #[must_use]
    pub fn decoder_units(&self) -> usize {
        self.mean.len() - self.encoder
    }

    /// Mean of each encoder unit; zero before the first sample.
    #[must_use]
    pub fn mean_encoder(&self) -> Vec<f64> {
        self.mean_of(self.rows(Side::Encoder))
    }

    /// Mean of each decoder unit; zero before the first sample.
    #[must_use]
    pub fn mean_decoder(&self) -> Vec<f64> {
        self.mean_of(self.rows(Side::Decoder))
    }

    /// Cxx (encoder units x encoder units), the mean over samples of (x - mean)(x - mean)^T; zero before the first
    /// sample.
    #[must_use]
    pub fn covariance_encoder(&self) -> Mat<f64> {
        self.symmetric(self.rows(Side::Encoder))
    }

    /// Cyy (decoder units x decoder units), as [`covariance_encoder`](Self::covariance_encoder).
    #[must_use]
    pub fn covariance_decoder(&self) -> Mat<f64> {
        self.symmetric(self.rows(Side::Decoder))
    }

    /// Cxy (encoder units x decoder units), the mean over samples of (x - mean)(y - mean)^T.
    #[must_use]
    pub fn cross_covariance(&self) -> Mat<f64> {
        let (x, y) = (self.rows(Side::Encoder), self.rows(Side::Decoder));
        self.covariance(x, y)
    }

    /// The variance of each unit of a side: exactly zero if and only if it never varied.
    #[must_use]
    pub fn variance(&self, side: Side) -> Vec<f64> {
        let rows = self.rows(side);
        let pending = self.deviations(rows.clone());
        let share = 1.0 / self.samples().max(1) as f64;
        let each = rows.enumerate().map(|(own, unit)| {
            let new = pending.row(own).iter().map(|z| z * z).sum::<f64>();
            (self.scatter.get(unit, unit) + new) * share
        });
        each.collect()
    }

    fn rows(&self, side: Side) -> Range<usize> {
        match side {
            Side::Encoder => 0..self.encoder,
            Side::Decoder => self.encoder..self.mean.len(),
        }
    }

    fn check_units(&self, encoder: usize, decoder: usize) -> Result<(), CouplingError> {
        for (what, expected, found) in [
            ("encoder units", self.encoder, encoder),
            ("decoder units", self.decoder_units(), decoder),
        ] {
            if expected != found {
                return Err(CouplingError::Shape {
                    what,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    fn check(&self, x: MatRef<'_, f32>, y: MatRef<'_, f32>) -> Result<(), CouplingError> {
        if x.ncols() != y.ncols() {
            let (encoder, decoder) = (x.ncols(), y.ncols());
            return Err(CouplingError::Unpaired { encoder, decoder });
        }
        self.check_units(x.nrows(), y.nrows())?;
        match first_non_finite(x, y) {
            None => Ok(()),
            Some((count, column, side, unit, value)) => Err(CouplingError::NonFinite {
                count,
                sample: self.samples() + column,
                side,
                unit,
                value,
            }),
        }
    }

    /// Takes the full block in.
    fn commit(&mut self) {
        let (samples, before) = (self.pending.samples(), self.committed);
        let mean = &self.mean;
        let panels: Vec<_> = scatter::panels(mean.len())
            .into_par_iter()
            .map(|rows| {
                let own = samples.subrows(rows.start, rows.len());
                deviations(own, &mean[rows], before)
            })
            .collect();
        self.scatter.add(&panels);
        self.committed += samples.ncols();
        self.mean.clear();
        for panel in panels {
            self.mean.extend(panel.mean);
        }
        self.pending.clear();
    }

    /// Deviations of the block that is being filled, with the column of the drift; empty if it is.
    fn deviations(&self, rows: Range<usize>) -> Mat<f64> {
        let own = self.pending.samples().subrows(rows.start, rows.len());
        deviations(own, &self.mean[rows], self.committed).values
    }

    fn mean_of(&self, rows: Range<usize>) -> Vec<f64> {
        let own = self.pending.samples().subrows(rows.start, rows.len());
        deviations(own, &self.mean[rows], self.committed).mean
    }

    fn symmetric(&self, rows: Range<usize>) -> Mat<f64> {
        let mut out = self.covariance(rows.clone(), rows);
        for j in 1..out.ncols() {
            for i in 0..j {
                out[(i, j)] = out[(j, i)];
            }
        }
        out
    }

    fn covariance(&self, rows: Range<usize>, columns: Range<usize>) -> Mat<f64> {
        let mut out = Mat::from_fn(rows.len(), columns.len(), |i, j| {
            self.scatter.get(rows.start + i, columns.start + j)
        });
        let (left, right) = (self.deviations(rows), self.deviations(columns));
        scatter::add_product(out.as_mut(), left.as_ref(), right.as_ref());
        let share = 1.0 / self.samples().max(1) as f64;
        faer::zip!(&mut out).for_each(|faer::unzip!(value)| *value *= share);
        out
    }
}

/// How many values are not finite, and the sample, side, unit and value of the first.
fn first_non_finite(
    x: MatRef<'_, f32>,
    y: MatRef<'_, f32>,
) -> Option<(usize, usize, Side, usize, f32)> {
    let mut found: Option<(usize, usize, Side, usize, f32)> = None;
    for column in 0..x.ncols() {
        for (side, values) in [
            (Side::Encoder, x.col(column)),
            (Side::Decoder, y.col(column)),
        ] {
            for (unit, &value) in values.iter().enumerate() {
                if !value.is_finite() {
                    let first = found.get_or_insert((0, column, side, unit, value));
                    first.0 += 1;
                }
            }
        }
    }
    found
}

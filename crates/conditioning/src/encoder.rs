//! The bottleneck encoder: a linear map of small rank, without biases.
//!
//! e(x) = O I x, with I (`encoder.in`) of r x D and O (`encoder.out`) of D' x r. Only the r numbers I x
//! lie between: they are all that is digitised of the input (arXiv 2604.14332: r = 4, D = D' = 64, 512
//! weights). The best such map is known in closed form, see [`Encoder::fit`].
//!
//! | symbol | meaning |
//! |---|---|
//! | D, D' | units of the input and of the target |
//! | r | rank, the width of the bottleneck |
//! | n | samples |
//! | X, Y | inputs (D x n) and targets (D' x n) |

mod closed_form;

use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};

use crate::weights::{Block, Weights, column_blocks};
use crate::{ConditioningError, check};

/// Settings of the encoder's fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderSettings {
    /// Width r of the bottleneck. Default 4, as published.
    pub rank: usize,
    /// Ridge on the inputs' second moments, in units of their mean over the features; at least 0.
    /// Default 1e-6, enough to make constant or duplicated features harmless; directions fainter than a
    /// thousandth of the typical amplitude are suppressed.
    pub ridge: f64,
}

impl Default for EncoderSettings {
    fn default() -> Self {
        Self {
            rank: 4,
            ridge: 1e-6,
        }
    }
}

impl EncoderSettings {
    fn check(&self) -> Result<(), ConditioningError> {
        check::setting(
            "the rank of the bottleneck",
            self.rank as f64,
            self.rank > 0,
            "at least 1",
        )?;
        check::setting(
            "the ridge of the encoder",
            self.ridge,
            self.ridge.is_finite() && self.ridge >= 0.0,
            "at least 0 and finite",
        )
    }
}

/// A bias-free linear bottleneck D -> r -> D'.
///
/// ```
/// use overdamped_conditioning::{Encoder, EncoderSettings};
///
/// // Three features that move as one: rank 1 says it all.
/// let x = faer::Mat::from_fn(3, 40, |unit, sample| (unit as f32 - 0.5) * (sample as f32 - 20.0));
/// let settings = EncoderSettings { rank: 1, ..EncoderSettings::default() };
/// let encoder = Encoder::fit(x.as_ref(), x.as_ref(), &settings)?;
/// let restored = encoder.encode(x.as_ref())?;
/// assert!((restored[(2, 7)] - x[(2, 7)]).abs() < 1e-4);
/// assert_eq!(encoder.parameters(), 6);
/// # Ok::<(), overdamped_conditioning::ConditioningError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Encoder {
    #[serde(rename = "in")]
    input: Weights,
    #[serde(rename = "out")]
    output: Weights,
}

/// What a file says, before it is believed.
#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "in")]
    input: Weights,
    #[serde(rename = "out")]
    output: Weights,
}

impl TryFrom<Stored> for Encoder {
    type Error = ConditioningError;

    fn try_from(Stored { input, output }: Stored) -> Result<Self, ConditioningError> {
        Self { input, output }.checked()
    }
}

impl Encoder {
    /// The encoder with these weights: `input` is r x D, `output` D' x r.
    ///
    /// # Errors
    /// [`ConditioningError::Shape`] for an empty matrix, [`ConditioningError::Units`] if the two do not
    /// share r, [`ConditioningError::NonFinite`].
    pub fn new(input: MatRef<'_, f32>, output: MatRef<'_, f32>) -> Result<Self, ConditioningError> {
        Self {
            input: Weights::new(input),
            output: Weights::new(output),
        }
        .checked()
    }

    fn checked(self) -> Result<Self, ConditioningError> {
        self.input.check("encoder.in")?;
        self.output.check("encoder.out")?;
        check::units("encoder.out", self.input.rows(), self.output.columns())?;
        Ok(self)
    }

    /// The best map of rank r from `x` (D x samples) onto `targets` (D' x samples).
    ///
    /// With G = X X^T / n + lambda 1 and B = G^-1 X Y^T / n, it minimises |Y - O I X|^2 / n + lambda
    /// |O I|^2: O holds the first r eigenvectors of B^T G B (reduced-rank regression; Izenman 1975), and
    /// I = O^T B^T. lambda is the ridge times the mean of X X^T / n's diagonal. If the targets are the
    /// inputs, this is principal component analysis about the origin, but for the ridge;
    /// [`Encoder::principal`] leaves that away.
    ///
    /// Moments are not centred, because the encoder has no bias to move them: centre the data for a
    /// centred fit. *Gauge:* O and I are fixed only up to an invertible r x r matrix between them. Here
    /// O is orthonormal, its columns stand in falling order of what they explain, and the largest entry
    /// of each is positive.
    ///
    /// # Errors
    /// [`ConditioningError::Setting`], also if r is above D or D'; unpaired or non-finite data; [`ConditioningError::TooFewSamples`] below r samples;
    /// [`ConditioningError::RankDeficient`] if the inputs span fewer than r directions or, without a
    /// ridge, fewer than D.
    pub fn fit(
        x: MatRef<'_, f32>,
        targets: MatRef<'_, f32>,
        settings: &EncoderSettings,
    ) -> Result<Self, ConditioningError> {
        settings.check()?;
        check::samples("the encoder's inputs", x)?;
        check::paired("the encoder's targets", x.ncols(), targets.ncols())?;
        check::samples("the encoder's targets", targets)?;
        Self::check_rank(settings.rank, x, targets.nrows())?;
        let (input, output) = closed_form::reduced_rank(x, targets, settings)?;
        Self {
            input: Weights::rounded(input.as_ref()),
            output: Weights::rounded(output.as_ref()),
        }
        .checked()
    }

    /// The projection of `x` (D x samples) onto its first `rank` principal components about the origin:
    /// O = I^T orthonormal, gauge as in [`Encoder::fit`].
    ///
    /// # Errors
    /// As [`Encoder::fit`].
    pub fn principal(x: MatRef<'_, f32>, rank: usize) -> Result<Self, ConditioningError> {
        let settings = EncoderSettings { rank, ridge: 0.0 };
        settings.check()?;
        check::samples("the encoder's inputs", x)?;
        Self::check_rank(rank, x, x.nrows())?;
        let output = closed_form::principal(x, rank)?;
        Self {
            input: Weights::rounded(output.transpose()),
            output: Weights::rounded(output.as_ref()),
        }
        .checked()
    }

    fn check_rank(
        rank: usize,
        x: MatRef<'_, f32>,
        targets: usize,
    ) -> Result<(), ConditioningError> {
        check::setting(
            "the rank of the bottleneck",
            rank as f64,
            rank <= x.nrows().min(targets),
            "at most the number of units on either side",
        )?;
        if x.ncols() < rank {
            return Err(ConditioningError::TooFewSamples {
                what: "the encoder",
                needed: rank,
                samples: x.ncols(),
            });
        }
        Ok(())
    }

    /// Units D of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.input.columns()
    }

    /// Units D' of the output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.output.rows()
    }

    /// Width r of the bottleneck.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.input.rows()
    }

    /// Number of weights, r (D + D').
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.input.len() + self.output.len()
    }

    /// Multiply-accumulates for one sample: one for each weight.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.parameters()
    }

    /// I, r x D.
    #[must_use]
    pub fn input(&self) -> MatRef<'_, f32> {
        self.input.matrix()
    }

    /// O, D' x r.
    #[must_use]
    pub fn output(&self) -> MatRef<'_, f32> {
        self.output.matrix()
    }

    /// The weights by name: `encoder.in` and `encoder.out`.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block<'_>> {
        vec![
            self.input.block("encoder.in"),
            self.output.block("encoder.out"),
        ]
    }

    /// O I x for each column of `x` (D x samples): D' x samples.
    ///
    /// # Errors
    /// [`ConditioningError::Units`] or [`ConditioningError::NonFinite`], also if the product is beyond single precision.
    pub fn encode(&self, x: MatRef<'_, f32>) -> Result<Mat<f32>, ConditioningError> {
        check::units("the encoder's inputs", self.inputs(), x.nrows())?;
        check::finite("the encoder's inputs", x)?;
        let mut out = Mat::zeros(self.outputs(), x.ncols());
        let mut narrow = Mat::zeros(self.rank(), x.ncols().min(crate::weights::BLOCK));
        for (first, width) in column_blocks(x.ncols()) {
            let mut narrow = narrow.as_mut().subcols_mut(0, width);
            self.input.apply(x.subcols(first, width), narrow.as_mut());
            self.output
                .apply(narrow.as_ref(), out.as_mut().subcols_mut(first, width));
        }
        check::finite("the encoder's outputs", out.as_ref())?;
        Ok(out)
    }
}

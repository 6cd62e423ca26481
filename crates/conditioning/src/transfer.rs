//! The transfer network: one hidden layer of SiLU units, without biases.
//!
//! t(x) = W_2 silu(W_1 x), silu(z) = z / (1 + exp(-z)), with W_1 (`transfer.in`) of h x D and W_2
//! (`transfer.out`) of D' x h. It turns what the encoder says of the input into a drive on the decoder
//! (arXiv 2604.14332: h = 16, D = D' = 64, 2,048 weights). With 20 hidden units it has as many weights
//! as encoder and transfer together, 2,560, and is the plain network to compare them with.
//!
//! | symbol | meaning |
//! |---|---|
//! | D, D' | units of the input and of the drive |
//! | h | hidden units |

mod batches;
mod finish;
mod fit;
mod network;

pub use fit::{Training, TransferSettings};

use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};

use crate::weights::{BLOCK, Block, Weights, column_blocks};
use crate::{ConditioningError, check};

/// A bias-free network D -> h -> D' with SiLU between.
///
/// ```
/// use overdamped_conditioning::Transfer;
///
/// // silu(z) - silu(-z) = z, whatever z.
/// let identity = Transfer::new(faer::mat![[1.0], [-1.0]].as_ref(), faer::mat![[1.0, -1.0]].as_ref())?;
/// let drive = identity.apply(faer::mat![[0.25_f32, -3.0]].as_ref())?;
/// assert!((drive[(0, 1)] + 3.0).abs() < 1e-6);
/// assert_eq!((identity.parameters(), identity.macs()), (4, 4));
/// # Ok::<(), overdamped_conditioning::ConditioningError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Transfer {
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

impl TryFrom<Stored> for Transfer {
    type Error = ConditioningError;

    fn try_from(Stored { input, output }: Stored) -> Result<Self, ConditioningError> {
        Self { input, output }.checked()
    }
}

impl Transfer {
    /// The network with these weights: `input` is h x D, `output` D' x h.
    ///
    /// # Errors
    /// [`ConditioningError::Shape`] for an empty matrix, [`ConditioningError::Units`] if the two do not
    /// share h, [`ConditioningError::NonFinite`].
    pub fn new(input: MatRef<'_, f32>, output: MatRef<'_, f32>) -> Result<Self, ConditioningError> {
        Self {
            input: Weights::new(input),
            output: Weights::new(output),
        }
        .checked()
    }

    fn checked(self) -> Result<Self, ConditioningError> {
        self.input.check("transfer.in")?;
        self.output.check("transfer.out")?;
        check::units("transfer.out", self.input.rows(), self.output.columns())?;
        Ok(self)
    }

    /// The network that takes `x` (D x samples) closest to `drives` (D' x samples) in the mean square.
    ///
    /// Adam on mini-batches finds both layers; then the output layer is solved for exactly, see
    /// [`TransferSettings::finish`]. Data are scaled to a root mean square of one for the training and
    /// the weights scaled back, so that the settings mean the same for activations of every size. The
    /// same seed gives the same bits, on any number of threads: it all runs on the calling one.
    ///
    /// # Errors
    /// Settings out of range, unpaired or non-finite data, fewer samples than hidden units
    /// ([`ConditioningError::TooFewSamples`]), inputs that are zero throughout
    /// ([`ConditioningError::RankDeficient`]), or [`ConditioningError::Diverged`].
    pub fn fit(
        x: MatRef<'_, f32>,
        drives: MatRef<'_, f32>,
        settings: &TransferSettings,
    ) -> Result<(Self, Training), ConditioningError> {
        let (input, output, training) = fit::fit(x, drives, settings)?;
        let network = Self { input, output }.checked()?;
        Ok((network, training))
    }

    /// Units D of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.input.columns()
    }

    /// Units D' of the drive.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.output.rows()
    }

    /// Hidden units h.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.input.rows()
    }

    /// Number of weights, h (D + D').
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.input.len() + self.output.len()
    }

    /// Multiply-accumulates for one sample: one for each weight. The h values of the SiLU come on top.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.parameters()
    }

    /// W_1, h x D.
    #[must_use]
    pub fn input(&self) -> MatRef<'_, f32> {
        self.input.matrix()
    }

    /// W_2, D' x h.
    #[must_use]
    pub fn output(&self) -> MatRef<'_, f32> {
        self.output.matrix()
    }

    /// The weights by name: `transfer.in` and `transfer.out`.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block<'_>> {
        vec![
            self.input.block("transfer.in"),
            self.output.block("transfer.out"),
        ]
    }

    /// t(x) for each column of `x` (D x samples): D' x samples.
    ///
    /// # Errors
    /// [`ConditioningError::Units`] or [`ConditioningError::NonFinite`], also if the output is beyond single precision.
    pub fn apply(&self, x: MatRef<'_, f32>) -> Result<Mat<f32>, ConditioningError> {
        check::units("the transfer's inputs", self.inputs(), x.nrows())?;
        check::finite("the transfer's inputs", x)?;
        let mut out = Mat::zeros(self.outputs(), x.ncols());
        let mut hidden = Mat::zeros(self.hidden(), x.ncols().min(BLOCK));
        for (first, width) in column_blocks(x.ncols()) {
            let mut hidden = hidden.as_mut().subcols_mut(0, width);
            self.input.apply(x.subcols(first, width), hidden.as_mut());
            network::activate(hidden.as_mut());
            self.output
                .apply(hidden.as_ref(), out.as_mut().subcols_mut(first, width));
        }
        check::finite("the transfer's outputs", out.as_ref())?;
        Ok(out)
    }
}

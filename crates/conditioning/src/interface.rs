//! Encoder and transfer in a row: the published interface between an input and the substrate.
//!
//! An encoder module of stiffness A is to rest at the input x, a decoder module of stiffness B at the
//! activations y that belong to x. That takes the drives A x and B y ([`holding_drive`]). The
//! bottleneck encoder learns x -> A x, the transfer network A x -> B y, and in use the second takes
//! what the first gives: b = t(e(x)) (arXiv 2604.14332). At D = 64, r = 4, h = 16 that are 2 x 64 x 4 +
//! 2 x 64 x 16 = 2,560 weights without biases.
//!
//! Two things are worth knowing of it. The outer map of the encoder and the inner one of the transfer
//! are both linear with nothing between: a network D -> r -> h -> D' of r D + h r + D' h weights does
//! the same ([`Interface::merged_parameters`]: 1,344). And without biases the mean of the drives has to
//! be made from the input; [`Centring`] gives it apart, for as many numbers as there are units.
//!
//! [`holding_drive`]: crate::holding_drive

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Scalar};
use serde::{Deserialize, Serialize};

use crate::encoder::{Encoder, EncoderSettings};
use crate::moments;
use crate::transfer::{Training, Transfer, TransferSettings};
use crate::weights::Block;
use crate::{ConditioningError, check, on_units};

/// Which means are taken away before the fit and put back in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Centring {
    /// None, as published.
    #[default]
    Raw,
    /// That of the drives: D' numbers more.
    Drive,
    /// Those of the inputs and of the drives: D + D' numbers more.
    Both,
}

/// What the transfer network is fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum FittedOn {
    /// The encoder's targets A x, as published. In use it meets what the encoder makes of them.
    #[default]
    Targets,
    /// What the encoder gives, as it meets it in use.
    Encoded,
}

/// Settings of the interface's fit; the default is the published interface.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InterfaceSettings {
    /// The bottleneck.
    pub encoder: EncoderSettings,
    /// The transfer network.
    pub transfer: TransferSettings,
    /// Which means are kept apart.
    pub centring: Centring,
    /// What the transfer is fitted on.
    pub fitted_on: FittedOn,
}

/// Bottleneck encoder and transfer network: D -> r -> De -> h -> D'.
///
/// ```
/// use overdamped_conditioning::{Encoder, Interface, Transfer};
/// use faer::Mat;
///
/// let weights = |rows, columns| Mat::from_fn(rows, columns, |i, j| ((i + 2 * j) % 5) as f32 - 2.0);
/// let encoder = Encoder::new(weights(4, 64).as_ref(), weights(64, 4).as_ref())?;
/// let transfer = Transfer::new(weights(16, 64).as_ref(), weights(64, 16).as_ref())?;
/// let interface = Interface::new(encoder, transfer)?;
/// assert_eq!((interface.parameters(), interface.means()), (2560, 0));
/// # Ok::<(), overdamped_conditioning::ConditioningError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Interface {
    encoder: Encoder,
    transfer: Transfer,
    /// Mean of the inputs; empty if it is not taken away.
    input_mean: Vec<f32>,
    /// Mean of the drives; empty if it is not put back.
    drive_mean: Vec<f32>,
}

/// What a file says, before it is believed.
#[derive(Deserialize)]
struct Stored {
    encoder: Encoder,
    transfer: Transfer,
    input_mean: Vec<f32>,
    drive_mean: Vec<f32>,
}

impl TryFrom<Stored> for Interface {
    type Error = ConditioningError;

    fn try_from(stored: Stored) -> Result<Self, ConditioningError> {
        Self {
            encoder: stored.encoder,
            transfer: stored.transfer,
            input_mean: stored.input_mean,
            drive_mean: stored.drive_mean,
        }
        .checked()
    }
}

impl Interface {
    /// The two in a row, without means.
    ///
    /// # Errors
    /// [`ConditioningError::Units`] if the transfer does not take what the encoder gives.
    pub fn new(encoder: Encoder, transfer: Transfer) -> Result<Self, ConditioningError> {
        Self {
            encoder,
            transfer,
            input_mean: Vec::new(),
            drive_mean: Vec::new(),
        }
        .checked()
    }

    /// The interface with other means: of the inputs (D numbers) and of the drives (D'), each of which
    /// may be empty for none.
    ///
    /// # Errors
    /// [`ConditioningError::Units`] or [`ConditioningError::NonFinite`].
    pub fn with_means(
        self,
        input_mean: Vec<f32>,
        drive_mean: Vec<f32>,
    ) -> Result<Self, ConditioningError> {
        Self {
            input_mean,
            drive_mean,
            ..self
        }
        .checked()
    }

    fn checked(self) -> Result<Self, ConditioningError> {
        check::units(
            "the transfer's inputs",
            self.encoder.outputs(),
            self.transfer.inputs(),
        )?;
        for (what, mean, units) in [
            ("means.input", &self.input_mean, self.encoder.inputs()),
            ("means.drive", &self.drive_mean, self.transfer.outputs()),
        ] {
            if !mean.is_empty() {
                check::units(what, units, mean.len())?;
                check::finite(what, MatRef::from_row_major_slice(mean, units, 1))?;
            }
        }
        Ok(self)
    }

    /// Fits the encoder `x` -> `targets`, then the transfer `targets` -> `drives` (all units x samples,
    /// paired).
    ///
    /// As published the targets are A x and the drives B y, with the stiffness A and B of the modules
    /// ([`holding_drive`](crate::holding_drive)). The [`Training`] is that of the transfer on what
    /// it was fitted on ([`InterfaceSettings::fitted_on`]).
    ///
    /// # Errors
    /// Those of [`Encoder::fit`] and [`Transfer::fit`].
    pub fn fit(
        x: MatRef<'_, f32>,
        targets: MatRef<'_, f32>,
        drives: MatRef<'_, f32>,
        settings: &InterfaceSettings,
    ) -> Result<(Self, Training), ConditioningError> {
        check::samples("the interface's inputs", x)?;
        for (what, matrix) in [
            ("the encoder's targets", targets),
            ("the interface's drives", drives),
        ] {
            check::paired(what, x.ncols(), matrix.ncols())?;
            check::samples(what, matrix)?;
        }
        let mean = |matrix, wanted| {
            if wanted {
                rounded_means(matrix)
            } else {
                Vec::new()
            }
        };
        let both = settings.centring == Centring::Both;
        let input_mean = mean(x, both);
        let target_mean = mean(targets, both);
        let drive_mean = mean(drives, settings.centring != Centring::Raw);

        let x = shifted(x, &input_mean, -1.0);
        let targets = shifted(targets, &target_mean, -1.0);
        let drives = shifted(drives, &drive_mean, -1.0);
        let encoder = Encoder::fit(x.as_ref(), targets.as_ref(), &settings.encoder)?;
        let met = match settings.fitted_on {
            FittedOn::Targets => targets,
            FittedOn::Encoded => encoder.encode(x.as_ref())?,
        };
        let (transfer, training) =
            Transfer::fit(met.as_ref(), drives.as_ref(), &settings.transfer)?;
        let interface = Self::new(encoder, transfer)?.with_means(input_mean, drive_mean)?;
        Ok((interface, training))
    }

    /// The encoder.
    #[must_use]
    pub const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The transfer network.
    #[must_use]
    pub const fn transfer(&self) -> &Transfer {
        &self.transfer
    }

    /// Units D of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.encoder.inputs()
    }

    /// Units D' of the drive.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.transfer.outputs()
    }

    /// Number of weights of both maps; the means are counted by [`Interface::means`].
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.encoder.parameters() + self.transfer.parameters()
    }

    /// Weights that do the same with the two adjacent linear maps made one: r D + h r + D' h.
    #[must_use]
    pub fn merged_parameters(&self) -> usize {
        let (rank, hidden) = (self.encoder.rank(), self.transfer.hidden());
        rank * self.inputs() + hidden * rank + self.outputs() * hidden
    }

    /// Multiply-accumulates for one sample: one for each weight.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.encoder.macs() + self.transfer.macs()
    }

    /// Numbers kept on top of the weights: the means that are taken away and put back.
    #[must_use]
    pub fn means(&self) -> usize {
        self.input_mean.len() + self.drive_mean.len()
    }

    /// All numbers by name: `encoder.in`, `encoder.out`, `transfer.in`, `transfer.out` and, where there
    /// are any, `means.input` and `means.drive` (one column).
    #[must_use]
    pub fn blocks(&self) -> Vec<Block<'_>> {
        let means = [
            ("means.input", &self.input_mean),
            ("means.drive", &self.drive_mean),
        ];
        let means = means.into_iter().filter(|(_, mean)| !mean.is_empty());
        let mut blocks = self.encoder.blocks();
        blocks.extend(self.transfer.blocks());
        blocks.extend(means.map(|(name, values)| Block {
            name,
            shape: [values.len(), 1],
            values,
        }));
        blocks
    }

    /// The drive on the decoder for each column of `x` (D x samples): D' x samples.
    ///
    /// # Errors
    /// [`ConditioningError::Units`] or [`ConditioningError::NonFinite`].
    pub fn drive(&self, x: MatRef<'_, f32>) -> Result<Mat<f32>, ConditioningError> {
        check::units("the interface's inputs", self.inputs(), x.nrows())?;
        let encoded = if self.input_mean.is_empty() {
            self.encoder.encode(x)?
        } else {
            self.encoder
                .encode(shifted(x, &self.input_mean, -1.0).as_ref())?
        };
        let drive = self.transfer.apply(encoded.as_ref())?;
        if self.drive_mean.is_empty() {
            return Ok(drive);
        }
        let drive = shifted(drive.as_ref(), &self.drive_mean, 1.0);
        check::finite("the interface's drive", drive.as_ref())?;
        Ok(drive)
    }

    /// The drive as energy on a substrate of `units` units, of which the decoder's begin at `first`:
    /// one chain for each column of `x` (D x samples).
    ///
    /// # Errors
    /// Those of [`Interface::drive`] and [`on_units`].
    pub fn drive_on(
        &self,
        x: MatRef<'_, f32>,
        units: usize,
        first: usize,
    ) -> Result<Drive<f32>, ConditioningError> {
        on_units(self.drive(x)?.as_ref(), units, first)
    }
}

fn rounded_means(matrix: MatRef<'_, f32>) -> Vec<f32> {
    moments::means(matrix).into_iter().map(f32::of).collect()
}

/// The matrix plus `sign` times a mean; a copy if there is none.
fn shifted(matrix: MatRef<'_, f32>, mean: &[f32], sign: f32) -> Mat<f32> {
    if mean.is_empty() {
        return matrix.to_owned();
    }
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |unit, sample| {
        matrix[(unit, sample)] + sign * mean[unit]
    })
}

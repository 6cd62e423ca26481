//! How a transfer network is trained.

use faer::{Mat, MatRef};
use overdamped_energy::{Layout, Role, Scalar};
use overdamped_learn::{Adam, AdamSettings, Schedule};
use overdamped_substrate::stream::{self, Stream};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::batches::Batches;
use super::finish::residuals;
use super::network::{Layers, Pass};
use crate::moments::root_mean_square;
use crate::weights::Weights;
use crate::{ConditioningError, check};

/// Streams of the seed.
const WEIGHTS: u64 = 0;
const BATCHES: u64 = 1;

/// Settings of the transfer's training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransferSettings {
    /// Hidden units h. Default 16, as published.
    pub hidden: usize,
    /// Samples in a mini-batch. Default 256; all of them if there are fewer.
    pub batch: usize,
    /// Optimiser, for data scaled to a root mean square of one. Default: rate 1e-2 for 3,000 updates, a
    /// cosine after a rise of 2 %. Its blocks are `transfer.in` and `transfer.out`.
    pub adam: AdamSettings,
    /// Whether, and with which ridge, the output layer is solved for in the end. The ridge is one on
    /// the step away from Adam's weights, in units of the mean square of the hidden units, so that the
    /// training loss can only fall; at least 1e-12. Default 1e-6.
    pub finish: Option<f64>,
    /// Seed of the initial weights and of the batches. Default 0.
    pub seed: u64,
}

impl Default for TransferSettings {
    fn default() -> Self {
        Self {
            hidden: 16,
            batch: 256,
            adam: AdamSettings {
                rate: 1e-2,
                updates: 3000,
                schedule: Schedule::Cosine {
                    warmup: 0.02,
                    last: 0.0,
                },
                ..AdamSettings::default()
            },
            finish: Some(1e-6),
            seed: 0,
        }
    }
}

impl TransferSettings {
    fn check(&self) -> Result<(), ConditioningError> {
        for (setting, value) in [
            ("the number of hidden units", self.hidden),
            ("the mini-batch", self.batch),
        ] {
            check::setting(setting, value as f64, value > 0, "at least 1")?;
        }
        let ridge = self.finish.unwrap_or(1.0);
        check::setting(
            "the ridge of the transfer's output layer",
            ridge,
            ridge.is_finite() && ridge >= 1e-12,
            "at least 1e-12 and finite",
        )?;
        self.adam.clone().validated()?;
        Ok(())
    }
}

/// How the training went: mean squares of t(x) less the drive, over all samples and units, in the
/// drive's units squared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Where Adam left it.
    pub adam: f64,
    /// After the output layer was solved for: at most `adam`, and equal to it if that was not asked
    /// for.
    pub finished: f64,
}

/// W_1, W_2 and how it went.
pub(super) fn fit(
    x: MatRef<'_, f32>,
    drives: MatRef<'_, f32>,
    settings: &TransferSettings,
) -> Result<(Weights, Weights, Training), ConditioningError> {
    settings.check()?;
    check::samples("the transfer's inputs", x)?;
    check::paired("the transfer's drives", x.ncols(), drives.ncols())?;
    check::samples("the transfer's drives", drives)?;
    if x.ncols() < settings.hidden {
        return Err(ConditioningError::TooFewSamples {
            what: "the transfer",
            needed: settings.hidden,
            samples: x.ncols(),
        });
    }
    let layers = Layers {
        inputs: x.nrows(),
        hidden: settings.hidden,
        outputs: drives.nrows(),
    };
    let (size, drive_size) = (root_mean_square(x), root_mean_square(drives));
    if size == 0.0 {
        return Err(ConditioningError::RankDeficient {
            rank: 0,
            needed: 1,
            features: x.nrows(),
            constant: Some(0),
        });
    }
    // Drives that are zero throughout are learnt as they are.
    let drive_size = if drive_size == 0.0 { 1.0 } else { drive_size };
    let x = scaled(x, 1.0 / size);
    let drives = scaled(drives, 1.0 / drive_size);

    let mut parameters = train(layers, x.as_ref(), drives.as_ref(), settings)?;
    let left = residuals(layers, &parameters, x.as_ref(), drives.as_ref());
    if !left.loss.is_finite() {
        return Err(ConditioningError::Diverged {
            update: settings.adam.updates,
            loss: left.loss,
        });
    }
    let mut loss = left.loss;
    if let Some(ridge) = settings.finish {
        let mut moved = parameters.clone();
        left.step(layers, ridge, &mut moved)?;
        let after = residuals(layers, &moved, x.as_ref(), drives.as_ref()).loss;
        // Weights are rounded to single precision: at the optimum that may cost more than the step
        // gains.
        if after < loss {
            (parameters, loss) = (moved, after);
        }
    }

    let (first, second) = layers.split(&parameters);
    let unit = drive_size.powi(2);
    Ok((
        Weights::new(scaled(first, 1.0 / size).as_ref()),
        Weights::new(scaled(second, drive_size).as_ref()),
        Training {
            adam: left.loss * unit,
            finished: loss * unit,
        },
    ))
}

/// Adam on mini-batches.
fn train(
    layers: Layers,
    x: MatRef<'_, f32>,
    drives: MatRef<'_, f32>,
    settings: &TransferSettings,
) -> Result<Vec<f32>, ConditioningError> {
    let layout = Layout::new()
        .with("transfer.in", layers.first(), Role::Shape)
        .with(
            "transfer.out",
            layers.parameters() - layers.first(),
            Role::Amplitude,
        );
    let mut parameters = initial(layers, &mut stream::of(settings.seed, WEIGHTS));
    let mut gradient = vec![0.0_f32; parameters.len()];
    let batches = stream::of(settings.seed, BATCHES);
    let mut batches = Batches::new(x, drives, settings.batch, batches);
    let mut pass = Pass::new(layers, batches.size());
    let mut adam = Adam::new(parameters.len());
    for update in 0..settings.adam.updates {
        let (x, drives) = batches.draw();
        let loss = pass.gradient(&parameters, x, drives, &mut gradient);
        // The gradient may be too long for its numbers before the loss is.
        if !loss.is_finite() || gradient.iter().any(|slope| !slope.is_finite()) {
            return Err(ConditioningError::Diverged { update, loss });
        }
        adam.update(&settings.adam, &layout, &mut parameters, &gradient)?;
    }
    Ok(adam.averaged().unwrap_or(parameters))
}

/// Normal weights of variance 1 / (fan-in).
fn initial(layers: Layers, stream: &mut Stream) -> Vec<f32> {
    let fan_in = |at| {
        if at < layers.first() {
            layers.inputs
        } else {
            layers.hidden
        }
    };
    let draw = |at| stream.sample::<f64, _>(StandardNormal) / (fan_in(at) as f64).sqrt();
    (0..layers.parameters()).map(draw).map(f32::of).collect()
}

fn scaled(matrix: MatRef<'_, f32>, factor: f64) -> Mat<f32> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |row, column| {
        f32::of(f64::from(matrix[(row, column)]) * factor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a misspelt or missing setting that would silently turn the finish off.
    #[test]
    fn settings_that_a_file_leaves_out_are_the_defaults() {
        let none: TransferSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(none, TransferSettings::default());
        let wrong = serde_json::from_str::<TransferSettings>(r#"{"finsh": null}"#);
        assert!(wrong.unwrap_err().to_string().contains("finsh"));
    }
}

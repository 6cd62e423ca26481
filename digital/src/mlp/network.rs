//! The layers, f(x) = W2 tanh(W1 x + b1) + b2, and their training. The only place that knows burn.
//!
//! Initial weights come from a stream of the seed. The library's own initialisation draws from a
//! generator of the device, which all networks of a process share.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData, activation};
use overdamped_substrate::stream::Stream;
use rand::RngExt;

use super::MlpSettings;
use crate::DigitalError;

/// Calls of `progress` in a training run, at most.
const ROUNDS: u64 = 100;
/// Added to the root of Adam's second moment, as in the paper (Kingma and Ba 2015); the library's
/// own default, 1e-5, is not small beside the gradients of a mean over many units.
const EPSILON: f32 = 1e-8;

/// A trained network, without the means to train it.
#[derive(Debug)]
pub(super) struct Network {
    layers: Layers,
    device: Device,
}

impl Network {
    /// Trains on the batches that `next` gives for each update: clean and noised rows.
    pub(super) fn train(
        units: usize,
        settings: &MlpSettings,
        mut weights: Stream,
        mut next: impl FnMut(u64) -> (Vec<f32>, Vec<f32>),
        mut progress: impl FnMut(u64, f64),
    ) -> Result<Self, DigitalError> {
        let device = Device::flex();
        let training = device.clone().autodiff();
        let mut layers = Layers::new(units, settings.hidden, &mut weights, &training);
        let mut adam = AdamConfig::new().with_epsilon(EPSILON).init();
        let round = settings.updates.div_ceil(ROUNDS);
        let (mut sum, mut terms) = (0.0, 0_u32);
        for update in 0..settings.updates {
            let (clean, noised) = next(update);
            let rows = |values| {
                let data = TensorData::new(values, [settings.batch, units]);
                Tensor::<2>::from_data(data, &training)
            };
            let loss = (layers.forward(rows(noised)) - rows(clean)).square().mean();
            let gradients = GradientsParams::from_grads(loss.backward(), &layers);
            let loss: f32 = loss.try_into_scalar().map_err(DigitalError::library)?;
            if !loss.is_finite() {
                return Err(DigitalError::Diverged {
                    update,
                    loss: f64::from(loss),
                    rate: settings.rate,
                });
            }
            layers = adam.step(settings.rate_at(update), layers, gradients);

            sum += f64::from(loss);
            terms += 1;
            let made = update + 1;
            if made % round == 0 || made == settings.updates {
                progress(made, sum / f64::from(terms));
                (sum, terms) = (0.0, 0);
            }
        }
        Ok(Self {
            layers: layers.valid(),
            device,
        })
    }

    /// The predictions for rows of the given shape, `samples x units`.
    pub(super) fn predict(
        &self,
        rows: Vec<f32>,
        shape: [usize; 2],
    ) -> Result<Vec<f32>, DigitalError> {
        let rows = Tensor::from_data(TensorData::new(rows, shape), &self.device);
        let clean = self.layers.forward(rows);
        clean.try_into_vec_as().map_err(DigitalError::library)
    }

    /// Number of weights and biases.
    pub(super) fn parameters(&self) -> usize {
        self.layers.num_params()
    }
}

/// One hidden layer, fully connected.
#[derive(Module, Debug)]
struct Layers {
    hidden: Linear,
    output: Linear,
}

impl Layers {
    fn new(units: usize, hidden: usize, weights: &mut Stream, device: &Device) -> Self {
        Self {
            hidden: linear(units, hidden, weights, device),
            output: linear(hidden, units, weights, device),
        }
    }

    /// The prediction for each row of `samples` (`samples x units`).
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let hidden = activation::tanh(self.hidden.forward(samples));
        self.output.forward(hidden)
    }
}

/// A layer with weights and biases uniform within 1 / sqrt(inputs) of zero.
fn linear(inputs: usize, outputs: usize, weights: &mut Stream, device: &Device) -> Linear {
    let bound = (inputs as f32).sqrt().recip();
    let mut draw = |count: usize| -> Vec<f32> {
        (0..count)
            .map(|_| weights.random_range(-bound..bound))
            .collect()
    };
    let weight = TensorData::new(draw(inputs * outputs), [inputs, outputs]);
    let bias = TensorData::new(draw(outputs), [outputs]);
    Linear {
        weight: Param::from_data(weight, device),
        bias: Some(Param::from_data(bias, device)),
    }
}

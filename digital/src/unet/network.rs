//! The network and its training in burn, which differentiates it. The only place of the U-Net that
//! knows burn.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, TensorData, activation, module};

use super::UNetSettings;
use super::architecture::{Block, GROUPS, LEAST_VARIANCE, SIDE, Slot, slots};
use super::draws::Batch;
use super::parameters::Parameters;
use crate::DigitalError;

/// The weights that training from `initial` on the batches that `next` gives ends with.
///
/// `progress` is called after each update with the updates made and the loss of the last.
pub(super) fn train(
    initial: &Parameters,
    settings: &UNetSettings,
    mut next: impl FnMut(u64) -> Batch,
    mut progress: impl FnMut(u64, f64),
) -> Result<Parameters, DigitalError> {
    let device = Device::flex().autodiff();
    let mut network = Network::new(initial, &device);
    let mut average = (settings.averaging > 0.0).then(|| initial.clone());
    let mut adam = AdamConfig::new()
        .with_epsilon(settings.epsilon as f32)
        .init();
    for update in 0..settings.updates {
        let loss = network.loss(next(update), &device);
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        let loss: f32 = loss.try_into_scalar().map_err(DigitalError::library)?;
        if !loss.is_finite() {
            return Err(DigitalError::Diverged {
                update,
                loss: f64::from(loss),
                rate: settings.rate,
            });
        }
        let gradients = shortened(gradients, &network, settings.gradient_norm)?;
        network = adam.step(settings.rate_at(update), network, gradients);
        if let Some(average) = &mut average {
            average.blend(&network.parameters()?, settings.kept_at(update));
        }
        progress(update + 1, f64::from(loss));
    }
    average.map_or_else(|| network.parameters(), Ok)
}

/// The network; fields and those of its layers are in the order of the slots.
#[derive(Module, Debug)]
pub(super) struct Network {
    noise: [Dense; 2],
    stem: Param<Tensor<4>>,
    stem_bias: Param<Tensor<1>>,
    blocks: [Convolutions; 5],
    output: Dense,
}

/// A linear layer; the weight is `outputs x inputs`.
#[derive(Module, Debug)]
struct Dense {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

/// The layers of a block.
#[derive(Module, Debug)]
struct Convolutions {
    first: Param<Tensor<4>>,
    first_scale: Param<Tensor<1>>,
    noise: Dense,
    second: Param<Tensor<4>>,
    second_scale: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    skip: Param<Tensor<2>>,
}

impl Network {
    pub(super) fn new(parameters: &Parameters, device: &Device) -> Self {
        let slots = slots();
        let mut source = Source {
            tensors: slots.iter().zip(parameters.tensors()),
            device,
        };
        Self {
            noise: [source.dense(), source.dense()],
            stem: source.next(),
            stem_bias: source.next(),
            blocks: Block::ALL.map(|_| Convolutions {
                first: source.next(),
                first_scale: source.next(),
                noise: source.dense(),
                second: source.next(),
                second_scale: source.next(),
                bias: source.next(),
                skip: source.next(),
            }),
            output: source.dense(),
        }
    }

    /// The clean images, `images x 1 x 16 x 16`, behind noised ones; the noise is `images x 1`.
    pub(super) fn forward(&self, noisy: Tensor<4>, noise: Tensor<2>) -> Tensor<4> {
        let [first, second] = &self.noise;
        let level = activation::silu(first.forward(noise.log()));
        let level = activation::silu(second.forward(level));
        let [e1, e2, middle, d2, d1] = &self.blocks;
        let stem = convolve(noisy, self.stem.val(), Some(self.stem_bias.val()));
        let e1_out = e1.forward(activation::silu(stem), &level);
        let e2_out = e2.forward(pool(e1_out.clone()), &level);
        let middle_out = middle.forward(pool(e2_out.clone()), &level);
        let d2_in = Tensor::cat(vec![enlarge(middle_out), e2_out], 1);
        let d2_out = d2.forward(d2_in, &level);
        let d1_in = Tensor::cat(vec![enlarge(d2_out), e1_out], 1);
        let d1_out = d1.forward(d1_in, &level);
        pointwise(
            d1_out,
            self.output.weight.val(),
            Some(self.output.bias.val()),
        )
    }

    /// The weighted loss of a batch.
    fn loss(&self, batch: Batch, device: &Device) -> Tensor<1> {
        let images = batch.noises.len();
        let squares = |values| {
            let data = TensorData::new(values, [images, 1, SIDE, SIDE]);
            Tensor::<4>::from_data(data, device)
        };
        let column = |values| Tensor::<2>::from_data(TensorData::new(values, [images, 1]), device);
        let clean = self.forward(squares(batch.noisy), column(batch.noises));
        let weights = column(batch.weights).reshape([images, 1, 1, 1]);
        ((clean - squares(batch.clean)).square() * weights).mean()
    }

    /// The weights as plain data.
    fn parameters(&self) -> Result<Parameters, DigitalError> {
        let mut collector = Collector(Ok(Vec::new()));
        self.visit(&mut collector);
        collector.0.map(Parameters::from_tensors)
    }
}

impl Dense {
    fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        rows.matmul(self.weight.val().transpose()) + self.bias.val().unsqueeze()
    }
}

impl Convolutions {
    fn forward(&self, images: Tensor<4>, level: &Tensor<2>) -> Tensor<4> {
        let bias = self.noise.forward(level.clone());
        let [count, channels] = bias.dims();
        let hidden = normalise(
            convolve(images.clone(), self.first.val(), None),
            self.first_scale.val(),
        );
        let hidden = activation::silu(hidden + bias.reshape([count, channels, 1, 1]));
        let changed = normalise(
            convolve(hidden, self.second.val(), None),
            self.second_scale.val(),
        );
        let skip = pointwise(images, self.skip.val(), Some(self.bias.val()));
        activation::silu(skip + changed)
    }
}

/// Each group of channels at mean zero and variance one over an image, then scaled channel by channel.
fn normalise(images: Tensor<4>, scale: Tensor<1>) -> Tensor<4> {
    let [count, channels, rows, columns] = images.dims();
    let groups = images.reshape([count, GROUPS, channels / GROUPS * rows * columns]);
    let deviations = groups.clone() - groups.mean_dim(2);
    let variances = deviations.clone().square().mean_dim(2);
    let normal = deviations / (variances + LEAST_VARIANCE).sqrt();
    normal.reshape([count, channels, rows, columns]) * scale.reshape([1, channels, 1, 1])
}

fn convolve(images: Tensor<4>, kernel: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
    module::conv2d(images, kernel, bias, options)
}

/// A 1 x 1 convolution; the kernel is `outputs x inputs`.
fn pointwise(images: Tensor<4>, kernel: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<4> {
    let [outputs, inputs] = kernel.dims();
    let kernel = kernel.reshape([outputs, inputs, 1, 1]);
    let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
    module::conv2d(images, kernel, bias, options)
}

fn pool(images: Tensor<4>) -> Tensor<4> {
    module::avg_pool2d(images, AvgPoolOptions::new([2, 2]))
}

fn enlarge(images: Tensor<4>) -> Tensor<4> {
    // The library aligns corners unless told otherwise, which would shift the nearest pixels.
    let mut options = InterpolateOptions::new(InterpolateMode::Nearest);
    options.align_corners = false;
    options.scale_factor = Some([2.0, 2.0]);
    module::interpolate(images, options)
}

/// Plain tensors one after the other, as parameters of the library.
struct Source<'a, I> {
    tensors: I,
    device: &'a Device,
}

impl<'a, I: Iterator<Item = (&'a Slot, &'a [f32])>> Source<'_, I> {
    fn next<const D: usize>(&mut self) -> Param<Tensor<D>> {
        let (slot, values) = self.tensors.next().expect("parameters have all slots");
        let data = TensorData::new(values.to_vec(), slot.shape.clone());
        Param::from_data(data, self.device)
    }

    fn dense(&mut self) -> Dense {
        Dense {
            weight: self.next(),
            bias: self.next(),
        }
    }
}

/// Takes the values of all parameters, in the order of the fields.
struct Collector(Result<Vec<Vec<f32>>, DigitalError>);

impl ModuleVisitor for Collector {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Ok(tensors) = &mut self.0 {
            match param.val().try_into_vec_as() {
                Ok(values) => tensors.push(values),
                Err(error) => self.0 = Err(DigitalError::library(error)),
            }
        }
    }
}

/// The gradients, shortened to `longest` where their norm over all weights is greater.
fn shortened(
    mut gradients: GradientsParams,
    network: &Network,
    longest: f64,
) -> Result<GradientsParams, DigitalError> {
    let mut norm = SquaredNorm {
        gradients: &gradients,
        sum: Ok(0.0),
    };
    network.visit(&mut norm);
    let length = norm.sum?.sqrt();
    if length > longest {
        network.visit(&mut Scale {
            gradients: &mut gradients,
            factor: longest / length,
        });
    }
    Ok(gradients)
}

/// Sums the squares of all gradients, in double precision over the tensors.
struct SquaredNorm<'a> {
    gradients: &'a GradientsParams,
    sum: Result<f64, DigitalError>,
}

impl ModuleVisitor for SquaredNorm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let (Ok(sum), Some(gradient)) = (&mut self.sum, self.gradients.get::<D>(param.id)) {
            match gradient.square().sum().try_into_scalar::<f32>() {
                Ok(square) => *sum += f64::from(square),
                Err(error) => self.sum = Err(DigitalError::library(error)),
            }
        }
    }
}

/// Multiplies all gradients by a factor.
struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: f64,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let scaled = gradient.mul_scalar(self.factor);
            self.gradients.register(param.id, scaled);
        }
    }
}

//! The forward pass of one image, in this crate's own code: no library of networks is needed for it.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::architecture::{Block, LEVELS, SIDE, STEM, TAPS};
use super::grid::{Scratch, activate, convolve, join, normalise, pool, silu};
use super::parameters::Parameters;

/// The weights in the shapes that the products want.
#[derive(Debug, Clone)]
pub(super) struct Network {
    noise: [Dense; 2],
    stem: Mat<f32>,
    stem_bias: Vec<f32>,
    blocks: [Convolutions; 5],
    output: Dense,
}

/// A linear layer.
#[derive(Debug, Clone)]
struct Dense {
    /// `outputs x inputs`, row by row.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// The layers of a block; kernels are `outputs x 9 inputs`, tap by tap.
#[derive(Debug, Clone)]
struct Convolutions {
    first: Mat<f32>,
    first_scale: Vec<f32>,
    noise: Dense,
    second: Mat<f32>,
    second_scale: Vec<f32>,
    bias: Vec<f32>,
    /// `outputs x inputs`, the same for every pixel.
    skip: Mat<f32>,
}

/// All activations of one image, each `channels x pixels`.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) image: Vec<f32>,
    pub(super) e1: Mat<f32>,
    pub(super) e2: Mat<f32>,
    pub(super) middle: Mat<f32>,
    pub(super) d2: Mat<f32>,
    pub(super) d1: Mat<f32>,
}

impl Network {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let mut tensors = parameters.tensors();
        let mut next = || {
            let values = tensors.next();
            values.expect("parameters have all slots").to_vec()
        };
        let mut dense = || Dense {
            weight: next(),
            bias: next(),
        };
        let noise = [dense(), dense()];
        let (stem, stem_bias) = (kernel(&next(), STEM, 1), next());
        let blocks = Block::ALL.map(|block| {
            let first = kernel(&next(), block.channels(), block.inputs());
            let first_scale = next();
            let noise = Dense {
                weight: next(),
                bias: next(),
            };
            let second = kernel(&next(), block.channels(), block.channels());
            Convolutions {
                first,
                first_scale,
                noise,
                second,
                second_scale: next(),
                bias: next(),
                skip: pointwise(&next(), block.channels(), block.inputs()),
            }
        });
        let output = Dense {
            weight: next(),
            bias: next(),
        };
        Self {
            noise,
            stem,
            stem_bias,
            blocks,
            output,
        }
    }

    /// Kernels of a block's two convolutions.
    pub(super) fn kernels(&self, block: Block) -> [MatRef<'_, f32>; 2] {
        let block = &self.blocks[block as usize];
        [block.first.as_ref(), block.second.as_ref()]
    }

    /// Everything that the network computes from one noised image, row-major, and its noise.
    pub(super) fn pass(&self, noisy: &[f32], noise: f32, scratch: &mut Scratch) -> Pass {
        let [first, second] = &self.noise;
        let level = second.activated(&first.activated(&[noise.ln()]));
        let input = MatRef::from_column_major_slice(noisy, 1, SIDE * SIDE);
        let bias = Some(self.stem_bias.as_slice());
        let mut stem = convolve(input, SIDE, self.stem.as_ref(), bias, scratch);
        activate(&mut stem);
        let mut block = |which: Block, input: MatRef<'_, f32>| {
            let layers = &self.blocks[which as usize];
            let side = which.side();
            let bias = layers.noise.apply(&level);
            let mut hidden = convolve(input, side, layers.first.as_ref(), None, scratch);
            normalise(&mut hidden, &layers.first_scale, &bias);
            activate(&mut hidden);
            let kernel = layers.second.as_ref();
            let mut image = convolve(hidden.as_ref(), side, kernel, None, scratch);
            normalise(&mut image, &layers.second_scale, &layers.bias);
            let skip = layers.skip.as_ref();
            matmul(image.as_mut(), Accum::Add, skip, input, 1.0, Par::Seq);
            activate(&mut image);
            image
        };
        let e1 = block(Block::E1, stem.as_ref());
        let e2 = block(Block::E2, pool(e1.as_ref(), Block::E1.side()).as_ref());
        let pooled = pool(e2.as_ref(), Block::E2.side());
        let middle = block(Block::Middle, pooled.as_ref());
        let joined = join(middle.as_ref(), Block::Middle.side(), e2.as_ref());
        let d2 = block(Block::D2, joined.as_ref());
        let joined = join(d2.as_ref(), Block::D2.side(), e1.as_ref());
        let d1 = block(Block::D1, joined.as_ref());
        Pass {
            image: d1
                .col_iter()
                .map(|pixel| self.read_out(pixel.iter()))
                .collect(),
            e1,
            e2,
            middle,
            d2,
            d1,
        }
    }

    /// The value of the pixel that the outer decoder's channels stand for.
    pub(super) fn read_out<'a>(&self, channels: impl Iterator<Item = &'a f32>) -> f32 {
        self.output.row(0, channels)
    }
}

impl Dense {
    /// One output.
    fn row<'a>(&self, output: usize, inputs: impl Iterator<Item = &'a f32>) -> f32 {
        let width = self.weight.len() / self.bias.len();
        let weights = &self.weight[output * width..(output + 1) * width];
        let terms = weights.iter().zip(inputs).map(|(w, x)| w * x);
        self.bias[output] + terms.sum::<f32>()
    }

    /// All outputs.
    fn apply(&self, inputs: &[f32]) -> Vec<f32> {
        (0..self.bias.len())
            .map(|output| self.row(output, inputs.iter()))
            .collect()
    }

    /// All outputs, through SiLU.
    fn activated(&self, inputs: &[f32]) -> Vec<f32> {
        let outputs = self.apply(inputs);
        debug_assert_eq!(outputs.len(), LEVELS);
        outputs.into_iter().map(silu).collect()
    }
}

/// A 1 x 1 convolution, `outputs x inputs`, from the order of files.
fn pointwise(values: &[f32], outputs: usize, inputs: usize) -> Mat<f32> {
    MatRef::from_row_major_slice(values, outputs, inputs).to_owned()
}

/// From outputs x inputs x taps, as files order a kernel, to `outputs x (taps inputs)`.
fn kernel(values: &[f32], outputs: usize, inputs: usize) -> Mat<f32> {
    Mat::from_fn(outputs, TAPS * inputs, |output, column| {
        let (tap, input) = (column / inputs, column % inputs);
        values[(output * inputs + input) * TAPS + tap]
    })
}

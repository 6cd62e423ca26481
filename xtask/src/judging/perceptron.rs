//! A perceptron with one hidden layer: its probabilities, its loss and the gradient of its loss.
//!
//! For an image `x` (one column, `units` rows) it computes
//!
//! ```text
//! h = max(0, A x + a)            hidden layer
//! p = softmax(B h + b)           class probabilities
//! ```
//!
//! and its loss is the cross-entropy `-ln p[label]`. Products run in f32, logarithms and sums over images in f64.

use faer::linalg::matmul::matmul;
use faer::{Accum, ColRef, Mat, MatRef, Par};

/// Images per block, small enough that a block's activations stay in cache.
pub(super) const BLOCK: usize = 512;

/// Sizes of the three layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layers {
    /// Pixels per image.
    pub units: usize,
    /// Hidden rectified units.
    pub hidden: usize,
    /// Output classes.
    pub classes: usize,
}

impl Layers {
    /// Length of the parameter vector `[A, a, B, b]`, matrices column by column.
    pub fn parameters(self) -> usize {
        self.hidden * (self.units + 1) + self.classes * (self.hidden + 1)
    }

    /// Where `A`, `a` and `B` end inside the parameter vector.
    pub fn ends(self) -> [usize; 3] {
        let hidden_weights = self.hidden * self.units;
        let hidden_bias = hidden_weights + self.hidden;
        [
            hidden_weights,
            hidden_bias,
            hidden_bias + self.classes * self.hidden,
        ]
    }

    /// Whether parameter `index` is a weight (decays) rather than a bias (does not).
    pub fn is_weight(self, index: usize) -> bool {
        let [hidden_weights, hidden_bias, output_weights] = self.ends();
        index < hidden_weights || (hidden_bias..output_weights).contains(&index)
    }
}

/// A trained network.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Perceptron {
    layers: Layers,
    parameters: Vec<f32>,
}

impl Perceptron {
    /// The network with the given parameters, laid out as [`Layers::ends`] tells.
    pub fn new(layers: Layers, parameters: Vec<f32>) -> Self {
        debug_assert_eq!(parameters.len(), layers.parameters());
        Self { layers, parameters }
    }

    /// Pixels per image that the network expects.
    pub fn units(&self) -> usize {
        self.layers.units
    }

    /// Class probabilities, classes x samples; each column sums to 1.
    pub fn probabilities(&self, images: MatRef<'_, f32>) -> Mat<f64> {
        let mut probabilities = Mat::zeros(self.layers.classes, images.ncols());
        for first in (0..images.ncols()).step_by(BLOCK) {
            let width = BLOCK.min(images.ncols() - first);
            let (_, logits) = forward(self.layers, &self.parameters, images.subcols(first, width));
            for (sample, column) in logits.col_iter().enumerate() {
                let log_normaliser = log_sum_exp(column);
                for (class, &logit) in column.iter().enumerate() {
                    probabilities[(class, first + sample)] =
                        (f64::from(logit) - log_normaliser).exp();
                }
            }
        }
        probabilities
    }
}

/// Hidden activations (hidden x samples) and logits (classes x samples).
fn forward(layers: Layers, parameters: &[f32], images: MatRef<'_, f32>) -> (Mat<f32>, Mat<f32>) {
    let [hidden_weights, hidden_bias, output_weights] = layers.ends();
    let affine = |weights: &[f32], bias: &[f32], input: MatRef<'_, f32>| {
        let mut output = Mat::from_fn(bias.len(), input.ncols(), |row, _| bias[row]);
        let weights = MatRef::from_column_major_slice(weights, bias.len(), input.nrows());
        matmul(&mut output, Accum::Add, weights, input, 1.0, Par::Seq);
        output
    };
    let mut hidden = affine(
        &parameters[..hidden_weights],
        &parameters[hidden_weights..hidden_bias],
        images,
    );
    for column in hidden.col_iter_mut() {
        column.iter_mut().for_each(|value| *value = value.max(0.0));
    }
    let logits = affine(
        &parameters[hidden_bias..output_weights],
        &parameters[output_weights..],
        hidden.as_ref(),
    );
    (hidden, logits)
}

/// Summed cross-entropy of one block and its gradient, laid out like the parameters.
pub(super) fn backward(
    layers: Layers,
    parameters: &[f32],
    images: MatRef<'_, f32>,
    labels: &[u8],
) -> (f64, Vec<f32>) {
    let [_, hidden_bias, output_weights] = layers.ends();
    let (hidden, mut error) = forward(layers, parameters, images);

    // Turn the logits into d loss / d logits = p - onehot(label).
    let mut loss = 0.0;
    for (column, &label) in error.col_iter_mut().zip(labels) {
        let log_normaliser = log_sum_exp(column.as_ref());
        for (class, value) in column.iter_mut().enumerate() {
            let log_probability = f64::from(*value) - log_normaliser;
            let mut slope = log_probability.exp();
            if class == usize::from(label) {
                loss -= log_probability;
                slope -= 1.0;
            }
            *value = slope as f32;
        }
    }

    let readout = MatRef::from_column_major_slice(
        &parameters[hidden_bias..output_weights],
        layers.classes,
        layers.hidden,
    );
    let mut hidden_error = Mat::zeros(layers.hidden, images.ncols());
    matmul(
        &mut hidden_error,
        Accum::Replace,
        readout.transpose(),
        &error,
        1.0,
        Par::Seq,
    );
    for (errors, activations) in hidden_error.col_iter_mut().zip(hidden.col_iter()) {
        for (error, &activation) in errors.iter_mut().zip(activations.iter()) {
            if activation <= 0.0 {
                *error = 0.0;
            }
        }
    }

    let mut gradient = Vec::with_capacity(layers.parameters());
    append_slopes(&mut gradient, &hidden_error, images);
    append_slopes(&mut gradient, &error, hidden.as_ref());
    (loss, gradient)
}

/// Appends the weight slopes `error input^T`, column by column, and the bias slopes `sum over samples of error`.
fn append_slopes(gradient: &mut Vec<f32>, error: &Mat<f32>, input: MatRef<'_, f32>) {
    let mut weights = Mat::zeros(error.nrows(), input.nrows());
    matmul(
        &mut weights,
        Accum::Replace,
        error,
        input.transpose(),
        1.0,
        Par::Seq,
    );
    for column in weights.col_iter() {
        gradient.extend(column.iter());
    }
    gradient.extend(error.row_iter().map(|row| row.iter().sum::<f32>()));
}

/// `ln sum_c exp(logit_c)` without overflow.
fn log_sum_exp(logits: ColRef<'_, f32>) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits
        .iter()
        .map(|&logit| (f64::from(logit) - largest).exp())
        .sum();
    largest + sum.ln()
}

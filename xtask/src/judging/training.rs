//! Fits a perceptron to labelled images by L-BFGS on the full batch.
//!
//! The objective is the mean cross-entropy plus `weight_decay / 2` times the squared norm of the weights (biases are
//! free). The minimiser is `smartcore`'s; this module supplies value and slope.
//!
//! Fixed blocks of images run in parallel; their losses and gradients are added in f64, in the order of the blocks, so
//! that the result is the same for every thread count.

use std::cell::RefCell;

use faer::MatRef;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;
use smartcore::optimization::FunctionOrder;
use smartcore::optimization::first_order::FirstOrderOptimizer;
use smartcore::optimization::first_order::lbfgs::LBFGS;
use smartcore::optimization::line_search::Backtracking;

use super::perceptron::{BLOCK, Layers, Perceptron, backward};

/// How the perceptron is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// Strength of the squared-norm penalty on the weights.
    pub weight_decay: f64,
    /// L-BFGS iterations at most.
    pub iterations: usize,
    /// Seed of the initial weights.
    pub seed: u64,
}

/// Trains on `images` (units x samples) with one class index below `layers.classes` per image.
///
/// `None` when the loss does not stay finite.
pub(super) fn train(
    layers: Layers,
    images: MatRef<'_, f32>,
    labels: &[u8],
    fit: &Fit,
) -> Option<Perceptron> {
    // L-BFGS asks for value and slope separately, several times at the same point: remember the last one.
    let last = RefCell::new(evaluate(
        layers,
        images,
        labels,
        fit,
        initial(layers, fit.seed),
    ));
    let start = last.borrow().at.clone();
    let visit = |parameters: &Vec<f64>| {
        if last.borrow().at != *parameters {
            let evaluation = evaluate(layers, images, labels, fit, parameters.clone());
            last.replace(evaluation);
        }
    };
    let loss = |parameters: &Vec<f64>| {
        visit(parameters);
        last.borrow().loss
    };
    let gradient = |slope: &mut Vec<f64>, parameters: &Vec<f64>| {
        visit(parameters);
        slope.clone_from(&last.borrow().gradient);
    };
    let optimum = LBFGS {
        max_iter: fit.iterations,
        g_atol: 1e-5,
        // The f32 products leave about seven digits of the loss: stop when they no longer move.
        f_reltol: 1e-7,
        ..LBFGS::default()
    }
    .optimize(
        &loss,
        &gradient,
        &start,
        &Backtracking {
            order: FunctionOrder::THIRD,
            ..Backtracking::default()
        },
    );
    let sound = optimum.f_x.is_finite() && optimum.x.iter().all(|value| value.is_finite());
    sound.then(|| {
        let parameters = optimum.x.iter().map(|&value| value as f32).collect();
        Perceptron::new(layers, parameters)
    })
}

/// Loss and gradient at one parameter vector.
struct Evaluation {
    at: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

/// Gaussian weights of variance 2 / fan-in on the rectified layer and 1 / fan-in on the output; zero biases.
fn initial(layers: Layers, seed: u64) -> Vec<f64> {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let [hidden_weights, hidden_bias, output_weights] = layers.ends();
    let scale = |index: usize| match index {
        index if index < hidden_weights => (2.0 / layers.units as f64).sqrt(),
        index if (hidden_bias..output_weights).contains(&index) => {
            (1.0 / layers.hidden as f64).sqrt()
        }
        _ => 0.0,
    };
    (0..layers.parameters())
        .map(|index| {
            let normal: f64 = StandardNormal.sample(&mut rng);
            scale(index) * normal
        })
        .collect()
}

/// Penalised mean cross-entropy and its gradient at `at`.
fn evaluate(
    layers: Layers,
    images: MatRef<'_, f32>,
    labels: &[u8],
    fit: &Fit,
    at: Vec<f64>,
) -> Evaluation {
    let parameters: Vec<f32> = at.iter().map(|&value| value as f32).collect();
    let samples = images.ncols();
    let blocks: Vec<(f64, Vec<f32>)> = labels
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(block, labels)| {
            let images = images.subcols(block * BLOCK, labels.len());
            backward(layers, &parameters, images, labels)
        })
        .collect();

    let mut loss = 0.0;
    let mut gradient = vec![0.0; at.len()];
    for (block_loss, block_gradient) in &blocks {
        loss += block_loss;
        for (total, &part) in gradient.iter_mut().zip(block_gradient) {
            *total += f64::from(part);
        }
    }
    loss /= samples as f64;
    for (index, (slope, &value)) in gradient.iter_mut().zip(&at).enumerate() {
        *slope /= samples as f64;
        if layers.is_weight(index) {
            *slope += fit.weight_decay * value;
            loss += 0.5 * fit.weight_decay * value * value;
        }
    }
    Evaluation { at, loss, gradient }
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::*;

    const LAYERS: Layers = Layers {
        units: 3,
        hidden: 4,
        classes: 3,
    };

    /// A wrong sign, a transposed weight matrix, a missing bias slope or a penalty without its slope would each move
    /// some component of the gradient away from the finite difference.
    #[test]
    fn gradient_is_the_finite_difference_of_the_loss() {
        let images = Mat::from_fn(3, 7, |unit, sample| {
            ((unit * 5 + sample * 3) % 7) as f32 / 3.5 - 1.0
        });
        let labels = [0, 1, 2, 0, 1, 2, 2];
        let fit = Fit {
            weight_decay: 0.1,
            iterations: 1,
            seed: 3,
        };
        let mut at = initial(LAYERS, fit.seed);
        for (index, value) in at.iter_mut().enumerate() {
            // Initial biases are zero, which would hide an exchange of the two.
            *value += 0.1 * (index as f64).sin();
        }
        let loss = |at: Vec<f64>| evaluate(LAYERS, images.as_ref(), &labels, &fit, at).loss;
        let gradient = evaluate(LAYERS, images.as_ref(), &labels, &fit, at.clone()).gradient;
        // Step large enough for the f32 products inside the loss.
        let step = 1e-2;
        for index in 0..LAYERS.parameters() {
            let (mut above, mut below) = (at.clone(), at.clone());
            above[index] += step;
            below[index] -= step;
            let slope = (loss(above) - loss(below)) / (2.0 * step);
            assert!(
                (slope - gradient[index]).abs() < 2e-3,
                "parameter {index}: slope {slope}, gradient {}",
                gradient[index]
            );
        }
    }

    /// Exclusive or needs the hidden layer: a network that ignores it stays at one half.
    #[test]
    fn learns_exclusive_or() {
        let images = Mat::from_fn(
            2,
            4,
            |unit, sample| {
                if (sample >> unit) & 1 == 1 { 1.0 } else { -1.0 }
            },
        );
        let labels = [0, 1, 1, 0];
        let layers = Layers {
            units: 2,
            hidden: 8,
            classes: 2,
        };
        let fit = Fit {
            weight_decay: 1e-4,
            iterations: 200,
            seed: 1,
        };
        let network = train(layers, images.as_ref(), &labels, &fit).unwrap();
        let probabilities = network.probabilities(images.as_ref());
        for (sample, &label) in labels.iter().enumerate() {
            assert!(probabilities[(usize::from(label), sample)] > 0.95);
        }
    }

    /// A sum over threads in arrival order would change the last bits from run to run.
    #[test]
    fn training_does_not_depend_on_the_thread_count() {
        let images = Mat::from_fn(3, 3 * BLOCK + 17, |unit, sample| {
            ((unit * 31 + sample * 17) % 101) as f32 / 50.0 - 1.0
        });
        let labels: Vec<u8> = (0..images.ncols())
            .map(|sample| (sample % 3) as u8)
            .collect();
        let fit = Fit {
            weight_decay: 1e-3,
            iterations: 10,
            seed: 2,
        };
        let with_threads = |threads: usize| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| train(LAYERS, images.as_ref(), &labels, &fit))
                .unwrap()
        };
        assert_eq!(with_threads(1), with_threads(3));
    }
}

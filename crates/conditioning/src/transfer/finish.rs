//! The output layer in closed form.
//!
//! With the hidden layer as it is, the loss is quadratic in W_2. The step V from the W_2 that Adam
//! left, V = -R A^T (A A^T + mu 1)^-1, minimises |R + V A|^2 + mu |V|^2. Since V = 0 is among what it
//! chooses from,
//! |R + V A|^2 <= |R|^2: unlike a ridge on W_2 itself, a ridge on the step cannot raise the loss.

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Solve;
use faer::{Accum, Mat, MatRef, Par, Side};
use overdamped_energy::Scalar;

use super::network::{Layers, Pass, squares};
use crate::ConditioningError;
use crate::weights::{column_blocks, widened};

/// What the samples say of the output layer.
pub(super) struct Residuals {
    /// A A^T, h x h.
    gram: Mat<f64>,
    /// A R^T, h x D'.
    cross: Mat<f64>,
    /// |R|^2 / (D' n), the loss.
    pub loss: f64,
}

/// Goes through all samples once.
pub(super) fn residuals(
    layers: Layers,
    parameters: &[f32],
    x: MatRef<'_, f32>,
    y: MatRef<'_, f32>,
) -> Residuals {
    let mut gram = Mat::zeros(layers.hidden, layers.hidden);
    let mut cross = Mat::zeros(layers.hidden, layers.outputs);
    let mut sum = 0.0;
    for (first, width) in column_blocks(x.ncols()) {
        let mut pass = Pass::new(layers, width);
        let (x, y) = (x.subcols(first, width), y.subcols(first, width));
        let (active, errors) = pass.forward(parameters, x, y);
        sum += squares(errors);
        let (active, errors) = (widened(active), widened(errors));
        matmul(
            &mut gram,
            Accum::Add,
            &active,
            active.transpose(),
            1.0,
            Par::Seq,
        );
        matmul(
            &mut cross,
            Accum::Add,
            &active,
            errors.transpose(),
            1.0,
            Par::Seq,
        );
    }
    Residuals {
        gram,
        cross,
        loss: sum / (y.nrows() * y.ncols()) as f64,
    }
}

impl Residuals {
    /// Adds the step to `parameters`; mu is `ridge` times the mean of A A^T's diagonal.
    pub fn step(
        &self,
        layers: Layers,
        ridge: f64,
        parameters: &mut [f32],
    ) -> Result<(), ConditioningError> {
        let hidden = layers.hidden;
        let trace: f64 = (0..hidden).map(|unit| self.gram[(unit, unit)]).sum();
        let mut gram = self.gram.clone();
        for unit in 0..hidden {
            gram[(unit, unit)] += ridge * trace / hidden as f64;
        }
        let unsolved = ConditioningError::Unconverged {
            what: "the least squares of the transfer's output layer",
        };
        let Ok(factors) = gram.llt(Side::Lower) else {
            return Err(unsolved);
        };
        let step = factors.solve(&self.cross);
        let output = &mut parameters[layers.first()..];
        for (row, weights) in output.chunks_exact_mut(hidden).enumerate() {
            for (unit, weight) in weights.iter_mut().enumerate() {
                *weight = f32::of(f64::from(*weight) - step[(unit, row)]);
            }
        }
        Ok(())
    }
}

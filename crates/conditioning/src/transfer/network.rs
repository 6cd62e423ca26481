//! The network's arithmetic: forward, loss and gradient over a batch, as products of matrices.
//!
//! With Z = W_1 X, A = silu(Z), R = W_2 A - Y and the loss l = |R|^2 / (D' n),
//! dl/dW_2 = 2 R A^T / (D' n) and dl/dW_1 = [W_2^T 2 R / (D' n) * silu'(Z)] X^T, where * is entry by
//! entry, silu(z) = z s and silu'(z) = s (1 + z (1 - s)) with the logistic s = (1 + tanh(z / 2)) / 2.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use overdamped_energy::Scalar;

/// Sizes of the layers. Parameters are W_1 (hidden x inputs), then W_2 (outputs x hidden), row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layers {
    pub inputs: usize,
    pub hidden: usize,
    pub outputs: usize,
}

impl Layers {
    /// Number of weights of the first layer.
    pub fn first(&self) -> usize {
        self.hidden * self.inputs
    }

    /// Number of weights.
    pub fn parameters(&self) -> usize {
        self.hidden * (self.inputs + self.outputs)
    }

    /// W_1 and W_2.
    pub fn split<'a, T>(&self, parameters: &'a [T]) -> (MatRef<'a, T>, MatRef<'a, T>) {
        let (first, second) = parameters.split_at(self.first());
        (
            MatRef::from_row_major_slice(first, self.hidden, self.inputs),
            MatRef::from_row_major_slice(second, self.outputs, self.hidden),
        )
    }

    fn split_mut<'a, T>(&self, parameters: &'a mut [T]) -> (MatMut<'a, T>, MatMut<'a, T>) {
        let (first, second) = parameters.split_at_mut(self.first());
        (
            MatMut::from_row_major_slice_mut(first, self.hidden, self.inputs),
            MatMut::from_row_major_slice_mut(second, self.outputs, self.hidden),
        )
    }
}

/// What lies between the layers for one batch; made once and used for every update.
pub(super) struct Pass<T: Scalar> {
    layers: Layers,
    /// A.
    active: Mat<T>,
    /// silu'(Z).
    slopes: Mat<T>,
    /// R.
    errors: Mat<T>,
    /// dl/dZ.
    back: Mat<T>,
}

impl<T: Scalar> Pass<T> {
    pub fn new(layers: Layers, batch: usize) -> Self {
        Self {
            layers,
            active: Mat::zeros(layers.hidden, batch),
            slopes: Mat::zeros(layers.hidden, batch),
            errors: Mat::zeros(layers.outputs, batch),
            back: Mat::zeros(layers.hidden, batch),
        }
    }

    /// A and R for a batch of the size that the pass was made for.
    pub fn forward(
        &mut self,
        parameters: &[T],
        x: MatRef<'_, T>,
        y: MatRef<'_, T>,
    ) -> (MatRef<'_, T>, MatRef<'_, T>) {
        let (first, second) = self.layers.split(parameters);
        multiply(self.active.as_mut(), first, x, T::ONE);
        for k in 0..x.ncols() {
            let slopes = self.slopes.col_as_slice_mut(k).iter_mut();
            for (z, slope) in self.active.col_as_slice_mut(k).iter_mut().zip(slopes) {
                let s = logistic(*z);
                *slope = s * (T::ONE + *z * (T::ONE - s));
                *z *= s;
            }
        }
        multiply(self.errors.as_mut(), second, self.active.as_ref(), T::ONE);
        self.errors -= y;
        (self.active.as_ref(), self.errors.as_ref())
    }

    /// The loss over a batch, and its gradient.
    pub fn gradient(
        &mut self,
        parameters: &[T],
        x: MatRef<'_, T>,
        y: MatRef<'_, T>,
        gradient: &mut [T],
    ) -> f64 {
        self.forward(parameters, x, y);
        let count = (y.nrows() * y.ncols()) as f64;
        let share = T::of(2.0 / count);
        let (_, second) = self.layers.split(parameters);
        let (first_slope, second_slope) = self.layers.split_mut(gradient);
        let (active, errors) = (self.active.as_ref(), self.errors.as_ref());
        multiply(second_slope, errors, active.transpose(), share);
        multiply(self.back.as_mut(), second.transpose(), errors, share);
        for k in 0..x.ncols() {
            let slopes = self.slopes.col_as_slice(k);
            for (back, &slope) in self.back.col_as_slice_mut(k).iter_mut().zip(slopes) {
                *back *= slope;
            }
        }
        multiply(first_slope, self.back.as_ref(), x.transpose(), T::ONE);
        squares(self.errors.as_ref()) / count
    }
}

/// Sum of the squares of all entries.
pub(super) fn squares<T: Scalar>(matrix: MatRef<'_, T>) -> f64 {
    let columns = (0..matrix.ncols()).map(|k| {
        let squares = matrix.col(k).iter().map(|value| value.wide().powi(2));
        squares.sum::<f64>()
    });
    columns.sum()
}

/// silu of every entry, in place.
pub(super) fn activate<T: Scalar>(mut matrix: MatMut<'_, T>) {
    for k in 0..matrix.ncols() {
        for z in matrix.as_mut().col_mut(k).iter_mut() {
            *z *= logistic(*z);
        }
    }
}

/// 1 / (1 + exp(-z)); absolute error below 2e-7 in `f32`.
#[inline]
fn logistic<T: Scalar>(z: T) -> T {
    let half = T::of(0.5);
    half + half * (half * z).hyperbolic_tangent()
}

fn multiply<T: Scalar>(out: MatMut<'_, T>, left: MatRef<'_, T>, right: MatRef<'_, T>, factor: T) {
    matmul(out, Accum::Replace, left, right, factor, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;
    use overdamped_substrate::stream;
    use rand::RngExt;
    use rand_distr::StandardNormal;

    /// Parameters, inputs and targets, all standard normal.
    fn problem(layers: Layers, batch: usize) -> (Vec<f64>, Mat<f64>, Mat<f64>) {
        let mut stream = stream::of(5, 0);
        let mut draw = || stream.sample(StandardNormal);
        let parameters = (0..layers.parameters()).map(|_| draw()).collect();
        let x = Mat::from_fn(layers.inputs, batch, |_, _| draw());
        let y = Mat::from_fn(layers.outputs, batch, |_, _| draw());
        (parameters, x, y)
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        for (inputs, hidden, outputs, batch) in [(5, 4, 3, 7), (1, 1, 1, 1), (3, 6, 2, 1)] {
            let layers = Layers {
                inputs,
                hidden,
                outputs,
            };
            let (parameters, x, y) = problem(layers, batch);
            let mut pass = Pass::new(layers, batch);
            let mut gradient = vec![0.0; parameters.len()];
            pass.gradient(&parameters, x.as_ref(), y.as_ref(), &mut gradient);
            for at in 0..parameters.len() {
                let mut loss_at = |shift: f64| {
                    let mut moved = parameters.clone();
                    moved[at] += shift;
                    let mut unused = vec![0.0; moved.len()];
                    pass.gradient(&moved, x.as_ref(), y.as_ref(), &mut unused)
                };
                let slope = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
                let error = (slope - gradient[at]).abs();
                assert!(
                    error < 1e-8 * (1.0 + slope.abs()),
                    "{at}: {slope} {}",
                    gradient[at]
                );
            }
        }
    }

    #[test]
    fn single_precision_follows_double_precision() {
        let layers = Layers {
            inputs: 6,
            hidden: 5,
            outputs: 4,
        };
        let (parameters, x, y) = problem(layers, 9);
        let narrow = |m: &Mat<f64>| Mat::from_fn(m.nrows(), m.ncols(), |i, j| f32::of(m[(i, j)]));
        let singles: Vec<f32> = parameters.iter().map(|&value| f32::of(value)).collect();
        let mut exact = vec![0.0; parameters.len()];
        let mut found = vec![0.0_f32; parameters.len()];
        let loss = Pass::new(layers, 9).gradient(&parameters, x.as_ref(), y.as_ref(), &mut exact);
        let single = Pass::new(layers, 9).gradient(
            &singles,
            narrow(&x).as_ref(),
            narrow(&y).as_ref(),
            &mut found,
        );
        assert!((loss - single).abs() < 1e-5 * loss);
        for (exact, found) in exact.iter().zip(&found) {
            assert!((exact - found.wide()).abs() < 1e-5, "{exact} {found}");
        }
    }

    #[test]
    fn silu_is_what_it_should_be() {
        let mut values = faer::mat![[0.0_f64, 1.0, -2.0, 40.0, -800.0]];
        activate(values.as_mut());
        let expected = [
            0.0,
            0.731_058_578_630_004_9,
            -0.238_405_844_044_234_96,
            40.0,
            0.0,
        ];
        for (k, expected) in expected.iter().enumerate() {
            assert!((values[(0, k)] - expected).abs() < 1e-14, "{k}");
        }
    }
}

//! The interface as the published code trains it: with biases, by all samples at once and few updates.
//!
//! Both networks are D -> h -> D' with a bias on either layer: the encoder linear (h = 4), the transfer with SiLU
//! (h = 16). Weights and biases start uniform within 1 / sqrt(fan-in) and go down the mean squared error by Adam, which
//! adds 1e-4 of each parameter to its slope. Biases are one more column of each layer's weights, met by a one: with
//! X' = [X; 1], Z = W_1 X', F = [f(Z); 1], R = W_2 F - Y and the loss l = |R|^2 / (D' n),
//! dl/dW_2 = 2 R F^T / (D' n) and dl/dW_1 = (W_2^T 2 R / (D' n) * f'(Z)) X'^T, with the bias of W_2 left out of the last.

use faer::{Mat, MatRef, Scale};
use overdamped_energy::{Layout, Role};
use overdamped_learn::{Adam, AdamSettings, Schedule};
use overdamped_substrate::stream;
use rand::RngExt as _;

/// Size and training of one network.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Units between the layers.
    pub hidden: usize,
    /// Whether they are SiLU; linear if not.
    pub bent: bool,
    /// Updates, each by all samples.
    pub updates: u64,
}

/// x -> A x.
pub const ENCODER: Recipe = Recipe {
    hidden: 4,
    bent: false,
    updates: 300,
};
/// A x -> B d.
pub const TRANSFER: Recipe = Recipe {
    hidden: 16,
    bent: true,
    updates: 400,
};
const RATE: f64 = 3e-3;
const DECAY: f64 = 1e-4;

/// A trained network.
pub struct Coded {
    first: Mat<f64>,
    second: Mat<f64>,
    bent: bool,
}

impl Coded {
    /// Trained to take `x` to `y` (units x samples, paired).
    ///
    /// # Errors
    /// None for finite data.
    pub fn fit(
        x: MatRef<'_, f32>,
        y: MatRef<'_, f32>,
        recipe: Recipe,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let (x, y) = (with_ones(widened(x).as_ref()), widened(y));
        let mut network = Self::initial(x.nrows(), y.nrows(), recipe, seed);
        let settings = AdamSettings {
            rate: RATE,
            schedule: Schedule::Constant,
            updates: recipe.updates,
            ..AdamSettings::default()
        };
        let count = network.parameters();
        let layout = Layout::new().with("network", count, Role::Shape);
        let mut adam = Adam::new(count);
        let mut parameters = network.flat();
        for _ in 0..recipe.updates {
            let mut slopes = network.gradient(x.as_ref(), y.as_ref());
            for (slope, parameter) in slopes.iter_mut().zip(&parameters) {
                *slope += DECAY * parameter;
            }
            adam.update(&settings, &layout, &mut parameters, &slopes)?;
            network.set(&parameters);
        }
        Ok(network)
    }

    /// What it makes of `x` (units x samples).
    pub fn apply(&self, x: MatRef<'_, f32>) -> Mat<f32> {
        let (_, active) = self.hidden(with_ones(widened(x).as_ref()).as_ref());
        let out = &self.second * active;
        Mat::from_fn(out.nrows(), out.ncols(), |unit, sample| {
            out[(unit, sample)] as f32
        })
    }

    /// Number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.first.nrows() * self.first.ncols() + self.second.nrows() * self.second.ncols()
    }

    /// `inputs` counts the one.
    fn initial(inputs: usize, outputs: usize, recipe: Recipe, seed: u64) -> Self {
        let mut stream = stream::of(seed, 0);
        // The bias of a layer is drawn within the same bounds as its weights.
        let mut layer = |rows, columns: usize| {
            let bound = ((columns - 1) as f64).sqrt().recip();
            Mat::from_fn(rows, columns, |_, _| stream.random_range(-bound..bound))
        };
        Self {
            first: layer(recipe.hidden, inputs),
            second: layer(outputs, recipe.hidden + 1),
            bent: recipe.bent,
        }
    }

    /// f'(Z) and F.
    fn hidden(&self, x: MatRef<'_, f64>) -> (Mat<f64>, Mat<f64>) {
        let mut active = &self.first * x;
        let mut slopes = Mat::from_fn(active.nrows(), active.ncols(), |_, _| 1.0);
        if self.bent {
            for k in 0..active.ncols() {
                let slopes = slopes.col_as_slice_mut(k).iter_mut();
                for (z, slope) in active.col_as_slice_mut(k).iter_mut().zip(slopes) {
                    let logistic = 1.0 / (1.0 + (-*z).exp());
                    *slope = logistic * (1.0 + *z * (1.0 - logistic));
                    *z *= logistic;
                }
            }
        }
        (slopes, with_ones(active.as_ref()))
    }

    /// Slopes of the mean squared error, in the order of [`flat`](Self::flat).
    fn gradient(&self, x: MatRef<'_, f64>, y: MatRef<'_, f64>) -> Vec<f64> {
        let (slopes, active) = self.hidden(x);
        let share = 2.0 / (y.nrows() * y.ncols()) as f64;
        let errors = (&self.second * &active - y) * Scale(share);
        let second = &errors * active.transpose();
        let weights = self.second.subcols(0, self.first.nrows());
        let mut back = weights.transpose() * &errors;
        for k in 0..back.ncols() {
            let slopes = slopes.col_as_slice(k);
            for (back, slope) in back.col_as_slice_mut(k).iter_mut().zip(slopes) {
                *back *= slope;
            }
        }
        let first = &back * x.transpose();
        entries(&first).chain(entries(&second)).collect()
    }

    fn flat(&self) -> Vec<f64> {
        entries(&self.first).chain(entries(&self.second)).collect()
    }

    fn set(&mut self, parameters: &[f64]) {
        let mut next = parameters.iter();
        for layer in [&mut self.first, &mut self.second] {
            for k in 0..layer.ncols() {
                for (entry, &value) in layer.col_as_slice_mut(k).iter_mut().zip(next.by_ref()) {
                    *entry = value;
                }
            }
        }
    }
}

/// Column by column.
fn entries(matrix: &Mat<f64>) -> impl Iterator<Item = f64> {
    (0..matrix.ncols()).flat_map(|k| matrix.col_as_slice(k).iter().copied())
}

fn widened(matrix: MatRef<'_, f32>) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |unit, sample| {
        f64::from(matrix[(unit, sample)])
    })
}

/// The matrix with a row of ones below.
fn with_ones(matrix: MatRef<'_, f64>) -> Mat<f64> {
    let units = matrix.nrows();
    Mat::from_fn(units + 1, matrix.ncols(), |unit, sample| {
        if unit < units {
            matrix[(unit, sample)]
        } else {
            1.0
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(rows: usize, columns: usize, pace: f64) -> Mat<f64> {
        Mat::from_fn(rows, columns, |i, n| (pace * (1 + i + 3 * n) as f64).sin())
    }

    #[test]
    fn the_published_count_holds_biases() {
        let count = |recipe| Coded::initial(65, 64, recipe, 1).parameters();
        assert_eq!(count(ENCODER) + count(TRANSFER), 2708);
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let (x, y) = (wave(3, 7, 0.7), wave(2, 7, 1.3));
        let x = with_ones(x.as_ref());
        for recipe in [ENCODER, TRANSFER] {
            let mut network = Coded::initial(4, 2, recipe, 5);
            let slopes = network.gradient(x.as_ref(), y.as_ref());
            let own = network.flat();
            let mut loss_with = |at: usize, step: f64| {
                let mut moved = own.clone();
                moved[at] += step;
                network.set(&moved);
                let (_, active) = network.hidden(x.as_ref());
                (&network.second * active - &y).squared_norm_l2() / 14.0
            };
            for (at, slope) in slopes.iter().enumerate() {
                let difference = (loss_with(at, 1e-5) - loss_with(at, -1e-5)) / 2e-5;
                assert!(
                    (slope - difference).abs() < 1e-8,
                    "{at}: {slope} {difference}"
                );
            }
        }
    }

    #[test]
    fn training_learns_a_constant_by_its_biases() {
        let x = Mat::<f32>::zeros(3, 20);
        let y = Mat::<f32>::from_fn(2, 20, |unit, _| 0.5 - unit as f32);
        let network = Coded::fit(x.as_ref(), y.as_ref(), TRANSFER, 3).unwrap();
        let made = network.apply(x.as_ref());
        assert!((made[(0, 4)] - 0.5).abs() < 0.02 && (made[(1, 9)] + 0.5).abs() < 0.02);
    }
}

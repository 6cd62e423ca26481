//! The opponent: a perceptron with one hidden layer, trained by backpropagation with a library.

use faer::{Mat, MatRef};

/// What a perceptron makes of `noisy` images after learning from `learned` ones (both pixels x count); none if
/// this build has no library to train it.
///
/// # Errors
/// Images that cannot be learned from.
pub fn denoise(
    _learned: MatRef<'_, f32>,
    _noisy: MatRef<'_, f32>,
    _noise: f64,
    _hidden: usize,
    _updates: u64,
    _seed: u64,
) -> anyhow::Result<Option<Mat<f32>>> {
    Ok(None)
}

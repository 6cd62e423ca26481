//! The opponent: a perceptron with one hidden layer, trained by backpropagation with a library.

use faer::{Mat, MatRef};
use overdamped_digital::{DigitalError, Mlp, MlpSettings};

use crate::progress::Progress;

/// What a perceptron makes of `noisy` images after learning from `learned` ones (both pixels x count); none, and
/// a word to the user, if this build has no library to train it.
///
/// # Errors
/// Images that cannot be learned from.
pub fn denoise(
    learned: MatRef<'_, f32>,
    noisy: MatRef<'_, f32>,
    noise: f64,
    settings: &MlpSettings,
) -> anyhow::Result<Option<Mat<f32>>> {
    let mut progress = None;
    let mut done = 0;
    let trained = Mlp::train(learned, noise, settings, |update, loss| {
        let bar = progress.get_or_insert_with(|| Progress::new("perceptron", settings.updates));
        bar.advance(update - done);
        bar.set_metric("loss", loss);
        done = update;
    });
    if let Some(progress) = progress {
        progress.finish();
    }
    match trained {
        Ok(mlp) => Ok(Some(mlp.denoise(noisy)?)),
        Err(error @ DigitalError::NotBuilt) => {
            eprintln!("no perceptron to compare with: {error}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

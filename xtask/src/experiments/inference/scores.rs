//! How near predicted decoder activations come to the U-Net's own, on images that nothing has seen.

use faer::MatRef;
use overdamped_digital::UNet;

use super::source::View;
use crate::experiments::wiener::mean_squared_error;

/// Four ways to judge the same prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean over samples of the cosine between prediction and truth: what the paper quotes. Where activations
    /// have a mean far from zero, the mean alone scores high.
    pub raw: f64,
    /// The same, with the mean of the training images taken off both; no prediction but the mean scores 0.
    pub centred: f64,
    /// 1 - sum |prediction - truth|^2 / sum |truth - training mean|^2.
    pub r2: f64,
}

/// Scores of predictions (units x samples) of `truth`, of which `mean` is the mean over training samples.
///
/// A prediction of no length has no direction, and a cosine of zero.
pub fn score(predicted: MatRef<'_, f32>, truth: MatRef<'_, f32>, mean: &[f64]) -> Score {
    let (mut raw, mut centred) = (0.0, 0.0);
    let (mut error, mut total) = (0.0, 0.0);
    for (p, y) in predicted.col_iter().zip(truth.col_iter()) {
        let (mut plain, mut moved) = (Pair::default(), Pair::default());
        for ((&p, &y), &m) in p.iter().zip(y.iter()).zip(mean) {
            let (p, y) = (f64::from(p), f64::from(y));
            plain.add(p, y);
            moved.add(p - m, y - m);
            error += (p - y) * (p - y);
        }
        total += moved.right;
        raw += plain.cosine();
        centred += moved.cosine();
    }
    let samples = truth.ncols() as f64;
    Score {
        raw: raw / samples,
        centred: centred / samples,
        r2: 1.0 - error / total,
    }
}

/// Mean squared error per pixel, against the clean images, of the images that the U-Net reads out of `decoder`
/// activations (64 x pixels) put in the place of its own.
///
/// # Errors
/// Activations of another shape than the view's.
pub fn downstream(network: &UNet, decoder: MatRef<'_, f32>, view: &View) -> anyhow::Result<f64> {
    let image = network.read_out(decoder)?;
    Ok(mean_squared_error(image.as_ref(), view.clean.as_ref()))
}

/// Mean of each row, in double precision.
pub fn means(activations: MatRef<'_, f32>) -> Vec<f64> {
    let samples = activations.ncols() as f64;
    activations
        .row_iter()
        .map(|row| row.iter().map(|&value| f64::from(value)).sum::<f64>() / samples)
        .collect()
}

/// Products of two vectors.
#[derive(Default)]
struct Pair {
    left: f64,
    right: f64,
    both: f64,
}

impl Pair {
    fn add(&mut self, left: f64, right: f64) {
        self.left += left * left;
        self.right += right * right;
        self.both += left * right;
    }

    fn cosine(&self) -> f64 {
        let lengths = (self.left * self.right).sqrt();
        if lengths > 0.0 {
            self.both / lengths
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use faer::mat;

    use super::*;

    #[test]
    fn scores_of_known_predictions() {
        let truth = mat![[3.0_f32, 1.0], [4.0, 0.0]];
        let mean = [2.0, 2.0];
        let own = score(truth.as_ref(), truth.as_ref(), &mean);
        assert_eq!(own.r2, 1.0);
        assert!((own.raw - 1.0).abs() < 1e-12 && (own.centred - 1.0).abs() < 1e-12);

        let constant = mat![[2.0_f32, 2.0], [2.0, 2.0]];
        let trivial = score(constant.as_ref(), truth.as_ref(), &mean);
        assert_eq!((trivial.centred, trivial.r2), (0.0, 0.0));
        // (3, 4) and (1, 0) against (1, 1): 7 / (5 sqrt 2) and 1 / sqrt 2.
        let half = 0.5_f64.sqrt();
        assert!((trivial.raw - 0.5 * (1.4 * half + half)).abs() < 1e-12);

        // Mirrored about the mean: the direction turned round, four times the squared deviation.
        let mirrored = mat![[1.0_f32, 3.0], [0.0, 4.0]];
        let worst = score(mirrored.as_ref(), truth.as_ref(), &mean);
        assert!((worst.centred + 1.0).abs() < 1e-12 && (worst.r2 + 3.0).abs() < 1e-12);
        assert_eq!(means(truth.as_ref()), mean);
    }
}

//! One prediction, judged in four ways.

use faer::{Mat, MatRef};

use super::super::scores::{means, score};

/// The same prediction judged four times.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Judged {
    /// Mean cosine of prediction and truth.
    pub raw: f64,
    /// The cosine of the published code, see [`normalised_cosine`].
    pub normalised: f64,
    /// The cosine of deviations from the mean of the training images, unit by unit.
    pub centred: f64,
    /// Share of the squared deviation from that mean which is predicted.
    pub r2: f64,
}

impl Judged {
    /// Of predictions of `truth` (units x samples), with the `mean` of the training images.
    pub fn of(predicted: MatRef<'_, f32>, truth: MatRef<'_, f32>, mean: &[f64]) -> Self {
        let score = score(predicted, truth, mean);
        Self {
            raw: score.raw,
            normalised: normalised_cosine(predicted, truth),
            centred: score.centred,
            r2: score.r2,
        }
    }

    /// The figures by the last segment of their ids.
    pub fn figures(&self) -> [(&'static str, f64); 4] {
        [
            ("raw_cosine", self.raw),
            ("normalised_cosine", self.normalised),
            ("centred_cosine", self.centred),
            ("r2", self.r2),
        ]
    }

    /// Their mean over several predictions.
    pub fn mean(all: &[Self]) -> Self {
        let share = 1.0 / all.len() as f64;
        all.iter().fold(Self::default(), |sum, one| Self {
            raw: sum.raw + share * one.raw,
            normalised: sum.normalised + share * one.normalised,
            centred: sum.centred + share * one.centred,
            r2: sum.r2 + share * one.r2,
        })
    }
}

/// The cosine of the published code: one mean over all units and samples is taken off the predictions, one off the truth.
/// (It also divides by one standard deviation, which no cosine notices.) What units have in common over all images
/// stays in.
fn normalised_cosine(predicted: MatRef<'_, f32>, truth: MatRef<'_, f32>) -> f64 {
    let grand = |matrix| {
        let means = means(matrix);
        means.iter().sum::<f64>() / means.len() as f64
    };
    let (p, t) = (grand(predicted), grand(truth));
    let less = |matrix: MatRef<'_, f32>, mean: f64| {
        Mat::from_fn(matrix.nrows(), matrix.ncols(), |unit, sample| {
            (f64::from(matrix[(unit, sample)]) - mean) as f32
        })
    };
    let origin = vec![0.0; truth.nrows()];
    score(
        less(predicted, p).as_ref(),
        less(truth, t).as_ref(),
        &origin,
    )
    .raw
}

#[cfg(test)]
mod tests {
    use faer::mat;

    use super::*;

    #[test]
    fn the_published_cosine_keeps_what_units_have_in_common() {
        // Grand mean 2.5: deviations (-1.5, .5) and (-.5, 1.5) of the truth; (-1, 1) twice of its units' means.
        let truth = mat![[1.0_f32, 2.0], [3.0, 4.0]];
        let mean = mat![[1.5_f32, 1.5], [3.5, 3.5]];
        let expected = 2.0 / 5.0_f64.sqrt();
        let cosine = normalised_cosine(mean.as_ref(), truth.as_ref());
        assert!((cosine - expected).abs() < 1e-7, "{cosine}");
        // Of the mean, centring unit by unit leaves nothing.
        let judged = Judged::of(mean.as_ref(), truth.as_ref(), &[1.5, 3.5]);
        assert_eq!((judged.centred, judged.r2), (0.0, 0.0));
        // Neither scale nor offset of a prediction counts.
        let moved = mat![[5.0_f32, 7.0], [9.0, 11.0]];
        let cosine = normalised_cosine(moved.as_ref(), truth.as_ref());
        assert!((cosine - 1.0).abs() < 1e-7, "{cosine}");
    }

    #[test]
    fn a_mean_of_judgements() {
        let one = Judged {
            raw: 1.0,
            normalised: 0.5,
            centred: 0.0,
            r2: -1.0,
        };
        let other = Judged {
            raw: 0.0,
            normalised: 0.5,
            centred: 1.0,
            r2: 0.5,
        };
        let half = Judged {
            raw: 0.5,
            normalised: 0.5,
            centred: 0.5,
            r2: -0.25,
        };
        assert_eq!(Judged::mean(&[one, other]), half);
    }
}

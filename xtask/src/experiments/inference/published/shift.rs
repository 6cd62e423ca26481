//! What a skip moves, and whether it moves it nearer.

use faer::{Mat, MatRef};

/// The effect of one skip on the decoder's rest.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shift {
    /// The published measure: |dy| / |d|, mean over samples, under oracle drives. Without the skip the rest is then d
    /// itself, so that all of it is error.
    pub relative: f64,
    /// Under the learned drives, the share of the squared error without a skip that it takes away; below zero it adds.
    pub gain: f64,
    /// There, the mean cosine between the shift and what is missing without it: 1 points at the truth, 0 is what a
    /// random direction has.
    pub alignment: f64,
}

impl Shift {
    /// From rests (D x samples): under oracle drives with the skip; under learned drives with it and without.
    pub fn of(
        oracle: &Mat<f32>,
        with: &Mat<f32>,
        without: &Mat<f32>,
        truth: MatRef<'_, f32>,
    ) -> Self {
        let samples = truth.ncols() as f64;
        let (mut relative, mut alignment) = (0.0, 0.0);
        let (mut before, mut after) = (0.0, 0.0);
        for (n, truth) in truth.col_iter().enumerate() {
            let difference = |one: faer::ColRef<'_, f32>, other: faer::ColRef<'_, f32>| {
                let pairs = one.iter().zip(other.iter());
                pairs
                    .map(|(&one, &other)| f64::from(one) - f64::from(other))
                    .collect::<Vec<_>>()
            };
            let length: f64 = truth.iter().map(|&y| f64::from(y).powi(2)).sum();
            let moved = difference(oracle.col(n), truth);
            relative += (dot(&moved, &moved) / length).sqrt();
            let step = difference(with.col(n), without.col(n));
            let missing = difference(truth, without.col(n));
            let left = difference(truth, with.col(n));
            let lengths = (dot(&step, &step) * dot(&missing, &missing)).sqrt();
            if lengths > 0.0 {
                alignment += dot(&step, &missing) / lengths;
            }
            before += dot(&missing, &missing);
            after += dot(&left, &left);
        }
        Self {
            relative: relative / samples,
            gain: 1.0 - after / before,
            alignment: alignment / samples,
        }
    }

    /// The figures by the last segment of their ids, with their units.
    pub fn figures(&self) -> [(&'static str, f64, &'static str); 3] {
        [
            ("shift", self.relative, "share of the state's length"),
            ("shift_gain", self.gain, "share of the squared error"),
            ("shift_alignment", self.alignment, "cosine"),
        ]
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use faer::mat;

    use super::*;

    #[test]
    fn a_shift_by_hand() {
        let truth = mat![[3.0_f32], [4.0]];
        let without = mat![[3.0_f32], [2.0]];
        // Half of the way there: 3/4 of the squared error are gone.
        let with = mat![[3.0_f32], [3.0]];
        let oracle = mat![[3.0_f32], [5.0]];
        let shift = Shift::of(&oracle, &with, &without, truth.as_ref());
        assert!((shift.relative - 0.2).abs() < 1e-12);
        assert!((shift.gain - 0.75).abs() < 1e-12);
        assert!((shift.alignment - 1.0).abs() < 1e-12);
        // The same way in the wrong direction: the error grows from 4 to 9.
        let away = mat![[3.0_f32], [1.0]];
        let shift = Shift::of(&oracle, &away, &without, truth.as_ref());
        assert!((shift.gain + 1.25).abs() < 1e-12);
        assert!((shift.alignment + 1.0).abs() < 1e-12);
    }
}

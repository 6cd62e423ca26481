//! The exponential moving average of the parameters (Polyak averaging with memory).

use overdamped_energy::Scalar;
use serde::{Deserialize, Serialize};

/// a_n = sum_k d^(n - k) theta_k (1 - d) / (1 - d^n) over the parameters after updates k = 1..n.
///
/// The divisor makes the weights sum to one from the first update on (the bias correction of Adam's
/// moments). Kept in double precision, because the increments (1 - d)(theta - a) of a long
/// memory fall below the rounding of single precision.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Average {
    /// a_n in layout order; empty before the first update.
    mean: Vec<f64>,
    /// n.
    updates: u64,
}

impl Average {
    /// Takes the parameters after one more update into the average.
    pub(super) fn add<T: Scalar>(&mut self, decay: f64, parameters: &[T]) {
        self.mean.resize(parameters.len(), 0.0);
        self.updates += 1;
        let age = i32::try_from(self.updates).unwrap_or(i32::MAX);
        // The recursion of a_n itself; the weight of the first is one.
        let weight = (1.0 - decay) / (1.0 - decay.powi(age));
        for (mean, parameter) in self.mean.iter_mut().zip(parameters) {
            *mean += weight * (parameter.wide() - *mean);
        }
    }

    /// Whether it can be that of so many parameters after so many updates.
    pub(super) fn fits(&self, parameters: usize, updates: u64) -> bool {
        let expected = if self.updates == 0 { 0 } else { parameters };
        self.mean.len() == expected
            && self.updates <= updates
            && self.mean.iter().all(|mean| mean.is_finite())
    }

    /// The average, if anything has been averaged.
    pub(super) fn get<T: Scalar>(&self) -> Option<Vec<T>> {
        (self.updates > 0).then(|| self.mean.iter().map(|&mean| T::of(mean)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_closed_form_of_a_known_sequence() {
        let mut average = Average::default();
        assert_eq!(average.get::<f64>(), None);
        for (decay, theta) in [
            (0.5, [8.0_f64, -1.0]),
            (0.5, [2.0, -1.0]),
            (0.5, [4.0, -1.0]),
        ] {
            average.add(decay, &theta);
        }
        // Weights 1/7, 2/7, 4/7.
        let found = average.get::<f64>().unwrap();
        assert!((found[0] - 28.0 / 7.0).abs() < 1e-14, "{found:?}");
        assert!((found[1] + 1.0).abs() < 1e-14, "{found:?}");
    }

    #[test]
    fn of_a_straight_line_it_lags_by_the_memory() {
        // theta_k = k: a_n = n - d / (1 - d) + n d^n / (1 - d^n).
        let (decay, n) = (0.9, 25);
        let mut average = Average::default();
        for k in 1..=n {
            average.add(decay, &[f64::from(k)]);
        }
        let (steps, left) = (f64::from(n), decay.powi(n));
        let expected = steps - decay / (1.0 - decay) + steps * left / (1.0 - left);
        let found = average.get::<f64>().unwrap()[0];
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    }

    #[test]
    fn the_first_is_itself_and_no_memory_keeps_the_last() {
        let mut average = Average::default();
        average.add(0.999, &[0.1_f32]);
        assert_eq!(average.get::<f32>().unwrap(), [0.1]);
        average.add(0.0, &[0.7_f32]);
        assert_eq!(average.get::<f32>().unwrap(), [0.7]);
    }

    /// In single precision it would stall where increments fall below half a unit in the last place:
    /// a few thousand updates in, 2e-4 short of its goal.
    #[test]
    fn a_long_memory_does_not_stall() {
        let mut average = Average::default();
        let decay = 1.0 - 1e-6;
        average.add(decay, &[0.0_f32]);
        for _ in 1..200_000 {
            average.add(decay, &[1.0_f32]);
        }
        // One zero among 200,000 of all but equal weight.
        let found = average.get::<f64>().unwrap()[0];
        assert!((1.0 - found - 4.5e-6).abs() < 1e-6, "{found}");
    }
}

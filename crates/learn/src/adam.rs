//! Adam, with a learning-rate schedule, lower bounds, and guards against gradients that mislead.

use overdamped_energy::{Layout, Scalar};
use serde::{Deserialize, Serialize};

use crate::LearnError;

mod average;
mod norm;
mod schedule;
mod settings;

pub use schedule::Schedule;
pub use settings::AdamSettings;

use average::Average;
use norm::{Lengths, norm};

/// State of the optimiser: running moments of the gradient (Kingma and Ba 2015), and what the guards
/// of [`AdamSettings`] remember.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Adam<T: Scalar> {
    first: Vec<T>,
    second: Vec<T>,
    updates: u64,
    skipped: u64,
    lengths: Lengths,
    average: Average,
}

/// What one update did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Euclidean norm of the gradient, before clipping.
    pub norm: f64,
    /// Whether the update was skipped as an outlier.
    pub skipped: bool,
}

impl<T: Scalar> Adam<T> {
    /// A fresh optimiser for `parameters` parameters.
    #[must_use]
    pub fn new(parameters: usize) -> Self {
        Self {
            first: vec![T::ZERO; parameters],
            second: vec![T::ZERO; parameters],
            updates: 0,
            skipped: 0,
            lengths: Lengths::default(),
            average: Average::default(),
        }
    }

    /// Updates made, skipped ones included: the place in the schedule.
    #[must_use]
    pub const fn updates(&self) -> u64 {
        self.updates
    }

    /// Updates skipped as outliers.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Number of parameters.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.first.len()
    }

    /// Whether there is no parameter.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Whether its parts agree with each other and with a number of parameters: those of a file may not.
    pub(crate) fn fits(&self, parameters: usize) -> bool {
        let finite = |moments: &[T]| moments.iter().all(|moment| moment.finite());
        self.first.len() == parameters
            && self.second.len() == parameters
            && finite(&self.first)
            && finite(&self.second)
            && self.skipped <= self.updates
            && self.lengths.are_finite()
            && self.average.fits(parameters, self.updates)
    }

    /// The moving average of the parameters (layout order), if one was asked for and an update made.
    #[must_use]
    pub fn averaged(&self) -> Option<Vec<T>> {
        self.average.get()
    }

    /// One update of `parameters` against `gradient`, whose values must be finite.
    ///
    /// With [`AdamSettings::outlier`] on, a gradient is compared with the geometric mean of the lengths
    /// before it (exponential memory of a hundred updates). From the twenty-first update on, one that
    /// is too long is *skipped*: parameters, moments and average stay, the schedule advances. A
    /// lasting change of scale is accepted after some hundred updates.
    ///
    /// With [`AdamSettings::clip`] on, a gradient that is too long is scaled down, direction kept, before
    /// it enters the moments.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for other lengths, [`LearnError::Energy`] if a floor names an unknown
    /// block, [`LearnError::NotFinite`] or [`LearnError::Setting`] for a gradient that is no number or whose squares are
    /// none. The parameters are then as they were.
    pub fn update(
        &mut self,
        settings: &AdamSettings,
        layout: &Layout,
        parameters: &mut [T],
        gradient: &[T],
    ) -> Result<Step, LearnError> {
        for (what, found) in [
            ("number of parameters to update", parameters.len()),
            ("length of the gradient", gradient.len()),
        ] {
            if found != self.len() {
                return Err(LearnError::Shape {
                    what,
                    expected: self.len(),
                    found,
                });
            }
        }
        for (entry, slope) in gradient.iter().enumerate() {
            if !slope.finite() {
                return Err(LearnError::NotFinite {
                    what: "the gradient",
                    entry,
                    value: slope.wide(),
                });
            }
        }
        let norm = norm(gradient);
        let rate = settings.rate_at(self.updates);
        let skipped = settings
            .outlier
            .is_some_and(|ratio| self.lengths.is_outlier(norm, ratio));
        // One where nothing is clipped, which changes no bit.
        let scale = match settings.clip {
            Some(clip) if norm > clip => T::of(clip / norm),
            _ => T::ONE,
        };
        // A square beyond all numbers would hold its parameter where it is for ever.
        let square = |slope: &T| (scale * *slope) * (scale * *slope);
        if !skipped && let Some(slope) = gradient.iter().find(|slope| !square(slope).finite()) {
            return Err(LearnError::Setting {
                setting: "an entry of the gradient",
                value: slope.wide(),
                bound: "a number whose square is one (below 1.8e19 in single precision): scale the energy, or clip",
            });
        }
        self.updates += 1;
        if skipped {
            self.skipped += 1;
            return Ok(Step { norm, skipped });
        }
        self.descend(settings, rate, scale, parameters, gradient);
        for (block, floor) in &settings.floors {
            let floor = T::of(*floor);
            for parameter in &mut parameters[layout.range(block)?] {
                if *parameter < floor {
                    *parameter = floor;
                }
            }
        }
        if let Some(decay) = settings.average {
            self.average.add(decay, parameters);
        }
        Ok(Step { norm, skipped })
    }

    /// Adam itself, along `scale` times the gradient.
    fn descend(
        &mut self,
        settings: &AdamSettings,
        rate: f64,
        scale: T,
        parameters: &mut [T],
        gradient: &[T],
    ) {
        // The moments have seen the updates that were not skipped, and are corrected for those.
        let age = i32::try_from(self.updates - self.skipped).unwrap_or(i32::MAX);
        let step = T::of(rate / (1.0 - settings.momentum.powi(age)));
        let spread = T::of(1.0 / (1.0 - settings.memory.powi(age)));
        let (keep, keep2) = (T::of(settings.momentum), T::of(settings.memory));
        let epsilon = T::of(1e-8);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((parameter, &slope), (first, second)) in
            parameters.iter_mut().zip(gradient).zip(moments)
        {
            let slope = scale * slope;
            *first = keep * *first + (T::ONE - keep) * slope;
            *second = keep2 * *second + (T::ONE - keep2) * slope * slope;
            *parameter -= step * *first / ((*second * spread).root() + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use overdamped_energy::Role;

    fn plane() -> Layout {
        Layout::new()
            .with("free", 1, Role::Amplitude)
            .with("held", 1, Role::Amplitude)
    }

    /// The optimiser, the parameters and the steps after these gradients, from parameters (5, 5).
    fn after(settings: &AdamSettings, gradients: &[[f64; 2]]) -> (Adam<f64>, Vec<f64>, Vec<Step>) {
        let (mut adam, mut parameters) = (Adam::new(2), vec![5.0, 5.0]);
        let steps = gradients.iter().map(|gradient| {
            adam.update(settings, &plane(), &mut parameters, gradient)
                .unwrap()
        });
        let steps = steps.collect();
        (adam, parameters, steps)
    }

    #[test]
    fn a_bounded_quadratic_is_minimised_at_its_bound() {
        let settings = AdamSettings {
            rate: 0.05,
            updates: 2000,
            floors: vec![("held".to_owned(), 0.5)],
            ..AdamSettings::default()
        };
        let (mut adam, mut parameters) = (Adam::new(2), vec![5.0_f64, 5.0]);
        for _ in 0..2000 {
            let gradient = [parameters[0] + 1.0, parameters[1] + 1.0];
            adam.update(&settings, &plane(), &mut parameters, &gradient)
                .unwrap();
        }
        assert!(
            (parameters[0] + 1.0).abs() < 1e-3 && parameters[1] == 0.5,
            "{parameters:?}"
        );
    }

    /// Catches a rate taken from the wrong end of the schedule, or one update late.
    #[test]
    fn the_first_step_has_the_length_that_the_schedule_says() {
        let settings = AdamSettings {
            rate: 0.1,
            updates: 20,
            schedule: Schedule::Cosine {
                warmup: 0.2,
                last: 0.0,
            },
            ..AdamSettings::default()
        };
        // Adam's first step is the rate along the sign, here a fifth of 0.1.
        let (_, parameters, _) = after(&settings, &[[3.0, -7.0]]);
        assert!((parameters[0] - 4.98).abs() < 1e-8, "{parameters:?}");
        assert!((parameters[1] - 5.02).abs() < 1e-8, "{parameters:?}");
    }

    #[test]
    fn a_clipped_gradient_keeps_its_direction() {
        let settings = AdamSettings {
            clip: Some(1.0),
            ..AdamSettings::default()
        };
        let (clipped, _, steps) = after(&settings, &[[30.0, -40.0]]);
        assert_eq!(steps[0].norm, 50.0);
        // The first moment is a tenth of (0.6, -0.8).
        assert!((clipped.first[0] - 0.06).abs() < 1e-15, "{clipped:?}");
        assert!((clipped.first[1] + 0.08).abs() < 1e-15, "{clipped:?}");
        // One that is short enough is left alone, to the bit.
        let short = [[0.6, -0.7], [0.3, 0.1]];
        let (with, parameters, _) = after(&settings, &short);
        let (without, expected, _) = after(&AdamSettings::default(), &short);
        assert_eq!((with, parameters), (without, expected));
    }

    #[test]
    fn a_skipped_update_only_advances_the_schedule() {
        let guarded = AdamSettings {
            outlier: Some(10.0),
            average: Some(0.9),
            schedule: Schedule::Constant,
            ..AdamSettings::default()
        };
        let usual = |at: usize| [1.0 + 0.1 * (at % 3) as f64, -0.5];
        let mut gradients: Vec<_> = (0..40).map(usual).collect();
        let (clean, expected, _) = after(&guarded, &gradients);
        for outlier in [25, 30] {
            gradients.insert(outlier, [-300.0, 1e9]);
        }
        let (adam, parameters, steps) = after(&guarded, &gradients);
        let skipped = |at: usize| at == 25 || at == 30;
        assert!((0..42).all(|at| steps[at].skipped == skipped(at)));
        assert_eq!((adam.updates(), adam.skipped()), (42, 2));
        // Under a constant rate everything else is as if the outliers had never been.
        assert_eq!(parameters, expected);
        assert_eq!((&adam.first, &adam.second), (&clean.first, &clean.second));
        assert_eq!(adam.averaged(), clean.averaged());
        // Without the guard they are felt.
        let open = AdamSettings {
            outlier: None,
            ..guarded
        };
        let (adam, parameters, _) = after(&open, &gradients);
        assert_eq!(adam.skipped(), 0);
        assert_ne!(parameters, expected);
    }

    #[test]
    fn slowly_growing_gradients_are_followed() {
        let settings = AdamSettings {
            outlier: Some(5.0),
            ..AdamSettings::default()
        };
        let gradients: Vec<_> = (0..500).map(|at| [1.01_f64.powi(at), 0.0]).collect();
        let (adam, ..) = after(&settings, &gradients);
        assert_eq!((adam.updates(), adam.skipped()), (500, 0));
    }

    #[test]
    fn the_average_is_of_the_parameters_after_each_update() {
        let settings = AdamSettings {
            average: Some(0.5),
            ..AdamSettings::default()
        };
        let gradients = [[1.0, 2.0], [-3.0, 0.1], [0.5, 0.5]];
        let (adam, ..) = after(&settings, &gradients);
        let visited = (1..=3).map(|n| after(&settings, &gradients[..n]).1);
        let mut expected = [0.0; 2];
        for (parameters, weight) in visited.zip([1.0, 2.0, 4.0]) {
            expected[0] += weight * parameters[0] / 7.0;
            expected[1] += weight * parameters[1] / 7.0;
        }
        let average = adam.averaged().unwrap();
        assert!((average[0] - expected[0]).abs() < 1e-14, "{average:?}");
        assert!((average[1] - expected[1]).abs() < 1e-14, "{average:?}");
        let (plain, ..) = after(&AdamSettings::default(), &gradients);
        assert_eq!(plain.averaged(), None);
    }
}

//! Adam, with a learning-rate schedule and lower bounds.

use overdamped_energy::{Layout, Scalar};
use serde::{Deserialize, Serialize};

use crate::LearnError;
use crate::error::positive;

/// Settings of the optimiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdamSettings {
    /// Learning rate at the start. Default 3e-3.
    pub rate: f64,
    /// Decay of the first moment. Default 0.9.
    pub momentum: f64,
    /// Decay of the second moment. Default 0.999.
    pub memory: f64,
    /// Share of the updates after which the rate falls linearly to zero. Default 0.5.
    pub constant: f64,
    /// Number of updates that the schedule spans. Default 4000.
    pub updates: u64,
    /// Parameters of a block are kept at or above a bound, by projection.
    pub floors: Vec<(String, f64)>,
}

impl Default for AdamSettings {
    fn default() -> Self {
        Self {
            rate: 3e-3,
            momentum: 0.9,
            memory: 0.999,
            constant: 0.5,
            updates: 4000,
            floors: Vec::new(),
        }
    }
}

impl AdamSettings {
    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        positive("the learning rate", self.rate)?;
        positive("the number of updates", self.updates as f64)?;
        if let Some((_, floor)) = self.floors.iter().find(|(_, floor)| !floor.is_finite()) {
            return Err(LearnError::Setting {
                setting: "a floor of the optimiser",
                value: *floor,
                bound: "finite",
            });
        }
        for (setting, value) in [
            ("the decay of Adam's first moment", self.momentum),
            ("the decay of Adam's second moment", self.memory),
            (
                "the constant share of the learning-rate schedule",
                self.constant,
            ),
        ] {
            if !(0.0..=1.0).contains(&value) || (setting.contains("moment") && value == 1.0) {
                return Err(LearnError::Setting {
                    setting,
                    value,
                    bound: "at least 0 and at most 1 (a decay: below 1)",
                });
            }
        }
        Ok(self)
    }

    /// Learning rate of an update: constant, then linear to zero.
    fn rate_at(&self, update: u64) -> f64 {
        let progress = update as f64 / self.updates as f64;
        let falling = (1.0 - progress) / (1.0 - self.constant).max(f64::MIN_POSITIVE);
        self.rate * falling.clamp(0.0, 1.0)
    }
}

/// State of the optimiser: running moments of the gradient (Kingma and Ba 2015).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Adam<T: Scalar> {
    first: Vec<T>,
    second: Vec<T>,
    updates: u64,
}

impl<T: Scalar> Adam<T> {
    /// A fresh optimiser for `parameters` parameters.
    #[must_use]
    pub fn new(parameters: usize) -> Self {
        Self {
            first: vec![T::ZERO; parameters],
            second: vec![T::ZERO; parameters],
            updates: 0,
        }
    }

    /// Updates made.
    #[must_use]
    pub const fn updates(&self) -> u64 {
        self.updates
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

    /// One update of `parameters` against `gradient`.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for other lengths, [`LearnError::Energy`] if a floor names an unknown
    /// block.
    pub fn update(
        &mut self,
        settings: &AdamSettings,
        layout: &Layout,
        parameters: &mut [T],
        gradient: &[T],
    ) -> Result<(), LearnError> {
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
        let rate = settings.rate_at(self.updates);
        self.updates += 1;
        let age = i32::try_from(self.updates).unwrap_or(i32::MAX);
        let step = T::of(rate / (1.0 - settings.momentum.powi(age)));
        let spread = T::of(1.0 / (1.0 - settings.memory.powi(age)));
        let (keep, keep2) = (T::of(settings.momentum), T::of(settings.memory));
        let epsilon = T::of(1e-8);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((parameter, &slope), (first, second)) in
            parameters.iter_mut().zip(gradient).zip(moments)
        {
            *first = keep * *first + (T::ONE - keep) * slope;
            *second = keep2 * *second + (T::ONE - keep2) * slope * slope;
            *parameter -= step * *first / ((*second * spread).root() + epsilon);
        }
        for (block, floor) in &settings.floors {
            let floor = T::of(*floor);
            for parameter in &mut parameters[layout.range(block)?] {
                if *parameter < floor {
                    *parameter = floor;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use overdamped_energy::Role;

    #[test]
    fn the_rate_is_constant_then_falls_to_zero() {
        let settings = AdamSettings {
            rate: 1.0,
            updates: 100,
            ..AdamSettings::default()
        };
        assert_eq!(settings.rate_at(0), 1.0);
        assert_eq!(settings.rate_at(50), 1.0);
        assert!((settings.rate_at(75) - 0.5).abs() < 1e-12);
        assert_eq!(settings.rate_at(100), 0.0);
    }

    #[test]
    fn a_bounded_quadratic_is_minimised_at_its_bound() {
        let layout =
            Layout::new()
                .with("free", 1, Role::Amplitude)
                .with("held", 1, Role::Amplitude);
        let settings = AdamSettings {
            rate: 0.05,
            updates: 2000,
            floors: vec![("held".to_owned(), 0.5)],
            ..AdamSettings::default()
        };
        let (mut adam, mut parameters) = (Adam::new(2), vec![5.0_f64, 5.0]);
        for _ in 0..2000 {
            let gradient = [parameters[0] + 1.0, parameters[1] + 1.0];
            adam.update(&settings, &layout, &mut parameters, &gradient)
                .unwrap();
        }
        assert!(
            (parameters[0] + 1.0).abs() < 1e-3 && parameters[1] == 0.5,
            "{parameters:?}"
        );
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for settings in [
            AdamSettings {
                rate: f64::NAN,
                ..AdamSettings::default()
            },
            AdamSettings {
                memory: 1.0,
                ..AdamSettings::default()
            },
            AdamSettings {
                updates: 0,
                ..AdamSettings::default()
            },
        ] {
            assert!(settings.validated().is_err());
        }
    }
}

//! Protocols: how the parameters of a substrate are driven in time.

use overdamped_energy::Scalar;
use serde::{Deserialize, Serialize};

use crate::error::at_least;
use crate::{PerUnit, SubstrateError};

/// One piece of a protocol: parameters held for a duration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Slice<T: Scalar> {
    /// How long, in units of 1 / (mobility x stiffness).
    pub duration: f64,
    /// Parameters of the energy, in the order of its layout.
    pub parameters: Vec<T>,
    /// Bath temperature during this slice, if it differs from the substrate's setting.
    pub temperature: Option<PerUnit>,
}

impl<T: Scalar> Slice<T> {
    /// Parameters held for a duration in the substrate's own bath.
    #[must_use]
    pub const fn new(duration: f64, parameters: Vec<T>) -> Self {
        Self {
            duration,
            parameters,
            temperature: None,
        }
    }
}

/// A sequence of [`Slice`]s. Switching from one to the next is instantaneous and does work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Vec<Slice<T>>", into = "Vec<Slice<T>>")]
pub struct Protocol<T: Scalar> {
    slices: Vec<Slice<T>>,
}

impl<T: Scalar> TryFrom<Vec<Slice<T>>> for Protocol<T> {
    type Error = SubstrateError;

    fn try_from(slices: Vec<Slice<T>>) -> Result<Self, SubstrateError> {
        Self::new(slices)
    }
}

impl<T: Scalar> From<Protocol<T>> for Vec<Slice<T>> {
    fn from(protocol: Protocol<T>) -> Self {
        protocol.slices
    }
}

impl<T: Scalar> Protocol<T> {
    /// A protocol of the given slices, in order.
    ///
    /// # Errors
    /// [`SubstrateError::EmptyProtocol`], or [`SubstrateError::Setting`] for a duration
    /// that is negative or not finite.
    pub fn new(slices: Vec<Slice<T>>) -> Result<Self, SubstrateError> {
        if slices.is_empty() {
            return Err(SubstrateError::EmptyProtocol);
        }
        for slice in &slices {
            check_duration(slice.duration)?;
            if slice.parameters.len() != slices[0].parameters.len() {
                return Err(overdamped_energy::EnergyError::Length {
                    what: "every slice of a protocol".to_owned(),
                    expected: slices[0].parameters.len(),
                    found: slice.parameters.len(),
                }
                .into());
            }
        }
        Ok(Self { slices })
    }

    /// The slices, in order.
    #[must_use]
    pub fn slices(&self) -> &[Slice<T>] {
        &self.slices
    }

    /// Total duration.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.slices.iter().map(|slice| slice.duration).sum()
    }

    /// A smoother protocol: each slice becomes `pieces` equal pieces whose parameters
    /// run linearly from its own to those of the next slice (the last slice is held). It holds the parameters of each
    /// piece: slices x `pieces` x parameters numbers, which must fit into memory.
    #[must_use]
    pub fn interpolated(&self, pieces: usize) -> Self {
        let pieces = pieces.max(1);
        let mut slices = Vec::new();
        for (index, slice) in self.slices.iter().enumerate() {
            let next = self.slices.get(index + 1).unwrap_or(slice);
            for piece in 0..pieces {
                // Each piece takes the value at its middle.
                let share = T::of((piece as f64 + 0.5) / pieces as f64);
                let ends = slice.parameters.iter().zip(&next.parameters);
                slices.push(Slice {
                    duration: slice.duration / pieces as f64,
                    parameters: ends.map(|(&a, &b)| a + share * (b - a)).collect(),
                    temperature: slice.temperature.clone(),
                });
            }
        }
        Self { slices }
    }
}

/// Refuses negative and non-finite durations.
pub(crate) fn check_duration(duration: f64) -> Result<(), SubstrateError> {
    at_least("the duration", duration, 0.0, "finite and not negative")
}

/// Most steps of one slice: beyond, doubles do not tell one number of steps from the next.
const MOST_STEPS: u64 = 1 << 53;

/// How the duration of a slice is divided into steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum TimeStep {
    /// Equal steps of at most this size.
    AtMost(f64),
    /// This many equal steps for each slice.
    PerSlice(usize),
}

impl TimeStep {
    pub(crate) fn validate(self) -> Result<(), SubstrateError> {
        match self {
            Self::AtMost(step) => at_least(
                "the time step",
                step,
                f64::MIN_POSITIVE,
                "positive and finite",
            ),
            Self::PerSlice(steps) => at_least(
                "the number of steps in a slice",
                steps as f64,
                1.0,
                "at least 1",
            ),
        }
    }

    /// [`TimeStep::divide`], refused where the steps are too many to be counted one by one.
    pub(crate) fn counted(self, duration: f64) -> Result<(u64, f64), SubstrateError> {
        let (steps, step) = self.divide(duration);
        if steps > MOST_STEPS {
            let size = match self {
                Self::AtMost(size) => size,
                Self::PerSlice(_) => step,
            };
            return Err(SubstrateError::Steps {
                duration,
                step: size,
                steps: duration / size,
            });
        }
        Ok((steps, step))
    }

    /// Number of steps for a duration, and the size of each. A number of steps beyond 2^64 - 1 is that.
    #[must_use]
    pub fn divide(self, duration: f64) -> (u64, f64) {
        let steps = match self {
            // The tolerance keeps 0.3 / 0.1 at three steps.
            Self::AtMost(step) => (duration / step * (1.0 - 1e-12)).ceil().max(0.0) as u64,
            Self::PerSlice(steps) if duration > 0.0 => steps as u64,
            Self::PerSlice(_) => 0,
        };
        (
            steps,
            if steps == 0 {
                0.0
            } else {
                duration / steps as f64
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_divide_into_whole_steps() {
        assert_eq!(TimeStep::AtMost(0.1).divide(0.3).0, 3);
        assert_eq!(TimeStep::AtMost(0.1).divide(0.31).0, 4);
        assert_eq!(TimeStep::AtMost(0.1).divide(0.0), (0, 0.0));
        assert_eq!(TimeStep::PerSlice(8).divide(2.0), (8, 0.25));
    }

    #[test]
    fn interpolation_keeps_the_duration_and_approaches_the_ramp() {
        let slices = vec![Slice::new(1.0, vec![0.0_f64]), Slice::new(2.0, vec![4.0])];
        let protocol = Protocol::new(slices).unwrap().interpolated(4);
        let first: Vec<f64> = protocol.slices()[..4]
            .iter()
            .map(|s| s.parameters[0])
            .collect();
        assert_eq!(first, [0.5, 1.5, 2.5, 3.5]);
        assert!((protocol.duration() - 3.0).abs() < 1e-15);
        assert!(
            protocol.slices()[4..]
                .iter()
                .all(|s| s.parameters[0] == 4.0)
        );
    }

    #[test]
    fn bad_durations_are_refused() {
        for duration in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(Protocol::new(vec![Slice::new(duration, vec![0.0_f32])]).is_err());
        }
        assert!(Protocol::<f32>::new(Vec::new()).is_err());
    }
}

//! Training examples, and noised draws from them.

use faer::{Mat, MatRef};
use overdamped_energy::Scalar;
use overdamped_substrate::stream::Stream;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::{LearnError, Level, Noising};

/// A data set (units x examples) and which of its units carry data.
///
/// Units that do not are held at their example's value, not noised: a label oscillator
/// clamped to the class, for instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples<T: Scalar> {
    data: Mat<T>,
    visible: Vec<bool>,
}

/// A batch drawn from the noised data: where the substrate is put, and the clean example.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws<T: Scalar> {
    /// Noised states x_s (units x batch).
    pub noised: Mat<T>,
    /// Clean examples x_0 (units x batch).
    pub clean: Mat<T>,
}

impl<T: Scalar> Examples<T> {
    /// A data set whose units all carry data.
    ///
    /// # Errors
    /// [`LearnError::NoData`] or [`LearnError::NonFiniteData`].
    pub fn new(data: Mat<T>) -> Result<Self, LearnError> {
        let visible = vec![true; data.nrows()];
        Self::with_visible(data, visible)
    }

    /// A data set in which only the units marked in `visible` carry data.
    ///
    /// # Errors
    /// As [`Examples::new`], [`LearnError::Shape`], or [`LearnError::Setting`] if no unit is visible.
    pub fn with_visible(data: Mat<T>, visible: Vec<bool>) -> Result<Self, LearnError> {
        if data.ncols() == 0 || data.nrows() == 0 {
            return Err(LearnError::NoData);
        }
        if visible.len() != data.nrows() {
            return Err(LearnError::Shape {
                what: "length of the mask of visible units",
                expected: data.nrows(),
                found: visible.len(),
            });
        }
        if !visible.contains(&true) {
            return Err(LearnError::Setting {
                setting: "the number of visible units",
                value: 0.0,
                bound: "at least 1",
            });
        }
        for example in 0..data.ncols() {
            let column = data.col_as_slice(example);
            if let Some(unit) = column.iter().position(|value| !value.finite()) {
                return Err(LearnError::NonFiniteData {
                    unit,
                    example,
                    value: column[unit].wide(),
                });
            }
        }
        Ok(Self { data, visible })
    }

    /// Number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.data.nrows()
    }

    /// Number of examples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.ncols()
    }

    /// Never: an empty data set is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.ncols() == 0
    }

    /// The examples (units x examples).
    #[must_use]
    pub fn data(&self) -> MatRef<'_, T> {
        self.data.as_ref()
    }

    /// Which units carry data.
    #[must_use]
    pub fn visible(&self) -> &[bool] {
        &self.visible
    }

    /// `batch` random examples, noised to `level`: x_s = a x_0 + sigma eps.
    pub fn draw(&self, level: Level, batch: usize, stream: &mut Stream) -> Draws<T> {
        let (signal, noise) = (T::of(level.signal), T::of(level.noise));
        let mut clean = Mat::zeros(self.units(), batch);
        let mut noised = Mat::zeros(self.units(), batch);
        for chain in 0..batch {
            let example = self.data.col_as_slice(stream.random_range(0..self.len()));
            clean.col_as_slice_mut(chain).copy_from_slice(example);
            let slots = noised.col_as_slice_mut(chain).iter_mut();
            for ((slot, &value), &visible) in slots.zip(example).zip(&self.visible) {
                *slot = if visible {
                    signal * value + noise * T::of(stream.sample(StandardNormal))
                } else {
                    value
                };
            }
        }
        Draws { noised, clean }
    }

    /// One exact step of the noising process from `states`, for `duration`.
    pub fn noise_further(
        &self,
        noising: Noising,
        states: MatRef<'_, T>,
        duration: f64,
        stream: &mut Stream,
    ) -> Mat<T> {
        let level = noising.level(duration);
        let (signal, noise) = (T::of(level.signal), T::of(level.noise));
        Mat::from_fn(states.nrows(), states.ncols(), |unit, chain| {
            let value = states[(unit, chain)];
            if self.visible[unit] {
                signal * value + noise * T::of(stream.sample(StandardNormal))
            } else {
                value
            }
        })
    }
}

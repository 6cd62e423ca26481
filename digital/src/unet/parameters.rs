//! The weights as plain data: one list of values for each slot of the architecture.

use half::f16;
use overdamped_substrate::stream::Stream;
use rand::RngExt;

use super::architecture::{Slot, slots};
use super::error::UNetFileError;

/// All weights, tensor by tensor in the order of [`slots`] and in C order inside each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameters {
    tensors: Vec<Vec<f32>>,
}

impl Parameters {
    /// Scales of one, and weights uniform within 1 / sqrt(inputs) of zero, from a stream.
    pub(super) fn initial(stream: &mut Stream) -> Self {
        Self::from_fn(|slot| {
            if slot.is_scale() {
                return vec![1.0; slot.len()];
            }
            let bound = (slot.fan_in as f32).sqrt().recip();
            (0..slot.len())
                .map(|_| stream.random_range(-bound..bound))
                .collect()
        })
    }

    /// The values that `fill` gives for each slot, as many as it has.
    pub(super) fn from_fn(fill: impl FnMut(&Slot) -> Vec<f32>) -> Self {
        Self::from_tensors(slots().iter().map(fill).collect())
    }

    /// # Panics
    /// Panics where numbers of tensors or values are not those of the slots; whoever takes them from
    /// outside checks first.
    pub(super) fn from_tensors(tensors: Vec<Vec<f32>>) -> Self {
        let slots = slots();
        assert_eq!(
            tensors.len(),
            slots.len(),
            "one list of values for each slot"
        );
        for (values, slot) in tensors.iter().zip(&slots) {
            assert_eq!(values.len(), slot.len(), "values of `{}`", slot.name);
        }
        Self { tensors }
    }

    /// The values, slot by slot.
    pub(super) fn tensors(&self) -> impl Iterator<Item = &[f32]> {
        self.tensors.iter().map(Vec::as_slice)
    }

    /// Number of weights and biases.
    pub(super) fn count(&self) -> usize {
        self.tensors.iter().map(Vec::len).sum()
    }

    /// Moves to `kept` of itself and 1 - `kept` of `other`.
    #[cfg(feature = "burn")]
    pub(super) fn blend(&mut self, other: &Self, kept: f64) {
        let (kept, taken) = (kept as f32, (1.0 - kept) as f32);
        for (mine, theirs) in self.tensors.iter_mut().zip(&other.tensors) {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine = kept * *mine + taken * theirs;
            }
        }
    }

    /// Rounds every weight to half precision, in which files hold it.
    pub(super) fn round(&mut self) {
        for value in self.tensors.iter_mut().flatten() {
            *value = f16::from_f32(*value).to_f32();
        }
    }

    /// The weights, if each is finite.
    pub(super) fn checked(self) -> Result<Self, UNetFileError> {
        for (values, slot) in self.tensors.iter().zip(slots()) {
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                return Err(UNetFileError::NonFinite {
                    name: slot.name,
                    index,
                    value: values[index],
                });
            }
        }
        Ok(self)
    }
}

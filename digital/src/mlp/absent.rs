//! What stands in for the network where the feature `burn` is off: a type without values.

use overdamped_substrate::stream::Stream;

use super::MlpSettings;
use crate::DigitalError;

/// No network, ever.
#[derive(Debug)]
pub(super) enum Network {}

impl Network {
    pub(super) fn train(
        _units: usize,
        _settings: &MlpSettings,
        _weights: Stream,
        _next: impl FnMut(u64) -> (Vec<f32>, Vec<f32>),
        _progress: impl FnMut(u64, f64),
    ) -> Result<Self, DigitalError> {
        Err(DigitalError::NotBuilt)
    }

    pub(super) fn predict(
        &self,
        _rows: Vec<f32>,
        _shape: [usize; 2],
    ) -> Result<Vec<f32>, DigitalError> {
        match *self {}
    }

    pub(super) fn parameters(&self) -> usize {
        match *self {}
    }
}

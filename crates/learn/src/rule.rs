//! What a learning rule is: it names states and weights, and nothing else.

use overdamped_energy::{Layout, Scalar};
use overdamped_substrate::stream::Stream;

use crate::LearnError;

/// A way to estimate the gradient of a loss from measurements on a substrate.
///
/// A rule owns its substrate and its examples; the parameters belong to the
/// optimiser and come in with each call. All randomness comes from `stream`, so
/// that parameters, optimiser and stream are all there is to a checkpoint.
pub trait Rule<T: Scalar>: Send {
    /// Layout of the parameters that are learned.
    fn layout(&self) -> Layout;

    /// Replaces `gradient` (layout order) by an estimate of the loss gradient at
    /// `parameters`, and returns the loss of the batch where the rule can see it.
    ///
    /// # Errors
    /// If the substrate refuses the parameters or fails.
    fn estimate(
        &mut self,
        parameters: &[T],
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<Option<f64>, LearnError>;
}

impl<T: Scalar, R: Rule<T> + ?Sized> Rule<T> for Box<R> {
    fn layout(&self) -> Layout {
        (**self).layout()
    }

    fn estimate(
        &mut self,
        parameters: &[T],
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<Option<f64>, LearnError> {
        (**self).estimate(parameters, stream, gradient)
    }
}

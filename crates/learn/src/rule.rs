//! What a learning rule is: it names states and weights, and nothing else.

use overdamped_energy::{Layout, Scalar};
use overdamped_substrate::stream::Stream;

use crate::LearnError;

/// What a rule saw of a batch beside the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measured {
    /// Mean loss of the batch, if the rule can see it.
    pub loss: Option<f64>,
    /// How far from equilibrium the relaxed phases were left, for rules that relax: over all units
    /// the largest |force| of a chain, and of these the 99 % quantile over the chains.
    ///
    /// A quantile, because the gradient is a mean over the chains: a few stragglers hardly matter to it.
    pub residual: Option<f64>,
}

impl Measured {
    /// A loss, and no residual.
    #[must_use]
    pub const fn of_loss(loss: f64) -> Self {
        Self {
            loss: Some(loss),
            residual: None,
        }
    }
}

/// A way to estimate the gradient of a loss from measurements on a substrate.
///
/// A rule owns its substrate and its examples; the parameters belong to the
/// optimiser and come in with each call. All randomness comes from `stream`, so
/// that parameters, optimiser and stream are all there is to a checkpoint.
pub trait Rule<T: Scalar>: Send {
    /// Layout of the parameters that are learned.
    fn layout(&self) -> Layout;

    /// Replaces `gradient` (layout order) by an estimate of the loss gradient at
    /// `parameters`, and returns what the rule could see of the batch.
    ///
    /// # Errors
    /// If the substrate refuses the parameters or fails.
    fn estimate(
        &mut self,
        parameters: &[T],
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<Measured, LearnError>;

    /// Brings parameters back, after an update, to where the rule can go on from: couplings that have become too
    /// strong, for instance. The default leaves them alone.
    ///
    /// # Errors
    /// If there is no way back.
    fn constrain(&self, _parameters: &mut [T]) -> Result<(), LearnError> {
        Ok(())
    }
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
    ) -> Result<Measured, LearnError> {
        (**self).estimate(parameters, stream, gradient)
    }

    fn constrain(&self, parameters: &mut [T]) -> Result<(), LearnError> {
        (**self).constrain(parameters)
    }
}

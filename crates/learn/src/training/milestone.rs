//! What is written down of each round of training.

use serde::{Deserialize, Serialize};

use crate::{Measured, Step};

/// One stretch of training, from the last milestone to this one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Milestone {
    /// Updates made when it was written.
    pub update: u64,
    /// Mean loss over the updates of the stretch, skipped ones included, if the rule sees a loss.
    pub loss: Option<f64>,
    /// Largest residual of the stretch, if the rule relaxes (see [`Measured::residual`]). One that
    /// rises says that the relaxation no longer keeps up with the energy.
    pub residual: Option<f64>,
    /// Updates of the stretch that were skipped as outliers.
    pub skipped: u64,
    /// Mean norm of the gradients of the stretch before clipping, skipped ones included.
    pub norm: f64,
}

/// A milestone in the making.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    updates: u64,
    losses: u64,
    loss: f64,
    residual: Option<f64>,
    skipped: u64,
    norm: f64,
}

impl Tally {
    /// One more update.
    pub(super) fn add(&mut self, measured: Measured, step: Step) {
        self.updates += 1;
        if let Some(loss) = measured.loss {
            self.losses += 1;
            self.loss += loss;
        }
        if let Some(residual) = measured.residual {
            self.residual = Some(self.residual.map_or(residual, |most| most.max(residual)));
        }
        self.skipped += u64::from(step.skipped);
        self.norm += step.norm;
    }

    /// The milestone at the update counter `update`, of at least one update.
    pub(super) fn milestone(&self, update: u64) -> Milestone {
        Milestone {
            update,
            loss: (self.losses > 0).then(|| self.loss / self.losses as f64),
            residual: self.residual,
            skipped: self.skipped,
            norm: self.norm / self.updates as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_has_mean_losses_and_norms_and_the_largest_residual() {
        let mut tally = Tally::default();
        for (loss, residual, norm, skipped) in [
            (Some(1.0), Some(0.25), 2.0, false),
            (None, Some(0.5), 3.0, true),
            (Some(2.0), None, 4.0, false),
            (None, Some(0.125), 7.0, true),
        ] {
            tally.add(Measured { loss, residual }, Step { norm, skipped });
        }
        let expected = Milestone {
            update: 44,
            loss: Some(1.5),
            residual: Some(0.5),
            skipped: 2,
            norm: 4.0,
        };
        assert_eq!(tally.milestone(44), expected);
    }

    #[test]
    fn what_a_rule_does_not_see_is_not_made_up() {
        let mut tally = Tally::default();
        let step = Step {
            norm: 1.0,
            skipped: false,
        };
        tally.add(Measured::default(), step);
        let milestone = tally.milestone(1);
        assert_eq!((milestone.loss, milestone.residual), (None, None));
    }
}

//! How a network is trained: the settings of the paper, and this project's.

use overdamped_learn::{
    AdamSettings, GradEpSettings, NudgeForce, Nudging, Pairing, Schedule, Settling, Sides, Spring,
    Wiring,
};
use overdamped_substrate::Relaxer;

use super::digits::PUBLISHED_UPDATES;

/// Everything that decides what training does, besides network, data and seed.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// How the substrate comes to rest.
    pub relaxer: Relaxer,
    /// Nudge.
    pub nudging: Nudging,
    /// Free phase.
    pub free: Settling,
    /// Time of a nudged phase.
    pub nudged: f64,
    /// Pairs in an update.
    pub batch: usize,
    /// Pairs among which noise is transported.
    pub group: usize,
    /// Optimiser and number of updates.
    pub adam: AdamSettings,
    /// Updates between two looks.
    pub round: u64,
}

impl Recipe {
    /// This project's: block descent, nudges by constant forces, batches of 256, a rate that falls to zero.
    ///
    /// The free phase of 20 sweeps is repeated, twice at most, while the 99 % quantile of the
    /// residual is above .1; the two nudged phases start from the same state and need 6 sweeps each.
    pub fn own(updates: u64) -> Self {
        Self {
            relaxer: Relaxer::BLOCK_DESCENT,
            nudging: Nudging::default(),
            free: Settling {
                time: 40.0,
                tolerance: 0.1,
                looks: 3,
                refuse: 1.0,
            },
            nudged: 12.0,
            batch: 256,
            group: 256,
            adam: AdamSettings {
                rate: 8e-3,
                momentum: 0.9,
                memory: 0.95,
                schedule: Schedule::Cosine {
                    warmup: 0.02,
                    last: 0.0,
                },
                updates,
                clip: Some(1.0),
                outlier: Some(5.0),
                average: Some(0.995),
                ..AdamSettings::default()
            },
            round: (updates / 20).max(1),
        }
    }

    /// The same for wider layers, which reinforce each other more: a 784-512-512 network no longer comes to
    /// rest after 250 updates at a rate of 8e-3, and after 3,900 at 3e-3.
    pub fn wide(updates: u64) -> Self {
        let own = Self::own(updates);
        Self {
            adam: AdamSettings {
                rate: 2e-3,
                schedule: Schedule::Cosine {
                    warmup: 0.1,
                    last: 0.0,
                },
                ..own.adam
            },
            round: (updates / 40).max(1),
            ..own
        }
    }

    /// The author's, to the letter but for times drawn in strata: Euler steps of .1, 300 in each phase, a quadratic nudge to both sides,
    /// the whole data set of `images` in each of 2,000 updates.
    pub fn published(images: usize) -> Self {
        Self {
            relaxer: Relaxer::GradientFlow,
            nudging: Nudging {
                force: NudgeForce::Quadratic,
                sides: Sides::Two,
                strength: 1.25e-3,
            },
            free: Settling::once(30.0),
            nudged: 30.0,
            batch: images,
            group: images,
            adam: AdamSettings {
                rate: 1e-3,
                momentum: 0.9,
                memory: 0.95,
                schedule: Schedule::Constant,
                updates: PUBLISHED_UPDATES,
                clip: Some(1.0),
                ..AdamSettings::default()
            },
            round: 20,
        }
    }

    /// The settings of the rule.
    pub fn rule(&self, wiring: &Wiring) -> GradEpSettings {
        GradEpSettings {
            wiring: wiring.clone(),
            spring: Spring::default(),
            nudging: self.nudging,
            free: self.free,
            nudged: self.nudged,
            batch: self.batch,
        }
    }

    /// Which noise goes with which image.
    pub const fn pairing(&self) -> Pairing {
        Pairing::OptimalTransport { group: self.group }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number by number, as in the paper.
    #[test]
    fn the_published_recipe_is_that_of_the_paper() {
        let recipe = Recipe::published(1797);
        let rule = recipe.rule(&Wiring::visible(64));
        assert_eq!((rule.spring.stiffness, rule.spring.gain), (15.0, 2.0));
        assert_eq!(recipe.nudging.strength, 1.25e-3);
        assert_eq!(recipe.nudging.force, NudgeForce::Quadratic);
        assert_eq!(recipe.nudging.sides, Sides::Two);
        // 300 Euler steps of .1 in each phase.
        assert_eq!(recipe.relaxer, Relaxer::GradientFlow);
        assert_eq!(
            (recipe.free.time, recipe.free.looks, recipe.nudged),
            (30.0, 1, 30.0)
        );
        assert_eq!(recipe.pairing(), Pairing::OptimalTransport { group: 1797 });
        let adam = recipe.adam;
        assert_eq!((adam.rate, adam.momentum, adam.memory), (1e-3, 0.9, 0.95));
        assert_eq!(
            (adam.updates, adam.clip, adam.outlier),
            (2000, Some(1.0), None)
        );
        assert_eq!(adam.schedule, Schedule::Constant);
    }
}

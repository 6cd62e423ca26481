//! How a network is trained.

use overdamped_learn::{
    AdamSettings, Backward, NoiseLevel, Nudging, Schedule, ScoreMatchingSettings, Settling,
};
use overdamped_substrate::Relaxer;

use super::network::Network;

/// Everything that decides what training does, besides network, data and seed.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// How the substrate comes to rest.
    pub relaxer: Relaxer,
    /// How the gradient is found.
    pub backward: Backward,
    /// Free phase.
    pub free: Settling,
    /// Time of a nudged phase.
    pub nudged: f64,
    /// Share of the nudge that an unfinished free phase may leave, for estimators that need a finished one.
    pub unfinished: Option<f64>,
    /// Noise levels in an update.
    pub levels: usize,
    /// Noisy images at each of them.
    pub batch: usize,
    /// Share of its diagonal by which K is kept positive definite.
    pub margin: Option<f64>,
    /// Optimiser and number of updates.
    pub adam: AdamSettings,
    /// Updates between two looks.
    pub round: u64,
}

/// Sweeps of Newton steps, group by group: at least as near to rest as gradient flow in that time.
pub const SWEEPS: Relaxer = Relaxer::BlockDescent {
    time_per_sweep: 1.0,
    least_curvature: 0.3,
};
/// Where K is kept positive definite, it is by this share of its diagonal.
const MARGIN: f64 = 0.02;

impl Recipe {
    /// For one noise level.
    pub fn single(backward: Backward, updates: u64) -> Self {
        Self {
            relaxer: SWEEPS,
            backward,
            free: Settling::once(16.0),
            nudged: 8.0,
            unfinished: None,
            levels: 1,
            batch: 256,
            margin: None,
            adam: adam(updates, 1.0),
            round: (updates / 20).max(1),
        }
    }

    /// With K positive definite after every update, so that there is one state at rest.
    pub fn definite(self) -> Self {
        Self {
            margin: Some(MARGIN),
            ..self
        }
    }

    /// For a ladder of noise levels: half of them in each update, nudged by constant forces.
    ///
    /// K may become indefinite: quartic wells confine the network all the same, and a residual would show one
    /// that does not come to rest.
    pub fn ladder(levels: usize, updates: u64) -> Self {
        Self {
            unfinished: Some(0.1),
            levels: levels.div_ceil(2),
            batch: 64,
            adam: adam(updates, 0.05),
            ..Self::single(Backward::Nudged(Nudging::constant_force(0.1)), updates)
        }
    }

    /// For one noise level, with next to no time: no phase comes to rest.
    pub fn starved(backward: Backward, updates: u64) -> Self {
        Self {
            free: Settling::once(2.0),
            nudged: 4.0,
            ..Self::single(backward, updates)
        }
    }

    /// The settings of the rule for a network and the weights of its levels.
    pub fn rule(&self, network: &Network, weights: &[f64]) -> ScoreMatchingSettings {
        let levels = network.levels.iter().zip(weights);
        ScoreMatchingSettings {
            modules: network.modules,
            levels: levels
                .map(|(&deviation, &weight)| NoiseLevel { deviation, weight })
                .collect(),
            levels_per_update: self.levels,
            batch: self.batch,
            backward: self.backward,
            free: self.free,
            nudged: self.nudged,
            unfinished: self.unfinished,
            margin: self.margin,
        }
    }
}

/// Adam with a rate that falls to zero. Stiffnesses stay positive, those of hidden units above `softest`: a
/// unit without would run away.
fn adam(updates: u64, softest: f64) -> AdamSettings {
    AdamSettings {
        rate: 8e-3,
        memory: 0.99,
        schedule: Schedule::Cosine {
            warmup: 0.03,
            last: 0.0,
        },
        updates,
        average: Some(0.995),
        floors: vec![
            ("stiffness.0".to_owned(), 0.5),
            ("stiffness.1".to_owned(), softest),
        ],
        ..AdamSettings::default()
    }
}

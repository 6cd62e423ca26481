//! Digits from a trained field: walks from noise, in each way that the paper knows and one that it does not.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::Energy;
use overdamped_learn::{Spring, Walk};
use overdamped_substrate::{
    Acts, Metered, PerUnit, Relaxer, Settings, SimulatedSubstrate, Substrate, TimeStep, stream,
};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::network::Network;

/// How noise becomes digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// Euler steps of .01 with the velocity read through the spring of training.
    Spring,
    /// The same with the slope of the energy while pixels are held.
    Energy,
    /// So many re-anchored springs and no integrator.
    Reanchored(usize),
    /// Spring, with a bath at this kT between flow times 1 and the last tenth.
    Thermal(f64),
}

/// Flow time of one Euler step.
const STEP: f64 = 0.01;
/// Flow time at the end of a thermal walk in which the bath is cold again.
const COOLING: f64 = 0.1;

/// Time in a warm bath on each spring: pixels follow it within 1 / 16.
const THERMAL_TIME: f64 = 2.0;

/// A trained network that draws.
pub struct Artist<'a> {
    /// The network.
    pub network: &'a Network,
    /// Its parameters.
    pub parameters: &'a [f32],
}

impl Artist<'_> {
    /// Noise on pixels and the labels asked for (rows x chains).
    pub fn noise(&self, labels: &[u8], seed: u64) -> Mat<f32> {
        let mut random = stream::of(stream::derive(seed, 4), 0);
        let pixels = self.network.wiring.visible.len();
        let noise = Mat::from_fn(pixels, labels.len(), |_, _| random.sample(StandardNormal));
        self.network.rows(noise.as_ref(), labels)
    }

    /// One image for each label (pixels x chains) at each of the flow times `horizons`, in ascending
    /// order (a thermal walk: at the last), and what the substrate did. Values are not clipped.
    ///
    /// # Errors
    /// If the dynamics fail.
    pub fn draw(
        &self,
        way: Way,
        labels: &[u8],
        horizons: &[f64],
        seed: u64,
    ) -> anyhow::Result<(Vec<Mat<f32>>, Acts)> {
        let last = horizons.last().copied().unwrap_or(1.0);
        let start = self.noise(labels, seed);
        let (start, wiring) = (start.as_ref(), &self.network.wiring);
        let walk = Walk {
            horizon: last,
            steps: (last / STEP).round() as usize,
            ..Walk::default()
        };
        let stops = |walk: &Walk| -> Vec<usize> {
            let stops = horizons
                .iter()
                .map(|horizon| (horizon / walk.step()).round() as usize);
            stops.collect()
        };
        let cold = self.network.cold(Relaxer::BLOCK_DESCENT);
        Ok(match way {
            Way::Spring => {
                let mut substrate = self.substrate(&cold)?;
                let spring = Spring::default();
                let stops = stops(&walk);
                let images = walk.by_spring(&mut substrate, wiring, spring, start, seed, &stops)?;
                (images, substrate.into_parts().1)
            }
            Way::Reanchored(anchors) => {
                // Each anchor is farther from the last than an Euler step: more time to follow.
                let walk = Walk {
                    later: walk.first,
                    ..walk
                };
                let (walk, spring) = walk.reanchored(anchors, Spring::default().gain);
                let mut substrate = self.substrate(&cold)?;
                let stops = stops(&walk);
                let images = walk.by_spring(&mut substrate, wiring, spring, start, seed, &stops)?;
                (images, substrate.into_parts().1)
            }
            Way::Energy => {
                let mut mobile = self.network.mobile();
                mobile[wiring.visible.clone()].fill(false);
                let mobility = mobile.into_iter().map(|mobile| f64::from(u8::from(mobile)));
                let mut substrate = self.substrate(&Settings {
                    mobility: PerUnit::Each(mobility.collect()),
                    ..cold
                })?;
                let (gain, stops) = (Spring::default().gain, stops(&walk));
                let images = walk.by_energy(&mut substrate, wiring, gain, start, seed, &stops)?;
                (images, substrate.into_parts().1)
            }
            Way::Thermal(temperature) => {
                // A bath needs shorter steps than rest does, or its variance is wrong.
                let mut substrate = self.substrate(&Settings {
                    temperature: PerUnit::Uniform(temperature),
                    time_step: TimeStep::AtMost(0.02),
                    ..cold
                })?;
                let mut rows = start.to_owned();
                for (horizon, thermal) in
                    [(1.0, false), (last - 1.0 - COOLING, true), (COOLING, false)]
                {
                    let walk = Walk {
                        horizon,
                        steps: (horizon / STEP).round() as usize,
                        thermal_after: if thermal { 0.0 } else { f64::INFINITY },
                        later: if thermal { THERMAL_TIME } else { walk.later },
                        ..walk
                    };
                    let (spring, end) = (Spring::default(), [walk.steps]);
                    let start = rows.as_ref();
                    let places =
                        walk.by_spring(&mut substrate, wiring, spring, start, seed, &end)?;
                    rows = self.network.rows(places[0].as_ref(), labels);
                }
                let pixels = wiring.visible.len();
                let images = vec![rows.subrows(0, pixels).to_owned()];
                (images, substrate.into_parts().1)
            }
        })
    }

    fn substrate(&self, settings: &Settings) -> anyhow::Result<Metered<SimulatedSubstrate<f32>>> {
        let energy: Arc<dyn Energy<f32>> = Arc::clone(&self.network.energy) as _;
        let simulated = SimulatedSubstrate::new(energy, settings.clone())?;
        let mut substrate = Metered::new(simulated, settings)?;
        substrate.program(self.parameters)?;
        Ok(substrate)
    }
}

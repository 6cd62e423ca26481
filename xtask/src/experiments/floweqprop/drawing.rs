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
    /// Spring, with a bath at this kT between flow times 1 and 1.3; always to 1.4.
    Thermal(f64),
}

impl Way {
    /// The walk to a flow time, and the spring that velocities are read through where they are.
    pub fn walk(self, horizon: f64) -> (Walk, Spring) {
        let walk = Walk {
            horizon,
            steps: (horizon / STEP).round() as usize,
            ..Walk::default()
        };
        let spring = Spring::default();
        match self {
            Self::Reanchored(anchors) => {
                // Each anchor is farther from the last than an Euler step: more time to follow.
                let later = walk.first;
                Walk { later, ..walk }.reanchored(anchors, spring.gain)
            }
            _ => (walk, spring),
        }
    }
}

/// A way to draw, at some flow times, as it is to be written down.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The way.
    pub way: Way,
    /// Flow times in ascending order.
    pub horizons: Vec<f64>,
    /// Segments of its ids; the spring's name its flow times too.
    name: String,
    title: String,
}

impl Shown {
    /// By the spring, at each of these flow times.
    pub fn spring(horizons: &[f64]) -> Self {
        Self {
            way: Way::Spring,
            horizons: horizons.to_vec(),
            name: "samples".to_owned(),
            title: "by the spring".to_owned(),
        }
    }

    /// Re-anchored, at T = 1.2.
    pub fn reanchored(anchors: usize) -> Self {
        Self {
            way: Way::Reanchored(anchors),
            horizons: vec![1.2],
            name: format!("reanchor.{anchors}"),
            title: format!("{anchors} anchors, no integrator"),
        }
    }

    /// By the slope of the energy, at T = 1.2.
    pub fn energy() -> Self {
        Self {
            way: Way::Energy,
            horizons: vec![1.2],
            name: "energy_mode".to_owned(),
            title: "by the slope of the energy".to_owned(),
        }
    }

    /// In a bath at kT between T = 1 and 1.3, at T = 1.4.
    pub fn thermal(temperature: f64) -> Self {
        let name = format!("thermal.kt_{temperature}").replace("kt_0.", "kt_0_");
        Self {
            way: Way::Thermal(temperature),
            horizons: vec![1.0 + WARM + COOLING],
            name,
            title: format!("in a bath of kT = {temperature} from 1 to {}", 1.0 + WARM),
        }
    }

    /// Segments of the ids of one flow time.
    pub fn id(&self, at: usize) -> String {
        match self.way {
            Way::Spring => format!("{}.{}", self.name, horizon_id(self.horizons[at])),
            _ => self.name.clone(),
        }
    }

    /// What people read.
    pub fn title(&self, at: usize) -> String {
        format!("{}, T = {}", self.title, self.horizons[at])
    }
}

/// 1.2 becomes `t1_2`.
fn horizon_id(horizon: f64) -> String {
    format!("t{horizon:.1}").replace('.', "_")
}

/// Flow time of one Euler step.
const STEP: f64 = 0.01;
/// Flow time in a warm bath, after T = 1.
const WARM: f64 = 0.3;
/// Flow time after it, in which the bath is cold again.
const COOLING: f64 = 0.1;

/// Time in a warm bath on each spring but the first: pixels follow it within 1 / 16.
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
        let (walk, spring) = way.walk(last);
        let stops = |walk: &Walk| -> Vec<usize> {
            let stops = horizons
                .iter()
                .map(|horizon| (horizon / walk.step()).round() as usize);
            stops.collect()
        };
        let cold = self.network.cold(Relaxer::BLOCK_DESCENT);
        Ok(match way {
            Way::Spring | Way::Reanchored(_) => {
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
                let (gain, stops) = (spring.gain, stops(&walk));
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
                for (part, horizon) in [1.0, WARM, COOLING].into_iter().enumerate() {
                    let thermal = part == 1;
                    let walk = Walk {
                        horizon,
                        steps: (horizon / STEP).round() as usize,
                        thermal_after: if thermal { 0.0 } else { f64::INFINITY },
                        later: if thermal { THERMAL_TIME } else { walk.later },
                        ..walk.clone()
                    };
                    let end = [walk.steps];
                    let start = rows.as_ref();
                    // Each part has noise of its own.
                    let seed = stream::derive(seed, part as u64);
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

#[cfg(test)]
mod tests {
    use super::super::kept;
    use super::*;
    use crate::experiments::testing::quantised;

    /// Digits as quantised text: a change of energy, relaxer or walk shows here, and a person can see
    /// whether it matters.
    #[test]
    fn the_kept_network_draws_these_digits() {
        let (network, parameters) = kept::network().unwrap();
        let artist = Artist {
            network: &network,
            parameters: &parameters,
        };
        let (images, acts) = artist
            .draw(Way::Reanchored(12), &[0; 8], &[1.2], 3)
            .unwrap();
        insta::assert_snapshot!(quantised(&images[0], 8));
        insta::assert_json_snapshot!(acts);
    }

    /// 40 digits each, by the same noise. Spring and energy read the same field to 1 / lambda; a bath of kT = 0
    /// is no bath; fewer anchors follow the same path in longer steps. Digits drawn from other noise
    /// differ several times as much.
    #[test]
    fn all_ways_draw_the_same_digits_from_the_same_noise() {
        let (network, parameters) = kept::network().unwrap();
        let artist = Artist {
            network: &network,
            parameters: &parameters,
        };
        let draw = |way, horizon, seed| {
            let (images, _) = artist.draw(way, &[0; 40], &[horizon], seed).unwrap();
            images.into_iter().next().unwrap()
        };
        let apart = |a: &Mat<f32>, b: &Mat<f32>| {
            let sum: f32 = (0..40)
                .flat_map(|image| (0..64).map(move |pixel| (pixel, image)))
                .map(|at| (a[at].clamp(-1.0, 1.0) - b[at].clamp(-1.0, 1.0)).abs())
                .sum();
            sum / (40.0 * 64.0)
        };
        let spring = draw(Way::Spring, 1.2, 3);
        let other = apart(&spring, &draw(Way::Spring, 1.2, 4));
        for way in [Way::Energy, Way::Reanchored(36), Way::Reanchored(12)] {
            let off = apart(&spring, &draw(way, 1.2, 3));
            assert!(
                off < 0.3 * other,
                "{way:?}: {off}, and {other} by other noise"
            );
        }
        let off = apart(&draw(Way::Spring, 1.4, 3), &draw(Way::Thermal(0.0), 1.4, 3));
        assert!(
            off < 0.3 * other,
            "thermal: {off}, and {other} by other noise"
        );
    }

    #[test]
    fn flow_times_and_temperatures_become_ids() {
        assert_eq!(Shown::spring(&[1.0, 1.25]).id(0), "samples.t1_0");
        assert_eq!(Shown::thermal(0.03).id(0), "thermal.kt_0_03");
        assert_eq!(Shown::reanchored(6).id(0), "reanchor.6");
        assert_eq!(
            Shown::reanchored(6).title(0),
            "6 anchors, no integrator, T = 1.2"
        );
    }
}

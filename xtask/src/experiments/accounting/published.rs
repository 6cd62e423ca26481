//! The published pair of modules, run and metered: D = 64 units each, a coupling of rank 16, 400 steps of .01 in a
//! relaxation (arXiv 2604.14332 and 2604.23806).
//!
//! What the papers' settings leave open is chosen so that the system is well behaved: units of stiffness one, orthonormal
//! directions of strength one half, no couplings within a module (the paper's are dense), drives and targets of standard
//! deviation one. Acts do not depend on that; heat, and what a processor would have to compute, do.

use std::sync::Arc;

use faer::Mat;
use overdamped_accounting::Pair;
use overdamped_energy::{Coupling, Drive, Energy, Modular, Module, Wires};
use overdamped_learn::{
    Adam, AdamSettings, FreeState, Nudging, Phase, QuadraticCost, Reading, Wiring,
};
use overdamped_substrate::{
    Metered, PerUnit, Settings, SimulatedSubstrate, Substrate, TimeStep, stream,
};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::experiments::metering::{Observed, Run, finish};

/// Stiffness of all units, and strength of all buses.
const STIFFNESS: f32 = 1.0;
const STRENGTH: f32 = 0.5;
/// Strength of a nudge, and the share of it that a step of training follows.
const NUDGE: f64 = 0.1;

/// The pair as an energy with parameters.
pub struct Device {
    pair: Pair,
    energy: Arc<Modular>,
    parameters: Vec<f32>,
    settings: Settings,
    seed: u64,
}

/// What the drives of some images, one after the other, took.
pub struct Inference {
    /// Acts, heat, work.
    pub run: Run,
    /// Mean over the images of the squared distance that the mean state moves in one. The covariance stays: it is that of
    /// equilibrium, whatever the drives.
    pub squared_distance: f64,
}

impl Device {
    /// A pair with random directions.
    ///
    /// # Errors
    /// None for a pair that is in order.
    pub fn new(pair: Pair, seed: u64) -> anyhow::Result<Self> {
        let module = Module {
            units: pair.width,
            quartic: false,
        };
        let wires = Wires::LowRank { rank: pair.rank };
        let modules = (0, 1);
        let energy = Modular::new(vec![module, module], vec![Coupling { modules, wires }])?;
        let layout = Energy::<f32>::layout(&energy);
        let mut parameters = vec![0.0; layout.len()];
        for (index, (block, range)) in layout.blocks().enumerate() {
            let slots = &mut parameters[range];
            match block.name.split_once('.').map_or("", |(kind, _)| kind) {
                "stiffness" => slots.fill(STIFFNESS),
                "strength" => slots.fill(STRENGTH),
                "left" | "right" => {
                    let mut random = stream::of(stream::derive(seed, 1), index as u64);
                    let normals = Mat::<f64>::from_fn(pair.width, pair.rank, |_, _| {
                        random.sample(StandardNormal)
                    });
                    let directions = normals.qr().compute_thin_Q();
                    let values = directions.col_iter().flat_map(faer::ColRef::iter);
                    for (slot, &value) in slots.iter_mut().zip(values) {
                        *slot = value as f32;
                    }
                }
                _ => {}
            }
        }
        Ok(Self {
            pair,
            energy: Arc::new(energy),
            parameters,
            settings: Settings {
                time_step: TimeStep::AtMost(pair.step),
                ..Settings::default()
            },
            seed,
        })
    }

    /// So many images, one after the other: drives for all units, one relaxation, the units of one module read. The device
    /// is programmed once, before, and goes on from where the last image left it.
    ///
    /// # Errors
    /// If the dynamics fail.
    pub fn inference(&self, images: u64) -> anyhow::Result<Inference> {
        let mut random = stream::of(stream::derive(self.seed, 2), 0);
        let decoder: Vec<usize> = self.energy.rows(1).collect();
        let start = self.normals(&mut random);
        let mut substrate = self.substrate(&start)?;
        // Without noise the state is the mean of all that noise could make of it: the network is linear.
        let mut mean = SimulatedSubstrate::new(
            Arc::clone(&self.energy) as _,
            Settings {
                temperature: PerUnit::Uniform(0.0),
                ..self.settings.clone()
            },
        )?;
        mean.program(&self.parameters)?;
        mean.prepare(start.as_ref(), 0)?;
        let (mut acts, mut seen) = (substrate.acts().clone(), substrate.inner().seen());
        let mut squares = 0.0;
        // The first image is for the start to be forgotten, and not counted.
        for image in 0..=images {
            if image == 1 {
                (acts, seen) = (substrate.acts().clone(), substrate.inner().seen());
                squares = 0.0;
            }
            let drive = Drive::linear_nudge(-1.0, self.normals(&mut random).as_ref())?;
            let before = mean.read()?;
            mean.attach(Some(drive.clone()))?;
            mean.evolve(self.pair.time)?;
            squares += f64::from((mean.read()? - before).squared_norm_l2());
            substrate.attach(Some(drive))?;
            substrate.evolve(self.pair.time)?;
            substrate.read_units(&decoder)?;
        }
        let run = finish(substrate, images, self.pair.units() as u64);
        Ok(Inference {
            run: run.since(&acts, &seen),
            squared_distance: squares / images as f64,
        })
    }

    /// So many steps of training as published: the wires that the last step has changed are written, the network relaxes
    /// freely, and nudged to either side, and is read after each nudge.
    ///
    /// # Errors
    /// If the dynamics fail.
    pub fn as_published(&self, steps: u64) -> anyhow::Result<Run> {
        let mut random = stream::of(stream::derive(self.seed, 3), 0);
        let mut training = Training::new(self);
        let mut substrate = self.substrate(&self.normals(&mut random))?;
        let (acts, seen) = (substrate.acts().clone(), substrate.inner().seen());
        let mut written = 0;
        for _ in 0..steps {
            substrate.program(&training.parameters)?;
            written += training.changed();
            let targets = self.normals(&mut random);
            substrate.attach(None)?;
            substrate.evolve(self.pair.time)?;
            let mut contrast = vec![0.0; training.parameters.len()];
            let potential = self.energy.bind(&training.parameters)?;
            for side in [1.0, -1.0] {
                substrate.attach(Some(self.nudge(side, &targets)?))?;
                substrate.evolve(self.pair.time)?;
                let states = substrate.read()?;
                let weight = [(side / (2.0 * NUDGE)) as f32];
                potential.add_parameter_gradient(&weight, states.as_ref(), &mut contrast);
            }
            training.update(&contrast)?;
        }
        let run = finish(substrate, steps, self.pair.units() as u64);
        let mut run = run.since(&acts, &seen);
        // The meter has counted all parameters; a device need not write those that stay.
        run.acts.parameters_written = written;
        Ok(run)
    }

    /// So many steps of training by the estimator of `overdamped-learn`, which programs all parameters, prepares every
    /// phase, and reads the free state as well.
    ///
    /// # Errors
    /// If the estimator fails.
    pub fn by_estimator(&self, nudging: Nudging, steps: u64) -> anyhow::Result<Run> {
        let mut random = stream::of(stream::derive(self.seed, 4), 0);
        let mut training = Training::new(self);
        let settings = &self.settings;
        let mut substrate = Observed::metered(Arc::clone(&self.energy) as _, settings)?;
        let phase = Phase::Warm {
            burn_in: 0.0,
            dwell: self.pair.time,
            samples: 1,
            reading: Reading::MeanOfProducts,
        };
        for _ in 0..steps {
            let potential = self.energy.bind(&training.parameters)?;
            substrate.program(&training.parameters)?;
            let blank = Mat::zeros(self.pair.units(), 1);
            substrate.prepare(blank.as_ref(), random.next_u64())?;
            let visited = phase.run(&mut substrate)?;
            let wiring = Wiring {
                visible: self.energy.rows(1),
                clamped: 0..0,
            };
            let all = self.normals(&mut random);
            let targets = all.subrows(0, self.pair.width).to_owned();
            let cost = QuadraticCost::new(wiring, 1.0, targets)?;
            let free = FreeState {
                potential: potential.as_ref(),
                base: None,
                visited: &visited,
            };
            let mut contrast = vec![0.0; training.parameters.len()];
            nudging.contrast(
                &mut substrate,
                &free,
                &cost,
                &phase,
                &mut random,
                &mut contrast,
            )?;
            training.update(&contrast)?;
        }
        Ok(finish(substrate, steps, self.pair.units() as u64))
    }

    /// The nudges of the three estimators that the papers know.
    pub const fn symmetric() -> Nudging {
        Nudging::symmetric(NUDGE)
    }

    /// See [`symmetric`](Self::symmetric).
    pub const fn one_sided() -> Nudging {
        Nudging::one_sided(NUDGE)
    }

    /// A metered substrate, programmed and prepared.
    fn substrate(&self, start: &Mat<f32>) -> anyhow::Result<Metered<Observed>> {
        let mut substrate = Observed::metered(Arc::clone(&self.energy) as _, &self.settings)?;
        substrate.program(&self.parameters)?;
        substrate.prepare(start.as_ref(), self.seed)?;
        Ok(substrate)
    }

    /// A spring of strength `side` times that of a nudge on the second module.
    fn nudge(&self, side: f64, targets: &Mat<f32>) -> anyhow::Result<Drive<f32>> {
        let mut nudged = vec![false; self.pair.units()];
        nudged[self.energy.rows(1)].fill(true);
        let strength = (side * NUDGE) as f32;
        Ok(Drive::quadratic_nudge(strength, &nudged, targets.as_ref())?)
    }

    /// A standard normal number for each unit.
    fn normals(&self, random: &mut impl Rng) -> Mat<f32> {
        Mat::from_fn(self.pair.units(), 1, |_, _| random.sample(StandardNormal))
    }
}

/// Training of the wires alone: biases, stiffnesses and strengths stay.
struct Training {
    parameters: Vec<f32>,
    /// Those that the substrate holds.
    held: Vec<f32>,
    wires: Vec<std::ops::Range<usize>>,
    adam: Adam<f32>,
    layout: overdamped_energy::Layout,
}

impl Training {
    fn new(device: &Device) -> Self {
        let layout = Energy::<f32>::layout(device.energy.as_ref());
        let blocks = layout.blocks();
        let factors = blocks
            .filter(|(block, _)| block.name.starts_with("left") || block.name.starts_with("right"));
        Self {
            wires: factors.map(|(_, range)| range).collect(),
            adam: Adam::new(device.parameters.len()),
            parameters: device.parameters.clone(),
            // Nothing of the first step's wires is there yet.
            held: vec![f32::NAN; device.parameters.len()],
            layout,
        }
    }

    /// Wires that differ from what the substrate held, which now holds them.
    fn changed(&mut self) -> u64 {
        let wires = self.wires.iter().cloned().flatten();
        let changed = wires.filter(|&at| self.held[at] != self.parameters[at]);
        let count = changed.count() as u64;
        self.held.clone_from(&self.parameters);
        count
    }

    fn update(&mut self, contrast: &[f32]) -> anyhow::Result<()> {
        let settings = AdamSettings::default();
        let mut updated = self.parameters.clone();
        self.adam
            .update(&settings, &self.layout, &mut updated, contrast)?;
        for range in &self.wires {
            self.parameters[range.clone()].copy_from_slice(&updated[range.clone()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The acts of a small pair, one of each kind: width 4, rank 2, a time of 8 (a power of two, so that sums are exact).
    #[test]
    fn acts_are_those_of_the_published_system() {
        let pair = Pair {
            width: 4,
            rank: 2,
            time: 8.0,
            ..Pair::PUBLISHED
        };
        let device = Device::new(pair, 1).unwrap();
        let inference = device.inference(2).unwrap().run;
        let closed = pair.inference().unwrap();
        assert_eq!(
            inference.acts.drives_written,
            2 * closed.acts.drives_written
        );
        assert_eq!(inference.acts.states_read, 2 * closed.acts.states_read);
        assert_eq!(inference.acts.parameters_written, 0);
        let training = device.as_published(3).unwrap();
        let closed = pair.training().unwrap();
        assert_eq!(
            training.acts.parameters_written,
            3 * closed.acts.parameters_written
        );
        assert_eq!(training.acts.states_read, 3 * closed.acts.states_read);
        let spent = |acts: &overdamped_substrate::Acts| acts.relaxation[0].unit_seconds;
        assert_eq!(spent(&training.acts), 3.0 * spent(&closed.acts));
        let estimated = device.by_estimator(Device::symmetric(), 2).unwrap();
        insta::assert_json_snapshot!([inference.acts, training.acts, estimated.acts]);
    }

    /// No process that moves the mean so far in so little time dissipates less than transport asks, and an abrupt drive
    /// dissipates more: about 85 and 130 kT. The heat of 16 images is known to some 5 kT (two energies of 128 units
    /// apart, each with a variance of 64 kT^2, over 16): a heat of the other sign or without the work would show.
    #[test]
    fn heat_is_above_the_bound_of_transport() {
        let device = Device::new(Pair::PUBLISHED, 1).unwrap();
        let Inference {
            run,
            squared_distance,
        } = device.inference(16).unwrap();
        let heat = run.seen.heat / 16.0;
        let least = squared_distance / Pair::PUBLISHED.time;
        assert!(least > 40.0, "{least}");
        assert!(heat > least && heat < 3.0 * least, "{heat} {least}");
        // What the drives put in comes out.
        assert!((run.seen.work / 16.0 - heat).abs() < 10.0, "{:?}", run.seen);
    }
}

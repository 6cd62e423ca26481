//! The network of the studies, and gradients of it: estimated on the substrate, and exact.
//!
//! Three modules of 24 units, each joined with each by couplings of rank 8. *data* is clamped at a digit in its
//! 24 leading principal components with noise of .7 on each; *output* is to come to rest at the digit without the
//! noise; *hidden* may help. Double precision and no bath, so that what an estimate is off by is its own.
//!
//! Gradients are those of all couplings (s, U and V of each), of the mean cost of a batch.

use std::sync::Arc;

use faer::{Mat, MatRef};
use overdamped_energy::{Coupling, Drive, Energy, Modular, Module, Moving, Wires};
use overdamped_learn::{
    FreeState, LearnError, Nudging, Phase, QuadraticCost, Visited, Wiring, implicit_gradient,
};
use overdamped_substrate::stream::{self, Stream};
use overdamped_substrate::{PerUnit, Relaxer, Settings, SimulatedSubstrate, Substrate, TimeStep};
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};

use crate::data::embedded;
use crate::judging::Pca;

/// Units of each module.
pub const UNITS: usize = 24;
/// Rank of each coupling.
const RANK: usize = 8;
/// Standard deviation of the noise on the data.
const NOISE: f64 = 0.7;
pub const DATA: usize = 0;
pub const HIDDEN: usize = 1;
pub const OUTPUT: usize = 2;
/// The couplings, in the order of the energy.
pub const COUPLINGS: [(&str, (usize, usize)); 3] = [
    ("data_hidden", (DATA, HIDDEN)),
    ("hidden_output", (HIDDEN, OUTPUT)),
    ("data_output", (DATA, OUTPUT)),
];
/// Time of so many sweeps of block descent that a network of least stiffness .05 comes to rest to rounding.
pub const TO_REST: f64 = 1600.0;
/// Largest force on a unit at rest, kT per data unit.
const AT_REST: f64 = 1e-12;

/// Digits in their principal components, without noise and with it (both units x examples).
#[derive(Debug, Clone)]
pub struct Batch {
    pub clean: Mat<f64>,
    pub noisy: Mat<f64>,
}

/// What batches are drawn from.
#[derive(Debug, Clone)]
pub struct Digits {
    /// units x images.
    images: Mat<f64>,
}

impl Digits {
    /// The digits that are compiled in, in their principal components.
    ///
    /// # Errors
    /// If they are not what they should be.
    pub fn new() -> anyhow::Result<Self> {
        let pixels = embedded::native()?.pixels;
        let found = Pca::fit(pixels.as_ref(), UNITS)?.project(pixels.as_ref())?;
        let images = Mat::from_fn(UNITS, found.ncols(), |row, image| {
            f64::from(found[(row, image)])
        });
        Ok(Self { images })
    }

    /// `count` different digits with fresh noise.
    pub fn draw(&self, count: usize, stream: &mut Stream) -> Batch {
        let chosen = index::sample(stream, self.images.ncols(), count);
        let clean = Mat::from_fn(UNITS, count, |row, slot| {
            self.images[(row, chosen.index(slot))]
        });
        let noisy = Mat::from_fn(UNITS, count, |row, slot| {
            let noise: f64 = StandardNormal.sample(stream);
            clean[(row, slot)] + NOISE * noise
        });
        Batch { clean, noisy }
    }
}

/// How strong the couplings of a network are before training.
#[derive(Debug, Clone, Copy)]
pub struct Couplings {
    /// Largest singular value of the coupling of hidden and output; their stiffness is 1, so that the least
    /// eigenvalue of K is 1 minus this.
    pub inner: f64,
    /// Largest singular value of the couplings to the data.
    pub outer: f64,
    /// q of the hidden units.
    pub quartic: f64,
}

/// A network at fixed parameters.
#[derive(Debug, Clone)]
pub struct Network {
    pub energy: Arc<Modular>,
    pub parameters: Vec<f64>,
}

impl Network {
    /// Random couplings of this strength; stiffness 1, no bias.
    ///
    /// # Errors
    /// Whatever the energy reports.
    pub fn random(couplings: Couplings, seed: u64) -> anyhow::Result<Self> {
        let module = |quartic| Module {
            units: UNITS,
            quartic,
        };
        let wires = Wires::LowRank { rank: RANK };
        let energy = Modular::new(
            vec![
                module(false),
                module(couplings.quartic > 0.0),
                module(false),
            ],
            COUPLINGS
                .map(|(_, modules)| Coupling { modules, wires })
                .into(),
        )?;
        let layout = Energy::<f64>::layout(&energy);
        let mut parameters = vec![0.0; layout.len()];
        let mut stream = stream::of(seed, 0);
        for module in [DATA, HIDDEN, OUTPUT] {
            parameters[layout.range(&format!("stiffness.{module}"))?].fill(1.0);
        }
        if couplings.quartic > 0.0 {
            let quartic = layout.range(&format!("quartic.{HIDDEN}"))?;
            parameters[quartic].fill(couplings.quartic);
        }
        let first = layout.range("strength.0")?.start;
        for parameter in &mut parameters[first..] {
            *parameter = StandardNormal.sample(&mut stream);
        }
        energy.canonical(&mut parameters)?;
        for (index, (_, (module, _))) in COUPLINGS.iter().enumerate() {
            let strengths = layout.range(&format!("strength.{index}"))?;
            let largest = if *module == DATA {
                couplings.outer
            } else {
                couplings.inner
            };
            // In descending order: the first is the norm.
            let scale = largest / parameters[strengths.start];
            for strength in &mut parameters[strengths] {
                *strength *= scale;
            }
        }
        Ok(Self {
            energy: Arc::new(energy),
            parameters,
        })
    }

    /// Units of all modules.
    pub fn units(&self) -> usize {
        Energy::<f64>::units(self.energy.as_ref())
    }

    /// Which modules move.
    pub fn moving(&self) -> Moving {
        Moving::except(&self.energy, &[DATA])
    }

    /// The parameters of all couplings: the last of the layout.
    pub fn coupling_parameters(&self) -> anyhow::Result<std::ops::Range<usize>> {
        let layout = Energy::<f64>::layout(self.energy.as_ref());
        Ok(layout.range("strength.0")?.start..layout.len())
    }

    /// The gradient with respect to the parameters of a coupling, from that with respect to J (units x units):
    /// dL/ds_k = u_k . (dL/dJ) v_k, dL/dU = dL/dJ V diag(s), dL/dV = (dL/dJ)^T U diag(s).
    pub fn along_factors(
        &self,
        coupling: usize,
        of_matrix: MatRef<'_, f64>,
    ) -> anyhow::Result<Vec<f64>> {
        let layout = Energy::<f64>::layout(self.energy.as_ref());
        let block = |name: &str| -> anyhow::Result<&[f64]> {
            Ok(&self.parameters[layout.range(&format!("{name}.{coupling}"))?])
        };
        let (s, u, v) = (block("strength")?, block("left")?, block("right")?);
        let left = MatRef::from_column_major_slice(u, UNITS, RANK);
        let right = MatRef::from_column_major_slice(v, UNITS, RANK);
        let onto_left = of_matrix * right;
        let onto_right = of_matrix.transpose() * left;
        let strengths = (0..RANK).map(|k| left.col(k).transpose() * onto_left.col(k));
        let scaled = |found: Mat<f64>| -> Vec<f64> {
            let columns = (0..RANK).flat_map(|k| {
                let column = found.col_as_slice(k).iter();
                column.map(|value| value * s[k]).collect::<Vec<_>>()
            });
            columns.collect()
        };
        let mut gradient: Vec<f64> = strengths.collect();
        gradient.extend(scaled(onto_left));
        gradient.extend(scaled(onto_right));
        Ok(gradient)
    }
}

/// A network and a batch.
#[derive(Debug, Clone)]
pub struct Probe {
    pub network: Network,
    pub batch: Batch,
}

impl Probe {
    /// The network at rest.
    ///
    /// # Errors
    /// If it does not come to rest, or whatever the substrate reports.
    pub fn rest(&self) -> anyhow::Result<Visited<f64>> {
        let mut substrate = self.at_once()?;
        substrate.prepare(self.start().as_ref(), 0)?;
        let left = substrate.relax(TO_REST)?.largest;
        anyhow::ensure!(
            left <= AT_REST,
            "the network does not come to rest: after a time of {TO_REST} a force of {left:.1e} is left, and \
             an exact gradient needs {AT_REST:e}; weaken its couplings"
        );
        Ok(Visited::at_rest(substrate.read()?)?)
    }

    /// The exact gradient of the couplings at `rest`.
    ///
    /// # Errors
    /// As [`implicit_gradient`].
    pub fn exact(&self, rest: &Visited<f64>) -> anyhow::Result<Vec<f64>> {
        let network = &self.network;
        let mobile: Vec<bool> = self
            .mobility()
            .iter()
            .map(|&mobility| mobility > 0.0)
            .collect();
        let mut gradient = vec![0.0; network.parameters.len()];
        implicit_gradient(
            network.energy.bind(&network.parameters)?.as_ref(),
            &Drive::none(network.units()),
            &mobile,
            rest.states(),
            &self.cost()?,
            &mut gradient,
        )?;
        self.of_couplings(gradient)
    }

    /// An estimate from free states at rest, by phases without end.
    ///
    /// # Errors
    /// Whatever rule and substrate report.
    pub fn at_rest(&self, nudging: Nudging, rest: &Visited<f64>) -> anyhow::Result<Vec<f64>> {
        let mut substrate = self.at_once()?;
        substrate.prepare(rest.states(), 0)?;
        let gradient = self.contrast(nudging, &mut substrate, rest, TO_REST)?;
        self.of_couplings(gradient)
    }

    /// An estimate by gradient flow as hardware does it: `steps` of size `step`, in 1 / (mobility x stiffness), from zero
    /// without a nudge, and as many in each later phase.
    ///
    /// # Errors
    /// Whatever rule and substrate report.
    pub fn unfinished(&self, nudging: Nudging, steps: u32, step: f64) -> anyhow::Result<Vec<f64>> {
        let mut substrate = self.substrate(Relaxer::GradientFlow, TimeStep::AtMost(step))?;
        substrate.prepare(self.start().as_ref(), 0)?;
        let time = step * f64::from(steps);
        let free = Phase::Cold { time }.run(&mut substrate)?;
        let gradient = self.contrast(nudging, &mut substrate, &free, time)?;
        self.of_couplings(gradient)
    }

    /// The gradient of all parameters after free sweeps of block descent: for training.
    ///
    /// # Errors
    /// Whatever rule and substrate report.
    pub fn training_gradient(
        &self,
        nudging: Nudging,
        free: f64,
        nudged: f64,
    ) -> anyhow::Result<Vec<f64>> {
        let mut substrate = self.at_once()?;
        substrate.prepare(self.start().as_ref(), 0)?;
        let free = Phase::Cold { time: free }.run(&mut substrate)?;
        Ok(self.contrast(nudging, &mut substrate, &free, nudged)?)
    }

    /// Mean squared error of the output at `states`, per unit.
    pub fn error(&self, states: MatRef<'_, f64>) -> anyhow::Result<f64> {
        Ok(2.0 * self.cost()?.mean(states) / UNITS as f64)
    }

    fn contrast(
        &self,
        nudging: Nudging,
        substrate: &mut SimulatedSubstrate<f64>,
        visited: &Visited<f64>,
        time: f64,
    ) -> Result<Vec<f64>, LearnError> {
        let network = &self.network;
        let potential = network.energy.bind(&network.parameters)?;
        let free = FreeState {
            potential: potential.as_ref(),
            base: None,
            visited,
        };
        let mut gradient = vec![0.0; network.parameters.len()];
        // The bath is cold: nothing is taken from the stream.
        nudging.contrast(
            substrate,
            &free,
            &self.cost()?,
            &Phase::Cold { time },
            &mut stream::of(0, 0),
            &mut gradient,
        )?;
        Ok(gradient)
    }

    fn of_couplings(&self, gradient: Vec<f64>) -> anyhow::Result<Vec<f64>> {
        Ok(gradient[self.network.coupling_parameters()?].to_vec())
    }

    fn cost(&self) -> Result<QuadraticCost<f64>, LearnError> {
        let energy = &self.network.energy;
        let wiring = Wiring {
            visible: energy.rows(OUTPUT),
            clamped: energy.rows(DATA),
        };
        QuadraticCost::new(wiring, 1.0, self.batch.clean.clone())
    }

    /// Data at the noisy digits, all other units at zero.
    fn start(&self) -> Mat<f64> {
        let rows = self.network.energy.rows(DATA);
        let mut states = Mat::zeros(self.network.units(), self.batch.noisy.ncols());
        states
            .as_mut()
            .subrows_mut(rows.start, rows.len())
            .copy_from(&self.batch.noisy);
        states
    }

    fn mobility(&self) -> Vec<f64> {
        let mut mobility = vec![1.0; self.network.units()];
        mobility[self.network.energy.rows(DATA)].fill(0.0);
        mobility
    }

    /// The shortest way to rest.
    fn at_once(&self) -> Result<SimulatedSubstrate<f64>, LearnError> {
        self.substrate(Relaxer::BLOCK_DESCENT, Settings::default().time_step)
    }

    fn substrate(
        &self,
        relaxer: Relaxer,
        time_step: TimeStep,
    ) -> Result<SimulatedSubstrate<f64>, LearnError> {
        let energy: Arc<dyn Energy<f64>> = Arc::clone(&self.network.energy) as _;
        let settings = Settings {
            temperature: PerUnit::Uniform(0.0),
            mobility: PerUnit::Each(self.mobility()),
            time_step,
            relaxer,
            ..Settings::default()
        };
        let mut substrate = SimulatedSubstrate::new(energy, settings)?;
        substrate.program(&self.network.parameters)?;
        Ok(substrate)
    }
}

//! A decoder set up for measurement: what its equilibrium must be in closed form, and the substrates that sample it.
//!
//! With the encoder clamped, the units that move have the energy E(z) = z^T K z / 2 - f . z with f = b + J^T x, and
//! dz = (f - K z) dt + sqrt(2 kT) dW at mobility one. So z is normal about K^-1 f with covariance kT K^-1, and every eigenvector of K
//! relaxes at its own rate, the eigenvalue; the smallest is the spectral gap.
//!
//! There are two ways to impose the encoder, and they give the same law: its units are part of the network, held at
//! their states (mobility zero), or only the units that move are built, and f is attached as a drive.

use std::sync::Arc;

use anyhow::Context as _;
use faer::{Mat, MatRef, Side};
use overdamped_coupling::Assembled;
use overdamped_energy::{Coupling, Drive, Energy, Modular, Module, Wires};
use overdamped_substrate::{
    Acts, Integrator, Metered, PerUnit, Settings, SimulatedSubstrate, Substrate, TimeStep,
};

use super::Case;

/// A decoder and its closed forms, for a number of patches.
pub struct Bench<'a> {
    network: &'a Assembled,
    /// Units of all modules x patches; those that move are at zero.
    start: Mat<f64>,
    /// Units that move, as rows of the states.
    free: Vec<usize>,
    /// Those that are read out, as places among the units that move.
    pub read: Vec<usize>,
    /// Training mean of each unit that is read out.
    pub mean: Vec<f64>,
    /// States at rest (units that move x patches).
    pub rest: Mat<f64>,
    /// f (units that move x patches).
    pull: Mat<f64>,
    /// K.
    pub stiffness: Mat<f64>,
    /// Eigenvalues of K, smallest first: rates of relaxation at mobility one.
    pub rates: Vec<f64>,
    /// Its eigenvectors (units that move x modes).
    pub modes: Mat<f64>,
}

/// How the encoder is imposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoder {
    /// As units at mobility zero.
    Clamped,
    /// As a drive on the units that move.
    Drive,
}

/// A bath, and the steps in which it is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Bath {
    /// kT.
    pub temperature: f64,
    /// h, in 1 / (mobility x stiffness).
    pub step: f64,
}

/// So many copies of each of the first patches; the copies of a patch are neighbouring chains.
#[derive(Debug, Clone, Copy)]
pub struct Ensemble {
    /// Patches.
    pub patches: usize,
    /// Chains of each.
    pub copies: usize,
}

impl Ensemble {
    /// As many copies of so many patches as a number of steps of all chains allows for, if each makes `steps`: a power of two from 8 to
    /// 2,048.
    pub fn within(chain_steps: u64, patches: usize, steps: u64) -> Self {
        let most = chain_steps / (steps * patches as u64).max(1);
        let most = most.clamp(8, 2048) as usize;
        Self {
            patches,
            copies: 1 << most.ilog2(),
        }
    }

    /// Number of chains.
    pub fn chains(self) -> usize {
        self.patches * self.copies
    }

    /// The patch of a chain.
    pub fn patch(self, chain: usize) -> usize {
        chain / self.copies
    }
}

impl<'a> Bench<'a> {
    /// Works out the closed forms.
    ///
    /// # Errors
    /// States that do not fit the network, units to read that do not move, or means of another number.
    pub fn new(case: &Case<'a>) -> anyhow::Result<Self> {
        let network = case.network;
        let free = network.free_rows();
        let place = |row: &usize| {
            let place = free.iter().position(|unit| unit == row);
            place.with_context(|| format!("unit {row} is to be read, but does not move"))
        };
        let read: Vec<usize> = case.read.iter().map(place).collect::<Result<_, _>>()?;
        let patches = case.states.ncols();
        anyhow::ensure!(patches > 0, "there are no patches; give at least one");
        anyhow::ensure!(
            !read.is_empty() && case.mean.len() == read.len(),
            "{} units are read, and {} have a mean; give one for each, and at least one",
            read.len(),
            case.mean.len()
        );
        let settled = network.rest(case.states)?;
        let mut start = case.states.to_owned();
        for patch in 0..patches {
            for &unit in &free {
                start[(unit, patch)] = 0.0;
            }
        }
        let force = network
            .energy
            .bind(&network.parameters)?
            .force(start.as_ref());
        let rows = |states: &Mat<f64>| {
            Mat::from_fn(free.len(), patches, |row, patch| states[(free[row], patch)])
        };
        let stiffness = network.stiffness()?;
        let eigen = stiffness
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| anyhow::anyhow!("the eigenvalues of the stiffness did not converge"))?;
        let rates: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        Ok(Self {
            network,
            read,
            mean: case.mean.to_vec(),
            rest: rows(&settled),
            pull: rows(&force),
            modes: eigen.U().to_owned(),
            start,
            free,
            stiffness,
            rates,
        })
    }

    /// Number of patches.
    pub fn patches(&self) -> usize {
        self.rest.ncols()
    }

    /// Number of units that move.
    pub fn units(&self) -> usize {
        self.free.len()
    }

    /// The slowest rate.
    pub fn gap(&self) -> f64 {
        self.rates[0]
    }

    /// A time step at which the fastest mode goes `share` of its way in one step.
    pub fn step(&self, share: f64) -> f64 {
        share / self.rates.iter().copied().fold(0.0, f64::max)
    }

    /// Fewest steps of this size that last `times` the relaxation time of the slowest mode.
    pub fn steps(&self, times: f64, step: f64) -> u64 {
        (times / (self.gap() * step)).ceil().max(1.0) as u64
    }

    /// States at rest of the units that are read out (units x patches).
    pub fn readout(&self) -> Mat<f64> {
        Mat::from_fn(self.read.len(), self.patches(), |row, patch| {
            self.rest[(self.read[row], patch)]
        })
    }

    /// The covariance of the units that are read out, each mode with its variance times `factor` of its rate
    /// (units x units).
    pub fn covariance(&self, factor: impl Fn(f64) -> f64) -> Mat<f64> {
        let root = Mat::from_fn(self.read.len(), self.units(), |row, mode| {
            let rate = self.rates[mode];
            self.modes[(self.read[row], mode)] * (factor(rate) / rate).sqrt()
        });
        &root * root.transpose()
    }

    /// A substrate with an ensemble of this decoder, all units that move at zero.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn device(
        &self,
        encoder: Encoder,
        bath: Bath,
        ensemble: Ensemble,
        seed: u64,
    ) -> anyhow::Result<Device> {
        let setup = self.setup(encoder, bath, ensemble)?;
        let settings = &setup.settings;
        let simulated = SimulatedSubstrate::new(setup.energy.clone(), settings.clone())?;
        let mut substrate = Metered::new(simulated, settings)?;
        setup.load(&mut substrate, seed)?;
        Ok(Device {
            substrate,
            step: bath.step,
            free: setup.free,
        })
    }

    /// What such a substrate is and starts from.
    ///
    /// # Errors
    /// Those of energies and drives.
    pub fn setup(&self, encoder: Encoder, bath: Bath, ensemble: Ensemble) -> anyhow::Result<Setup> {
        let (energy, parameters, free) = match encoder {
            Encoder::Clamped => (
                self.network.energy.clone(),
                self.network.parameters.clone(),
                self.free.clone(),
            ),
            Encoder::Drive => {
                let (energy, parameters) = self.moving_part()?;
                (energy, parameters, (0..self.units()).collect())
            }
        };
        let mut mobility = vec![0.0; Energy::<f32>::units(&energy)];
        for &unit in &free {
            mobility[unit] = 1.0;
        }
        let settings = Settings {
            temperature: PerUnit::Uniform(bath.temperature),
            mobility: PerUnit::Each(mobility),
            // Exact stationary covariance in a quadratic energy, whatever the step.
            integrator: Integrator::LeimkuhlerMatthews,
            time_step: TimeStep::AtMost(bath.step),
            ..Settings::default()
        };
        let of_chain = |from: MatRef<'_, f64>| {
            Mat::from_fn(from.nrows(), ensemble.chains(), |unit, chain| {
                from[(unit, ensemble.patch(chain))] as f32
            })
        };
        let (start, drive) = match encoder {
            Encoder::Clamped => (of_chain(self.start.as_ref()), None),
            Encoder::Drive => {
                let blank = Mat::zeros(self.units(), ensemble.chains());
                // A linear nudge is the constant force -g.
                let pull = of_chain(self.pull.as_ref());
                (blank, Some(Drive::linear_nudge(-1.0, pull.as_ref())?))
            }
        };
        Ok(Setup {
            energy: Arc::new(energy),
            parameters: parameters.iter().map(|&value| value as f32).collect(),
            settings,
            start,
            drive,
            free,
        })
    }

    /// The modules that move and the couplings among them, without biases: those are part of f.
    ///
    /// # Errors
    /// None for the networks of a hierarchy.
    pub fn moving_part(&self) -> anyhow::Result<(Modular, Vec<f64>)> {
        let (whole, moving) = (&self.network.energy, &self.network.moving.modules);
        let place = |module: usize| moving.iter().position(|&moving| moving == module);
        let modules: Vec<Module> = moving.iter().map(|&m| whole.modules()[m]).collect();
        let mut couplings = Vec::new();
        let mut blocks: Vec<(String, String)> = (0..moving.len())
            .map(|m| (format!("stiffness.{}", moving[m]), format!("stiffness.{m}")))
            .collect();
        for (c, coupling) in whole.couplings().iter().enumerate() {
            let (left, right) = coupling.modules;
            let (Some(left), Some(right)) = (place(left), place(right)) else {
                continue;
            };
            let wires = coupling.wires;
            let names: &[&str] = match wires {
                Wires::OneToOne => &["strength"],
                Wires::LowRank { .. } => &["strength", "left", "right"],
            };
            let own = couplings.len();
            for name in names {
                blocks.push((format!("{name}.{c}"), format!("{name}.{own}")));
            }
            couplings.push(Coupling {
                modules: (left, right),
                wires,
            });
        }
        let part = Modular::new(modules, couplings)?;
        let (from, to) = (Energy::<f64>::layout(whole), Energy::<f64>::layout(&part));
        let mut parameters = vec![0.0; to.len()];
        for (theirs, ours) in blocks {
            parameters[to.range(&ours)?]
                .copy_from_slice(&self.network.parameters[from.range(&theirs)?]);
        }
        Ok((part, parameters))
    }
}

/// A decoder ready for a substrate.
pub struct Setup {
    /// Its energy.
    pub energy: Arc<Modular>,
    /// The energy's parameters.
    pub parameters: Vec<f32>,
    /// Bath, mobilities and time step.
    pub settings: Settings,
    /// Units that move, as rows of the states.
    pub free: Vec<usize>,
    start: Mat<f32>,
    drive: Option<Drive<f32>>,
}

impl Setup {
    /// Programs a substrate of this energy and prepares its chains.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn load(&self, substrate: &mut impl Substrate<f32>, seed: u64) -> anyhow::Result<()> {
        substrate.program(&self.parameters)?;
        substrate.prepare(self.start.as_ref(), seed)?;
        if let Some(drive) = &self.drive {
            substrate.attach(Some(drive.clone()))?;
        }
        Ok(())
    }
}

/// Chains of a decoder on the substrate.
pub struct Device {
    substrate: Metered<SimulatedSubstrate<f32>>,
    step: f64,
    /// Units that move, as rows of its states.
    free: Vec<usize>,
}

impl Device {
    /// Lets all chains evolve for a number of steps.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn evolve(&mut self, steps: u64) -> anyhow::Result<()> {
        Ok(self.substrate.evolve(steps as f64 * self.step)?)
    }

    /// The states of the units that move (units x chains).
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn read(&mut self) -> anyhow::Result<Mat<f64>> {
        let states = self.substrate.read()?;
        Ok(Mat::from_fn(
            self.free.len(),
            states.ncols(),
            |row, chain| f64::from(states[(self.free[row], chain)]),
        ))
    }

    /// How far any unit that is clamped has moved from where it was put, over all chains; zero where there are none.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn clamped_move(&self, bench: &Bench<'_>, ensemble: Ensemble) -> anyhow::Result<f64> {
        // Past the meter: no part of the inference.
        let states = self.substrate.inner().read_chains(0..ensemble.chains())?;
        if states.nrows() != bench.start.nrows() {
            return Ok(0.0);
        }
        let mut largest = 0.0_f32;
        for chain in 0..ensemble.chains() {
            for unit in (0..states.nrows()).filter(|unit| !self.free.contains(unit)) {
                let put = bench.start[(unit, ensemble.patch(chain))] as f32;
                largest = largest.max((states[(unit, chain)] - put).abs());
            }
        }
        Ok(f64::from(largest))
    }

    /// What it has done.
    pub const fn acts(&self) -> &Acts {
        self.substrate.acts()
    }
}

//! Where specimens come from: substrates as users get them, or with a fault planted.

use std::sync::Arc;

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Energy};
use overdamped_substrate::{
    Integrator, Ledger, PerUnit, Protocol, Settings, SimulatedSubstrate, Slice, Substrate, stream,
};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::{Mutant, ValidationError};

/// A seed, and perhaps a fault.
#[derive(Debug, Clone, Copy)]
pub struct Lab {
    /// Seed of every measurement.
    pub seed: u64,
    /// The fault that every specimen has.
    pub mutant: Option<Mutant>,
}

impl Lab {
    /// Whether this fault is planted.
    #[must_use]
    pub fn has(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// A substrate under test.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn specimen(
        &self,
        energy: Arc<dyn Energy<f64>>,
        mut settings: Settings,
    ) -> Result<Specimen, ValidationError> {
        let mut warm = settings
            .temperature
            .values("the temperature", energy.units())?;
        match self.mutant {
            Some(Mutant::StrongNoise) => warm.iter_mut().for_each(|kt| *kt *= 2.0),
            Some(Mutant::OneBath) => {
                let first = warm[0];
                warm.fill(first);
            }
            Some(Mutant::WarmUnit) => warm[1] *= 1.5,
            Some(Mutant::EulerByAnotherName) => settings.integrator = Integrator::EulerMaruyama,
            _ => {}
        }
        settings.temperature = PerUnit::Each(warm);
        Ok(Specimen {
            substrate: SimulatedSubstrate::new(Arc::clone(&energy), settings)?,
            energy,
            lab: *self,
        })
    }

    /// Parameters as the fault makes them; blocks are known by the names of the energy's terms.
    #[must_use]
    pub fn planted(&self, energy: &dyn Energy<f64>, parameters: &[f64]) -> Vec<f64> {
        let mut planted = parameters.to_vec();
        for (block, range) in energy.layout().blocks() {
            let values = &mut planted[range];
            let (coupling, quartic) = (
                block.name.contains("bilinear"),
                block.name.contains("quartic"),
            );
            match self.mutant {
                Some(Mutant::WrongSign) if coupling => values.iter_mut().for_each(|j| *j = -*j),
                Some(Mutant::LostCoupling) if coupling => {
                    if let Some(last) = values.last_mut() {
                        *last = 0.0;
                    }
                }
                Some(Mutant::StrongQuartic) if quartic => {
                    values.iter_mut().for_each(|q| *q *= 1.05);
                }
                _ => {}
            }
        }
        planted
    }

    /// A parameter gradient as the fault makes it: one entry of one block, by the block's name.
    pub fn spoil(&self, energy: &dyn Energy<f64>, gradient: &mut [f64]) {
        let Some(Mutant::Gradient(term)) = self.mutant else {
            return;
        };
        let layout = energy.layout();
        for (_, range) in layout
            .blocks()
            .filter(|(block, _)| block.name == term.block())
        {
            if let Some(last) = gradient[range].last_mut() {
                *last *= 1.001;
            }
        }
    }

    /// Standard normals (rows x columns) of a stream of the lab's own, for starts in equilibrium.
    #[must_use]
    pub fn normals(&self, part: u64, rows: usize, columns: usize) -> Mat<f64> {
        let mut random = stream::of(stream::derive(self.seed, 1 << 20), part);
        Mat::from_fn(rows, columns, |_, _| random.sample(StandardNormal))
    }
}

/// A substrate under test: what users call, with the fault of its lab.
pub struct Specimen {
    substrate: SimulatedSubstrate<f64>,
    energy: Arc<dyn Energy<f64>>,
    lab: Lab,
}

impl Specimen {
    /// Programs the parameters of the energy.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn program(&mut self, parameters: &[f64]) -> Result<(), ValidationError> {
        let planted = self.lab.planted(self.energy.as_ref(), parameters);
        Ok(self.substrate.program(&planted)?)
    }

    /// Prepares chains (units x chains) with the lab's seed.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn prepare(&mut self, states: MatRef<'_, f64>) -> Result<(), ValidationError> {
        Ok(self.substrate.prepare(states, self.lab.seed)?)
    }

    /// Attaches a drive.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn attach(&mut self, drive: Option<Drive<f64>>) -> Result<(), ValidationError> {
        Ok(self.substrate.attach(drive)?)
    }

    /// Lets all chains evolve.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn evolve(&mut self, duration: f64) -> Result<(), ValidationError> {
        Ok(self.substrate.evolve(duration * self.clock())?)
    }

    /// Runs a protocol.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn run(&mut self, slices: Vec<Slice<f64>>) -> Result<(), ValidationError> {
        let slices = slices.into_iter().map(|slice| Slice {
            duration: slice.duration * self.clock(),
            parameters: self.lab.planted(self.energy.as_ref(), &slice.parameters),
            ..slice
        });
        Ok(self.substrate.run(&Protocol::new(slices.collect())?)?)
    }

    /// States (units x chains).
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn read(&mut self) -> Result<Mat<f64>, ValidationError> {
        let states = self.substrate.read()?;
        if !self.lab.has(Mutant::SharedNoise) {
            return Ok(states);
        }
        let of = |chain: usize| chain - chain % 32;
        Ok(Mat::from_fn(
            states.nrows(),
            states.ncols(),
            |unit, chain| states[(unit, of(chain))],
        ))
    }

    /// Energy of every chain.
    ///
    /// # Errors
    /// Those of the substrate.
    pub fn energies(&self) -> Result<Vec<f64>, ValidationError> {
        Ok(self.substrate.energies()?)
    }

    /// Work and heat of every chain.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let mut ledger = self.substrate.ledger();
        match self.lab.mutant {
            Some(Mutant::WorkSign) => ledger.work.iter_mut().for_each(|work| *work = -*work),
            Some(Mutant::LostSwitch) => ledger.work.iter_mut().for_each(|work| *work *= 0.9),
            Some(Mutant::SwappedHeat) => ledger.unit_heat.reverse(),
            _ => {}
        }
        ledger
    }

    fn clock(&self) -> f64 {
        if self.lab.has(Mutant::SlowClock) {
            0.9
        } else {
            1.0
        }
    }
}

//! Metering: every physical act of a substrate, counted.
//!
//! The counts are the only input of energy accounting: no joule without a counted act.

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Scalar};
use serde::{Deserialize, Serialize};

use crate::{ForceProbe, PerUnit, Protocol, Residuals, Settings, Substrate, SubstrateError};

/// Relaxation at one temperature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitTime {
    /// Bath temperature, in units of the reference kT.
    pub temperature: f64,
    /// Sum over mobile units and chains of the time spent, in 1 / (mobility x stiffness).
    pub unit_seconds: f64,
}

/// Counts of physical acts. In a file, those left out are zero, and a misspelt one is refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Acts {
    /// Time spent in the bath, one entry for each temperature, coldest first.
    pub relaxation: Vec<UnitTime>,
    /// Chains prepared.
    pub chains_prepared: u64,
    /// Unit states written when preparing chains.
    pub states_written: u64,
    /// Parameters written, once for each programming of the whole batch.
    pub parameters_written: u64,
    /// Drive values written: one for each unit of each chain of an attached drive.
    pub drives_written: u64,
    /// Unit states read.
    pub states_read: u64,
    /// Forces read.
    pub forces_read: u64,
}

impl Acts {
    fn spend(&mut self, temperature: f64, unit_seconds: f64) {
        let at = self
            .relaxation
            .partition_point(|entry| entry.temperature < temperature);
        match self.relaxation.get_mut(at) {
            Some(entry) if entry.temperature == temperature => entry.unit_seconds += unit_seconds,
            _ => self.relaxation.insert(
                at,
                UnitTime {
                    temperature,
                    unit_seconds,
                },
            ),
        }
    }
}

/// A substrate whose physical acts are counted.
///
/// ```
/// use std::sync::Arc;
/// use overdamped_energy::{SiteTerm, Sites};
/// use overdamped_substrate::{Metered, Settings, SimulatedSubstrate, Substrate};
///
/// let settings = Settings::default();
/// let energy = Arc::new(Sites::new(2, &[SiteTerm::Stiffness]));
/// let simulated = SimulatedSubstrate::<f64>::new(energy, settings.clone())?;
/// let mut substrate = Metered::new(simulated, &settings)?;
/// substrate.program(&[1.0, 1.0])?;
/// substrate.prepare(faer::Mat::zeros(2, 10).as_ref(), 1)?;
/// substrate.evolve(0.5)?;
/// substrate.read()?;
/// assert_eq!(substrate.acts().states_read, 20);
/// assert_eq!(substrate.acts().relaxation[0].unit_seconds, 10.0);
/// # Ok::<(), overdamped_substrate::SubstrateError>(())
/// ```
pub struct Metered<S> {
    inner: S,
    acts: Acts,
    /// Temperature of each mobile unit; clamped units do not relax.
    temperature: Vec<f64>,
    mobile: Vec<bool>,
}

impl<S> Metered<S> {
    /// Counts the acts of `inner`, whose bath and mobilities are those of `settings`.
    ///
    /// # Errors
    /// [`SubstrateError::Units`] or [`SubstrateError::Setting`].
    pub fn new<T: Scalar>(inner: S, settings: &Settings) -> Result<Self, SubstrateError>
    where
        S: Substrate<T>,
    {
        let units = inner.units();
        let mobility = settings.mobility.values("the mobility", units)?;
        Ok(Self {
            temperature: settings.temperature.values("the temperature", units)?,
            mobile: mobility.iter().map(|&mobility| mobility > 0.0).collect(),
            inner,
            acts: Acts::default(),
        })
    }

    /// The counts so far.
    #[must_use]
    pub const fn acts(&self) -> &Acts {
        &self.acts
    }

    /// The substrate itself, for acts that are not to be counted.
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The substrate and its counts.
    #[must_use]
    pub fn into_parts(self) -> (S, Acts) {
        (self.inner, self.acts)
    }

    fn spend(&mut self, temperature: &[f64], chains: usize, duration: f64) {
        for (&temperature, _) in temperature
            .iter()
            .zip(&self.mobile)
            .filter(|(_, mobile)| **mobile)
        {
            self.acts.spend(temperature, chains as f64 * duration);
        }
    }
}

/// Whether an act took place: after a divergence the other chains have gone on.
const fn ran<T>(outcome: &Result<T, SubstrateError>) -> bool {
    matches!(outcome, Ok(_) | Err(SubstrateError::Diverged { .. }))
}

impl<T: Scalar, S: Substrate<T>> Substrate<T> for Metered<S> {
    fn units(&self) -> usize {
        self.inner.units()
    }

    fn chains(&self) -> usize {
        self.inner.chains()
    }

    fn program(&mut self, parameters: &[T]) -> Result<(), SubstrateError> {
        self.inner.program(parameters)?;
        self.acts.parameters_written += parameters.len() as u64;
        Ok(())
    }

    fn attach(&mut self, drive: Option<Drive<T>>) -> Result<(), SubstrateError> {
        let values = drive.as_ref().map_or(0, |_| self.units() * self.chains());
        self.inner.attach(drive)?;
        self.acts.drives_written += values as u64;
        Ok(())
    }

    fn prepare(&mut self, states: MatRef<'_, T>, seed: u64) -> Result<(), SubstrateError> {
        self.inner.prepare(states, seed)?;
        self.acts.chains_prepared += states.ncols() as u64;
        self.acts.states_written += (states.nrows() * states.ncols()) as u64;
        Ok(())
    }

    fn evolve(&mut self, duration: f64) -> Result<(), SubstrateError> {
        let outcome = self.inner.evolve(duration);
        if ran(&outcome) {
            let temperature = self.temperature.clone();
            self.spend(&temperature, self.inner.chains(), duration);
        }
        outcome
    }

    fn relax(&mut self, duration: f64) -> Result<Residuals, SubstrateError> {
        let outcome = self.inner.relax(duration);
        if ran(&outcome) {
            let cold = vec![0.0; self.mobile.len()];
            self.spend(&cold, self.inner.chains(), duration);
        }
        outcome
    }

    fn run(&mut self, protocol: &Protocol<T>) -> Result<(), SubstrateError> {
        let outcome = self.inner.run(protocol);
        if !ran(&outcome) {
            return outcome;
        }
        for slice in protocol.slices() {
            self.acts.parameters_written += slice.parameters.len() as u64;
            let temperature = slice.temperature.as_ref().map_or_else(
                || Ok(self.temperature.clone()),
                |given: &PerUnit| given.values("the temperature", self.mobile.len()),
            )?;
            self.spend(&temperature, self.inner.chains(), slice.duration);
        }
        outcome
    }

    fn read(&mut self) -> Result<Mat<T>, SubstrateError> {
        let states = self.inner.read()?;
        self.acts.states_read += (states.nrows() * states.ncols()) as u64;
        Ok(states)
    }

    fn read_units(&mut self, units: &[usize]) -> Result<Mat<T>, SubstrateError> {
        let states = self.inner.read_units(units)?;
        self.acts.states_read += (states.nrows() * states.ncols()) as u64;
        Ok(states)
    }
}

impl<T: Scalar, S: ForceProbe<T>> ForceProbe<T> for Metered<S> {
    fn probe_forces(&mut self) -> Result<Mat<T>, SubstrateError> {
        let forces = self.inner.probe_forces()?;
        self.acts.forces_read += (forces.nrows() * forces.ncols()) as u64;
        Ok(forces)
    }
}

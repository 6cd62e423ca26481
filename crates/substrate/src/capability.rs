//! What the hardware can do, as traits: rules and experiments get no other access.
//!
//! A learning rule that is generic over [`Substrate`] can program, run and read, and
//! nothing else: that it is local and readout-only is checked by the compiler, and a
//! laboratory device can stand in for the simulator.

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Scalar};

use crate::{Protocol, Residuals, SubstrateError};

/// A network of overdamped units that can be programmed, run and read.
///
/// States are `units x chains` matrices; a chain is one physical copy of the network.
pub trait Substrate<T: Scalar> {
    /// Number of units.
    fn units(&self) -> usize;

    /// Number of chains prepared.
    fn chains(&self) -> usize;

    /// Writes the parameters of the energy (in the order of its layout).
    ///
    /// # Errors
    /// If the parameters are not finite or have the wrong length.
    fn program(&mut self, parameters: &[T]) -> Result<(), SubstrateError>;

    /// Attaches springs and nudges in place of the previous ones; `None` removes them.
    ///
    /// # Errors
    /// If the drive fits neither the units nor the chains.
    fn attach(&mut self, drive: Option<Drive<T>>) -> Result<(), SubstrateError>;

    /// Prepares one chain for each column of `states` (units x chains) and detaches any drive.
    ///
    /// `seed` fixes the bath's noise from here on; hardware with noise of its own ignores it.
    ///
    /// # Errors
    /// If the number of units differs or a state is not finite.
    fn prepare(&mut self, states: MatRef<'_, T>, seed: u64) -> Result<(), SubstrateError>;

    /// Lets all chains evolve in the bath for `duration`.
    ///
    /// # Errors
    /// If the substrate is not ready, the duration is negative, or a chain diverges. A divergence is
    /// told once; the chain reads NaN from then on, and the others have gone on.
    fn evolve(&mut self, duration: f64) -> Result<(), SubstrateError>;

    /// Lets all chains relax for `duration` with the bath cooled to zero temperature.
    ///
    /// # Errors
    /// As [`Substrate::evolve`].
    fn relax(&mut self, duration: f64) -> Result<Residuals, SubstrateError>;

    /// Runs through a protocol: programs each slice and evolves for its duration. The
    /// parameters of the last slice stay programmed.
    ///
    /// # Errors
    /// As [`Substrate::program`] and [`Substrate::evolve`].
    fn run(&mut self, protocol: &Protocol<T>) -> Result<(), SubstrateError>;

    /// Reads the state of every unit of every chain (units x chains).
    ///
    /// # Errors
    /// If no chains have been prepared, or the readout fails.
    fn read(&mut self) -> Result<Mat<T>, SubstrateError>;

    /// Reads the states of some units only, in the order in which they are named (named units x chains). A device spares
    /// the conversions of the others; the default reads them all and keeps what was asked for.
    ///
    /// # Errors
    /// As [`Substrate::read`], or [`SubstrateError::Units`] for a unit that does not exist.
    fn read_units(&mut self, units: &[usize]) -> Result<Mat<T>, SubstrateError> {
        let (expected, last) = (self.units(), units.iter().max());
        if let Some(&last) = last.filter(|last| **last >= expected) {
            return Err(SubstrateError::Units {
                what: "the network that the units to read are from",
                expected,
                found: last + 1,
            });
        }
        let states = self.read()?;
        Ok(Mat::from_fn(units.len(), states.ncols(), |row, chain| {
            states[(units[row], chain)]
        }))
    }
}

/// A substrate with a force probe at every unit.
pub trait ForceProbe<T: Scalar>: Substrate<T> {
    /// Measures the force on every unit of every chain (units x chains).
    ///
    /// # Errors
    /// As [`Substrate::read`], or if nothing is programmed.
    fn probe_forces(&mut self) -> Result<Mat<T>, SubstrateError>;
}

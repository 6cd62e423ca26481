//! How much energy a signal needs to be read through thermal noise.
//!
//! A unit of stiffness k holds the signal y and fluctuates by kT / k about it. With the energy E = k <y^2> / 2 stored,
//! the noise has the power kT / (2 E) of the signal, and the cosine between what is read and what was meant is
//!
//! c = (1 + kT / (2 E n))^(-1/2) for the mean of n independent readings,
//!
//! as noise adds to the length and not to the product. A claim of a cosine in one reading is thus a claim on E.

use crate::AccountingError;
use crate::error::positive;

/// Noise over signal, in power, that a cosine allows: 1 / c^2 - 1.
///
/// # Errors
/// [`AccountingError::Setting`] for a cosine that is not between 0 and 1.
pub fn noise_to_signal(cosine: f64) -> Result<f64, AccountingError> {
    if cosine > 0.0 && cosine < 1.0 {
        return Ok(1.0 / (cosine * cosine) - 1.0);
    }
    Err(AccountingError::Setting {
        what: "the cosine",
        value: cosine,
        bound: "more than 0 and less than 1",
    })
}

/// Energy that must be stored in each degree of freedom for a cosine in one reading, in kT.
///
/// # Errors
/// As [`noise_to_signal`].
///
/// ```
/// // The published .9906 takes 26 kT in each unit that is read.
/// let energy = overdamped_accounting::signal::stored_energy(0.9906)?;
/// assert!((energy - 26.2).abs() < 0.1);
/// # Ok::<(), overdamped_accounting::AccountingError>(())
/// ```
pub fn stored_energy(cosine: f64) -> Result<f64, AccountingError> {
    Ok(0.5 / noise_to_signal(cosine)?)
}

/// Independent readings whose mean reaches a cosine, if each unit stores `energy` kT.
///
/// # Errors
/// As [`noise_to_signal`], or [`AccountingError::Setting`] for an energy that is not above zero.
pub fn readings(cosine: f64, energy: f64) -> Result<f64, AccountingError> {
    Ok(stored_energy(cosine)? / positive("the stored energy in kT", energy)?)
}

/// The cosine of the mean of `readings` independent readings, if each unit stores `energy` kT.
///
/// # Errors
/// [`AccountingError::Setting`] for numbers that are not above zero.
pub fn cosine(energy: f64, readings: f64) -> Result<f64, AccountingError> {
    let energy = positive("the stored energy in kT", energy)?;
    let readings = positive("the number of readings", readings)?;
    Ok((1.0 + 0.5 / (energy * readings)).sqrt().recip())
}

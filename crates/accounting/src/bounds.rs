//! Energies that no hardware goes below, in kT.

use crate::error::positive;
use crate::{AccountingError, Bits};

/// Landauer's bound: to erase so many bits dissipates at least ln 2 kT each (R. Landauer 1961).
///
/// A chain that is prepared, whatever its state was, erases what its units held at their resolution.
///
/// # Errors
/// [`AccountingError::Setting`] for a number that is negative or not finite.
pub fn landauer(erased: Bits) -> Result<f64, AccountingError> {
    if erased.0.is_finite() && erased.0 >= 0.0 {
        return Ok(erased.0 * std::f64::consts::LN_2);
    }
    Err(AccountingError::Setting {
        what: "the number of bits erased",
        value: erased.0,
        bound: "finite and not negative",
    })
}

/// The thermodynamic uncertainty relation: a steady current known to a relative standard deviation epsilon
/// dissipates at least 2 kT / epsilon^2 meanwhile (A. C. Barato and U. Seifert, Phys. Rev. Lett. 114, 158101, 2015).
///
/// It holds for currents, so for a state that is read as the rate of a driven process; a state at equilibrium may be
/// read at no such cost.
///
/// # Errors
/// [`AccountingError::Setting`] for a deviation that is not above zero.
pub fn thermodynamic_uncertainty(relative_deviation: f64) -> Result<f64, AccountingError> {
    let deviation = positive("the relative deviation", relative_deviation)?;
    Ok(2.0 / (deviation * deviation))
}

/// The least dissipation of any overdamped process that takes one distribution to another in a time tau:
/// W^2 / (mu kT tau) kT, where W is their Wasserstein distance (E. Aurell et al., J. Stat. Phys. 147, 487, 2012).
///
/// `squared_distance` is W^2 summed over units, in data units squared; `mobility` x `time` in data units squared
/// for each kT, as everywhere in this project; `temperature` in kT.
///
/// # Errors
/// [`AccountingError::Setting`] for a negative distance, or anything else that is not above zero.
pub fn transport(
    squared_distance: f64,
    mobility: f64,
    temperature: f64,
    time: f64,
) -> Result<f64, AccountingError> {
    if !(squared_distance.is_finite() && squared_distance >= 0.0) {
        return Err(AccountingError::Setting {
            what: "the squared distance",
            value: squared_distance,
            bound: "finite and not negative",
        });
    }
    let mobility = positive("the mobility", mobility)?;
    let temperature = positive("the temperature", temperature)?;
    let time = positive("the time", time)?;
    // In kT of the process: entropy production W^2 / (D tau), with D = mobility x kT.
    Ok(squared_distance / (mobility * temperature * time))
}

//! Refusing what does not fit into memory, before asking for it.

use overdamped_kernel::memory;

use crate::EnergyError;

/// Refuses to hold `bytes` for what belongs to `units` units.
pub(crate) fn check(what: &'static str, units: usize, bytes: u128) -> Result<(), EnergyError> {
    match memory::lacking(bytes) {
        None => Ok(()),
        Some(available) => Err(EnergyError::Memory {
            what,
            units,
            needed: bytes,
            available,
        }),
    }
}

/// Refuses to hold `bytes` for every pair of units, in both orders.
pub(crate) fn square(what: &'static str, units: usize, bytes: u128) -> Result<(), EnergyError> {
    let units_squared = (units as u128).saturating_mul(units as u128);
    check(what, units, units_squared.saturating_mul(bytes))
}

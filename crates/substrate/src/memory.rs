//! Refusing what does not fit into memory, before asking for it.

use overdamped_kernel::memory;

use crate::SubstrateError;

/// Refuses to prepare chains that need more memory than the machine has free.
pub(crate) fn check(units: usize, chains: usize, needed: u128) -> Result<(), SubstrateError> {
    match memory::lacking(needed) {
        None => Ok(()),
        Some(available) => Err(SubstrateError::Memory {
            units,
            chains,
            needed,
            available,
        }),
    }
}

//! Refusing what does not fit into memory, before asking for it.

use crate::SubstrateError;

/// Refuses to prepare chains that need more memory than the machine has free.
pub(crate) fn check(units: usize, chains: usize, needed: u128) -> Result<(), SubstrateError> {
    let available = available().unwrap_or(u128::from(u64::MAX >> 1));
    if needed <= available {
        return Ok(());
    }
    Err(SubstrateError::Memory {
        units,
        chains,
        needed,
        available,
    })
}

/// Free memory in bytes, where the system says so (Linux).
fn available() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u128 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

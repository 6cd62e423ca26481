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

/// Free memory in bytes, where the system says so (Linux), within the limit of a container.
fn available() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u128 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let free = kibibytes * 1024;
    Some(container().map_or(free, |container| container.min(free)))
}

/// What a control group still allows, if it sets a limit.
fn container() -> Option<u128> {
    let read = |name: &str| -> Option<u128> {
        let text = std::fs::read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok()?;
        text.trim().parse().ok()
    };
    Some(read("max")?.saturating_sub(read("current")?))
}

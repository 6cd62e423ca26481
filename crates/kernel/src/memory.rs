//! What memory the machine has free, so that what does not fit is refused and not attempted.
//!
//! Systems that promise more memory than they have (Linux among them) do not refuse an allocation that is too large:
//! they end the process when it is used. So whoever is about to allocate much asks here first.

/// Free memory in bytes, within the limit of a control group; none where the system does not say so (other than Linux).
#[must_use]
pub fn available() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u128 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let free = kibibytes * 1024;
    Some(container().map_or(free, |container| container.min(free)))
}

/// The bytes that are free, if `needed` are more; none if they fit. Where the system says nothing, half of the
/// addresses count as free.
#[must_use]
pub fn lacking(needed: u128) -> Option<u128> {
    // Small requests are not worth reading a file for.
    const SMALL: u128 = 1 << 24;
    if needed <= SMALL {
        return None;
    }
    let free = available().unwrap_or(u128::from(u64::MAX >> 1));
    (needed > free).then_some(free)
}

/// What a control group still allows, if it sets a limit.
fn container() -> Option<u128> {
    let read = |name: &str| -> Option<u128> {
        let text = std::fs::read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok()?;
        text.trim().parse().ok()
    };
    Some(read("max")?.saturating_sub(read("current")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_machine_has_all_addresses_free() {
        assert_eq!(lacking(1), None);
        assert!(lacking(u128::from(u64::MAX)).is_some());
        if cfg!(target_os = "linux") {
            assert!(available().is_some_and(|free| free > 1 << 20));
        }
    }
}

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

/// What a control group still allows, if it sets a limit: of version 2, or of version 1.
fn container() -> Option<u128> {
    let read = |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok();
    let files = |names: [&str; 3]| {
        let [limit, used, statistics] = names.map(read);
        allowed(&limit?, &used?, &statistics.unwrap_or_default())
    };
    files(["memory.max", "memory.current", "memory.stat"]).or_else(|| {
        files([
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
            "memory/memory.stat",
        ])
    })
}

/// The limit less what is used; copies of files that the system drops on demand do not count as used.
fn allowed(limit: &str, used: &str, statistics: &str) -> Option<u128> {
    let number = |text: &str| text.trim().parse::<u128>().ok();
    let cached = |name: &str| {
        let mut lines = statistics.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(number).unwrap_or(0)
    };
    // Version 1 counts groups within this one under names of their own.
    let files = match cached("total_inactive_file") + cached("total_active_file") {
        0 => cached("inactive_file") + cached("active_file"),
        total => total,
    };
    let held = number(used)?.saturating_sub(files);
    Some(number(limit)?.saturating_sub(held))
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

    #[test]
    fn files_in_memory_are_free_and_no_limit_is_none() {
        let statistics = "anon 600\ninactive_file 250\nactive_file 50\nactive_file_mapped 9\n";
        assert_eq!(allowed("1000\n", "900\n", statistics), Some(400));
        assert_eq!(allowed("1000", "900", ""), Some(100));
        assert_eq!(allowed("1000", "2000", ""), Some(0));
        assert_eq!(allowed("max\n", "900\n", statistics), None);
        let both = "active_file 1\ntotal_inactive_file 300\ntotal_active_file 0\n";
        assert_eq!(allowed("1000", "900", both), Some(400));
    }
}

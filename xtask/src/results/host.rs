//! Where and from which sources a figure was made.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// The machine behind the durations of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Model name of the processor, or its architecture where no name is found.
    pub cpu: String,
    /// Hardware threads available to the process.
    pub cores: usize,
    /// Operating system and architecture, e.g. `linux x86_64`.
    pub os: String,
    /// Version line of the compiler, where `rustc` answers.
    pub rustc: Option<String>,
}

impl Host {
    /// Describes this machine; what cannot be found out is left general.
    pub fn detect() -> Self {
        let arch = std::env::consts::ARCH;
        Self {
            cpu: cpu_model().unwrap_or_else(|| arch.into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            os: format!("{} {arch}", std::env::consts::OS),
            rustc: output(Command::new("rustc").arg("--version")),
        }
    }
}

fn cpu_model() -> Option<String> {
    let listed = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_string())
        });
    listed.or_else(|| output(Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"])))
}

/// The commit checked out in `folder`: its hash, `-dirty` appended when tracked
/// files differ from it, `unknown` outside a git checkout.
pub(super) fn commit(folder: &Path) -> String {
    let git = |args: &[&str]| output(Command::new("git").arg("-C").arg(folder).args(args));
    let Some(hash) = git(&["rev-parse", "HEAD"]) else {
        return "unknown".into();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(_changes) => format!("{hash}-dirty"),
        None => hash,
    }
}

/// The trimmed standard output of a successful command; `None` when it is empty.
fn output(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_follows_the_checkout() {
        let folder = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(folder.path()).args([
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b",
            ]);
            assert!(
                command.args(args).output().unwrap().status.success(),
                "git {args:?}"
            );
        };
        assert_eq!(commit(folder.path()), "unknown");
        git(&["init", "--quiet"]);
        std::fs::write(folder.path().join("file"), "one").unwrap();
        git(&["add", "file"]);
        git(&["commit", "--quiet", "--no-gpg-sign", "-m", "first"]);
        let clean = commit(folder.path());
        assert!(
            clean.len() >= 40 && clean.chars().all(|c| c.is_ascii_hexdigit()),
            "{clean}"
        );
        std::fs::write(folder.path().join("file"), "two").unwrap();
        assert_eq!(commit(folder.path()), format!("{clean}-dirty"));
    }

    #[test]
    fn this_machine_has_a_name_and_a_core() {
        let host = Host::detect();
        assert!(!host.cpu.is_empty() && host.cores >= 1, "{host:?}");
    }
}

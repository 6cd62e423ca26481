//! `cargo xtask test` and `cargo xtask ci`: the checks, as a developer runs them.
//!
//! Each check is a plain `cargo` command, printed before it runs so that it can
//! be repeated by hand. The first that fails ends the process with its code.

mod step;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

pub use step::{Step, exit_on_failure, run_all, run_or_exit, workspace_root};

/// Runs all tests in release mode (the numerics are far too slow without it).
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// For `cargo test`: a name filter, `--doc`, `-p overdamped-energy`, ...
    #[arg(allow_hyphen_values = true, value_name = "CARGO_TEST_ARGS")]
    pub cargo: Vec<OsString>,
    /// For the tests themselves, after `--`: `-- --nocapture` shows their output.
    #[arg(last = true, value_name = "TEST_BINARY_ARGS")]
    pub binary: Vec<OsString>,
}

impl TestArgs {
    /// The words to append to `cargo test`.
    fn words(&self) -> Vec<OsString> {
        let mut words = self.cargo.clone();
        if !self.binary.is_empty() {
            words.push("--".into());
            words.extend_from_slice(&self.binary);
        }
        words
    }
}

/// Runs everything that has to pass before a change is merged.
#[derive(Debug, clap::Args)]
pub struct CiArgs {
    /// Skip the last step, the quick preset of every experiment (some minutes).
    #[arg(long)]
    pub skip_reproduce: bool,
}

/// Runs `cargo test --workspace --release`. Ends the process with cargo's exit
/// code when a test fails.
///
/// # Errors
/// When cargo cannot be started.
pub fn test(args: &TestArgs) -> anyhow::Result<()> {
    let step = Step::cargo("tests", &["test", "--workspace", "--release"]).args(args.words());
    run_or_exit(&[step])
}

/// Runs all checks in order: tests, formatting, lints, documentation, package
/// contents, and the quick preset into a temporary folder. Ends the process
/// with the exit code of the first that fails.
///
/// # Errors
/// When cargo cannot be started or the temporary folder not be made.
pub fn ci(args: &CiArgs) -> anyhow::Result<()> {
    let mut steps = vec![
        Step::cargo("tests", &["test", "--workspace", "--release"]),
        Step::cargo("formatting", &["fmt", "--all", "--check"]),
        Step::cargo(
            "lints",
            &["clippy", "--workspace", "--all-targets", "--release"],
        )
        .args(["--", "-D", "warnings"]),
        Step::cargo(
            "documentation",
            &["doc", "--workspace", "--no-deps", "--release"],
        )
        .env("RUSTDOCFLAGS", "-D warnings"),
    ];
    for manifest in library_manifests()? {
        let name = format!("package contents of {}", manifest.display());
        let list = ["package", "--list", "--allow-dirty", "--manifest-path"];
        steps.push(Step::cargo(&name, &list).args([manifest]));
    }
    steps.push(Step::cargo("validation", &["xtask", "validate"]));
    steps.push(Step::cargo("kills", &["xtask", "kills"]));
    steps.push(Step::cargo("audit", &["xtask", "audit", "alone"]));
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    if !args.skip_reproduce {
        let reproduce = ["xtask", "reproduce", "--preset", "quick", "--out"];
        steps.push(Step::cargo("quick preset", &reproduce).args([scratch.path()]));
    }
    let outcome = run_all(&steps)?;
    // `exit` runs no destructors, so the folder has to go first.
    scratch
        .close()
        .context("cannot remove the temporary folder")?;
    exit_on_failure(outcome);
    println!("all checks passed");
    Ok(())
}

/// The manifests of all library crates, relative to the workspace root, sorted.
///
/// # Errors
/// A folder that cannot be listed.
pub fn library_manifests() -> anyhow::Result<Vec<PathBuf>> {
    let folder = workspace_root().join("crates");
    let listing = folder
        .read_dir()
        .with_context(|| format!("cannot list {}", folder.display()))?;
    let mut manifests = Vec::new();
    for entry in listing {
        let name = entry?.file_name();
        if folder.join(&name).join("Cargo.toml").is_file() {
            manifests.push(Path::new("crates").join(name).join("Cargo.toml"));
        }
    }
    manifests.sort();
    Ok(manifests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_reach_cargo_test_as_they_were_typed() {
        #[derive(clap::Parser)]
        struct Xtask {
            #[command(flatten)]
            test: TestArgs,
        }
        for typed in [
            &["mixture"][..],
            &["--", "--nocapture"],
            &["a", "--", "--nocapture"],
            &["-p", "xtask", "--doc"],
        ] {
            let words = std::iter::once(&"xtask").chain(typed);
            let parsed = <Xtask as clap::Parser>::try_parse_from(words).unwrap();
            assert_eq!(parsed.test.words(), typed);
        }
    }

    #[test]
    fn every_library_crate_is_found() {
        let manifests = library_manifests().unwrap();
        let names = [
            "energy",
            "substrate",
            "learn",
            "coupling",
            "conditioning",
            "accounting",
        ];
        for name in names {
            let path = Path::new("crates").join(name).join("Cargo.toml");
            assert!(manifests.contains(&path), "{manifests:?}");
        }
    }
}

//! `cargo xtask test` and `cargo xtask ci`: the checks, as a developer runs them.
//!
//! Each check is a plain `cargo` command, printed before it runs so that it can
//! be repeated by hand. The first that fails ends the process with its code.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;

use crate::progress::human;

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

/// One command of the checks.
#[derive(Debug)]
struct Step {
    name: String,
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(&'static str, &'static str)>,
}

impl Step {
    fn cargo(name: &str, args: &[&str]) -> Self {
        // Inside `cargo xtask` this names the very cargo that runs us.
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self {
            name: name.into(),
            program,
            args: Vec::new(),
            env: Vec::new(),
        }
        .args(args)
    }

    fn args<A: Into<OsString> + Clone>(mut self, args: impl AsRef<[A]>) -> Self {
        self.args
            .extend(args.as_ref().iter().cloned().map(Into::into));
        self
    }

    fn env(mut self, key: &'static str, value: &'static str) -> Self {
        self.env.push((key, value));
        self
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.env {
            write!(f, "{key}='{value}' ")?;
        }
        write!(
            f,
            "{}",
            Path::new(&self.program)
                .file_stem()
                .unwrap_or(&self.program)
                .display()
        )?;
        self.args
            .iter()
            .try_for_each(|arg| write!(f, " {}", arg.display()))
    }
}

/// The first step that failed.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    step: String,
    code: i32,
}

fn run_or_exit(steps: &[Step]) -> anyhow::Result<()> {
    exit_on_failure(run_all(steps)?);
    Ok(())
}

fn exit_on_failure(outcome: Result<(), Failure>) {
    if let Err(Failure { step, code }) = outcome {
        eprintln!("failed: {step} (exit code {code})");
        std::process::exit(code);
    }
}

/// Runs the steps from the workspace root until one fails. The outer error is a
/// command that could not be started.
fn run_all(steps: &[Step]) -> anyhow::Result<Result<(), Failure>> {
    for step in steps {
        println!("--- {}: {step}", step.name);
        let started = Instant::now();
        let mut command = Command::new(&step.program);
        // Build scripts that watch these (ring's does) would otherwise run anew,
        // and their dependents with them, whenever `cargo test` follows this.
        for (key, _) in std::env::vars_os().filter(|(key, _)| describes_xtask(key)) {
            command.env_remove(key);
        }
        let status = command
            .args(&step.args)
            .envs(step.env.iter().copied())
            .current_dir(workspace_root())
            .status()
            .with_context(|| format!("cannot run `{step}`"))?;
        if !status.success() {
            // A command killed by a signal has no code of its own.
            let code = status.code().unwrap_or(1);
            return Ok(Err(Failure {
                step: step.name.clone(),
                code,
            }));
        }
        println!(
            "--- {}: passed in {}",
            step.name,
            human(started.elapsed().as_secs_f64())
        );
    }
    Ok(Ok(()))
}

/// Whether `cargo run` set this variable to describe the package that it runs.
fn describes_xtask(key: &OsStr) -> bool {
    let key = key.as_encoded_bytes();
    [&b"CARGO_PKG_"[..], b"CARGO_MANIFEST_"]
        .iter()
        .any(|prefix| key.starts_with(prefix))
}

fn workspace_root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The manifests of all library crates, relative to the workspace root, sorted.
fn library_manifests() -> anyhow::Result<Vec<PathBuf>> {
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
    fn steps_print_as_commands_to_repeat() {
        let step = Step::cargo("docs", &["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            step.to_string(),
            "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps"
        );
    }

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

    #[test]
    fn only_the_variables_that_describe_xtask_are_withheld() {
        let withheld =
            ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"].map(|key| describes_xtask(key.as_ref()));
        let kept =
            ["CARGO_HOME", "CARGO_TARGET_DIR", "PATH"].map(|key| describes_xtask(key.as_ref()));
        assert_eq!((withheld, kept), ([true; 2], [false; 3]));
    }

    #[cfg(unix)]
    #[test]
    fn the_first_failure_stops_the_run_and_hands_on_its_code() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("ran");
        let shell = |name: &str, script: &str| Step {
            name: name.into(),
            program: "sh".into(),
            args: vec!["-c".into(), script.into()],
            env: Vec::new(),
        };
        let touch = format!("touch '{}'", marker.display());
        let steps = [shell("a", "true"), shell("b", "exit 7"), shell("c", &touch)];
        let outcome = run_all(&steps).unwrap();
        assert_eq!(
            outcome,
            Err(Failure {
                step: "b".into(),
                code: 7
            })
        );
        assert!(!marker.exists());
        assert_eq!(run_all(&steps[..1]).unwrap(), Ok(()));
    }
}

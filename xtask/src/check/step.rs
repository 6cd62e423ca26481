//! One command of the checks: printed before it runs, so that it can be repeated by hand.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;

use crate::progress::human;

/// One command of the checks.
#[derive(Debug)]
pub struct Step {
    name: String,
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(&'static str, &'static str)>,
}

impl Step {
    /// A call of cargo, from the root of the workspace.
    pub fn cargo(name: &str, args: &[&str]) -> Self {
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

    /// The process. Another toolchain is chosen by rustup's own `cargo`, which must not be told which one runs us.
    pub fn command(&self) -> Command {
        let other = self.args.first();
        let other = other.is_some_and(|word| word.as_encoded_bytes().starts_with(b"+"));
        let mut command = Command::new(if other {
            OsStr::new("cargo")
        } else {
            &self.program
        });
        if other {
            for key in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
                command.env_remove(key);
            }
        }
        command
    }

    /// With more arguments.
    pub fn args<A: Into<OsString> + Clone>(mut self, args: impl AsRef<[A]>) -> Self {
        self.args
            .extend(args.as_ref().iter().cloned().map(Into::into));
        self
    }

    /// With a variable of the environment.
    pub fn env(mut self, key: &'static str, value: &'static str) -> Self {
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
pub struct Failure {
    step: String,
    code: i32,
}

/// Runs the steps; ends the process with the code of the first that fails.
///
/// # Errors
/// A command that cannot be started.
pub fn run_or_exit(steps: &[Step]) -> anyhow::Result<()> {
    exit_on_failure(run_all(steps)?);
    Ok(())
}

/// Ends the process with the code of a step that failed.
pub fn exit_on_failure(outcome: Result<(), Failure>) {
    if let Err(Failure { step, code }) = outcome {
        eprintln!("failed: {step} (exit code {code})");
        std::process::exit(code);
    }
}

/// Runs the steps from the workspace root until one fails. The outer error is a
/// command that could not be started.
///
/// # Errors
/// A command that cannot be started.
pub fn run_all(steps: &[Step]) -> anyhow::Result<Result<(), Failure>> {
    for step in steps {
        println!("--- {}: {step}", step.name);
        let started = Instant::now();
        let mut command = step.command();
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

/// The folder of the workspace.
pub fn workspace_root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
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

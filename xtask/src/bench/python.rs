//! The Python environment of the peers: made once from locked requirements, then used again.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};

use crate::export;
use crate::progress::human;

/// Where in `target` the environment lives.
const FOLDER: &str = "peers";
/// The file in it that names the requirements it was made from; written last.
const MARK: &str = "requirements.sha256";
/// The oldest Python that the locked packages run on.
const OLDEST: (u32, u32) = (3, 11);

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PythonError {
    /// No interpreter answers.
    #[error(
        "`{}` does not run; install Python {}.{} or later (Debian: apt install python3 \
         python3-venv), or name an interpreter with --python PATH",
        program.display(), OLDEST.0, OLDEST.1
    )]
    Missing {
        /// What was tried.
        program: PathBuf,
    },
    /// The interpreter is too old for the locked packages.
    #[error(
        "`{}` is Python {found}; the locked packages need {}.{} or later: name another \
         interpreter that has them with --python PATH",
        program.display(), OLDEST.0, OLDEST.1
    )]
    TooOld {
        /// What was tried.
        program: PathBuf,
        /// Its version.
        found: String,
    },
    /// An interpreter given by the user lacks NumPy.
    #[error(
        "`{}` has no NumPy; install the packages of {} into it, or leave --python away",
        program.display(), requirements.display()
    )]
    NoPackages {
        /// The interpreter.
        program: PathBuf,
        /// Where the packages are listed.
        requirements: PathBuf,
    },
    /// A step of the set-up failed.
    #[error("{what} failed: {reason}\n  {fix}")]
    SetUp {
        /// Which step.
        what: &'static str,
        /// The last lines that it printed.
        reason: String,
        /// What to do.
        fix: String,
    },
    /// The file system refused.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The mark cannot be written.
    #[error(transparent)]
    Write(#[from] export::Error),
}

/// The interpreter to run the peers with: the given one, or that of an environment in `target`,
/// which is made if it is not there or not from these requirements.
///
/// # Errors
/// [`PythonError`]; each names the fix.
pub fn interpreter(
    given: Option<&Path>,
    peers: &Path,
    target: &Path,
) -> Result<PathBuf, PythonError> {
    let requirements = peers.join("requirements.txt");
    if let Some(program) = given {
        version(program)?;
        let mut probe = Command::new(program);
        let probe = probe.args(["-c", "import numpy"]).stderr(Stdio::null());
        return match probe.status() {
            Ok(status) if status.success() => Ok(program.to_owned()),
            _ => Err(PythonError::NoPackages {
                program: program.to_owned(),
                requirements,
            }),
        };
    }
    let (folder, python) = (target.join(FOLDER), target.join(FOLDER).join("bin/python"));
    let locked = std::fs::read(&requirements).map_err(|source| PythonError::Io {
        path: requirements.clone(),
        source,
    })?;
    let hash = hexadecimal(&locked);
    let made_from = std::fs::read_to_string(folder.join(MARK)).unwrap_or_default();
    if made_from.trim() == hash && python.exists() {
        return Ok(python);
    }
    let system = Path::new("python3");
    version(system)?;
    eprintln!(
        "Making a Python environment in {} (once; 2.4 GiB to fetch, 4.5 GB on disk)",
        folder.display()
    );
    let mut venv = Command::new(system);
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    let fix = "install the module venv (Debian: apt install python3-venv), or name an \
               interpreter that has the packages with --python PATH";
    patiently("python3 -m venv", &mut venv, |_| fix.to_owned())?;
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
    ]);
    pip.args(["--require-hashes", "--no-deps", "-r"])
        .arg(&requirements);
    patiently("pip install", &mut pip, |reason| {
        pip_fix(reason, &requirements)
    })?;
    export::atomic::write(&folder.join(MARK), |out| writeln!(out, "{hash}"))?;
    Ok(python)
}

/// What helps against a failure of pip.
fn pip_fix(reason: &str, requirements: &Path) -> String {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["No space left"]) {
        return "free 5 GB where `target` and the temporary folder are".to_owned();
    }
    if says(&["DO NOT MATCH THE HASHES", "hashes"]) {
        return format!(
            "a package is not the locked one; {} names it",
            requirements.display()
        );
    }
    if says(&["No matching distribution", "not a supported wheel"])
        && !says(&["Temporary failure", "NewConnectionError"])
    {
        return "the lock is for Linux x86_64 and Python 3.11; name an interpreter that has the \
                packages with --python PATH"
            .to_owned();
    }
    "check the connection to the package index (pip's own settings apply), then run the same \
     command again; offline, name an interpreter that has the packages with --python PATH"
        .to_owned()
}

fn version(program: &Path) -> Result<(), PythonError> {
    let missing = || PythonError::Missing {
        program: program.to_owned(),
    };
    let output = Command::new(program).arg("--version").output();
    let output = output.map_err(|_| missing())?;
    let found = String::from_utf8_lossy(&output.stdout);
    match parse_version(&found) {
        None => Err(missing()),
        Some(version) if version < OLDEST => Err(PythonError::TooOld {
            program: program.to_owned(),
            found: found.trim().trim_start_matches("Python ").to_owned(),
        }),
        Some(_) => Ok(()),
    }
}

/// Major and minor of `Python 3.11.2`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix("Python ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Runs a command that may take minutes, with the elapsed time on standard error.
fn patiently(
    what: &'static str,
    command: &mut Command,
    fix: impl Fn(&str) -> String,
) -> Result<(), PythonError> {
    let program = PathBuf::from(OsStr::new(command.get_program()));
    let io = |source| PythonError::Io {
        path: program.clone(),
        source,
    };
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(io)?;
    // Read beside the waiting, as a full pipe would stop the child.
    let errors = child.stderr.take().map(|mut pipe| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What arrived before a failure to read is all that can be quoted.
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    });
    let style = ProgressStyle::with_template("{prefix:>24} {spinner} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner()
        .with_style(style)
        .with_prefix(what);
    let (started, mut told) = (Instant::now(), Duration::ZERO);
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io)? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(100));
        spinner.tick();
        if spinner.is_hidden() && started.elapsed() >= told + Duration::from_secs(10) {
            told = started.elapsed();
            eprintln!("{what}: {} so far", human(told.as_secs_f64()));
        }
    };
    spinner.finish_and_clear();
    let report = errors
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default();
    eprintln!("{what}: {}", human(started.elapsed().as_secs_f64()));
    if status.success() {
        return Ok(());
    }
    let lines: Vec<&str> = report
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let tail = lines[lines.len().saturating_sub(4)..].join("\n  ");
    Err(PythonError::SetUp {
        what,
        fix: fix(&report),
        reason: tail,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parse_version("Python 3.11.2\n"), Some((3, 11)));
        assert!(parse_version("Python 3.9.1").unwrap() < OLDEST);
        assert_eq!(parse_version("zsh: not found"), None);
    }

    #[test]
    fn an_environment_of_the_same_requirements_is_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let (peers, target) = (folder.path().join("peers"), folder.path().join("target"));
        let bin = target.join("peers/bin");
        std::fs::create_dir_all(&peers).unwrap();
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(peers.join("requirements.txt"), "numpy==2.4.6").unwrap();
        std::fs::write(bin.join("python"), "").unwrap();
        let hash = hexadecimal(b"numpy==2.4.6");
        std::fs::write(target.join("peers").join(MARK), format!("{hash}\n")).unwrap();
        let found = interpreter(None, &peers, &target).unwrap();
        assert_eq!(found, bin.join("python"));
    }

    #[test]
    fn a_wrong_interpreter_is_named_with_the_fix() {
        let nowhere = Path::new("no/such/python");
        let error = interpreter(Some(nowhere), Path::new("p"), Path::new("t")).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("no/such/python") && message.contains("--python"),
            "{message}"
        );
    }

    #[test]
    fn failures_of_pip_name_what_helps() {
        let fix = |reason| pip_fix(reason, Path::new("requirements.txt"));
        assert!(fix("OSError: [Errno 28] No space left on device").contains("5 GB"));
        assert!(fix("THESE PACKAGES DO NOT MATCH THE HASHES").contains("requirements.txt"));
        assert!(fix("Temporary failure in name resolution").contains("connection"));
        assert!(fix("ERROR: No matching distribution found for torch").contains("3.11"));
    }

    #[test]
    fn a_failed_step_is_quoted() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first >&2; echo last >&2; exit 1"]);
        let error = patiently("pip install", &mut command, |_| "do this".into()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("last") && message.contains("do this"),
            "{message}"
        );
    }
}

//! The same work in other libraries: asks `xtask/peers/peers.py` and reads its answer.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::agreement::{Averages, Law};
use super::timing::Sample;

/// Seconds after which one implementation is given up.
const PATIENCE: u32 = 120;

/// Why the peers gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeersError {
    /// The interpreter cannot be started.
    #[error("cannot run {}: {source}", program.display())]
    Start {
        /// The interpreter.
        program: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("the peers ended with {status}: {reason}")]
    Failed {
        /// Exit status.
        status: std::process::ExitStatus,
        /// The last line that it printed.
        reason: String,
    },
    /// Its answer is not what is documented.
    #[error("the peers' answer cannot be read: {0}; peers.py and this program differ in age")]
    Malformed(#[from] serde_json::Error),
}

/// What to time.
#[derive(Debug, Clone, Copy)]
pub enum Request<'a> {
    /// The work in this folder.
    Work(&'a Path),
    /// Plain normals.
    Normals,
}

/// An answer of `peers.py`.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// Timed works.
    #[serde(default)]
    pub results: Vec<Timed>,
    /// Timed normals.
    #[serde(default)]
    pub normals: Vec<TimedNormals>,
    /// Implementations that could not run.
    pub skipped: Vec<Skipped>,
}

/// One implementation's time for a work.
#[derive(Debug, Clone, Deserialize)]
pub struct Timed {
    /// Its name.
    pub implementation: String,
    /// Versions of the packages that did the work.
    pub version: String,
    /// The layout that a trial found fastest.
    pub notes: String,
    /// What it samples.
    pub law: Law,
    /// Nanoseconds per unit-step.
    pub ns_per_unit_step: Spread,
    /// Number of repetitions.
    pub repetitions: usize,
    /// Averages of the final states.
    #[serde(flatten)]
    pub averages: Averages,
}

/// One implementation's time for plain normals.
#[derive(Debug, Clone, Deserialize)]
pub struct TimedNormals {
    /// Its name.
    pub implementation: String,
    /// Versions of the packages that did the work.
    pub version: String,
    /// The generator that a trial found fastest.
    pub notes: String,
    /// Nanoseconds per normal.
    pub ns_per_normal: Spread,
    /// Number of repetitions.
    pub repetitions: usize,
}

/// Median and ends of some repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Spread {
    /// The middle value.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl From<&Sample> for Spread {
    fn from(sample: &Sample) -> Self {
        Self {
            median: sample.median(),
            min: sample.min(),
            max: sample.max(),
        }
    }
}

/// An implementation that could not run.
#[derive(Debug, Clone, Deserialize)]
pub struct Skipped {
    /// Its name.
    pub implementation: String,
    /// Why.
    pub reason: String,
}

/// The other side: an interpreter and the folder of the programs.
#[derive(Debug, Clone)]
pub struct Peers {
    /// Python with the packages.
    pub python: PathBuf,
    /// Folder of `peers.py`.
    pub folder: PathBuf,
    /// Time given to each implementation, in seconds, apart from trials and compilation.
    pub seconds: f64,
}

impl Peers {
    /// Times one implementation on `threads` cores.
    ///
    /// # Errors
    /// [`PeersError`]; an implementation that cannot do the work is not an error.
    pub fn time(
        &self,
        request: Request<'_>,
        implementation: &str,
        threads: usize,
    ) -> Result<Answer, PeersError> {
        let mut command = Command::new(&self.python);
        command.arg(self.folder.join("peers.py"));
        match request {
            Request::Work(folder) => command.arg(folder),
            Request::Normals => command.arg("--normals"),
        };
        command.args(["--implementations", implementation]);
        command.args(["--threads", &threads.to_string()]);
        command.args(["--seconds", &self.seconds.to_string()]);
        command.args(["--patience", &PATIENCE.to_string()]);
        // Compiled Python files do not belong into the checkout.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let output = command.output().map_err(|source| PeersError::Start {
            program: self.python.clone(),
            source,
        })?;
        if !output.status.success() {
            let report = String::from_utf8_lossy(&output.stderr);
            return Err(PeersError::Failed {
                status: output.status,
                reason: report.lines().last().unwrap_or("no message").to_owned(),
            });
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"python": "3.11.2", "threads": 1,
        "results": [{"implementation": "torch", "version": "2.15.0, numpy 2.4.6",
            "notes": "matrix, blocks of 256 chains", "law": "euler_maruyama",
            "ns_per_unit_step": {"median": 7.5, "min": 7.0, "max": 9.0}, "repetitions": 5,
            "candidates": {"a": 1.0},
            "statistics": {"mean": 0.1, "second": 0.5, "fourth": 0.7, "energy": 0.3},
            "standard_errors": {"mean": 0.01, "second": 0.02, "fourth": 0.03, "energy": 0.04}}],
        "skipped": [{"implementation": "thermox", "reason": "linear drift only"}]}"#;

    #[test]
    fn answers_are_read() {
        let answer: Answer = serde_json::from_str(ANSWER).unwrap();
        let torch = &answer.results[0];
        assert_eq!(torch.law, Law::EulerMaruyama);
        assert_eq!((torch.ns_per_unit_step.median, torch.repetitions), (7.5, 5));
        assert_eq!(torch.averages.standard_errors.energy, 0.04);
        assert_eq!(answer.skipped[0].reason, "linear drift only");
        assert!(answer.normals.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_fails_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("peers.py"), "echo broken >&2; exit 2\n").unwrap();
        let peers = Peers {
            python: "sh".into(),
            folder: folder.path().to_owned(),
            seconds: 1.0,
        };
        let error = peers.time(Request::Normals, "numpy", 1).unwrap_err();
        assert!(error.to_string().contains("broken"), "{error}");
        std::fs::write(folder.path().join("peers.py"), "echo '{}'\n").unwrap();
        let error = peers.time(Request::Normals, "numpy", 1).unwrap_err();
        assert!(matches!(error, PeersError::Malformed(_)), "{error}");
    }
}

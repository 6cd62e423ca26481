//! The runs that nobody disturbs: how long they take, and what they leave.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::files;
use super::mirror::Mirror;
use super::scenario::Scenario;

/// Folder of checkpoints within an output folder.
const CHECKPOINTS: &str = "checkpoints";
/// Appears when all trainings are done, and the next step begins.
const TRAINED: &str = "samples";
/// Time between two looks at a run.
const LOOK: Duration = Duration::from_millis(5);

/// What killed runs are held against.
pub struct Stage {
    scratch: tempfile::TempDir,
    /// Where downloads come from.
    pub mirror: Mirror,
    /// Wall time of an undisturbed run, the shortest seen.
    whole: BTreeMap<Scenario, Duration>,
}

impl Stage {
    /// Runs each scenario once to its end.
    ///
    /// # Errors
    /// A folder that cannot be made, or a run that fails.
    pub fn build(scenarios: &[Scenario]) -> anyhow::Result<Self> {
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut stage = Self {
            mirror: Mirror::start(scratch.path())?,
            scratch,
            whole: BTreeMap::new(),
        };
        for &scenario in scenarios {
            eprintln!("{}, undisturbed", scenario.name());
            if scenario == Scenario::Sampling && !stage.trained().exists() {
                stage.undisturbed(Scenario::Training)?;
            }
            stage.undisturbed(scenario)?;
        }
        Ok(stage)
    }

    fn undisturbed(&mut self, scenario: Scenario) -> anyhow::Result<()> {
        let started = Instant::now();
        let folder = match scenario {
            // It ends where training does, so it starts in a folder of its own and is compared.
            Scenario::Sampling => self.scratch.path().join("again"),
            _ => self.expected(scenario),
        };
        self.prepare(scenario, &folder)?;
        let mut child = self.start(scenario, &folder)?;
        if scenario == Scenario::Training {
            while !folder.join(TRAINED).exists() && child.try_wait()?.is_none() {
                std::thread::sleep(LOOK);
            }
            copy(&folder.join(CHECKPOINTS), &self.trained())?;
        }
        finish(child, scenario)?;
        self.took(scenario, started.elapsed());
        let differing = files::differing(&folder, &self.expected(scenario))?;
        anyhow::ensure!(
            differing.is_empty(),
            "{} by itself differs from run to run, in {}",
            scenario.name(),
            differing.join(", ")
        );
        Ok(())
    }

    /// Makes what a run of the scenario starts from.
    ///
    /// # Errors
    /// Files that cannot be copied.
    pub fn prepare(&self, scenario: Scenario, folder: &Path) -> anyhow::Result<()> {
        if scenario == Scenario::Sampling {
            copy(&self.trained(), &folder.join(CHECKPOINTS))?;
        }
        Ok(())
    }

    /// Starts a run in a folder.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(&self, scenario: Scenario, folder: &Path) -> anyhow::Result<Child> {
        let mut command = scenario.command(folder, &self.mirror)?;
        command.spawn().context("cannot start a run")
    }

    /// The folder that an undisturbed run has left.
    pub fn expected(&self, scenario: Scenario) -> PathBuf {
        let name = match scenario {
            Scenario::Training | Scenario::Sampling => Scenario::Training.name(),
            other => other.name(),
        };
        self.scratch.path().join(name)
    }

    /// A folder for the run of that number.
    pub fn folder(&self, run: u64) -> PathBuf {
        self.scratch.path().join(format!("run-{run}"))
    }

    /// Wall time of an undisturbed run.
    pub fn whole(&self, scenario: Scenario) -> Duration {
        self.whole.get(&scenario).copied().unwrap_or_default()
    }

    /// Notes that a run took so long to its end: moments beyond it are none.
    pub fn took(&mut self, scenario: Scenario, time: Duration) {
        let whole = self.whole.entry(scenario).or_insert(time);
        *whole = time.min(*whole);
    }

    fn trained(&self) -> PathBuf {
        self.scratch.path().join("trained")
    }
}

/// Waits for the end of a run.
///
/// # Errors
/// If it fails; with what it said last.
pub fn finish(child: Child, scenario: Scenario) -> anyhow::Result<()> {
    let output = child.wait_with_output()?;
    anyhow::ensure!(
        output.status.success(),
        "{} ended with {}: {}",
        scenario.name(),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(())
}

/// Copies the files of one folder into another, which is made.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in from.read_dir()? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

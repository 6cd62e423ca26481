//! What is run and killed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::mirror::Mirror;

/// Phases of the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Scenario {
    /// Three trainings with checkpoints, then samples and a page.
    Training,
    /// The same from where training is finished: an optimum is solved for, samples are drawn and judged.
    Sampling,
    /// Two bills in less than a second: counts, figures, sections and the page.
    Report,
    /// Four downloads from two slow mirrors, one of which holds something else under one of the names.
    Fetching,
}

impl Scenario {
    /// All of them; those that take longest come first.
    pub const ALL: [Self; 4] = [Self::Training, Self::Sampling, Self::Report, Self::Fetching];

    /// Segment of its ids, and what people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Sampling => "sampling",
            Self::Report => "report",
            Self::Fetching => "fetching",
        }
    }

    /// Kills of one run before it is left to finish: as many as its length is worth.
    pub const fn in_a_run(self) -> u64 {
        match self {
            Self::Training | Self::Sampling => 5,
            Self::Report | Self::Fetching => 3,
        }
    }

    /// The command as a process of its own, which works in `folder`.
    ///
    /// # Errors
    /// If this program cannot be found.
    pub fn command(self, folder: &Path, mirror: &Mirror) -> anyhow::Result<Command> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut command = Command::new(program);
        match self {
            Self::Training | Self::Sampling => {
                command.args(["reproduce", "sgm.mixture", "--out"]);
                command.arg(folder);
            }
            Self::Report => {
                command.args(["reproduce", "accounting.inference", "accounting.training"]);
                command.arg("--out").arg(folder);
            }
            Self::Fetching => {
                command.args(["fetch", "--to"]).arg(folder);
                command.arg("--table").arg(mirror.table());
                for url in mirror.urls() {
                    command.args(["--mirror", &url]);
                }
                // The mirrors are on this machine, whatever the way out of it is.
                for variable in ["NO_PROXY", "no_proxy"] {
                    command.env(variable, "127.0.0.1");
                }
            }
        }
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(command)
    }
}

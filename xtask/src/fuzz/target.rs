//! One run of libFuzzer, and what it said.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;

use super::build;

/// Memory at which a reader is stopped, in MiB: what it may allocate, and libFuzzer with its corpus.
const MEMORY: u32 = 1024;
/// Seconds after which a single input counts as endless.
const PATIENCE: u32 = 10;
/// Longest input, in bytes.
const LONGEST: u32 = 4096;

/// How long and from where.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Executions.
    pub executions: u64,
    /// Seed of the mutations.
    pub seed: u32,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The target.
    pub name: &'static str,
    /// Inputs that it was fed.
    pub executions: u64,
    /// Wall time.
    pub seconds: f64,
    /// Branches that were reached, where libFuzzer said.
    pub edges: Option<u64>,
    /// Branches by how often they were taken, and comparisons by how near they came, likewise.
    pub features: Option<u64>,
    /// Files with inputs that a reader does not survive: those of earlier runs too.
    pub crashes: Vec<PathBuf>,
}

impl Outcome {
    /// What stands over the lines of a table.
    pub const HEADER: &str =
        "target         executions  seconds  per second    edges  features  crashes";
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |n| n.to_string());
        write!(
            f,
            "{:<12} {:>12} {:>8.1} {:>11.0} {:>8} {:>9} {:>8}",
            self.name,
            self.executions,
            self.seconds,
            self.executions as f64 / self.seconds.max(1e-3),
            known(self.edges),
            known(self.features),
            self.crashes.len()
        )
    }
}

/// Runs a target from its seeds and from what earlier runs found.
///
/// # Errors
/// A folder that cannot be made, a program that cannot be started, or one that ends with neither figures nor a crash.
pub fn run(name: &'static str, program: &Path, limits: Limits) -> anyhow::Result<Outcome> {
    let folder = build::root().join("target/fuzz");
    let (corpus, crashes) = (
        folder.join("corpus").join(name),
        folder.join("crashes").join(name),
    );
    for folder in [&corpus, &crashes] {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let log = folder.join(format!("{name}.log"));
    let said = File::create(&log).with_context(|| log.display().to_string())?;
    let started = Instant::now();
    let status = Command::new(program)
        .arg(format!("-runs={}", limits.executions))
        .arg(format!("-seed={}", limits.seed))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-timeout={PATIENCE}"))
        .arg(format!("-max_len={LONGEST}"))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg("-print_final_stats=1")
        .args([&corpus, &build::root().join("fuzz/seeds").join(name)])
        .current_dir(&folder)
        .stdout(Stdio::null())
        .stderr(said)
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let seconds = started.elapsed().as_secs_f64();
    let text = std::fs::read(&log).with_context(|| log.display().to_string())?;
    let said = Said::read(&String::from_utf8_lossy(&text));
    let crashes = files(&crashes)?;
    let executions = said
        .executions
        .filter(|_| status.success() || !crashes.is_empty());
    Ok(Outcome {
        name,
        executions: executions
            .with_context(|| format!("it ended with {status}; see {}", log.display()))?,
        seconds,
        edges: said.edges,
        features: said.features,
        crashes,
    })
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listing = std::fs::read_dir(folder)?;
    let mut files = listing
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// The figures in a log of libFuzzer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Said {
    executions: Option<u64>,
    edges: Option<u64>,
    features: Option<u64>,
}

impl Said {
    /// The last that a log says of each: `#4096 pulse cov: 100 ft: 200 ...`, and at the end
    /// `stat::number_of_executed_units: 20000`.
    fn read(log: &str) -> Self {
        let mut said = Self::default();
        for line in log.lines() {
            let mut words = line.split_whitespace().peekable();
            if let Some(count) = line.strip_prefix('#').and_then(|rest| {
                let (count, _) = rest.split_once(char::is_whitespace)?;
                count.parse().ok()
            }) {
                said.executions = Some(count);
            }
            while let Some(word) = words.next() {
                let mut next = || words.peek().and_then(|word| word.parse().ok());
                match word {
                    "cov:" => said.edges = next().or(said.edges),
                    "ft:" => said.features = next().or(said.features),
                    "stat::number_of_executed_units:" => {
                        said.executions = next().or(said.executions)
                    }
                    _ => {}
                }
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts() {
        let log = "INFO: Seed: 1\n#2\tINITED cov: 31 ft: 32 corp: 1/1b exec/s: 0 rss: 30Mb\n\
            #512\tNEW    cov: 40 ft: 55 corp: 2/9b lim: 4 exec/s: 0 rss: 30Mb L: 8/8 MS: 1 ChangeByte-\n\
            Done 600 runs in 1 second(s)\nstat::number_of_executed_units: 600\n";
        let expected = Said {
            executions: Some(600),
            edges: Some(40),
            features: Some(55),
        };
        assert_eq!(Said::read(log), expected);
        let crashed =
            "#512\tNEW    cov: 40 ft: 55 corp: 2/9b\n==1== ERROR: libFuzzer: deadly signal\n";
        assert_eq!(Said::read(crashed).executions, Some(512));
        assert_eq!(Said::read("no such file"), Said::default());
    }
}

//! `cargo xtask kills`: a run that is killed again and again must end as one that never was.
//!
//! One run is left alone. Others, in folders of their own, are killed (SIGKILL, as by a power cut) at random moments and
//! started again, some times, and then left to finish. After every kill each file that stands under its final name must be whole;
//! at the end all figures, samples and models must be those of the undisturbed run, bit for bit. What took how long may differ.

mod files;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use overdamped_substrate::stream;
use rand::RngExt;

use crate::experiments::Interrupt;
use crate::progress::{self, Progress};
use crate::results::{Entry, Preset, Recorder};

/// Name of its figures.
const NAME: &str = "trust.kills";
/// What is run: three trainings with checkpoints, samples, a page; seconds, and no data to fetch.
const EXPERIMENT: &str = "sgm.mixture";
/// Kills of one run before it is left to finish.
const IN_A_RUN: u64 = 5;

/// Kill a run at random moments, and see whether it ends as if nothing had happened.
///
/// Training resumes from checkpoints, files are written beside their names and renamed: so a run that is killed loses time
/// and nothing else. This command tries it, with kill -9 on processes of its own.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask kills                 ten kills, a minute
  cargo xtask kills --tries 200     a quarter of an hour")]
pub struct KillsArgs {
    /// Kills in all.
    #[arg(long, value_name = "N", default_value_t = 10)]
    tries: u64,
    /// Seed of the moments.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder for results.json [default: target/kills].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs, kills, compares.
///
/// # Errors
/// A process that cannot be started, a run that fails, a file that is not whole, or an end that differs.
pub fn run(args: &KillsArgs) -> anyhow::Result<()> {
    anyhow::ensure!(args.tries > 0, "--tries is 0; it must be at least 1");
    let interrupt = Interrupt::install()?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("target/kills"));
    let mut recorder = Recorder::open(&out, Preset::Paper, args.seed)?;
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let started = Instant::now();
    eprintln!("{EXPERIMENT}, undisturbed");
    let undisturbed = scratch.path().join("undisturbed");
    finish(&undisturbed)?;
    let whole = started.elapsed();
    let mut moments = stream::of(args.seed, 0);
    let progress = Progress::new("kills", args.tries);
    let (mut tried, mut identical, mut runs) = (0, 0, 0_u64);
    while tried < args.tries {
        let folder = scratch.path().join(format!("run-{runs}"));
        let kills = IN_A_RUN.min(args.tries - tried);
        for _ in 0..kills {
            interrupt.check()?;
            // A run that goes on from a checkpoint is shorter than a whole one.
            let moment = whole.mul_f64(moments.random_range(0.0..0.6));
            kill_after(&folder, moment)?;
            files::check(&folder)?;
            progress.step();
        }
        finish(&folder)?;
        files::check(&folder)?;
        let differing = files::differing(&folder, &undisturbed)?;
        for name in &differing {
            eprintln!("run {runs} differs in {name}");
        }
        (tried, runs) = (tried + kills, runs + 1);
        identical += if differing.is_empty() { kills } else { 0 };
        std::fs::remove_dir_all(&folder)?;
    }
    progress.finish();
    recorder.begin(NAME, &[])?;
    for (what, count) in [("tried", tried), ("identical", identical)] {
        recorder.record(Entry::new(&format!("{NAME}.{what}"), count as f64))?;
    }
    recorder.save()?;
    println!(
        "{tried} kills of {runs} runs in {}; {identical} of them in runs that ended identical to the undisturbed one.",
        progress::human(started.elapsed().as_secs_f64())
    );
    anyhow::ensure!(
        identical == tried,
        "{} kills left a trace",
        tried - identical
    );
    Ok(())
}

/// The experiment as a process of its own, writing into a folder.
fn start(folder: &Path) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    command.args(["reproduce", EXPERIMENT, "--out"]).arg(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().context("cannot start a run")
}

fn finish(folder: &Path) -> anyhow::Result<()> {
    let status = start(folder)?.wait()?;
    anyhow::ensure!(
        status.success(),
        "the run into {} ended with {status}",
        folder.display()
    );
    Ok(())
}

/// Starts a run and kills it, unless it has ended by then.
fn kill_after(folder: &Path, moment: Duration) -> anyhow::Result<()> {
    let mut child = start(folder)?;
    std::thread::sleep(moment);
    // An error says that it has ended already, which is no less good a moment.
    let _ = child.kill();
    child.wait()?;
    Ok(())
}

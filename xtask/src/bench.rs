//! `cargo xtask bench`: how fast the engine is, beside its floors and beside other libraries.
//!
//! | file | what |
//! |---|---|
//! | `work` | the energies that are timed, and the files through which others read them |
//! | `chains` | the engine, called as a user calls it |
//! | `timing` | repetitions in turn, medians and spreads |
//! | `floors` | the multipliers' peak and plain normals |
//! | `suite` | the list of works |
//! | `speed`, `scaling`, `contest` | the chapters: works and paths; chains, units, threads, memory; peers |
//! | `probe` | child processes: peak memory, instruction counts |
//! | `python`, `peers` | the environment of the peers, and their answers |
//! | `agreement` | whether two implementations sample the same law |
//! | `targets`, `journal` | what has to be reached, what was found |
//! | `figures`, `page` | the section of the report, docs/benchmarks.md |

mod agreement;
mod chains;
mod contest;
mod figures;
mod floors;
mod journal;
mod page;
pub(crate) mod peers;
mod probe;
mod python;
mod scaling;
mod speed;
mod suite;
mod targets;
mod timing;
mod work;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::ensure;

use self::journal::Journal;
use self::peers::Peers;
use self::suite::Bench;
use self::timing::Pace;
use crate::experiments::Interrupt;
use crate::progress::human;
use crate::report;
use crate::results::{Preset, Recorder};

/// Experiment name of all figures.
const NAME: &str = "bench";

/// Time the engine beside its floors and, with --peers, beside NumPy, PyTorch and JAX.
///
/// Without arguments: two minutes of plain timed runs of the engine itself. With --peers, the same
/// work runs in other libraries in the same minutes, the averages of all states are compared, and
/// docs/benchmarks.md is written anew. Figures and report go to --out. Close other programs first:
/// the medians forgive short disturbances, but not a busy machine.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask bench                        the engine alone
  cargo xtask bench --peers                beside others, ten minutes; makes a Python environment
  cargo xtask bench --peers --python PATH  the same with an interpreter that has the packages")]
pub struct BenchArgs {
    /// Also time NumPy, PyTorch, JAX, diffrax and thermox, and write docs/benchmarks.md.
    #[arg(long)]
    peers: bool,
    /// Python with the packages of xtask/peers/requirements.txt [default: one made in target/peers].
    #[arg(long, value_name = "PATH", requires = "peers")]
    python: Option<PathBuf>,
    /// Folder for results and report.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// Repetitions of each measurement.
    #[arg(long, value_name = "N", default_value_t = 7)]
    repetitions: usize,
    /// Least time of a repetition, in seconds.
    #[arg(long, value_name = "S", default_value_t = 0.1)]
    seconds: f64,
    #[command(flatten)]
    probe: probe::ProbeArgs,
}

/// Runs the suite.
///
/// # Errors
/// Unwritable folders, no Python for the peers, or peers that sample another law: the results are
/// written before that last error is reported.
pub fn run(args: &BenchArgs) -> anyhow::Result<()> {
    if args.probe.serve()? {
        return Ok(());
    }
    ensure!(
        args.repetitions > 0,
        "--repetitions is 0; it must be at least 1"
    );
    ensure!(
        args.seconds.is_finite() && args.seconds >= 0.0,
        "--seconds is {}; it must be finite and not negative",
        args.seconds
    );
    // Our figures would be those of another engine than the page says.
    ensure!(
        std::env::var_os("OVERDAMPED_ENGINE").is_none(),
        "the variable OVERDAMPED_ENGINE is set; unset it, benchmarks choose their engines themselves"
    );
    let started = Instant::now();
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = crate_folder.parent().unwrap_or(crate_folder);
    // Before the first measurement, not after the last.
    let peers = args.peers.then(|| peers(args, root)).transpose()?;
    let mut recorder = Recorder::open(&args.out, Preset::Paper, 1)?;
    Interrupt::at_once(
        "finished chapters are in results.json; the same command measures all anew",
    )?;
    recorder.begin(NAME, &[])?;
    let mut bench = Bench {
        pace: Pace {
            repetitions: args.repetitions,
            seconds: args.seconds,
        },
        cores: recorder.results().host.cores,
        journal: Journal::new(recorder),
    };
    if bench.cores < 2 {
        let note = "Two threads were not timed: this machine has one core.";
        bench.journal.note(note.to_owned());
    }
    speed::works(&mut bench)?;
    speed::paths(&mut bench)?;
    scaling::chains(&mut bench)?;
    scaling::sizes(&mut bench)?;
    scaling::thread_counts(&mut bench)?;
    scaling::memory(&mut bench)?;
    speed::instructions(&mut bench)?;
    let disagreements = match &peers {
        Some(peers) => contest::run(&mut bench, peers)?,
        None => Vec::new(),
    };

    let (results, remarks) = (bench.journal.recorder().results(), &bench.journal.remarks);
    let section = figures::section(results, remarks);
    report::write_section(&args.out, NAME, &section, results)?;
    let report = report::assemble(&args.out, None, &[NAME], results)?;
    println!("{}", page::targets(results));
    if args.peers && disagreements.is_empty() {
        let docs = root.join("docs/benchmarks.md");
        page::write(&docs, results, remarks)?;
        println!("docs/benchmarks.md is new.");
    } else {
        println!("docs/benchmarks.md is as it was; `cargo xtask bench --peers` writes it.");
    }
    println!(
        "Done in {}. Report: {}",
        human(started.elapsed().as_secs_f64()),
        report.display()
    );
    ensure!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    Ok(())
}

fn peers(args: &BenchArgs, root: &Path) -> anyhow::Result<Peers> {
    let folder = root.join("xtask/peers");
    let python = python::interpreter(args.python.as_deref(), &folder, &root.join("target"))?;
    Ok(Peers {
        python,
        folder,
        // At least three repetitions; trials and compilation take longer than this.
        seconds: 1.0,
    })
}

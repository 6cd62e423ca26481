//! `cargo xtask fuzz`: every reader of bytes from outside, under a fuzzer that is guided by coverage.
//!
//! The targets are those of the package `fuzz`, one for each reader of [`crate::hostile`]. They are built with the
//! instrumentation that libFuzzer reads, by the stable compiler: coverage needs no sanitizer, and code without `unsafe`
//! has nothing for one to find. Debug assertions are on, so that an overflow counts as a panic.
//!
//! | file | what |
//! |---|---|
//! | `build` | the instrumented build |
//! | `target` | one run of libFuzzer, and what it said |

mod build;
mod target;

use std::path::PathBuf;

use anyhow::Context as _;

use self::target::{Limits, Outcome};
use crate::experiments::Interrupt;
use crate::hostile::{READERS, Reader};
use crate::results::{Entry, Preset, Recorder};

/// Name of its figures.
const NAME: &str = "trust.fuzz";

/// Feed readers of files what no one would write, guided by coverage.
///
/// Builds the fuzz targets with instrumentation (once: some minutes, and a C++ compiler for libFuzzer) and runs each for
/// a number of executions, one after the other. Inputs that reach new code are kept in target/fuzz/corpus and are where the
/// next run starts from; inputs on which a reader panics, hangs for ten seconds or takes a gigabyte are kept in
/// target/fuzz/crashes, are named, and end the command with exit code 1.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask fuzz                                        every reader, 20,000 executions each
  cargo xtask fuzz npy checkpoint --executions 1000000    two of them, longer
  cargo xtask fuzz --list                                 what readers there are")]
pub struct FuzzArgs {
    /// Readers [default: all].
    #[arg(value_name = "READER", value_parser = reader)]
    readers: Vec<&'static Reader>,
    /// Executions of each.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=u64::from(u32::MAX >> 1)))]
    executions: u64,
    /// Seed of the mutations.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    seed: u32,
    /// Folder for results.json [default: target/fuzz].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// List the readers instead.
    #[arg(long)]
    list: bool,
}

/// A reader by its name.
fn reader(name: &str) -> Result<&'static Reader, String> {
    READERS
        .iter()
        .find(|reader| reader.name == name)
        .ok_or_else(|| {
            let known: Vec<_> = READERS.iter().map(|reader| reader.name).collect();
            format!("there is no such reader; name some of {}", known.join(", "))
        })
}

/// Builds, runs, reports.
///
/// # Errors
/// A build that fails, a target that cannot be run, results that cannot be written; readers that crashed.
pub fn run(args: &FuzzArgs) -> anyhow::Result<()> {
    if args.list {
        for reader in READERS {
            println!("{:<12} {}", reader.name, reader.about);
        }
        return Ok(());
    }
    let readers = match args.readers.as_slice() {
        [] => READERS.iter().collect(),
        chosen => chosen.to_vec(),
    };
    let interrupt = Interrupt::install()?;
    let default = || build::root().join("target/fuzz");
    let mut recorder = Recorder::open(
        &args.out.clone().unwrap_or_else(default),
        Preset::Paper,
        u64::from(args.seed),
    )?;
    let targets = build::targets(&readers)?;
    let limits = Limits {
        executions: args.executions,
        seed: args.seed,
    };
    let mut outcomes = Vec::new();
    println!("{}", Outcome::HEADER);
    for (reader, program) in readers.iter().zip(&targets) {
        let outcome = target::run(reader.name, program, limits)
            .with_context(|| format!("cannot fuzz {}", reader.name))?;
        println!("{outcome}");
        outcomes.push(outcome);
        // Ctrl-C has ended the target as well.
        interrupt.check()?;
    }
    recorder.begin(NAME, &[])?;
    for entry in entries(&outcomes) {
        recorder.record(entry)?;
    }
    recorder.save()?;
    let crashes: Vec<_> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.crashes)
        .collect();
    for crash in &crashes {
        eprintln!("crash: {}", crash.display());
    }
    anyhow::ensure!(
        crashes.is_empty(),
        "{} inputs crash a reader; each is printed by `hexdump -C FILE` and tried again by its target in target/fuzz-build",
        crashes.len()
    );
    Ok(())
}

/// The figures.
fn entries(outcomes: &[Outcome]) -> Vec<Entry> {
    let total = |count: fn(&Outcome) -> u64| outcomes.iter().map(count).sum::<u64>() as f64;
    let seconds = outcomes.iter().map(|outcome| outcome.seconds).sum();
    let mut entries = vec![
        Entry::new(&format!("{NAME}.targets"), outcomes.len() as f64),
        Entry::new(
            &format!("{NAME}.executions"),
            total(|outcome| outcome.executions),
        )
        .seconds(seconds),
        Entry::new(
            &format!("{NAME}.crashes"),
            total(|outcome| outcome.crashes.len() as u64),
        )
        .lower()
        .best("none", 0.0),
    ];
    entries.extend(outcomes.iter().map(|outcome| {
        let id = format!("{NAME}.{}.executions", outcome.name);
        Entry::new(&id, outcome.executions as f64).seconds(outcome.seconds)
    }));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_chosen_by_name_and_others_are_listed() {
        assert_eq!(reader("npy").unwrap().name, "npy");
        let refused = reader("jpeg").unwrap_err();
        assert!(refused.contains("checkpoint"), "{refused}");
    }

    #[test]
    fn figures_are_sums_and_one_for_each_target() {
        let outcome = |name: &'static str, crashes: usize| Outcome {
            name,
            executions: 10,
            seconds: 2.0,
            edges: Some(5),
            features: Some(7),
            crashes: vec![PathBuf::from("x"); crashes],
        };
        let entries = entries(&[outcome("idx", 0), outcome("npy", 2)]);
        let value = |id: &str| entries.iter().find(|entry| entry.id == id).unwrap().value;
        assert_eq!(value("trust.fuzz.targets"), 2.0);
        assert_eq!(value("trust.fuzz.executions"), 20.0);
        assert_eq!(value("trust.fuzz.crashes"), 2.0);
        assert_eq!(value("trust.fuzz.npy.executions"), 10.0);
    }
}

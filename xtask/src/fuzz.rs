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
use crate::results::{Entry, Error, Preset, Recorder};

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
  cargo xtask fuzz npy checkpoint --executions 1000000    two of them, longer; the sums are over all so far
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
    let mut crashes = Vec::new();
    println!("{}", Outcome::HEADER);
    for (reader, program) in readers.iter().zip(&targets) {
        let outcome = target::run(reader.name, program, limits);
        // Ctrl-C has ended the target as well, in a way of its own.
        interrupt.check()?;
        let outcome = outcome.with_context(|| format!("cannot fuzz {}", reader.name))?;
        println!("{outcome}");
        record(&mut recorder, &outcome)?;
        recorder.save()?;
        crashes.extend(outcome.crashes);
    }
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

/// Records a target in place of its earlier figures, and the sums over all that the folder knows: targets may be run
/// one by one, some longer than others.
fn record(recorder: &mut Recorder, outcome: &Outcome) -> Result<(), Error> {
    let own = |reader: &str| format!("{NAME}.{reader}");
    recorder.begin(&own(outcome.name), &[])?;
    let executions = Entry::new(
        &format!("{NAME}.{}.executions", outcome.name),
        outcome.executions as f64,
    );
    recorder.record(executions.seconds(outcome.seconds))?;
    let crashes = Entry::new(
        &format!("{NAME}.{}.crashes", outcome.name),
        outcome.crashes.len() as f64,
    );
    recorder.record(crashes.lower().best("none", 0.0))?;

    let each: Vec<String> = READERS.iter().map(|reader| own(reader.name)).collect();
    let each: Vec<&str> = each.iter().map(String::as_str).collect();
    let of_each = |what: &str| {
        let figures = each.iter().filter_map(|own| {
            let figure = recorder.results().get(&format!("{own}.{what}"));
            figure.map(|figure| figure.value)
        });
        figures.collect::<Vec<_>>()
    };
    let (executions, crashes) = (of_each("executions"), of_each("crashes"));
    recorder.begin(NAME, &each)?;
    for entry in [
        Entry::new(&format!("{NAME}.targets"), executions.len() as f64),
        Entry::new(&format!("{NAME}.executions"), executions.iter().sum()),
        Entry::new(&format!("{NAME}.crashes"), crashes.iter().sum())
            .lower()
            .best("none", 0.0),
    ] {
        recorder.record(entry)?;
    }
    Ok(())
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
    fn a_target_replaces_its_own_figures_and_sums_are_over_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::open(folder.path(), Preset::Paper, 1).unwrap();
        let outcome = |name: &'static str, executions, crashes: usize| Outcome {
            name,
            executions,
            seconds: 2.0,
            edges: Some(5),
            features: Some(7),
            crashes: vec![PathBuf::from("x"); crashes],
        };
        for outcome in [
            outcome("idx", 10, 1),
            outcome("npy", 20, 2),
            outcome("idx", 300, 0),
        ] {
            record(&mut recorder, &outcome).unwrap();
        }
        let value = |id: &str| recorder.results().get(id).unwrap().value;
        assert_eq!(value("trust.fuzz.targets"), 2.0);
        assert_eq!(value("trust.fuzz.executions"), 320.0);
        assert_eq!(value("trust.fuzz.crashes"), 2.0);
        assert_eq!(value("trust.fuzz.npy.executions"), 20.0);
        assert_eq!(value("trust.fuzz.idx.crashes"), 0.0);
    }
}

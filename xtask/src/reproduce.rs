//! `cargo xtask reproduce`: runs experiments and writes figures, samples, models and the report.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::claims::{self, Ledger};
use crate::experiments::{self, Context, Interrupt, Recipe};
use crate::report;
use crate::results::{Preset, Recorder};
use crate::{data, progress};

/// Regenerate the figures of the project, each beside its baseline and its best possible value.
///
/// Without arguments the quick preset trains small networks on digits that are compiled in
/// and needs neither data nor network. The paper preset uses MNIST (see `cargo xtask fetch`).
/// Results, samples, models and report.html go to --out; running one experiment again
/// keeps the figures of the others. Ctrl-C stops after the current round of training;
/// the same command resumes it bit for bit.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask reproduce                                  everything, quick preset
  cargo xtask reproduce sgm.mixture                      one experiment
  cargo xtask reproduce floweqprop --recipe published    the paper's settings, to the letter
  cargo xtask fetch && cargo xtask reproduce sgm --preset paper")]
pub struct ReproduceArgs {
    /// Experiments or groups to run, such as `sgm` or `sgm.mixture`; all of the preset by default.
    experiments: Vec<String>,
    /// How much work to put in.
    #[arg(long, value_enum, default_value_t = Preset::Quick)]
    preset: Preset,
    /// Whose settings to train by; the published ones exist for floweqprop and take an hour or more.
    /// Ctrl-C keeps the state reached and prints its loss; the same command goes on from there.
    #[arg(long, value_enum, default_value_t = Recipe::Own)]
    recipe: Recipe,
    /// Folder for results, samples, models and report [default: target/reproduce/PRESET, with
    /// -published after it for that recipe].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder with the MNIST files [default: $OVERDAMPED_DATA, else data/mnist].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Threads to use; results do not depend on it [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Runs the chosen experiments.
///
/// # Errors
/// Unknown experiments, missing data, unwritable folders, or whatever an experiment reports.
pub fn run(args: &ReproduceArgs) -> anyhow::Result<()> {
    let mut chosen = experiments::choose(&args.experiments, args.preset)?;
    if args.recipe == Recipe::Published {
        chosen = experiments::with_published_recipe(chosen)?;
    }
    if let Some(threads) = args.threads {
        anyhow::ensure!(threads > 0, "--threads is 0; it must be at least 1");
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .context("cannot start the threads")?;
    }
    let out = args.out.clone().unwrap_or_else(|| {
        // Figures of the two recipes have the same ids.
        let suffix = match args.recipe {
            Recipe::Own => "",
            Recipe::Published => "-published",
        };
        PathBuf::from("target/reproduce").join(format!("{}{suffix}", args.preset))
    });
    let mut context = Context {
        preset: args.preset,
        seed: args.seed,
        recipe: args.recipe,
        data: data::locate(args.data.as_deref()),
        recorder: Recorder::open(&out, args.preset, args.seed)?,
        interrupt: Interrupt::install()?,
    };
    if chosen.iter().any(|experiment| experiment.needs_mnist) {
        // Before the first experiment, not after the third.
        data::mnist::load(&context.data)?;
    }
    let order: Vec<&str> = experiments::all()
        .map(|experiment| experiment.name)
        .collect();
    let mut page = out.clone();
    let started = std::time::Instant::now();
    for experiment in &chosen {
        let begun = std::time::Instant::now();
        eprintln!("{}: {}", experiment.name, experiment.about);
        context.recorder.begin(experiment.name, &order)?;
        let section = (experiment.run)(&mut context)
            .with_context(|| format!("experiment {} did not finish", experiment.name))?;
        report::write_section(&out, experiment.name, &section, context.recorder.results())?;
        context.recorder.save()?;
        let results = context.recorder.results();
        let front = (claims::ANCHOR, claims::section(&Ledger::of_run(results)));
        page = report::assemble(&out, Some(front), &order, results)?;
        experiments::forget_training(&context.recorder)?;
        println!("{}", report::terminal::table(context.recorder.own()));
        let seconds = begun.elapsed().as_secs_f64();
        eprintln!("{} took {}\n", experiment.name, progress::human(seconds));
    }
    println!(
        "Done in {}. Report: {}\n",
        progress::human(started.elapsed().as_secs_f64()),
        page.display()
    );
    // What all of it comes to is the last thing to read.
    let ran: Vec<&str> = chosen.iter().map(|experiment| experiment.name).collect();
    let ledger = Ledger::of_run(context.recorder.results());
    println!("{}", claims::table(&ledger, |row| row.concerns(&ran)));
    Ok(())
}

//! `cargo xtask validate`: the laws of the simulated substrate, each with the faults that it must notice.

mod page;
mod trial;

use std::path::PathBuf;

use overdamped_validation::Law;

use self::trial::Trial;
use crate::experiments::Interrupt;
use crate::export;
use crate::progress::{self, Progress};
use crate::report::text::Align::{Left, Right};
use crate::report::text::table;
use crate::results::{Entry, Preset, Recorder};

/// Name of its figures.
const NAME: &str = "trust.validation";
/// Seed of the kept page.
const SEED: u64 = 1;

/// Hold the simulated substrate to every law that it must obey, and each law to the faults that it must notice.
///
/// A law is measured on the substrate as users get it, and then on substrates with one fault each: a wrong sign, noise too
/// strong, a lost coupling, an integrator under another's name. The command fails if a law does not hold, or if one of
/// its faults goes unnoticed. With all laws and the usual seed it writes docs/validation.md.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask validate                    all laws, half a minute
  cargo xtask validate noise work.baths   one group and one law
  cargo xtask validate --seed 7           the same laws by other draws")]
pub struct ValidateArgs {
    /// Laws or groups, such as `work` or `work.baths`; all by default.
    laws: Vec<String>,
    /// Seed of all draws. With another than 1 the page is not written: its figures are those of 1.
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// Folder for results.json [default: target/validate].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the laws and their mutants.
///
/// # Errors
/// Unknown laws, files that cannot be written; a law that does not hold, or a fault that it misses.
pub fn run(args: &ValidateArgs) -> anyhow::Result<()> {
    let laws = choose(&args.laws)?;
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| PathBuf::from("target/validate"));
    let mut recorder = Recorder::open(&out, Preset::Paper, args.seed)?;
    Interrupt::at_once("nothing was written; the same command starts again")?;
    let started = std::time::Instant::now();
    let measurements: usize = laws.iter().map(|law| 1 + law.mutants.len()).sum();
    let progress = Progress::new("measurements", measurements as u64);
    let mut trials = Vec::with_capacity(laws.len());
    for law in laws {
        trials.push(Trial::run(law, args.seed, || {
            progress.step();
            Ok(())
        })?);
    }
    progress.finish();
    println!("{}", text(&trials));
    record(&mut recorder, &trials)?;
    let whole = args.laws.is_empty() && args.seed == SEED;
    if whole {
        let path = page::path();
        let page = page::page(&trials);
        export::atomic::write(&path, |file| file.write_all(page.as_bytes()))?;
        println!("Written: {}", path.display());
    }
    println!("{}", summary(&trials));
    println!(
        "It took {}.",
        progress::human(started.elapsed().as_secs_f64())
    );
    let wrong: Vec<_> = trials.iter().filter_map(Trial::complaint).collect();
    anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

/// The laws named, or all.
fn choose(names: &[String]) -> anyhow::Result<Vec<Law>> {
    let all = overdamped_validation::all();
    let within = |law: &Law, name: &str| law.id == name || law.id.starts_with(&format!("{name}."));
    for name in names {
        anyhow::ensure!(
            all.iter().any(|law| within(law, name)),
            "there is no law `{name}`; choose from: {}",
            all.iter().map(|law| law.id).collect::<Vec<_>>().join(", ")
        );
    }
    let wanted = |law: &Law| names.is_empty() || names.iter().any(|name| within(law, name));
    Ok(all.into_iter().filter(wanted).collect())
}

/// One line for each law.
fn text(trials: &[Trial]) -> String {
    let columns = [
        ("law", Left),
        ("worst", Right),
        ("allowed", Right),
        ("compared", Right),
        ("n", Right),
        ("false alarms", Right),
        ("mutants", Right),
        ("", Left),
    ];
    let rows: Vec<_> = trials.iter().map(Trial::cells).collect();
    table(&columns, &rows)
}

fn counts(trials: &[Trial]) -> [usize; 4] {
    let sum = |of: fn(&Trial) -> usize| trials.iter().map(of).sum();
    [
        trials.len(),
        sum(|trial| usize::from(trial.finding.holds())),
        sum(|trial| trial.mutants.len()),
        sum(Trial::caught),
    ]
}

fn summary(trials: &[Trial]) -> String {
    let [laws, passed, planted, caught] = counts(trials);
    format!("{passed} of {laws} laws hold; {caught} of {planted} mutants caught.")
}

fn record(recorder: &mut Recorder, trials: &[Trial]) -> anyhow::Result<()> {
    recorder.begin(NAME, &[])?;
    let names = ["laws", "passed", "mutants_planted", "mutants_caught"];
    for (name, count) in names.iter().zip(counts(trials)) {
        recorder.record(Entry::new(&format!("{NAME}.{name}"), count as f64))?;
    }
    Ok(recorder.save()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fast laws with all their mutants; the others are run by the command.
    #[test]
    fn exact_laws_hold_and_their_mutants_are_caught() {
        let names = ["derivatives", "bits", "work.first_law"].map(str::to_owned);
        let laws = choose(&names).unwrap();
        assert_eq!(laws.len(), 10);
        for law in laws {
            let trial = Trial::run(law, SEED, || Ok(())).unwrap();
            assert_eq!(trial.complaint(), None);
        }
    }

    #[test]
    fn unknown_laws_are_told_the_known_ones() {
        let message = choose(&["wok".to_owned()]).unwrap_err().to_string();
        assert!(message.contains("work.baths"), "{message}");
    }

    #[test]
    fn the_kept_page_names_every_law_and_every_mutant() {
        let page = std::fs::read_to_string(page::path()).unwrap();
        for law in overdamped_validation::all() {
            assert!(page.contains(law.title), "{}", law.id);
            for mutant in law.mutants {
                assert!(page.contains(mutant.about()), "{}: {mutant:?}", law.id);
            }
        }
    }
}

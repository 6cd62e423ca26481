//! `cargo xtask kills`: a run that is killed again and again must end as one that never was.
//!
//! | file | what |
//! |---|---|
//! | `scenario` | what is run: training, sampling, writing of reports, fetching |
//! | `stage` | the runs that nobody disturbs, and folders to start from |
//! | `trial` | one run: killed some times, interrupted once, finished, compared |
//! | `files` | what a run leaves: whole files, and the same ones every time |
//! | `mirror` | where files are fetched from: this process, slowly, and not always the truth |
//! | `log` | what became of every kill |
//!
//! After every kill (SIGKILL, as by a power cut) each file that stands under its final name must be whole, and hold what the
//! undisturbed run put there. The next start finds the folder free, or it would fail. At the end the folder must hold the
//! same files, samples, models and figures, bit for bit, and nothing else: no temporary file, no lock. What took how long may
//! differ.

mod files;
mod log;
mod mirror;
mod scenario;
mod stage;
mod trial;

use std::path::{Path, PathBuf};
use std::time::Instant;

use overdamped_substrate::stream;

use self::log::{Log, Stop};
use self::scenario::Scenario;
use self::stage::Stage;
use crate::experiments::{Interrupt, Interrupted};
use crate::export;
use crate::progress::{self, Progress};
use crate::results::{Entry, Preset, Recorder};

/// Name of its figures.
const NAME: &str = "trust.kills";

/// Kill runs at random moments, and see whether they end as if nothing had happened.
///
/// Training resumes from checkpoints, downloads from what has arrived, files are written beside their names and renamed: so a
/// run that is killed loses time and nothing else. This command tries it, with kill -9 on processes of its own
/// that train, sample, write reports and fetch files (from this very process); each is also interrupted by Ctrl-C. It
/// writes kills.log, a line for every kill, beside results.json.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask kills                 ten kills, a minute
  cargo xtask kills --tries 200     a quarter of an hour
  cargo xtask kills fetching        ten kills of downloads only")]
pub struct KillsArgs {
    /// What to kill; everything by default.
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// Kills in all.
    #[arg(long, value_name = "N", default_value_t = 10)]
    tries: u64,
    /// Seed of the moments.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder for results.json and kills.log [default: target/kills].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs, kills, compares.
///
/// # Errors
/// A process that cannot be started, an undisturbed run that fails, or a kill that left a trace.
pub fn run(args: &KillsArgs) -> anyhow::Result<()> {
    anyhow::ensure!(args.tries > 0, "--tries is 0; it must be at least 1");
    let interrupt = Interrupt::install()?;
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| PathBuf::from("target/kills"));
    let mut recorder = Recorder::open(&out, Preset::Paper, args.seed)?;
    let started = Instant::now();
    let mut left = shares(&args.scenarios, args.tries);
    let scenarios: Vec<Scenario> = left.iter().map(|(scenario, _)| *scenario).collect();
    let stage = Stage::build(&scenarios);
    // Ctrl-C has ended its runs as well.
    interrupt.check()?;
    let mut stage = stage?;
    let progress = Progress::new("kills", args.tries);
    let mut moments = stream::of(args.seed, 0);
    let mut log = Log::default();
    // One run of each in turn, so that all have their share however early somebody looks.
    for run in 0.. {
        left.retain(|(_, kills)| *kills > 0);
        let place = run as usize % left.len().max(1);
        let Some((scenario, kills)) = left.get_mut(place) else {
            break;
        };
        let now = scenario.in_a_run().min(*kills);
        let stops = trial::run(&mut stage, *scenario, run, now, &mut moments)?;
        // Ctrl-C reaches the runs too: what became of this one says nothing.
        if interrupt.requested() {
            return Err(
                Interrupted("kills.log has what was done; the same command starts again").into(),
            );
        }
        let tried = stops.iter().filter(|stop| stop.is_kill()).count() as u64;
        *kills -= tried;
        progress.advance(tried);
        log.extend(stops);
        save(&out, &log)?;
    }
    progress.finish();
    record(&mut recorder, &log)?;
    println!("{}", log.table());
    println!(
        "It took {}. Every kill: {}",
        progress::human(started.elapsed().as_secs_f64()),
        out.join(log::FILE_NAME).display()
    );
    let traces = log.stops().filter(|stop| !stop.identical()).count();
    anyhow::ensure!(traces == 0, "{traces} kills or interrupts left a trace");
    Ok(())
}

/// How many kills each scenario gets.
fn shares(wanted: &[Scenario], tries: u64) -> Vec<(Scenario, u64)> {
    let all = Scenario::ALL.iter();
    let chosen = all.filter(|scenario| wanted.is_empty() || wanted.contains(scenario));
    let chosen: Vec<Scenario> = chosen.copied().collect();
    let (each, rest) = (tries / chosen.len() as u64, tries % chosen.len() as u64);
    let share = |(index, scenario): (usize, Scenario)| {
        // The cheap ones come last, and get what does not divide evenly.
        let extra = index as u64 >= chosen.len() as u64 - rest;
        (scenario, each + u64::from(extra))
    };
    let shares = chosen.iter().copied().enumerate().map(share);
    shares.filter(|(_, kills)| *kills > 0).collect()
}

fn save(out: &Path, log: &Log) -> anyhow::Result<()> {
    let text = log.text();
    Ok(export::atomic::write(&out.join(log::FILE_NAME), |file| {
        file.write_all(text.as_bytes())
    })?)
}

fn record(recorder: &mut Recorder, log: &Log) -> anyhow::Result<()> {
    recorder.begin(NAME, &[])?;
    let kills: Vec<&Stop> = log.stops().filter(|stop| stop.is_kill()).collect();
    let mut note = |name: &str, of: &dyn Fn(&Stop) -> bool| {
        let tried = kills.iter().filter(|stop| of(stop));
        let identical = tried.clone().filter(|stop| stop.identical());
        for (what, count) in [("tried", tried.count()), ("identical", identical.count())] {
            recorder.record(Entry::new(&format!("{name}.{what}"), count as f64))?;
        }
        anyhow::Ok(())
    };
    note(NAME, &|_| true)?;
    for scenario in log.scenarios() {
        note(&format!("{NAME}.{}", scenario.name()), &|stop| {
            stop.scenario == scenario
        })?;
    }
    Ok(recorder.save()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_are_shared_evenly() {
        use Scenario::{Fetching, Report, Sampling, Training};
        let even = [(Training, 2), (Sampling, 2), (Report, 3), (Fetching, 3)];
        assert_eq!(shares(&[], 10), even);
        assert_eq!(shares(&[], 1), [(Fetching, 1)]);
        assert_eq!(shares(&[Training], 7), [(Training, 7)]);
        let total: u64 = shares(&[], 203).iter().map(|(_, kills)| kills).sum();
        assert_eq!(total, 203);
    }
}

//! The works of the suite, and what every chapter of a run needs.

use anyhow::Context as _;
use overdamped_substrate::Engine;

use super::chains::{Chains, Threads, threads};
use super::journal::Journal;
use super::timing::{Contestant, Pace, Sample, race};
use super::work::Work;
use crate::progress::Progress;

/// Seed of all couplings.
const SEED: u64 = 144;

/// Names of the works, in the order of the page.
pub const WORKS: [&str; 5] = ["dense144", "lattice12", "lattice28", "rank8", "shells4"];

/// A work by its name.
///
/// # Errors
/// If there is none.
pub fn work_named(name: &str) -> anyhow::Result<Work> {
    match name {
        "dense144" => Work::dense(name, 144, SEED),
        "lattice12" => Work::lattice(name, 12, SEED),
        "lattice28" => Work::lattice(name, 28, SEED),
        "rank8" => Work::low_rank(name, 144, 8, SEED),
        "shells4" => Work::shells(name, 12, 4, SEED),
        // For peers that know linear drift only.
        "linear144" => Work::linear(name, 144, SEED),
        _ => anyhow::bail!(
            "there is no work `{name}`; choose from: {}",
            WORKS.join(", ")
        ),
    }
}

/// One run of the suite.
pub struct Bench {
    /// How long and how often.
    pub pace: Pace,
    /// Hardware threads of this machine.
    pub cores: usize,
    /// Where figures go.
    pub journal: Journal,
}

impl Bench {
    /// Races contestants, with their progress on standard error.
    ///
    /// # Errors
    /// As [`race`].
    pub fn race(
        &self,
        label: &str,
        contestants: &mut [Contestant<'_>],
    ) -> anyhow::Result<Vec<Sample>> {
        let progress = Progress::new(label, (contestants.len() * self.pace.repetitions) as u64);
        let samples = race(contestants, self.pace, || progress.step())?;
        progress.finish();
        Ok(samples)
    }

    /// Races prepared works on the fastest engine; `setups` are chains and threads.
    ///
    /// # Errors
    /// As [`Chains::new`] and [`race`].
    pub fn race_works<'w>(
        &self,
        label: &str,
        setups: impl Iterator<Item = (&'w Work, usize, &'w Threads)>,
    ) -> anyhow::Result<Vec<Sample>> {
        let contestants = setups.map(|(work, chains, threads)| {
            let chains = Chains::new(work, chains, threads, Engine::Best);
            Ok(chains.with_context(|| work.name.clone())?.contestant())
        });
        let mut contestants = contestants.collect::<anyhow::Result<Vec<_>>>()?;
        self.race(label, &mut contestants)
    }

    /// One thread, and two where the machine has them.
    ///
    /// # Errors
    /// As [`threads`].
    pub fn pools(&self) -> anyhow::Result<Vec<(usize, Threads)>> {
        let counts = 1..=self.cores.min(2);
        counts.map(|count| Ok((count, threads(count)?))).collect()
    }
}

/// The id of a time of a work on some threads; one thread is not named.
pub fn time_id(work: &str, implementation: &str, threads: usize) -> String {
    let suffix = match threads {
        1 => String::new(),
        more => format!(".threads{more}"),
    };
    format!("bench.ns_per_unit_step.{work}.{implementation}{suffix}")
}

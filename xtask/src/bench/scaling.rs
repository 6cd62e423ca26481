//! Chapters on scaling: cost against chains, units, rank and threads; memory against chains.

use super::chains::{Threads, threads};
use super::journal::NS;
use super::probe::peak_memory;
use super::suite::{Bench, work_named};
use super::work::{CHAINS, Work};
use crate::progress::Progress;
use crate::results::Entry;

/// Numbers of chains of `dense144`.
pub const CHAIN_COUNTS: [usize; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
/// Sides of square networks, dense up to [`DENSEST`] units.
pub const SIDES: [usize; 7] = [4, 6, 8, 12, 16, 20, 28];
/// Beyond this many units all-to-all couplings take longer than the rest of the suite.
const DENSEST: usize = 400;
/// Ranks of a coupling of 144 units.
pub const RANKS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Numbers of chains whose memory is measured.
pub const MEMORY_COUNTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// The number of chains whose memory has a target.
const MANY: usize = 1_000_000;
/// Bytes of one chain's state.
const CHAIN_BYTES: usize = 4 * 144;

/// Time per unit-step against the number of chains.
///
/// # Errors
/// If a chain diverges or a figure cannot be recorded.
pub fn chains(bench: &mut Bench) -> anyhow::Result<()> {
    let (work, one) = (work_named("dense144")?, threads(1)?);
    let setups = CHAIN_COUNTS.iter().map(|&count| (&work, count, &one));
    let samples = bench.race_works("chains", setups)?;
    for (count, sample) in CHAIN_COUNTS.iter().zip(&samples) {
        let id = format!("bench.scaling.chains.n{count}");
        bench.journal.spread(&id, NS, sample, sample.count())?;
    }
    bench.journal.close_chapter()
}

/// Time per unit-step against the number of units, dense and on a lattice, and against the rank.
///
/// # Errors
/// As [`chains`].
pub fn sizes(bench: &mut Bench) -> anyhow::Result<()> {
    let one = threads(1)?;
    let mut works: Vec<(String, Work)> = Vec::new();
    for side in SIDES {
        let units = side * side;
        if units <= DENSEST {
            let id = format!("bench.scaling.units.n{units}");
            works.push((id, Work::dense("dense", units, 1)?));
        }
        let id = format!("bench.scaling.lattice_units.n{units}");
        works.push((id, Work::lattice("lattice", side, 1)?));
    }
    for rank in RANKS {
        let id = format!("bench.scaling.rank.k{rank}");
        works.push((id, Work::low_rank("rank", 144, rank, 1)?));
    }
    let setups = works.iter().map(|(_, work)| (work, CHAINS, &one));
    let samples = bench.race_works("units and rank", setups)?;
    for ((id, _), sample) in works.iter().zip(&samples) {
        bench.journal.spread(id, NS, sample, sample.count())?;
    }
    bench.journal.close_chapter()
}

/// Time per unit-step of `dense144` on one thread, two, and so on up to all of the machine.
///
/// # Errors
/// As [`chains`].
pub fn thread_counts(bench: &mut Bench) -> anyhow::Result<()> {
    let work = work_named("dense144")?;
    let pools = (1..=bench.cores)
        .map(threads)
        .collect::<Result<Vec<Threads>, _>>()?;
    let setups = pools.iter().map(|pool| (&work, CHAINS, pool));
    let samples = bench.race_works("threads", setups)?;
    for (index, sample) in samples.iter().enumerate() {
        let id = format!("bench.scaling.threads.n{}", index + 1);
        bench.journal.spread(&id, NS, sample, sample.count())?;
    }
    bench.journal.close_chapter()
}

/// Peak memory of a whole process against the number of chains, less that of one chain.
///
/// # Errors
/// If a child process fails.
pub fn memory(bench: &mut Bench) -> anyhow::Result<()> {
    let Some(single) = peak_memory(1)? else {
        let note = "Memory was not measured: only Linux tells the peak of a process.";
        bench.journal.note(note.to_owned());
        return Ok(());
    };
    let progress = Progress::new("memory", MEMORY_COUNTS.len() as u64);
    for count in MEMORY_COUNTS {
        let Some(peak) = peak_memory(count)? else {
            continue;
        };
        let (extra, state) = (
            peak.saturating_sub(single) as f64,
            (CHAIN_BYTES * count) as f64,
        );
        let megabytes = Entry::new(&format!("bench.memory.chains.n{count}"), extra / 1e6);
        let megabytes = megabytes.unit("MB").lower().n(1);
        bench
            .journal
            .record(megabytes.best("the state alone", state / 1e6))?;
        if count == MANY {
            bench
                .journal
                .record(Entry::new("bench.memory.ratio", extra / state).n(1))?;
        }
        progress.step();
    }
    progress.finish();
    bench.journal.close_chapter()
}

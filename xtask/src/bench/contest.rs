//! The chapter beside the peers: the same work, in the same minutes, on the same cores.
//!
//! Our own runs stand before and after every peer, so that a machine that slows down for a while
//! slows both. The states of all must have the same averages before their times mean anything.

use overdamped_kernel::Path;
use overdamped_substrate::Engine;

use super::agreement::{Averages, BOUND, Distance};
use super::chains::{Chains, Threads, threads};
use super::floors;
use super::journal::{NS, PeerRemark, spread_entry};
use super::peers::{Answer, Peers, Request, Skipped, Spread};
use super::suite::{Bench, time_id, work_named};
use super::timing::{Contestant, Pace, Sample, race};
use super::work::{CHAINS, Work};
use crate::progress::Progress;
use crate::results::Entry;

/// Repetitions of our own work between two peers.
const BETWEEN: usize = 3;
/// The peers that every work is given to.
const USUAL: [&str; 4] = ["numpy", "torch", "torch_compile", "jax"];
/// Works, threads and implementations, in order.
const PLAN: [(&str, usize, &[&str]); 9] = [
    (
        "dense144",
        1,
        &["numpy", "torch", "torch_compile", "jax", "diffrax"],
    ),
    ("dense144", 2, &USUAL),
    ("lattice12", 1, &USUAL),
    ("lattice12", 2, &USUAL),
    ("lattice28", 1, &USUAL),
    ("lattice28", 2, &USUAL),
    ("rank8", 1, &USUAL),
    ("rank8", 2, &USUAL),
    // Linear drift only; the one work that thermox can do.
    ("linear144", 1, &["thermox"]),
];
const NORMALS: [&str; 3] = ["numpy", "torch", "jax"];

/// Runs the whole plan; returns what disagreed, in words.
///
/// # Errors
/// If a peer's program itself is broken; peers that cannot do a work are skipped with a note.
pub fn run(bench: &mut Bench, peers: &Peers) -> anyhow::Result<Vec<String>> {
    let cores = bench.cores;
    let plan = PLAN.iter().filter(|(_, count, _)| *count <= cores);
    let calls = plan.clone().map(|(_, _, names)| names.len()).sum::<usize>() + NORMALS.len();
    let progress = Progress::new("peers", calls as u64);
    let mut disagreements = Vec::new();
    for &(name, count, implementations) in plan {
        let contest = Contest {
            work: work_named(name)?,
            count,
            threads: threads(count)?,
        };
        disagreements.extend(contest.run(bench, peers, implementations, &progress)?);
        // Minutes of work are not to be lost with a later failure.
        bench.journal.recorder().save()?;
    }
    normals(bench, peers, &progress)?;
    progress.finish();
    bench.journal.close_chapter()?;
    Ok(disagreements)
}

/// One work on a number of threads.
struct Contest {
    work: Work,
    count: usize,
    threads: Threads,
}

impl Contest {
    fn run(
        &self,
        bench: &mut Bench,
        peers: &Peers,
        implementations: &[&str],
        progress: &Progress,
    ) -> anyhow::Result<Vec<String>> {
        let folder = tempfile::tempdir()?;
        self.work.write(folder.path())?;
        let averages = self.averages()?;
        let chains = Chains::new(&self.work, CHAINS, &self.threads, Engine::Best)?;
        let mut own = Own::new(chains.contestant(), bench.pace);
        let (mut ratios, mut disagreements) = (Vec::new(), Vec::new());
        own.run()?;
        for implementation in implementations {
            let answer = peers.time(Request::Work(folder.path()), implementation, self.count)?;
            own.run()?;
            progress.step();
            self.skip(bench, &answer.skipped);
            for (name, median) in self.compare(bench, &averages, &answer, &mut disagreements)? {
                ratios.push((name, median));
            }
        }
        self.record(bench, &own.sample, &ratios)?;
        Ok(disagreements)
    }

    /// Our averages after the steps that the peers make.
    fn averages(&self) -> anyhow::Result<Averages> {
        let mut chains = Chains::new(&self.work, CHAINS, &self.threads, Engine::Best)?;
        chains.advance(self.work.steps)?;
        chains.averages()
    }

    /// Records the times of an answer and how far its averages are from ours.
    fn compare(
        &self,
        bench: &mut Bench,
        averages: &Averages,
        answer: &Answer,
        disagreements: &mut Vec<String>,
    ) -> anyhow::Result<Vec<(String, f64)>> {
        let (work, journal) = (&self.work.name, &mut bench.journal);
        let mut medians = Vec::new();
        for timed in &answer.results {
            let name = &timed.implementation;
            let id = time_id(work, name, self.count);
            journal.spread(&id, NS, timed.ns_per_unit_step, timed.repetitions)?;
            let distance = Distance::between(averages, &timed.averages, timed.law);
            let id = id.replace("ns_per_unit_step", "agreement");
            let entry = Entry::new(&id, distance.errors).unit("standard errors");
            journal.record(entry.lower().n(CHAINS).reference("bound", BOUND))?;
            if distance.agrees() {
                medians.push((name.clone(), timed.ns_per_unit_step.median));
            } else {
                disagreements.push(format!(
                    "{name} and Overdamped do not sample the same law on {work} ({} threads): {} \
                     {:.5} against {:.5}, {:.1} standard errors apart",
                    self.count, distance.figure, distance.theirs, distance.ours, distance.errors
                ));
            }
            journal.remarks.peers.push(PeerRemark {
                work: work.clone(),
                threads: self.count,
                implementation: name.clone(),
                version: timed.version.clone(),
                text: timed.notes.clone(),
            });
        }
        Ok(medians)
    }

    fn skip(&self, bench: &mut Bench, skipped: &[Skipped]) {
        skip(bench, &self.work.name, self.count, skipped);
    }

    /// Our time beside the peers, and how many times faster it is than the best of them.
    fn record(
        &self,
        bench: &mut Bench,
        own: &Sample,
        peers: &[(String, f64)],
    ) -> anyhow::Result<()> {
        let (work, count) = (&self.work.name, self.count);
        let id = format!("bench.beside_peers.{work}.threads{count}");
        bench.journal.spread(&id, NS, own, own.count())?;
        let id = format!("bench.ratio.{work}.threads{count}");
        let Some(entry) = ratio(&id, own, peers) else {
            let note = format!("No peer ran {work} on {count} threads: there is no ratio.");
            bench.journal.note(note);
            return Ok(());
        };
        bench.journal.record(entry)
    }
}

/// The best peer's time over ours, with the ratio of each peer beside it.
fn ratio(id: &str, own: &Sample, peers: &[(String, f64)]) -> Option<Entry> {
    let median = own.median();
    let best = peers.iter().map(|(_, ns)| *ns).min_by(f64::total_cmp)?;
    let entry = Entry::new(id, best / median).higher().n(own.count());
    let add = |entry: Entry, (name, ns): &(String, f64)| entry.reference(name, ns / median);
    Some(peers.iter().fold(entry, add))
}

/// Our own program between the peers.
struct Own<'a> {
    contestant: [Contestant<'a>; 1],
    pace: Pace,
    sample: Sample,
}

impl<'a> Own<'a> {
    fn new(contestant: Contestant<'a>, pace: Pace) -> Self {
        Self {
            contestant: [contestant],
            pace: Pace {
                repetitions: BETWEEN,
                ..pace
            },
            sample: Sample::default(),
        }
    }

    fn run(&mut self) -> anyhow::Result<()> {
        let samples = race(&mut self.contestant, self.pace, || ())?;
        self.sample.extend(&samples[0]);
        Ok(())
    }
}

fn normals(bench: &mut Bench, peers: &Peers, progress: &Progress) -> anyhow::Result<()> {
    let mut own = Own::new(floors::normals(Path::best()), bench.pace);
    let mut medians = Vec::new();
    own.run()?;
    for implementation in NORMALS {
        let answer = peers.time(Request::Normals, implementation, 1)?;
        own.run()?;
        progress.step();
        skip(bench, "normals", 1, &answer.skipped);
        for timed in answer.normals {
            let name = timed.implementation;
            let id = format!("bench.ns_per_normal.{name}");
            let spread: Spread = timed.ns_per_normal;
            let entry = spread_entry(&id, "ns / normal", spread, timed.repetitions);
            bench.journal.record(entry)?;
            bench.journal.remarks.peers.push(PeerRemark {
                work: "normals".to_owned(),
                threads: 1,
                implementation: name.clone(),
                version: timed.version,
                text: timed.notes,
            });
            medians.push((name, spread.median));
        }
    }
    if let Some(entry) = ratio("bench.ratio.normals_vs_peers", &own.sample, &medians) {
        bench.journal.record(entry)?;
    }
    Ok(())
}

fn skip(bench: &mut Bench, work: &str, threads: usize, skipped: &[Skipped]) {
    let remarks = skipped.iter().map(|skipped| PeerRemark {
        work: work.to_owned(),
        threads,
        implementation: skipped.implementation.clone(),
        version: String::new(),
        text: skipped.reason.clone(),
    });
    bench.journal.remarks.skipped.extend(remarks);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_peer_makes_the_ratio_and_all_stand_beside_it() {
        let own = Sample::of(vec![2.0, 2.5, 1.5]);
        let peers = [("numpy".to_owned(), 12.0), ("torch".to_owned(), 7.0)];
        let entry = ratio("bench.ratio.dense144.threads1", &own, &peers).unwrap();
        assert_eq!(entry.value, 3.5);
        let beside: Vec<_> = entry
            .references
            .iter()
            .map(|r| (&*r.name, r.value))
            .collect();
        assert_eq!(beside, [("numpy", 6.0), ("torch", 3.5)]);
        assert!(ratio("bench.ratio.a", &own, &[]).is_none());
    }

    #[test]
    fn every_work_of_the_plan_exists_and_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        for (name, threads, _) in PLAN {
            let work = work_named(name).unwrap();
            work.write(&folder.path().join(format!("{name}{threads}")))
                .unwrap();
        }
    }
}

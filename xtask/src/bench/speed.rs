//! Chapters on speed: the works beside their floors, the instruction paths, the smallest case.

use overdamped_kernel::Path;
use overdamped_substrate::Engine;

use super::chains::{Chains, threads};
use super::journal::{NS, spread_entry};
use super::peers::Spread;
use super::suite::{Bench, WORKS, time_id, work_named};
use super::timing::Sample;
use super::work::CHAINS;
use super::{floors, probe};
use crate::progress::Progress;
use crate::results::Entry;

/// Nanoseconds per unit-step that multiply-adds and one normal take at the least.
pub fn floor(multiply_adds: f64, fma_gflops: f64, normal_ns: f64) -> f64 {
    // A multiply-add counts as two operations.
    2.0 * multiply_adds / fma_gflops + normal_ns
}

/// All works on one thread and two, the multipliers' peak and normals, in one race.
///
/// # Errors
/// If a chain diverges or a figure cannot be recorded.
pub fn works(bench: &mut Bench) -> anyhow::Result<()> {
    let works = WORKS
        .map(work_named)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let pools = bench.pools()?;
    let path = Path::best();
    let mut contestants = vec![
        floors::multiply_adds(path),
        floors::normals(path),
        floors::rand_distr_normals(),
    ];
    for (_, pool) in &pools {
        for work in &works {
            contestants.push(Chains::new(work, CHAINS, pool, Engine::Best)?.contestant());
        }
    }
    let samples = bench.race("works and floors", &mut contestants)?;
    let ([fma, normal, rand_distr], times) = (
        [&samples[0], &samples[1], &samples[2]],
        &samples[contestants.len() - pools.len() * works.len()..],
    );
    let (journal, n) = (&mut bench.journal, bench.pace.repetitions);

    // A peak is the best repetition; the others were disturbed.
    let gflops = fma.map(|ns| 2.0 / ns);
    journal.record(
        Entry::new("bench.floor.fma_gflops", gflops.max())
            .unit("GFLOP/s")
            .n(n)
            .reference("min", gflops.min())
            .reference("max", gflops.max()),
    )?;
    journal.spread("bench.floor.normal_ns", "ns / normal", normal, n)?;
    journal.spread(
        "bench.ns_per_normal.rand_distr",
        "ns / normal",
        rand_distr,
        n,
    )?;
    let ratio = |a: &Sample, b: &Sample| Spread::from(&a.paired(b, |a, b| a / b));
    let mut record = |id: &str, spread: Spread| {
        // A ratio has no preferred direction of its own; a target gives it one.
        let mut entry = spread_entry(id, "", spread, n);
        entry.better = crate::results::Better::Info;
        journal.record(entry)
    };
    record(
        "bench.ratio.normals_vs_rand_distr",
        ratio(rand_distr, normal),
    )?;
    let of = |name: &str, threads: usize| {
        let place = works.iter().position(|work| work.name == name);
        &times[(threads - 1) * works.len() + place.unwrap_or(0)]
    };
    record(
        "bench.ratio.rank8_vs_dense",
        ratio(of("dense144", 1), of("rank8", 1)),
    )?;
    if pools.len() > 1 {
        let efficiency = of("dense144", 1).paired(of("dense144", 2), |one, two| one / (2.0 * two));
        record(
            "bench.scaling.threads2_efficiency",
            Spread::from(&efficiency),
        )?;
    }
    let (peak, normal) = (gflops.max(), normal.median());
    for work in &works {
        let (bound, fma) = (
            floor(work.multiply_adds, peak, normal),
            floor(work.multiply_adds, peak, 0.0),
        );
        let time = of(&work.name, 1);
        let over = |floor: f64| Spread::from(&time.map(|ns| ns / floor));
        record(&format!("bench.over_floor.{}", work.name), over(bound))?;
        record(&format!("bench.over_fma_floor.{}", work.name), over(fma))?;
    }
    for work in &works {
        for (threads, _) in &pools {
            let id = time_id(&work.name, "overdamped", *threads);
            let entry = spread_entry(&id, NS, of(&work.name, *threads).into(), n);
            let least = floor(work.multiply_adds, peak, normal) / *threads as f64;
            journal.record(entry.best("multiply-adds and one normal", least))?;
        }
    }
    bench.journal.close_chapter()
}

/// Two works on every path of the machine and on the plain loops; one chain on engine and loops.
///
/// # Errors
/// As [`works`].
pub fn paths(bench: &mut Bench) -> anyhow::Result<()> {
    let one = threads(1)?;
    let engines = [
        ("avx512", Engine::Avx512),
        ("avx2", Engine::Avx2),
        ("portable", Engine::Portable),
        ("reference", Engine::Reference),
    ];
    let has = |name: &str| name == "reference" || Path::named(name).is_ok();
    let (mut ids, mut contestants) = (Vec::new(), Vec::new());
    for name in ["dense144", "lattice12"] {
        let work = work_named(name)?;
        for (engine, setting) in engines.into_iter().filter(|(engine, _)| has(engine)) {
            ids.push(format!("bench.engine.{engine}.{name}"));
            contestants.push(Chains::new(&work, CHAINS, &one, setting)?.contestant());
        }
    }
    let work = work_named("dense144")?;
    for (name, setting) in [
        ("overdamped", Engine::Best),
        ("reference", Engine::Reference),
    ] {
        ids.push(format!("bench.small.{name}"));
        contestants.push(Chains::new(&work, 1, &one, setting)?.contestant());
    }
    let samples = bench.race("instruction paths", &mut contestants)?;
    let (journal, n) = (&mut bench.journal, bench.pace.repetitions);
    for (id, sample) in ids.iter().zip(&samples) {
        journal.spread(id, NS, sample, n)?;
    }
    let [.., fused, plain] = samples.as_slice() else {
        anyhow::bail!("the smallest case was not timed");
    };
    let ratio = plain.paired(fused, |plain, fused| plain / fused);
    journal.spread("bench.ratio.small_vs_reference", "", &ratio, n)?;
    journal.close_chapter()
}

/// Instructions for each unit-step on AVX2, where they can be counted.
///
/// # Errors
/// If the counter fails.
pub fn instructions(bench: &mut Bench) -> anyhow::Result<()> {
    if let Err(reason) = probe::counter() {
        bench
            .journal
            .note(format!("Instructions were not counted: {reason}."));
        return Ok(());
    }
    let names = WORKS.into_iter().chain([probe::NORMALS]);
    let progress = Progress::new("instructions", names.clone().count() as u64);
    for name in names {
        let unit = match name {
            probe::NORMALS => "instructions / normal",
            _ => "instructions / unit-step",
        };
        let entry = Entry::new(
            &format!("bench.instructions.{name}"),
            probe::instructions(name)?,
        );
        bench.journal.record(entry.unit(unit).lower())?;
        progress.step();
    }
    progress.finish();
    bench.journal.close_chapter()
}

#[cfg(test)]
mod tests {
    use super::*;

    // 143 multiply-adds at 230 GFLOP/s take 1.243 ns.
    #[test]
    fn a_multiply_add_is_two_operations() {
        let bound = floor(143.0, 230.0, 0.3);
        assert!((bound - 1.5435).abs() < 1e-4, "{bound}");
    }
}

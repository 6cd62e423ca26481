//! The section of the report: tables of times, and cost as a plot against what it depends on.

use super::journal::Remarks;
use super::suite::{WORKS, time_id};
use super::targets;
use crate::report::{Axis, Block, Comparison, LinePlot, Section, Series, Table};
use crate::results::Results;

/// Implementations in the order of the columns.
pub const IMPLEMENTATIONS: [&str; 7] = [
    "overdamped",
    "numpy",
    "torch",
    "torch_compile",
    "jax",
    "diffrax",
    "thermox",
];

/// The section of a finished run.
pub fn section(results: &Results, remarks: &Remarks) -> Section {
    let mut blocks = vec![Block::Table(reached(results))];
    for threads in [1, 2] {
        let table = times(results, threads);
        if !table.rows.is_empty() {
            blocks.push(Block::Comparison(table));
        }
    }
    let plots: Vec<_> = plots(results).into_iter().map(Block::Lines).collect();
    blocks.extend(in_rows(plots));
    blocks.push(Block::Comparison(engines(results)));
    if !remarks.notes.is_empty() {
        blocks.push(Block::Text(remarks.notes.join("\n\n")));
    }
    Section {
        title: "Speed".to_owned(),
        intro: "Nanoseconds for each unit-step: one unit of one chain advanced by one \
                Euler-Maruyama step. Medians of repeated runs that take turns, so that a drift of \
                the machine hits all alike; times say something about this machine only, ratios \
                somewhat more."
            .to_owned(),
        blocks,
    }
}

fn reached(results: &Results) -> Table {
    let found = targets::ALL
        .iter()
        .filter(|target| results.get(target.id).is_some());
    found.fold(
        Table::new("What the engine has to reach."),
        |table, target| table.row(target.about, target.id),
    )
}

/// Works as rows, implementations as columns; none where only one column would be left.
fn times(results: &Results, threads: usize) -> Comparison {
    let works = || WORKS.into_iter().chain(["linear144"]);
    let id = |work: &str, implementation: &str| {
        let id = time_id(work, implementation, threads);
        results.get(&id).map_or_else(String::new, |_| id)
    };
    let ran = |name: &&str| works().any(|work| !id(work, name).is_empty());
    let columns: Vec<_> = IMPLEMENTATIONS.into_iter().filter(ran).collect();
    let noun = if threads == 1 { "thread" } else { "threads" };
    let caption = format!("Nanoseconds per unit-step on {threads} {noun}, 4,096 chains.");
    let rows = works().map(|work| {
        let ids: Vec<_> = columns.iter().map(|name| id(work, name)).collect();
        (work, ids)
    });
    rows.filter(|(_, ids)| ids.iter().any(|id| !id.is_empty()))
        .fold(Comparison::new(&caption, &columns), |table, (work, ids)| {
            table.row(work, &ids)
        })
}

fn engines(results: &Results) -> Comparison {
    let works = ["dense144", "lattice12"];
    let caption = "Nanoseconds per unit-step on each instruction path of this machine, one thread. \
                   `portable` emulates fused multiply-adds where the processor's may not be \
                   assumed; `reference` is the plain loops.";
    let paths = ["avx512", "avx2", "portable", "reference"];
    let ids = |path: &str| works.map(|work| format!("bench.engine.{path}.{work}"));
    let found = paths
        .into_iter()
        .filter(|path| results.get(&ids(path)[0]).is_some());
    found.fold(Comparison::new(caption, &works), |table, path| {
        table.row(path, &ids(path))
    })
}

fn plots(results: &Results) -> Vec<LinePlot> {
    let cost = || Axis::log("ns per unit-step");
    let series = |label: &str, group: &str| {
        Series::line(label, points(results, &format!("bench.{group}."))).marked()
    };
    let plot = |title: &str, x: Axis, y: Axis, series: Vec<Series>| LinePlot {
        title: title.to_owned(),
        x,
        y,
        series: series
            .into_iter()
            .filter(|series| !series.points.is_empty())
            .collect(),
    };
    let plots = vec![
        plot(
            "Cost against chains (dense 144)",
            Axis::log("chains"),
            cost(),
            vec![series("one thread", "scaling.chains")],
        ),
        plot(
            "Cost against units",
            Axis::log("units"),
            cost(),
            vec![
                series("all coupled", "scaling.units"),
                series("lattice, four neighbours", "scaling.lattice_units"),
            ],
        ),
        plot(
            "Cost against rank (144 units)",
            Axis::log("rank"),
            cost(),
            vec![series("low rank", "scaling.rank"), dense_line(results)],
        ),
        plot(
            "Cost against threads (dense 144)",
            Axis::linear("threads"),
            cost(),
            vec![
                series("measured", "scaling.threads"),
                ideal_threads(results),
            ],
        ),
        plot(
            "Memory against chains (144 units)",
            Axis::log("chains"),
            Axis::log("MB beyond one chain"),
            vec![
                series("peak of the process", "memory.chains"),
                state_line(results),
            ],
        ),
    ];
    plots
        .into_iter()
        .filter(|plot| !plot.series.is_empty())
        .collect()
}

/// The figures below a prefix whose last segment is a letter and a number, by that number.
pub fn points(results: &Results, prefix: &str) -> Vec<(f64, f64)> {
    let number = |id: &str| id.strip_prefix(prefix)?.get(1..)?.parse::<u32>().ok();
    let found = results.results.iter();
    let mut points: Vec<_> = found
        .filter_map(|entry| Some((f64::from(number(&entry.id)?), entry.value)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// The dense coupling of as many units, as a level.
fn dense_line(results: &Results) -> Series {
    let level = results.get("bench.ns_per_unit_step.dense144.overdamped");
    let ranks = points(results, "bench.scaling.rank.");
    let ends = ranks.first().zip(ranks.last());
    let points = level
        .zip(ends)
        .map_or_else(Vec::new, |(entry, (first, last))| {
            vec![(first.0, entry.value), (last.0, entry.value)]
        });
    Series::line("all coupled", points).dashed()
}

fn ideal_threads(results: &Results) -> Series {
    let measured = points(results, "bench.scaling.threads.");
    let one = measured.first().map_or(0.0, |point| point.1);
    let points = measured
        .iter()
        .map(|&(count, _)| (count, one / count))
        .collect();
    Series::line("one thread, divided", points).dashed()
}

fn state_line(results: &Results) -> Series {
    let measured = points(results, "bench.memory.chains.");
    let points = measured
        .iter()
        .map(|&(chains, _)| (chains, chains * 4.0 * 144.0 / 1e6));
    Series::line("the state alone", points.collect()).dashed()
}

/// Three blocks side by side, as many as the page is wide.
fn in_rows(mut blocks: Vec<Block>) -> Vec<Block> {
    let mut rows = Vec::new();
    while !blocks.is_empty() {
        let rest = blocks.split_off(blocks.len().min(3));
        rows.push(Block::Row(blocks));
        blocks = rest;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::page::tests::example;
    use super::*;
    use crate::report;

    #[test]
    fn points_are_sorted_by_their_number() {
        let (results, _) = example();
        let chains = points(&results, "bench.scaling.chains.");
        assert_eq!(chains, [(1.0, 40.0), (1000.0, 3.0)]);
    }

    #[test]
    fn a_section_is_drawn_from_recorded_figures_alone() {
        let (results, remarks) = example();
        let folder = tempfile::tempdir().unwrap();
        let section = section(&results, &remarks);
        report::write_section(folder.path(), "bench", &section, &results).unwrap();
        let page = report::assemble(folder.path(), None, &["bench"], &results).unwrap();
        let text = std::fs::read_to_string(page).unwrap();
        assert!(text.contains("Cost against chains") && text.contains("torch_compile"));
        // No rank was measured in the example: no empty plot.
        assert!(!text.contains("Cost against rank"));
    }
}

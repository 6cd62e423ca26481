//! The tables of docs/benchmarks.md; each is empty when its figures were not recorded.

use super::super::figures::{IMPLEMENTATIONS, points};
use super::super::journal::{Remarks, spread_of};
use super::super::suite::{WORKS, time_id, work_named};
use crate::results::{Entry, Results};

/// A table in Markdown.
struct Table {
    text: String,
    rows: usize,
}

impl Table {
    fn new(columns: &[&str]) -> Self {
        let rule = "|---".repeat(columns.len());
        Self {
            text: format!("| {} |\n{rule}|\n", columns.join(" | ")),
            rows: 0,
        }
    }

    fn row(&mut self, cells: &[String]) {
        self.text += &format!("| {} |\n", cells.join(" | "));
        self.rows += 1;
    }

    fn finish(self) -> String {
        if self.rows == 0 {
            String::new()
        } else {
            self.text
        }
    }
}

/// Three significant digits, and never fewer than the whole number.
fn number(value: f64) -> String {
    let decimals = if value == 0.0 {
        0
    } else {
        2 - value.abs().log10().floor() as i32
    };
    let decimals = usize::try_from(decimals.clamp(0, 6)).unwrap_or(0);
    format!("{value:.decimals$}")
}

/// Thousands are set apart: `1,000,000`.
fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    groups.join(",")
}

/// Median and ends, or the value where there is no spread.
pub fn spread(entry: &Entry) -> String {
    match spread_of(entry) {
        Some(spread) => {
            let [median, min, max] = [spread.median, spread.min, spread.max].map(number);
            format!("{median} ({min}–{max})")
        }
        None => number(entry.value),
    }
}

fn cell(results: &Results, id: &str) -> String {
    results.get(id).map_or_else(|| "–".to_owned(), spread)
}

fn value(results: &Results, id: &str) -> String {
    results
        .get(id)
        .map_or_else(|| "–".to_owned(), |entry| number(entry.value))
}

/// The works on one thread and two, beside their floors.
pub fn engine(results: &Results) -> String {
    let mut table = Table::new(&[
        "work",
        "",
        "ns, one thread",
        "ns, two threads",
        "unit-steps / s, one thread",
        "multiply-adds",
        "over floor",
        "over FMA",
    ]);
    for name in WORKS {
        let id = time_id(name, "overdamped", 1);
        let (Some(entry), Ok(work)) = (results.get(&id), work_named(name)) else {
            continue;
        };
        table.row(&[
            name.to_owned(),
            work.about,
            spread(entry),
            cell(results, &time_id(name, "overdamped", 2)),
            format!("{} x 10⁶", number(1e3 / entry.value)),
            number(work.multiply_adds),
            value(results, &format!("bench.over_floor.{name}")),
            value(results, &format!("bench.over_fma_floor.{name}")),
        ]);
    }
    let peak = value(results, "bench.floor.fma_gflops");
    let normal = cell(results, "bench.floor.normal_ns");
    match table.finish() {
        empty if empty.is_empty() => empty,
        text => format!(
            "{text}\nPeak of the multipliers: {peak} GFLOP/s on one thread. One normal: {normal} ns."
        ),
    }
}

/// Every implementation of every work, beside ours in the same minutes.
pub fn peers(results: &Results, remarks: &Remarks) -> String {
    let mut table = Table::new(&[
        "work",
        "threads",
        "",
        "ns per unit-step",
        "factor",
        "distance",
    ]);
    for name in WORKS.into_iter().chain(["linear144"]) {
        for threads in [1, 2] {
            let own = results.get(&format!("bench.beside_peers.{name}.threads{threads}"));
            let Some(own) = own else { continue };
            let place = [name.to_owned(), threads.to_string()];
            let row = |label: &str, rest: [String; 3]| {
                [
                    place.clone().to_vec(),
                    vec![label.to_owned()],
                    rest.to_vec(),
                ]
                .concat()
            };
            let dash = || "–".to_owned();
            table.row(&row(
                "**overdamped**",
                [spread(own), "1".to_owned(), dash()],
            ));
            for implementation in IMPLEMENTATIONS.into_iter().skip(1) {
                let id = time_id(name, implementation, threads);
                let Some(entry) = results.get(&id) else {
                    continue;
                };
                let factor = number(entry.value / own.value);
                let distance = value(results, &id.replace("ns_per_unit_step", "agreement"));
                table.row(&row(implementation, [spread(entry), factor, distance]));
            }
        }
    }
    let mut text = table.finish();
    if !remarks.skipped.is_empty() {
        text += "\nDid not run:\n\n";
    }
    for skipped in &remarks.skipped {
        let (work, name, reason) = (&skipped.work, &skipped.implementation, &skipped.text);
        text += &format!(
            "- {name} on {work}, threads: {}: {reason}\n",
            skipped.threads
        );
    }
    text
}

/// Versions, and the layout that each peer chose.
pub fn layouts(remarks: &Remarks) -> String {
    let mut table = Table::new(&["work", "threads", "", "version", "layout"]);
    for peer in &remarks.peers {
        table.row(&[
            peer.work.clone(),
            peer.threads.to_string(),
            peer.implementation.clone(),
            peer.version.clone(),
            peer.text.clone(),
        ]);
    }
    table.finish()
}

/// Plain normals of all generators.
pub fn normals(results: &Results) -> String {
    let mut table = Table::new(&["generator", "ns per normal"]);
    let others = ["rand_distr", "numpy", "torch", "jax"];
    let ids = others.map(|name| (name, format!("bench.ns_per_normal.{name}")));
    let own = [("overdamped", "bench.floor.normal_ns".to_owned())];
    for (name, id) in own.into_iter().chain(ids) {
        if let Some(entry) = results.get(&id) {
            table.row(&[name.to_owned(), spread(entry)]);
        }
    }
    table.finish()
}

/// Each instruction path, and the smallest case.
pub fn paths(results: &Results) -> String {
    let mut table = Table::new(&["path", "dense144, ns", "lattice12, ns"]);
    for path in ["avx512", "avx2", "portable", "reference"] {
        let ids = ["dense144", "lattice12"].map(|work| format!("bench.engine.{path}.{work}"));
        if ids.iter().any(|id| results.get(id).is_some()) {
            let [dense, lattice] = ids.map(|id| cell(results, &id));
            table.row(&[path.to_owned(), dense, lattice]);
        }
    }
    let mut text = table.finish();
    if let (Some(fused), Some(plain)) = (
        results.get("bench.small.overdamped"),
        results.get("bench.small.reference"),
    ) {
        let (fused, plain) = (spread(fused), spread(plain));
        text += &format!("\nOne chain alone: fused {fused} ns, plain loops {plain} ns.\n");
    }
    text
}

/// Cost against chains, units, rank and threads.
pub fn scaling(results: &Results) -> String {
    let groups = [
        ("chains", "chains"),
        ("units", "units, all coupled"),
        ("lattice_units", "units, lattice"),
        ("rank", "rank"),
        ("threads", "threads"),
    ];
    let mut text = String::new();
    for (group, label) in groups {
        let points = points(results, &format!("bench.scaling.{group}."));
        if points.is_empty() {
            continue;
        }
        let heads: Vec<_> = points.iter().map(|point| whole(point.0)).collect();
        let heads: Vec<&str> = std::iter::once(label)
            .chain(heads.iter().map(String::as_str))
            .collect();
        let mut table = Table::new(&heads);
        let costs = points.iter().map(|point| number(point.1));
        let row: Vec<_> = std::iter::once("ns per unit-step".to_owned())
            .chain(costs)
            .collect();
        table.row(&row);
        text += &table.finish();
        text.push('\n');
    }
    text
}

/// Memory against chains.
pub fn memory(results: &Results) -> String {
    let mut table = Table::new(&["chains", "MB", "of which state", "ratio"]);
    for (chains, megabytes) in points(results, "bench.memory.chains.") {
        let state = chains * 4.0 * 144.0 / 1e6;
        table.row(&[
            whole(chains),
            number(megabytes),
            number(state),
            number(megabytes / state),
        ]);
    }
    table.finish()
}

/// Instructions of each work.
pub fn instructions(results: &Results) -> String {
    let mut table = Table::new(&["work", "instructions per unit-step"]);
    for name in WORKS.into_iter().chain(["normals"]) {
        if let Some(entry) = results.get(&format!("bench.instructions.{name}")) {
            let name = if name == "normals" {
                "normals (each)"
            } else {
                name
            };
            table.row(&[name.to_owned(), number(entry.value)]);
        }
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let said = [0.2945, 2.0, 37.24, 231.66, 1234.5, 0.0].map(number);
        assert_eq!(said, ["0.294", "2.00", "37.2", "232", "1234", "0"]);
        assert_eq!(whole(1_000_000.0), "1,000,000");
        assert_eq!(whole(16.0), "16");
    }
}

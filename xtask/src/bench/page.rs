//! docs/benchmarks.md, written from the recorded figures.

mod tables;

use std::fmt::Write as _;
use std::path::Path;

use super::journal::Remarks;
use super::targets;
use crate::export;
use crate::results::Results;

/// Writes the page, all or nothing.
///
/// # Errors
/// If the file system refuses.
pub fn write(path: &Path, results: &Results, remarks: &Remarks) -> Result<(), export::Error> {
    let page = render(results, remarks, memory().as_deref());
    export::atomic::write(path, |out| out.write_all(page.as_bytes()))
}

/// The targets beside what was measured, as a table.
pub fn targets(results: &Results) -> String {
    let mut text = String::from("| figure | target | measured | |\n|---|---|---|---|\n");
    for target in &targets::ALL {
        let Some(entry) = results.get(target.id) else {
            continue;
        };
        let verdict = if target.bound.met_by(entry.value) {
            "met"
        } else {
            "**not met**"
        };
        let (about, bound) = (target.about, target.bound.text());
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {about} | {bound} | {} | {verdict} |",
            tables::spread(entry)
        );
    }
    text
}

fn render(results: &Results, remarks: &Remarks, memory: Option<&str>) -> String {
    let mut page = String::from(INTRODUCTION);
    let mut part = |title: &str, about: &str, table: String| {
        if !table.is_empty() {
            let about = about.trim();
            let gap = if about.is_empty() { "" } else { "\n\n" };
            let _ = write!(page, "\n## {title}\n\n{about}{gap}{}\n", table.trim_end());
        }
    };
    part("Machine", "", machine(results, memory));
    part("Targets", TARGETS, targets(results));
    part("The engine", ENGINE, tables::engine(results));
    part(
        "Beside other libraries",
        PEERS,
        tables::peers(results, remarks),
    );
    part("What the peers ran", LAYOUTS, tables::layouts(remarks));
    part("Normals", NORMALS, tables::normals(results));
    part("Instruction paths", PATHS, tables::paths(results));
    part("Scaling", SCALING, tables::scaling(results));
    part("Memory", MEMORY, tables::memory(results));
    part("Instruction counts", COUNTS, tables::instructions(results));
    let notes = remarks.notes.iter().map(|note| format!("- {note}\n"));
    part("Left out of this run", "", notes.collect());
    page.push_str(LIMITS);
    page
}

fn machine(results: &Results, memory: Option<&str>) -> String {
    let host = &results.host;
    let path = overdamped_kernel::Path::best();
    let rows = [
        ("processor", host.cpu.clone()),
        ("hardware threads", host.cores.to_string()),
        ("memory", memory.unwrap_or("unknown").to_owned()),
        ("system", host.os.clone()),
        (
            "compiler",
            host.rustc.clone().unwrap_or_else(|| "unknown".to_owned()),
        ),
        ("instruction path", path.to_string()),
        ("commit", format!("`{}`", results.commit)),
    ];
    rows.into_iter()
        .fold(String::from("| | |\n|---|---|\n"), |text, (name, value)| {
            text + &format!("| {name} | {value} |\n")
        })
}

/// Installed memory, where Linux tells it.
fn memory() -> Option<String> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(format!("{:.0} GB", kilobytes * 1024.0 / 1e9))
}

const INTRODUCTION: &str = "\
# Benchmarks

How fast the engine advances overdamped units, what the multipliers of the hardware would allow, and
what other libraries need for the same work. This page is written by one command, ten minutes on two
cores:

```sh
cargo xtask bench --peers
```

`cargo xtask bench` alone takes two minutes, needs no Python and leaves this page as it is. All
figures, with all digits, are in `target/bench/results.json`; the plots are in
`target/bench/report.html`.

**How to read it.** The unit is the *unit-step*: one unit of one chain advanced by one
Euler-Maruyama step, force, noise and update included. A time is the median of repeated runs, with
the fastest and the slowest in brackets; the programs of one table take turns, so that a slow
minute of the machine hits all of them. A ratio moves by some per cent from run to run;
differences inside the brackets mean nothing. Everything runs in single precision through the
public interface: `program`, `prepare_each`, `evolve`.

The works have random couplings and a quartic well at each unit (k = 1, q = 1/2, kT = 1, h =
0.01), 4,096 chains from x = 0.
";

const TARGETS: &str = "\
The best peer is the fastest of all that ran, each in the layout that suits it. The floor is what
the multiply-adds of the couplings take at this core's peak, plus one of the engine's own normals; both
are measured in the same run. Only the first part is a bound of the hardware.";

const ENGINE: &str = "\
floor = 2 x multiply-adds / peak + one normal, on one thread. *Over floor* is the time on one
thread over that; *over FMA* leaves the normal out.";

const PEERS: &str = "\
Nanoseconds per unit-step; the factor says how many times longer than Overdamped, which ran before
and after each of them. A time counts only if the averages of x, x², x⁴ and of the energy after
the same steps agree: the last column is the largest of the four distances in combined
standard errors (at most 5; the largest of four is typically 1.5).";

const LAYOUTS: &str = "\
Every peer is written in several layouts; a short trial on this very work picked these. Neither
trial nor compilation is timed. A timed run of a peer makes 40 steps (12 on the larger lattice) from
x = 0 and allocates its buffers, which is less than a hundredth of it; ours goes on from where it is.
Peers are pinned to as many hardware threads as are asked for, ours is left to the system.";

const NORMALS: &str = "Standard normals in single precision on one thread.";

const PATHS: &str = "\
The same bits on every path, one thread, 4,096 chains. `portable` uses no intrinsics: on x86-64 it
emulates fused multiply-adds exactly, on AArch64 it has them. `reference` is the plain loops that
the fused steps are tested against.";

const SCALING: &str = "\
One thread, 4,096 chains and 144 units where nothing else is said. Chains run sixteen to a
register and thirty-two to a block, so that few chains leave lanes idle.";

const MEMORY: &str = "\
Peak of a whole process that prepares chains of 144 units, runs them and reads eight, less the
peak with one chain. The state is four bytes for each unit of each chain. Below 10,000 chains the
pages that the allocator happens to hold blur the difference.";

const COUNTS: &str = "\
Instructions on the AVX2 path, counted by callgrind as the difference of two runs. Unlike times
they do not depend on the load of the machine: a loop that the compiler no longer vectorises shows
here first.";

const LIMITS: &str = "
## What is not measured

- GPUs, and processors other than the one above. AVX-512 machines differ in how far they lower
  their clock.
- Compilation, start-up and trials of the peers, in their favour; the first call of JAX or
  `torch.compile` takes seconds.
- Pinning: peers run on exactly as many cores as threads; the engine's threads are placed by the
  system.
- Reading states out, work and heat, learning: only plain runs at one temperature.
- Other time steppers of the peers. All run Euler-Maruyama, apart from thermox, which is exact for
  linear drift and has no time step error for the price of a matrix product.
";

#[cfg(test)]
pub mod tests {
    use super::super::journal::{NS, PeerRemark, spread_entry};
    use super::super::peers::Spread;
    use super::*;
    use crate::results::{Entry, Host, Preset, SCHEMA};

    fn time(id: &str, median: f64) -> Entry {
        let spread = Spread {
            median,
            min: 0.9 * median,
            max: 1.2 * median,
        };
        spread_entry(id, NS, spread, 7)
    }

    /// Figures made up for the tests.
    pub fn example() -> (Results, Remarks) {
        let targeted = |id: &str, value: f64| targets::attached(Entry::new(id, value));
        let entries = vec![
            Entry::new("bench.floor.fma_gflops", 230.0)
                .reference("min", 220.0)
                .reference("max", 230.0),
            time("bench.floor.normal_ns", 0.3),
            time("bench.ns_per_normal.rand_distr", 2.5),
            time("bench.ns_per_normal.numpy", 4.0),
            targeted("bench.ratio.normals_vs_rand_distr", 8.333),
            time("bench.over_floor.dense144", 1.5),
            time("bench.over_fma_floor.dense144", 1.9),
            time("bench.ns_per_unit_step.dense144.overdamped", 2.0).best("floor", 1.54),
            time("bench.ns_per_unit_step.dense144.overdamped.threads2", 1.0),
            time("bench.engine.avx2.dense144", 3.5),
            time("bench.engine.avx2.lattice12", 0.9),
            time("bench.scaling.chains.n1000", 3.0),
            time("bench.scaling.chains.n1", 40.0),
            Entry::new("bench.memory.chains.n1000", 0.7).unit("MB"),
            targeted("bench.memory.ratio", 1.12),
            Entry::new("bench.instructions.dense144", 37.2),
            time("bench.ns_per_unit_step.dense144.torch", 8.0),
            Entry::new("bench.agreement.dense144.torch", 1.3),
            time("bench.ns_per_unit_step.dense144.torch_compile", 7.0),
            Entry::new("bench.agreement.dense144.torch_compile", 0.4),
            time("bench.beside_peers.dense144.threads1", 2.0),
            targeted("bench.ratio.dense144.threads1", 3.5)
                .reference("torch", 4.0)
                .reference("torch_compile", 3.5),
        ];
        let host = Host {
            cpu: "A processor".into(),
            cores: 2,
            os: "linux x86_64".into(),
            rustc: Some("rustc 1.95.0".into()),
        };
        let results = Results {
            schema: SCHEMA,
            commit: "0123abc".into(),
            host,
            preset: Preset::Paper,
            seed: 1,
            results: entries,
        };
        let peer = |name: &str, version: &str, text: &str| PeerRemark {
            work: "dense144".into(),
            threads: 1,
            implementation: name.into(),
            version: version.into(),
            text: text.into(),
        };
        let remarks = Remarks {
            peers: vec![
                peer(
                    "torch",
                    "2.15.0, numpy 2.4.6",
                    "matrix, blocks of 256 chains",
                ),
                peer(
                    "torch_compile",
                    "2.15.0, numpy 2.4.6",
                    "matrix, blocks of 512 chains",
                ),
            ],
            skipped: vec![peer(
                "diffrax",
                "",
                "cannot be imported: no module named 'diffrax'",
            )],
            notes: vec!["Instructions were not counted: valgrind is not installed.".into()],
        };
        (results, remarks)
    }

    #[test]
    fn the_page_of_these_figures() {
        let (results, remarks) = example();
        let page = render(&results, &remarks, Some("24 GB"));
        let path = format!("| instruction path | {} |", overdamped_kernel::Path::best());
        insta::assert_snapshot!(page.replace(&path, "| instruction path | [path] |"));
    }

    #[test]
    fn a_run_without_peers_has_no_empty_tables() {
        let (mut results, _) = example();
        results.results.truncate(16);
        let page = render(&results, &Remarks::default(), None);
        assert!(page.contains("## The engine") && !page.contains("## Beside other libraries"));
        assert!(!page.contains("## Left out") && !page.contains("NaN"));
    }
}

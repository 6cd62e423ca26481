//! Measurements that need a process of their own: peak memory, and instructions under `valgrind`.
//!
//! The command calls itself with a hidden flag. A child does one thing and prints one number, or is
//! watched from outside; the difference of two children leaves out what every process costs.

use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context as _, bail, ensure};
use overdamped_kernel::{Chunk, LANES, Path, Streams};
use overdamped_substrate::Engine;

use super::chains::{Chains, threads};
use super::suite::work_named;

/// Steps that a memory probe makes, and chains that it reads afterwards.
const STEPS: u64 = 4;
const LOOKED_AT: usize = 8;
/// Chains of an instruction probe: two full blocks, as all chains cost the same.
const COUNTED_CHAINS: usize = 64;
/// Name under which plain normals are counted.
pub const NORMALS: &str = "normals";

/// What a child is asked to do.
#[derive(clap::Args, Debug)]
pub struct ProbeArgs {
    /// Prints the peak memory of a run of this many chains of `dense144`.
    #[arg(long, hide = true, value_name = "CHAINS")]
    probe_memory: Option<usize>,
    /// Runs a work for some steps on AVX2, as WORK:STEPS.
    #[arg(long, hide = true, value_name = "WORK:STEPS")]
    probe_steps: Option<String>,
}

impl ProbeArgs {
    /// Whether this process is such a child; if so, it does its work here.
    ///
    /// # Errors
    /// If the work is unknown, or the machine lacks what it needs.
    pub fn serve(&self) -> anyhow::Result<bool> {
        if let Some(chains) = self.probe_memory {
            println!("{}", memory_child(chains)?);
        } else if let Some(request) = &self.probe_steps {
            steps_child(request)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

/// Peak resident memory of this process after a small run, in bytes.
fn memory_child(chains: usize) -> anyhow::Result<u64> {
    let work = work_named("dense144")?;
    let mut chains = Chains::new(&work, chains, &threads(1)?, Engine::Best)?;
    chains.advance(STEPS)?;
    std::hint::black_box(chains.look(LOOKED_AT)?);
    let status = std::fs::read_to_string("/proc/self/status")?;
    high_water(&status).context("/proc/self/status has no line VmHWM")
}

/// The line `VmHWM:  1234 kB`, in bytes.
fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn steps_child(request: &str) -> anyhow::Result<()> {
    let parts = request.split_once(':');
    let (name, steps) = parts.context("the request must be WORK:STEPS")?;
    let steps: u64 = steps.parse().context("STEPS must be a number")?;
    if name == NORMALS {
        let mut noise = vec![Chunk::<f32>::default(); 144];
        let mut streams = Streams::new(1, 0);
        for _ in 0..steps {
            streams.fill(Path::named("avx2")?, &mut noise);
        }
        std::hint::black_box(noise);
        return Ok(());
    }
    let work = work_named(name)?;
    let mut chains = Chains::new(&work, COUNTED_CHAINS, &threads(1)?, Engine::Avx2)?;
    chains.advance(steps)
}

/// Peak memory of a child that runs this many chains, in bytes; none where the system does
/// not tell.
///
/// # Errors
/// If the child fails.
pub fn peak_memory(chains: usize) -> anyhow::Result<Option<u64>> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let mut child = Command::new(program()?);
    let output = child
        .args(["bench", "--probe-memory", &chains.to_string()])
        .output()
        .context("cannot start the memory probe")?;
    let text = succeeded("the memory probe", &output)?;
    Ok(Some(
        text.trim()
            .parse()
            .context("the memory probe printed no number")?,
    ))
}

/// Whether instructions can be counted here; else why not.
pub fn counter() -> Result<(), String> {
    if Path::named("avx2").is_err() {
        return Err("this machine has no AVX2, which instructions are counted on".to_owned());
    }
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("valgrind is not installed (Debian: apt install valgrind)".to_owned()),
    }
}

/// Instructions on the AVX2 path for each unit-step of a work (or each normal), counted by callgrind as the
/// difference of two runs.
///
/// # Errors
/// If valgrind or the child fails.
pub fn instructions(name: &str) -> anyhow::Result<f64> {
    let items = if name == NORMALS {
        144 * LANES
    } else {
        work_named(name)?.units * COUNTED_CHAINS
    };
    let (few, many) = (4, 12);
    let difference = collected(name, many)?.saturating_sub(collected(name, few)?);
    Ok(difference as f64 / (items as u64 * (many - few)) as f64)
}

fn collected(name: &str, steps: u64) -> anyhow::Result<u64> {
    let mut child = Command::new("valgrind");
    child
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program()?)
        .args(["bench", "--probe-steps", &format!("{name}:{steps}")]);
    let output = child.output().context("cannot start valgrind")?;
    succeeded("valgrind", &output)?;
    let report = String::from_utf8_lossy(&output.stderr);
    total(&report).with_context(|| format!("valgrind reported no count: {report}"))
}

/// The number in callgrind's line `==123== Collected : 456`.
fn total(report: &str) -> Option<u64> {
    let line = report
        .lines()
        .find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

fn program() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    ensure!(
        program.exists(),
        "{} was replaced while it ran; start again",
        program.display()
    );
    Ok(program)
}

fn succeeded(what: &str, output: &Output) -> anyhow::Result<String> {
    if !output.status.success() {
        let report = String::from_utf8_lossy(&output.stderr);
        let last: Vec<_> = report.lines().rev().take(3).collect();
        let last: Vec<_> = last.into_iter().rev().collect();
        bail!("{what} ended with {}: {}", output.status, last.join("; "));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_the_status_of_a_process() {
        let status = "VmPeak:\t  999 kB\nVmHWM:\t   1234 kB\nVmRSS:\t 1000 kB\n";
        assert_eq!(high_water(status), Some(1234 * 1024));
        assert_eq!(high_water("VmPeak: 1 kB"), None);
    }

    #[test]
    fn the_count_is_read_from_the_report() {
        let report = "==7== Events    : Ir\n==7== Collected : 7364918\n==7== \n";
        assert_eq!(total(report), Some(7_364_918));
        assert_eq!(total("==7== killed"), None);
    }

    #[test]
    fn a_failed_child_is_quoted() {
        let output = Command::new("sh")
            .args(["-c", "echo no >&2; exit 3"])
            .output()
            .unwrap();
        let message = succeeded("it", &output).unwrap_err().to_string();
        assert!(message.contains("no") && message.contains('3'), "{message}");
    }

    #[test]
    fn requests_are_checked() {
        for request in ["dense144", "dense144:x", "nothing:3"] {
            assert!(steps_child(request).is_err(), "{request}");
        }
    }
}

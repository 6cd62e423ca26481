//! How long, and in how much memory, a coupling of rank 16 between sides of 1,024 units is fitted to 100,000
//! samples.
//!
//! `cargo run --release -p overdamped-coupling --example fit_speed`
//!
//! Samples are made chunk by chunk and forgotten, as they would be read from a file larger than memory. The time
//! to make them does not count.

use std::error::Error;
use std::time::{Duration, Instant};

use faer::Mat;
use overdamped_coupling::{Fit, FitSettings, Method, Moments};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

const UNITS: usize = 1024;
const SAMPLES: usize = 100_000;
const CHUNK: usize = 1000;
const RANK: usize = 16;
/// Causes that both sides share.
const CAUSES: usize = 24;

/// Two sides that see the same causes, each through loadings of its own, and noise.
struct Source {
    encoder: Mat<f32>,
    decoder: Mat<f32>,
    stream: Pcg64Mcg,
}

/// Uniform numbers of variance one.
fn noise(rows: usize, columns: usize, stream: &mut Pcg64Mcg) -> Mat<f32> {
    let mut out = Mat::<f32>::zeros(rows, columns);
    for column in 0..columns {
        for entry in out.col_as_slice_mut(column) {
            *entry = (stream.random::<f32>() - 0.5) * 12.0_f32.sqrt();
        }
    }
    out
}

impl Source {
    fn new(seed: u64) -> Self {
        let mut stream = Pcg64Mcg::seed_from_u64(seed);
        let encoder = noise(UNITS, CAUSES, &mut stream);
        let mut decoder = noise(UNITS, CAUSES, &mut stream);
        // Each cause counts for less than the one before: sixteen carry most of it.
        for cause in 0..CAUSES {
            for entry in decoder.col_as_slice_mut(cause) {
                *entry *= 0.8_f32.powi(cause as i32);
            }
        }
        Self {
            encoder,
            decoder,
            stream,
        }
    }

    fn chunk(&mut self) -> (Mat<f32>, Mat<f32>) {
        let causes = noise(CAUSES, CHUNK, &mut self.stream);
        let x = &self.encoder * &causes + noise(UNITS, CHUNK, &mut self.stream);
        let y = &self.decoder * &causes + noise(UNITS, CHUNK, &mut self.stream);
        (x, y)
    }
}

/// The most memory that this process has held, where the system tells.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(format!("{:.0} MiB", kibibytes / 1024.0))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut source = Source::new(1);
    let mut moments = Moments::new(UNITS, UNITS)?;
    let mut streaming = Duration::ZERO;
    for _ in 0..SAMPLES / CHUNK {
        let (x, y) = source.chunk();
        let started = Instant::now();
        moments.add(x.as_ref(), y.as_ref())?;
        streaming += started.elapsed();
    }

    let started = Instant::now();
    let fit = Fit::new(&moments, Method::ReducedRank, FitSettings::default())?;
    let map = fit.rank(RANK)?;
    let fitting = started.elapsed();

    let total = streaming + fitting;
    println!("{SAMPLES} samples, {UNITS} units on each side, rank {RANK}");
    println!(
        "moments {:.2} s, fit {:.2} s, together {:.2} s",
        streaming.as_secs_f64(),
        fitting.as_secs_f64(),
        total.as_secs_f64()
    );
    println!(
        "peak memory {}",
        peak_memory().unwrap_or_else(|| "unknown".to_owned())
    );
    let explained = map.coefficient_of_determination(&moments)?;
    let most = fit.rank(UNITS)?.coefficient_of_determination(&moments)?;
    println!("R^2 {explained:.4}, of {most:.4} at full rank");
    println!("{} wires in place of {}", map.wires(), map.dense_wires());
    Ok(())
}

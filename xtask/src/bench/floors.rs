//! What the couplings cost at the peak of the hardware, and the noise by itself.
//!
//! floor = multiply-adds of the couplings / peak of the multipliers + one normal
//!
//! Both parts are measured in the same run as what they are compared with.

use std::hint::black_box;

use overdamped_kernel::{Chunk, LANES, Path, Streams, floor};
use rand::SeedableRng as _;
use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::timing::Contestant;

/// Units of a block whose normals are drawn at once: small enough for the first cache.
const UNITS: usize = 144;

/// Multiply-adds at their peak, one thread; items are multiply-adds.
pub fn multiply_adds(path: Path) -> Contestant<'static> {
    const ROUNDS: u64 = 1000;
    let per_call = floor::multiply_adds(path, ROUNDS).multiply_adds;
    Contestant::new("multiply-adds", per_call as f64, move |rounds| {
        black_box(floor::multiply_adds(path, rounds * ROUNDS));
        Ok(())
    })
}

/// Normals of the engine, one thread.
pub fn normals(path: Path) -> Contestant<'static> {
    let mut streams = Streams::new(1, 0);
    let mut noise = vec![Chunk::<f32>::default(); UNITS];
    Contestant::new("normals", (UNITS * LANES) as f64, move |rounds| {
        for _ in 0..rounds {
            streams.fill(path, &mut noise);
            black_box(&mut noise);
        }
        Ok(())
    })
}

/// As many normals from `rand_distr`, into the same buffer, one thread.
pub fn rand_distr_normals() -> Contestant<'static> {
    let mut random = Pcg64Mcg::seed_from_u64(1);
    let mut noise = vec![0.0_f32; UNITS * LANES];
    Contestant::new("rand_distr", noise.len() as f64, move |rounds| {
        for _ in 0..rounds {
            for value in &mut noise {
                *value = StandardNormal.sample(&mut random);
            }
            black_box(&mut noise);
        }
        Ok(())
    })
}

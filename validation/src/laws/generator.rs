//! The noise format, written a second time: seeds, words, and the normals made of them in double precision.

use std::f64::consts::FRAC_PI_2;

use overdamped_kernel::{Chunk, Path, Streams};

use crate::{Finding, Lab, Mutant, ValidationError};

const LANES: usize = 16;
/// The chain of the first lane.
const FIRST: u64 = 1 << 40;
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// xoshiro128++ (Blackman and Vigna 2021), one word at a time.
struct Scalar {
    state: [u32; 4],
    rotation: u32,
}

impl Scalar {
    /// Its state for a chain: two words of 64 bits, hashed from seed and chain.
    fn seeded(seed: u64, chain: u64) -> [u32; 4] {
        let hash = |part| split_mix(split_mix(seed ^ GOLDEN).wrapping_add(split_mix(part)));
        let [low, high] = [hash(2 * chain), hash(2 * chain + 1)];
        [low, low >> 32, high, high >> 32].map(|word| word as u32)
    }

    fn next(&mut self) -> u32 {
        let [a, b, c, d] = &mut self.state;
        let word = a.wrapping_add(*d).rotate_left(7).wrapping_add(*a);
        let shifted = *b << 9;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(self.rotation);
        word
    }
}

/// The output of `SplitMix64` in this state (Steele, Lea and Flood 2014).
fn split_mix(state: u64) -> u64 {
    let z = state.wrapping_add(GOLDEN);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The two normals of two words (Box and Muller 1958), and their radius: 31 bits are the radius, the others a half, a
/// quarter, and a share of the turn.
fn normals(radius: u32, turn: u32) -> ([f64; 2], f64) {
    let uniform = (f64::from(radius >> 1) + 0.5) / f64::from(1_u32 << 31);
    let radius = (-2.0 * uniform.ln()).sqrt();
    let share = f64::from(turn >> 7 & 0x7f_ffff) / f64::from(1_u32 << 23) - 0.5;
    let (sine, cosine) = (share * FRAC_PI_2).sin_cos();
    let cosine = if turn >> 31 == 1 { -cosine } else { cosine };
    let ends = match turn >> 30 & 1 {
        1 => [sine, cosine],
        _ => [cosine, sine],
    };
    (ends.map(|end| radius * end), radius)
}

/// The published words of state 1, 2, 3, 4; then each lane's state and normals against a generator of its own, from
/// the same seed, for a thousand draws. A normal is allowed the rounding of its radius and of its sine.
pub fn generator(lab: &Lab) -> Result<Finding, ValidationError> {
    const PUBLISHED: [u32; 6] = [
        641,
        1_573_767,
        3_222_811_527,
        3_517_856_514,
        836_907_274,
        4_247_214_768,
    ];
    let mut finding = Finding::exact();
    let mut published = Scalar {
        state: [1, 2, 3, 4],
        rotation: 11,
    };
    for word in PUBLISHED {
        finding.compare(f64::from(published.next()), f64::from(word), 0.5);
    }
    let rotation = if lab.has(Mutant::OtherRotation) {
        12
    } else {
        11
    };
    for path in Path::available() {
        let mut streams = Streams::new(lab.seed, FIRST);
        let mut scalars: Vec<_> = (FIRST..)
            .take(LANES)
            .map(|chain| Scalar {
                state: Scalar::seeded(lab.seed, chain),
                rotation,
            })
            .collect();
        let mut noise = [Chunk::<f32>::default(); 2];
        for _ in 0..500 {
            streams.fill(path, &mut noise);
            for (lane, scalar) in scalars.iter_mut().enumerate() {
                let (expected, radius) = normals(scalar.next(), scalar.next());
                let tolerance = (2.0 * radius + 0.5 / radius) / f64::from(1_u32 << 23);
                for (found, expected) in noise.iter().zip(expected) {
                    finding.compare(f64::from(found.0[lane]), expected, tolerance);
                }
                for (found, expected) in streams.state(lane).into_iter().zip(scalar.state) {
                    finding.compare(f64::from(found), f64::from(expected), 0.5);
                }
            }
        }
    }
    Ok(finding)
}

//! Random streams: one for each chain, derived from (seed, chain index).
//!
//! A chain's numbers depend on nothing but its own seed and index, so results are
//! the same for every number of threads, every split into batches and every resume
//! point. There is no global generator.

use rand_pcg::Pcg64Mcg;

/// The generator of one chain, shuffle or initialisation: PCG-64 (multiplicative).
pub type Stream = Pcg64Mcg;

/// The stream with this index of a run with this seed.
///
/// ```
/// use overdamped_substrate::stream;
/// use rand::RngExt;
/// let draw = |seed, index| stream::of(seed, index).random::<u64>();
/// assert_eq!(draw(7, 3), draw(7, 3));
/// assert_ne!(draw(7, 3), draw(7, 4));
/// assert_ne!(draw(7, 3), draw(8, 3));
/// ```
#[must_use]
pub fn of(seed: u64, index: u64) -> Stream {
    let high = derive(seed, index.wrapping_mul(2));
    let low = derive(seed, index.wrapping_mul(2).wrapping_add(1));
    Stream::new((u128::from(high) << 64) | u128::from(low))
}

/// A seed for a part of a run, independent of the seeds of its other parts.
///
/// The finaliser of `SplitMix64` (Steele, Lea and Flood 2014) applied twice, so that
/// neighbouring seeds and neighbouring parts are unrelated.
#[must_use]
pub fn derive(seed: u64, part: u64) -> u64 {
    finalise(finalise(seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_add(finalise(part)))
}

const fn finalise(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

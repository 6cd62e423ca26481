//! Random streams for everything but the bath: initial parameters, shuffles, draws of examples.
//!
//! A stream depends on nothing but its own seed and index, so results are the same for
//! every number of threads, every split into batches and every resume point. There is no
//! global generator. The noise of the bath has streams of its own, one for each chain
//! ([`overdamped_kernel::noise`]).

pub use overdamped_kernel::noise::derive;
use rand_pcg::Pcg64Mcg;

/// The generator of one shuffle or initialisation: PCG-64 (multiplicative).
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

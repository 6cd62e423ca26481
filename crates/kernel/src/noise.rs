//! The noise of a bath: one stream of standard normals for each chain.
//!
//! **Format 1**, which a seed's bits rest on:
//!
//! 1. Chain `c` of a run with seed `s` owns an xoshiro128++ generator (Blackman and Vigna
//!    2021) whose four words are the halves of `mix(2c)` and `mix(2c + 1)`, lower half first, where
//!    `mix(i) = f(f(s ^ g) + f(i))`, f(i) is the output of `SplitMix64` from state i (add g, then
//!    the finaliser) and g = 0x9e3779b97f4a7c15. Should all four be zero, the first is 1.
//! 2. Each step of the dynamics takes two words a, b for each pair of units (0, 1), (2, 3), ...; the
//!    second normal of a last single unit is dropped. Where steps share draws, one more set of draws
//!    comes before the first step; a motion without noise takes none.
//! 3. The radius is sqrt(-2 ln u), u = (floor(a / 2) + 1/2) / 2^31. Bits 7 to 29 of b, as a number k,
//!    give the angle (k / 2^23 - 1/2) / 4 of a turn; the highest bit turns the cosine's sign and the next
//!    one swaps cosine and sine. The first unit gets radius times cosine, the second
//!    radius times sine (Box and Muller 1958).
//! 4. All arithmetic is single precision with the functions of the module `math`,
//!    so that floor(a / 2) and its sum with 1/2 are rounded to 24 bits each.
//!
//! Chains are told apart up to 2^63. The largest normal is 6.66. A chain's numbers depend on nothing but seed and chain: not on its
//! neighbours, its block, the thread, the path or the machine.

use serde::{Deserialize, Serialize};

use crate::math;
use crate::simd::{Chunk, Kernel, LANES, Lanes, Lanes32, Path, Real, Words};

/// The generators of sixteen neighbouring chains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streams {
    words: [Chunk<u32>; 4],
}

impl Streams {
    /// The streams of chains `first`, `first + 1`, ... of a run with this seed.
    #[must_use]
    pub fn new(seed: u64, first: u64) -> Self {
        let mut words = [Chunk([0; LANES]); 4];
        for lane in 0..LANES {
            let chain = first.wrapping_add(lane as u64);
            for (word, value) in words.iter_mut().zip(seed_words(seed, chain)) {
                word.0[lane] = value;
            }
        }
        Self { words }
    }

    /// The generator of one of the chains.
    ///
    /// # Panics
    /// If `lane` is not below [`LANES`].
    #[must_use]
    pub fn state(&self, lane: usize) -> [u32; 4] {
        std::array::from_fn(|word| self.words[word].0[lane])
    }

    /// Puts the generator of one of the chains back; all zeros, from which it could
    /// not go on, become [1, 0, 0, 0].
    ///
    /// # Panics
    /// If `lane` is not below [`LANES`].
    pub fn set_state(&mut self, lane: usize, state: [u32; 4]) {
        let state = if state == [0; 4] { [1, 0, 0, 0] } else { state };
        for (word, value) in self.words.iter_mut().zip(state) {
            word.0[lane] = value;
        }
    }

    /// Whether no generator is all zeros, from where it could not go on.
    pub(crate) fn is_alive(&self) -> bool {
        (0..LANES).all(|lane| self.state(lane) != [0; 4])
    }

    /// The normals of one step: `noise[unit]` for each of the sixteen chains.
    ///
    /// ```
    /// use overdamped_kernel::{Chunk, Path, Streams};
    /// let mut streams = Streams::new(1, 0);
    /// let mut noise = vec![Chunk::<f32>::default(); 3];
    /// streams.fill(Path::best(), &mut noise);
    /// assert!(noise.iter().flat_map(|unit| unit.0).all(|z| z.abs() < 6.67));
    /// ```
    pub fn fill<T: Real>(&mut self, path: Path, noise: &mut [Chunk<T>]) {
        let fill = Fill {
            streams: self,
            noise,
        };
        T::fill(path, fill);
    }
}

/// The four words of a chain's generator; never all zero.
fn seed_words(seed: u64, chain: u64) -> [u32; 4] {
    let [low, high] = [0, 1].map(|half| derive(seed, chain.wrapping_mul(2).wrapping_add(half)));
    let split = |word: u64| [word as u32, (word >> 32) as u32];
    let ([a, b], [c, d]) = (split(low), split(high));
    // All zeros is the one state that xoshiro never leaves.
    if low == 0 && high == 0 {
        [1, 0, 0, 0]
    } else {
        [a, b, c, d]
    }
}

/// A seed for part number `part` of a run with this seed, unrelated to those of its other parts.
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

/// Streams, and where their next normals go.
pub struct Fill<'a, T> {
    streams: &'a mut Streams,
    noise: &'a mut [Chunk<T>],
}

impl<T: Real> Kernel for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<N: Lanes32>(self) {
        let mut generator = Generator::<N>::load(self.streams);
        for pair in self.noise.chunks_mut(2) {
            let (first, second) = normals::<N>(generator.words());
            T::Lanes::<N>::of_noise(first).store(&mut pair[0]);
            if let Some(last) = pair.get_mut(1) {
                T::Lanes::<N>::of_noise(second).store(last);
            }
        }
        generator.save(self.streams);
    }
}

/// Sixteen generators in registers.
#[derive(Clone, Copy)]
pub(crate) struct Generator<N: Lanes32>([N::Words; 4]);

impl<N: Lanes32> Generator<N> {
    #[inline(always)]
    pub(crate) fn load(streams: &Streams) -> Self {
        let [a, b, c, d] = &streams.words;
        Self([
            N::Words::load(a),
            N::Words::load(b),
            N::Words::load(c),
            N::Words::load(d),
        ])
    }

    #[inline(always)]
    pub(crate) fn save(&self, streams: &mut Streams) {
        for (word, chunk) in self.0.into_iter().zip(&mut streams.words) {
            word.store(chunk);
        }
    }

    /// The next word of each generator.
    #[inline(always)]
    fn next(&mut self) -> N::Words {
        let [mut a, mut b, mut c, mut d] = self.0;
        let word = a.add(d).rotate::<7>().add(a);
        let shifted = b.shl::<9>();
        c = c.xor(a);
        d = d.xor(b);
        b = b.xor(c);
        a = a.xor(d);
        c = c.xor(shifted);
        d = d.rotate::<11>();
        self.0 = [a, b, c, d];
        word
    }

    /// The two words of a pair of normals.
    #[inline(always)]
    pub(crate) fn words(&mut self) -> [N::Words; 2] {
        [self.next(), self.next()]
    }
}

/// Two independent standard normals for each chain, from two words.
#[inline(always)]
pub(crate) fn normals<N: Lanes32>([a, b]: [N::Words; 2]) -> (N, N) {
    let radius = math::squared_radius::<N>(a.shr::<1>()).sqrt();
    let (sine, cosine) = math::sin_cos_eighth::<N>(b.shl::<2>().shr::<9>());
    let sign = b.and(N::Words::splat(0x8000_0000));
    let cosine = N::from_bits(cosine.to_bits().xor(sign));
    let swap = b.shl::<1>();
    let first = sine.where_negative(swap, cosine);
    let second = cosine.where_negative(swap, sine);
    (radius.mul(first), radius.mul(second))
}

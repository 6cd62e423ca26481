//! Format 1 of the noise, written a second time: a scalar generator from the published
//! algorithm, the seeding, and the normals in double precision with the standard library.
//!
//! What fails here changes the numbers of every seed: it is value-breaking.

#[path = "support/fnv.rs"]
mod fnv;

use std::f64::consts::FRAC_PI_2;

use overdamped_kernel::{Chunk, LANES, Path, Real, Streams};

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// xoshiro128++ 1.0 (Blackman and Vigna 2021), one generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Xoshiro([u32; 4]);

impl Xoshiro {
    /// The generator that the format gives to a chain.
    fn seeded(seed: u64, chain: u64) -> Self {
        let mix = |part: u64| split_mix(split_mix(seed ^ GOLDEN).wrapping_add(split_mix(part)));
        let [low, high] = [mix(2 * chain), mix(2 * chain + 1)];
        Self([low, low >> 32, high, high >> 32].map(|word| word as u32))
    }

    fn next(&mut self) -> u32 {
        let s = &mut self.0;
        let word = s[0].wrapping_add(s[3]).rotate_left(7).wrapping_add(s[0]);
        let t = s[1] << 9;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(11);
        word
    }

    /// The state whose next two words are `a` and `b`: the two output functions, solved for the
    /// state. `w` is the first word of the state after the first draw, free to choose.
    fn about_to_give(a: u32, b: u32, w: u32) -> Self {
        let unscramble = |word: u32, first: u32| {
            let sum = word.wrapping_sub(first).rotate_right(7);
            sum.wrapping_sub(first)
        };
        let y = unscramble(b, w).rotate_right(11);
        let first = w ^ y;
        let last = unscramble(a, first);
        Self([first, last ^ y, 0x0123_4567, last])
    }
}

/// The output of `SplitMix64` in this state (Steele, Lea and Flood 2014): increment and finaliser.
fn split_mix(state: u64) -> u64 {
    let z = state.wrapping_add(GOLDEN);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A pair of normals, and the radius of both.
struct Pair {
    normals: [f64; 2],
    radius: f64,
}

/// The normals of two words, in double precision.
fn normals_of(a: u32, b: u32) -> Pair {
    let uniform = (f64::from(a >> 1) + 0.5) / f64::from(1_u32 << 31);
    let radius = (-2.0 * uniform.ln()).sqrt();
    // Twenty-three bits give an eighth of a turn to either side.
    let share = f64::from(b >> 7 & 0x7f_ffff) / f64::from(1_u32 << 23) - 0.5;
    let (sine, mut cosine) = (share * FRAC_PI_2).sin_cos();
    if b >> 31 == 1 {
        cosine = -cosine;
    }
    let swapped = b >> 30 & 1 == 1;
    let [first, second] = if swapped {
        [sine, cosine]
    } else {
        [cosine, sine]
    };
    Pair {
        normals: [radius * first, radius * second],
        radius,
    }
}

/// Error of a normal in units of its tolerance: 2^-23 (2 r + 1 / (2 r)) at radius r.
///
/// The first part is the rounding of radius, sine or cosine, and their product, two units in the
/// last place in all; the second is what the rounding of u, by 2^-25 at u near one, makes of
/// r = sqrt(-2 ln u): small radii are coarse.
fn relative_error(found: f32, exact: f64, radius: f64) -> f64 {
    let tolerance = (2.0 * radius + 0.5 / radius) / f64::from(1_u32 << 23);
    (f64::from(found) - exact).abs() / tolerance
}

/// The normals of so many units in one step.
fn filled<T: Real>(streams: &mut Streams, path: Path, units: usize) -> Vec<Chunk<T>> {
    let mut noise = vec![Chunk::<T>::default(); units];
    streams.fill(path, &mut noise);
    noise
}

#[test]
fn the_scalar_generator_gives_the_published_words() {
    // Reference vector of the authors' C code from state 1, 2, 3, 4, as in rand_xoshiro.
    let mut generator = Xoshiro([1, 2, 3, 4]);
    let words: [u32; 10] = std::array::from_fn(|_| generator.next());
    let published = [
        641,
        1_573_767,
        3_222_811_527,
        3_517_856_514,
        836_907_274,
        4_247_214_768,
        3_867_114_732,
        1_355_841_295,
        495_546_011,
        621_204_420,
    ];
    assert_eq!(words, published);
}

#[test]
fn a_chosen_state_gives_the_chosen_words() {
    for (a, b) in [(0, 0), (1, u32::MAX), (0xdead_beef, 0x8000_0001)] {
        let mut generator = Xoshiro::about_to_give(a, b, 0x1357_9bdf);
        assert_eq!([generator.next(), generator.next()], [a, b]);
    }
}

#[test]
fn every_lane_moves_by_two_words_for_each_pair_of_units() {
    for path in Path::available() {
        let mut streams = Streams::new(7, 0);
        let mut scalar: [_; LANES] = std::array::from_fn(|lane| Xoshiro(streams.state(lane)));
        streams.set_state(3, [1, 2, 3, 4]);
        scalar[3] = Xoshiro([1, 2, 3, 4]);
        for units in [1, 2, 3, 8] {
            filled::<f32>(&mut streams, path, units);
            for (lane, generator) in scalar.iter_mut().enumerate() {
                for _ in 0..2 * units.div_ceil(2) {
                    generator.next();
                }
                assert_eq!(streams.state(lane), generator.0, "{path}, lane {lane}");
            }
        }
    }
}

#[test]
fn chains_are_seeded_as_the_format_says() {
    for seed in [0, 1, 2, GOLDEN, u64::MAX] {
        for first in [0, 5, 16, 1 << 40] {
            let streams = Streams::new(seed, first);
            for lane in 0..LANES {
                let chain = first + lane as u64;
                assert_eq!(streams.state(lane), Xoshiro::seeded(seed, chain).0);
            }
        }
    }
}

#[test]
fn normals_agree_with_double_precision() {
    let steps = 2000;
    for path in Path::available() {
        let mut streams = Streams::new(20, 0);
        let mut scalar: [_; LANES] = std::array::from_fn(|lane| Xoshiro(streams.state(lane)));
        let mut worst = 0.0_f64;
        for _ in 0..steps {
            let noise: Vec<Chunk<f32>> = filled(&mut streams, path, 10);
            for pair in noise.as_chunks::<2>().0 {
                for (lane, generator) in scalar.iter_mut().enumerate() {
                    let exact = normals_of(generator.next(), generator.next());
                    for (found, normal) in pair.iter().zip(exact.normals) {
                        let error = relative_error(found.0[lane], normal, exact.radius);
                        worst = worst.max(error);
                    }
                }
            }
        }
        println!("{path}: largest error {worst:.3} of the tolerance");
        // A tolerance far too wide would hide a wrong bit of the angle or radius.
        assert!((0.2..1.0).contains(&worst), "{path}: {worst}");
    }
}

#[test]
fn words_at_the_edges_give_what_the_format_says() {
    let radii = [0, 1, 2, 3, 255, 1 << 30, 1 << 31, u32::MAX - 256, u32::MAX];
    // Around no angle, and around an eighth of a turn to either side, in each octant.
    let angles = [0, 1, 0x1fff_ffff, 0x2000_0000, 0x2000_0001, 0x3fff_ffff];
    for path in Path::available() {
        for a in radii {
            for b in angles
                .iter()
                .flat_map(|b| (0..4).map(move |octant| b | octant << 30))
            {
                let mut streams = Streams::new(1, 0);
                for lane in 0..LANES {
                    let state = Xoshiro::about_to_give(a, b, 0x9e37 * lane as u32 + 1);
                    streams.set_state(lane, state.0);
                }
                let noise: Vec<Chunk<f32>> = filled(&mut streams, path, 2);
                let exact = normals_of(a, b);
                for (unit, normal) in noise.iter().zip(exact.normals) {
                    for &found in &unit.0 {
                        let error = relative_error(found, normal, exact.radius);
                        assert!(error < 1.0, "{path}, {a:x} {b:x}: {found} for {normal}");
                        assert!(found.abs() < 6.6605);
                    }
                }
            }
        }
    }
}

#[test]
fn the_four_quarters_are_in_their_place() {
    // No angle: the whole radius goes to one of the units, with one of the signs.
    let axes = [
        (0, [1.0, 0.0]),
        (2, [-1.0, 0.0]),
        (1, [0.0, 1.0]),
        (3, [0.0, -1.0]),
    ];
    let a = 1_u32 << 31;
    let radius = (2.0 * std::f64::consts::LN_2).sqrt();
    for (top, direction) in axes {
        let mut streams = Streams::new(1, 0);
        streams.set_state(0, Xoshiro::about_to_give(a, top << 30 | 1 << 29, 1).0);
        let noise: Vec<Chunk<f64>> = filled(&mut streams, Path::best(), 2);
        for (unit, part) in noise.iter().zip(direction) {
            assert!((unit.0[0] - part * radius).abs() < 3e-7, "{top}: {noise:?}");
        }
    }
}

#[test]
fn the_first_hundred_thousand_normals_keep_their_bits() {
    let pinned = [
        ((0, 0), 1_723_545_498_946_536_889),
        ((1, 5), 5_217_818_451_913_314_945),
        ((u64::MAX, 1 << 40), 17_623_278_582_349_979_291),
    ];
    for path in Path::available() {
        let found = pinned.map(|((seed, chain), _)| {
            let mut streams = Streams::new(seed, chain);
            let noise: Vec<Chunk<f32>> = filled(&mut streams, path, 100_000);
            (
                (seed, chain),
                fnv::digest(noise.iter().map(|unit| unit.0[0].to_bits())),
            )
        });
        assert_eq!(
            found, pinned,
            "{path}: the noise format has changed ({found:?})"
        );
    }
}

#[test]
fn a_chain_does_not_depend_on_its_neighbours() {
    for path in Path::available() {
        let apart: Vec<Chunk<f32>> = filled(&mut Streams::new(9, 5), path, 64);
        let mut together = Streams::new(9, 0);
        for lane in (0..LANES).filter(|&lane| lane != 5) {
            together.set_state(lane, [lane as u32, 1, 2, 3]);
        }
        let together: Vec<Chunk<f32>> = filled(&mut together, path, 64);
        for (apart, together) in apart.iter().zip(&together) {
            assert_eq!(apart.0[0].to_bits(), together.0[5].to_bits());
        }
    }
}

#[test]
fn double_precision_gets_the_same_noise() {
    for path in Path::available() {
        let narrow: Vec<Chunk<f32>> = filled(&mut Streams::new(4, 0), path, 33);
        let wide: Vec<Chunk<f64>> = filled(&mut Streams::new(4, 0), path, 33);
        for (narrow, wide) in narrow.iter().zip(&wide) {
            assert_eq!(narrow.0.map(f64::from), wide.0, "{path}");
        }
    }
}

#[test]
fn a_stream_that_was_put_back_goes_on_where_it_was() {
    for path in Path::available() {
        let mut streams = Streams::new(3, 32);
        filled::<f32>(&mut streams, path, 7);
        let mut resumed = Streams::new(99, 0);
        for lane in 0..LANES {
            resumed.set_state(lane, streams.state(lane));
        }
        assert_eq!(resumed, streams);
        let (on, again): (Vec<Chunk<f32>>, Vec<Chunk<f32>>) =
            (filled(&mut streams, path, 6), filled(&mut resumed, path, 6));
        assert_eq!(on, again, "{path}");
        assert_eq!(resumed, streams);
    }
}

#[test]
fn the_second_normal_of_a_single_unit_is_dropped() {
    for path in Path::available() {
        let (mut odd, mut even) = (Streams::new(8, 0), Streams::new(8, 0));
        for units in [1, 3, 7] {
            let whole: Vec<Chunk<f32>> = filled(&mut even, path, units + 1);
            let part: Vec<Chunk<f32>> = filled(&mut odd, path, units);
            assert_eq!(part, whole[..units], "{path}");
            assert_eq!(odd, even, "{path}");
        }
    }
}

#[test]
fn neighbouring_seeds_and_chains_share_no_words() {
    let mut words: Vec<u32> = (0..64)
        .flat_map(|seed| (0..64).flat_map(move |chain| Xoshiro::seeded(seed, chain * 16).0))
        .collect();
    let drawn = words.len();
    words.sort_unstable();
    words.dedup();
    // 16 384 random words collide 0.03 times on average; three times with a chance of 5e-6.
    assert!(drawn - words.len() < 3);
    assert_ne!(Streams::new(0, 1), Streams::new(1, 0));
}

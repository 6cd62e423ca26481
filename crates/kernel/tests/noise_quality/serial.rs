//! What normals have to do with each other: across steps, units, chains and seeds.

use std::iter::zip;

use overdamped_kernel::{Chunk, LANES, Path, Streams};

use crate::special::chi_square_tail;

/// Units in a step.
const UNITS: usize = 64;
/// Longest lag between steps.
pub const LAGS: usize = 8;

/// The draws of one step, and (z^2 - 1) / sqrt 2, which has mean zero and variance one too.
#[derive(Clone)]
struct Step {
    draws: Vec<Chunk<f32>>,
    squares: Vec<Chunk<f32>>,
}

impl Step {
    fn of(draws: Vec<Chunk<f32>>) -> Self {
        let square = |z: f32| (z * z - 1.0) * std::f32::consts::FRAC_1_SQRT_2;
        let squares = draws.iter().map(|unit| Chunk(unit.0.map(square))).collect();
        Self { draws, squares }
    }

    fn drawn(streams: &mut Streams) -> Self {
        let mut draws = vec![Chunk::default(); UNITS];
        streams.fill(Path::best(), &mut draws);
        Self::of(draws)
    }

    fn kinds(&self) -> [&[Chunk<f32>]; 2] {
        [&self.draws, &self.squares]
    }
}

/// Sum of the products of these pairs; sixty-four at most are summed in single precision.
fn dot<'a>(pairs: impl Iterator<Item = (&'a Chunk<f32>, &'a Chunk<f32>)>) -> f64 {
    let mut sums = [0.0_f32; LANES];
    for (a, b) in pairs {
        for ((sum, a), b) in sums.iter_mut().zip(a.0).zip(b.0) {
            *sum += a * b;
        }
    }
    sums.into_iter().map(f64::from).sum()
}

/// A sum of products of independent numbers with mean zero and variance one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Correlation {
    sum: f64,
    terms: f64,
}

impl Correlation {
    fn book(&mut self, sum: f64, terms: usize) {
        self.sum += sum;
        self.terms += terms as f64;
    }

    /// Its size in standard errors: the products have variance one and are uncorrelated.
    pub fn z(self) -> f64 {
        self.sum / self.terms.sqrt()
    }
}

/// All correlations, of the draws first and of their squares second.
#[derive(Debug, Default)]
pub struct Correlations {
    /// Of a unit with itself, 1, 2, ... steps ago.
    pub lags: [[Correlation; 2]; LAGS],
    /// Between the two units of a pair.
    pub within_pairs: [Correlation; 2],
    /// Between the second unit of a pair and the first of the next.
    pub between_pairs: [Correlation; 2],
    /// Between neighbouring chains, the last being a neighbour of the first.
    pub chains: [Correlation; 2],
    /// Between the same chains of neighbouring seeds.
    pub seeds: [Correlation; 2],
    /// How often a pair fell into each of the eight octants of the plane.
    octants: [u64; 8],
}

impl Correlations {
    /// Of at least `n` normals of seeds `seed` and `seed + 1`; each draw gets `echo` times that
    /// of the step before added.
    pub fn of_seed(seed: u64, n: u64, echo: f32) -> Self {
        let (mut streams, mut next_seed) = (Streams::new(seed, 0), Streams::new(seed + 1, 0));
        let mut past = vec![Step::drawn(&mut streams); LAGS];
        for step in past.iter_mut().skip(1) {
            *step = Step::drawn(&mut streams);
        }
        let mut found = Self::default();
        for index in 0..n.div_ceil((UNITS * LANES) as u64) as usize {
            let mut now = Step::drawn(&mut streams);
            let before = |lag: usize| (index + LAGS - lag) % LAGS;
            if echo != 0.0 {
                for (z, old) in zip(&mut now.draws, &past[before(1)].draws) {
                    z.0 = std::array::from_fn(|lane| z.0[lane] + echo * old.0[lane]);
                }
                now = Step::of(now.draws);
            }
            for (kind, now) in now.kinds().into_iter().enumerate() {
                for (lag, correlation) in (1..).zip(&mut found.lags) {
                    let old = past[before(lag)].kinds()[kind];
                    correlation[kind].book(dot(zip(now, old)), UNITS * LANES);
                }
                found.book_units(kind, now);
            }
            found.book_octants(&now.draws);
            let other = Step::drawn(&mut next_seed);
            for (kind, (now, other)) in zip(now.kinds(), other.kinds()).enumerate() {
                found.seeds[kind].book(dot(zip(now, other)), UNITS * LANES);
            }
            past[index % LAGS] = now;
        }
        found
    }

    fn book_units(&mut self, kind: usize, units: &[Chunk<f32>]) {
        let pairs = units.as_chunks::<2>().0;
        let within = dot(pairs.iter().map(|[first, second]| (first, second)));
        self.within_pairs[kind].book(within, pairs.len() * LANES);
        let between = dot(pairs.windows(2).map(|next| (&next[0][1], &next[1][0])));
        self.between_pairs[kind].book(between, (pairs.len() - 1) * LANES);
        let turned: Vec<_> = units.iter().map(|unit| turn(*unit)).collect();
        self.chains[kind].book(dot(zip(units, &turned)), units.len() * LANES);
    }

    fn book_octants(&mut self, units: &[Chunk<f32>]) {
        for [first, second] in units.as_chunks::<2>().0 {
            for (x, y) in zip(first.0, second.0) {
                let bits = [x < 0.0, y < 0.0, x.abs() < y.abs()].map(usize::from);
                self.octants[4 * bits[0] + 2 * bits[1] + bits[2]] += 1;
            }
        }
    }

    /// Probability of a chi-square over the octants above and below the one found.
    pub fn octants_p(&self) -> [f64; 2] {
        let expected = self.octants.iter().sum::<u64>() as f64 / 8.0;
        let squares = self.octants.map(|count| (count as f64 - expected).powi(2));
        let above = chi_square_tail(7, squares.iter().sum::<f64>() / expected);
        [above, 1.0 - above]
    }

    /// Every correlation with its name, in standard errors.
    pub fn named(&self) -> Vec<(String, f64)> {
        let lags = (1..).zip(&self.lags);
        let lags = lags.map(|(lag, pair)| (format!("lag {lag}"), pair));
        let others = [
            ("within pairs", &self.within_pairs),
            ("between pairs", &self.between_pairs),
            ("neighbouring chains", &self.chains),
            ("neighbouring seeds", &self.seeds),
        ];
        let others = others.map(|(name, pair)| (name.to_owned(), pair));
        lags.chain(others)
            .flat_map(|(name, pair)| {
                let squares = format!("{name}, squares");
                [(name, pair[0].z()), (squares, pair[1].z())]
            })
            .collect()
    }
}

/// Each lane gets what its neighbour had.
fn turn(mut unit: Chunk<f32>) -> Chunk<f32> {
    unit.0.rotate_left(1);
    unit
}

//! The distribution of single normals: a fine histogram, from which moments, tails and
//! chi-square all follow.

use overdamped_kernel::{Chunk, Path, Streams};

use crate::special::{chi_square_tail, cumulative, upper_tail};

/// Cells to one: fine enough that what they do to moments (1/12 of a cell's square for the second) is below a
/// hundredth of its standard error even at n = 4e9, and whole numbers are edges.
const CELLS: usize = 512;
/// Beyond the largest normal.
const END: usize = 7;
/// Bins of chi-square: expected counts are equal but for the cells' width.
const BINS: usize = 201;

/// How often each cell was hit.
pub struct Histogram {
    counts: Vec<u64>,
}

impl Histogram {
    pub fn new() -> Self {
        Self {
            counts: vec![0; 2 * END * CELLS],
        }
    }

    pub fn count(&mut self, z: f64) {
        // A normal beyond the end would be a fault of its own, and panics here.
        self.counts[((z + END as f64) * CELLS as f64) as usize] += 1;
    }

    /// At least `n` normals of the sixteen chains of a seed, changed by `change`.
    pub fn of_seed(seed: u64, n: u64, change: impl Fn(f64) -> f64) -> Self {
        let mut noise = vec![Chunk::<f32>::default(); 512];
        let mut streams = Streams::new(seed, 0);
        let mut histogram = Self::new();
        for _ in 0..n.div_ceil(512 * 16) {
            streams.fill(Path::best(), &mut noise);
            for &z in noise.iter().flat_map(|unit| &unit.0) {
                histogram.count(change(f64::from(z)));
            }
        }
        histogram
    }

    fn n(&self) -> f64 {
        self.counts.iter().sum::<u64>() as f64
    }

    /// The lower edge of a cell.
    fn edge(cell: usize) -> f64 {
        cell as f64 / CELLS as f64 - END as f64
    }

    /// Deviation of the moment of an order from that of the standard normal, in standard errors.
    pub fn moment_z(&self, order: i32) -> f64 {
        let cells = self.counts.iter().enumerate();
        let sum: f64 = cells
            .map(|(cell, &count)| {
                count as f64 * (Self::edge(cell) + 0.5 / CELLS as f64).powi(order)
            })
            .sum();
        let exact = normal_moment(order);
        let variance = normal_moment(2 * order) - exact * exact;
        (sum / self.n() - exact) / (variance / self.n()).sqrt()
    }

    /// Deviations of the counts below -x and above x from what the normal has there, in standard
    /// errors.
    pub fn tail_z(&self, x: usize) -> [f64; 2] {
        let edges = [(END - x) * CELLS, (END + x) * CELLS];
        let (below, above) = (&self.counts[..edges[0]], &self.counts[edges[1]..]);
        let p = upper_tail(x as f64);
        let (expected, error) = (self.n() * p, (self.n() * p * (1.0 - p)).sqrt());
        [below, above].map(|tail| (tail.iter().sum::<u64>() as f64 - expected) / error)
    }

    /// Probability of a chi-square above and below the one found.
    pub fn chi_square_p(&self) -> [f64; 2] {
        let last = self.counts.len();
        let mut edges = vec![0];
        for bin in 1..BINS {
            let wanted = bin as f64 / BINS as f64;
            let cells = edges[bin - 1] + 1..last;
            edges.extend(
                cells
                    .into_iter()
                    .find(|&cell| cumulative(Self::edge(cell)) >= wanted),
            );
        }
        edges.push(last);
        let statistic: f64 = edges
            .windows(2)
            .map(|range| {
                let count = self.counts[range[0]..range[1]].iter().sum::<u64>() as f64;
                let below = |cell| {
                    if cell == last {
                        1.0
                    } else {
                        cumulative(Self::edge(cell))
                    }
                };
                let low = if range[0] == 0 { 0.0 } else { below(range[0]) };
                let expected = self.n() * (below(range[1]) - low);
                (count - expected).powi(2) / expected
            })
            .sum();
        let above = chi_square_tail(edges.len() - 2, statistic);
        [above, 1.0 - above]
    }
}

/// E z^order: the product of the odd numbers below an even order.
fn normal_moment(order: i32) -> f64 {
    if order % 2 == 1 {
        return 0.0;
    }
    (1..order).step_by(2).map(f64::from).product()
}

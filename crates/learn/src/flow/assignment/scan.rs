//! The two loops over a row of costs in which the solver spends its time, free of branches so that they
//! vectorise.
//!
//! Lengths are multiples of [`LANES`]; slacks are c(j) - v(j) in `f64`. A scan finds the least *value*, lane
//! by lane; where it stands is looked up afterwards, by the same arithmetic and thus the same bits.

use std::array;

use overdamped_energy::Scalar;

/// Columns taken at once.
pub(super) const LANES: usize = 8;

/// The least slack of a row, where it is, and the least of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TwoSmallest {
    pub(super) column: usize,
    pub(super) smallest: f64,
    pub(super) second: f64,
}

/// A single instruction, which `f64::min` with its rule for NaN is not.
#[inline(always)]
fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline(always)]
fn greater(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The two least slacks of a row, the first of its columns for the least one.
pub(super) fn two_smallest<T: Scalar>(costs: &[T], potentials: &[f64]) -> TwoSmallest {
    let mut smallest = [f64::INFINITY; LANES];
    let mut second = [f64::INFINITY; LANES];
    let chunks = costs.as_chunks::<LANES>().0.iter();
    for (costs, potentials) in chunks.zip(potentials.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            let slack = costs[lane].wide() - potentials[lane];
            second[lane] = lesser(second[lane], greater(slack, smallest[lane]));
            smallest[lane] = lesser(slack, smallest[lane]);
        }
    }
    let (mut least, mut next) = (f64::INFINITY, f64::INFINITY);
    for slack in smallest.into_iter().chain(second) {
        next = lesser(next, greater(slack, least));
        least = lesser(slack, least);
    }
    TwoSmallest {
        column: position(costs, potentials, least, 0),
        smallest: least,
        second: next,
    }
}

/// Where the second least slack of a row is, if it equals the least.
pub(super) fn another_at<T: Scalar>(costs: &[T], potentials: &[f64], best: &TwoSmallest) -> usize {
    position(costs, potentials, best.second, best.column + 1)
}

/// The first column from `from` on of which the slack is `value`, known to be among them.
fn position<T: Scalar>(costs: &[T], potentials: &[f64], value: f64, from: usize) -> usize {
    let (costs, potentials) = (&costs[from..], &potentials[from..]);
    let mut chunks = costs.as_chunks::<LANES>().0.iter();
    let mut others = potentials.as_chunks::<LANES>().0.iter();
    let mut start = 0;
    // All lanes are compared before one is looked for.
    while let (Some(costs), Some(potentials)) = (chunks.next(), others.next()) {
        let hits: [bool; LANES] =
            array::from_fn(|lane| costs[lane].wide() - potentials[lane] == value);
        if hits.into_iter().fold(false, |any, hit| any | hit) {
            break;
        }
        start += LANES;
    }
    let mut slacks = costs[start..].iter().zip(&potentials[start..]);
    let found = slacks.position(|(cost, potential)| cost.wide() - potential == value);
    from + start + found.unwrap_or(0)
}

/// Shortens `distances` to [`path`] where that is nearer; returns the first column of least distance,
/// and that distance.
pub(super) fn relax<T: Scalar>(
    costs: &[T],
    potentials: &[f64],
    offset: f64,
    distances: &mut [f64],
) -> (usize, f64) {
    let (mut nearest, mut start) = (f64::INFINITY, 0);
    let terms = costs.as_chunks::<LANES>().0.iter();
    let terms = terms.zip(potentials.as_chunks::<LANES>().0);
    let distances_by_chunk = distances.as_chunks_mut::<LANES>().0.iter_mut();
    for (chunk, ((costs, potentials), distances)) in terms.zip(distances_by_chunk).enumerate() {
        for lane in 0..LANES {
            let path = path(offset, costs[lane], potentials[lane]);
            distances[lane] = lesser(path, distances[lane]);
        }
        // As a tree: one after another, the comparisons would wait for each other.
        let pairs: [f64; 4] = array::from_fn(|k| lesser(distances[k], distances[k + 4]));
        let least = lesser(lesser(pairs[0], pairs[2]), lesser(pairs[1], pairs[3]));
        if least < nearest {
            (nearest, start) = (least, chunk * LANES);
        }
    }
    let mut lanes = distances[start..].iter();
    let lane = lanes.position(|&distance| distance == nearest);
    (start + lane.unwrap_or(0), nearest)
}

/// Length of a path that goes on by this cost: always the same bits for the same numbers, so that the row
/// before a column is known by the length.
#[inline(always)]
pub(super) fn path<T: Scalar>(offset: f64, cost: T, potential: f64) -> f64 {
    offset + (cost.wide() - potential)
}

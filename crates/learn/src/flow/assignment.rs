//! Exact linear assignment: which column for which row, at the least total cost.
//!
//! minimise sum_i c(i, pi(i)) over permutations pi, by shortest augmenting paths with dual potentials
//! (R. Jonker, A. Volgenant, Computing 38, 325, 1987; D. F. Crouse, IEEE Trans. Aerosp. Electron.
//! Syst. 52, 1679, 2016). Throughout, the potentials v of the columns keep every matched row at a
//! column of least slack c(i, j) - v(j); that makes the final matching optimal, and
//! u(i) = min_j c(i, j) - v(j) proves it.
//!
//! 1. *Column reduction*: v(j) is the least cost of the column, matched to its row where that is free.
//! 2. *Reduction transfer*: a matched row lowers its column's potential by its gap to the second best,
//!    so that its column is dear to others.
//! 3. *Augmenting row reduction*, twice: a free row bids for its best column by the same gap, and who
//!    held the column bids next.
//! 4. *Augmentation*: Dijkstra's search over slacks, from each row still free to the nearest free column.
//!
//! The first two cost O(n^2) and leave about a half of the rows free; a pass of the third costs O(n) for
//! each bid, of which there are O(n), and leaves few; the last costs O(n^2) for each of these.

mod scan;
#[cfg(test)]
mod tests;

use std::mem;

use faer::MatRef;
use overdamped_energy::Scalar;

use self::scan::{LANES, another_at, path, relax, two_smallest};
use crate::LearnError;

/// Largest size of a cost: potentials are sums of costs, up to some for each row, and must stay finite.
const LARGEST_COST: f64 = 1e290;
/// Passes of row reduction, and the bids of a pass for each row. Two passes are customary; the bound keeps
/// rows that outbid each other by very little from going on and on.
const PASSES: usize = 2;
const BIDS: usize = 4;
/// In place of the partner of a row or column that has none as yet.
const FREE: usize = usize::MAX;

/// An optimal assignment, and the potentials that prove it.
///
/// For all pairs c(i, j) >= u(i) + v(j), with equality on the matched ones, both to rounding: no
/// permutation can cost less than the sum of all potentials, and this one costs that much.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The column of each row: a permutation.
    pub columns: Vec<usize>,
    /// u(i), one for each row, in units of the costs.
    pub row_potentials: Vec<f64>,
    /// v(j), one for each column, in units of the costs.
    pub column_potentials: Vec<f64>,
}

/// The permutation of least total cost; `costs` is rows x columns, square, of any sign.
///
/// Takes O(n^3) at worst. With squared distances in 64 dimensions that is about a millisecond for n = 256.
/// Costs are read once, fastest where rows are contiguous (a transposed column-major matrix).
///
/// ```
/// let costs = faer::mat![[4.0, 1.0, 3.0], [2.0, 0.0, 5.0], [3.0, 2.0, 2.0]];
/// let plan = overdamped_learn::assign(costs.as_ref())?;
/// assert_eq!(plan.columns, [1, 0, 2]);
/// # Ok::<(), overdamped_learn::LearnError>(())
/// ```
///
/// # Errors
/// [`LearnError::UnbalancedAssignment`] if `costs` is not square, [`LearnError::UnusableCost`] if one is NaN,
/// infinite or beyond 1e290 in size.
pub fn assign<T: Scalar>(costs: MatRef<'_, T>) -> Result<Assignment, LearnError> {
    let mut matching = Matching::new(Rows::new(costs)?);
    matching.reduce_columns();
    matching.transfer_reductions();
    let mut free = matching.free_rows();
    for _ in 0..PASSES {
        free = matching.reduce_rows(&free);
    }
    let mut search = Search::new(&matching);
    for row in free {
        matching.augment(row, &mut search);
    }
    Ok(matching.finish())
}

/// The costs row by row, padded with infinite costs to whole groups of lanes, so that scans have no
/// remainder.
struct Rows<T> {
    count: usize,
    stride: usize,
    values: Vec<T>,
}

impl<T: Scalar> Rows<T> {
    fn new(costs: MatRef<'_, T>) -> Result<Self, LearnError> {
        let (rows, columns) = costs.shape();
        if rows != columns {
            return Err(LearnError::UnbalancedAssignment { rows, columns });
        }
        let stride = columns.next_multiple_of(LANES);
        let mut values = vec![T::of(f64::INFINITY); rows * stride];
        for row in 0..rows {
            let slots = values[row * stride..][..columns].iter_mut();
            for (column, (slot, &cost)) in slots.zip(costs.row(row).iter()).enumerate() {
                // False for NaN too.
                let usable = cost.wide().abs() <= LARGEST_COST;
                if !usable {
                    return Err(LearnError::UnusableCost {
                        row,
                        column,
                        value: cost.wide(),
                    });
                }
                *slot = cost;
            }
        }
        Ok(Self {
            count: rows,
            stride,
            values,
        })
    }

    fn row(&self, row: usize) -> &[T] {
        &self.values[row * self.stride..][..self.stride]
    }

    fn cost(&self, row: usize, column: usize) -> T {
        self.values[row * self.stride + column]
    }
}

/// A partial matching and the potentials of the columns.
struct Matching<T> {
    costs: Rows<T>,
    /// Column of each row, or [`FREE`].
    columns: Vec<usize>,
    /// Row of each column, or [`FREE`].
    rows: Vec<usize>,
    /// v, padded with zeros as rows are with infinite costs.
    potentials: Vec<f64>,
}

impl<T: Scalar> Matching<T> {
    fn new(costs: Rows<T>) -> Self {
        Self {
            columns: vec![FREE; costs.count],
            rows: vec![FREE; costs.count],
            potentials: vec![0.0; costs.stride],
            costs,
        }
    }

    /// Gives each column the potential of its least cost, and its row where that has no column yet.
    fn reduce_columns(&mut self) {
        let count = self.costs.count;
        let mut nearest = vec![0; count];
        self.potentials[..count].fill(f64::INFINITY);
        for row in 0..count {
            let least = self.potentials.iter_mut().zip(&mut nearest);
            for (&cost, (least, nearest)) in self.costs.row(row).iter().zip(least) {
                let closer = cost.wide() < *least;
                *least = if closer { cost.wide() } else { *least };
                *nearest = if closer { row } else { *nearest };
            }
        }
        for (column, row) in nearest.into_iter().enumerate() {
            if self.columns[row] == FREE {
                self.columns[row] = column;
                self.rows[column] = row;
            }
        }
    }

    /// Lowers the potential of each matched column by its row's gap to the second best column: none,
    /// where the row is the nearest of several columns.
    fn transfer_reductions(&mut self) {
        // With one column there is no second best, and the only row is matched.
        if self.costs.count < 2 {
            return;
        }
        for row in 0..self.costs.count {
            if self.columns[row] != FREE {
                let best = two_smallest(self.costs.row(row), &self.potentials);
                self.potentials[self.columns[row]] -= best.second - best.smallest;
            }
        }
    }

    fn free_rows(&self) -> Vec<usize> {
        let rows = 0..self.costs.count;
        rows.filter(|&row| self.columns[row] == FREE).collect()
    }

    /// Lets each of the rows `free` bid for its best column, and whoever it displaces after it. Returns
    /// the rows left free.
    fn reduce_rows(&mut self, free: &[usize]) -> Vec<usize> {
        let mut left = Vec::new();
        let mut bids = BIDS * self.costs.count;
        for &first in free {
            let mut row = first;
            loop {
                let best = two_smallest(self.costs.row(row), &self.potentials);
                let mut column = best.column;
                let lowered = self.potentials[column] - (best.second - best.smallest);
                // A gap can be zero, or vanish in rounding. Going on at an unchanged price
                // could then exchange the same two rows for ever.
                let outbids = lowered < self.potentials[column];
                if outbids {
                    self.potentials[column] = lowered;
                } else if self.rows[column] != FREE && best.second == best.smallest {
                    column = another_at(self.costs.row(row), &self.potentials, &best);
                }
                let displaced = mem::replace(&mut self.rows[column], row);
                self.columns[row] = column;
                if displaced == FREE {
                    break;
                }
                self.columns[displaced] = FREE;
                if !outbids || bids == 0 {
                    left.push(displaced);
                    break;
                }
                bids -= 1;
                row = displaced;
            }
        }
        left
    }

    /// Matches the free row `source` along the path of least total slack to a free column.
    fn augment(&mut self, source: usize, search: &mut Search) {
        search.restart(source, &self.potentials);
        let mut last = search.visits[0];
        let (end, reach) = loop {
            let (column, distance) = search.relax(self.costs.row(last.row), last.offset);
            if let Some(end) = search.take_free_column_at(distance) {
                break (end, distance);
            }
            let row = self.rows[column];
            // Slacks of a row count from that of its own column, its least one.
            let own = self.costs.cost(row, column).wide() - self.potentials[column];
            last = Visit {
                row,
                offset: distance - own,
                column,
                distance,
            };
            search.close(last);
        };
        self.rematch(end, reach, &search.visits);
        for visit in &search.visits[1..] {
            self.potentials[visit.column] -= reach - visit.distance;
        }
    }

    /// Gives the rows of the shortest path to the column `end` their next columns, from its end to
    /// its source.
    fn rematch(&mut self, end: usize, reach: f64, visits: &[Visit]) {
        let (mut column, mut distance, mut earlier) = (end, reach, visits);
        loop {
            // Which row came before is not recorded: that would take longer than the scan itself.
            // It is the first one whose path to the column has this length.
            let precedes = |visit: &Visit| {
                let cost = self.costs.cost(visit.row, column);
                path(visit.offset, cost, self.potentials[column]) == distance
            };
            let place = earlier.iter().position(precedes).unwrap_or(0);
            let visit = earlier[place];
            self.columns[visit.row] = column;
            self.rows[column] = visit.row;
            if place == 0 {
                break;
            }
            (column, distance, earlier) = (visit.column, visit.distance, &earlier[..place]);
        }
    }

    fn finish(mut self) -> Assignment {
        self.potentials.truncate(self.costs.count);
        let matched = self.columns.iter().enumerate();
        Assignment {
            row_potentials: matched
                .map(|(row, &column)| self.costs.cost(row, column).wide() - self.potentials[column])
                .collect(),
            columns: self.columns,
            column_potentials: self.potentials,
        }
    }
}

/// A row that a search has come to.
#[derive(Debug, Clone, Copy)]
struct Visit {
    row: usize,
    /// Length of a path by way of the row, less its slack on the next column.
    offset: f64,
    /// The row's own column, by which it was reached; [`FREE`] for the source.
    column: usize,
    /// Length of the path to that column.
    distance: f64,
}

/// The shortest paths from one free row.
///
/// A closed column takes part in every scan, at an infinite distance and with a potential of minus
/// infinity, so that it is never relaxed or nearest: scans then need neither a list of open columns
/// nor a branch.
struct Search {
    /// v where open.
    potentials: Vec<f64>,
    /// Least total slack from the source where open.
    distances: Vec<f64>,
    /// The source, then the row of each closed column.
    visits: Vec<Visit>,
    /// Columns without a row.
    free: Vec<usize>,
}

impl Search {
    fn new<T>(matching: &Matching<T>) -> Self {
        let size = matching.potentials.len();
        let columns = 0..matching.rows.len();
        Self {
            potentials: vec![0.0; size],
            distances: vec![0.0; size],
            visits: Vec::with_capacity(size),
            free: columns
                .filter(|&column| matching.rows[column] == FREE)
                .collect(),
        }
    }

    fn restart(&mut self, source: usize, potentials: &[f64]) {
        self.potentials.copy_from_slice(potentials);
        self.distances.fill(f64::INFINITY);
        self.visits.clear();
        self.visits.push(Visit {
            row: source,
            offset: 0.0,
            column: FREE,
            distance: 0.0,
        });
    }

    /// Takes in the paths by way of a row with these costs. Returns the nearest open column and its distance.
    fn relax<T: Scalar>(&mut self, costs: &[T], offset: f64) -> (usize, f64) {
        relax(costs, &self.potentials, offset, &mut self.distances)
    }

    /// A free column at this distance, which is free no longer. Where several columns are nearest this finds
    /// a free one before the others are searched: with many ties nearly all of the time.
    fn take_free_column_at(&mut self, distance: f64) -> Option<usize> {
        let mut free = self.free.iter();
        let place = free.position(|&column| self.distances[column] == distance)?;
        Some(self.free.swap_remove(place))
    }

    fn close(&mut self, visit: Visit) {
        self.distances[visit.column] = f64::INFINITY;
        self.potentials[visit.column] = f64::NEG_INFINITY;
        self.visits.push(visit);
    }
}

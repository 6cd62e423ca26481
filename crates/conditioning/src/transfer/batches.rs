//! Mini-batches: every sample once, in an order of its own, before any comes again.

use faer::{Mat, MatRef};
use overdamped_substrate::stream::Stream;
use rand::RngExt;

/// Draws batches from paired samples.
pub(super) struct Batches<'a> {
    x: MatRef<'a, f32>,
    y: MatRef<'a, f32>,
    order: Vec<usize>,
    next: usize,
    drawn: (Mat<f32>, Mat<f32>),
    stream: Stream,
}

impl<'a> Batches<'a> {
    /// Batches of `size` of the columns; of all of them, in their order, if there are no more than
    /// that.
    pub fn new(x: MatRef<'a, f32>, y: MatRef<'a, f32>, size: usize, stream: Stream) -> Self {
        let size = size.min(x.ncols());
        Self {
            x,
            y,
            order: (0..x.ncols()).collect(),
            next: x.ncols(),
            drawn: (Mat::zeros(x.nrows(), size), Mat::zeros(y.nrows(), size)),
            stream,
        }
    }

    /// Number of samples in each batch.
    pub fn size(&self) -> usize {
        self.drawn.0.ncols()
    }

    /// The next batch. Samples left over at the end of a round are too few for one and wait for the
    /// next round's order.
    pub fn draw(&mut self) -> (MatRef<'_, f32>, MatRef<'_, f32>) {
        if self.size() == self.order.len() {
            return (self.x, self.y);
        }
        if self.next + self.size() > self.order.len() {
            self.shuffle();
            self.next = 0;
        }
        let taken = &self.order[self.next..self.next + self.size()];
        for (column, &sample) in taken.iter().enumerate() {
            let (x, y) = &mut self.drawn;
            x.col_mut(column).copy_from(self.x.col(sample));
            y.col_mut(column).copy_from(self.y.col(sample));
        }
        self.next += taken.len();
        (self.drawn.0.as_ref(), self.drawn.1.as_ref())
    }

    /// A random order (Fisher and Yates).
    fn shuffle(&mut self) {
        for place in (1..self.order.len()).rev() {
            self.order.swap(place, self.stream.random_range(0..=place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use overdamped_substrate::stream;
    use std::collections::BTreeSet;

    #[test]
    fn a_round_takes_every_sample_at_most_once_and_keeps_pairs_together() {
        let x = Mat::from_fn(1, 10, |_, sample| sample as f32);
        let y = Mat::from_fn(1, 10, |_, sample| -(sample as f32));
        let mut batches = Batches::new(x.as_ref(), y.as_ref(), 3, stream::of(1, 0));
        let mut rounds = Vec::new();
        for _ in 0..40 {
            let mut seen = Vec::new();
            for _ in 0..3 {
                let (x, y) = batches.draw();
                assert_eq!(x.ncols(), 3);
                for sample in 0..3 {
                    assert_eq!(x[(0, sample)], -y[(0, sample)]);
                    seen.push(x[(0, sample)] as usize);
                }
            }
            let mut sorted = seen.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), 9, "{seen:?}");
            rounds.push(seen);
        }
        assert_ne!(rounds[0], rounds[1]);
        // One sample is left out of each round. That it is the same in all forty, with orders drawn
        // anew, has probability 1e-39.
        let left: BTreeSet<_> = rounds
            .iter()
            .map(|round| 45 - round.iter().sum::<usize>())
            .collect();
        assert!(left.len() > 1, "{left:?}");
    }

    #[test]
    fn few_samples_are_all_taken_each_time() {
        let x = Mat::from_fn(1, 4, |_, sample| sample as f32);
        let mut batches = Batches::new(x.as_ref(), x.as_ref(), 256, stream::of(1, 0));
        assert_eq!(batches.size(), 4);
        assert_eq!(batches.draw().0, x);
        assert_eq!(batches.draw().1, x);
    }
}

//! Random subsets of a set of samples.

use faer::{Mat, MatRef};
use rand::Rng;
use rand::seq::SliceRandom;

/// `count` of the indices `0..len` in random order, without replacement; all of them if `count >= len`.
pub(super) fn draw_indices(len: usize, count: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..len).collect();
    let (chosen, _) = indices.partial_shuffle(rng, count.min(len));
    chosen.to_vec()
}

/// The columns of `points` named by `indices`, in that order.
pub(super) fn select_columns(points: MatRef<'_, f32>, indices: &[usize]) -> Mat<f32> {
    Mat::from_fn(points.nrows(), indices.len(), |unit, sample| {
        points[(unit, indices[sample])]
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_pcg::Pcg64Mcg;

    use super::*;

    /// Drawing with replacement would repeat an index with near certainty at 90 of 100.
    #[test]
    fn indices_are_distinct_and_seeded() {
        let draw = |seed| draw_indices(100, 90, &mut Pcg64Mcg::seed_from_u64(seed));
        let mut sorted = draw(1);
        assert_eq!(draw(1), sorted);
        assert_ne!(draw(2), sorted);
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 90);
    }
}

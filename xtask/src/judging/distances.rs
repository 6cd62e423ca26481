//! All pairwise Euclidean distances, a block of columns at a time.
//!
//! `|x - y|^2 = |x|^2 + |y|^2 - 2 x.y` turns the work into matrix products; blocks keep the table out of memory
//! (ten thousand images against themselves would be 800 MB).

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;

/// Centres per block.
const BLOCK: usize = 128;

/// For every column `c` of `centres`, `reduce(c, distances)` where `distances[j]` is the distance from that
/// centre to column `j` of `points`. Results come in the order of the centres.
///
/// The shapes must agree; a distance between equal points can be off zero by about 1e-7 of their norm.
pub(super) fn map_distances<R: Send>(
    centres: MatRef<'_, f32>,
    points: MatRef<'_, f32>,
    reduce: impl Fn(usize, &[f64]) -> R + Sync,
) -> Vec<R> {
    let points = widen(points);
    let norms = squared_norms(&points);
    let starts: Vec<usize> = (0..centres.ncols()).step_by(BLOCK).collect();
    starts
        .into_par_iter()
        .flat_map_iter(|first| {
            let width = BLOCK.min(centres.ncols() - first);
            let block = widen(centres.subcols(first, width));
            let block_norms = squared_norms(&block);
            let mut products = Mat::zeros(points.ncols(), width);
            matmul(
                &mut products,
                Accum::Replace,
                points.transpose(),
                &block,
                -2.0,
                Par::Seq,
            );
            let mut distances = vec![0.0; points.ncols()];
            let results: Vec<R> = products
                .col_iter()
                .zip(block_norms)
                .enumerate()
                .map(|(offset, (column, centre_norm))| {
                    for ((distance, &product), norm) in
                        distances.iter_mut().zip(column.iter()).zip(&norms)
                    {
                        // Rounding can push coincident points below zero.
                        *distance = (product + norm + centre_norm).max(0.0).sqrt();
                    }
                    reduce(first + offset, &distances)
                })
                .collect();
            results
        })
        .collect()
}

fn widen(points: MatRef<'_, f32>) -> Mat<f64> {
    Mat::from_fn(points.nrows(), points.ncols(), |unit, sample| {
        f64::from(points[(unit, sample)])
    })
}

fn squared_norms(points: &Mat<f64>) -> Vec<f64> {
    points
        .col_iter()
        .map(|column| column.squared_norm_l2())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More centres than one block: an offset that forgets the block start would misname the centres.
    #[test]
    fn blocks_agree_with_the_definition() {
        let points = Mat::from_fn(3, 40, |unit, sample| ((unit * 13 + sample * 7) % 17) as f32);
        let centres = Mat::from_fn(3, 2 * BLOCK + 5, |unit, sample| {
            ((unit * 5 + sample * 3) % 23) as f32
        });
        let found = map_distances(centres.as_ref(), points.as_ref(), |centre, distances| {
            (centre, distances.to_vec())
        });
        assert_eq!(found.len(), centres.ncols());
        for (index, (centre, distances)) in found.iter().enumerate() {
            assert_eq!(index, *centre);
            for (point, distance) in distances.iter().enumerate() {
                let expected = (centres.col(index) - points.col(point)).norm_l2();
                assert!((distance - f64::from(expected)).abs() < 1e-4);
            }
        }
    }
}

//! The reference images that lie nearest to each sample, and how far the nearest one is.
//!
//! For samples `x_1 .. x_n` and reference images `y_j`
//!
//! ```text
//! nearest = 1/n sum_i min_j |x_i - y_j|
//! ```
//!
//! in pixels. It is a check for memory: a generator that hands out its training images has 0, noise is far away, and
//! fresh images of the same distribution mark the value to aim at.

use faer::MatRef;

use super::distances::map_distances;
use super::error::{JudgingError, check_count, check_neighbours, check_set, check_units};

/// A reference image, as seen from a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbour {
    /// Its column in the reference set.
    pub image: usize,
    /// Its Euclidean distance from the sample, in data units.
    pub distance: f64,
}

/// The `k` nearest of the `reference` images for each of the `samples` (both units x samples), nearest first; images
/// at equal distances keep the order of the reference.
///
/// # Errors
/// `k = 0`, fewer than `k` reference images, no sample, different image sizes, or a non-finite value.
pub(super) fn nearest_neighbours(
    samples: MatRef<'_, f32>,
    reference: MatRef<'_, f32>,
    k: usize,
) -> Result<Vec<Vec<Neighbour>>, JudgingError> {
    check_neighbours(k)?;
    check_set("reference", reference)?;
    check_count("reference", "a search for neighbours", reference, k)?;
    check_units("generated", samples, reference.nrows())?;
    Ok(map_distances(samples, reference, |_, distances| {
        let nearer = |a: &Neighbour, b: &Neighbour| {
            a.distance
                .total_cmp(&b.distance)
                .then(a.image.cmp(&b.image))
        };
        let mut neighbours: Vec<Neighbour> = distances
            .iter()
            .enumerate()
            .map(|(image, &distance)| Neighbour { image, distance })
            .collect();
        let (nearest, last, _) = neighbours.select_nth_unstable_by(k - 1, nearer);
        nearest.sort_unstable_by(nearer);
        // A copy of k entries: truncating would keep the room of the whole reference for every sample.
        [&*nearest, &[*last]].concat()
    }))
}

/// Mean distance from each sample to its nearest reference image, in data units.
pub(super) fn mean_nearest(neighbours: &[Vec<Neighbour>]) -> f64 {
    let sum: f64 = neighbours.iter().map(|nearest| nearest[0].distance).sum();
    sum / neighbours.len() as f64
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::*;

    /// Reference (0, 0), (3, 4), (0, 1), (0, 1) and samples (0, 0) and (3, 3). From the first: 0, then the twins at 1
    /// in their order; from the second: 1, then sqrt 13 to the twins. Catches squared distances, the farthest in
    /// place of the nearest, and neighbours of the reference in place of those of the samples.
    #[test]
    fn neighbours_by_hand() {
        let column = |points: &[[f32; 2]]| {
            Mat::from_fn(2, points.len(), |unit, sample| points[sample][unit])
        };
        let reference = column(&[[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [0.0, 1.0]]);
        let samples = column(&[[0.0, 0.0], [3.0, 3.0]]);
        let found = nearest_neighbours(samples.as_ref(), reference.as_ref(), 3).unwrap();
        let expected = [
            [(0, 0.0), (2, 1.0), (3, 1.0)],
            [(1, 1.0), (2, 13.0_f64.sqrt()), (3, 13.0_f64.sqrt())],
        ];
        assert_eq!(found.len(), 2);
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.len(), 3);
            for (found, (image, distance)) in found.iter().zip(expected) {
                assert_eq!(found.image, image);
                assert!((found.distance - distance).abs() < 1e-9, "{found:?}");
            }
        }
        assert!((mean_nearest(&found) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn faults_are_named() {
        let four = Mat::from_fn(1, 4, |_, sample| sample as f32);
        let search = |k| nearest_neighbours(four.as_ref(), four.as_ref(), k);
        assert!(search(4).is_ok());
        assert!(matches!(
            search(5),
            Err(JudgingError::TooFewSamples {
                set: "reference",
                found: 4,
                needed: 5,
                ..
            })
        ));
        assert!(matches!(
            search(0),
            Err(JudgingError::Setting { name: "k", .. })
        ));
        assert!(matches!(
            nearest_neighbours(Mat::zeros(2, 4).as_ref(), four.as_ref(), 1),
            Err(JudgingError::UnitMismatch {
                set: "generated",
                found: 2,
                expected: 1
            })
        ));
    }
}

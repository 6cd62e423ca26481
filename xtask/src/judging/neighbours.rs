//! Precision, recall and coverage from k-nearest-neighbour balls.
//!
//! Around each point of a set stands a ball that reaches to its k-th nearest neighbour in the same set.
//!
//! - **precision**: share of generated points inside some ball of a real point (do samples look real?);
//! - **recall**: share of real points inside some ball of a generated point (is all of the data reachable?);
//! - **coverage**: share of real points whose own ball holds a generated point.
//!
//! Precision and recall: Kynkäänniemi et al. 2019 (arXiv 1904.06991, eq. 1-2); coverage: Naeem et al. 2020
//! (arXiv 2002.09797, eq. 4). Recall balls grow where samples are sparse, so that scattered outliers flatter it;
//! coverage has no such weakness. Two sets of `n` points of one distribution give, for `n` well above `k`,
//! a coverage of `1 - 2^-k` (.969 at k = 5): all three depend on the set sizes, so compare equal ones.

use faer::MatRef;
use serde::Serialize;

use super::distances::map_distances;
use super::error::{JudgingError, check_count, check_neighbours, check_set, check_units};

/// The three shares, each in 0..=1, higher is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Neighbourhood {
    /// Share of generated points near real ones.
    pub precision: f64,
    /// Share of real points near generated ones.
    pub recall: f64,
    /// Share of real points whose own neighbourhood holds a generated one.
    pub coverage: f64,
}

/// Precision, recall and coverage of `generated` against `real` (dimensions x samples) with balls that reach
/// to the `k`-th neighbour.
///
/// # Errors
/// `k = 0`, fewer than `k + 1` points on either side, different dimensions, or a non-finite value.
pub fn precision_recall_coverage(
    real: MatRef<'_, f32>,
    generated: MatRef<'_, f32>,
    k: usize,
) -> Result<Neighbourhood, JudgingError> {
    check_neighbours(k)?;
    check_set("real", real)?;
    check_units("generated", generated, real.nrows())?;
    check_size("real", real, k)?;
    check_size("generated", generated, k)?;

    let real_radii = radii(real, k);
    let generated_radii = radii(generated, k);
    let inside = |distances: &[f64], radii: &[f64]| {
        distances
            .iter()
            .zip(radii)
            .any(|(distance, radius)| distance <= radius)
    };
    let precise = map_distances(generated, real, |_, distances| {
        inside(distances, &real_radii)
    });
    let (recalled, covered): (Vec<bool>, Vec<bool>) =
        map_distances(real, generated, |point, distances| {
            let covered = distances
                .iter()
                .any(|distance| *distance <= real_radii[point]);
            (inside(distances, &generated_radii), covered)
        })
        .into_iter()
        .unzip();
    Ok(Neighbourhood {
        precision: share(&precise),
        recall: share(&recalled),
        coverage: share(&covered),
    })
}

/// Accepts a set in which every point has `k` neighbours.
pub(super) fn check_size(
    set: &'static str,
    points: MatRef<'_, f32>,
    k: usize,
) -> Result<(), JudgingError> {
    check_count(set, "precision, recall and coverage", points, k + 1)
}

/// Distance from each point to its `k`-th nearest other point.
fn radii(points: MatRef<'_, f32>, k: usize) -> Vec<f64> {
    map_distances(points, points, |centre, distances| {
        let mut others = distances.to_vec();
        // By index, not by distance: duplicates of the centre are neighbours.
        others.swap_remove(centre);
        let (_, radius, _) = others.select_nth_unstable_by(k - 1, f64::total_cmp);
        *radius
    })
}

fn share(flags: &[bool]) -> f64 {
    flags.iter().filter(|&&flag| flag).count() as f64 / flags.len() as f64
}

#[cfg(test)]
mod tests {
    use faer::Mat;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    use rand_pcg::Pcg64Mcg;

    use super::*;

    fn line(points: &[f32]) -> Mat<f32> {
        Mat::from_fn(1, points.len(), |_, sample| points[sample])
    }

    fn shares(real: &[f32], generated: &[f32], k: usize) -> [f64; 3] {
        let found =
            precision_recall_coverage(line(real).as_ref(), line(generated).as_ref(), k).unwrap();
        [found.precision, found.recall, found.coverage]
    }

    /// By hand, k = 1. Real 0, 1, 10, 12 have radii 1, 1, 2, 2; generated 0.5, 0.6, 30 have radii .1, .1, 29.4.
    /// Precision 2/3 (30 lies in no ball). The only generated ball that holds a real point is that of 30: it
    /// reaches down to 0.6, so 1, 10 and 12 are recalled: 3/4. Coverage: 0 and 1 of four.
    /// Catches swapped roles, a radius that counts the point itself (zero) and a recall computed as coverage.
    #[test]
    fn hand_made_clouds() {
        let found = shares(&[0.0, 1.0, 10.0, 12.0], &[0.5, 0.6, 30.0], 1);
        let expected = [2.0 / 3.0, 3.0 / 4.0, 1.0 / 2.0];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    /// The second neighbour, not the first: with k = 2 the ball of 0 reaches 4 and holds 3.
    #[test]
    fn radius_is_that_of_the_kth_neighbour() {
        let real = [0.0, 1.0, 4.0, 100.0, 101.0, 104.0];
        assert_eq!(shares(&real, &[-3.0, -3.0, -3.0], 1)[0], 0.0);
        assert_eq!(shares(&real, &[-3.0, -3.0, -3.0], 2)[0], 1.0);
    }

    /// A collapsed generator: every sample real, most of the data missed.
    #[test]
    fn collapse_costs_recall_and_coverage_only() {
        let real: Vec<f32> = (0..100).map(|point| point as f32).collect();
        let [precision, recall, coverage] = shares(&real, &[50.0; 10], 5);
        assert_eq!(precision, 1.0);
        // The generated balls have radius zero and hold the one real point at their centre.
        assert!((recall - 0.01).abs() < 1e-12);
        // Balls of interior points reach three steps (two neighbours on each side, then a fifth).
        assert!((coverage - 0.07).abs() < 1e-12);
    }

    /// Two sets of n = 1,000 points of one distribution (seed 11). A real point is left uncovered when its k nearest
    /// in the union are all real, which has probability 2^-k; the share over points has a standard deviation
    /// of .018 (60 other seeds). The bound of .08 is four of them (false alarm below 6e-5); a radius off by one
    /// neighbour shifts the share by at least .125.
    #[test]
    fn coverage_of_equal_distributions_is_known() {
        let mut rng = Pcg64Mcg::seed_from_u64(11);
        let mut draw = || {
            Mat::from_fn(3, 1_000, |_, _| {
                let value: f32 = StandardNormal.sample(&mut rng);
                value
            })
        };
        let (real, generated) = (draw(), draw());
        for k in [1, 2] {
            let expected = 1.0 - 0.5_f64.powi(k);
            let found =
                precision_recall_coverage(real.as_ref(), generated.as_ref(), k as usize).unwrap();
            assert!((found.coverage - expected).abs() < 0.08, "{found:?}");
        }
    }

    #[test]
    fn faults_are_named() {
        let (five, six) = (line(&[1.0; 5]), line(&[1.0; 6]));
        assert!(matches!(
            precision_recall_coverage(six.as_ref(), five.as_ref(), 5),
            Err(JudgingError::TooFewSamples {
                set: "generated",
                found: 5,
                needed: 6,
                ..
            })
        ));
        assert!(matches!(
            precision_recall_coverage(six.as_ref(), six.as_ref(), 0),
            Err(JudgingError::Setting { name: "k", .. })
        ));
        let flat = Mat::from_fn(2, 6, |_, _| 0.0);
        assert!(matches!(
            precision_recall_coverage(six.as_ref(), flat.as_ref(), 5),
            Err(JudgingError::UnitMismatch {
                found: 2,
                expected: 1,
                ..
            })
        ));
    }
}

//! Moments of the data: all that force matching ever needs to know of it.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use overdamped_energy::Scalar;
use rayon::prelude::*;

use super::binomial::powers;
use crate::LearnError;

/// Units whose moments one task computes. A constant, so that no bit depends on the number of threads.
const BLOCK: usize = 64;
/// Examples that one matrix product takes in: its operands stay in cache at some hundred units.
const CHUNK: usize = 512;

/// Central moments of an empirical distribution, to sixth order at each unit and to
/// fourth order between units.
///
/// With y = x_0 - E x_0 these are E y_i^r for r <= 6 and E y_i^r y_j for r <= 3. They are
/// computed once and serve every noise level and every edge set. Memory: three matrices
/// `units x units`, whatever the number of examples.
///
/// Central, because raw moments of a nearly constant pixel would lose its variance to rounding.
#[derive(Debug, Clone)]
pub struct DataMoments {
    mean: Vec<f64>,
    powers: Vec<[f64; 7]>,
    /// E y_i^r y_j in row j, column i, for r = 1, 2, 3.
    cross: [Mat<f64>; 3],
}

impl DataMoments {
    /// The moments of the columns of `data` (units x examples), summed in `f64`.
    ///
    /// # Errors
    /// [`LearnError::NoData`] without a unit or an example, [`LearnError::NonFiniteData`], or
    /// [`LearnError::Setting`] if values are so large that sixth powers overflow.
    pub fn new<T: Scalar>(data: MatRef<'_, T>) -> Result<Self, LearnError> {
        let (units, examples) = data.shape();
        if units == 0 || examples == 0 {
            return Err(LearnError::NoData);
        }
        let mean = means(data)?;
        let starts: Vec<usize> = (0..units).step_by(BLOCK).collect();
        let blocks: Vec<Block> = starts
            .into_par_iter()
            .map(|start| Block::new(data, &mean, start..units.min(start + BLOCK)))
            .collect();
        let cross = std::array::from_fn(|order| {
            Mat::from_fn(units, units, |row, unit| {
                blocks[unit / BLOCK].cross[order][(row, unit % BLOCK)]
            })
        });
        let powers: Vec<_> = blocks.into_iter().flat_map(|block| block.powers).collect();
        match powers
            .iter()
            .map(|moments| moments[6])
            .find(|m| !m.is_finite())
        {
            None => Ok(Self {
                mean,
                powers,
                cross,
            }),
            Some(value) => Err(LearnError::Setting {
                setting: "the sixth moment of the data",
                value,
                bound: "finite: scale the data to order one",
            }),
        }
    }

    /// Number of units.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.mean.len()
    }

    /// E x_0, one entry per unit.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// E y y^T (units x units), with divisor n: the covariance of the empirical distribution itself.
    #[must_use]
    pub fn covariance(&self) -> MatRef<'_, f64> {
        self.cross[0].as_ref()
    }

    /// E y_i^r for r = 0 to 6.
    pub(super) fn powers(&self, unit: usize) -> &[f64; 7] {
        &self.powers[unit]
    }

    /// E y_i^r y_j, in row j and column i, for `order` r = 1 to 3.
    pub(super) fn cross(&self, order: usize) -> MatRef<'_, f64> {
        self.cross[order - 1].as_ref()
    }
}

/// The mean of each unit, after a check of every value.
fn means<T: Scalar>(data: MatRef<'_, T>) -> Result<Vec<f64>, LearnError> {
    let (units, examples) = data.shape();
    let mut sums = vec![0.0; units];
    for example in 0..examples {
        for (unit, sum) in sums.iter_mut().enumerate() {
            let value = data[(unit, example)];
            if !value.finite() {
                return Err(LearnError::NonFiniteData {
                    unit,
                    example,
                    value: value.wide(),
                });
            }
            *sum += value.wide();
        }
    }
    Ok(sums.iter().map(|sum| sum / examples as f64).collect())
}

/// The moments of one run of units with all units.
struct Block {
    powers: Vec<[f64; 7]>,
    cross: [Mat<f64>; 3],
}

impl Block {
    // Each block walks over all examples in order: nothing is left to reduce across
    // tasks, and no task holds more than its own columns of the result.
    fn new<T: Scalar>(data: MatRef<'_, T>, mean: &[f64], own: std::ops::Range<usize>) -> Self {
        let (units, examples) = data.shape();
        let share = 1.0 / examples as f64;
        let mut cross = std::array::from_fn(|_| Mat::zeros(units, own.len()));
        let mut moments = vec![[0.0; 7]; own.len()];
        for first in (0..examples).step_by(CHUNK) {
            let chunk = data.subcols(first, CHUNK.min(examples - first));
            let centred = Mat::from_fn(units, chunk.ncols(), |unit, example| {
                chunk[(unit, example)].wide() - mean[unit]
            });
            for (order, cross) in (1_usize..).zip(&mut cross) {
                let raised = Mat::from_fn(chunk.ncols(), own.len(), |example, unit| {
                    powers::<4>(centred[(own.start + unit, example)])[order]
                });
                matmul(cross, Accum::Add, &centred, &raised, share, Par::Seq);
            }
            for (unit, moments) in own.clone().zip(&mut moments) {
                for &y in centred.row(unit).iter() {
                    for (moment, power) in moments.iter_mut().zip(powers::<7>(y)) {
                        *moment += share * power;
                    }
                }
            }
        }
        Self {
            powers: moments,
            cross,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_a_small_set_are_those_counted_by_hand() {
        // Two units, four examples; unit 1 is 3 above minus the square of unit 0.
        let data = faer::mat![[-1.0_f32, 1.0, 0.0, 2.0], [2.0, 2.0, 3.0, -1.0]];
        let moments = DataMoments::new(data.as_ref()).unwrap();
        assert_eq!(moments.mean(), [0.5, 1.5]);
        // y_0 = -1.5, .5, -.5, 1.5; y_1 = .5, .5, 1.5, -2.5.
        assert_eq!(moments.covariance()[(0, 1)], -1.25);
        assert_eq!(
            moments.cross(2)[(1, 0)],
            (1.125 + 0.125 + 0.375 - 5.625) / 4.0
        );
        assert_eq!(moments.cross(3)[(0, 1)], {
            (-1.5 * 0.125 + 0.5 * 0.125 - 0.5 * 3.375 - 1.5 * 15.625) / 4.0
        });
        assert_eq!(moments.powers(0)[6], 2.0 * (11.390_625 + 0.015_625) / 4.0);
    }

    #[test]
    fn blocks_and_chunks_join_without_seams() {
        // More units than a block, more examples than a chunk.
        let (units, examples) = (BLOCK + 3, CHUNK + 5);
        let data = Mat::from_fn(units, examples, |unit, example| {
            ((unit * 31 + example * example * 7) % 23) as f64 / 11.0
        });
        let moments = DataMoments::new(data.as_ref()).unwrap();
        let mean = |f: &dyn Fn(usize) -> f64| (0..examples).map(f).sum::<f64>() / examples as f64;
        for (i, j) in [(0, BLOCK + 2), (BLOCK + 1, 4), (BLOCK, BLOCK + 2)] {
            let y = |unit: usize, example: usize| data[(unit, example)] - moments.mean()[unit];
            for order in 1..=3 {
                let direct = mean(&|e| powers::<4>(y(i, e))[order] * y(j, e));
                assert!((moments.cross(order)[(j, i)] - direct).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn data_that_cannot_be_used_is_refused() {
        let refuse = |data: Mat<f64>| DataMoments::new(data.as_ref()).unwrap_err();
        assert!(matches!(refuse(Mat::zeros(3, 0)), LearnError::NoData));
        assert!(matches!(refuse(Mat::zeros(0, 3)), LearnError::NoData));
        assert!(matches!(
            refuse(faer::mat![[0.0, 1.0], [f64::NAN, 2.0]]),
            LearnError::NonFiniteData {
                unit: 1,
                example: 0,
                ..
            }
        ));
        assert!(matches!(
            refuse(faer::mat![[0.0, 1e60]]),
            LearnError::Setting { .. }
        ));
    }
}

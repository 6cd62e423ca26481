//! Draws of flow matching: distinct examples, noise to go with each, and a time between the two.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use overdamped_energy::Scalar;
use overdamped_substrate::stream::Stream;
use rand::RngExt;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::assign;
use crate::{Examples, LearnError};

/// Which noise goes with which example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pairing {
    /// Any with any.
    Independent,
    /// Exact optimal transport within groups of so many pairs of a batch: the permutation of the
    /// group's noise that makes the sum of |x_1 - x_0|^2 over visible units least.
    ///
    /// A group as large as the batch, or larger, gives one plan for the whole batch. The last group
    /// of a batch that is no multiple is smaller.
    OptimalTransport {
        /// Pairs in a group, at least 1.
        group: usize,
    },
}

/// Flow-matching draws from a data set.
///
/// Units that carry no data, labels for instance, are held at their example's value, and optimal
/// transport then **pairs only within equal labels**: a group falls into sub-groups of examples that agree
/// on all those units, and each has a plan of its own. A plan across labels would make the noise
/// depend on the label; at generation it does not.
///
/// ```
/// use std::sync::Arc;
/// use overdamped_learn::{Examples, FlowPairs, Pairing};
/// use overdamped_substrate::stream;
///
/// let data = Examples::new(faer::mat![[-1.0, 1.0, 1.0], [1.0, -1.0, 1.0_f64]])?;
/// let pairs = FlowPairs::new(Arc::new(data), Pairing::OptimalTransport { group: 3 })?;
/// let batch = pairs.draw(3, &mut stream::of(1, 0))?;
/// let (t, example) = (batch.times[0], batch.examples[0]);
/// let end = batch.places[(1, 0)] + (1.0 - t) * batch.velocities[(1, 0)];
/// assert!((end - pairs.examples().data()[(1, example)]).abs() < 1e-12);
/// # Ok::<(), overdamped_learn::LearnError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FlowPairs<T: Scalar> {
    examples: Arc<Examples<T>>,
    pairing: Pairing,
    /// Units that carry data.
    visible: Vec<usize>,
    /// Examples of the same number agree on all other units.
    classes: Vec<usize>,
}

/// A batch of points on the lines from noise to examples.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowBatch<T: Scalar> {
    /// x_t (units x batch); units without data hold the example's value.
    pub places: Mat<T>,
    /// u = x_1 - x_0 (units x batch), per unit of flow time; zero on units without data.
    pub velocities: Mat<T>,
    /// t of each chain, from 0 (noise) to 1 (data).
    pub times: Vec<f64>,
    /// Index of each chain's example.
    pub examples: Vec<usize>,
}

impl<T: Scalar> FlowPairs<T> {
    /// Draws from `examples`, with noise given to them by `pairing`.
    ///
    /// # Errors
    /// [`LearnError::Setting`] if the groups of `pairing` are empty.
    pub fn new(examples: Arc<Examples<T>>, pairing: Pairing) -> Result<Self, LearnError> {
        if pairing == (Pairing::OptimalTransport { group: 0 }) {
            return Err(LearnError::Setting {
                setting: "the group of optimal transport",
                value: 0.0,
                bound: "at least 1 pair",
            });
        }
        let units = 0..examples.units();
        let (visible, labels): (Vec<_>, Vec<_>) = units.partition(|&unit| examples.visible()[unit]);
        Ok(Self {
            classes: classes(&examples, &labels),
            visible,
            examples,
            pairing,
        })
    }

    /// The data set.
    #[must_use]
    pub fn examples(&self) -> &Arc<Examples<T>> {
        &self.examples
    }

    /// `batch` different examples at random, with noise and times.
    ///
    /// Times are stratified: t = (k + U) / batch, with each k from 0 to `batch` - 1 once, in random
    /// order. Each t is uniform over (0, 1) by itself, so that means over the batch keep their expectation,
    /// and lose the variance that comes of times that happen to crowd. arXiv 2604.08150 draws them independently:
    /// the same expectation, and more variance.
    ///
    /// Everything random is taken from `stream` in one fixed order, the same for every [`Pairing`]; groups
    /// are then solved in parallel. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`LearnError::Setting`] if `batch` is zero, [`LearnError::BatchBeyondData`] if it is larger than the
    /// data set, [`LearnError::UnusableCost`] if data are so large that distances are not finite.
    pub fn draw(&self, batch: usize, stream: &mut Stream) -> Result<FlowBatch<T>, LearnError> {
        if batch == 0 {
            return Err(LearnError::Setting {
                setting: "the batch",
                value: 0.0,
                bound: "at least 1 example",
            });
        }
        let size = self.examples.len();
        if batch > size {
            return Err(LearnError::BatchBeyondData {
                batch,
                examples: size,
            });
        }
        let examples = distinct(batch, size, stream);
        let strata = distinct(batch, batch, stream).into_iter();
        let times: Vec<f64> = strata
            .map(|stratum| (stratum as f64 + stream.random::<f64>()) / batch as f64)
            .collect();
        let mut noise = Mat::zeros(self.visible.len(), batch);
        for chain in 0..batch {
            noise
                .col_as_slice_mut(chain)
                .fill_with(|| T::of(stream.sample(StandardNormal)));
        }
        let partners = self.partners(&examples, &noise)?;
        Ok(self.lines(&noise, &partners, times, examples))
    }

    /// The column of `noise` for each chain.
    fn partners(&self, examples: &[usize], noise: &Mat<T>) -> Result<Vec<usize>, LearnError> {
        let mut partners: Vec<usize> = (0..examples.len()).collect();
        let Pairing::OptimalTransport { group } = self.pairing else {
            return Ok(partners);
        };
        let mut alike = Vec::new();
        for chains in partners.chunks(group) {
            let mut by_class = BTreeMap::<usize, Vec<usize>>::new();
            for &chain in chains {
                let class = self.classes[examples[chain]];
                by_class.entry(class).or_default().push(chain);
            }
            alike.extend(by_class.into_values());
        }
        let plans: Vec<_> = alike
            .par_iter()
            .map(|chains| self.plan(chains, examples, noise))
            .collect();
        for (chains, plan) in alike.iter().zip(plans) {
            for (&chain, partner) in chains.iter().zip(plan?) {
                partners[chain] = chains[partner];
            }
        }
        Ok(partners)
    }

    /// Optimal transport between the examples of `chains` and their noise: for each of them, the place
    /// in `chains` of its partner.
    fn plan(
        &self,
        chains: &[usize],
        examples: &[usize],
        noise: &Mat<T>,
    ) -> Result<Vec<usize>, LearnError> {
        let (units, size) = (self.visible.len(), chains.len());
        let data = self.examples.data();
        let starts = Mat::from_fn(units, size, |k, i| noise[(k, chains[i])]);
        let ends = Mat::from_fn(units, size, |k, i| {
            data[(self.visible[k], examples[chains[i]])]
        });
        // |x_1 - x_0|^2 less the squares of x_1 and x_0, which every plan contains once each.
        let mut costs = Mat::zeros(size, size);
        matmul(
            costs.as_mut(),
            Accum::Replace,
            starts.transpose(),
            ends.as_ref(),
            T::of(-2.0),
            Par::Seq,
        );
        // One example is a contiguous column of this product, and a row of the assignment.
        Ok(assign(costs.transpose())?.columns)
    }

    fn lines(
        &self,
        noise: &Mat<T>,
        partners: &[usize],
        times: Vec<f64>,
        examples: Vec<usize>,
    ) -> FlowBatch<T> {
        let data = self.examples.data();
        let mut places = Mat::from_fn(self.examples.units(), examples.len(), |unit, chain| {
            data[(unit, examples[chain])]
        });
        let mut velocities = Mat::zeros(places.nrows(), places.ncols());
        for (chain, (&partner, &time)) in partners.iter().zip(&times).enumerate() {
            let (before, after) = (T::of(1.0 - time), T::of(time));
            let place = places.col_as_slice_mut(chain);
            let velocity = velocities.col_as_slice_mut(chain);
            for (&unit, &start) in self.visible.iter().zip(noise.col_as_slice(partner)) {
                let end = place[unit];
                velocity[unit] = end - start;
                place[unit] = before * start + after * end;
            }
        }
        FlowBatch {
            places,
            velocities,
            times,
            examples,
        }
    }
}

/// Numbers the combinations of values on `labels`, in the order in which examples first show them.
fn classes<T: Scalar>(examples: &Examples<T>, labels: &[usize]) -> Vec<usize> {
    let mut known = HashMap::new();
    let class = |example: usize| {
        // Adding zero makes the two zeros one.
        let values = labels
            .iter()
            .map(|&unit| (examples.data()[(unit, example)].wide() + 0.0).to_bits());
        let next = known.len();
        *known.entry(values.collect::<Vec<_>>()).or_insert(next)
    };
    (0..examples.len()).map(class).collect()
}

/// The first `count` of 0..`size` in random order (Fisher and Yates).
fn distinct(count: usize, size: usize, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..size).collect();
    for place in 0..count {
        order.swap(place, stream.random_range(place..size));
    }
    order.truncate(count);
    order
}

//! Random networks of known stiffness: for a user who knows little more of the hardware, and for tests.

use faer::{Col, Mat};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};

use super::QuadraticSystem;
use crate::LearnError;
use crate::error::positive;

/// What is known of a network and its task.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Typical {
    /// Number of units. Default 12.
    pub units: usize,
    /// The cost sees the last of them. Default 4.
    pub seen: usize,
    /// Smallest eigenvalue of K, in kT / length^2. Default 0.3.
    pub smallest_stiffness: f64,
    /// Largest one. Default 2.
    pub largest_stiffness: f64,
    /// Root mean square of the rest, in lengths. Default 1.
    pub rest: f64,
    /// Root mean square over seen units of rest minus target. Default 1.
    pub miss: f64,
}

impl Default for Typical {
    fn default() -> Self {
        Self {
            units: 12,
            seen: 4,
            smallest_stiffness: 0.3,
            largest_stiffness: 2.0,
            rest: 1.0,
            miss: 1.0,
        }
    }
}

impl Typical {
    /// A system with the given smallest and largest stiffness, the others in a geometric progression between
    /// them, and eigenvectors, rest and miss in random directions.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a value that is not positive, [`LearnError::Shape`] for no unit seen, more
    /// seen units than there are, or fewer than two units.
    pub fn system(&self, seed: u64) -> Result<QuadraticSystem, LearnError> {
        positive("the smallest stiffness", self.smallest_stiffness)?;
        let spread = self.largest_stiffness - self.smallest_stiffness;
        positive("the largest stiffness less the smallest", spread)?;
        positive("the root mean square of the rest", self.rest)?;
        positive("the root mean square of the miss", self.miss)?;
        if self.seen == 0 || self.units < self.seen.max(2) {
            return Err(LearnError::Shape {
                what: "units of a typical system, at least two and one of them seen",
                expected: self.seen.max(2),
                found: self.units.min(self.seen),
            });
        }
        let units = self.units;
        let mut generator = Pcg64Mcg::seed_from_u64(seed);
        let mut normal = || -> f64 { StandardNormal.sample(&mut generator) };
        let random = Mat::from_fn(units, units, |_, _| normal());
        let basis = random.qr().compute_thin_Q();
        let ratio = self.largest_stiffness / self.smallest_stiffness;
        let scaled = Mat::from_fn(units, units, |row, mode| {
            let share = mode as f64 / (units - 1) as f64;
            basis[(row, mode)] * self.smallest_stiffness * ratio.powf(share)
        });
        let product = scaled * basis.transpose();
        let stiffness = (&product + product.transpose()) * faer::Scale(0.5);
        let rest = of_size(self.rest, units, &mut normal);
        let drive: Vec<f64> = (&stiffness * &rest).iter().copied().collect();
        let miss = of_size(self.miss, self.seen, &mut normal);
        let first = units - self.seen;
        let target: Vec<f64> = (0..units)
            .map(|unit| {
                if unit < first {
                    0.0
                } else {
                    rest[unit] - miss[unit - first]
                }
            })
            .collect();
        let seen: Vec<bool> = (0..units).map(|unit| unit >= first).collect();
        QuadraticSystem::new(stiffness, &drive, &seen, &target)
    }
}

/// A random direction with root mean square `size`.
fn of_size(size: f64, units: usize, normal: &mut impl FnMut() -> f64) -> Col<f64> {
    let direction = Col::from_fn(units, |_| normal());
    let scale = size * (units as f64).sqrt() / direction.norm_l2();
    direction * faer::Scale(scale)
}

//! Coupled harmonic units: everything about them is a matrix.
//!
//! A step of Euler-Maruyama is x' = P x + noise with P = 1 - h M K and noise covariance N = 2 h M T (M mobilities, T
//! temperatures, both diagonal): after n steps the mean is P^n x and the covariance the sum of P^i N P^iT.

use std::sync::Arc;

use faer::{Mat, Scale, mat};
use overdamped_energy::{Energy, Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::{Integrator, PerUnit, Settings, TimeStep};

use crate::{Finding, Lab, ValidationError};

const UNITS: usize = 3;

/// A stiffness matrix.
fn stiffness() -> Mat<f64> {
    mat![[2.0, -0.5, 0.3], [-0.5, 1.5, -0.7], [0.3, -0.7, 1.0]]
}

/// Parameters of the energy of that stiffness. The edges of the dense set are (0, 1), (1, 2), (0, 2), and a coupling J
/// enters K as -J.
const PARAMETERS: [f64; 6] = [2.0, 1.5, 1.0, 0.5, 0.7, -0.3];

fn energy() -> Result<Arc<dyn Energy<f64>>, ValidationError> {
    let sum = Sum::of(Sites::new(UNITS, &[SiteTerm::Stiffness]))?;
    Ok(Arc::new(sum.and(Pairs::dense_bilinear(UNITS))?))
}

/// Three units in a bath each.
struct System {
    mobility: [f64; UNITS],
    baths: [f64; UNITS],
    step: f64,
}

impl System {
    fn map(&self) -> Mat<f64> {
        let stiffness = stiffness();
        Mat::from_fn(UNITS, UNITS, |i, j| {
            f64::from(u8::from(i == j)) - self.step * self.mobility[i] * stiffness[(i, j)]
        })
    }

    fn noise(&self) -> Mat<f64> {
        Mat::from_fn(UNITS, UNITS, |i, j| match i == j {
            true => 2.0 * self.step * self.mobility[i] * self.baths[i],
            false => 0.0,
        })
    }

    /// Covariance after so many steps from one place.
    fn covariance(&self, steps: usize) -> Mat<f64> {
        let (map, noise) = (self.map(), self.noise());
        (0..steps).fold(Mat::zeros(UNITS, UNITS), |covariance, _| {
            &map * &covariance * map.transpose() + &noise
        })
    }

    /// States of `chains` that start from one place, after a duration.
    fn run(
        &self,
        lab: &Lab,
        integrator: Integrator,
        (start, duration): ([f64; UNITS], f64),
        chains: usize,
    ) -> Result<Mat<f64>, ValidationError> {
        let settings = Settings {
            integrator,
            temperature: PerUnit::Each(self.baths.to_vec()),
            mobility: PerUnit::Each(self.mobility.to_vec()),
            time_step: TimeStep::AtMost(self.step),
            ..Settings::default()
        };
        let mut specimen = lab.specimen(energy()?, settings)?;
        specimen.program(&PARAMETERS)?;
        specimen.prepare(Mat::from_fn(UNITS, chains, |unit, _| start[unit]).as_ref())?;
        specimen.evolve(duration)?;
        specimen.read()
    }
}

/// Compares means (three) and covariances (six).
fn compare(states: &Mat<f64>, mean: &[f64], covariance: &Mat<f64>) -> Finding {
    let chains = states.ncols();
    let n = chains as f64;
    let mut finding = Finding::statistical(chains);
    for i in 0..UNITS {
        let sum: f64 = (0..chains).map(|chain| states[(i, chain)]).sum();
        finding.compare(sum / n, mean[i], (covariance[(i, i)] / n).sqrt());
        for j in 0..=i {
            let products = (0..chains)
                .map(|chain| (states[(i, chain)] - mean[i]) * (states[(j, chain)] - mean[j]));
            let expected = covariance[(i, j)];
            let spread = covariance[(i, i)] * covariance[(j, j)] + expected * expected;
            finding.compare(products.sum::<f64>() / n, expected, (spread / n).sqrt());
        }
    }
    finding
}

/// Eight steps from one place: every term of a step shows in the mean or in the covariance.
pub fn transition(lab: &Lab) -> Result<Finding, ValidationError> {
    const CHAINS: usize = 200_000;
    const STEPS: usize = 8;
    let system = System {
        mobility: [0.5, 1.0, 2.0],
        baths: [0.4, 1.0, 2.0],
        step: 0.05,
    };
    let start = [1.0, -1.0, 0.5];
    let duration = STEPS as f64 * system.step;
    let states = system.run(lab, Integrator::EulerMaruyama, (start, duration), CHAINS)?;
    let map = system.map();
    let column = Mat::from_fn(UNITS, 1, |unit, _| start[unit]);
    let mean = (0..STEPS).fold(column, |mean, _| &map * mean);
    Ok(compare(
        &states,
        mean.col_as_slice(0),
        &system.covariance(STEPS),
    ))
}

/// Steps until nothing is left of the start: the slowest rate is .46, and exp(-2 x .46 x 20) = 1e-8.
const LONG: f64 = 20.0;
/// Its deviations are a quarter of the variance in the stiffest direction at this step.
const COARSE: f64 = 0.25;
const CHAINS: usize = 100_000;

/// Euler-Maruyama at a coarse step, against its own covariance and not kT K^-1.
pub fn euler_maruyama(lab: &Lab) -> Result<Finding, ValidationError> {
    let system = System {
        mobility: [1.0; UNITS],
        baths: [0.7; UNITS],
        step: COARSE,
    };
    let start = ([0.0; UNITS], LONG);
    let states = system.run(lab, Integrator::EulerMaruyama, start, CHAINS)?;
    Ok(compare(&states, &[0.0; UNITS], &system.covariance(4000)))
}

/// Leimkuhler-Matthews at the same step has no such bias.
pub fn leimkuhler_matthews(lab: &Lab) -> Result<Finding, ValidationError> {
    let system = System {
        mobility: [1.0; UNITS],
        baths: [0.7; UNITS],
        step: COARSE,
    };
    let start = ([0.0; UNITS], LONG);
    let states = system.run(lab, Integrator::LeimkuhlerMatthews, start, CHAINS)?;
    // The covariance of Euler-Maruyama is kT K^-1 (1 - h K / 2)^-1.
    let bias = Mat::<f64>::identity(UNITS, UNITS) - Scale(0.5 * system.step) * stiffness();
    let exact = system.covariance(4000) * bias;
    Ok(compare(&states, &[0.0; UNITS], &exact))
}

/// Three baths and unequal mobilities: the drift M K does not commute with its transpose, and no energy has this density.
pub fn baths(lab: &Lab) -> Result<Finding, ValidationError> {
    let system = System {
        mobility: [0.5, 1.0, 2.0],
        baths: [0.2, 1.0, 3.0],
        step: 0.1,
    };
    let start = ([0.0; UNITS], 2.0 * LONG);
    let states = system.run(lab, Integrator::EulerMaruyama, start, CHAINS)?;
    Ok(compare(&states, &[0.0; UNITS], &system.covariance(8000)))
}

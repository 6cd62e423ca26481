//! One unit in a quartic well or in a double one: no closed form, but an integral.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{SiteTerm, Sites};
use overdamped_substrate::{Integrator, PerUnit, Settings, TimeStep};

use crate::statistics::{boltzmann_mean, chi_square_deviation, mean_and_error};
use crate::{Finding, Lab, ValidationError};

/// E = k x^2 / 2 + q x^4 / 4 in a bath.
struct Well {
    k: f64,
    q: f64,
    kt: f64,
}

/// A quartic well.
const QUARTIC: Well = Well {
    k: 0.0,
    q: 1.0,
    kt: 1.0,
};
/// Two wells, one kT of barrier.
const DOUBLE: Well = Well {
    k: -2.0,
    q: 2.0,
    kt: 0.5,
};
/// Explicit steps overshoot far out; exp(-20) of the weight is beyond.
const WALLS: f64 = 3.0;
/// Time after which nothing is left of the start within a well; both start with the same share of chains.
const SETTLED: f64 = 6.0;

impl Well {
    fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        let energy = |x: f64| 0.5 * self.k * x * x + 0.25 * self.q * x.powi(4);
        boltzmann_mean(energy, self.kt, f)
    }

    fn samples(
        &self,
        lab: &Lab,
        integrator: Integrator,
        step: f64,
        chains: usize,
    ) -> Result<Vec<f64>, ValidationError> {
        let settings = Settings {
            integrator,
            temperature: PerUnit::Uniform(self.kt),
            time_step: TimeStep::AtMost(step),
            walls: Some(WALLS),
            ..Settings::default()
        };
        let energy = Sites::new(1, &[SiteTerm::Stiffness, SiteTerm::Quartic]);
        let mut specimen = lab.specimen(Arc::new(energy), settings)?;
        specimen.program(&[self.k, self.q])?;
        let start = Mat::from_fn(1, chains, |_, chain| [1.0, -1.0][chain % 2]);
        specimen.prepare(start.as_ref())?;
        specimen.evolve(SETTLED)?;
        let states = specimen.read()?;
        Ok((0..chains).map(|chain| states[(0, chain)]).collect())
    }
}

/// Chi-square of twenty bins for each well.
pub fn histograms(lab: &Lab) -> Result<Finding, ValidationError> {
    const CHAINS: usize = 100_000;
    const BINS: usize = 20;
    let mut finding = Finding::statistical(CHAINS);
    for well in [QUARTIC, DOUBLE] {
        let samples = well.samples(lab, Integrator::LeimkuhlerMatthews, 0.01, CHAINS)?;
        let mut chi_square = 0.0;
        for bin in 0..BINS {
            let low = -2.0 + 0.2 * bin as f64;
            let inside = |x: f64| f64::from(u8::from(x >= low && x < low + 0.2));
            let expected = well.mean(inside) * CHAINS as f64;
            let found: f64 = samples.iter().map(|&x| inside(x)).sum();
            chi_square += (found - expected).powi(2) / expected;
        }
        finding.deviates(chi_square_deviation(chi_square, BINS));
    }
    Ok(finding)
}

/// q <x^4> = kT + h <F^2> / 2 under the stationary density of the chain itself, as <x^2> does not change in a step.
pub fn euler_bias(lab: &Lab) -> Result<Finding, ValidationError> {
    const CHAINS: usize = 500_000;
    let mut finding = Finding::statistical(CHAINS);
    for step in [0.1, 0.05] {
        let samples = QUARTIC.samples(lab, Integrator::EulerMaruyama, step, CHAINS)?;
        // Both sides from the same samples, so that what is compared is their difference.
        let off = samples
            .iter()
            .map(|&x| x.powi(4) - 1.0 - 0.5 * step * x.powi(6));
        let (mean, error) = mean_and_error(off);
        finding.compare(mean, 0.0, error);
        // And that the bias is there at all, at the size of its first order.
        let (fourth, error) = mean_and_error(samples.iter().map(|x| x.powi(4)));
        let first_order = 1.0 + 0.5 * step * QUARTIC.mean(|x| x.powi(6));
        finding.compare(fourth, first_order, error.hypot(3.0 * step * step));
    }
    Ok(finding)
}

/// A bias of second order is a quarter at half the step, one of first order a half: a quarter of the coarse bias is
/// then left over, .025 for Euler-Maruyama.
pub fn leimkuhler_order(lab: &Lab) -> Result<Finding, ValidationError> {
    const CHAINS: usize = 1_000_000;
    let bias = |step: f64| {
        let samples = QUARTIC.samples(lab, Integrator::LeimkuhlerMatthews, step, CHAINS)?;
        let (mean, error) = mean_and_error(samples.iter().map(|x| x.powi(4)));
        Ok::<_, ValidationError>((mean - 1.0, error))
    };
    let ((coarse, wide), (fine, error)) = (bias(0.1)?, bias(0.05)?);
    let mut finding = Finding::statistical(CHAINS);
    finding.compare(fine, coarse / 4.0, error.hypot(wide / 4.0));
    Ok(finding)
}

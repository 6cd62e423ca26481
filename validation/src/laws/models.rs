//! Every kind of energy in a bath, by every integrator.
//!
//! A stationary <x_i^2> does not change in a step. For Euler-Maruyama that says, at any step h and for any energy,
//!
//! <x_i F_i> + h <F_i^2> / 2 = -kT,
//!
//! and Leimkuhler-Matthews has <x_i F_i> = -kT up to second order in h.

use faer::Mat;
use overdamped_substrate::{Integrator, PerUnit, Settings, TimeStep};

use super::energies::{UNITS, confining, kinds};
use crate::statistics::mean_and_error;
use crate::{Finding, Lab, ValidationError};

const CHAINS: usize = 5000;
const STEP: f64 = 0.05;
const KT: f64 = 0.6;

/// Equipartition of each unit.
pub fn equipartition(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::statistical(CHAINS);
    for energy in kinds()? {
        let parameters = confining(energy.as_ref());
        let potential = energy.bind(&parameters)?;
        for integrator in [Integrator::EulerMaruyama, Integrator::LeimkuhlerMatthews] {
            let settings = Settings {
                integrator,
                temperature: PerUnit::Uniform(KT),
                time_step: TimeStep::AtMost(STEP),
                ..Settings::default()
            };
            let mut specimen = lab.specimen(std::sync::Arc::clone(&energy), settings)?;
            specimen.program(&parameters)?;
            specimen.prepare(Mat::zeros(UNITS, CHAINS).as_ref())?;
            // The softest mode has a stiffness near one half: exp(-2 x .5 x 6) of the start is left, a seventh of an error.
            specimen.evolve(6.0)?;
            let states = specimen.read()?;
            let force = potential.force(states.as_ref());
            let (share, slack) = match integrator {
                Integrator::EulerMaruyama => (0.5 * STEP, 0.0),
                // Second order in the step, with forces of a few kT.
                Integrator::LeimkuhlerMatthews => (0.0, 4.0 * STEP * STEP),
            };
            for unit in 0..UNITS {
                let (mean, error) = mean_and_error((0..CHAINS).map(|chain| {
                    let (x, f) = (states[(unit, chain)], force[(unit, chain)]);
                    x * f + share * f * f
                }));
                finding.compare(mean, -KT, error.hypot(slack));
            }
        }
    }
    Ok(finding)
}

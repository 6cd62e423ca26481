//! How a system answers to a small push, and how it fluctuates without: the same thing at equilibrium.
//!
//! After a constant force f on one unit from time zero on, <x_i(t)> moves by f [<x_i(0) x_1(0)> - <x_i(t) x_1(0)>] / kT.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Drive, Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::{Integrator, PerUnit, Settings, TimeStep};

use crate::statistics::mean_and_error;
use crate::{Finding, Lab, ValidationError};

const CHAINS: usize = 100_000;
const KT: f64 = 0.8;
/// Small enough that the third order of the force is a tenth of the error.
const PUSH: f64 = 0.05;
/// Stiffness, quartic terms and coupling of two units that differ.
const PARAMETERS: [f64; 5] = [1.0, 1.6, 0.5, 0.2, 0.4];

/// Two anharmonic units, one of which is pushed; both answers at two times.
pub fn step(lab: &Lab) -> Result<Finding, ValidationError> {
    let sum = Sum::of(Sites::new(2, &[SiteTerm::Stiffness, SiteTerm::Quartic]))?;
    let energy = Arc::new(sum.and(Pairs::dense_bilinear(2))?);
    let settings = Settings {
        integrator: Integrator::LeimkuhlerMatthews,
        temperature: PerUnit::Uniform(KT),
        time_step: TimeStep::AtMost(0.01),
        ..Settings::default()
    };
    let mut specimen = lab.specimen(energy, settings)?;
    specimen.program(&PARAMETERS)?;
    specimen.prepare(Mat::zeros(2, CHAINS).as_ref())?;
    specimen.evolve(10.0)?;
    let start = specimen.read()?;
    // The same noise in all three: what they share cancels.
    let mut after = |push: f64, duration: f64| {
        specimen.prepare(start.as_ref())?;
        let force = Mat::from_fn(2, CHAINS, |unit, _| if unit == 0 { -push } else { 0.0 });
        specimen.attach(Some(Drive::linear_nudge(1.0, force.as_ref())?))?;
        specimen.evolve(duration)?;
        specimen.read()
    };
    let mut finding = Finding::statistical(CHAINS);
    for duration in [0.5, 2.0] {
        let (up, free, down) = (
            after(PUSH, duration)?,
            after(0.0, duration)?,
            after(-PUSH, duration)?,
        );
        for unit in 0..2 {
            let difference = (0..CHAINS).map(|chain| {
                let response = (up[(unit, chain)] - down[(unit, chain)]) / (2.0 * PUSH);
                let decay = start[(unit, chain)] - free[(unit, chain)];
                response - start[(0, chain)] * decay / KT
            });
            let (mean, error) = mean_and_error(difference);
            finding.compare(mean, 0.0, error);
        }
    }
    Ok(finding)
}

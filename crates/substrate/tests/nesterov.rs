//! Steps with momentum have a bound of their own, and forces that are no numbers are not rest.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{SiteTerm, Sites};
use overdamped_substrate::{
    PerUnit, Relaxer, Settings, SimulatedSubstrate, Substrate, SubstrateError, TimeStep,
};

const STEPS: u32 = 2000;

/// A unit of energy terms `terms`, relaxed from `start` in steps of size `step` with momentum.
fn relaxed(
    (terms, theta): (&[SiteTerm], &[f64]),
    mobility: f64,
    (momentum, step): (f64, f64),
    start: f64,
) -> Result<(f64, f64), SubstrateError> {
    let settings = Settings {
        relaxer: Relaxer::Nesterov { momentum },
        mobility: PerUnit::Uniform(mobility),
        time_step: TimeStep::PerSlice(STEPS as _),
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::<f64>::new(Arc::new(Sites::new(1, terms)), settings)?;
    substrate.program(theta)?;
    substrate.prepare(Mat::full(1, 1, start).as_ref(), 1)?;
    let residuals = substrate.relax(step * f64::from(STEPS) / (1.0 - momentum))?;
    Ok((substrate.read()?[(0, 0)], residuals.largest))
}

/// A harmonic unit of rate mu k = 2: steps are stable up to (1 + m) / (1 + 2 m), which is 1 without momentum, as for
/// gradient flow, and less with it. 1 % below, it comes to rest; 1 % above, it is refused.
#[test]
fn a_step_with_momentum_has_its_own_bound() {
    let unit: (&[SiteTerm], &[f64]) = (&[SiteTerm::Stiffness], &[4.0]);
    for momentum in [0.0, 0.5, 0.8, 0.95] {
        let bound = (1.0 + momentum) / (1.0 + 2.0 * momentum);
        let (state, residual) = relaxed(unit, 0.5, (momentum, 0.99 * bound), 1.0).unwrap();
        assert!(state.abs() < 1e-6 && residual < 1e-5, "{momentum}: {state}");
        let error = relaxed(unit, 0.5, (momentum, 1.01 * bound), 1.0).unwrap_err();
        let SubstrateError::UnstableStep {
            step,
            bound: found,
            rate,
        } = error
        else {
            panic!("another error: {error}")
        };
        assert!((found / bound - 1.0).abs() < 1e-9, "{momentum}: {found}");
        assert!((step / bound - 1.01).abs() < 1e-9 && (rate - 2.0).abs() < 1e-9);
    }
}

/// A cubic and a quartic term of opposite infinite forces: infinity minus infinity is not rest.
#[test]
fn a_force_that_is_no_number_is_infinitely_far_from_rest() {
    let terms = [SiteTerm::Cubic, SiteTerm::Quartic];
    let settings = Settings::default();
    let energy = Arc::new(Sites::new(1, &terms));
    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
    substrate.program(&[1.0, 1.0]).unwrap();
    substrate
        .prepare(Mat::full(1, 1, -1e200).as_ref(), 1)
        .unwrap();
    let residuals = substrate.residuals().unwrap();
    assert_eq!([residuals.median, residuals.largest], [f64::INFINITY; 2]);
}

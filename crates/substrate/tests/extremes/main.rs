//! Settings at the ends of what is legal: the right answer by an oracle, or an error that says what to change; never a
//! panic, NaN or a wrong number.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod long;
mod magnitudes;
mod sizes;
mod steps;
mod stiffness;
mod temperature;

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Scalar, SiteTerm, Sites};
use overdamped_substrate::{
    Engine, Integrator, PerUnit, Settings, SimulatedSubstrate, Substrate, TimeStep,
};

/// Both ways to move chains: fused loops, and plain ones over `Potential::add_force`.
const ENGINES: [Engine; 2] = [Engine::Best, Engine::Reference];
const INTEGRATORS: [Integrator; 2] = [Integrator::EulerMaruyama, Integrator::LeimkuhlerMatthews];

fn settings(temperature: f64, step: f64) -> Settings {
    Settings {
        temperature: PerUnit::Uniform(temperature),
        time_step: TimeStep::AtMost(step),
        ..Settings::default()
    }
}

/// Harmonic units, each of its own stiffness.
fn springs<T: Scalar>(stiffness: &[T], settings: Settings) -> SimulatedSubstrate<T> {
    let energy = Arc::new(Sites::new(stiffness.len(), &[SiteTerm::Stiffness]));
    let mut substrate = SimulatedSubstrate::new(energy, settings).unwrap();
    substrate.program(stiffness).unwrap();
    substrate
}

/// The mean square of each unit over chains.
fn mean_squares<T: Scalar>(states: &Mat<T>) -> Vec<f64> {
    let mean = |unit: usize| {
        let squares = (0..states.ncols()).map(|chain| states[(unit, chain)].wide().powi(2));
        squares.sum::<f64>() / states.ncols() as f64
    };
    (0..states.nrows()).map(mean).collect()
}

//! Jarzynski's equality on a driven protocol: an exact test of work, noise and dynamics together.
//!
//! Chains start in equilibrium at the noising trap, the protocol is run, and
//! -ln <exp(-W)> must be the free-energy difference, which two units allow to compute by quadrature.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::Energy;
use overdamped_substrate::{
    Integrator, Observe, Protocol, Settings, SimulatedSubstrate, Substrate, TimeStep, stream,
};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::results::Entry;

/// Steps in each slice: the equality holds for exact dynamics, so steps are fine.
const STEPS: usize = 64;
/// Points on each axis of the quadrature.
const GRID: usize = 801;

/// Work statistics of a protocol beside the exact free-energy difference, in kT.
#[derive(Debug, Clone, Copy)]
pub struct Jarzynski {
    /// `-ln <exp(-W)>`.
    pub estimate: f64,
    /// Its standard error.
    pub error: f64,
    /// The free-energy difference by quadrature.
    pub exact: f64,
    /// Mean work minus the free-energy difference.
    pub dissipated: f64,
}

impl Jarzynski {
    /// The figures under `name`.
    pub fn entries(&self, name: &str, trajectories: usize) -> [Entry; 2] {
        let z = (self.estimate - self.exact) / self.error;
        [
            Entry::new(&format!("{name}.jarzynski_z"), z)
                .unit("standard errors")
                .n(trajectories)
                .best("exact dynamics, mean", 0.0)
                .reference("-ln <exp(-W)>", self.estimate)
                .reference("free-energy difference", self.exact),
            Entry::new(&format!("{name}.dissipated_work"), self.dissipated)
                .unit("kT")
                .n(trajectories)
                .best("quasi-static", 0.0),
        ]
    }
}

/// Runs `protocol` on `chains` chains of two units from equilibrium in the unit trap.
///
/// # Errors
/// If the dynamics fail.
pub fn jarzynski(
    energy: &Arc<dyn Energy<f64>>,
    protocol: &Protocol<f64>,
    walls: f64,
    chains: usize,
    seed: u64,
) -> anyhow::Result<Jarzynski> {
    let settings = Settings {
        integrator: Integrator::LeimkuhlerMatthews,
        time_step: TimeStep::PerSlice(STEPS),
        walls: Some(walls),
        observe: Observe::Energy,
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::new(Arc::clone(energy), settings)?;
    let layout = energy.layout();
    let mut trap = vec![0.0; layout.len()];
    trap[layout.range("sites.stiffness")?].fill(1.0);
    let mut stream = stream::of(seed, 0);
    let start = Mat::from_fn(2, chains, |_, _| stream.sample::<f64, _>(StandardNormal));
    substrate.program(&trap)?;
    substrate.prepare(start.as_ref(), stream::derive(seed, 1))?;
    substrate.run(protocol)?;
    let work = substrate.ledger().work;

    let last = &protocol.slices()[protocol.slices().len() - 1].parameters;
    let exact = free_energy(energy, last, walls)? - free_energy(energy, &trap, walls)?;
    let count = chains as f64;
    // Relative to the exact value the exponentials are of order one.
    let weights: Vec<f64> = work.iter().map(|w| (exact - w).exp()).collect();
    let mean = weights.iter().sum::<f64>() / count;
    let variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Ok(Jarzynski {
        estimate: exact - mean.ln(),
        error: (variance / count).sqrt() / mean,
        exact,
        dissipated: work.iter().sum::<f64>() / count - exact,
    })
}

/// -ln of the integral of exp(-E) over the square between the walls, by the trapezoidal rule.
fn free_energy(
    energy: &Arc<dyn Energy<f64>>,
    parameters: &[f64],
    walls: f64,
) -> anyhow::Result<f64> {
    let potential = energy.bind(parameters)?;
    let step = 2.0 * walls / (GRID - 1) as f64;
    let at = |index: usize| -walls + step * index as f64;
    let mut rows = Vec::with_capacity(GRID);
    for row in 0..GRID {
        let states = Mat::from_fn(2, GRID, |unit, col| at(if unit == 0 { row } else { col }));
        rows.push(potential.energy(states.as_ref()));
    }
    let lowest = rows.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let sum: f64 = rows
        .iter()
        .flatten()
        .map(|energy| (lowest - energy).exp())
        .sum();
    Ok(lowest - (sum * step * step).ln())
}

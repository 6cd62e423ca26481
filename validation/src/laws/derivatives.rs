//! Every force and every parameter gradient against differences of the energy that it belongs to.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{
    Coupling, Edges, Energy, FastHidden, LowRank, Modular, Module, PairTerm, Pairs, SiteTerm,
    Sites, Sum, Wires,
};

use crate::{Finding, Lab, ValidationError};

const UNITS: usize = 6;
const CHAINS: usize = 5;
/// Differences of a step d are off by d^2, and by rounding over d.
const STEP: f64 = 1e-5;
/// Relative to the largest entry.
const TOLERANCE: f64 = 1e-8;

/// One energy of each kind.
fn kinds() -> Result<Vec<Arc<dyn Energy<f64>>>, ValidationError> {
    let sites = || {
        Sites::new(
            UNITS,
            &[SiteTerm::Bias, SiteTerm::Stiffness, SiteTerm::Quartic],
        )
    };
    let pairs = [
        PairTerm::Bilinear,
        PairTerm::Optomechanical,
        PairTerm::Duffing,
    ];
    Ok(vec![
        Arc::new(Sum::of(sites())?.and(Pairs::dense_bilinear(UNITS))?),
        Arc::new(Sum::of(sites())?.and(Pairs::new(Edges::four_neighbour(2, 3), &pairs))?),
        Arc::new(Sum::of(sites())?.and(FastHidden::new(UNITS, 4))?),
        Arc::new(Sum::of(sites())?.and(LowRank::new(UNITS, 2))?),
        Arc::new(modules()?),
    ])
}

/// Two modules of three units with quartic wells, joined by two buses.
fn modules() -> Result<Modular, ValidationError> {
    let module = Module {
        units: UNITS / 2,
        quartic: true,
    };
    let coupling = Coupling {
        modules: (0, 1),
        wires: Wires::LowRank { rank: 2 },
    };
    Ok(Modular::new(vec![module, module], vec![coupling])?)
}

/// States and parameters at random.
fn draw(lab: &Lab, kind: usize, energy: &dyn Energy<f64>) -> (Mat<f64>, Vec<f64>) {
    let part = 2 * kind as u64;
    let states = lab.normals(part, UNITS, CHAINS);
    let parameters = lab.normals(part + 1, energy.layout().len(), 1);
    let parameters = parameters.col_as_slice(0).iter().map(|value| 0.5 * value);
    (states, parameters.collect())
}

/// Compares entries, each within a tolerance of the largest.
fn compare(finding: &mut Finding, found: &[f64], expected: &[f64]) {
    let largest = expected
        .iter()
        .fold(1.0_f64, |most, value| most.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        finding.compare(*found, *expected, TOLERANCE * largest);
    }
}

/// F = -dE/dx, unit by unit.
pub fn forces(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::exact();
    for (kind, energy) in kinds()?.into_iter().enumerate() {
        let (states, parameters) = draw(lab, kind, energy.as_ref());
        let potential = energy.bind(&parameters)?;
        let planted = energy.bind(&lab.planted(energy.as_ref(), &parameters))?;
        let force = planted.force(states.as_ref());
        for unit in 0..UNITS {
            let shifted = |by: f64| {
                let mut moved = states.clone();
                (0..CHAINS).for_each(|chain| moved[(unit, chain)] += by);
                potential.energy(moved.as_ref())
            };
            let (up, down) = (shifted(STEP), shifted(-STEP));
            let slope: Vec<f64> = (0..CHAINS)
                .map(|chain| (down[chain] - up[chain]) / (2.0 * STEP))
                .collect();
            let found: Vec<f64> = (0..CHAINS).map(|chain| force[(unit, chain)]).collect();
            compare(&mut finding, &found, &slope);
        }
    }
    Ok(finding)
}

/// dE/dtheta summed over chains, parameter by parameter. The energies here are not linear in all parameters, so that a
/// fault in one shows in the gradient of another.
pub fn parameters(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::exact();
    for (kind, energy) in kinds()?.into_iter().enumerate() {
        let (states, parameters) = draw(lab, kind, energy.as_ref());
        let total = |parameters: &[f64]| {
            let potential = energy.bind(parameters)?;
            Ok::<_, ValidationError>(potential.energy(states.as_ref()).iter().sum::<f64>())
        };
        let mut slopes = Vec::with_capacity(parameters.len());
        for index in 0..parameters.len() {
            let mut moved = parameters.clone();
            moved[index] += STEP;
            let up = total(&moved)?;
            moved[index] -= 2.0 * STEP;
            slopes.push((up - total(&moved)?) / (2.0 * STEP));
        }
        let mut gradient = vec![0.0; parameters.len()];
        let potential = energy.bind(&parameters)?;
        potential.add_parameter_gradient(&[1.0; CHAINS], states.as_ref(), &mut gradient);
        // A gradient with a fault is that of the faulty parameters: what is linear in them has the fault as a factor.
        let planted = lab.planted(energy.as_ref(), &vec![1.0; parameters.len()]);
        for (entry, factor) in gradient.iter_mut().zip(planted) {
            *entry *= factor;
        }
        compare(&mut finding, &gradient, &slopes);
    }
    Ok(finding)
}

//! Every force and every parameter gradient against differences of the energy that it belongs to, and their derivatives
//! along a direction against differences of theirs.

use faer::Mat;
use overdamped_energy::Energy;

use super::energies::{UNITS, kinds};
use crate::{Finding, Lab, ValidationError};

const CHAINS: usize = 5;
/// Differences of a step d are off by d^2, and by rounding over d.
const STEP: f64 = 1e-5;
/// Relative to the largest entry.
const TOLERANCE: f64 = 1e-8;

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
        lab.spoil(energy.as_ref(), &mut gradient);
        compare(&mut finding, &gradient, &slopes);
    }
    Ok(finding)
}

/// (d2E/dx2) v by differences of the force.
pub fn curvature(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::exact();
    for (kind, energy) in kinds()?.into_iter().enumerate() {
        let (states, parameters) = draw(lab, kind, energy.as_ref());
        let along = direction(lab, kind);
        let planted = energy.bind(&lab.planted(energy.as_ref(), &parameters))?;
        let mut products = Mat::zeros(UNITS, CHAINS);
        planted.add_curvature_product(states.as_ref(), along.as_ref(), products.as_mut());
        let potential = energy.bind(&parameters)?;
        let at = |by: f64| potential.force((&states + faer::Scale(by) * &along).as_ref());
        let slope = (at(-STEP) - at(STEP)) * faer::Scale(0.5 / STEP);
        for chain in 0..CHAINS {
            let (found, slope) = (products.col_as_slice(chain), slope.col_as_slice(chain));
            compare(&mut finding, found, slope);
        }
    }
    Ok(finding)
}

/// d/d eps dE/dtheta(x + eps e) by differences of dE/dtheta.
pub fn directional(lab: &Lab) -> Result<Finding, ValidationError> {
    const WEIGHTS: [f64; CHAINS] = [1.0, -0.5, 2.0, 0.25, 1.5];
    let mut finding = Finding::exact();
    for (kind, energy) in kinds()?.into_iter().enumerate() {
        let (states, parameters) = draw(lab, kind, energy.as_ref());
        let along = direction(lab, kind);
        let potential = energy.bind(&parameters)?;
        let mut found = vec![0.0; parameters.len()];
        potential.add_directional_gradient(&WEIGHTS, states.as_ref(), along.as_ref(), &mut found);
        let planted = lab.planted(energy.as_ref(), &vec![1.0; parameters.len()]);
        found
            .iter_mut()
            .zip(planted)
            .for_each(|(entry, factor)| *entry *= factor);
        lab.spoil(energy.as_ref(), &mut found);
        let at = |by: f64| {
            let mut gradient = vec![0.0; parameters.len()];
            let moved = &states + faer::Scale(by) * &along;
            potential.add_parameter_gradient(&WEIGHTS, moved.as_ref(), &mut gradient);
            gradient
        };
        let both = at(STEP).into_iter().zip(at(-STEP));
        let slope: Vec<f64> = both.map(|(up, down)| (up - down) / (2.0 * STEP)).collect();
        compare(&mut finding, &found, &slope);
    }
    Ok(finding)
}

fn direction(lab: &Lab, kind: usize) -> Mat<f64> {
    lab.normals(1000 + kind as u64, UNITS, CHAINS)
}

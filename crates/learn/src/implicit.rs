//! The exact gradient of a cost at rest, by the implicit function theorem: the oracle of nudged
//! contrasts.
//!
//! At rest G(x, theta) = dE/dx = 0, so x moves with theta by dx/dtheta = -H^-1 dG/dtheta, and
//!
//! dC/dtheta = -v . dG/dtheta with H v = dC/dx,
//!
//! where v . dG/dtheta is the directional derivative of dE/dtheta along v, the primitive that force matching
//! uses. H is the Hessian of energy and drive on the mobile units, factorised chain by chain: units^3
//! operations each, for studies and tests.

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};
use overdamped_energy::{Drive, Potential, Scalar};
use overdamped_substrate::SubstrateError;
use rayon::prelude::*;

use crate::{LearnError, QuadraticCost};

/// Adds the mean over chains of dC/dtheta at `rest` (units x chains) to `gradient`. `mobile` says
/// which units move.
///
/// # Errors
/// [`LearnError::NotConvex`] for a chain at which energy and drive are not convex: it is not at a
/// minimum, and equilibrium propagation has no meaning there. [`LearnError::Shape`] if the parts,
/// the units of the cost among them, do not fit each other, or there is no chain.
/// [`SubstrateError::NonFiniteState`] for a state that is no number.
pub fn implicit_gradient<T: Scalar>(
    potential: &dyn Potential<T>,
    drive: &Drive<T>,
    mobile: &[bool],
    rest: MatRef<'_, T>,
    cost: &QuadraticCost<T>,
    gradient: &mut [T],
) -> Result<(), LearnError> {
    let units = potential.units();
    for (what, expected, found) in [
        ("units of the drive", units, drive.units()),
        ("units that are mobile or not", units, mobile.len()),
        ("units of the states at rest", units, rest.nrows()),
        ("chains at rest", cost.chains(), rest.ncols()),
        (
            "parameters of the gradient",
            potential.parameter_count(),
            gradient.len(),
        ),
    ] {
        if found != expected {
            return Err(LearnError::Shape {
                what,
                expected,
                found,
            });
        }
    }
    cost.check(units)?;
    if rest.ncols() == 0 {
        return Err(LearnError::Shape {
            what: "chains at rest",
            expected: 1,
            found: 0,
        });
    }
    for chain in 0..rest.ncols() {
        if let Some(unit) = (0..units).find(|&unit| !rest[(unit, chain)].finite()) {
            return Err(LearnError::Substrate(SubstrateError::NonFiniteState {
                unit,
                chain,
                value: rest[(unit, chain)].wide(),
            }));
        }
    }
    let free: Vec<usize> = (0..mobile.len()).filter(|&unit| mobile[unit]).collect();
    let slopes = cost.gradient(rest);
    let solved: Result<Vec<Vec<T>>, LearnError> = (0..rest.ncols())
        .into_par_iter()
        .map(|chain| {
            let hessian = hessian(potential, drive, &free, rest.subcols(chain, 1));
            let slope = Mat::from_fn(free.len(), 1, |row, _| slopes[(free[row], chain)].wide());
            let factors = hessian.llt(Side::Lower).map_err(|_| {
                let smallest = hessian
                    .self_adjoint_eigenvalues(Side::Lower)
                    .map_or(f64::NAN, |values| values[0]);
                LearnError::NotConvex { chain, smallest }
            })?;
            let answer = factors.solve(&slope);
            let mut along = vec![T::ZERO; mobile.len()];
            for (row, &unit) in free.iter().enumerate() {
                along[unit] = T::of(answer[(row, 0)]);
            }
            Ok(along)
        })
        .collect();
    let solved = solved?;
    let along = Mat::from_fn(rest.nrows(), rest.ncols(), |unit, chain| {
        solved[chain][unit]
    });
    let weights = vec![T::of(-1.0 / rest.ncols() as f64); rest.ncols()];
    potential.add_directional_gradient(&weights, rest, along.as_ref(), gradient);
    Ok(())
}

/// Second derivatives of energy and drive between the `free` units, at one state.
fn hessian<T: Scalar>(
    potential: &dyn Potential<T>,
    drive: &Drive<T>,
    free: &[usize],
    state: MatRef<'_, T>,
) -> Mat<f64> {
    let units = state.nrows();
    let states = Mat::from_fn(units, free.len(), |unit, _| state[(unit, 0)]);
    let basis = Mat::from_fn(units, free.len(), |unit, column| {
        if unit == free[column] {
            T::ONE
        } else {
            T::ZERO
        }
    });
    let mut products = Mat::zeros(units, free.len());
    potential.add_curvature_product(states.as_ref(), basis.as_ref(), products.as_mut());
    let stiffness = drive.stiffness();
    Mat::from_fn(free.len(), free.len(), |row, column| {
        let spring = if row == column {
            stiffness[free[row]].wide()
        } else {
            0.0
        };
        products[(free[row], column)].wide() + spring
    })
}

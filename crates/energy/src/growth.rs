//! Confinement: does the energy grow in every direction at large |x|?
//!
//! A substrate whose energy does not grow lets some unit escape to infinity. The
//! certificate here is sufficient, and exact for quadratic energies:
//! a unit is confined by a positive sextic term, else by a quartic margin that its
//! pair terms cannot use up, else by a positive-definite harmonic part.

use faer::{Mat, Side};

use crate::EnergyError;

/// What is known of an energy's growth, collected over its terms.
#[derive(Debug, Clone)]
pub struct Growth {
    /// Hessian of the quadratic part (units x units, symmetric).
    pub harmonic: Mat<f64>,
    /// Sum of the magnitudes of cubic coefficients that touch each unit.
    pub cubic: Vec<f64>,
    /// Lower bound of the coefficient of x^4 at each unit.
    pub quartic: Vec<f64>,
    /// Coefficient of x^6 at each unit.
    pub sextic: Vec<f64>,
}

impl Growth {
    /// No growth yet.
    #[must_use]
    pub fn new(units: usize) -> Self {
        Self {
            harmonic: Mat::zeros(units, units),
            cubic: vec![0.0; units],
            quartic: vec![0.0; units],
            sextic: vec![0.0; units],
        }
    }

    /// Certifies confinement.
    ///
    /// # Errors
    /// [`EnergyError::NotConfining`], naming a unit that may escape and the term that lets it.
    pub fn certify(&self) -> Result<(), EnergyError> {
        let refuse = |unit: usize, reason: String| Err(EnergyError::NotConfining { unit, reason });
        let mut harmonic_units = Vec::new();
        for unit in 0..self.sextic.len() {
            let (cubic, quartic, sextic) =
                (self.cubic[unit], self.quartic[unit], self.sextic[unit]);
            if sextic < 0.0 {
                return refuse(unit, format!("its x^6 coefficient is {sextic:.3e} < 0"));
            }
            if sextic > 0.0 || quartic > 0.0 {
                continue;
            }
            if quartic < 0.0 {
                return refuse(
                    unit,
                    format!(
                        "its x^4 coefficient can be as low as {quartic:.3e} with the pair terms"
                    ),
                );
            }
            if cubic > 0.0 {
                return refuse(unit, "a cubic term is its highest order".to_owned());
            }
            harmonic_units.push(unit);
        }
        self.certify_harmonic(&harmonic_units)
    }

    /// Units without higher orders need a positive-definite harmonic block; their couplings to
    /// quartic units are dominated by the latter's growth.
    fn certify_harmonic(&self, units: &[usize]) -> Result<(), EnergyError> {
        if units.is_empty() {
            return Ok(());
        }
        let block = Mat::from_fn(units.len(), units.len(), |i, j| {
            self.harmonic[(units[i], units[j])]
        });
        if let Ok(decomposition) = block.self_adjoint_eigen(Side::Lower) {
            let smallest = decomposition.S()[0];
            let largest = decomposition.S()[units.len() - 1].abs();
            // Rounding may lift a free mode above zero.
            if smallest > units.len() as f64 * f64::EPSILON * largest {
                return Ok(());
            }
            let mode = decomposition.U().col(0);
            let escape = (0..units.len())
                .max_by(|&i, &j| mode[i].abs().total_cmp(&mode[j].abs()))
                .unwrap_or(0);
            return Err(EnergyError::NotConfining {
                unit: units[escape],
                reason: format!(
                    "it has no higher order and the smallest harmonic stiffness is {smallest:.3e}"
                ),
            });
        }
        Err(EnergyError::NotConfining {
            unit: units[0],
            reason: "the eigenvalues of its harmonic stiffness did not converge".to_owned(),
        })
    }
}

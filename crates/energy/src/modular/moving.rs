//! Which modules move while the others are clamped, and what else holds them.

use serde::{Deserialize, Serialize};

use super::Modular;
use crate::layout::check_finite;
use crate::{EnergyError, Scalar};

/// The modules that move, all others being clamped, and springs on their units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moving {
    /// The modules, in any order.
    pub modules: Vec<usize>,
    /// Stiffness of springs, in addition to that of the energy (length: units of all modules, or
    /// none for no springs; kT / z^2). A nudge away from a target is negative.
    pub springs: Vec<f64>,
}

impl Moving {
    /// All modules but the `clamped`, without springs.
    #[must_use]
    pub fn except(energy: &Modular, clamped: &[usize]) -> Self {
        let modules = 0..energy.modules().len();
        Self {
            modules: modules.filter(|module| !clamped.contains(module)).collect(),
            springs: Vec::new(),
        }
    }

    /// The same with springs of `stiffness` on all units of a module.
    ///
    /// # Errors
    /// [`EnergyError::Module`] if it does not exist, [`EnergyError::Length`] if there are springs already, of
    /// another number.
    pub fn with_springs(
        mut self,
        energy: &Modular,
        module: usize,
        stiffness: f64,
    ) -> Result<Self, EnergyError> {
        energy.check_module(module)?;
        if self.springs.is_empty() {
            self.springs = vec![0.0; energy.size()];
        }
        energy.check_springs(&self.springs)?;
        for spring in &mut self.springs[energy.rows(module)] {
            *spring += stiffness;
        }
        Ok(self)
    }
}

impl Modular {
    fn check_module(&self, module: usize) -> Result<(), EnergyError> {
        let count = self.modules.len();
        if module < count {
            return Ok(());
        }
        let reason = format!("does not exist; they are numbered from 0 below {count}");
        Err(EnergyError::Module { module, reason })
    }

    fn check_springs(&self, springs: &[f64]) -> Result<(), EnergyError> {
        if springs.is_empty() || springs.len() == self.size() {
            return check_finite("the spring stiffness", springs);
        }
        Err(EnergyError::Length {
            what: "the spring stiffness of moving modules (one for each unit, or none)".to_owned(),
            expected: self.size(),
            found: springs.len(),
        })
    }

    /// The stiffness of each unit with its spring, once parameters and springs are found to fit.
    pub(super) fn stiffness<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
    ) -> Result<Vec<f64>, EnergyError> {
        crate::Energy::<T>::layout(self).check(parameters)?;
        self.check_springs(&moving.springs)?;
        for &module in &moving.modules {
            self.check_module(module)?;
        }
        let blocks = super::Blocks::of(self);
        let own = blocks.sites.iter().flat_map(|site| site.stiffness.clone());
        let springs = moving.springs.iter().copied().chain(std::iter::repeat(0.0));
        let sums = own
            .zip(springs)
            .map(|(at, spring)| parameters[at].wide() + spring);
        Ok(sums.collect())
    }

    /// The same, for units that move refused where it is not positive: no coupling can make up for that.
    pub(super) fn positive_stiffness<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
    ) -> Result<Vec<f64>, EnergyError> {
        let stiffness = self.stiffness(parameters, moving)?;
        for &module in &moving.modules {
            let own = stiffness[self.rows(module)].iter().enumerate();
            if let Some((unit, &stiffness)) = own.into_iter().find(|(_, a)| **a <= 0.0) {
                return Err(EnergyError::Stiffness {
                    module,
                    unit,
                    stiffness,
                });
            }
        }
        Ok(stiffness)
    }
}

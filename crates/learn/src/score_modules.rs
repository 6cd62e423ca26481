//! The modules of a network that denoises, and what they must be like.

use faer::{Mat, MatRef};
use overdamped_energy::{Energy, Modular, Scalar, Wires};
use serde::{Deserialize, Serialize};

use crate::LearnError;

/// Which modules of the network do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreModules {
    /// Comes to rest at the denoised example.
    pub output: usize,
    /// Holds the noisy one; coupled to the output, partner to partner.
    pub data: usize,
    /// Holds a label, if there is one.
    pub label: Option<usize>,
}

impl ScoreModules {
    /// Modules that move while the data module is held.
    #[must_use]
    pub fn moving(&self, energy: &Modular) -> Vec<usize> {
        (0..energy.modules().len())
            .filter(|&module| module != self.data && Some(module) != self.label)
            .collect()
    }

    /// Mobility of each unit: `data` for the data module, none for a label, one for all others.
    ///
    /// # Panics
    /// If a module does not exist.
    #[must_use]
    pub fn mobility(&self, energy: &Modular, data: f64) -> Vec<f64> {
        let mut mobility = vec![1.0; Energy::<f64>::units(energy)];
        mobility[energy.rows(self.data)].fill(data);
        if let Some(label) = self.label {
            mobility[energy.rows(label)].fill(0.0);
        }
        mobility
    }

    /// Where a batch starts (units x chains): data and output at the noisy values, labels at theirs, all
    /// other units at zero. A row of `noisy` for each data unit, then one for each of the label.
    ///
    /// # Panics
    /// If a module does not exist, or there are fewer rows than those.
    #[must_use]
    pub fn start<T: Scalar>(&self, energy: &Modular, noisy: MatRef<'_, T>) -> Mat<T> {
        let mut states = Mat::zeros(Energy::<T>::units(energy), noisy.ncols());
        let mut put = |module: usize, first: usize| {
            let rows = energy.rows(module);
            let values = noisy.subrows(first, rows.len());
            states.subrows_mut(rows.start, rows.len()).copy_from(values);
            first + rows.len()
        };
        put(self.output, 0);
        let pixels = put(self.data, 0);
        if let Some(label) = self.label {
            put(label, pixels);
        }
        states
    }

    /// Refuses modules that do not exist or do not fit each other, and an output that no signal reaches.
    pub(crate) fn check(&self, energy: &Modular) -> Result<(), LearnError> {
        let modules = energy.modules();
        let shape = |what, expected, found| {
            Err(LearnError::Shape {
                what,
                expected,
                found,
            })
        };
        let named = [Some(self.output), Some(self.data), self.label];
        if let Some(&unknown) = named.iter().flatten().find(|&&m| m >= modules.len()) {
            return shape("modules, counted from 0,", modules.len(), unknown);
        }
        let [output, data] = [self.output, self.data].map(|module| modules[module].units);
        if output != data {
            return shape("units of the output module", data, output);
        }
        if self.output == self.data
            || Some(self.output) == self.label
            || Some(self.data) == self.label
        {
            return shape("different modules for output, data and label", 3, 2);
        }
        // Whatever cannot be felt at the output cannot be learned from it.
        let moving = self.moving(energy);
        for from in (0..modules.len()).filter(|&module| module != self.output) {
            if !energy.reaches(from, self.output, &moving) {
                return Err(LearnError::Disconnected {
                    from,
                    to: self.output,
                });
            }
        }
        // Only the spring may pull at the data, or its force would not be the score.
        let mut springs = 0;
        for coupling in energy.couplings() {
            let (one, other) = coupling.modules;
            if one == self.data || other == self.data {
                let spring = coupling.wires == Wires::OneToOne
                    && (one == self.output || other == self.output);
                springs += if spring { 1 } else { 2 };
            }
        }
        if springs == 1 {
            Ok(())
        } else {
            shape(
                "couplings of the data module (unit by unit to the output, and no other)",
                1,
                springs,
            )
        }
    }
}

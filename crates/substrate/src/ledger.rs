//! Work and heat: the first law, trajectory by trajectory.

use serde::{Deserialize, Serialize};

/// Energy exchanged by each chain since it was prepared, in kT.
///
/// First law: the energy change of a chain is `work + heat`. Work is done on the
/// chain by switching parameters or drives at a fixed state; heat flows in from the
/// bath while the parameters are held (Sekimoto 1998; Jarzynski 1997).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Work done on each chain.
    pub work: Vec<f64>,
    /// Heat that each chain drew from the bath.
    pub heat: Vec<f64>,
    /// Heat that each unit drew from its own bath, summed over chains (length: units), by the
    /// midpoint rule -F o dx; empty unless asked for. Its total differs from
    /// `heat` by O(h) unless the energy is quadratic.
    pub unit_heat: Vec<f64>,
}

impl Ledger {
    pub(crate) fn new(chains: usize) -> Self {
        Self {
            work: vec![0.0; chains],
            heat: vec![0.0; chains],
            unit_heat: Vec::new(),
        }
    }

    pub(crate) fn join<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        parts.fold(Self::default(), |mut whole, part| {
            whole.work.extend(&part.work);
            whole.heat.extend(&part.heat);
            if whole.unit_heat.is_empty() {
                whole.unit_heat.clone_from(&part.unit_heat);
            } else {
                for (sum, value) in whole.unit_heat.iter_mut().zip(&part.unit_heat) {
                    *sum += value;
                }
            }
            whole
        })
    }
}

//! Work and heat: the first law, trajectory by trajectory, however long it is.

use overdamped_kernel::Compensated;
use serde::{Deserialize, Serialize};

/// Energy exchanged by each chain since it was prepared, in kT.
///
/// First law: the energy change of a chain is `work + heat`. Work is done on the
/// chain by switching parameters or drives at a fixed state; heat flows in from the
/// bath while the parameters are held (Sekimoto 1998; Jarzynski 1997). The sums of
/// work and heat are compensated: the law holds to a few roundings of the largest energy, after 1e8 switches as after
/// one. So are those of `unit_heat` from slice to slice; within a slice of the plain loops, which a potential without a
/// closed form takes, they are sums in double precision.
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

/// A ledger while it is kept: sums that do not drift, and differences that are not rounded before they are added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    work: Vec<Compensated>,
    heat: Vec<Compensated>,
    unit_heat: Vec<Compensated>,
}

impl Account {
    pub(crate) fn new(chains: usize) -> Self {
        Self {
            work: vec![Compensated::default(); chains],
            heat: vec![Compensated::default(); chains],
            unit_heat: Vec::new(),
        }
    }

    /// Whether it is one of so many chains of so many units.
    pub(crate) fn fits(&self, units: usize, chains: usize) -> bool {
        let heats = self.unit_heat.len();
        self.work.len() == chains && self.heat.len() == chains && (heats == 0 || heats == units)
    }

    /// Books a switch of parameters that took each chain from one energy to another.
    pub(crate) fn switch(&mut self, from: &[f64], to: &[f64]) {
        book(&mut self.work, from, to);
    }

    /// Books what happened while the parameters were held.
    pub(crate) fn hold(&mut self, from: &[f64], to: &[f64]) {
        book(&mut self.heat, from, to);
    }

    /// Books the heat of each unit of one chain.
    pub(crate) fn warm(&mut self, heat: &[f64]) {
        self.unit_heat.resize(heat.len(), Compensated::default());
        for (sum, &heat) in self.unit_heat.iter_mut().zip(heat) {
            sum.add(heat);
        }
    }

    /// The ledger of chains in several blocks, one after another.
    pub(crate) fn join<'a>(parts: impl Iterator<Item = &'a Self>) -> Ledger {
        let mut whole = Self::new(0);
        for part in parts {
            whole.work.extend(&part.work);
            whole.heat.extend(&part.heat);
            if !part.unit_heat.is_empty() {
                whole.warm(&totals(&part.unit_heat));
            }
        }
        Ledger {
            work: totals(&whole.work),
            heat: totals(&whole.heat),
            unit_heat: totals(&whole.unit_heat),
        }
    }
}

fn book(sums: &mut [Compensated], from: &[f64], to: &[f64]) {
    for (sum, (&from, &to)) in sums.iter_mut().zip(from.iter().zip(to)) {
        sum.add(to);
        sum.add(-from);
    }
}

fn totals(sums: &[Compensated]) -> Vec<f64> {
    sums.iter().map(|sum| sum.total()).collect()
}

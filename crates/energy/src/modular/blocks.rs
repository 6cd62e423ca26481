//! Where each block stands in the parameter vector.

use std::ops::Range;

use super::{Modular, Wires};

/// Blocks of a module.
pub(super) struct SiteBlocks {
    pub(super) bias: Range<usize>,
    pub(super) stiffness: Range<usize>,
    pub(super) quartic: Option<Range<usize>>,
}

/// Blocks of a coupling.
#[derive(Clone)]
pub(super) struct WireBlocks {
    pub(super) strength: Range<usize>,
    /// U and V, for low-rank wires.
    pub(super) factors: Option<(Range<usize>, Range<usize>)>,
}

impl WireBlocks {
    /// All of them: they are neighbours.
    pub(super) fn all(&self) -> Range<usize> {
        let last = self.factors.as_ref().map_or(&self.strength, |(_, v)| v);
        self.strength.start..last.end
    }
}

pub(super) struct Blocks {
    pub(super) sites: Vec<SiteBlocks>,
    pub(super) wires: Vec<WireBlocks>,
    /// Length of the parameter vector.
    pub(super) len: usize,
}

impl Blocks {
    pub(super) fn of(energy: &Modular) -> Self {
        let mut len = 0;
        let mut next = |count: usize| {
            len += count;
            len - count..len
        };
        let sites = energy.modules.iter().map(|module| SiteBlocks {
            bias: next(module.units),
            stiffness: next(module.units),
            quartic: module.quartic.then(|| next(module.units)),
        });
        let sites = sites.collect();
        let wires = energy.couplings.iter().map(|coupling| {
            let (l, m) = coupling.modules;
            let (left, right) = (energy.modules[l].units, energy.modules[m].units);
            match coupling.wires {
                Wires::OneToOne => WireBlocks {
                    strength: next(left),
                    factors: None,
                },
                Wires::LowRank { rank } => WireBlocks {
                    strength: next(rank),
                    factors: Some((next(left * rank), next(right * rank))),
                },
            }
        });
        let wires = wires.collect();
        Self { sites, wires, len }
    }
}

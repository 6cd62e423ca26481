//! Which oscillators and springs: the topologies that draw digits.

use std::sync::Arc;

use overdamped_energy::{Edges, Energy, FastHidden, PairTerm, Pairs, SiteTerm, Sites, Sum};
use overdamped_learn::{Denoiser, Floor};

/// Cubic and quartic wells.
pub const CUBIC_QUARTIC: [SiteTerm; 4] = [
    SiteTerm::Bias,
    SiteTerm::Stiffness,
    SiteTerm::Cubic,
    SiteTerm::Quartic,
];
/// Even wells up to the sextic: with the three oscillator springs on six shells,
/// 19,854 parameters for each slice, the published network.
pub const EVEN_SEXTIC: [SiteTerm; 4] = [
    SiteTerm::Bias,
    SiteTerm::Stiffness,
    SiteTerm::Quartic,
    SiteTerm::Sextic,
];

/// States are kept in [-WALLS, WALLS]; data is in [-1, 1].
pub const WALLS: f64 = 4.0;

/// A network of `side` x `side` pixel oscillators, and what couples them.
#[derive(Debug, Clone)]
pub struct Network {
    /// Pixels in a row.
    pub side: usize,
    /// On-site orders.
    pub sites: &'static [SiteTerm],
    /// Edge set of the pair terms (over all units, the label included).
    pub edges: Arc<Edges>,
    /// Kinds of pair terms.
    pub pairs: &'static [PairTerm],
    /// Fast hidden oscillators.
    pub hidden: usize,
    /// Whether a label oscillator, held at -1 or 1, is coupled to every pixel.
    pub label: bool,
}

impl Network {
    /// Pixel oscillators with `sites` wells and `pairs` springs on `edges`.
    pub fn new(
        side: usize,
        sites: &'static [SiteTerm],
        edges: Edges,
        pairs: &'static [PairTerm],
    ) -> Self {
        Self {
            side,
            sites,
            edges: Arc::new(edges),
            pairs,
            hidden: 0,
            label: false,
        }
    }

    /// The same with fast hidden oscillators over all pixels.
    pub fn with_hidden(mut self, hidden: usize) -> Self {
        self.hidden = hidden;
        self
    }

    /// The same with a label oscillator joined to every pixel.
    ///
    /// # Errors
    /// Never for edges among the pixels.
    pub fn with_label(mut self) -> anyhow::Result<Self> {
        let pixels = self.pixels();
        let edges = Arc::unwrap_or_clone(self.edges);
        let joined = edges.extended(pixels + 1, (0..pixels).map(|pixel| (pixels, pixel)))?;
        self.edges = Arc::new(joined);
        self.label = true;
        Ok(self)
    }

    /// Number of pixels.
    pub const fn pixels(&self) -> usize {
        self.side * self.side
    }

    /// Number of units: pixels, and the label if there is one.
    pub const fn units(&self) -> usize {
        self.pixels() + if self.label { 1 } else { 0 }
    }

    /// Which units carry data.
    pub fn visible(&self) -> Vec<bool> {
        (0..self.units()).map(|unit| unit < self.pixels()).collect()
    }

    /// The whole energy.
    ///
    /// # Errors
    /// If the edges do not fit the pixels.
    pub fn energy(&self) -> anyhow::Result<Arc<dyn Energy<f32>>> {
        let linear = self.linear_terms()?;
        Ok(if self.hidden > 0 {
            Arc::new(linear.and(FastHidden::new(self.units(), self.hidden))?)
        } else {
            Arc::new(linear)
        })
    }

    /// The part that is linear in its parameters: sites and pairs, which come first in the layout.
    ///
    /// # Errors
    /// As [`Network::energy`].
    pub fn linear(&self) -> anyhow::Result<Arc<dyn Energy<f32>>> {
        Ok(Arc::new(self.linear_terms()?))
    }

    fn linear_terms(&self) -> anyhow::Result<Sum<f32>> {
        let sites = Sum::of(Sites::new(self.units(), self.sites))?;
        Ok(if self.pairs.is_empty() {
            sites
        } else {
            sites.and(Pairs::new(Arc::clone(&self.edges), self.pairs))?
        })
    }

    /// Lower bounds on the highest on-site order, in denoiser form.
    ///
    /// The free optimum has strongly negative quartics at nearly constant pixels. At little
    /// noise they must confine (q >= .05 in physical units); at much noise the
    /// trap of the noising process confines, and q >= 0 costs nothing.
    pub fn floors(&self, denoiser: &Denoiser) -> Vec<Floor> {
        if self.sites.contains(&SiteTerm::Sextic) {
            return vec![Floor {
                block: SiteTerm::Sextic.block(),
                at: 0.0,
                clears: None,
            }];
        }
        let lowest = if denoiser.level().time < 0.3 {
            0.05
        } else {
            0.0
        };
        vec![Floor {
            block: SiteTerm::Quartic.block(),
            at: lowest / denoiser.force_scale(),
            clears: Some(SiteTerm::Cubic.block()),
        }]
    }

    /// Whether data moments determine the optimum.
    pub fn is_bilinear(&self) -> bool {
        self.sites == CUBIC_QUARTIC
            && self.pairs == [PairTerm::Bilinear]
            && self.hidden == 0
            && !self.label
    }

    /// One line for files and checkpoints.
    pub fn topology(&self) -> String {
        format!(
            "{0}x{0} pixels, sites {1:?}, {2} edges with {3:?}, {4} fast hidden units{5}",
            self.side,
            self.sites,
            self.edges.len(),
            self.pairs,
            self.hidden,
            if self.label { ", a label unit" } else { "" }
        )
    }
}

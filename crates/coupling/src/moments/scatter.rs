//! The sum of squares and products of deviations: a symmetric matrix, kept as the tiles of its lower triangle.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::pending::Deviations;

/// Units of a panel, the rows and columns of a tile: enough of them to keep threads busy, large enough
/// for the products to run at full speed.
const TILE: usize = 256;

/// The units of each panel.
pub(super) fn panels(units: usize) -> Vec<Range<usize>> {
    let starts = (0..units).step_by(TILE);
    starts.map(|start| start..units.min(start + TILE)).collect()
}

/// Tile (p, q), q <= p, stands at place p (p + 1) / 2 + q.
#[derive(Debug, Clone)]
pub(super) struct Scatter {
    tiles: Vec<Mat<f64>>,
}

/// The panels of the rows and columns of all tiles in order.
fn pairs(panels: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..panels).flat_map(|p| (0..=p).map(move |q| (p, q)))
}

impl Scatter {
    pub(super) fn new(units: usize) -> Self {
        let panels = panels(units);
        let tiles = pairs(panels.len()).map(|(p, q)| Mat::zeros(panels[p].len(), panels[q].len()));
        Self {
            tiles: tiles.collect(),
        }
    }

    /// The entry of two units. Above the diagonal it is that below.
    pub(super) fn get(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (i.max(j), i.min(j));
        let (p, q) = (i / TILE, j / TILE);
        self.tiles[p * (p + 1) / 2 + q][(i % TILE, j % TILE)]
    }

    /// Adds the products of deviations, panel by panel.
    pub(super) fn add(&mut self, panels: &[Deviations]) {
        let places: Vec<_> = pairs(panels.len()).collect();
        let tiles = self.tiles.par_iter_mut().zip(places);
        tiles.for_each(|(tile, (p, q))| {
            let (left, right) = (&panels[p].values, &panels[q].values);
            add_product(tile.as_mut(), left.as_ref(), right.as_ref());
        });
    }

    /// Adds another one and weight times drift drift^T.
    pub(super) fn merge(&mut self, other: &Self, drift: &[f64], weight: f64) {
        let panels = panels(drift.len());
        let places = pairs(panels.len()).zip(&other.tiles);
        for (tile, ((p, q), other)) in self.tiles.iter_mut().zip(places) {
            let (left, right) = (&drift[panels[p].clone()], &drift[panels[q].clone()]);
            for (j, right) in right.iter().enumerate() {
                let slots = tile
                    .col_as_slice_mut(j)
                    .iter_mut()
                    .zip(other.col_as_slice(j));
                for ((slot, other), left) in slots.zip(left) {
                    *slot += other + weight * left * right;
                }
            }
        }
    }
}

/// Adds left right^T on one thread.
pub(super) fn add_product(out: MatMut<'_, f64>, left: MatRef<'_, f64>, right: MatRef<'_, f64>) {
    matmul(out, Accum::Add, left, right.transpose(), 1.0, Par::Seq);
}

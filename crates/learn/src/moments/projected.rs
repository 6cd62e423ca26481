//! The normal equations in the couplings alone.
//!
//! Given the couplings, the best polynomial of each unit is a projection, so it can be eliminated:
//! with B_r = E e_r(x_i) xi_j for the orthonormal polynomials e_r of unit i, the couplings
//! solve, on every edge,
//!
//! [J S - sum_r diag(B_r J^T) B_r] + transpose = R + transpose,
//!
//! with S the covariance of the noised data and R = E (y_i - best polynomial) xi_j. The elimination is
//! what makes conjugate gradients fast: the powers of one state are nearly
//! parallel, the couplings are not. One product costs one `units x units` matrix product.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use overdamped_energy::Edges;

use super::basis::{Basis, Reach};
use super::noised::NoisedMoments;

/// The symmetric matrix of the couplings, zero off the edges.
pub(super) fn scatter(edges: &Edges, strengths: &[f64]) -> Mat<f64> {
    let mut matrix = Mat::zeros(edges.units(), edges.units());
    for (&(i, j), &strength) in edges.pairs().iter().zip(strengths) {
        matrix[(i, j)] = strength;
        matrix[(j, i)] = strength;
    }
    matrix
}

/// M_ij + M_ji on every edge: what both ends of a coupling measure, the transpose of [`scatter`].
pub(super) fn gather(edges: &Edges, matrix: MatRef<'_, f64>) -> Vec<f64> {
    let both = |&(i, j): &(usize, usize)| matrix[(i, j)] + matrix[(j, i)];
    edges.pairs().iter().map(both).collect()
}

/// A symmetric positive definite system A J = b on the edges.
pub(super) struct Projected<'a> {
    edges: &'a Edges,
    moments: &'a NoisedMoments,
    /// E e_r(x_i) xi_j in row j, column i, for degrees r = 1, 2, 3.
    overlaps: [Mat<f64>; 3],
    ridge: f64,
    diagonal: Vec<f64>,
    right: Vec<f64>,
}

impl<'a> Projected<'a> {
    /// `ridge` is relative to the diagonal of A, which it is added to.
    pub(super) fn new(
        edges: &'a Edges,
        moments: &'a NoisedMoments,
        reach: &[Reach],
        ridge: f64,
    ) -> Self {
        let units = edges.units();
        let bases: Vec<Basis> = moments
            .sites
            .iter()
            .zip(reach)
            .map(|(site, &reach)| Basis::new(site, reach))
            .collect();
        let overlaps = std::array::from_fn(|index| {
            Mat::from_fn(units, units, |other, unit| {
                combine(&bases[unit].rows[index + 1], moments, other, unit)
            })
        });
        let coordinates: Vec<[f64; 4]> = bases
            .iter()
            .zip(&moments.sites)
            .map(|(basis, site)| basis.coordinates(site, &site.target))
            .collect();
        let explained = |other: usize, unit: usize| {
            let fit = bases[unit].polynomial(&coordinates[unit]);
            combine(&fit, moments, other, unit)
        };
        let unexplained = Mat::from_fn(units, units, |other, unit| {
            moments.target[(other, unit)] - explained(other, unit)
        });
        let curvature = Mat::from_fn(units, units, |other, unit| {
            let square = |overlap: &Mat<f64>| overlap[(other, unit)] * overlap[(other, unit)];
            moments.covariance[(other, other)] - overlaps.iter().map(square).sum::<f64>()
        });
        let diagonal = gather(edges, curvature.as_ref());
        Self {
            right: gather(edges, unexplained.as_ref()),
            edges,
            moments,
            overlaps,
            ridge,
            diagonal: diagonal.iter().map(|d| (1.0 + ridge) * d).collect(),
        }
    }

    /// b.
    pub(super) fn right(&self) -> &[f64] {
        &self.right
    }

    /// The diagonal of A, all positive.
    pub(super) fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// A J.
    pub(super) fn product(&self, strengths: &[f64]) -> Vec<f64> {
        let couplings = scatter(self.edges, strengths);
        let mut product = Mat::zeros(couplings.nrows(), couplings.ncols());
        matmul(
            &mut product,
            Accum::Replace,
            &self.moments.covariance,
            &couplings,
            1.0,
            Par::Seq,
        );
        for overlaps in &self.overlaps {
            for unit in 0..couplings.ncols() {
                let overlap = overlaps.col(unit);
                let explained = overlap.transpose() * couplings.col(unit);
                for (slot, &value) in product.col_mut(unit).iter_mut().zip(overlap.iter()) {
                    *slot -= explained * value;
                }
            }
        }
        let mut gathered = gather(self.edges, product.as_ref());
        let share = self.ridge / (1.0 + self.ridge);
        for ((slot, diagonal), strength) in gathered.iter_mut().zip(&self.diagonal).zip(strengths) {
            *slot += share * diagonal * strength;
        }
        gathered
    }
}

/// E p(z_i) xi_j of a polynomial p; its constant drops out because xi has mean zero.
fn combine(polynomial: &[f64; 4], moments: &NoisedMoments, other: usize, unit: usize) -> f64 {
    let terms = polynomial[1..].iter().zip(&moments.cross);
    terms.map(|(p, cross)| p * cross[(other, unit)]).sum()
}

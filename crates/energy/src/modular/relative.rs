//! The relative coupling A^-1/2 W A^-1/2 of modules that couplings join, as a function of the strengths alone.
//!
//! A coupling enters as L diag(s) R^T with the *legs* L = A_l^-1/2 U and R = A_m^-1/2 V; one to one, U and V
//! are the identity. A module with more units than legs acts through its legs only: the R of their QR
//! decomposition takes their place, and the eigenvalues stay, but for some zeros. So a single coupling
//! costs matrices of the size of its rank.
//!
//! For a unit vector z, z^T A^-1/2 W(s) A^-1/2 z = g . s is linear in the strengths, with
//! g_i = 2 (L^T z_l)_i (R^T z_m)_i. The largest eigenvalue is the largest of these over all z: convex,
//! and multiplied by c > 0 where the strengths are.

use std::ops::Range;

use faer::{Mat, MatRef, Side};

use super::blocks::Blocks;
use super::gauge::Factors;
use super::{Modular, Moving};
use crate::{EnergyError, Scalar};

/// The modules of one connected component, and what stands between them.
pub(super) struct Relative {
    couplings: Vec<Legs>,
    /// Two sides without couplings inside have singular values in place of eigenvalues.
    sided: bool,
    /// Rows of the first side, the smaller one, and of the second; both are all rows if there are no sides.
    size: (usize, usize),
    /// The strengths that these couplings have, one coupling after another.
    strengths: Vec<f64>,
}

/// A coupling between two places among the rows.
struct Legs {
    /// Its strengths among the parameters.
    parameters: Range<usize>,
    /// Its strengths among those of the component.
    place: Range<usize>,
    left: Leg,
    right: Leg,
}

/// L or R, and the first of its rows.
struct Leg {
    start: usize,
    matrix: Mat<f64>,
}

impl Leg {
    /// L^T z.
    fn seen(&self, z: &[f64]) -> Vec<f64> {
        let columns = (0..self.matrix.ncols()).map(|k| self.matrix.col_as_slice(k));
        let own = &z[self.start..self.start + self.matrix.nrows()];
        let product = |column: &[f64]| column.iter().zip(own).map(|(l, z)| l * z).sum();
        columns.map(product).collect()
    }
}

impl Relative {
    /// The strengths, one coupling after another.
    pub(super) fn strengths(&self) -> &[f64] {
        &self.strengths
    }

    /// Writes strengths in that order to their places among the parameters.
    pub(super) fn write<T: Scalar>(&self, strengths: &[f64], parameters: &mut [T]) {
        for legs in &self.couplings {
            let slots = parameters[legs.parameters.clone()].iter_mut();
            for (slot, &strength) in slots.zip(&strengths[legs.place.clone()]) {
                *slot = T::of(strength);
            }
        }
    }

    /// The largest eigenvalue at these strengths; zero if nothing is coupled.
    pub(super) fn largest(&self, strengths: &[f64]) -> Result<f64, EnergyError> {
        if self.size.0 == 0 {
            return Ok(0.0);
        }
        let matrix = self.matrix(strengths);
        let symmetric = if self.sided {
            &matrix * matrix.transpose()
        } else {
            matrix
        };
        let values = symmetric.self_adjoint_eigenvalues(Side::Lower);
        let values = values.map_err(|_| unconverged())?;
        let largest = values.last().copied().unwrap_or(0.0);
        if largest.is_nan() {
            return Err(unconverged());
        }
        let largest = largest.max(0.0);
        Ok(if self.sided { largest.sqrt() } else { largest })
    }

    /// The slopes g(z), one value for each strength, at the eigenvectors z of eigenvalues above `limit` >= 0, the
    /// largest first.
    pub(super) fn slopes_above(
        &self,
        limit: f64,
        strengths: &[f64],
    ) -> Result<Vec<Vec<f64>>, EnergyError> {
        let matrix = self.matrix(strengths);
        let symmetric = if self.sided {
            &matrix * matrix.transpose()
        } else {
            matrix.clone()
        };
        let modes = symmetric.self_adjoint_eigen(Side::Lower);
        let modes = modes.map_err(|_| unconverged())?;
        let (values, vectors) = (modes.S().column_vector(), modes.U());
        let mut found = Vec::new();
        for index in (0..values.nrows()).rev() {
            let value = if self.sided {
                values[index].max(0.0).sqrt()
            } else {
                values[index]
            };
            if value.is_nan() || value <= limit {
                break;
            }
            let own: Vec<f64> = vectors.col(index).iter().copied().collect();
            // Both halves of z have length 1 / sqrt 2 where there are two sides.
            let (other, weight) = if self.sided {
                (image(matrix.as_ref(), &own, value), 1.0)
            } else {
                (own.clone(), 2.0)
            };
            let slope = self.couplings.iter().flat_map(|legs| {
                let ends = legs.left.seen(&own).into_iter();
                ends.zip(legs.right.seen(&other))
                    .map(move |(x, y)| weight * x * y)
            });
            found.push(slope.collect());
        }
        Ok(found)
    }

    /// All of it, or its block between the two sides.
    fn matrix(&self, strengths: &[f64]) -> Mat<f64> {
        let mut out = Mat::<f64>::zeros(self.size.0, self.size.1);
        for legs in &self.couplings {
            let (left, right) = (&legs.left, &legs.right);
            let strength = &strengths[legs.place.clone()];
            let scaled = Mat::from_fn(left.matrix.nrows(), strength.len(), |i, k| {
                left.matrix[(i, k)] * strength[k]
            });
            let block = scaled * right.matrix.transpose();
            for j in 0..block.ncols() {
                for i in 0..block.nrows() {
                    out[(left.start + i, right.start + j)] = block[(i, j)];
                    if !self.sided {
                        out[(right.start + j, left.start + i)] = block[(i, j)];
                    }
                }
            }
        }
        out
    }
}

/// The other half of a singular pair: M^T p / sigma.
fn image(matrix: MatRef<'_, f64>, own: &[f64], value: f64) -> Vec<f64> {
    let product = |j: usize| {
        let terms = own.iter().enumerate().map(|(i, p)| matrix[(i, j)] * p);
        terms.sum::<f64>() / value
    };
    (0..matrix.ncols()).map(product).collect()
}

pub(super) fn unconverged() -> EnergyError {
    EnergyError::Unconverged {
        what: "the eigenvalues of stiffness and couplings".to_owned(),
    }
}

impl Modular {
    /// a^-1/2 of each unit; what it is of units that do not move has no meaning.
    pub(super) fn softness<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
    ) -> Result<Vec<f64>, EnergyError> {
        let mut stiffness = self.positive_stiffness(parameters, moving)?;
        for value in &mut stiffness {
            *value = value.sqrt().recip();
        }
        Ok(stiffness)
    }

    /// The couplings between these modules.
    pub(super) fn inside(&self, modules: &[usize]) -> impl Iterator<Item = usize> {
        let couplings = self.couplings.iter().enumerate();
        let inside = couplings.filter(|(_, coupling)| {
            let (l, m) = coupling.modules;
            modules.contains(&l) && modules.contains(&m)
        });
        inside.map(|(index, _)| index)
    }

    /// What stands between the modules of a connected component.
    pub(super) fn relative<T: Scalar>(
        &self,
        parameters: &[T],
        component: &[usize],
        softness: &[f64],
    ) -> Relative {
        let blocks = Blocks::of(self).wires;
        let inside: Vec<usize> = self.inside(component).collect();
        // Both legs of each coupling, by the module where they stand.
        let mut standing: Vec<Vec<(usize, Mat<f64>)>> = vec![Vec::new(); self.modules.len()];
        let mut strengths = Vec::new();
        let mut places = Vec::new();
        for &coupling in &inside {
            let (l, m) = self.couplings[coupling].modules;
            let units = self.modules[l].units;
            let (left, right) = match Factors::new(parameters, &blocks[coupling]) {
                Some(factors) => (factors.left, factors.right),
                None => (Mat::identity(units, units), Mat::identity(units, units)),
            };
            for (module, mut leg) in [(l, left), (m, right)] {
                for k in 0..leg.ncols() {
                    let scales = &softness[self.rows(module)];
                    for (entry, scale) in leg.col_as_slice_mut(k).iter_mut().zip(scales) {
                        *entry *= scale;
                    }
                }
                standing[module].push((coupling, leg));
            }
            let own = &parameters[blocks[coupling].strength.clone()];
            let start = strengths.len();
            strengths.extend(own.iter().map(|strength| strength.wide()));
            places.push(start..strengths.len());
        }
        for legs in &mut standing {
            compress(legs);
        }
        let height = |module: usize| {
            let first = standing[module].first();
            first.map_or(0, |(_, leg)| leg.nrows())
        };
        let heights = |modules: &[usize]| modules.iter().map(|&m| height(m)).sum::<usize>();
        let (sides, sided) = match self.sides(component) {
            Some((one, other)) if heights(&one) <= heights(&other) => ((one, other), true),
            Some((one, other)) => ((other, one), true),
            None => ((component.to_vec(), component.to_vec()), false),
        };
        let size = (heights(&sides.0), heights(&sides.1));
        let mut starts = vec![0; self.modules.len()];
        for side in [&sides.0, &sides.1] {
            let mut next = 0;
            for &module in side {
                starts[module] = next;
                next += height(module);
            }
        }
        let mut take = |module: usize, coupling| {
            let legs = &mut standing[module];
            let known = legs.iter().position(|(known, _)| *known == coupling);
            let matrix = known.map_or_else(Mat::new, |index| legs.swap_remove(index).1);
            let start = starts[module];
            Leg { start, matrix }
        };
        let couplings = inside.iter().zip(places).map(|(&coupling, place)| {
            let (l, m) = self.couplings[coupling].modules;
            let (first, second) = if sides.0.contains(&l) { (l, m) } else { (m, l) };
            Legs {
                parameters: blocks[coupling].strength.clone(),
                place,
                left: take(first, coupling),
                right: take(second, coupling),
            }
        });
        Relative {
            couplings: couplings.collect(),
            sided,
            size,
            strengths,
        }
    }

    /// Two halves of a component without couplings inside, if there are such.
    fn sides(&self, component: &[usize]) -> Option<(Vec<usize>, Vec<usize>)> {
        let &first = component.first()?;
        let distances = self.distances(first, |module| component.contains(&module));
        let even = |&module: &usize| distances[module].is_some_and(|d| d % 2 == 0);
        let (one, other): (Vec<_>, Vec<_>) = component.iter().copied().partition(even);
        let crossing = self
            .inside(&one)
            .chain(self.inside(&other))
            .next()
            .is_none();
        crossing.then_some((one, other))
    }
}

/// The legs of a module in the basis of their span, if that is smaller than the module.
fn compress(legs: &mut [(usize, Mat<f64>)]) {
    let columns: usize = legs.iter().map(|(_, leg)| leg.ncols()).sum();
    let units = legs.first().map_or(0, |(_, leg)| leg.nrows());
    if columns >= units {
        return;
    }
    let mut all = Mat::<f64>::zeros(units, columns);
    let mut next = 0;
    for (_, leg) in legs.iter() {
        all.subcols_mut(next, leg.ncols()).copy_from(leg);
        next += leg.ncols();
    }
    let decomposed = all.qr();
    let triangle = decomposed.thin_R();
    let mut start = 0;
    for (_, leg) in legs {
        // Below the diagonal of R nothing is meant.
        let own = |i: usize, k: usize| {
            if i <= start + k {
                triangle[(i, start + k)]
            } else {
                0.0
            }
        };
        let width = leg.ncols();
        *leg = Mat::from_fn(columns, width, own);
        start += width;
    }
}

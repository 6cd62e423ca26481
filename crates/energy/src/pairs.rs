//! Pair terms on any edge set: polynomials of two units, linear in their strengths.
//!
//! On each edge (x, y) any subset of
//!
//! | term | energy | block | source |
//! |---|---|---|---|
//! | bilinear | -J x y | `pairs.bilinear` | |
//! | spring | g (x - y)^2 | `pairs.spring` | arXiv 2506.19136 |
//! | optomechanical | o x^2 y | `pairs.optomechanical` | arXiv 2506.19136 |
//! | Duffing | d (x - y)^4 / 4 | `pairs.duffing` | arXiv 2506.19136 |
//! | monomials | m x^a y^b, a + b <= 4 | `pairs.x1y2`, `pairs.x3y1`, ... | complete quartic |
//!
//! Every term is a fixed combination of monomials x^a y^b, so all of them share two
//! evaluators: dense matrix products for dense edge sets ([`dense`]), runs of
//! contiguous slices for sparse ones ([`runs`]).

mod dense;
mod monomial;
mod runs;

use std::sync::Arc;

use faer::{MatMut, MatRef};
use serde::{Deserialize, Serialize};

use self::dense::Dense;
use self::monomial::{Cross, Monomial, SiteMoments, SitePart};
use self::runs::Runs;
use crate::{ClosedForm, Edges, Energy, EnergyError, Growth, Layout, Potential, Role, Scalar};

/// One kind of pair term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PairTerm {
    /// -J x y
    Bilinear,
    /// g (x - y)^2
    Spring,
    /// o x^2 y, with x the first unit of the edge
    Optomechanical,
    /// d (x - y)^4 / 4
    Duffing,
    /// m x y^2: with [`PairTerm::Optomechanical`], both orientations
    LinearQuadratic,
    /// m x^3 y
    CubicLinear,
    /// m x^2 y^2
    Biquadratic,
    /// m x y^3
    LinearCubic,
}

impl PairTerm {
    /// The three springs of arXiv 2506.19136.
    pub const OSCILLATORS: [Self; 3] = [Self::Spring, Self::Optomechanical, Self::Duffing];
    /// Every monomial x^a y^b with a, b >= 1 and a + b <= 4: with on-site terms up to
    /// the quartic, the complete quartic energy of a pair.
    pub const COMPLETE_QUARTIC: [Self; 6] = [
        Self::Bilinear,
        Self::Optomechanical,
        Self::LinearQuadratic,
        Self::CubicLinear,
        Self::Biquadratic,
        Self::LinearCubic,
    ];

    /// Name of its parameter block.
    #[must_use]
    pub const fn block(self) -> &'static str {
        match self {
            Self::Bilinear => "pairs.bilinear",
            Self::Spring => "pairs.spring",
            Self::Optomechanical => "pairs.optomechanical",
            Self::Duffing => "pairs.duffing",
            Self::LinearQuadratic => "pairs.x1y2",
            Self::CubicLinear => "pairs.x3y1",
            Self::Biquadratic => "pairs.x2y2",
            Self::LinearCubic => "pairs.x1y3",
        }
    }

    /// The term as a sum of monomials.
    fn expansion(self) -> &'static [(Monomial, f64)] {
        use Monomial as M;
        match self {
            Self::Bilinear => &[(M { a: 1, b: 1 }, -1.0)],
            Self::Spring => &[
                (M { a: 2, b: 0 }, 1.0),
                (M { a: 1, b: 1 }, -2.0),
                (M { a: 0, b: 2 }, 1.0),
            ],
            Self::Optomechanical => &[(M { a: 2, b: 1 }, 1.0)],
            Self::Duffing => &[
                (M { a: 4, b: 0 }, 0.25),
                (M { a: 3, b: 1 }, -1.0),
                (M { a: 2, b: 2 }, 1.5),
                (M { a: 1, b: 3 }, -1.0),
                (M { a: 0, b: 4 }, 0.25),
            ],
            Self::LinearQuadratic => &[(M { a: 1, b: 2 }, 1.0)],
            Self::CubicLinear => &[(M { a: 3, b: 1 }, 1.0)],
            Self::Biquadratic => &[(M { a: 2, b: 2 }, 1.0)],
            Self::LinearCubic => &[(M { a: 1, b: 3 }, 1.0)],
        }
    }
}

/// Pair terms of the given kinds on every edge of an edge set.
///
/// Parameters: one block for each kind, each in the order of the edges.
/// ```
/// use overdamped_energy::{Edges, Energy, PairTerm, Pairs};
/// let edges = Edges::list(2, vec![(0, 1)])?;
/// let pairs = Pairs::new(edges, &[PairTerm::Spring]);
/// let states = faer::mat![[2.0_f64], [1.0]];
/// assert_eq!(pairs.bind(&[3.0])?.force(states.as_ref()), faer::mat![[-6.0], [6.0]]);
/// # Ok::<(), overdamped_energy::EnergyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairs {
    edges: Arc<Edges>,
    terms: Vec<PairTerm>,
}

impl Pairs {
    /// The given kinds on each edge; order and repetition of `terms` do not matter.
    #[must_use]
    pub fn new(edges: impl Into<Arc<Edges>>, terms: &[PairTerm]) -> Self {
        let mut terms = terms.to_vec();
        terms.sort_unstable();
        terms.dedup();
        Self {
            edges: edges.into(),
            terms,
        }
    }

    /// The dense bilinear energy -sum_(i<j) J_ij x_i x_j.
    #[must_use]
    pub fn dense_bilinear(units: usize) -> Self {
        Self::new(Edges::all_to_all(units), &[PairTerm::Bilinear])
    }

    /// The edge set.
    #[must_use]
    pub fn edges(&self) -> &Edges {
        &self.edges
    }

    /// Above this edge density a matrix product over all pairs is cheaper than
    /// a pass over the edges (measured at 144 units: break-even near 0.1).
    const DENSE_FROM: f64 = 0.15;

    fn expanded<T: Scalar>(&self, parameters: &[T]) -> (SitePart<T>, Vec<(Cross, Vec<T>)>) {
        let mut site = SitePart::new(self.edges.units());
        let mut cross: Vec<(Cross, Vec<T>)> = Vec::new();
        for (term, strengths) in self.terms.iter().zip(self.blocks(parameters)) {
            for &(monomial, coefficient) in term.expansion() {
                let coefficient = T::of(coefficient);
                if let Some(kind) = monomial.cross() {
                    let at = cross
                        .iter()
                        .position(|(known, _)| *known == kind)
                        .unwrap_or_else(|| {
                            cross.push((kind, vec![T::ZERO; self.edges.len()]));
                            cross.len() - 1
                        });
                    for (slot, &strength) in cross[at].1.iter_mut().zip(strengths) {
                        *slot += coefficient * strength;
                    }
                } else {
                    for (&pair, &strength) in self.edges.pairs().iter().zip(strengths) {
                        site.add(monomial, pair, coefficient * strength);
                    }
                }
            }
        }
        (site, cross)
    }

    /// Refuses strengths and matrices that do not fit into memory.
    fn check_memory<T>(&self) -> Result<(), EnergyError> {
        let (units, edges) = (self.edges.units(), self.edges.len() as u128);
        let (scalar, terms) = (size_of::<T>() as u128, self.terms.len() as u128);
        // Strengths as given, as monomials (at most three of them for one term), and sorted.
        let lists = edges.saturating_mul(self.edges.bytes_each() + scalar * (1 + 3 * 2) * terms);
        let matrices = if self.edges.density() > Self::DENSE_FROM {
            (units as u128).saturating_mul(units as u128) * scalar * terms.min(4)
        } else {
            0
        };
        crate::memory::check("the coupling", units, lists.saturating_add(matrices))
    }

    fn blocks<'a, T>(&self, parameters: &'a [T]) -> impl Iterator<Item = &'a [T]> {
        parameters.chunks(self.edges.len().max(1))
    }
}

impl<T: Scalar> Energy<T> for Pairs {
    fn units(&self) -> usize {
        self.edges.units()
    }

    fn layout(&self) -> Layout {
        self.terms.iter().fold(Layout::new(), |layout, term| {
            layout.with(term.block(), self.edges.len(), Role::Amplitude)
        })
    }

    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        self.check_memory::<T>()?;
        let (site, cross) = self.expanded(parameters);
        let evaluator = if self.edges.density() > Self::DENSE_FROM {
            Evaluator::Dense(Dense::new(&self.edges, &cross))
        } else {
            Evaluator::Runs(Runs::new(&self.edges, cross.clone()))
        };
        Ok(Box::new(BoundPairs {
            pairs: self.clone(),
            strengths: parameters.to_vec(),
            site,
            evaluator,
        }))
    }
}

enum Evaluator<T: Scalar> {
    Dense(Dense<T>),
    Runs(Runs<T>),
}

struct BoundPairs<T: Scalar> {
    pairs: Pairs,
    strengths: Vec<T>,
    site: SitePart<T>,
    evaluator: Evaluator<T>,
}

impl<T: Scalar> BoundPairs<T> {
    /// Carries moments of the monomials back to the strengths: the adjoint of `Pairs::expanded`.
    fn gather(&self, site: &SiteMoments<T>, cross: impl Fn(Cross) -> Vec<T>, gradient: &mut [T]) {
        let edges = self.pairs.edges.pairs();
        let mut known: Vec<(Cross, Vec<T>)> = Vec::new();
        for (term, gradient) in self
            .pairs
            .terms
            .iter()
            .zip(gradient.chunks_mut(edges.len().max(1)))
        {
            for &(monomial, coefficient) in term.expansion() {
                let coefficient = T::of(coefficient);
                let Some(kind) = monomial.cross() else {
                    for (slot, &pair) in gradient.iter_mut().zip(edges) {
                        *slot += coefficient * site.of(monomial, pair);
                    }
                    continue;
                };
                if !known.iter().any(|(have, _)| *have == kind) {
                    known.push((kind, cross(kind)));
                }
                let moments = known.iter().find(|(have, _)| *have == kind);
                for (slot, &moment) in gradient
                    .iter_mut()
                    .zip(moments.map_or(&[][..], |(_, moments)| moments))
                {
                    *slot += coefficient * moment;
                }
            }
        }
    }

    fn has_site_part(&self) -> bool {
        self.pairs
            .terms
            .iter()
            .any(|term| matches!(term, PairTerm::Spring | PairTerm::Duffing))
    }
}

impl<T: Scalar> Potential<T> for BoundPairs<T> {
    fn units(&self) -> usize {
        self.pairs.edges.units()
    }

    fn parameter_count(&self) -> usize {
        self.strengths.len()
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        self.site.add_energy(states, energies);
        match &self.evaluator {
            Evaluator::Dense(dense) => dense.add_energy(states, energies),
            Evaluator::Runs(runs) => runs.add_energy(states, energies),
        }
    }

    fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        if self.has_site_part() {
            self.site.add_force(states, forces.as_mut());
        }
        match &self.evaluator {
            Evaluator::Dense(dense) => dense.add_force(states, forces),
            Evaluator::Runs(runs) => runs.add_force(states, forces),
        }
    }

    fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        self.site
            .add_curvature_product(states, directions, products.as_mut());
        match &self.evaluator {
            Evaluator::Dense(dense) => dense.add_curvature_product(states, directions, products),
            Evaluator::Runs(runs) => runs.add_curvature_product(states, directions, products),
        }
    }

    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]) {
        let site = SiteMoments::new(weights, states, None);
        match &self.evaluator {
            Evaluator::Dense(dense) => {
                let moments = dense.moments(weights, states, None);
                self.gather(&site, |kind| moments.on(&self.pairs.edges, kind), gradient);
            }
            Evaluator::Runs(runs) => self.gather(
                &site,
                |kind| runs.moments(kind, weights, states, None),
                gradient,
            ),
        }
    }

    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    ) {
        let site = SiteMoments::new(weights, states, Some(directions));
        match &self.evaluator {
            Evaluator::Dense(dense) => {
                let moments = dense.moments(weights, states, Some(directions));
                self.gather(&site, |kind| moments.on(&self.pairs.edges, kind), gradient);
            }
            Evaluator::Runs(runs) => self.gather(
                &site,
                |kind| runs.moments(kind, weights, states, Some(directions)),
                gradient,
            ),
        }
    }

    fn add_growth(&self, growth: &mut Growth) {
        let edges = self.pairs.edges.pairs();
        for (term, strengths) in self
            .pairs
            .terms
            .iter()
            .zip(self.pairs.blocks(&self.strengths))
        {
            for (&edge, strength) in edges.iter().zip(strengths) {
                term.add_growth(edge, strength.wide(), growth);
            }
        }
    }

    // A monomial m x_i^a x_j^b pushes i by -a m x_i^(a-1) x_j^b, and j likewise.
    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        let (site, cross) = self.pairs.expanded(&self.strengths);
        site.add_closed_form(form);
        for (kind, strengths) in cross {
            let Monomial { a, b } = kind.monomial();
            let push = |power: u8, strength: T| -T::of(f64::from(power)) * strength;
            let edges = self.pairs.edges.pairs().iter().zip(&strengths);
            let first = edges.clone().map(|(&(i, j), &m)| (i, j, push(a, m)));
            form.add_product(a - 1, b, first);
            form.add_product(b - 1, a, edges.map(|(&(i, j), &m)| (j, i, push(b, m))));
        }
    }
}

impl PairTerm {
    /// Lower bounds of quartic terms follow from Young's inequality,
    /// |x|^a |y|^b <= (a x^4 + b y^4) / 4 for a + b = 4, and (x - y)^4 <= 8 (x^4 + y^4).
    fn add_growth(self, (i, j): (usize, usize), strength: f64, growth: &mut Growth) {
        let mut harmonic = |diagonal: f64, coupling: f64| {
            growth.harmonic[(i, i)] += diagonal;
            growth.harmonic[(j, j)] += diagonal;
            growth.harmonic[(i, j)] += coupling;
            growth.harmonic[(j, i)] += coupling;
        };
        let loss = (-strength).max(0.0);
        let (quartic_i, quartic_j) = match self {
            Self::Bilinear => return harmonic(0.0, -strength),
            Self::Spring => return harmonic(2.0 * strength, -2.0 * strength),
            Self::Optomechanical | Self::LinearQuadratic => {
                growth.cubic[i] += strength.abs();
                growth.cubic[j] += strength.abs();
                return;
            }
            Self::Duffing => (2.0 * loss, 2.0 * loss),
            Self::CubicLinear => (0.75 * strength.abs(), 0.25 * strength.abs()),
            Self::Biquadratic => (0.5 * loss, 0.5 * loss),
            Self::LinearCubic => (0.25 * strength.abs(), 0.75 * strength.abs()),
        };
        growth.quartic[i] -= quartic_i;
        growth.quartic[j] -= quartic_j;
    }
}

//! On-site polynomials: each unit alone in its own well.
//!
//! E(x) = sum_i [ -b_i x_i + k_i x_i^2/2 + c_i x_i^3/3 + q_i x_i^4/4 + s_i x_i^6/6 ]
//! (arXiv 2506.19136, the on-site part of its oscillator network).
//!
//! | symbol | block | unit (kT = 1, x in data units) |
//! |---|---|---|
//! | b | `sites.bias` | kT / x |
//! | k | `sites.stiffness` | kT / x^2 |
//! | c | `sites.cubic` | kT / x^3 |
//! | q | `sites.quartic` | kT / x^4 |
//! | s | `sites.sextic` | kT / x^6 |

use faer::{MatMut, MatRef};
use serde::{Deserialize, Serialize};

use crate::layout::addressable;
use crate::potential::{column, column_mut};
use crate::{ClosedForm, Energy, EnergyError, Growth, Layout, Potential, Role, Scalar};

/// One order of the on-site polynomial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SiteTerm {
    /// -b x
    Bias,
    /// k x^2 / 2
    Stiffness,
    /// c x^3 / 3
    Cubic,
    /// q x^4 / 4
    Quartic,
    /// s x^6 / 6
    Sextic,
}

impl SiteTerm {
    /// Every order, lowest first.
    pub const ALL: [Self; 5] = [
        Self::Bias,
        Self::Stiffness,
        Self::Cubic,
        Self::Quartic,
        Self::Sextic,
    ];

    /// Name of its parameter block.
    #[must_use]
    pub const fn block(self) -> &'static str {
        match self {
            Self::Bias => "sites.bias",
            Self::Stiffness => "sites.stiffness",
            Self::Cubic => "sites.cubic",
            Self::Quartic => "sites.quartic",
            Self::Sextic => "sites.sextic",
        }
    }

    /// The power p of x in the energy.
    #[must_use]
    pub const fn power(self) -> i32 {
        match self {
            Self::Bias => 1,
            Self::Stiffness => 2,
            Self::Cubic => 3,
            Self::Quartic => 4,
            Self::Sextic => 6,
        }
    }

    /// The sign of dE/dx / x^(p-1): the bias pulls, every other term pushes back.
    const fn sign(self) -> f64 {
        match self {
            Self::Bias => -1.0,
            _ => 1.0,
        }
    }
}

/// An on-site polynomial at each of `units` units, with any subset of the orders.
///
/// A bistable unit, a double well with minima at x = -1 and x = 1:
/// ```
/// use overdamped_energy::{Energy, SiteTerm, Sites};
/// let well = Sites::new(1, &[SiteTerm::Stiffness, SiteTerm::Quartic]);
/// let potential = well.bind(&[-4.0_f64, 4.0])?;
/// let states = faer::mat![[-1.0, 0.0, 1.0]];
/// assert_eq!(potential.energy(states.as_ref()), [-1.0, 0.0, -1.0]);
/// assert_eq!(potential.force(states.as_ref()), faer::mat![[0.0, 0.0, 0.0]]);
/// # Ok::<(), overdamped_energy::EnergyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Sites {
    units: usize,
    terms: Vec<SiteTerm>,
}

/// What a file says, before it is believed.
#[derive(Deserialize)]
struct Unchecked {
    units: usize,
    terms: Vec<SiteTerm>,
}

impl TryFrom<Unchecked> for Sites {
    type Error = EnergyError;

    fn try_from(file: Unchecked) -> Result<Self, EnergyError> {
        if !addressable([file.units.saturating_mul(5)]) {
            let what = "the coefficients of all units";
            return Err(EnergyError::TooLarge { what });
        }
        Ok(Self::new(file.units, &file.terms))
    }
}

impl Sites {
    /// The given orders at each unit; order and repetition of `terms` do not matter.
    #[must_use]
    pub fn new(units: usize, terms: &[SiteTerm]) -> Self {
        let mut terms = terms.to_vec();
        terms.sort_unstable();
        terms.dedup();
        Self { units, terms }
    }

    /// The orders present, lowest first.
    #[must_use]
    pub fn terms(&self) -> &[SiteTerm] {
        &self.terms
    }
}

impl<T: Scalar> Energy<T> for Sites {
    fn units(&self) -> usize {
        self.units
    }

    fn layout(&self) -> Layout {
        self.terms.iter().fold(Layout::new(), |layout, term| {
            layout.with(term.block(), self.units, Role::Amplitude)
        })
    }

    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        let bytes = (size_of::<Well<T>>() as u128).saturating_mul(self.units as u128);
        crate::memory::check("the wells", self.units, bytes)?;
        let mut wells = vec![Well::default(); self.units];
        for (term, values) in self.terms.iter().zip(parameters.chunks(self.units.max(1))) {
            for (well, &value) in wells.iter_mut().zip(values) {
                *well.coefficient_mut(*term) = value;
            }
        }
        Ok(Box::new(BoundSites {
            terms: self.terms.clone(),
            wells,
        }))
    }
}

/// Coefficients of one unit.
#[derive(Debug, Clone, Copy, Default)]
struct Well<T> {
    bias: T,
    stiffness: T,
    cubic: T,
    quartic: T,
    sextic: T,
}

impl<T: Scalar> Well<T> {
    fn coefficient_mut(&mut self, term: SiteTerm) -> &mut T {
        match term {
            SiteTerm::Bias => &mut self.bias,
            SiteTerm::Stiffness => &mut self.stiffness,
            SiteTerm::Cubic => &mut self.cubic,
            SiteTerm::Quartic => &mut self.quartic,
            SiteTerm::Sextic => &mut self.sextic,
        }
    }

    #[inline]
    fn energy(&self, x: f64) -> f64 {
        let high = self.quartic.wide() / 4.0 + x * x * self.sextic.wide() / 6.0;
        x * (-self.bias.wide()
            + x * (self.stiffness.wide() / 2.0 + x * (self.cubic.wide() / 3.0 + x * high)))
    }

    #[inline]
    fn force(&self, x: T) -> T {
        let high = self.quartic + x * x * self.sextic;
        self.bias - x * (self.stiffness + x * (self.cubic + x * high))
    }

    #[inline]
    fn curvature(&self, x: T) -> T {
        let high = T::of(3.0) * self.quartic + T::of(5.0) * x * x * self.sextic;
        self.stiffness + x * (T::of(2.0) * self.cubic + x * high)
    }
}

struct BoundSites<T> {
    terms: Vec<SiteTerm>,
    wells: Vec<Well<T>>,
}

impl<T: Scalar> Potential<T> for BoundSites<T> {
    fn units(&self) -> usize {
        self.wells.len()
    }

    fn parameter_count(&self) -> usize {
        self.terms.len() * self.wells.len()
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        for (chain, energy) in energies.iter_mut().enumerate() {
            *energy += self
                .wells
                .iter()
                .zip(column(states, chain))
                .map(|(well, x)| well.energy(x.wide()))
                .sum::<f64>();
        }
    }

    fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        for chain in 0..states.ncols() {
            let states = column(states, chain);
            let forces = column_mut(forces.as_mut(), chain);
            for ((well, &x), force) in self.wells.iter().zip(states).zip(forces) {
                *force += well.force(x);
            }
        }
    }

    fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        for chain in 0..states.ncols() {
            let states = column(states, chain);
            let directions = column(directions, chain);
            let products = column_mut(products.as_mut(), chain);
            for (unit, well) in self.wells.iter().enumerate() {
                products[unit] += well.curvature(states[unit]) * directions[unit];
            }
        }
    }

    // dE/d(coefficient of order p) = +-x^p / p.
    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]) {
        for (term, gradient) in self.gradient_blocks(gradient) {
            let scale = T::of(term.sign() / f64::from(term.power()));
            for (chain, &weight) in weights.iter().enumerate() {
                for (slot, &x) in gradient.iter_mut().zip(column(states, chain)) {
                    *slot += weight * scale * power(x, term.power());
                }
            }
        }
    }

    // ... and its derivative along e is +-x^(p-1) e.
    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    ) {
        for (term, gradient) in self.gradient_blocks(gradient) {
            let sign = T::of(term.sign());
            for (chain, &weight) in weights.iter().enumerate() {
                let pairs = column(states, chain).iter().zip(column(directions, chain));
                for (slot, (&x, &e)) in gradient.iter_mut().zip(pairs) {
                    *slot += weight * sign * power(x, term.power() - 1) * e;
                }
            }
        }
    }

    fn add_growth(&self, growth: &mut Growth) {
        for (unit, well) in self.wells.iter().enumerate() {
            growth.harmonic[(unit, unit)] += well.stiffness.wide();
            growth.cubic[unit] += well.cubic.wide().abs() / 3.0;
            growth.quartic[unit] += well.quartic.wide() / 4.0;
            growth.sextic[unit] += well.sextic.wide() / 6.0;
        }
    }

    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        for (unit, well) in self.wells.iter().enumerate() {
            let Well {
                bias,
                stiffness,
                cubic,
                quartic,
                sextic,
            } = *well;
            form.add_polynomial(unit, [bias, -stiffness, -cubic, -quartic, -sextic]);
        }
    }
}

impl<T: Scalar> BoundSites<T> {
    fn gradient_blocks<'a>(
        &'a self,
        gradient: &'a mut [T],
    ) -> impl Iterator<Item = (SiteTerm, &'a mut [T])> {
        self.terms
            .iter()
            .copied()
            .zip(gradient.chunks_mut(self.wells.len().max(1)))
    }
}

/// x^p by multiplication: `powi` is not bit-stable across platforms.
#[inline]
fn power<T: Scalar>(x: T, p: i32) -> T {
    let square = x * x;
    match p {
        0 => T::ONE,
        1 => x,
        2 => square,
        3 => square * x,
        4 => square * square,
        5 => square * square * x,
        _ => square * square * square,
    }
}

//! Drives: springs and nudges, which pull each chain towards its own place.
//!
//! A spring holds units at anchors, E = sum_i kappa_i (x_i - r_i)^2 / 2. A quadratic nudge is a spring of
//! strength beta at the target of a loss |x - t|^2 / 2; a linear nudge is the constant force
//! -beta g of a frozen loss gradient g (arXiv 2604.08150 and 2604.23806).
//! All are purely quadratic or linear, so that any sum of them is one [`Drive`].

use std::ops::Range;

use faer::{Mat, MatMut, MatRef};

use crate::layout::check_finite;
use crate::potential::{column, column_mut};
use crate::{ClosedForm, EnergyError, Growth, Potential, Scalar};

/// E(x) = sum_i [ kappa_i x_i^2 / 2 - f_i x_i ] + constant, with stiffness kappa shared and pull f
/// and constant per chain (or shared, if there is one column).
#[derive(Debug, Clone, PartialEq)]
pub struct Drive<T: Scalar> {
    stiffness: Vec<T>,
    pull: Mat<T>,
    constant: Vec<f64>,
}

impl<T: Scalar> Drive<T> {
    /// No springs and no pull on `units` units.
    #[must_use]
    pub fn none(units: usize) -> Self {
        Self {
            stiffness: vec![T::ZERO; units],
            pull: Mat::zeros(units, 1),
            constant: vec![0.0],
        }
    }

    /// Springs of `stiffness` (length: units; zero leaves a unit free) that hold the
    /// units at `anchors` (units x chains, or units x 1 for all chains).
    ///
    /// # Errors
    /// [`EnergyError::Length`] or [`EnergyError::NonFinite`].
    pub fn spring(stiffness: Vec<T>, anchors: MatRef<'_, T>) -> Result<Self, EnergyError> {
        if stiffness.len() != anchors.nrows() {
            return Err(EnergyError::Length {
                what: "the spring stiffness".to_owned(),
                expected: anchors.nrows(),
                found: stiffness.len(),
            });
        }
        let mut pull = Mat::zeros(anchors.nrows(), anchors.ncols());
        for chain in 0..anchors.ncols() {
            let terms = stiffness.iter().zip(column(anchors, chain));
            for (slot, (&k, &r)) in pull.col_as_slice_mut(chain).iter_mut().zip(terms) {
                *slot = k * r;
            }
        }
        let constant = (0..anchors.ncols())
            .map(|chain| {
                let terms = stiffness.iter().zip(column(anchors, chain));
                terms.map(|(k, r)| 0.5 * k.wide() * r.wide().powi(2)).sum()
            })
            .collect();
        Self {
            stiffness,
            pull,
            constant,
        }
        .checked()
    }

    /// A nudge of `strength` beta towards `targets` (units x chains) of the loss
    /// |x - t|^2 / 2, on the units where `nudged` is true.
    ///
    /// # Errors
    /// As [`Drive::spring`].
    pub fn quadratic_nudge(
        strength: T,
        nudged: &[bool],
        targets: MatRef<'_, T>,
    ) -> Result<Self, EnergyError> {
        let on = |&nudged: &bool| if nudged { strength } else { T::ZERO };
        Self::spring(nudged.iter().map(on).collect(), targets)
    }

    /// A nudge of `strength` beta along a frozen loss gradient (units x chains):
    /// E = beta g . x, a constant force -beta g.
    ///
    /// # Errors
    /// [`EnergyError::NonFinite`].
    pub fn linear_nudge(strength: T, gradient: MatRef<'_, T>) -> Result<Self, EnergyError> {
        let mut pull = Mat::zeros(gradient.nrows(), gradient.ncols());
        for chain in 0..gradient.ncols() {
            let slots = pull.col_as_slice_mut(chain).iter_mut();
            for (slot, &slope) in slots.zip(column(gradient, chain)) {
                *slot = -strength * slope;
            }
        }
        Self {
            stiffness: vec![T::ZERO; gradient.nrows()],
            pull,
            constant: vec![0.0; gradient.ncols()],
        }
        .checked()
    }

    /// Both drives at once; a drive with one column joins any other.
    ///
    /// # Errors
    /// [`EnergyError::Units`], for different numbers of chains [`EnergyError::Length`], or [`EnergyError::NonFinite`] for
    /// sums beyond all numbers.
    pub fn and(self, other: &Self) -> Result<Self, EnergyError> {
        if self.units() != other.units() {
            return Err(EnergyError::Units {
                expected: self.units(),
                found: other.units(),
            });
        }
        let chains = self.pull.ncols().max(other.pull.ncols());
        for drive in [&self, other] {
            drive.check_chains(chains)?;
        }
        let sums = self.stiffness.iter().zip(&other.stiffness);
        let mut pull = Mat::zeros(self.units(), chains);
        for chain in 0..chains {
            let terms = self.pull(chain).iter().zip(other.pull(chain));
            for (slot, (&a, &b)) in pull.col_as_slice_mut(chain).iter_mut().zip(terms) {
                *slot = a + b;
            }
        }
        Self {
            stiffness: sums.map(|(&a, &b)| a + b).collect(),
            pull,
            constant: (0..chains)
                .map(|chain| self.constant_of(chain) + other.constant_of(chain))
                .collect(),
        }
        .checked()
    }

    /// Number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.stiffness.len()
    }

    /// Checks that the drive fits a batch of `chains` chains.
    ///
    /// # Errors
    /// [`EnergyError::Length`].
    pub fn check_chains(&self, chains: usize) -> Result<(), EnergyError> {
        if self.pull.ncols() == 1 || self.pull.ncols() == chains {
            return Ok(());
        }
        Err(EnergyError::Length {
            what: "a drive (one column for each chain, or one for all)".to_owned(),
            expected: chains,
            found: self.pull.ncols(),
        })
    }

    /// The drive of a range of chains.
    ///
    /// # Panics
    /// If each chain has its own drive and there are none for this range.
    #[must_use]
    pub fn narrowed(&self, chains: Range<usize>) -> Self {
        if self.pull.ncols() == 1 {
            return self.clone();
        }
        Self {
            stiffness: self.stiffness.clone(),
            pull: self.pull.subcols(chains.start, chains.len()).to_owned(),
            constant: self.constant[chains].to_vec(),
        }
    }

    fn checked(self) -> Result<Self, EnergyError> {
        if self.pull.ncols() == 0 {
            return Err(EnergyError::Length {
                what: "a drive (one column for each chain, or one for all)".to_owned(),
                expected: 1,
                found: 0,
            });
        }
        check_finite("drive stiffness", &self.stiffness)?;
        for chain in 0..self.pull.ncols() {
            // The name is made only where it is needed: there may be many chains.
            if self.pull(chain).iter().any(|pull| !pull.finite()) {
                check_finite(&format!("drive of chain {chain}"), self.pull(chain))?;
            }
        }
        Ok(self)
    }

    /// kappa of each unit.
    #[must_use]
    pub fn stiffness(&self) -> &[T] {
        &self.stiffness
    }

    /// f on each unit of a chain; of the last one for chains beyond it.
    #[must_use]
    pub fn pull(&self, chain: usize) -> &[T] {
        column(self.pull.as_ref(), chain.min(self.pull.ncols() - 1))
    }

    fn constant_of(&self, chain: usize) -> f64 {
        self.constant[chain.min(self.constant.len() - 1)]
    }
}

/// A drive is a potential without trainable parameters.
impl<T: Scalar> Potential<T> for Drive<T> {
    fn units(&self) -> usize {
        self.stiffness.len()
    }

    fn parameter_count(&self) -> usize {
        0
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        for (chain, energy) in energies.iter_mut().enumerate() {
            let strengths = self.stiffness.iter().zip(self.pull(chain));
            let terms = strengths.zip(column(states, chain)).map(|((k, f), x)| {
                let x = x.wide();
                x * (0.5 * k.wide() * x - f.wide())
            });
            *energy += self.constant_of(chain) + terms.sum::<f64>();
        }
    }

    fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        for chain in 0..states.ncols() {
            let strengths = self.stiffness.iter().zip(self.pull(chain));
            let slots = column_mut(forces.as_mut(), chain).iter_mut();
            for ((slot, &x), (&k, &f)) in slots.zip(column(states, chain)).zip(strengths) {
                *slot += f - k * x;
            }
        }
    }

    fn add_curvature_product(
        &self,
        _states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        for chain in 0..directions.ncols() {
            let inputs = self.stiffness.iter().zip(column(directions, chain));
            let slots = column_mut(products.as_mut(), chain).iter_mut();
            for (slot, (&k, &v)) in slots.zip(inputs) {
                *slot += k * v;
            }
        }
    }

    fn add_parameter_gradient(&self, _: &[T], _: MatRef<'_, T>, _: &mut [T]) {}

    fn add_directional_gradient(&self, _: &[T], _: MatRef<'_, T>, _: MatRef<'_, T>, _: &mut [T]) {}

    fn add_growth(&self, growth: &mut Growth) {
        for (unit, stiffness) in self.stiffness.iter().enumerate() {
            growth.harmonic[(unit, unit)] += stiffness.wide();
        }
    }

    /// The part that all chains share: the stiffness, and the pull if there is one
    /// for all. A pull of each chain is left open.
    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        let shared = self.pull.ncols() == 1;
        for (unit, &stiffness) in self.stiffness.iter().enumerate() {
            let pull = if shared { self.pull(0)[unit] } else { T::ZERO };
            form.add_polynomial(unit, [pull, -stiffness, T::ZERO, T::ZERO, T::ZERO]);
        }
        if !shared {
            form.leave_open();
        }
    }
}

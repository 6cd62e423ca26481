//! A force in closed form: what an engine must know to fuse it.
//!
//! F_i(x) = sum_p c_ip x_i^p + sum over products x_i^a sum_j M_ij x_j^b
//!        + sum over layers sum_m U_im g_m phi(sum_j V_mj x_j + a_m)
//!
//! Every energy of this crate has this form (a drive only if all chains share it). A
//! [`Potential`](crate::Potential) adds its terms in [`add_closed_form`](crate::Potential::add_closed_form); one that cannot leaves the form
//! open, and a substrate then falls back on `add_force`, which is slower.

use crate::Scalar;

/// Terms of a force, collected over the terms of an energy.
///
/// ```
/// use overdamped_energy::{ClosedForm, Energy, SiteTerm, Sites};
/// let well = Sites::new(1, &[SiteTerm::Stiffness, SiteTerm::Quartic]);
/// let form = ClosedForm::of(well.bind(&[-4.0, 4.0])?.as_ref());
/// let polynomial = form.map(|form| form.polynomial().to_vec());
/// assert_eq!(polynomial, Some(vec![[0.0, 4.0, 0.0, -4.0, 0.0]])); // 4 x - 4 x^3
/// # Ok::<(), overdamped_energy::EnergyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedForm<T> {
    polynomial: Vec<[T; 5]>,
    products: Vec<ForceProduct<T>>,
    layers: Vec<ForceLayer<T>>,
    open: bool,
}

/// x_i^own sum_j M_ij x_j^other.
#[derive(Debug, Clone, PartialEq)]
pub struct ForceProduct<T> {
    /// Power of the unit itself: 0, 1 or 2.
    pub own: u8,
    /// Power of the other units: 1, 2 or 3.
    pub other: u8,
    /// Entries (i, j, value); those of the same place add up to M_ij.
    pub entries: Vec<(usize, usize, T)>,
}

/// sum_m U_im g_m phi(sum_j V_mj x_j + a_m), with V the transpose of U.
#[derive(Debug, Clone, PartialEq)]
pub struct ForceLayer<T> {
    /// U, column m one after another (width x units values).
    pub weights: Vec<T>,
    /// a, width.
    pub bias: Vec<T>,
    /// g, width.
    pub gain: Vec<T>,
    /// Whether phi is the hyperbolic tangent (else the identity).
    pub saturates: bool,
}

impl<T: Scalar> ClosedForm<T> {
    /// No force yet, on `units` units.
    #[must_use]
    pub fn new(units: usize) -> Self {
        Self {
            polynomial: vec![[T::ZERO; 5]; units],
            products: Vec::new(),
            layers: Vec::new(),
            open: false,
        }
    }

    /// The force of a potential, if it has a closed form.
    #[must_use]
    pub fn of(potential: &dyn crate::Potential<T>) -> Option<Self> {
        let mut form = Self::new(potential.units());
        potential.add_closed_form(&mut form);
        (!form.open).then_some(form)
    }

    /// Coefficients of 1, x, x^2, x^3 and x^5 in the force on each unit.
    #[must_use]
    pub fn polynomial(&self) -> &[[T; 5]] {
        &self.polynomial
    }

    /// The products; no two have the same powers.
    #[must_use]
    pub fn products(&self) -> &[ForceProduct<T>] {
        &self.products
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &[ForceLayer<T>] {
        &self.layers
    }

    /// Says that the force has terms of no such form.
    pub const fn leave_open(&mut self) {
        self.open = true;
    }

    /// Adds coefficients of 1, x, x^2, x^3 and x^5 to the force on a unit; one that does not
    /// exist leaves the form open.
    pub fn add_polynomial(&mut self, unit: usize, coefficients: [T; 5]) {
        let Some(polynomial) = self.polynomial.get_mut(unit) else {
            return self.leave_open();
        };
        for (slot, coefficient) in polynomial.iter_mut().zip(coefficients) {
            *slot += coefficient;
        }
    }

    /// Adds `strength` times x_i^own x_j^other to the force on unit i, for each
    /// entry (i, j, strength).
    ///
    /// Own powers are 0, 1 and 2, other powers 1, 2 and 3; anything else leaves the form open,
    /// as does a unit that does not exist.
    pub fn add_product(
        &mut self,
        own: u8,
        other: u8,
        entries: impl IntoIterator<Item = (usize, usize, T)>,
    ) {
        let entries: Vec<_> = entries.into_iter().collect();
        let units = self.polynomial.len();
        let exist = entries.iter().all(|&(i, j, _)| i < units && j < units);
        if own > 2 || !(1..=3).contains(&other) || !exist {
            return self.leave_open();
        }
        let known = self
            .products
            .iter()
            .position(|product| product.own == own && product.other == other);
        let at = known.unwrap_or_else(|| {
            self.products.push(ForceProduct {
                own,
                other,
                entries: Vec::new(),
            });
            self.products.len() - 1
        });
        self.products[at].entries.extend(entries);
    }

    /// Adds a layer; one whose parts differ in width leaves the form open.
    pub fn add_layer(&mut self, layer: ForceLayer<T>) {
        let width = layer.bias.len();
        if layer.gain.len() != width || layer.weights.len() != width * self.polynomial.len() {
            return self.leave_open();
        }
        self.layers.push(layer);
    }

    /// The force on each unit of one chain at `x` (length: units), term by term: what an engine has
    /// to reproduce, and what the test of a potential compares with its `add_force`.
    ///
    /// # Panics
    /// If `x` has fewer units than the form.
    #[must_use]
    pub fn force(&self, x: &[T]) -> Vec<T> {
        let power = |x: T, power: u8| (0..power).fold(T::ONE, |product, _| product * x);
        let own = |(coefficients, &x): (&[T; 5], &T)| {
            let terms = coefficients.iter().zip([0, 1, 2, 3, 5]);
            terms.fold(T::ZERO, |sum, (&c, p)| sum + c * power(x, p))
        };
        let mut force: Vec<T> = self.polynomial.iter().zip(x).map(own).collect();
        for product in &self.products {
            for &(i, j, strength) in &product.entries {
                force[i] += strength * power(x[i], product.own) * power(x[j], product.other);
            }
        }
        for layer in &self.layers {
            for (m, weights) in layer.weights.chunks(x.len().max(1)).enumerate() {
                let terms = weights.iter().zip(x);
                let inner = terms.fold(layer.bias[m], |sum, (&w, &x)| sum + w * x);
                let activity = if layer.saturates {
                    inner.hyperbolic_tangent()
                } else {
                    inner
                };
                for (force, &weight) in force.iter_mut().zip(weights) {
                    *force += weight * layer.gain[m] * activity;
                }
            }
        }
        force
    }
}

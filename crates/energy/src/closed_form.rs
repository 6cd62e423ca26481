//! A force in closed form: what an engine must know to fuse it.
//!
//! F_i(x) = sum_p c_ip x_i^p + sum over products x_i^a sum_j M_ij x_j^b
//!        + sum over layers sum_m U_im g_m phi(sum_j V_mj x_j + a_m)
//!
//! Every energy of this crate has this form. A [`Potential`](crate::Potential) adds its terms in
//! [`add_closed_form`](crate::Potential::add_closed_form); one that cannot leaves the form
//! open, and a substrate then falls back on `add_force`, which is slower.

use crate::Scalar;

/// Terms of a force, collected over the terms of an energy.
///
/// ```
/// use overdamped_energy::{ClosedForm, Energy, SiteTerm, Sites};
/// let well = Sites::new(1, &[SiteTerm::Stiffness, SiteTerm::Quartic]);
/// let form = ClosedForm::of(well.bind(&[-4.0, 4.0])?.as_ref()).expect("a polynomial");
/// assert_eq!(form.polynomial(), [[0.0, 4.0, 0.0, -4.0, 0.0]]); // 4 x - 4 x^3
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
    /// Entries (i, j, M_ij) that are not zero.
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

    /// Adds coefficients of 1, x, x^2, x^3 and x^5 to the force on a unit.
    pub fn add_polynomial(&mut self, unit: usize, coefficients: [T; 5]) {
        for (slot, coefficient) in self.polynomial[unit].iter_mut().zip(coefficients) {
            *slot += coefficient;
        }
    }

    /// Adds `strength` times x_i^own x_j^other to the force on unit i, for each
    /// entry (i, j, strength).
    pub fn add_product(
        &mut self,
        own: u8,
        other: u8,
        entries: impl IntoIterator<Item = (usize, usize, T)>,
    ) {
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

    /// Adds a layer.
    pub fn add_layer(&mut self, layer: ForceLayer<T>) {
        self.layers.push(layer);
    }
}

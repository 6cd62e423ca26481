//! Fast hidden units: oscillators that relax much faster than the visible ones.
//!
//! A hidden unit that equilibrates at every visible state contributes its free
//! energy, E(x) = -sum_m A_m ln cosh(w_m . x + a_m), which bends the visible landscape in
//! ways that pair terms cannot: it lets the network commit to a class.
//!
//! | symbol | block | role | unit |
//! |---|---|---|---|
//! | A_m | `hidden.amplitude` | amplitude | kT |
//! | a_m | `hidden.bias` | shape | 1 |
//! | w_m | `hidden.weights`, row by row | shape | 1 / x |

use faer::{Mat, MatMut, MatRef};
use serde::{Deserialize, Serialize};

use crate::layout::addressable;
use crate::modes::Modes;
use crate::potential::{column, column_mut};
use crate::{ClosedForm, Energy, EnergyError, Growth, Layout, Potential, Role, Scalar};

/// `hidden` fast units, each coupled to all of `units` visible ones.
///
/// ```
/// use overdamped_energy::{Energy, FastHidden};
/// let hidden = FastHidden::new(2, 1);
/// let potential = hidden.bind(&[1.0_f64, 0.0, 3.0, 0.0])?; // A = 1, a = 0, w = (3, 0)
/// let force = potential.force(faer::mat![[1.0], [1.0]].as_ref());
/// assert!((force[(0, 0)] - 3.0 * 3.0_f64.tanh()).abs() < 1e-15 && force[(1, 0)] == 0.0);
/// # Ok::<(), overdamped_energy::EnergyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct FastHidden {
    units: usize,
    hidden: usize,
}

/// What a file says, before it is believed.
#[derive(Deserialize)]
struct Unchecked {
    units: usize,
    hidden: usize,
}

impl TryFrom<Unchecked> for FastHidden {
    type Error = EnergyError;

    fn try_from(file: Unchecked) -> Result<Self, EnergyError> {
        if !addressable([
            file.hidden,
            file.hidden,
            file.hidden.saturating_mul(file.units),
        ]) {
            let what = "the weights of all hidden units";
            return Err(EnergyError::TooLarge { what });
        }
        Ok(Self::new(file.units, file.hidden))
    }
}

impl FastHidden {
    /// `hidden` fast units over `units` visible ones.
    #[must_use]
    pub const fn new(units: usize, hidden: usize) -> Self {
        Self { units, hidden }
    }

    /// Number of hidden units.
    #[must_use]
    pub const fn hidden(&self) -> usize {
        self.hidden
    }
}

impl<T: Scalar> Energy<T> for FastHidden {
    fn units(&self) -> usize {
        self.units
    }

    fn layout(&self) -> Layout {
        Layout::new()
            .with("hidden.amplitude", self.hidden, Role::Amplitude)
            .with("hidden.bias", self.hidden, Role::Shape)
            .with(
                "hidden.weights",
                self.hidden.saturating_mul(self.units),
                Role::Shape,
            )
    }

    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        let (amplitude, rest) = parameters.split_at(self.hidden);
        let (bias, weights) = rest.split_at(self.hidden);
        Ok(Box::new(BoundHidden {
            amplitude: amplitude.to_vec(),
            bias: bias.to_vec(),
            weights: Modes::new(self.units, self.hidden, weights),
        }))
    }
}

struct BoundHidden<T: Scalar> {
    amplitude: Vec<T>,
    bias: Vec<T>,
    /// w_m.
    weights: Modes<T>,
}

impl<T: Scalar> BoundHidden<T> {
    /// w_m . x + a_m, hidden x chains.
    fn drive(&self, states: MatRef<'_, T>) -> Mat<T> {
        let mut drive = self.weights.project(states);
        for chain in 0..states.ncols() {
            let slots = column_mut(drive.as_mut(), chain).iter_mut();
            for (slot, &bias) in slots.zip(&self.bias) {
                *slot += bias;
            }
        }
        drive
    }

    fn activity(&self, states: MatRef<'_, T>) -> Mat<T> {
        let mut activity = self.drive(states);
        for chain in 0..states.ncols() {
            for value in column_mut(activity.as_mut(), chain) {
                *value = value.hyperbolic_tangent();
            }
        }
        activity
    }
}

impl<T: Scalar> Potential<T> for BoundHidden<T> {
    fn units(&self) -> usize {
        self.weights.units()
    }

    fn parameter_count(&self) -> usize {
        self.bias.len() * (2 + self.weights.units())
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        let drive = self.drive(states);
        for (chain, energy) in energies.iter_mut().enumerate() {
            let terms = column(drive.as_ref(), chain).iter().zip(&self.amplitude);
            *energy -= terms
                .map(|(z, a)| a.wide() * ln_cosh(z.wide()))
                .sum::<f64>();
        }
    }

    fn add_force(&self, states: MatRef<'_, T>, forces: MatMut<'_, T>) {
        let mut activity = self.activity(states);
        for chain in 0..states.ncols() {
            let slots = column_mut(activity.as_mut(), chain).iter_mut();
            for (slot, &amplitude) in slots.zip(&self.amplitude) {
                *slot *= amplitude;
            }
        }
        self.weights.add_expansion(&activity, T::ONE, forces);
    }

    fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        products: MatMut<'_, T>,
    ) {
        let activity = self.activity(states);
        let mut inner = self.weights.project(directions);
        for chain in 0..states.ncols() {
            let factors = column(activity.as_ref(), chain).iter().zip(&self.amplitude);
            let slots = column_mut(inner.as_mut(), chain).iter_mut();
            for (slot, (&tanh, &amplitude)) in slots.zip(factors) {
                *slot *= amplitude * (T::ONE - tanh * tanh);
            }
        }
        self.weights.add_expansion(&inner, -T::ONE, products);
    }

    // dE/dA = -ln cosh z, dE/da = -A tanh z, dE/dw = -A tanh z x.
    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]) {
        let hidden = self.bias.len();
        let drive = self.drive(states);
        let mut response = self.activity(states);
        let (amplitudes, rest) = gradient.split_at_mut(hidden);
        let (biases, couplings) = rest.split_at_mut(hidden);
        for (chain, &weight) in weights.iter().enumerate() {
            let drive = column(drive.as_ref(), chain);
            let response = column_mut(response.as_mut(), chain);
            for m in 0..hidden {
                amplitudes[m] -= weight * T::of(ln_cosh(drive[m].wide()));
                response[m] *= weight * self.amplitude[m];
                biases[m] -= response[m];
            }
        }
        Modes::subtract_outer(couplings, &response, states);
    }

    // Along e, with u = w . e: dE/dA -> -tanh z u, dE/da -> -A sech^2 z u,
    // dE/dw -> -A (sech^2 z u x + tanh z e).
    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    ) {
        let hidden = self.bias.len();
        let mut response = self.activity(states);
        let mut slope = self.weights.project(directions);
        let (amplitudes, rest) = gradient.split_at_mut(hidden);
        let (biases, couplings) = rest.split_at_mut(hidden);
        for (chain, &weight) in weights.iter().enumerate() {
            let response = column_mut(response.as_mut(), chain);
            let slope = column_mut(slope.as_mut(), chain);
            for m in 0..hidden {
                let tanh = response[m];
                amplitudes[m] -= weight * tanh * slope[m];
                slope[m] *= weight * self.amplitude[m] * (T::ONE - tanh * tanh);
                response[m] *= weight * self.amplitude[m];
                biases[m] -= slope[m];
            }
        }
        Modes::subtract_outer(couplings, &slope, states);
        Modes::subtract_outer(couplings, &response, directions);
    }

    // Only linear at large |x|: any confining term of order two dominates it.
    fn add_growth(&self, _growth: &mut Growth) {}

    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        let (bias, gain) = (self.bias.clone(), self.amplitude.clone());
        form.add_layer(self.weights.layer(bias, gain, true));
    }
}

/// ln cosh z without overflow.
fn ln_cosh(z: f64) -> f64 {
    let magnitude = z.abs();
    magnitude + (-2.0 * magnitude).exp().ln_1p() - std::f64::consts::LN_2
}

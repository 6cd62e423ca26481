//! Sums of energies: one substrate carries all its terms at once.

use faer::{MatMut, MatRef};

use crate::{ClosedForm, Energy, EnergyError, Growth, Layout, Potential, Scalar};

/// A sum of energies on the same units; its parameters are theirs, one term after another.
///
/// ```
/// use overdamped_energy::{Energy, Pairs, SiteTerm, Sites, Sum};
/// let network = Sum::<f32>::of(Sites::new(144, &SiteTerm::ALL))?.and(Pairs::dense_bilinear(144))?;
/// assert_eq!(network.layout().len(), 5 * 144 + 144 * 143 / 2);
/// # Ok::<(), overdamped_energy::EnergyError>(())
/// ```
pub struct Sum<T: Scalar> {
    terms: Vec<Box<dyn Energy<T>>>,
    layout: Layout,
    units: usize,
}

impl<T: Scalar> Sum<T> {
    /// A sum that starts with one term.
    ///
    /// # Errors
    /// [`EnergyError::DuplicateBlock`] if the term names two of its blocks alike.
    pub fn of(term: impl Energy<T> + 'static) -> Result<Self, EnergyError> {
        Ok(Self {
            units: term.units(),
            layout: Layout::new().join(term.layout())?,
            terms: vec![Box::new(term)],
        })
    }

    /// The sum with one more term.
    ///
    /// # Errors
    /// [`EnergyError::Units`] or [`EnergyError::DuplicateBlock`].
    pub fn and(mut self, term: impl Energy<T> + 'static) -> Result<Self, EnergyError> {
        if term.units() != self.units {
            return Err(EnergyError::Units {
                expected: self.units,
                found: term.units(),
            });
        }
        self.layout = self.layout.join(term.layout())?;
        self.terms.push(Box::new(term));
        Ok(self)
    }
}

impl<T: Scalar> Energy<T> for Sum<T> {
    fn units(&self) -> usize {
        self.units
    }

    fn layout(&self) -> Layout {
        self.layout.clone()
    }

    fn bind(&self, parameters: &[T]) -> Result<Box<dyn Potential<T>>, EnergyError> {
        self.layout.check(parameters)?;
        let mut rest = parameters;
        let mut terms = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let (own, others) = rest.split_at(term.layout().len());
            terms.push(term.bind(own)?);
            rest = others;
        }
        Ok(Box::new(BoundSum { terms }))
    }
}

/// A sum of potentials on the same units.
pub struct BoundSum<T: Scalar> {
    terms: Vec<Box<dyn Potential<T>>>,
}

impl<T: Scalar> BoundSum<T> {
    /// The sum of potentials on the same units.
    ///
    /// # Errors
    /// [`EnergyError::Units`].
    pub fn new(terms: Vec<Box<dyn Potential<T>>>) -> Result<Self, EnergyError> {
        if let Some(expected) = terms.first().map(|term| term.units())
            && let Some(other) = terms.iter().find(|term| term.units() != expected)
        {
            return Err(EnergyError::Units {
                expected,
                found: other.units(),
            });
        }
        Ok(Self { terms })
    }

    fn split<'a>(
        &'a self,
        mut gradient: &'a mut [T],
    ) -> impl Iterator<Item = (&'a dyn Potential<T>, &'a mut [T])> {
        self.terms.iter().map(move |term| {
            let (own, rest) = std::mem::take(&mut gradient).split_at_mut(term.parameter_count());
            gradient = rest;
            (term.as_ref(), own)
        })
    }
}

impl<T: Scalar> Potential<T> for BoundSum<T> {
    fn units(&self) -> usize {
        self.terms.first().map_or(0, |term| term.units())
    }

    fn parameter_count(&self) -> usize {
        self.terms.iter().map(|term| term.parameter_count()).sum()
    }

    fn add_energy(&self, states: MatRef<'_, T>, energies: &mut [f64]) {
        for term in &self.terms {
            term.add_energy(states, energies);
        }
    }

    fn add_force(&self, states: MatRef<'_, T>, mut forces: MatMut<'_, T>) {
        for term in &self.terms {
            term.add_force(states, forces.as_mut());
        }
    }

    fn add_curvature_product(
        &self,
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        mut products: MatMut<'_, T>,
    ) {
        for term in &self.terms {
            term.add_curvature_product(states, directions, products.as_mut());
        }
    }

    fn add_parameter_gradient(&self, weights: &[T], states: MatRef<'_, T>, gradient: &mut [T]) {
        for (term, own) in self.split(gradient) {
            term.add_parameter_gradient(weights, states, own);
        }
    }

    fn add_directional_gradient(
        &self,
        weights: &[T],
        states: MatRef<'_, T>,
        directions: MatRef<'_, T>,
        gradient: &mut [T],
    ) {
        for (term, own) in self.split(gradient) {
            term.add_directional_gradient(weights, states, directions, own);
        }
    }

    fn add_growth(&self, growth: &mut Growth) {
        for term in &self.terms {
            term.add_growth(growth);
        }
    }

    fn add_closed_form(&self, form: &mut ClosedForm<T>) {
        for term in &self.terms {
            term.add_closed_form(form);
        }
    }
}

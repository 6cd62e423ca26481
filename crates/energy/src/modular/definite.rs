//! Is there one state at rest? Whether K = diag(a) - W is positive definite on the modules that move,
//! and the projection that makes it so.
//!
//! With A = diag(a), springs included, K is definite if and only if A is and the largest
//! eigenvalue of A^-1/2 W A^-1/2, the *relative coupling*, is below one. Between two modules it is the
//! norm |A_l^-1/2 J A_m^-1/2|, which costs no more than matrices of the size of the rank.
//!
//! On more modules, these norms in place of the couplings give a matrix of one row for each module, whose
//! largest eigenvalue is a bound: for any z, z^T W z <= sum_c 2 |J_c| |z_l| |z_m|. The bound is
//! never above that of the row sums, which reads sum_c |J_c| < a for modules of one stiffness.
//!
//! Quartic terms with q >= 0 only add to the Hessian, so that what is definite here is convex everywhere.

use faer::{Mat, Side};

use super::{Modular, Moving};
use crate::{EnergyError, Scalar};

impl Modular {
    /// An upper bound of [`relative_coupling`](Self::relative_coupling), and that itself where no module moves
    /// with more than one other: cheap, as no matrix of the size of the modules is decomposed.
    ///
    /// # Errors
    /// [`EnergyError::Stiffness`] for a unit that moves without positive stiffness, [`EnergyError::Module`],
    /// [`EnergyError::Length`], [`EnergyError::NonFinite`] or [`EnergyError::Unconverged`].
    pub fn relative_coupling_bound<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
    ) -> Result<f64, EnergyError> {
        let softness = self.softness(parameters, moving)?;
        self.bound(parameters, &moving.modules, &softness)
    }

    /// The largest eigenvalue of A^-1/2 W A^-1/2 on the modules that move: below one if and only if the
    /// energy is definite.
    ///
    /// # Errors
    /// As [`relative_coupling_bound`](Self::relative_coupling_bound).
    pub fn relative_coupling<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
    ) -> Result<f64, EnergyError> {
        let softness = self.softness(parameters, moving)?;
        let components = self.components(&moving.modules);
        components.iter().try_fold(0.0, |most, component| {
            let own = self.exact(parameters, component, &softness)?;
            Ok(f64::max(most, own))
        })
    }

    /// The smallest eigenvalue of K on the modules that move; infinite if none does (kT / z^2).
    ///
    /// # Errors
    /// As [`relative_coupling_bound`](Self::relative_coupling_bound), but any stiffness will do.
    pub fn smallest_eigenvalue<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
    ) -> Result<f64, EnergyError> {
        let stiffness = self.stiffness(parameters, moving)?;
        let Some(hessian) = self.hessian(parameters, moving, &stiffness) else {
            return Ok(f64::INFINITY);
        };
        let values = hessian.self_adjoint_eigenvalues(Side::Lower);
        Ok(values.map_err(|_| unconverged())?[0])
    }

    /// Whether the cheap bound certifies that the energy is definite on the modules that move. If not, it may be all the
    /// same: [`check_definite`](Self::check_definite) decides.
    ///
    /// # Errors
    /// As [`relative_coupling_bound`](Self::relative_coupling_bound).
    pub fn is_surely_definite<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
    ) -> Result<bool, EnergyError> {
        // Rounding must not certify a free direction.
        let tolerance = self.size() as f64 * f64::EPSILON;
        Ok(self.relative_coupling_bound(parameters, moving)? < 1.0 - tolerance)
    }

    /// Checks that the energy is definite on the modules that move: by the cheap bound, and where that
    /// does not tell, by the eigenvalues.
    ///
    /// # Errors
    /// [`EnergyError::NotDefinite`], naming the smallest eigenvalue and the module where its eigenvector is
    /// largest; else as [`relative_coupling_bound`](Self::relative_coupling_bound).
    pub fn check_definite<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
    ) -> Result<(), EnergyError> {
        if self.is_surely_definite(parameters, moving)? {
            return Ok(());
        }
        let stiffness = self.stiffness(parameters, moving)?;
        let Some(hessian) = self.hessian(parameters, moving, &stiffness) else {
            return Ok(());
        };
        let modes = hessian.self_adjoint_eigen(Side::Lower);
        let modes = modes.map_err(|_| unconverged())?;
        let values = modes.S().column_vector();
        let (eigenvalue, largest) = (values[0], values[values.nrows() - 1]);
        if eigenvalue > values.nrows() as f64 * f64::EPSILON * largest.abs() {
            return Ok(());
        }
        let mode = modes.U().col(0);
        let modules = sorted(moving);
        let weights = self.places(&modules).map(|(module, start)| {
            let units = start..start + self.modules[module].units;
            (
                module,
                units.map(|unit| mode[unit] * mode[unit]).sum::<f64>(),
            )
        });
        let most = weights.max_by(|one, other| one.1.total_cmp(&other.1));
        let module = most.map_or(0, |(module, _)| module);
        Err(EnergyError::NotDefinite { eigenvalue, module })
    }

    /// Weakens couplings where they leave too little stiffness. For each connected component of the modules
    /// that move whose relative coupling exceeds 1 - `margin`, all its strengths are multiplied by the one
    /// factor that brings it down to that, up to rounding, so that every eigenvalue of K is at least
    /// `margin` times the least stiffness. Couplings to clamped modules are left alone.
    ///
    /// Returns the smallest factor: one if nothing had to be done. Components are judged by the cheap
    /// bound first, and by eigenvalues only if it does not tell.
    ///
    /// # Errors
    /// [`EnergyError::Margin`], else as [`relative_coupling_bound`](Self::relative_coupling_bound); the
    /// parameters are then as they were.
    pub fn project<T: Scalar>(
        &self,
        parameters: &mut [T],
        moving: &Moving,
        margin: f64,
    ) -> Result<f64, EnergyError> {
        if !(0.0..1.0).contains(&margin) {
            return Err(EnergyError::Margin { margin });
        }
        let softness = self.softness(parameters, moving)?;
        let limit = 1.0 - margin;
        let mut factors = Vec::new();
        for component in self.components(&moving.modules) {
            if self.bound(parameters, &component, &softness)? > limit {
                let found = self.exact(parameters, &component, &softness)?;
                if found > limit {
                    factors.push((component, limit / found));
                }
            }
        }
        let blocks = super::Blocks::of(self);
        for (component, factor) in &factors {
            for coupling in self.inside(component) {
                for strength in &mut parameters[blocks.wires[coupling].strength.clone()] {
                    *strength = T::of(strength.wide() * factor);
                }
            }
        }
        Ok(factors
            .iter()
            .fold(1.0, |least, (_, factor)| least.min(*factor)))
    }

    /// a^-1/2 of each unit; what it is of units that do not move has no meaning.
    fn softness<T: Scalar>(
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
    fn inside(&self, modules: &[usize]) -> impl Iterator<Item = usize> {
        let couplings = self.couplings.iter().enumerate();
        let inside = couplings.filter(|(_, coupling)| {
            let (l, m) = coupling.modules;
            modules.contains(&l) && modules.contains(&m)
        });
        inside.map(|(index, _)| index)
    }

    /// The largest eigenvalue of the matrix of norms, modules x modules.
    fn bound<T: Scalar>(
        &self,
        parameters: &[T],
        modules: &[usize],
        softness: &[f64],
    ) -> Result<f64, EnergyError> {
        let mut norms = Mat::<f64>::zeros(self.modules.len(), self.modules.len());
        for coupling in self.inside(modules) {
            let (l, m) = self.couplings[coupling].modules;
            let scales = (&softness[self.rows(l)], &softness[self.rows(m)]);
            let norm = self.scaled_norm(parameters, coupling, scales)?;
            (norms[(l, m)], norms[(m, l)]) = (norm, norm);
        }
        let values = norms.self_adjoint_eigenvalues(Side::Lower);
        Ok(last(&values.map_err(|_| unconverged())?))
    }

    /// The relative coupling of a connected component.
    fn exact<T: Scalar>(
        &self,
        parameters: &[T],
        component: &[usize],
        softness: &[f64],
    ) -> Result<f64, EnergyError> {
        if self.inside(component).count() < 2 {
            return self.bound(parameters, component, softness);
        }
        let largest = |matrix: Mat<f64>| {
            let values = matrix.self_adjoint_eigenvalues(Side::Lower);
            values
                .map(|values| last(&values))
                .map_err(|_| unconverged())
        };
        let Some((one, other)) = self.sides(component) else {
            return largest(self.coupled(parameters, (component, component), softness));
        };
        // The eigenvalues of W are the singular values of the block between the two sides, and their
        // negatives: a matrix of the smaller side is enough.
        let block = self.coupled(parameters, (&one, &other), softness);
        let square = if block.nrows() < block.ncols() {
            &block * block.transpose()
        } else {
            block.transpose() * &block
        };
        Ok(largest(square)?.max(0.0).sqrt())
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

    /// The modules of a list with the row where each begins if they stand one after another.
    fn places(&self, modules: &[usize]) -> impl Iterator<Item = (usize, usize)> {
        modules.iter().scan(0, |next, &module| {
            let start = *next;
            *next += self.modules[module].units;
            Some((module, start))
        })
    }

    /// diag(scale) W diag(scale) between two lists of modules.
    fn coupled<T: Scalar>(
        &self,
        parameters: &[T],
        (rows, columns): (&[usize], &[usize]),
        scale: &[f64],
    ) -> Mat<f64> {
        let units = |modules: &[usize]| modules.iter().map(|&m| self.modules[m].units).sum();
        let mut out = Mat::zeros(units(rows), units(columns));
        let start = |list: &[usize], module| {
            let mut places = self.places(list);
            places.find_map(|(known, start)| (known == module).then_some(start))
        };
        for (index, coupling) in self.couplings.iter().enumerate() {
            let (l, m) = coupling.modules;
            let straight = start(rows, l).zip(start(columns, m));
            let crossed = start(rows, m).zip(start(columns, l));
            if straight.is_none() && crossed.is_none() {
                continue;
            }
            let dense = self.dense(parameters, index);
            let (left, right) = (&scale[self.rows(l)], &scale[self.rows(m)]);
            for (j, right) in right.iter().enumerate() {
                for (i, left) in left.iter().enumerate() {
                    let value = dense[(i, j)] * left * right;
                    if let Some((row, column)) = straight {
                        out[(row + i, column + j)] = value;
                    }
                    if let Some((row, column)) = crossed {
                        out[(row + j, column + i)] = value;
                    }
                }
            }
        }
        out
    }

    /// K on the modules that move, in ascending order; none if none moves.
    fn hessian<T: Scalar>(
        &self,
        parameters: &[T],
        moving: &Moving,
        stiffness: &[f64],
    ) -> Option<Mat<f64>> {
        let modules = sorted(moving);
        let coupled = self.coupled(parameters, (&modules, &modules), &vec![1.0; self.size()]);
        let own = modules.iter().flat_map(|&module| self.rows(module));
        let mut hessian = -coupled;
        for (row, unit) in own.enumerate() {
            hessian[(row, row)] = stiffness[unit];
        }
        (hessian.nrows() > 0).then_some(hessian)
    }
}

/// The modules that move, each once.
fn sorted(moving: &Moving) -> Vec<usize> {
    let mut modules = moving.modules.clone();
    modules.sort_unstable();
    modules.dedup();
    modules
}

/// The largest of eigenvalues in ascending order.
fn last(values: &[f64]) -> f64 {
    values.last().copied().unwrap_or(0.0)
}

fn unconverged() -> EnergyError {
    EnergyError::Unconverged {
        what: "the eigenvalues of stiffness and couplings".to_owned(),
    }
}

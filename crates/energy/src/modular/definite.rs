//! Is there one state at rest? Whether K = diag(a) - W is positive definite on the modules that move.
//! [`Modular::project`] makes it so.
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

use super::relative::unconverged;
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
            let relative = self.relative(parameters, component, &softness);
            Ok(f64::max(most, relative.largest(relative.strengths())?))
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

    /// The largest eigenvalue of the matrix of norms, modules x modules.
    pub(super) fn bound<T: Scalar>(
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

    /// The modules of a list with the row where each begins if they stand one after another.
    fn places(&self, modules: &[usize]) -> impl Iterator<Item = (usize, usize)> {
        modules.iter().scan(0, |next, &module| {
            let start = *next;
            *next += self.modules[module].units;
            Some((module, start))
        })
    }

    /// W between modules that stand one after another.
    fn coupled<T: Scalar>(&self, parameters: &[T], modules: &[usize]) -> Mat<f64> {
        let size = modules.iter().map(|&module| self.modules[module].units);
        let size = size.sum();
        let mut out = Mat::zeros(size, size);
        let mut starts = vec![0; self.modules.len()];
        for (module, start) in self.places(modules) {
            starts[module] = start;
        }
        for coupling in self.inside(modules) {
            let (l, m) = self.couplings[coupling].modules;
            let dense = self.dense(parameters, coupling);
            for j in 0..dense.ncols() {
                for i in 0..dense.nrows() {
                    let (row, column) = (starts[l] + i, starts[m] + j);
                    out[(row, column)] = dense[(i, j)];
                    out[(column, row)] = dense[(i, j)];
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
        let coupled = self.coupled(parameters, &modules);
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

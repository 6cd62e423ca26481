//! Gauge: of the many U, s and V that make the same coupling, the singular value decomposition.

use faer::{Mat, MatRef};

use super::Modular;
use super::blocks::{Blocks, WireBlocks};
use crate::{Energy, EnergyError, Scalar};

/// U, s and V of a coupling in double precision.
pub(super) struct Factors {
    pub(super) left: Mat<f64>,
    pub(super) strength: Vec<f64>,
    pub(super) right: Mat<f64>,
}

impl Factors {
    /// Of a low-rank coupling.
    pub(super) fn new<T: Scalar>(parameters: &[T], blocks: &WireBlocks) -> Option<Self> {
        let (left, right) = blocks.factors.clone()?;
        let rank = blocks.strength.len();
        let wide = |values: &[T]| {
            let values = MatRef::from_column_major_slice(values, values.len() / rank, rank);
            Mat::from_fn(values.nrows(), rank, |i, k| values[(i, k)].wide())
        };
        let strength = parameters[blocks.strength.clone()].iter();
        Some(Self {
            left: wide(&parameters[left]),
            strength: strength.map(|s| s.wide()).collect(),
            right: wide(&parameters[right]),
        })
    }

    /// U diag(s) V^T.
    fn product(&self) -> Mat<f64> {
        let scaled = Mat::from_fn(self.left.nrows(), self.left.ncols(), |i, k| {
            self.left[(i, k)] * self.strength[k]
        });
        scaled * self.right.transpose()
    }

    /// The same J with orthonormal U and V: QR of both, and the singular values of the small
    /// matrix between the two Q.
    fn canonical(&self, coupling: usize) -> Result<Self, EnergyError> {
        let (left, right) = (self.left.qr(), self.right.qr());
        let core = self.core(left.thin_R(), right.thin_R());
        let svd = core.thin_svd().map_err(|_| unconverged(coupling))?;
        let (left, right) = (left.compute_thin_Q(), right.compute_thin_Q());
        let mut made = Self {
            left: left * svd.U(),
            strength: svd.S().column_vector().iter().copied().collect(),
            right: right * svd.V(),
        };
        for k in 0..made.strength.len() {
            let column = made.left.col_as_slice(k).iter();
            let largest = column.fold(
                0.0_f64,
                |most, &u| if u.abs() > most.abs() { u } else { most },
            );
            if largest < 0.0 {
                for factor in [&mut made.left, &mut made.right] {
                    for entry in factor.col_as_slice_mut(k) {
                        *entry = -*entry;
                    }
                }
            }
        }
        Ok(made)
    }

    /// R_U diag(s) R_V^T, rank x rank.
    fn core(&self, left: MatRef<'_, f64>, right: MatRef<'_, f64>) -> Mat<f64> {
        let rank = self.strength.len();
        // Below the diagonal of R nothing is meant.
        let scaled = Mat::from_fn(rank, rank, |i, k| {
            if i <= k {
                left[(i, k)] * self.strength[k]
            } else {
                0.0
            }
        });
        let right = Mat::from_fn(rank, rank, |i, k| if i <= k { right[(i, k)] } else { 0.0 });
        scaled * right.transpose()
    }

    /// The spectral norm of J, from matrices of the size of its rank.
    fn norm(&self, coupling: usize) -> Result<f64, EnergyError> {
        let core = self.core(self.left.qr().thin_R(), self.right.qr().thin_R());
        let values = core.singular_values().map_err(|_| unconverged(coupling))?;
        Ok(values.first().copied().unwrap_or(0.0))
    }
}

fn unconverged(coupling: usize) -> EnergyError {
    EnergyError::Unconverged {
        what: format!("the singular values of coupling {coupling}"),
    }
}

impl Modular {
    /// Brings the couplings into their canonical form, in which each J, and so the energy, stays as it
    /// is: U and V orthonormal, s >= 0 descending, and the entry of largest magnitude in each column
    /// of U positive. Couplings one to one have no other form.
    ///
    /// A form twice taken is the same up to rounding, unless two strengths are equal or some are zero,
    /// where the directions remain free.
    ///
    /// # Errors
    /// [`EnergyError::Length`], [`EnergyError::NonFinite`], or [`EnergyError::Unconverged`] for values near the
    /// limits of their precision; the parameters are then as they were.
    pub fn canonical<T: Scalar>(&self, parameters: &mut [T]) -> Result<(), EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        let mut made = Vec::new();
        for (coupling, blocks) in Blocks::of(self).wires.into_iter().enumerate() {
            if let Some(factors) = Factors::new(parameters, &blocks) {
                let factors = factors.canonical(coupling)?;
                if factors.strength.iter().any(|&s| !T::of(s).finite()) {
                    return Err(unconverged(coupling));
                }
                made.push((blocks, factors));
            }
        }
        for (blocks, factors) in made {
            let columns = |factor: &Mat<f64>| {
                let columns = (0..factor.ncols()).map(|k| factor.col_as_slice(k).to_vec());
                columns.flatten().collect::<Vec<f64>>()
            };
            let (left, right) = (columns(&factors.left), columns(&factors.right));
            let values = factors.strength.iter().chain(&left).chain(&right);
            for (slot, &value) in parameters[blocks.all()].iter_mut().zip(values) {
                *slot = T::of(value);
            }
        }
        Ok(())
    }

    /// J of a coupling (units of its first module x units of its second).
    ///
    /// # Errors
    /// [`EnergyError::Length`], [`EnergyError::NonFinite`], or [`EnergyError::Coupling`] if there is no such
    /// coupling.
    pub fn coupling<T: Scalar>(
        &self,
        parameters: &[T],
        coupling: usize,
    ) -> Result<Mat<f64>, EnergyError> {
        Energy::<T>::layout(self).check(parameters)?;
        if coupling < self.couplings.len() {
            return Ok(self.dense(parameters, coupling));
        }
        let count = self.couplings.len();
        let reason = format!("does not exist; they are numbered from 0 below {count}");
        Err(EnergyError::Coupling { coupling, reason })
    }

    /// J of a coupling that exists, of parameters that fit.
    pub(super) fn dense<T: Scalar>(&self, parameters: &[T], coupling: usize) -> Mat<f64> {
        let blocks = &Blocks::of(self).wires[coupling];
        if let Some(factors) = Factors::new(parameters, blocks) {
            return factors.product();
        }
        let strength = &parameters[blocks.strength.clone()];
        Mat::from_fn(strength.len(), strength.len(), |i, j| {
            if i == j { strength[i].wide() } else { 0.0 }
        })
    }

    /// The spectral norm of diag(left) J diag(right).
    pub(super) fn scaled_norm<T: Scalar>(
        &self,
        parameters: &[T],
        coupling: usize,
        (left, right): (&[f64], &[f64]),
    ) -> Result<f64, EnergyError> {
        let blocks = &Blocks::of(self).wires[coupling];
        let Some(mut factors) = Factors::new(parameters, blocks) else {
            let strength = parameters[blocks.strength.clone()].iter();
            let values = strength.zip(left.iter().zip(right));
            return Ok(values.fold(0.0, |most, (s, (l, r))| {
                f64::max(most, (s.wide() * l * r).abs())
            }));
        };
        for (factor, scale) in [(&mut factors.left, left), (&mut factors.right, right)] {
            for k in 0..factor.ncols() {
                for (entry, scale) in factor.col_as_slice_mut(k).iter_mut().zip(scale) {
                    *entry *= scale;
                }
            }
        }
        factors.norm(coupling)
    }
}

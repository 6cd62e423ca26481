//! A network of springs and a cost: what follows from K, b, the seen units and their targets.

use faer::{Col, Mat, MatRef};

use super::spectrum::Spectrum;
use crate::{LearnError, NudgeForce};

/// A quadratic energy E = z.K z / 2 - b.z with the cost L = |S (z - t)|^2 / 2 of its seen units, and
/// what follows from both: rest, response and exact gradients.
#[derive(Debug, Clone)]
pub struct QuadraticSystem {
    stiffness: Mat<f64>,
    drive: Col<f64>,
    seen: Vec<bool>,
    target: Col<f64>,
    spectrum: Spectrum,
    compliance: Mat<f64>,
    rest: Col<f64>,
    cost_gradient: Col<f64>,
    response: Col<f64>,
    nudge_bound: f64,
}

impl QuadraticSystem {
    /// A system of stiffness K (units x units, symmetric), drive b, seen units and target t (one entry per
    /// unit; those of unseen units are not used, but finite).
    ///
    /// # Errors
    /// [`LearnError::Shape`] if the parts differ in units or no unit is seen, [`LearnError::NotFinite`] for
    /// a NaN or an infinite value, [`LearnError::Asymmetric`] for a K that differs from its transpose by more
    /// than rounding, and [`LearnError::Indefinite`] for one that is not positive definite.
    pub fn new(
        stiffness: Mat<f64>,
        drive: &[f64],
        seen: &[bool],
        target: &[f64],
    ) -> Result<Self, LearnError> {
        check_stiffness(&stiffness)?;
        let units = stiffness.nrows();
        let expect = |what, expected, found| {
            let fault = LearnError::Shape {
                what,
                expected,
                found,
            };
            if expected == found {
                Ok(())
            } else {
                Err(fault)
            }
        };
        expect("units that are seen or not", units, seen.len())?;
        expect("units of the target", units, target.len())?;
        if !seen.contains(&true) {
            expect("seen units", 1, 0)?;
        }
        let drive = vector("the drive b", drive, units)?;
        let target = vector("the target t", target, units)?;
        let spectrum = Spectrum::of(stiffness.as_ref())?;
        // Below rounding of the largest, an eigenvalue may as well be negative.
        if spectrum.smallest() <= spectrum.largest() * units as f64 * f64::EPSILON {
            return Err(LearnError::Indefinite {
                smallest: spectrum.smallest(),
            });
        }
        let compliance = spectrum.map(f64::recip);
        let rest = &compliance * &drive;
        let cost_gradient = Col::from_fn(units, |unit| {
            if seen[unit] {
                rest[unit] - target[unit]
            } else {
                0.0
            }
        });
        let response = Col::from_fn(units, |unit| -(compliance.row(unit) * &cost_gradient));
        let rows: Vec<usize> = (0..units).filter(|&unit| seen[unit]).collect();
        let visible = Mat::from_fn(rows.len(), rows.len(), |row, column| {
            compliance[(rows[row], rows[column])]
        });
        let nudge_bound = Spectrum::of(visible.as_ref())?.largest().recip();
        Ok(Self {
            stiffness,
            drive,
            seen: seen.to_vec(),
            target,
            spectrum,
            compliance,
            rest,
            cost_gradient,
            response,
            nudge_bound,
        })
    }

    /// Number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.seen.len()
    }

    /// K (units x units).
    #[must_use]
    pub fn stiffness(&self) -> MatRef<'_, f64> {
        self.stiffness.as_ref()
    }

    /// Smallest eigenvalue of K.
    #[must_use]
    pub fn smallest_stiffness(&self) -> f64 {
        self.spectrum.smallest()
    }

    /// Which units the cost sees.
    #[must_use]
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    /// b.
    #[must_use]
    pub fn drive(&self) -> &Col<f64> {
        &self.drive
    }

    /// t.
    #[must_use]
    pub fn target(&self) -> &Col<f64> {
        &self.target
    }

    /// x = K^-1 b, where the network rests.
    #[must_use]
    pub fn rest(&self) -> &Col<f64> {
        &self.rest
    }

    /// g = P (x - t), the gradient of the cost at rest.
    #[must_use]
    pub fn cost_gradient(&self) -> &Col<f64> {
        &self.cost_gradient
    }

    /// v = -K^-1 g, how far the rest moves per unit of a weak nudge.
    #[must_use]
    pub fn response(&self) -> &Col<f64> {
        &self.response
    }

    /// The nudge strength from which on K - beta P is not positive definite: the smallest beta with
    /// det(K - beta P) = 0, which is 1 / (largest eigenvalue of the seen block of K^-1). It is at least
    /// [the smallest stiffness](Self::smallest_stiffness), as |P| = 1, and more if unseen units are soft.
    #[must_use]
    pub const fn nudge_bound(&self) -> f64 {
        self.nudge_bound
    }

    /// L(x).
    #[must_use]
    pub fn cost(&self) -> f64 {
        0.5 * self.cost_gradient.squared_norm_l2()
    }

    /// dL(x)/dJ = -(x v^T + v x^T) (units x units): its block (l, m) is the gradient for a coupling
    /// -z_l^T J z_m of two modules, half its diagonal is dL/da with the sign turned for sites a_i z_i^2 / 2.
    #[must_use]
    pub fn exact_gradient(&self) -> Mat<f64> {
        -symmetric_outer(&self.rest, &self.response)
    }

    /// Gradient of the mean loss at temperature `temperature` = kT, L(x) + kT tr(P K^-1) / 2: the
    /// [exact gradient](Self::exact_gradient) + kT K^-1 P K^-1.
    #[must_use]
    pub fn thermal_gradient(&self, temperature: f64) -> Mat<f64> {
        let curvature = self.recoil_matrix() * &self.compliance;
        self.exact_gradient() + faer::Scale(temperature) * curvature
    }

    /// Rest under a nudge: by the cost itself ([`NudgeForce::Quadratic`]), x - beta (K + beta P)^-1 g, or
    /// by its frozen force ([`NudgeForce::Linear`]), x + beta v. `strength` = beta, of either sign.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for a NaN, [`LearnError::NudgeTooStrong`] for a quadratic nudge at or
    /// below the negative of the [bound](Self::nudge_bound).
    pub fn nudged(&self, strength: f64, force: NudgeForce) -> Result<Col<f64>, LearnError> {
        Ok(&self.rest + self.displacement(strength, force)? * faer::Scale(strength))
    }

    /// (x_beta - x) / beta = (I + beta R)^-1 v for a quadratic nudge, v for a constant one; without the
    /// cancellation that a difference of states would suffer.
    pub(super) fn displacement(
        &self,
        strength: f64,
        force: NudgeForce,
    ) -> Result<Col<f64>, LearnError> {
        match force {
            NudgeForce::Linear => {
                self.check_strength(strength)?;
                Ok(self.response.clone())
            }
            NudgeForce::Quadratic => {
                let inverse = self.stiffened(strength)?.map(f64::recip);
                Ok(-(inverse * &self.cost_gradient))
            }
        }
    }

    /// The spectrum of K + beta P, if that is positive definite.
    pub(super) fn stiffened(&self, strength: f64) -> Result<Spectrum, LearnError> {
        self.check_strength(strength)?;
        let too_strong = LearnError::NudgeTooStrong {
            strength: -strength,
            bound: self.nudge_bound,
        };
        if -strength >= self.nudge_bound {
            return Err(too_strong);
        }
        let mut stiffness = self.stiffness.clone();
        for unit in (0..self.units()).filter(|&unit| self.seen[unit]) {
            stiffness[(unit, unit)] += strength;
        }
        let spectrum = Spectrum::of(stiffness.as_ref())?;
        // Within rounding of the bound.
        if spectrum.smallest() <= 0.0 {
            return Err(too_strong);
        }
        Ok(spectrum)
    }

    fn check_strength(&self, strength: f64) -> Result<(), LearnError> {
        if strength.is_finite() {
            return Ok(());
        }
        Err(LearnError::NotFinite {
            what: "the nudge strength",
            entry: 0,
            value: strength,
        })
    }

    /// The spectrum of K.
    pub(super) const fn spectrum(&self) -> &Spectrum {
        &self.spectrum
    }

    /// K^-1.
    pub(super) const fn compliance(&self) -> &Mat<f64> {
        &self.compliance
    }

    /// R = K^-1 P: how a nudge that follows the state gives way.
    pub(super) fn recoil_matrix(&self) -> Mat<f64> {
        self.seen_columns(&self.compliance)
    }

    /// `matrix` P: the columns of unseen units are zero.
    pub(super) fn seen_columns(&self, matrix: &Mat<f64>) -> Mat<f64> {
        Mat::from_fn(matrix.nrows(), matrix.ncols(), |row, column| {
            if self.seen[column] {
                matrix[(row, column)]
            } else {
                0.0
            }
        })
    }

    /// P (`state` - t), the gradient of the cost at a state.
    pub(super) fn cost_gradient_at(&self, state: &Col<f64>) -> Col<f64> {
        Col::from_fn(self.units(), |unit| {
            if self.seen[unit] {
                state[unit] - self.target[unit]
            } else {
                0.0
            }
        })
    }
}

/// a b^T + b a^T.
pub(super) fn symmetric_outer(a: &Col<f64>, b: &Col<f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), b.nrows(), |row, column| {
        a[row] * b[column] + b[row] * a[column]
    })
}

/// A vector of `units` finite entries.
pub(super) fn vector(
    what: &'static str,
    entries: &[f64],
    units: usize,
) -> Result<Col<f64>, LearnError> {
    if entries.len() != units {
        return Err(LearnError::Shape {
            what,
            expected: units,
            found: entries.len(),
        });
    }
    match entries.iter().position(|entry| !entry.is_finite()) {
        Some(entry) => Err(LearnError::NotFinite {
            what,
            entry,
            value: entries[entry],
        }),
        None => Ok(Col::from_fn(units, |unit| entries[unit])),
    }
}

/// Refuses a matrix that is not square, not finite or not symmetric.
fn check_stiffness(stiffness: &Mat<f64>) -> Result<(), LearnError> {
    if stiffness.ncols() != stiffness.nrows() {
        return Err(LearnError::Shape {
            what: "columns of the stiffness matrix",
            expected: stiffness.nrows(),
            found: stiffness.ncols(),
        });
    }
    let largest = stiffness.norm_max();
    for column in 0..stiffness.ncols() {
        for row in 0..stiffness.nrows() {
            let (value, mirrored) = (stiffness[(row, column)], stiffness[(column, row)]);
            if !value.is_finite() {
                return Err(LearnError::NotFinite {
                    what: "the stiffness matrix",
                    entry: column * stiffness.nrows() + row,
                    value,
                });
            }
            if (value - mirrored).abs() > 1e-12 * largest {
                return Err(LearnError::Asymmetric {
                    row,
                    column,
                    value,
                    mirrored,
                });
            }
        }
    }
    Ok(())
}

//! The velocity field that a network on a spring carries (arXiv 2604.08150).
//!
//! A spring (lambda / 2) |x - x_t|^2 holds the visible units at a place x_t; the network relaxes to x* and
//! its displacement is read as a velocity:
//!
//! v(x_t) = alpha lambda (x* - x_t) = -alpha grad M(x_t)
//!
//! M is the Moreau envelope of min over hidden states of E with parameter 1 / lambda. So the field is
//! curl-free, does not depend on time, and lambda may be changed after training: v = -alpha [g - H g / lambda + ...]
//! with g and H the gradient and Hessian of min E; a stiffer spring reads the energy's own slope.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | lambda | stiffness of the spring | kT / x^2 |
//! | alpha | gain of the read-out: velocity for unit force | x^2 / (kT time) |
//! | x_t | place, where the spring is anchored | data units |
//! | x* | visible states at rest | data units |

use faer::{Mat, MatRef};
use overdamped_energy::{Drive, Scalar};
use overdamped_substrate::{Residuals, Substrate};
use serde::{Deserialize, Serialize};

use crate::error::positive;
use crate::{LearnError, Wiring};

/// The spring and its read-out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spring {
    /// lambda. Default 15.
    pub stiffness: f64,
    /// alpha. Default 2.
    pub gain: f64,
}

impl Default for Spring {
    fn default() -> Self {
        Self {
            stiffness: 15.0,
            gain: 2.0,
        }
    }
}

impl Spring {
    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        positive("the stiffness of the spring", self.stiffness)?;
        positive("the gain of the velocity read-out", self.gain)?;
        Ok(self)
    }

    /// alpha lambda: velocity for unit displacement.
    #[must_use]
    pub const fn scale(&self) -> f64 {
        self.gain * self.stiffness
    }

    /// The spring that holds visible units at `places` (rows of an example x chains; clamped rows do
    /// not matter).
    ///
    /// # Errors
    /// If a place is not finite.
    ///
    /// # Panics
    /// If there are fewer units or rows than the wiring has, see [`Wiring::check`].
    pub fn drive<T: Scalar>(
        &self,
        wiring: &Wiring,
        units: usize,
        places: MatRef<'_, T>,
    ) -> Result<Drive<T>, LearnError> {
        let mut stiffness = vec![T::ZERO; units];
        stiffness[wiring.visible.clone()].fill(T::of(self.stiffness));
        Ok(Drive::spring(
            stiffness,
            wiring.spread(units, places).as_ref(),
        )?)
    }

    /// v = alpha lambda (x* - x_t) (visible x chains), from states at rest (units x chains) and places
    /// (visible rows, at least, x chains).
    ///
    /// # Panics
    /// If there are fewer units than the wiring has (see [`Wiring::check`]), or fewer places than states.
    #[must_use]
    pub fn velocity<T: Scalar>(
        &self,
        wiring: &Wiring,
        rest: MatRef<'_, T>,
        places: MatRef<'_, T>,
    ) -> Mat<T> {
        let (seen, scale) = (wiring.seen(rest), T::of(self.scale()));
        Mat::from_fn(seen.nrows(), seen.ncols(), |row, chain| {
            scale * (seen[(row, chain)] - places[(row, chain)])
        })
    }
}

/// How long to let a network relax towards a free equilibrium.
///
/// The time is that of most chains, and the 99 % quantile decides whether to go on. Giving up is decided by
/// the **median**: a few chains of a large batch always sit on a saddle of the energy or near the edge of an
/// activation, and take long. They hardly change the mean gradient, and no time at hand would bring them to rest.
/// If half of the chains are not there, the network itself is at fault: it runs away, or has become too slow.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settling {
    /// Time of the first look, in 1 / (mobility x stiffness). Default 40.
    pub time: f64,
    /// Go on, by as much again, while the 99 % quantile over chains of the residual force exceeds
    /// this; infinite for a single look. Default .1.
    pub tolerance: f64,
    /// Looks at most. Default 3.
    pub looks: u32,
    /// Give up with [`LearnError::Unrelaxed`] if the median chain is still this far from rest,
    /// as a residual force in kT / x. Default 1.
    pub refuse: f64,
}

impl Default for Settling {
    fn default() -> Self {
        Self {
            time: 40.0,
            tolerance: 0.1,
            looks: 3,
            refuse: 1.0,
        }
    }
}

impl Settling {
    /// A single look after `time`, and nothing refused.
    #[must_use]
    pub const fn once(time: f64) -> Self {
        Self {
            time,
            tolerance: f64::INFINITY,
            looks: 1,
            refuse: f64::INFINITY,
        }
    }

    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        positive("the time of the free phase", self.time)?;
        positive(
            "the number of looks at the free phase",
            f64::from(self.looks),
        )?;
        for (setting, value) in [
            ("the tolerance of the free phase", self.tolerance),
            ("the residual at which the free phase gives up", self.refuse),
        ] {
            if value.is_nan() || value <= 0.0 {
                return Err(LearnError::Setting {
                    setting,
                    value,
                    bound: "positive",
                });
            }
        }
        Ok(self)
    }

    /// Relaxes a prepared substrate.
    ///
    /// # Errors
    /// Whatever the substrate reports, or [`LearnError::Unrelaxed`].
    pub fn settle<T: Scalar, S: Substrate<T> + ?Sized>(
        &self,
        substrate: &mut S,
    ) -> Result<Residuals, LearnError> {
        let mut residuals = substrate.relax(self.time)?;
        let mut looks = 1;
        while residuals.high > self.tolerance && looks < self.looks {
            residuals = substrate.relax(self.time)?;
            looks += 1;
        }
        self.check("free", f64::from(looks) * self.time, &residuals)?;
        Ok(residuals)
    }

    /// Refuses a phase after which the median chain is too far from rest.
    pub(crate) fn check(
        &self,
        phase: &'static str,
        time: f64,
        residuals: &Residuals,
    ) -> Result<(), LearnError> {
        if residuals.median > self.refuse {
            return Err(LearnError::Unrelaxed {
                phase,
                time,
                median: residuals.median,
                high: residuals.high,
                largest: residuals.largest,
                bound: self.refuse,
            });
        }
        Ok(())
    }
}

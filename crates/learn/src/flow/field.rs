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

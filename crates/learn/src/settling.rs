//! How long to let a network relax towards a free equilibrium, and how near it came.
//!
//! The last of a relaxation is an exponential decay: the residual falls like exp(-r t), with r the slowest rate,
//! mobility times the smallest curvature. Two looks at the residual give r, and r gives the time that
//! a phase would need to come below a bound.

use overdamped_energy::Scalar;
use overdamped_substrate::{Residuals, Substrate};
use serde::{Deserialize, Serialize};

use crate::LearnError;
use crate::error::positive;

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
    ) -> Result<Settled, LearnError> {
        let mut settled = Settled {
            residuals: substrate.relax(self.time)?,
            time: self.time,
            rate: None,
        };
        let mut looks = 1;
        while settled.residuals.high > self.tolerance && looks < self.looks {
            let before = settled.residuals.median;
            settled.residuals = substrate.relax(self.time)?;
            looks += 1;
            settled.time = f64::from(looks) * self.time;
            settled.rate = Some((before / settled.residuals.median).ln() / self.time);
        }
        settled.check(self.refuse)?;
        Ok(settled)
    }
}

/// How a free phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// How far from rest.
    pub residuals: Residuals,
    /// Time that it took, in 1 / (mobility x stiffness).
    pub time: f64,
    /// Decay rate of the median residual between the last two looks, mobility x stiffness; none after one look.
    pub rate: Option<f64>,
}

impl Settled {
    /// Refuses a free phase after which the median residual exceeds `bound`.
    ///
    /// # Errors
    /// [`LearnError::Unrelaxed`].
    pub fn check(&self, bound: f64) -> Result<(), LearnError> {
        self.check_phase("free", self.time, &self.residuals, bound)
    }

    /// The same for a phase that followed, which decays at the same rate.
    pub(crate) fn check_phase(
        &self,
        phase: &'static str,
        time: f64,
        residuals: &Residuals,
        bound: f64,
    ) -> Result<(), LearnError> {
        // What is no number is not at rest; no bound, nothing refused.
        if residuals.median <= bound || bound == f64::INFINITY {
            return Ok(());
        }
        let needed = self.rate.map(|rate| {
            if rate > 0.0 {
                time + (residuals.median / bound).ln() / rate
            } else {
                f64::INFINITY
            }
        });
        Err(LearnError::Unrelaxed {
            phase,
            time,
            median: residuals.median,
            high: residuals.high,
            largest: residuals.largest,
            bound,
            needed,
        })
    }
}

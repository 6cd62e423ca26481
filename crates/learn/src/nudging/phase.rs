//! What a substrate does between two interventions, and what is read of it.
//!
//! | phase | bath | read |
//! |---|---|---|
//! | [`Phase::Cold`] | at zero temperature | once, at the end |
//! | [`Phase::Warm`] | at the substrate's own temperature | after a burn-in, again and again, a dwell apart |
//!
//! In a warm phase the order of two averages matters, because dE/dtheta is not linear in the state. For a cost C of
//! curvature P and an energy of curvature K the two [readings](Reading) differ by the gradient of kT tr(P K^-1) / 2.

use std::borrow::Cow;

use faer::{Mat, MatRef};
use overdamped_energy::{Potential, Scalar};
use overdamped_substrate::{Residuals, Substrate, SubstrateError};
use serde::{Deserialize, Serialize};

use crate::LearnError;
use crate::error::positive;

/// Which average is taken first in a warm phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// dE/dtheta of each sample, averaged: trains the mean cost `<C>`. What couplings with a correlator of their
    /// own measure. (A frozen force does not change the fluctuations of a quadratic energy: it trains `C(<x>)` there,
    /// whichever the reading.)
    #[default]
    MeanOfProducts,
    /// dE/dtheta at the mean state of each chain: trains the cost of the mean state, `C(<x>)`. With n independent
    /// samples a share 1 / n of the difference is left.
    ProductOfMeans,
}

/// How a phase runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Relax with the bath cooled to zero.
    Cold {
        /// How long, in 1 / (mobility x stiffness).
        time: f64,
    },
    /// Evolve in the bath, and read samples.
    Warm {
        /// Time before the first dwell, to forget the start.
        burn_in: f64,
        /// Time before each sample, to forget the last one.
        dwell: f64,
        /// Number of samples of each chain. All are kept until the phase is over: units x chains x samples values.
        samples: usize,
        /// Which average is taken first.
        reading: Reading,
    },
}

impl Phase {
    /// The phase, if its times are within their ranges.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        match self {
            Self::Cold { time } => positive("the time of a cold phase", time)?,
            Self::Warm {
                burn_in,
                dwell,
                samples,
                ..
            } => {
                if !(burn_in >= 0.0 && burn_in.is_finite()) {
                    return Err(LearnError::Setting {
                        setting: "the burn-in of a warm phase",
                        value: burn_in,
                        bound: "finite and not negative",
                    });
                }
                positive("the dwell before a sample", dwell)?;
                positive("the number of samples of a warm phase", samples as f64)?;
            }
        }
        Ok(self)
    }

    /// Time that one phase takes, in 1 / (mobility x stiffness).
    #[must_use]
    pub fn duration(&self) -> f64 {
        match *self {
            Self::Cold { time } => time,
            Self::Warm {
                burn_in,
                dwell,
                samples,
                ..
            } => burn_in + dwell * samples as f64,
        }
    }

    /// Which average is taken first; with a single state both are the same.
    pub(super) const fn reading(&self) -> Reading {
        match self {
            Self::Cold { .. } => Reading::MeanOfProducts,
            Self::Warm { reading, .. } => *reading,
        }
    }

    /// Runs a substrate that is programmed, prepared and driven as it is to be, and reads it.
    ///
    /// # Errors
    /// [`LearnError::Setting`], or whatever the substrate reports.
    pub fn run<T: Scalar, S: Substrate<T> + ?Sized>(
        &self,
        substrate: &mut S,
    ) -> Result<Visited<T>, LearnError> {
        match self.validated()? {
            Self::Cold { time } => {
                let residuals = substrate.relax(time)?;
                let visited = Visited::at_rest(substrate.read()?)?;
                Ok(Visited {
                    residuals: Some(residuals),
                    ..visited
                })
            }
            Self::Warm {
                burn_in,
                dwell,
                samples,
                ..
            } => {
                let (units, chains) = (substrate.units(), substrate.chains());
                let mut states = Mat::zeros(units, chains * samples);
                substrate.evolve(burn_in)?;
                for sample in 0..samples {
                    substrate.evolve(dwell)?;
                    let slot = states.as_mut().subcols_mut(sample * chains, chains);
                    { slot }.copy_from(substrate.read()?);
                }
                Visited::sampled(states, chains)
            }
        }
    }
}

/// The states that a phase was read at: at rest, or samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Visited<T: Scalar> {
    /// units x (samples x chains): all chains of a sample side by side.
    states: Mat<T>,
    chains: usize,
    residuals: Option<Residuals>,
}

impl<T: Scalar> Visited<T> {
    /// One state of each chain (units x chains).
    ///
    /// # Errors
    /// [`LearnError::Shape`] if there is none, [`SubstrateError::NonFiniteState`].
    pub fn at_rest(states: Mat<T>) -> Result<Self, LearnError> {
        let chains = states.ncols();
        Self::sampled(states, chains)
    }

    /// Several samples of `chains` chains, side by side in `states` (units x (samples x chains)): first all
    /// chains of the first sample.
    ///
    /// # Errors
    /// [`LearnError::Shape`] if there is none, or columns are left over, [`SubstrateError::NonFiniteState`].
    pub fn sampled(states: Mat<T>, chains: usize) -> Result<Self, LearnError> {
        let columns = states.ncols();
        if columns == 0 || !columns.is_multiple_of(chains) {
            return Err(LearnError::Shape {
                what: "states of chains that were read together",
                expected: columns.next_multiple_of(chains.max(1)).max(1),
                found: columns,
            });
        }
        for column in 0..columns {
            let state = states.col_as_slice(column);
            if let Some(unit) = state.iter().position(|value| !value.finite()) {
                return Err(LearnError::Substrate(SubstrateError::NonFiniteState {
                    unit,
                    chain: column % chains,
                    value: state[unit].wide(),
                }));
            }
        }
        Ok(Self {
            states,
            chains,
            residuals: None,
        })
    }

    /// Number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.states.nrows()
    }

    /// Number of chains.
    #[must_use]
    pub const fn chains(&self) -> usize {
        self.chains
    }

    /// Number of samples of each chain.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.states.ncols() / self.chains
    }

    /// Every state (units x (samples x chains)).
    #[must_use]
    pub fn states(&self) -> MatRef<'_, T> {
        self.states.as_ref()
    }

    /// One sample (units x chains).
    ///
    /// # Panics
    /// If there are fewer samples.
    #[must_use]
    pub fn sample(&self, sample: usize) -> MatRef<'_, T> {
        self.states
            .as_ref()
            .subcols(sample * self.chains, self.chains)
    }

    /// The last sample (units x chains): where the phase ended.
    #[must_use]
    pub fn last(&self) -> MatRef<'_, T> {
        self.sample(self.samples() - 1)
    }

    /// How far from rest a cold phase ended, if it was run by [`Phase::run`].
    #[must_use]
    pub const fn residuals(&self) -> Option<Residuals> {
        self.residuals
    }

    /// Mean state of each chain (units x chains).
    #[must_use]
    pub fn mean(&self) -> Cow<'_, Mat<T>> {
        let samples = self.samples();
        if samples == 1 {
            return Cow::Borrowed(&self.states);
        }
        Cow::Owned(Mat::from_fn(self.units(), self.chains, |unit, chain| {
            let sum: f64 = (0..samples)
                .map(|sample| self.states[(unit, sample * self.chains + chain)].wide())
                .sum();
            T::of(sum / samples as f64)
        }))
    }

    /// Mean over chains (and samples) of dE/dtheta, divided by `width`.
    pub(super) fn local_gradient(
        &self,
        potential: &dyn Potential<T>,
        reading: Reading,
        width: f64,
    ) -> Vec<T> {
        let states = match reading {
            Reading::MeanOfProducts => Cow::Borrowed(&self.states),
            Reading::ProductOfMeans => self.mean(),
        };
        let mut gradient = vec![T::ZERO; potential.parameter_count()];
        let weights = vec![T::of(1.0 / (width * states.ncols() as f64)); states.ncols()];
        potential.add_parameter_gradient(&weights, states.as_ref().as_ref(), &mut gradient);
        gradient
    }
}

//! How a simulated substrate is set up: bath, mobility, integrator, time step.

use serde::{Deserialize, Serialize};

use crate::error::at_least;
use crate::{Engine, Relaxer, SubstrateError, TimeStep};

/// A quantity that is the same for all units or given for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PerUnit {
    /// One value for all units.
    Uniform(f64),
    /// One value for each unit, in order.
    Each(Vec<f64>),
}

impl PerUnit {
    /// The values of `units` units, each finite and not negative.
    ///
    /// # Errors
    /// [`SubstrateError::Units`] or [`SubstrateError::Setting`].
    pub fn values(&self, name: &'static str, units: usize) -> Result<Vec<f64>, SubstrateError> {
        let values = match self {
            Self::Uniform(value) => vec![*value; units],
            Self::Each(values) => values.clone(),
        };
        if values.len() != units {
            return Err(SubstrateError::Units {
                what: name,
                expected: units,
                found: values.len(),
            });
        }
        for &value in &values {
            at_least(name, value, 0.0, "finite and not negative")?;
        }
        Ok(values)
    }
}

/// How the noise of a step is built from Gaussian draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Integrator {
    /// x' = x + mu h F(x) + sqrt(2 mu kT h) R.
    ///
    /// Weak order one; in a harmonic well of stiffness K the stationary covariance is
    /// kT K^-1 (1 - h mu K / 2)^-1.
    #[default]
    EulerMaruyama,
    /// x' = x + mu h F(x) + sqrt(2 mu kT h) (R + R') / 2, where R' is carried to the next step.
    ///
    /// Second order in the invariant measure, exact variance in harmonic wells
    /// (Leimkuhler and Matthews 2013). Needs a memory of one draw for each unit.
    LeimkuhlerMatthews,
}

/// What is recorded while the chains run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Observe {
    /// Nothing.
    #[default]
    Nothing,
    /// Work and heat of each chain: two energy evaluations for each slice.
    Energy,
    /// The same, and the heat drawn by each unit from its own bath: one force
    /// evaluation more for each slice.
    UnitHeat,
}

/// Settings of a [`SimulatedSubstrate`](crate::SimulatedSubstrate).
///
/// ```
/// use overdamped_substrate::{PerUnit, Settings, TimeStep};
/// let cold = Settings {
///     temperature: PerUnit::Uniform(0.1),
///     time_step: TimeStep::PerSlice(16),
///     ..Settings::default()
/// };
/// assert!(cold.validated(144).is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Bath temperature kT, in units of the reference kT. Default 1.
    pub temperature: PerUnit,
    /// Mobility mu: velocity for unit force. Zero clamps a unit. Default 1.
    pub mobility: PerUnit,
    /// Integrator. Default Euler-Maruyama.
    pub integrator: Integrator,
    /// Step size rule. Default: steps of at most 0.01 / (mobility x stiffness unit).
    ///
    /// The drift of a step is rounded into the state, so that a mode of rate r feels it to half a unit in the last place
    /// over h r: to a per cent at h r = 1e-5 in single precision, and not at all below 3e-8. Steps that lose the
    /// fastest mode are refused; where rates spread over more than four decades, the slow ones need `f64`.
    pub time_step: TimeStep,
    /// Hard walls: states are kept in [-walls, walls]. Default none.
    pub walls: Option<f64>,
    /// What to record. Default nothing.
    pub observe: Observe,
    /// How the chains come to rest when the bath is cold. Default gradient flow, as hardware does.
    #[serde(default)]
    pub relaxer: Relaxer,
    /// The loops that move the chains. Default the fastest of the machine.
    #[serde(default)]
    pub engine: Engine,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            temperature: PerUnit::Uniform(1.0),
            mobility: PerUnit::Uniform(1.0),
            integrator: Integrator::default(),
            time_step: TimeStep::AtMost(0.01),
            walls: None,
            observe: Observe::default(),
            relaxer: Relaxer::default(),
            engine: Engine::default(),
        }
    }
}

impl Settings {
    /// The settings, if each is within its range for `units` units.
    ///
    /// # Errors
    /// [`SubstrateError::Setting`] or [`SubstrateError::Units`].
    pub fn validated(self, units: usize) -> Result<Self, SubstrateError> {
        self.temperature.values("the temperature", units)?;
        self.mobility.values("the mobility", units)?;
        self.time_step.validate()?;
        self.relaxer.validated()?;
        if let Some(walls) = self.walls {
            at_least("the wall position", walls, f64::MIN_POSITIVE, "positive")?;
        }
        Ok(self)
    }
}

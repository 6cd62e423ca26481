//! GradEP: equilibrium propagation of an energy's gradient, by a spring and a nudge
//! (arXiv 2604.08150).
//!
//! Ordinary equilibrium propagation trains where a network comes to rest. Here a spring of stiffness
//! lambda holds the visible units at a place x_t, and what is trained is how far the network pulls
//! them away: v = alpha lambda (x* - x_t) is to be the velocity u = x_1 - x_0 of flow matching.
//!
//! C(x) = |alpha lambda (x - x_t) - u|^2 / 2,
//!
//! a quadratic cost of curvature kappa = (alpha lambda)^2 with its minimum at x_t + u / (alpha lambda). Nudging by it
//! ([`Nudging`]) gives dC/dtheta from local gradients at rest: the network's own relaxation carries the errors back.
//!
//! The estimate is of the mean over chains of dC/dtheta, with C summed over visible units. The loss that is
//! reported is the mean over chains *and* visible units of (v - u)^2: 2 C / units.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Energy, Layout, Scalar};
use overdamped_substrate::Substrate;
use overdamped_substrate::stream::Stream;
use rand::Rng;

use crate::error::positive;
use crate::wiring::check_held;
use crate::{
    FlowPairs, FreeState, LearnError, Measured, Nudging, Phase, QuadraticCost, Rule, Settling,
    Spring, Visited, Wiring,
};

/// Settings of [`GradEp`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GradEpSettings {
    /// Which units carry data and labels.
    pub wiring: Wiring,
    /// Spring and read-out.
    pub spring: Spring,
    /// Nudge.
    pub nudging: Nudging,
    /// Free phase. Its `refuse` holds for the nudged phases as well.
    pub free: Settling,
    /// Time of each nudged phase, in 1 / (mobility x stiffness).
    pub nudged: f64,
    /// Flow-matching pairs in each update.
    pub batch: usize,
}

/// The rule, on any substrate.
pub struct GradEp<T: Scalar, S> {
    energy: Arc<dyn Energy<T>>,
    layout: Layout,
    substrate: S,
    pairs: FlowPairs<T>,
    settings: GradEpSettings,
}

impl<T: Scalar, S: Substrate<T>> GradEp<T, S> {
    /// Learns the velocity field of `pairs` on `substrate`, which carries `energy`.
    ///
    /// # Errors
    /// [`LearnError::Shape`] or [`LearnError::Mask`] if substrate, wiring and examples do not fit each
    /// other, [`LearnError::Setting`] for settings out of range, [`LearnError::BatchBeyondData`].
    pub fn new(
        energy: Arc<dyn Energy<T>>,
        substrate: S,
        pairs: FlowPairs<T>,
        settings: GradEpSettings,
    ) -> Result<Self, LearnError> {
        if energy.units() != substrate.units() {
            return Err(LearnError::Shape {
                what: "units of the substrate",
                expected: energy.units(),
                found: substrate.units(),
            });
        }
        let rows = pairs.examples().units();
        settings.wiring.check(energy.units(), rows)?;
        settings.wiring.check_mask(pairs.examples().visible())?;
        settings.spring.validated()?;
        settings.nudging.validated()?;
        settings.free.validated()?;
        positive("the time of a nudged phase", settings.nudged)?;
        positive("the batch", settings.batch as f64)?;
        if settings.batch > pairs.examples().len() {
            return Err(LearnError::BatchBeyondData {
                batch: settings.batch,
                examples: pairs.examples().len(),
            });
        }
        Ok(Self {
            layout: energy.layout(),
            energy,
            substrate,
            pairs,
            settings,
        })
    }

    /// The substrate, with whatever it has counted.
    pub fn into_substrate(self) -> S {
        self.substrate
    }
}

impl<T: Scalar, S: Substrate<T> + Send> Rule<T> for GradEp<T, S> {
    fn layout(&self) -> Layout {
        self.layout.clone()
    }

    fn estimate(
        &mut self,
        parameters: &[T],
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<Measured, LearnError> {
        let GradEpSettings {
            wiring,
            spring,
            nudging,
            free,
            nudged,
            batch,
        } = &self.settings;
        let units = self.energy.units();
        let potential = self.energy.bind(parameters)?;
        let drawn = self.pairs.draw(*batch, stream)?;
        let places = drawn.places.as_ref();
        // Free phase: from the place itself, hidden units at zero.
        let base = spring.drive(wiring, units, places)?;
        self.substrate.program(parameters)?;
        let start = wiring.spread(units, places);
        self.substrate.prepare(start.as_ref(), stream.next_u64())?;
        self.substrate.attach(Some(base.clone()))?;
        let settled = free.settle(&mut self.substrate)?;
        let rest = Visited::at_rest(self.substrate.read()?)?;
        check_held(&wiring.clamped, start.as_ref(), rest.last())?;
        // Nudged phases.
        let visible = wiring.visible.len();
        let scale = spring.scale();
        let targets = Mat::from_fn(visible, *batch, |row, chain| {
            places[(row, chain)] + drawn.velocities[(row, chain)] * T::of(1.0 / scale)
        });
        let cost = QuadraticCost::new(wiring.clone(), scale * scale, targets)?;
        gradient.fill(T::ZERO);
        let at_rest = FreeState {
            potential: potential.as_ref(),
            base: Some(&base),
            visited: &rest,
        };
        let phase = Phase::Cold { time: *nudged };
        let substrate = &mut self.substrate;
        let ends = nudging.contrast(substrate, &at_rest, &cost, &phase, stream, gradient)?;
        if let Some(ends) = ends {
            settled.check_phase("nudged", *nudged, &ends, free.refuse)?;
        }
        Ok(Measured {
            loss: Some(2.0 * cost.mean(rest.last()) / visible as f64),
            residual: Some(settled.residuals.high),
        })
    }
}

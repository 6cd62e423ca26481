//! Generation: places walk along the velocity field, from noise to data (arXiv 2604.08150).
//!
//! | way | each step | needs |
//! |---|---|---|
//! | [`Walk::by_spring`] | x_t += dt alpha lambda (x* - x_t) | readout of visible states |
//! | the same with dt = 1 / (alpha lambda) | x_t <- x*: the spring is anchored anew where it came to rest | no integrator |
//! | [`Walk::by_energy`] | x_t += dt alpha F(x_t), visible units held, hidden ones at rest | readout of forces |
//!
//! The field does not depend on time: a horizon beyond one, where training ends, goes on down
//! min over hidden states of E. Hidden units start each step where the last one left them.

use faer::{Mat, MatRef};
use overdamped_energy::Scalar;
use overdamped_substrate::{ForceProbe, Substrate, stream};
use serde::{Deserialize, Serialize};

use crate::error::positive;
use crate::wiring::check_held;
use crate::{LearnError, Spring, Wiring};

/// How far to walk, in which steps, with how much time for relaxation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Walk {
    /// T: flow time at the end; one is where training ends. Default 1.2.
    pub horizon: f64,
    /// Number of steps; dt = T / steps. Default 120.
    pub steps: usize,
    /// Relaxation before the first step, in 1 / (mobility x stiffness). Default 100.
    pub first: f64,
    /// Relaxation before each later step. Default 20.
    pub later: f64,
    /// Flow time after which the bath of the substrate is not cooled for relaxation: the place then
    /// takes part in the thermal motion. Default never.
    pub thermal_after: f64,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            horizon: 1.2,
            steps: 120,
            first: 100.0,
            later: 20.0,
            thermal_after: f64::INFINITY,
        }
    }
}

impl Walk {
    /// A walk of `anchors` steps to `horizon` without any integrator, and the spring for it: lambda =
    /// 1 / (alpha dt), so that each step anchors the spring where the network came to rest.
    #[must_use]
    pub fn reanchored(self, anchors: usize, gain: f64) -> (Self, Spring) {
        let stiffness = anchors as f64 / (gain * self.horizon);
        let walk = Self {
            steps: anchors,
            ..self
        };
        (walk, Spring { stiffness, gain })
    }

    /// The settings, if each is within its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`].
    pub fn validated(self) -> Result<Self, LearnError> {
        for (setting, value) in [
            ("the horizon of a walk", self.horizon),
            ("the number of steps of a walk", self.steps as f64),
            ("the first relaxation of a walk", self.first),
            ("the later relaxations of a walk", self.later),
        ] {
            positive(setting, value)?;
        }
        if self.thermal_after.is_nan() {
            return Err(LearnError::Setting {
                setting: "the time after which a walk is thermal",
                value: self.thermal_after,
                bound: "a number",
            });
        }
        Ok(self)
    }

    /// dt.
    #[must_use]
    pub fn step(&self) -> f64 {
        self.horizon / self.steps as f64
    }

    /// Walks with the velocity read through a spring. `start` has the rows of an example: visible
    /// noise, then clamped labels (rows x chains). Returns the places (visible x chains) after
    /// each of the numbers of steps in `stops`, in ascending order.
    ///
    /// The walk ends at the last stop; without stops it goes all the way. The substrate is programmed before,
    /// and ends on the last spring as it was read: at rest, or in thermal motion after
    /// [`Walk::thermal_after`].
    ///
    /// # Errors
    /// [`LearnError::Setting`] (also for stops beyond the walk or out of order) and [`LearnError::Shape`]
    /// before the substrate is touched; [`LearnError::NotHeld`] if clamped units move, or whatever the
    /// substrate reports.
    pub fn by_spring<T: Scalar, S: Substrate<T>>(
        &self,
        substrate: &mut S,
        wiring: &Wiring,
        spring: Spring,
        start: MatRef<'_, T>,
        seed: u64,
        stops: &[usize],
    ) -> Result<Vec<Mat<T>>, LearnError> {
        let units = substrate.units();
        let steps = self.plan(stops)?;
        wiring.check(units, start.nrows())?;
        spring.validated()?;
        let mut places = start.to_owned();
        let prepared = wiring.spread(units, start);
        substrate.prepare(prepared.as_ref(), seed)?;
        let share = self.step() * spring.scale();
        // To rounding: then the place *becomes* the state at rest.
        let anew = (share - 1.0).abs() < 1e-12;
        self.walk(steps, stops, |number, relaxation| {
            let drive = spring.drive(wiring, units, places.as_ref())?;
            substrate.attach(Some(drive))?;
            // Half a step early, so that rounding does not decide.
            let time = (number as f64 + 0.5) * self.step();
            if time < self.thermal_after {
                substrate.relax(relaxation)?;
            } else {
                substrate.evolve(relaxation)?;
            }
            let rest = substrate.read()?;
            check_held(&wiring.clamped, prepared.as_ref(), rest.as_ref())?;
            let seen = wiring.seen(rest.as_ref());
            for chain in 0..seen.ncols() {
                for row in 0..seen.nrows() {
                    let place = &mut places[(row, chain)];
                    let rest = seen[(row, chain)];
                    *place = if anew {
                        rest
                    } else {
                        *place + T::of(share) * (rest - *place)
                    };
                }
            }
            Ok(places.subrows(0, seen.nrows()).to_owned())
        })
    }

    /// Walks with the velocity read as a force while the visible units are held. The substrate's
    /// visible units must have no mobility, so that there is no thermal motion of the place either:
    /// `thermal_after` has no effect. Step n is prepared with the seed `stream::derive(seed, n)`. Otherwise as
    /// [`Walk::by_spring`].
    ///
    /// # Errors
    /// As [`Walk::by_spring`], and [`LearnError::NotHeld`] also if the visible units have mobility.
    pub fn by_energy<T: Scalar, S: ForceProbe<T>>(
        &self,
        substrate: &mut S,
        wiring: &Wiring,
        gain: f64,
        start: MatRef<'_, T>,
        seed: u64,
        stops: &[usize],
    ) -> Result<Vec<Mat<T>>, LearnError> {
        let units = substrate.units();
        let steps = self.plan(stops)?;
        wiring.check(units, start.nrows())?;
        positive("the gain of the velocity read-out", gain)?;
        let mut states = wiring.spread(units, start);
        let visible = wiring.visible.clone();
        let share = T::of(self.step() * gain);
        self.walk(steps, stops, |number, relaxation| {
            substrate.prepare(states.as_ref(), stream::derive(seed, number as u64))?;
            substrate.relax(relaxation)?;
            let forces = substrate.probe_forces()?;
            let rest = substrate.read()?;
            for held in [&wiring.visible, &wiring.clamped] {
                check_held(held, states.as_ref(), rest.as_ref())?;
            }
            states = rest;
            for chain in 0..states.ncols() {
                let forces = &forces.col_as_slice(chain)[visible.clone()];
                let places = &mut states.col_as_slice_mut(chain)[visible.clone()];
                for (place, &force) in places.iter_mut().zip(forces) {
                    *place += share * force;
                }
            }
            Ok(wiring.seen(states.as_ref()).to_owned())
        })
    }

    /// Checks settings and stops; returns the number of steps to make: up to the last stop, if there is one.
    fn plan(&self, stops: &[usize]) -> Result<usize, LearnError> {
        self.clone().validated()?;
        let ascends = |at: usize| stops[at] > if at == 0 { 0 } else { stops[at - 1] };
        if let Some(at) = (0..stops.len()).find(|&at| !ascends(at) || stops[at] > self.steps) {
            return Err(LearnError::Setting {
                setting: "a stop of a walk",
                value: stops[at] as f64,
                bound: "a number of steps from 1 to those of the walk, in ascending order",
            });
        }
        Ok(stops.last().copied().unwrap_or(self.steps))
    }

    /// So many steps, each given its number and the time for relaxation; what a step leaves behind is
    /// kept at the stops.
    fn walk<T: Scalar>(
        &self,
        steps: usize,
        stops: &[usize],
        mut step: impl FnMut(usize, f64) -> Result<Mat<T>, LearnError>,
    ) -> Result<Vec<Mat<T>>, LearnError> {
        let mut kept = Vec::with_capacity(stops.len());
        for number in 0..steps {
            let relaxation = if number == 0 { self.first } else { self.later };
            let places = step(number, relaxation)?;
            kept.extend(stops.contains(&(number + 1)).then_some(places));
        }
        Ok(kept)
    }
}

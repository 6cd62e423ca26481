//! Shortcuts to the states at rest: sweeps over groups of units, and gradient steps with momentum.
//!
//! Every line works on a whole block of chains; the states are columns of one shape whatever the number
//! of chains, so that a chain's bits do not depend on its company.

use faer::Mat;
use overdamped_energy::{Grouped, HeldGroup, Scalar};

use crate::driven::Driven;

/// One way down, and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Descent {
    /// Sweeps of Newton steps, group by group.
    Blocks { sweeps: u64, least_curvature: f64 },
    /// Gradient steps of size `step` with momentum.
    Momentum {
        steps: u64,
        step: f64,
        momentum: f64,
    },
}

/// A block's states on their way down.
pub(crate) struct Descending<'a, T: Scalar> {
    pub(crate) driven: &'a Driven<'a, T>,
    /// mu of each unit; zero clamps it.
    pub(crate) mobility: &'a [f64],
    pub(crate) walls: T,
    pub(crate) states: Mat<T>,
}

impl<T: Scalar> Descending<'_, T> {
    /// Goes all the way. Energies without groups stay where they are: the substrate has refused
    /// them before.
    pub(crate) fn run(&mut self, descent: Descent) {
        match descent {
            Descent::Blocks {
                sweeps,
                least_curvature,
            } => {
                if let Some(grouped) = self.driven.potential.grouped() {
                    self.sweep(grouped, sweeps, T::of(least_curvature));
                }
            }
            Descent::Momentum {
                steps,
                step,
                momentum,
            } => self.roll(steps, step, T::of(momentum)),
        }
    }

    /// x += F / max(d2E/dx2, bound), group by group.
    fn sweep(&mut self, grouped: &dyn Grouped<T>, sweeps: u64, least_curvature: T) {
        let mobile: Vec<T> = self
            .mobility
            .iter()
            .map(|&mu| if mu > 0.0 { T::ONE } else { T::ZERO })
            .collect();
        let held = HeldGroup {
            drive: self.driven.drive.as_ref(),
            mobile: &mobile,
            least_curvature,
            walls: self.walls,
        };
        for _ in 0..sweeps {
            for group in 0..grouped.groups().len() {
                grouped.newton_step(group, &held, self.states.as_mut());
            }
        }
    }

    /// y = x + m (x - x'), x'' = y + h mu F(y).
    fn roll(&mut self, steps: u64, step: f64, momentum: T) {
        let drift: Vec<T> = self.mobility.iter().map(|mu| T::of(mu * step)).collect();
        let mut before = self.states.clone();
        let mut ahead = self.states.clone();
        for _ in 0..steps {
            for chain in 0..ahead.ncols() {
                let places = self.states.col_as_slice(chain).iter();
                let places = places.zip(before.col_as_slice(chain)).zip(&drift);
                let slots = ahead.col_as_slice_mut(chain).iter_mut();
                for (y, ((&x, &old), &drift)) in slots.zip(places) {
                    // A clamped unit stays where it is, to the bit.
                    *y = if drift == T::ZERO {
                        x
                    } else {
                        x + momentum * (x - old)
                    };
                }
            }
            let forces = self.driven.as_dyn().force(ahead.as_ref());
            std::mem::swap(&mut before, &mut self.states);
            for chain in 0..ahead.ncols() {
                let terms = ahead.col_as_slice(chain).iter();
                let terms = terms.zip(forces.col_as_slice(chain)).zip(&drift);
                let slots = self.states.col_as_slice_mut(chain).iter_mut();
                for (x, ((&y, &force), &drift)) in slots.zip(terms) {
                    // Nor is it pulled inside the walls, nor moved by a force without bound.
                    *x = if drift == T::ZERO {
                        y
                    } else {
                        clamped(y + drift * force, self.walls)
                    };
                }
            }
        }
    }
}

/// Kept between the walls; NaN stays NaN, and infinity too where there are none.
fn clamped<T: Scalar>(x: T, walls: T) -> T {
    if x > walls {
        walls
    } else if x < -walls {
        -walls
    } else {
        x
    }
}

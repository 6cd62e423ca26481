//! Shortcuts to the states at rest: sweeps over groups of units, and gradient steps with momentum.
//!
//! Every line works on a whole block of chains; the states are columns of one shape whatever the number
//! of chains, so that a chain's bits do not depend on its company.

use faer::Mat;
use overdamped_energy::{Grouped, Scalar};

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
        let (units, chains) = (self.states.nrows(), self.states.ncols());
        let mobile: Vec<T> = self
            .mobility
            .iter()
            .map(|&mu| indicator(mu > 0.0))
            .collect();
        let mut forces = Mat::<T>::zeros(units, chains);
        let mut curvatures = Mat::<T>::zeros(units, chains);
        for _ in 0..sweeps {
            for (group, ranges) in grouped.groups().iter().enumerate() {
                for chain in 0..chains {
                    for range in ranges {
                        let states = &self.states.col_as_slice(chain)[range.clone()];
                        let forces = &mut forces.col_as_slice_mut(chain)[range.clone()];
                        let curvatures = &mut curvatures.col_as_slice_mut(chain)[range.clone()];
                        let Some(drive) = &self.driven.drive else {
                            forces.fill(T::ZERO);
                            curvatures.fill(T::ZERO);
                            continue;
                        };
                        let stiffness = &drive.stiffness()[range.clone()];
                        let pull = &drive.pull(chain)[range.clone()];
                        curvatures.copy_from_slice(stiffness);
                        let terms = stiffness.iter().zip(pull).zip(states);
                        for (force, ((&k, &f), &x)) in forces.iter_mut().zip(terms) {
                            *force = f - k * x;
                        }
                    }
                }
                grouped.add_group_derivatives(
                    group,
                    self.states.as_ref(),
                    forces.as_mut(),
                    curvatures.as_mut(),
                );
                for chain in 0..chains {
                    for range in ranges {
                        let states = &mut self.states.col_as_slice_mut(chain)[range.clone()];
                        let forces = &forces.col_as_slice(chain)[range.clone()];
                        let curvatures = &curvatures.col_as_slice(chain)[range.clone()];
                        let terms = forces.iter().zip(curvatures).zip(&mobile[range.clone()]);
                        for (x, ((&force, &curvature), &mobile)) in states.iter_mut().zip(terms) {
                            let curvature = larger(curvature, least_curvature);
                            *x = clamped(*x + mobile * force / curvature, self.walls);
                        }
                    }
                }
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
                    *x = clamped(y + drift * force, self.walls);
                }
            }
        }
    }
}

fn indicator<T: Scalar>(yes: bool) -> T {
    if yes { T::ONE } else { T::ZERO }
}

/// The larger of two numbers; the bound if the first is NaN.
fn larger<T: Scalar>(value: T, bound: T) -> T {
    if value > bound { value } else { bound }
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

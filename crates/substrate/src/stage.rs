//! One slice of a run: a potential held for a number of steps, ready for every block.

use overdamped_energy::{Potential, Scalar};
use overdamped_kernel::{Motion, Path, Program};

use crate::{Integrator, Settings};

/// A potential and, where it has a closed form, its force packed for the fused loops.
pub(crate) struct Programmed<T: Scalar> {
    pub(crate) potential: Box<dyn Potential<T>>,
    pub(crate) program: Option<Program<T>>,
}

/// How all blocks move during one slice.
pub(crate) struct Stage<'a, T: Scalar> {
    pub(crate) potential: &'a dyn Potential<T>,
    /// None for the reference loops.
    pub(crate) program: Option<&'a Program<T>>,
    pub(crate) path: Path,
    pub(crate) motion: Motion<T>,
    /// Size of a step, h.
    pub(crate) step: f64,
    pub(crate) mobility: &'a [f64],
}

/// The motion of units in a bath, for `steps` steps of size h.
pub(crate) fn motion<T: Scalar>(
    settings: &Settings,
    mobility: &[f64],
    temperature: &[f64],
    steps: u64,
    step: f64,
) -> Motion<T> {
    let averaged = settings.integrator == Integrator::LeimkuhlerMatthews;
    let share = if averaged { 0.5 } else { 1.0 };
    let noise = |(m, t): (&f64, &f64)| T::of(share * (2.0 * m * t * step).sqrt());
    Motion {
        steps,
        drift: mobility.iter().map(|m| T::of(m * step)).collect(),
        noise: mobility.iter().zip(temperature).map(noise).collect(),
        averaged,
        walls: settings.walls.map_or(T::INFINITY, T::of),
    }
}

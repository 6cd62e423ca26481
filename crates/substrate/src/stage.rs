//! One slice of a run: a potential held for a number of steps, ready for every block.

use faer::traits::math_utils::{max_positive, min_positive};
use overdamped_energy::{Potential, Scalar};
use overdamped_kernel::{Motion, Path, Program};

use crate::{Integrator, Settings, SubstrateError};

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
) -> Result<Motion<T>, SubstrateError> {
    let averaged = settings.integrator == Integrator::LeimkuhlerMatthews;
    let share = if averaged { 0.5 } else { 1.0 };
    let moves = steps > 0;
    let drift = |(unit, &mu): (usize, &f64)| in_range("drift", unit, mu * step, moves && mu > 0.0);
    let noise = |(unit, (&mu, &kt)): (usize, (&f64, &f64))| {
        // Root by root: the product of a large kT and a small step may be none of the numbers between.
        let scale = share * (2.0 * mu).sqrt() * kt.sqrt() * step.sqrt();
        let plain = share * (2.0 * mu * kt * step).sqrt();
        let scale = if plain.is_normal() { plain } else { scale };
        in_range("noise", unit, scale, moves && mu > 0.0 && kt > 0.0)
    };
    let baths = mobility.iter().zip(temperature).enumerate();
    Ok(Motion {
        steps,
        drift: mobility
            .iter()
            .enumerate()
            .map(drift)
            .collect::<Result<_, _>>()?,
        noise: baths.map(noise).collect::<Result<_, _>>()?,
        averaged,
        walls: settings.walls.map_or(T::INFINITY, T::of),
    })
}

/// A number of one step as a scalar, refused where it has lost digits though it counts.
fn in_range<T: Scalar>(
    what: &'static str,
    unit: usize,
    value: f64,
    counts: bool,
) -> Result<T, SubstrateError> {
    let (least, most) = (min_positive::<T>().wide(), max_positive::<T>().wide());
    // Rounding to infinity starts half a unit above the largest.
    let rounded = T::of(value);
    if counts && !(value >= least && rounded.finite()) {
        return Err(SubstrateError::Range {
            what,
            unit,
            value,
            least,
            most,
        });
    }
    Ok(rounded)
}

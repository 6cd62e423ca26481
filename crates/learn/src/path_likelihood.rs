//! Path likelihood: maximise the probability that the driven network retraces a noising step.
//!
//! For a small step the log-likelihood of the reversed step is -|dx + mu F dt|^2 / (4 mu kT dt), so that
//! this is force matching with the target T = -dx / (mu dt) at the observed later
//! point: no noise needs to be known, only the trajectory (Whitelam, arXiv 2506.15121).

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Energy, Layout, Scalar};
use overdamped_substrate::ForceProbe;
use overdamped_substrate::stream::Stream;
use rand::Rng;

use crate::force_matching::{check_units, matching_gradient};
use crate::{Denoiser, Examples, LearnError, Measured, Rule};

/// The path-likelihood rule of one noise level on a substrate with force probes.
pub struct PathLikelihood<T: Scalar, S> {
    energy: Arc<dyn Energy<T>>,
    layout: Layout,
    substrate: S,
    examples: Arc<Examples<T>>,
    denoiser: Denoiser,
    duration: f64,
    batch: usize,
}

impl<T: Scalar, S: ForceProbe<T>> PathLikelihood<T, S> {
    /// Learns from noising steps of length `duration` that start at the denoiser's level.
    ///
    /// # Errors
    /// [`LearnError::Shape`] or [`LearnError::Setting`].
    pub fn new(
        energy: Arc<dyn Energy<T>>,
        substrate: S,
        examples: Arc<Examples<T>>,
        denoiser: Denoiser,
        duration: f64,
        batch: usize,
    ) -> Result<Self, LearnError> {
        check_units(energy.as_ref(), substrate.units(), &examples)?;
        crate::error::positive("the duration of a path step", duration)?;
        crate::error::positive("the batch size", batch as f64)?;
        Ok(Self {
            layout: energy.layout(),
            energy,
            substrate,
            examples,
            denoiser,
            duration,
            batch,
        })
    }

    /// The substrate, with whatever it has counted.
    pub fn into_substrate(self) -> S {
        self.substrate
    }
}

impl<T: Scalar, S: ForceProbe<T> + Send> Rule<T> for PathLikelihood<T, S> {
    fn layout(&self) -> Layout {
        self.layout.clone()
    }

    fn estimate(
        &mut self,
        parameters: &[T],
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<Measured, LearnError> {
        let noising = self.denoiser.noising();
        let visible = self.examples.visible();
        let before = self
            .examples
            .draw(self.denoiser.level(), self.batch, stream)
            .noised;
        let after = self
            .examples
            .noise_further(noising, before.as_ref(), self.duration, stream);
        let driving = self.denoiser.driving(&self.layout, parameters, visible)?;
        self.substrate.program(&driving)?;
        self.substrate.prepare(after.as_ref(), stream.next_u64())?;
        let forces = self.substrate.probe_forces()?;

        let scale = T::of(self.denoiser.force_scale());
        let rate = T::of(1.0 / (noising.mobility * self.duration));
        let errors = Mat::from_fn(forces.nrows(), forces.ncols(), |unit, chain| {
            let at = (unit, chain);
            if visible[unit] {
                (forces[at] - rate * (before[at] - after[at])) / scale
            } else {
                T::ZERO
            }
        });
        matching_gradient(&self.energy, parameters, &after, &errors, visible, gradient)
    }
}

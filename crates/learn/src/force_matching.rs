//! Force matching: learning from measured forces (arXiv 2506.19136).
//!
//! L = 1/2 E |F(x_s) - T|^2 with the unbiased target T = k0 x_s - 2 kT eps / sigma. Its gradient is
//! -(d/d eps) dE/dtheta(x + eps e) at the force error e = F - T: each parameter
//! uses only what its own unit or edge sees, for instance <e_i x_j + e_j x_i> for J_ij.
//!
//! In denoiser form (see [`Denoiser`]) the error is (xhat - x_0) x force scale, so that losses
//! and gradients are of order one at every noise level.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Energy, Layout, Scalar};
use overdamped_substrate::ForceProbe;
use overdamped_substrate::stream::Stream;
use rand::Rng;

use crate::{Denoiser, Examples, LearnError, Measured, Rule};

/// Force matching of one noise level on a substrate with force probes.
pub struct ForceMatching<T: Scalar, S> {
    energy: Arc<dyn Energy<T>>,
    layout: Layout,
    substrate: S,
    examples: Arc<Examples<T>>,
    denoiser: Denoiser,
    batch: usize,
}

impl<T: Scalar, S: ForceProbe<T>> ForceMatching<T, S> {
    /// Learns the denoiser-form parameters of `energy`, whose physical form `substrate`
    /// carries, from batches of noised examples.
    ///
    /// # Errors
    /// [`LearnError::Shape`] if energy, substrate and examples differ in units, or
    /// [`LearnError::Setting`] for an empty batch.
    pub fn new(
        energy: Arc<dyn Energy<T>>,
        substrate: S,
        examples: Arc<Examples<T>>,
        denoiser: Denoiser,
        batch: usize,
    ) -> Result<Self, LearnError> {
        check_units(energy.as_ref(), substrate.units(), &examples)?;
        crate::error::positive("the batch size", batch as f64)?;
        Ok(Self {
            layout: energy.layout(),
            energy,
            substrate,
            examples,
            denoiser,
            batch,
        })
    }

    /// The substrate, with whatever it has counted.
    pub fn into_substrate(self) -> S {
        self.substrate
    }
}

impl<T: Scalar, S: ForceProbe<T> + Send> Rule<T> for ForceMatching<T, S> {
    fn layout(&self) -> Layout {
        self.layout.clone()
    }

    fn estimate(
        &mut self,
        parameters: &[T],
        stream: &mut Stream,
        gradient: &mut [T],
    ) -> Result<Measured, LearnError> {
        let draws = self
            .examples
            .draw(self.denoiser.level(), self.batch, stream);
        let visible = self.examples.visible();
        let driving = self.denoiser.driving(&self.layout, parameters, visible)?;
        self.substrate.program(&driving)?;
        self.substrate
            .prepare(draws.noised.as_ref(), stream.next_u64())?;
        let forces = self.substrate.probe_forces()?;
        let errors = self.denoiser_errors(&forces, &draws.noised, &draws.clean);

        matching_gradient(
            &self.energy,
            parameters,
            &draws.noised,
            &errors,
            visible,
            gradient,
        )
    }
}

impl<T: Scalar, S> ForceMatching<T, S> {
    /// (F - T) / scale on visible units, with T = k0 x - (2 kT / sigma^2) (x - a x_0); zero elsewhere.
    fn denoiser_errors(&self, forces: &Mat<T>, noised: &Mat<T>, clean: &Mat<T>) -> Mat<T> {
        let trap = T::of(self.denoiser.base_stiffness());
        let scale = T::of(self.denoiser.force_scale());
        let visible = self.examples.visible();
        Mat::from_fn(forces.nrows(), forces.ncols(), |unit, chain| {
            let at = (unit, chain);
            if visible[unit] {
                (forces[at] + trap * noised[at]) / scale - clean[at]
            } else {
                T::ZERO
            }
        })
    }
}

/// The gradient of 1/2 |e|^2 per visible unit, minus the directional contrast along the errors `e`
/// (zero on hidden units), into `gradient`; returns that loss.
pub(crate) fn matching_gradient<T: Scalar>(
    energy: &Arc<dyn Energy<T>>,
    parameters: &[T],
    states: &Mat<T>,
    errors: &Mat<T>,
    visible: &[bool],
    gradient: &mut [T],
) -> Result<Measured, LearnError> {
    let batch = states.ncols();
    let share = T::ONE / T::of((batch * count(visible)) as f64);
    gradient.fill(T::ZERO);
    energy.bind(parameters)?.add_directional_gradient(
        &vec![-share; batch],
        states.as_ref(),
        errors.as_ref(),
        gradient,
    );
    let loss = 0.5 * (errors.squared_norm_l2().wide() * share.wide());
    Ok(Measured::of_loss(loss))
}

/// Number of visible units.
pub(crate) fn count(visible: &[bool]) -> usize {
    visible.iter().filter(|visible| **visible).count()
}

/// Checks that energy, substrate and examples are about the same units.
pub(crate) fn check_units<T: Scalar>(
    energy: &dyn Energy<T>,
    substrate: usize,
    examples: &Examples<T>,
) -> Result<(), LearnError> {
    for (what, found) in [
        ("units of the substrate", substrate),
        ("units of the examples", examples.units()),
    ] {
        if found != energy.units() {
            return Err(LearnError::Shape {
                what,
                expected: energy.units(),
                found,
            });
        }
    }
    Ok(())
}

//! Contrastive divergence: learning from observed states alone, without force probes.
//!
//! Both rules contrast the local gradient at data with that at a state the substrate reached,
//! theta -= lr (<dE(x_data)> - <dE(x')>) (arXiv 2506.19136, its contrastive variant).
//! The contrast is divided by what makes it the force-matching gradient to first order in the
//! duration, so that the same optimiser settings serve every rule and level.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Energy, Layout, Scalar};
use overdamped_substrate::Substrate;
use overdamped_substrate::stream::Stream;
use rand::Rng;

use crate::force_matching::{check_units, count};
use crate::{Denoiser, Examples, LearnError, Measured, Rule};

/// Which states are contrasted with the data.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Contrast {
    /// Relax in the *equilibrium* energy from x ~ p_s.
    Static,
    /// Drive back in the *driving* energy from a later point of the noising path.
    Trajectory,
}

/// A contrastive rule of one noise level on any substrate.
pub struct Contrastive<T: Scalar, S> {
    contrast: Contrast,
    energy: Arc<dyn Energy<T>>,
    layout: Layout,
    substrate: S,
    examples: Arc<Examples<T>>,
    denoiser: Denoiser,
    duration: f64,
    batch: usize,
}

impl<T: Scalar, S: Substrate<T>> Contrastive<T, S> {
    /// Static CD: starts at x ~ p_s, relaxes for `duration` in U_eq to x', and
    /// lowers <dE(x)> - <dE(x')>. Learns U_eq = -kT log p_s; the driving energy follows as
    /// U_gen = 2 U_eq - k0 |x|^2 / 2.
    ///
    /// # Errors
    /// [`LearnError::Shape`] or [`LearnError::Setting`].
    pub fn equilibrium(
        energy: Arc<dyn Energy<T>>,
        substrate: S,
        examples: Arc<Examples<T>>,
        denoiser: Denoiser,
        duration: f64,
        batch: usize,
    ) -> Result<Self, LearnError> {
        Self::new(
            Contrast::Static,
            energy,
            substrate,
            examples,
            denoiser,
            duration,
            batch,
        )
    }

    /// Trajectory CD: a noising pair x -> x_later, `duration` apart; runs the driven network from x_later
    /// for the same duration to x', and lowers <dE(x)> - <dE(x')>.
    ///
    /// # Errors
    /// [`LearnError::Shape`] or [`LearnError::Setting`].
    pub fn trajectory(
        energy: Arc<dyn Energy<T>>,
        substrate: S,
        examples: Arc<Examples<T>>,
        denoiser: Denoiser,
        duration: f64,
        batch: usize,
    ) -> Result<Self, LearnError> {
        Self::new(
            Contrast::Trajectory,
            energy,
            substrate,
            examples,
            denoiser,
            duration,
            batch,
        )
    }

    fn new(
        contrast: Contrast,
        energy: Arc<dyn Energy<T>>,
        substrate: S,
        examples: Arc<Examples<T>>,
        denoiser: Denoiser,
        duration: f64,
        batch: usize,
    ) -> Result<Self, LearnError> {
        check_units(energy.as_ref(), substrate.units(), &examples)?;
        crate::error::positive("the relaxation time of a contrast", duration)?;
        crate::error::positive("the batch size", batch as f64)?;
        Ok(Self {
            contrast,
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

    /// Programs the substrate, lets it run from `start`, and reads where it went.
    fn reach(
        &mut self,
        parameters: &[T],
        start: &Mat<T>,
        stream: &mut Stream,
    ) -> Result<Mat<T>, LearnError> {
        let visible = self.examples.visible();
        let physical = match self.contrast {
            Contrast::Static => self
                .denoiser
                .equilibrium(&self.layout, parameters, visible)?,
            Contrast::Trajectory => self.denoiser.driving(&self.layout, parameters, visible)?,
        };
        self.substrate.program(&physical)?;
        self.substrate.prepare(start.as_ref(), stream.next_u64())?;
        self.substrate.evolve(self.duration)?;
        Ok(self.substrate.read()?)
    }
}

impl<T: Scalar, S: Substrate<T> + Send> Rule<T> for Contrastive<T, S> {
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
        let data = self
            .examples
            .draw(self.denoiser.level(), self.batch, stream)
            .noised;
        // Force error per unit of denoiser error, in the energy that the substrate carries.
        let (start, scale) = match self.contrast {
            Contrast::Static => (data.clone(), 0.5 * self.denoiser.force_scale()),
            Contrast::Trajectory => {
                let later =
                    self.examples
                        .noise_further(noising, data.as_ref(), self.duration, stream);
                (later, self.denoiser.force_scale())
            }
        };
        let reached = self.reach(parameters, &start, stream)?;
        let units = count(self.examples.visible());
        let share = 1.0 / (scale * noising.mobility * self.duration * (self.batch * units) as f64);
        gradient.fill(T::ZERO);
        let potential = self.energy.bind(parameters)?;
        for (states, sign) in [(&data, share), (&reached, -share)] {
            let weights = vec![T::of(sign); self.batch];
            potential.add_parameter_gradient(&weights, states.as_ref(), gradient);
        }
        Ok(Measured::default())
    }
}

//! Sampling by relaxation down a ladder of noise levels (annealed Langevin dynamics: Song and Ermon 2019),
//! with the substrate's own bath as the noise.
//!
//! In a network trained by [`ScoreMatching`](crate::ScoreMatching) the spring pulls at the data units y with
//! x* - y = sigma^2 grad log p_sigma(y). Released, with mobility mu, into a bath of temperature sigma^2,
//!
//! dy = mu (x* - y) dt + sqrt(2 mu sigma^2) dW,
//!
//! they forget where they were and settle in p_sigma. All other units are cold, and faster: with mobility one they
//! follow y at a lag of the order of mu, which is the only approximation. Level after level, from the noisiest
//! one, the parameters are switched and the bath of the data units is cooled. In the end the output
//! module holds the denoised sample.

use overdamped_energy::{Energy, Modular, Scalar};
use overdamped_substrate::{PerUnit, Protocol, Slice};
use serde::{Deserialize, Serialize};

use crate::error::positive;
use crate::{Conditioned, LearnError, ScoreModules};

/// One level of the way down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// sigma, in data units.
    pub deviation: f64,
    /// Time spent, in 1 / (mobility x stiffness) of the fast units.
    pub duration: f64,
}

/// The way down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ladder {
    /// Which modules do what.
    pub modules: ScoreModules,
    /// One rung for each level of [`Conditioned`], in the order of descent.
    pub rungs: Vec<Rung>,
}

impl Ladder {
    /// The protocol that takes a substrate down, with the network's `learned` parameters.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for another number of levels or modules that do not fit, [`LearnError::Disconnected`],
    /// [`LearnError::Setting`] for a rung out of range, [`LearnError::Energy`] for parameters that do not fit.
    pub fn protocol<T: Scalar>(
        &self,
        energy: &Modular,
        conditioned: &Conditioned<T>,
        learned: &[T],
    ) -> Result<Protocol<T>, LearnError> {
        self.modules.check(energy)?;
        if self.rungs.len() != conditioned.levels() {
            return Err(LearnError::Shape {
                what: "rungs of the ladder",
                expected: conditioned.levels(),
                found: self.rungs.len(),
            });
        }
        let slice = |(level, rung): (usize, &Rung)| {
            positive("a noise level", rung.deviation)?;
            positive("the time on a rung", rung.duration)?;
            let mut temperature = vec![0.0; Energy::<T>::units(energy)];
            temperature[energy.rows(self.modules.data)].fill(rung.deviation * rung.deviation);
            Ok(Slice {
                duration: rung.duration,
                parameters: conditioned.at(learned, level)?,
                temperature: Some(PerUnit::Each(temperature)),
            })
        };
        let slices = self.rungs.iter().enumerate().map(slice);
        Ok(Protocol::new(slices.collect::<Result<_, LearnError>>()?)?)
    }
}

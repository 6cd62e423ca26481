//! Gradients on one fixed batch: measured by the rule, and exact.
//!
//! The rule draws its batch from a stream. A probe gives it a copy of the same stream each time, so that
//! every estimator sees the same chains, and whatever differs is due to nudging and relaxation alone.

use std::sync::Arc;
use std::time::Instant;

use faer::Mat;
use overdamped_energy::{Energy, Layered, Scalar};
use overdamped_learn::{
    Examples, FlowBatch, FlowPairs, GradEp, GradEpSettings, LearnError, Nudging, Pairing,
    QuadraticCost, Rule, Settling, Spring, Wiring, implicit_gradient,
};
use overdamped_substrate::{
    PerUnit, Relaxer, Residuals, Settings, SimulatedSubstrate, Substrate, TimeStep, stream,
};

/// Step of the author's gradient descent, in 1 / (mobility x stiffness).
pub const STEP: f64 = 0.1;
/// Step with momentum m: beyond 2 (1 + m) / (1 + 2 m) / (1 + lambda), .087 for m = .8, the visible units overshoot
/// more and more.
const MOMENTUM_STEP: f64 = 0.05;
/// Largest force, in kT per data unit, on any unit of a chain that counts as being at rest in double precision.
pub const AT_REST: f64 = 1e-10;
/// Relaxation until every chain is at rest. The slowest of some dozens takes a time of 20 in a network
/// without training, and of 1,000 in a trained one.
pub const TO_REST: Settling = Settling {
    time: 100.0,
    tolerance: AT_REST,
    looks: 200,
    refuse: f64::INFINITY,
};

/// A network with its parameters, and a batch of flow-matching pairs.
pub struct Probe<T: Scalar> {
    energy: Layered,
    parameters: Vec<T>,
    pairs: FlowPairs<T>,
    wiring: Wiring,
    spring: Spring,
    chains: usize,
    seed: u64,
}

/// How a gradient is measured.
#[derive(Debug, Clone, Copy)]
pub struct Measurement {
    /// How the substrate comes to rest.
    pub relaxer: Relaxer,
    /// The nudge.
    pub nudging: Nudging,
    /// The free phase.
    pub free: Settling,
    /// Time of each nudged phase, in 1 / (mobility x stiffness).
    pub nudged: f64,
}

/// A measured gradient.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The mean over chains of dC/dtheta, in layout order.
    pub gradient: Vec<f64>,
    /// 99 % quantile over chains of the largest force after the free phase, in kT per data unit.
    pub residual: f64,
    /// Wall time, in seconds.
    pub seconds: f64,
}

/// The gradient by the implicit function theorem.
#[derive(Debug, Clone)]
pub struct Exact {
    /// The mean over chains of dC/dtheta, in layout order.
    pub gradient: Vec<f64>,
    /// Time after which all chains were at rest, in 1 / (mobility x stiffness).
    pub time: f64,
}

impl<T: Scalar> Probe<T> {
    /// A batch of `chains` from `examples`, paired with noise by optimal transport.
    ///
    /// # Errors
    /// [`LearnError`] if the examples are no data.
    pub fn new(
        energy: &Layered,
        parameters: &[f32],
        examples: &Examples<f32>,
        chains: usize,
        seed: u64,
    ) -> Result<Self, LearnError> {
        let data = examples.data();
        let data = Mat::from_fn(data.nrows(), data.ncols(), |unit, example| {
            T::of(data[(unit, example)].wide())
        });
        let pairing = Pairing::OptimalTransport { group: chains };
        Ok(Self {
            energy: energy.clone(),
            parameters: parameters.iter().map(|value| T::of(value.wide())).collect(),
            pairs: FlowPairs::new(Arc::new(Examples::new(data)?), pairing)?,
            wiring: Wiring::visible(examples.units()),
            spring: Spring::default(),
            chains,
            seed,
        })
    }

    /// Chains of the batch.
    pub fn chains(&self) -> usize {
        self.chains
    }

    /// K / kappa: what the spring and the visible units' own stiffness of 1 resist a nudge with, over the
    /// curvature of the cost. A quadratic nudge of this strength runs away.
    pub fn bound(&self) -> f64 {
        (1.0 + self.spring.stiffness) / self.spring.scale().powi(2)
    }

    /// The rule's gradient.
    ///
    /// # Errors
    /// Whatever rule and substrate report.
    pub fn measure(&self, how: &Measurement) -> Result<Measured, LearnError> {
        let energy: Arc<dyn Energy<T>> = Arc::new(self.energy.clone());
        let settings = GradEpSettings {
            wiring: self.wiring.clone(),
            spring: self.spring,
            nudging: how.nudging,
            free: how.free,
            nudged: how.nudged,
            batch: self.chains,
        };
        let substrate = SimulatedSubstrate::new(Arc::clone(&energy), cold(how.relaxer))?;
        let mut rule = GradEp::new(energy, substrate, self.pairs.clone(), settings)?;
        let mut gradient = vec![T::ZERO; self.parameters.len()];
        let clock = Instant::now();
        let seen = rule.estimate(
            &self.parameters,
            &mut stream::of(self.seed, 0),
            &mut gradient,
        )?;
        Ok(Measured {
            gradient: gradient.into_iter().map(T::wide).collect(),
            residual: seen.residual.unwrap_or(f64::NAN),
            seconds: clock.elapsed().as_secs_f64(),
        })
    }

    /// How far from rest the free phase leaves the batch after `time`.
    ///
    /// # Errors
    /// Whatever the substrate reports.
    pub fn residuals(&self, relaxer: Relaxer, time: f64) -> Result<Residuals, LearnError> {
        let mut substrate = self.anchored(relaxer, &self.parameters, &self.batch()?)?;
        Ok(substrate.relax(time)?)
    }

    /// The gradient on the same batch in double precision, with every chain at rest.
    ///
    /// # Errors
    /// If a chain does not come to rest, or not at a minimum, or whatever the substrate reports.
    pub fn exact(&self) -> anyhow::Result<Exact> {
        let batch = self.batch()?;
        let (places, velocities) = (wide(&batch.places), wide(&batch.velocities));
        let parameters: Vec<f64> = self.parameters.iter().map(|value| value.wide()).collect();
        let batch = FlowBatch {
            places,
            velocities,
            times: batch.times,
            examples: batch.examples,
        };
        let mut substrate = self.anchored(Relaxer::BLOCK_DESCENT, &parameters, &batch)?;
        let mut time = 0.0;
        let mut residual = f64::INFINITY;
        // As the rule settles, but the time is to be known.
        for _ in 0..TO_REST.looks {
            if residual > AT_REST {
                residual = substrate.relax(TO_REST.time)?.largest;
                time += TO_REST.time;
            }
        }
        anyhow::ensure!(
            residual <= AT_REST,
            "the network does not come to rest: after a time of {time} a force of {residual:.1e} is left, and \
             an exact gradient needs {AT_REST:e}; train with a smaller learning rate or longer relaxation"
        );
        let rest = substrate.read()?;
        let scale = self.spring.scale();
        let targets = &batch.places + faer::Scale(1.0 / scale) * &batch.velocities;
        let cost = QuadraticCost::new(self.wiring.clone(), scale * scale, targets)?;
        let units = rest.nrows();
        let mut gradient = vec![0.0; parameters.len()];
        implicit_gradient(
            self.energy.bind(&parameters)?.as_ref(),
            &self
                .spring
                .drive(&self.wiring, units, batch.places.as_ref())?,
            &vec![true; units],
            rest.as_ref(),
            &cost,
            &mut gradient,
        )?;
        Ok(Exact { gradient, time })
    }

    /// What the rule draws from its copy of the stream.
    fn batch(&self) -> Result<FlowBatch<T>, LearnError> {
        self.pairs.draw(self.chains, &mut stream::of(self.seed, 0))
    }

    /// The network on its springs, where the free phase begins.
    fn anchored<U: Scalar>(
        &self,
        relaxer: Relaxer,
        parameters: &[U],
        batch: &FlowBatch<U>,
    ) -> Result<SimulatedSubstrate<U>, LearnError> {
        let energy: Arc<dyn Energy<U>> = Arc::new(self.energy.clone());
        let units = energy.units();
        let places = batch.places.as_ref();
        let mut substrate = SimulatedSubstrate::new(energy, cold(relaxer))?;
        substrate.program(parameters)?;
        // The bath is cold: no draw depends on the seed.
        substrate.prepare(self.wiring.spread(units, places).as_ref(), 0)?;
        substrate.attach(Some(self.spring.drive(&self.wiring, units, places)?))?;
        Ok(substrate)
    }
}

/// |found - exact| / |exact|.
pub fn relative_error(found: &[f64], exact: &[f64]) -> f64 {
    let off = found.iter().zip(exact).map(|(a, b)| (a - b).powi(2));
    let square = exact.iter().map(|b| b * b);
    (off.sum::<f64>() / square.sum::<f64>()).sqrt()
}

/// Cosine of the angle between two gradients.
pub fn cosine(left: &[f64], right: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

/// A substrate without noise.
fn cold(relaxer: Relaxer) -> Settings {
    let step = match relaxer {
        Relaxer::Nesterov { .. } => MOMENTUM_STEP,
        _ => STEP,
    };
    Settings {
        temperature: PerUnit::Uniform(0.0),
        time_step: TimeStep::AtMost(step),
        relaxer,
        ..Settings::default()
    }
}

fn wide<T: Scalar>(values: &Mat<T>) -> Mat<f64> {
    Mat::from_fn(values.nrows(), values.ncols(), |row, column| {
        values[(row, column)].wide()
    })
}

/// The network of the paper at the start of training, on the digits, with its parameters multiplied by
/// `gain`: two make modes as soft as those that training makes.
#[cfg(test)]
pub fn untrained<T: Scalar>(chains: usize, gain: f32) -> Probe<T> {
    let energy = super::network::Network::free(64, 128).unwrap().energy;
    let images = crate::data::embedded::native().unwrap();
    let examples = Examples::new(images.pixels).unwrap();
    let mut parameters = super::network::initial::<f32>(&energy, 1);
    parameters.iter_mut().for_each(|value| *value *= gain);
    Probe::new(&energy, &parameters, &examples, chains, 1).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_and_errors_are_those_of_vectors_in_a_plane() {
        let (along, across) = ([2.0, 0.0], [0.0, 3.0]);
        assert_eq!(cosine(&along, &across), 0.0);
        assert_eq!(cosine(&along, &[-1.0, 0.0]), -1.0);
        assert_eq!(relative_error(&[2.0, 1.0], &along), 0.5);
    }
}

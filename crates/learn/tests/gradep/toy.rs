//! Small layered networks with all that `GradEP` needs, at rest to rounding.

use std::sync::Arc;

use faer::{Mat, MatRef};
use overdamped_energy::{Activation, Drive, Energy, Layered, Potential, Scalar, UnitLayer};
use overdamped_learn::{
    Examples, FlowBatch, FlowPairs, GradEp, GradEpSettings, Nudging, Pairing, QuadraticCost,
    Settling, Spring, Wiring, implicit_gradient,
};
use overdamped_substrate::{PerUnit, Relaxer, Settings, SimulatedSubstrate, Substrate, stream};

/// Chains of a batch.
pub const BATCH: usize = 5;

pub const SILU: Activation = Activation::SoftSilu { bound: 10.0 };

/// A network, where its parameters stand, and the data set.
pub struct Toy {
    pub network: Arc<Layered>,
    pub theta: Vec<f64>,
    pub wiring: Wiring,
    pub spring: Spring,
    /// Of each phase; far longer than it takes to come to rest to rounding.
    pub time: f64,
}

impl Toy {
    /// Linear visible units below hidden ones with `activation`; the last `labels` units are clamped.
    pub fn new(layers: &[usize], activation: Activation, labels: usize) -> Self {
        let layer = |(index, &units)| UnitLayer {
            units,
            activation: if index == 0 {
                Activation::Identity
            } else {
                activation
            },
        };
        let network = Layered::new(layers.iter().enumerate().map(layer).collect()).unwrap();
        let units: usize = layers.iter().sum();
        let count = Energy::<f64>::layout(&network).len();
        Self {
            network: Arc::new(network),
            theta: (0..count)
                .map(|index| 0.2 * (1.0 + 2.3 * index as f64).sin())
                .collect(),
            wiring: Wiring {
                visible: 0..layers[0],
                clamped: units - labels..units,
            },
            spring: Spring::default(),
            time: 200.0,
        }
    }

    /// 6-8-5 units of which the last two are labels: curved, coupled and clamped.
    pub fn coupled() -> Self {
        Self::new(&[6, 8, 5], SILU, 2)
    }

    /// Four linear units without couplings: every curvature is 1 + lambda, and all factors are exact.
    pub fn uncoupled() -> Self {
        Self::new(&[4], Activation::Identity, 0)
    }

    pub fn units(&self) -> usize {
        Energy::<f64>::units(self.network.as_ref())
    }

    pub fn mobile(&self) -> Vec<bool> {
        let units = 0..self.units();
        units.map(|u| !self.wiring.clamped.contains(&u)).collect()
    }

    pub fn potential(&self, theta: &[f64]) -> Box<dyn Potential<f64>> {
        self.network.bind(theta).unwrap()
    }

    /// Block descent with the labels held.
    pub fn settings(&self) -> Settings {
        let mobile = self.mobile().into_iter();
        Settings {
            relaxer: Relaxer::BLOCK_DESCENT,
            mobility: PerUnit::Each(mobile.map(|on| f64::from(u8::from(on))).collect()),
            ..Settings::default()
        }
    }

    pub fn substrate<T: Scalar>(&self) -> SimulatedSubstrate<T> {
        SimulatedSubstrate::new(self.network.clone(), self.settings()).unwrap()
    }

    /// A programmed one.
    pub fn programmed(&self) -> SimulatedSubstrate<f64> {
        let mut substrate = self.substrate();
        substrate.program(&self.theta).unwrap();
        substrate
    }

    /// Forty examples in two clusters, with a label unit for each.
    pub fn pairs<T: Scalar>(&self) -> FlowPairs<T> {
        let (visible, rows) = (self.wiring.visible.len(), self.wiring.rows());
        let data = Mat::from_fn(rows, 40, |row, example| {
            let side = if example % 2 == 0 { 1.0 } else { -1.0 };
            let wobble = (1.7 * row as f64 + 0.9 * example as f64).sin();
            T::of(if row < visible {
                side * (0.8 + 0.1 * row as f64) + 0.3 * wobble
            } else {
                f64::from(u8::from((example + row) % 2 == 0))
            })
        });
        let mask = (0..rows).map(|row| row < visible).collect();
        let examples = Examples::with_visible(data, mask).unwrap();
        let pairing = Pairing::OptimalTransport { group: 20 };
        FlowPairs::new(Arc::new(examples), pairing).unwrap()
    }

    pub fn rule_settings(&self, nudging: Nudging) -> GradEpSettings {
        GradEpSettings {
            wiring: self.wiring.clone(),
            spring: self.spring,
            nudging,
            free: Settling::once(self.time),
            nudged: self.time,
            batch: BATCH,
        }
    }

    pub fn rule(&self, nudging: Nudging) -> GradEp<f64, SimulatedSubstrate<f64>> {
        let settings = self.rule_settings(nudging);
        GradEp::new(
            self.network.clone(),
            self.substrate(),
            self.pairs(),
            settings,
        )
        .unwrap()
    }

    /// The batch that a rule draws first from the stream of this seed.
    pub fn batch(&self, seed: u64) -> FlowBatch<f64> {
        let mut stream = stream::of(seed, 0);
        self.pairs().draw(BATCH, &mut stream).unwrap()
    }

    pub fn base(&self, places: MatRef<'_, f64>) -> Drive<f64> {
        let drive = self.spring.drive(&self.wiring, self.units(), places);
        drive.unwrap()
    }

    /// States at rest on springs at `places` (rows of an example x chains).
    pub fn rest(&self, theta: &[f64], places: MatRef<'_, f64>) -> Mat<f64> {
        let mut substrate = self.substrate();
        substrate.program(theta).unwrap();
        let start = self.wiring.spread(self.units(), places);
        substrate.prepare(start.as_ref(), 1).unwrap();
        substrate.attach(Some(self.base(places))).unwrap();
        let residuals = substrate.relax(self.time).unwrap();
        assert!(residuals.largest < 1e-12, "{residuals:?}");
        substrate.read().unwrap()
    }

    /// C of a batch: |alpha lambda (x - x_t) - u|^2 / 2.
    pub fn cost(&self, batch: &FlowBatch<f64>) -> QuadraticCost<f64> {
        let scale = self.spring.gain * self.spring.stiffness;
        let targets = Mat::from_fn(self.wiring.visible.len(), batch.times.len(), |row, c| {
            batch.places[(row, c)] + batch.velocities[(row, c)] / scale
        });
        QuadraticCost::new(self.wiring.clone(), scale * scale, targets).unwrap()
    }

    /// The exact gradient of the mean of C over a batch.
    pub fn exact(&self, batch: &FlowBatch<f64>) -> Vec<f64> {
        let places = batch.places.as_ref();
        let mut gradient = vec![0.0; self.theta.len()];
        implicit_gradient(
            self.potential(&self.theta).as_ref(),
            &self.base(places),
            &self.mobile(),
            self.rest(&self.theta, places).as_ref(),
            &self.cost(batch),
            &mut gradient,
        )
        .unwrap();
        gradient
    }
}

pub fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

pub fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// |a - b| / |b|.
pub fn relative(a: &[f64], b: &[f64]) -> f64 {
    norm(&difference(a, b)) / norm(b)
}

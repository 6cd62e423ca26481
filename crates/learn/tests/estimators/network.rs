//! Four coupled units, two of them visible, and exact answers about them.

use std::sync::Arc;

use faer::Mat;
use faer::linalg::solvers::Solve;
use overdamped_energy::{Drive, Edges, Energy, Pairs, Potential, SiteTerm, Sites, Sum};
use overdamped_learn::{
    FreeState, LearnError, Nudging, Phase, QuadraticCost, Settled, Settling, Visited, Wiring,
    implicit_gradient,
};
use overdamped_substrate::{
    Integrator, PerUnit, Settings, SimulatedSubstrate, Substrate, TimeStep, stream,
};

pub const UNITS: usize = 4;
pub const VISIBLE: usize = 2;
/// kappa of every cost here.
pub const CURVATURE: f64 = 1.5;
/// Time step of every simulation.
pub const STEP: f64 = 0.1;

/// E = sum_i [-b x + a x^2 / 2 (+ q x^4 / 4)] - sum_(i<j) J_ij x_i x_j.
pub struct Network {
    energy: Arc<dyn Energy<f64>>,
    pub theta: Vec<f64>,
    pub bias: [f64; UNITS],
    /// K, without the quartic part and the drive.
    pub stiffness: Mat<f64>,
}

impl Network {
    /// A network of `stiffness` at every unit, before couplings.
    fn new(stiffness: f64, quartic: Option<f64>) -> Self {
        let mut terms = vec![SiteTerm::Bias, SiteTerm::Stiffness];
        terms.extend(quartic.map(|_| SiteTerm::Quartic));
        let sites = Sites::new(UNITS, &terms);
        let pairs = Pairs::dense_bilinear(UNITS);
        let energy = Sum::<f64>::of(sites).unwrap().and(pairs).unwrap();
        let bias = [0.7, -0.4, 0.9, 0.2];
        let mut theta = bias.to_vec();
        theta.extend([stiffness; UNITS]);
        theta.extend(quartic.iter().flat_map(|&quartic| [quartic; UNITS]));
        let mut matrix = Mat::from_fn(UNITS, UNITS, |i, j| if i == j { stiffness } else { 0.0 });
        for (edge, &(i, j)) in Edges::all_to_all(UNITS).pairs().iter().enumerate() {
            let coupling = 0.5 * (1.0 + 1.9 * edge as f64).sin();
            theta.push(coupling);
            matrix[(i, j)] = -coupling;
            matrix[(j, i)] = -coupling;
        }
        Self {
            energy: Arc::new(energy),
            theta,
            bias,
            stiffness: matrix,
        }
    }

    /// Curvatures .72 to 2.4.
    pub fn quadratic() -> Self {
        Self::new(1.5, None)
    }

    /// The same with q = 1.
    pub fn quartic() -> Self {
        Self::new(1.5, Some(1.0))
    }

    /// A soft direction, of curvature .17 with the base drive: slow to come to rest.
    pub fn soft() -> Self {
        Self::new(0.8, None)
    }

    pub fn potential(&self) -> Box<dyn Potential<f64>> {
        self.energy.bind(&self.theta).unwrap()
    }

    /// A programmed substrate in a bath of this temperature. The integrator has the exact stationary
    /// covariance of harmonic wells, whatever its step.
    pub fn substrate(&self, temperature: f64) -> SimulatedSubstrate<f64> {
        let settings = Self::settings(temperature);
        let mut substrate = SimulatedSubstrate::new(self.energy.clone(), settings).unwrap();
        substrate.program(&self.theta).unwrap();
        substrate
    }

    pub fn settings(temperature: f64) -> Settings {
        Settings {
            temperature: PerUnit::Uniform(temperature),
            integrator: Integrator::LeimkuhlerMatthews,
            time_step: TimeStep::AtMost(STEP),
            ..Settings::default()
        }
    }

    /// dE/dtheta of a quadratic network, averaged over states of this mean and covariance.
    pub fn local(&self, mean: &[f64], covariance: &Mat<f64>) -> Vec<f64> {
        let mut local: Vec<f64> = mean.iter().map(|x| -x).collect();
        let second = |i: usize, j: usize| mean[i] * mean[j] + covariance[(i, j)];
        local.extend((0..UNITS).map(|i| second(i, i) / 2.0));
        let edges = Edges::all_to_all(UNITS);
        local.extend(edges.pairs().iter().map(|&(i, j)| -second(i, j)));
        local
    }

    /// Mean and covariance at kT = 1 of a quadratic network under strength times the cost to `target`, by the
    /// spring.
    pub fn nudged(&self, strength: f64, target: &[f64; VISIBLE]) -> (Vec<f64>, Mat<f64>) {
        let stiffness = Mat::from_fn(UNITS, UNITS, |i, j| {
            let nudge = if i == j && i < VISIBLE {
                strength * CURVATURE
            } else {
                0.0
            };
            self.stiffness[(i, j)] + nudge
        });
        let pull: Vec<f64> = (0..UNITS)
            .map(|i| {
                let nudge = target.get(i).map_or(0.0, |t| strength * CURVATURE * t);
                self.bias[i] + nudge
            })
            .collect();
        (solve(&stiffness, &pull), inverse(&stiffness))
    }

    /// dC/dtheta at rest and without a drive, from v = -K^-1 dC/dx: -(x_i v_j + v_i x_j) for a coupling.
    pub fn exact(&self, target: &[f64; VISIBLE]) -> Vec<f64> {
        let rest = solve(&self.stiffness, &self.bias);
        let slope: Vec<f64> = (0..UNITS)
            .map(|i| target.get(i).map_or(0.0, |t| -CURVATURE * (rest[i] - t)))
            .collect();
        let moved = solve(&self.stiffness, &slope);
        let mut exact: Vec<f64> = moved.iter().map(|v| -v).collect();
        exact.extend((0..UNITS).map(|i| rest[i] * moved[i]));
        let edges = Edges::all_to_all(UNITS);
        let pairs = edges.pairs().iter();
        exact.extend(pairs.map(|&(i, j)| -(rest[i] * moved[j] + moved[i] * rest[j])));
        exact
    }

    /// d/dtheta of tr(P K^-1) / 2, from -K^-1 P K^-1 = d K^-1 / dbeta: what fluctuations add to the
    /// gradient, for kT = 1.
    pub fn fluctuation(&self) -> Vec<f64> {
        let covariance = inverse(&self.stiffness);
        let change = Mat::from_fn(UNITS, UNITS, |i, j| {
            let seen = 0..VISIBLE;
            -CURVATURE
                * seen
                    .map(|k| covariance[(i, k)] * covariance[(k, j)])
                    .sum::<f64>()
        });
        self.local(&[0.0; UNITS], &change)
    }
}

/// A cold network on a base drive, with a cost for each of three chains.
pub struct Cold {
    pub network: Network,
    pub base: Drive<f64>,
    pub cost: QuadraticCost<f64>,
    /// Times of the free phase and of each nudged one.
    pub free: f64,
    pub nudged: f64,
}

pub const CHAINS: usize = 3;

impl Cold {
    pub fn new(network: Network) -> Self {
        let places = Mat::from_fn(UNITS, CHAINS, |i, c| {
            (1.0 + 2.0 * i as f64 + 0.7 * c as f64).sin()
        });
        let stiffness = vec![0.0, 0.0, 0.3, 0.2];
        let targets = Mat::from_fn(VISIBLE, CHAINS, |i, c| {
            (2.0 + i as f64 + 1.3 * c as f64).cos()
        });
        Self {
            network,
            base: Drive::spring(stiffness, places.as_ref()).unwrap(),
            cost: cost(targets),
            free: 400.0,
            nudged: 400.0,
        }
    }

    /// A substrate in its free state, which was looked at twice, and what was read.
    pub fn settled(&self) -> (SimulatedSubstrate<f64>, Visited<f64>, Settled) {
        self.settled_for(self.free)
    }

    fn settled_for(&self, time: f64) -> (SimulatedSubstrate<f64>, Visited<f64>, Settled) {
        let mut substrate = self.network.substrate(1.0);
        substrate
            .prepare(Mat::zeros(UNITS, CHAINS).as_ref(), 1)
            .unwrap();
        substrate.attach(Some(self.base.clone())).unwrap();
        let settling = Settling {
            time: time / 2.0,
            tolerance: f64::MIN_POSITIVE,
            looks: 2,
            refuse: f64::INFINITY,
        };
        let settled = settling.settle(&mut substrate).unwrap();
        let visited = Visited::at_rest(substrate.read().unwrap()).unwrap();
        (substrate, visited, settled)
    }

    pub fn try_estimate(&self, nudging: Nudging) -> Result<Vec<f64>, LearnError> {
        let (mut substrate, visited, _) = self.settled();
        let potential = self.network.potential();
        let free = FreeState {
            potential: potential.as_ref(),
            base: Some(&self.base),
            visited: &visited,
        };
        let mut gradient = vec![0.0; self.network.theta.len()];
        let phase = Phase::Cold { time: self.nudged };
        let mut stream = stream::of(1, 0);
        nudging.contrast(
            &mut substrate,
            &free,
            &self.cost,
            &phase,
            &mut stream,
            &mut gradient,
        )?;
        Ok(gradient)
    }

    pub fn estimate(&self, nudging: Nudging) -> Vec<f64> {
        self.try_estimate(nudging).unwrap()
    }

    /// By the implicit function theorem, at rest.
    pub fn exact(&self) -> Vec<f64> {
        let (_, visited, settled) = self.settled_for(4000.0);
        assert!(settled.residuals.largest < 1e-12, "{settled:?}");
        let mut gradient = vec![0.0; self.network.theta.len()];
        implicit_gradient(
            self.network.potential().as_ref(),
            &self.base,
            &[true; UNITS],
            visited.last(),
            &self.cost,
            &mut gradient,
        )
        .unwrap();
        gradient
    }
}

pub fn cost(targets: Mat<f64>) -> QuadraticCost<f64> {
    QuadraticCost::new(Wiring::visible(VISIBLE), CURVATURE, targets).unwrap()
}

pub fn solve(matrix: &Mat<f64>, right: &[f64]) -> Vec<f64> {
    let right = Mat::from_fn(right.len(), 1, |row, _| right[row]);
    matrix
        .partial_piv_lu()
        .solve(right)
        .col_as_slice(0)
        .to_vec()
}

pub fn inverse(matrix: &Mat<f64>) -> Mat<f64> {
    matrix
        .partial_piv_lu()
        .solve(Mat::<f64>::identity(UNITS, UNITS))
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

pub fn cosine(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / (norm(a) * norm(b))
}

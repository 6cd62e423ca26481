//! Gaussian data and a network without quartic terms, of which everything is known.
//!
//! With data of mean m and covariance S, the best denoiser is the Wiener filter
//! x*(y) = m + S (S + sigma^2)^-1 (y - m), and the score of the noised data is -(S + sigma^2)^-1 (y - m).
//! At rest the linear network has x* = K^-1 (y + b) with K = diag(a) - J J^T for hidden units of stiffness one, so
//! that K = 1 + sigma^2 S^-1 and b = sigma^2 S^-1 m.

use std::sync::Arc;

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use overdamped_energy::{Energy, Modular, Module, Wires};
use overdamped_learn::{Conditioned, Examples, ScoreModules};
use overdamped_substrate::{
    ForceProbe, PerUnit, Relaxer, Settings, SimulatedSubstrate, Substrate, stream,
};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::toy::joined;

pub const PIXELS: usize = 3;
const HIDDEN: usize = 4;
pub const UNITS: usize = PIXELS + HIDDEN + PIXELS;
pub const MODULES: ScoreModules = ScoreModules {
    output: 0,
    data: 2,
    label: None,
};
pub const DEVIATIONS: [f64; 2] = [0.7, 0.5];

/// The data set, its moments, and the network that learns it.
pub struct Gaussian {
    pub examples: Examples<f64>,
    pub mean: Mat<f64>,
    covariance: Mat<f64>,
    pub energy: Arc<Modular>,
    pub conditioned: Conditioned<f64>,
}

impl Gaussian {
    /// Three hundred examples, correlated; mean and covariance are those of the set.
    pub fn new() -> Self {
        const EXAMPLES: usize = 300;
        let mut stream = stream::of(21, 0);
        let normal = Mat::from_fn(PIXELS, EXAMPLES, |_, _| {
            stream.sample::<f64, _>(StandardNormal)
        });
        let mixing = faer::mat![[1.0, 0.0, 0.0], [0.5, 0.8, 0.0], [-0.3, 0.3, 0.7]];
        let offset = [0.5, -0.2, 0.1];
        let mixed = mixing * normal;
        let data = Mat::from_fn(PIXELS, EXAMPLES, |i, n| offset[i] + mixed[(i, n)]);
        let (mean, covariance) = moments(&data);
        let module = |units| Module {
            units,
            quartic: false,
        };
        let wires = Wires::LowRank { rank: PIXELS };
        let modules = vec![module(PIXELS), module(HIDDEN), module(PIXELS)];
        let couplings = vec![joined(0, 1, wires), joined(2, 0, Wires::OneToOne)];
        let energy = Arc::new(Modular::new(modules, couplings).unwrap());
        // Hidden unit k at the end of bus k, and one to spare.
        let right = (0..HIDDEN * PIXELS).map(|at| f64::from(u8::from(at % HIDDEN == at / HIDDEN)));
        let fixed = [
            ("right.0", right.collect()),
            ("bias.1", vec![0.0; HIDDEN]),
            ("stiffness.1", vec![1.0; HIDDEN]),
            ("bias.2", vec![0.0; PIXELS]),
            ("stiffness.2", vec![1.0; PIXELS]),
            ("strength.1", vec![1.0; PIXELS]),
        ];
        let layout = Energy::<f64>::layout(energy.as_ref());
        let own = ["bias.0", "stiffness.0", "strength.0"];
        let conditioned = Conditioned::new(&layout, DEVIATIONS.len(), &own, &fixed).unwrap();
        Self {
            examples: Examples::new(data).unwrap(),
            mean,
            covariance,
            energy,
            conditioned,
        }
    }

    /// Learned parameters from values of the blocks at each level: b, a, s, U and V.
    pub fn learned(&self, blocks: impl Fn(usize) -> [Vec<f64>; 4]) -> Vec<f64> {
        let layout = Energy::<f64>::layout(self.energy.as_ref());
        let names = ["bias.0", "stiffness.0", "strength.0", "left.0"];
        let parameters = |level| {
            let mut full = vec![0.0; layout.len()];
            for (name, values) in names.iter().zip(blocks(level)) {
                full[layout.range(name).unwrap()].copy_from_slice(&values);
            }
            full
        };
        self.conditioned.start(parameters).unwrap()
    }

    /// The Wiener filter as a network: with S^-1 = Q diag(l) Q^T and a bound c of l, a = 1 + sigma^2 c, U = Q and
    /// s^2 = sigma^2 (c - l).
    pub fn wiener_network(&self) -> Vec<f64> {
        let modes = self.covariance.self_adjoint_eigen(Side::Lower).unwrap();
        let inverse: Vec<f64> = modes.S().column_vector().iter().map(|v| 1.0 / v).collect();
        let bound = 1.2 * inverse.iter().copied().fold(0.0, f64::max);
        let left: Vec<f64> = (0..PIXELS)
            .flat_map(|k| modes.U().col(k).iter().copied().collect::<Vec<_>>())
            .collect();
        let bias = self.covariance.partial_piv_lu().solve(&self.mean);
        self.learned(|level| {
            let variance = DEVIATIONS[level].powi(2);
            let strength = inverse.iter().map(|l| (variance * (bound - l)).sqrt());
            [
                (0..PIXELS).map(|i| variance * bias[(i, 0)]).collect(),
                vec![1.0 + variance * bound; PIXELS],
                strength.collect(),
                left.clone(),
            ]
        })
    }

    /// S + sigma^2.
    pub fn noised(&self, level: usize) -> Mat<f64> {
        let variance = DEVIATIONS[level].powi(2);
        Mat::from_fn(PIXELS, PIXELS, |i, j| {
            self.covariance[(i, j)] + f64::from(u8::from(i == j)) * variance
        })
    }

    /// sigma^2 times the score of the noised Gaussian at places (pixels x chains).
    pub fn score(&self, level: usize, places: &Mat<f64>) -> Mat<f64> {
        let variance = DEVIATIONS[level].powi(2);
        let off = Mat::from_fn(PIXELS, places.ncols(), |i, c| {
            -variance * (places[(i, c)] - self.mean[(i, 0)])
        });
        self.noised(level).partial_piv_lu().solve(&off)
    }

    pub fn substrate(&self, mobility: f64, settings: Settings) -> SimulatedSubstrate<f64> {
        let settings = Settings {
            mobility: PerUnit::Each(MODULES.mobility(&self.energy, mobility)),
            relaxer: Relaxer::BlockDescent {
                time_per_sweep: 1.0,
                least_curvature: 0.3,
            },
            ..settings
        };
        SimulatedSubstrate::new(self.energy.clone(), settings).unwrap()
    }

    /// Output at rest, and the force on released data units, with data at `places` (pixels x chains).
    pub fn read_out(
        &self,
        learned: &[f64],
        level: usize,
        places: &Mat<f64>,
    ) -> (Mat<f64>, Mat<f64>) {
        let parameters = self.conditioned.at(learned, level).unwrap();
        let mut held = self.substrate(0.0, Settings::default());
        held.program(&parameters).unwrap();
        let start = MODULES.start(&self.energy, places.as_ref());
        held.prepare(start.as_ref(), 1).unwrap();
        assert!(held.relax(400.0).unwrap().largest < 1e-10);
        let rest = held.read().unwrap();
        let mut released = self.substrate(0.1, Settings::default());
        released.program(&parameters).unwrap();
        released.prepare(rest.as_ref(), 1).unwrap();
        let forces = released.probe_forces().unwrap();
        let data = self.energy.rows(MODULES.data).start;
        (
            rest.subrows(0, PIXELS).to_owned(),
            forces.subrows(data, PIXELS).to_owned(),
        )
    }

    /// The stationary covariance of the released data at a mobility: with M the mobilities, T the temperatures and
    /// K the stiffness of all units, M K C + C K M = 2 M T.
    pub fn released(&self, learned: &[f64], level: usize, mobility: f64) -> Mat<f64> {
        let parameters = self.conditioned.at(learned, level).unwrap();
        let layout = Energy::<f64>::layout(self.energy.as_ref());
        let mut stiffness = Mat::<f64>::zeros(UNITS, UNITS);
        for module in 0..3 {
            let own = &parameters[layout.range(&format!("stiffness.{module}")).unwrap()];
            for (unit, a) in self.energy.rows(module).zip(own) {
                stiffness[(unit, unit)] = *a;
            }
        }
        for (c, coupling) in self.energy.couplings().iter().enumerate() {
            let dense = self.energy.coupling(&parameters, c).unwrap();
            let (l, m) = coupling.modules;
            for (i, row) in self.energy.rows(l).enumerate() {
                for (j, column) in self.energy.rows(m).enumerate() {
                    stiffness[(row, column)] -= dense[(i, j)];
                    stiffness[(column, row)] -= dense[(i, j)];
                }
            }
        }
        let mobility = MODULES.mobility(&self.energy, mobility);
        let data = self.energy.rows(MODULES.data);
        // One equation for each entry of C, at row i + UNITS j.
        let mut system = Mat::<f64>::zeros(UNITS * UNITS, UNITS * UNITS);
        let mut noise = Mat::<f64>::zeros(UNITS * UNITS, 1);
        for i in 0..UNITS {
            for j in 0..UNITS {
                for k in 0..UNITS {
                    system[(i + UNITS * j, k + UNITS * j)] += mobility[i] * stiffness[(i, k)];
                    system[(i + UNITS * j, i + UNITS * k)] += mobility[j] * stiffness[(j, k)];
                }
            }
            if data.contains(&i) {
                noise[(i + UNITS * i, 0)] = 2.0 * mobility[i] * DEVIATIONS[level].powi(2);
            }
        }
        let solved = system.partial_piv_lu().solve(&noise);
        Mat::from_fn(PIXELS, PIXELS, |i, j| {
            solved[(data.start + i + UNITS * (data.start + j), 0)]
        })
    }
}

/// Mean and covariance of columns.
pub fn moments(data: &Mat<f64>) -> (Mat<f64>, Mat<f64>) {
    let count = data.ncols() as f64;
    let mean = Mat::from_fn(data.nrows(), 1, |i, _| {
        data.row(i).iter().sum::<f64>() / count
    });
    let covariance = Mat::from_fn(data.nrows(), data.nrows(), |i, j| {
        let products = (0..data.ncols())
            .map(|n| (data[(i, n)] - mean[(i, 0)]) * (data[(j, n)] - mean[(j, 0)]));
        products.sum::<f64>() / count
    });
    (mean, covariance)
}

/// |a - b| / |b|.
pub fn relative(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (a - b).norm_l2() / b.norm_l2()
}

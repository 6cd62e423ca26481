//! What the rules should measure, by quadrature that is exact for polynomials.
//!
//! Nothing here calls the code under test: energies, forces and noise levels are written out again.
//! The data set is finite, so p_s is a mixture of Gaussians; expectations of polynomials
//! under it are sums over examples of Gauss-Hermite sums, without truncation error.

use std::sync::Arc;

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use overdamped_energy::{Edges, Energy, PairTerm, Pairs, SiteTerm, Sites, Sum};
use overdamped_learn::{Denoiser, Examples, Noising};
use overdamped_substrate::{PerUnit, Settings, SimulatedSubstrate, TimeStep};

/// A noising process in which no constant is one, so that a forgotten factor shows.
pub const NOISING: Noising = Noising {
    stiffness: 1.3,
    temperature: 0.8,
    mobility: 0.7,
};

/// The noising time of every test.
pub const TIME: f64 = 0.4;

/// Which contrast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contrast {
    Static,
    Trajectory,
}

/// A small data set, a network with on-site terms of the given orders and all bilinear
/// pairs, and one noise level.
pub struct Toy {
    pub terms: Vec<SiteTerm>,
    pub data: Vec<Vec<f64>>,
    pub visible: Vec<bool>,
}

impl Toy {
    /// Six points in the plane, far from Gaussian.
    pub fn plane(terms: &[SiteTerm]) -> Self {
        let points = [
            [-1.0, -0.8],
            [-0.7, -1.1],
            [0.9, 1.2],
            [1.1, 0.6],
            [0.2, -0.3],
            [-0.4, 0.5],
        ];
        Self {
            terms: terms.to_vec(),
            data: points.map(|point| point.to_vec()).to_vec(),
            visible: vec![true; 2],
        }
    }

    pub fn units(&self) -> usize {
        self.visible.len()
    }

    fn edges(&self) -> Vec<(usize, usize)> {
        let units = self.units();
        (0..units)
            .flat_map(|i| (i + 1..units).map(move |j| (i, j)))
            .collect()
    }

    pub fn parameters(&self) -> usize {
        self.terms.len() * self.units() + self.edges().len()
    }

    pub fn energy(&self) -> Arc<dyn Energy<f64>> {
        let edges = Edges::list(self.units(), self.edges()).unwrap();
        let sum = Sum::of(Sites::new(self.units(), &self.terms)).unwrap();
        Arc::new(sum.and(Pairs::new(edges, &[PairTerm::Bilinear])).unwrap())
    }

    pub fn examples(&self) -> Arc<Examples<f64>> {
        let data = Mat::from_fn(self.units(), self.data.len(), |i, e| self.data[e][i]);
        Arc::new(Examples::with_visible(data, self.visible.clone()).unwrap())
    }

    pub fn denoiser(&self) -> Denoiser {
        NOISING.denoiser(NOISING.level(TIME))
    }

    /// A bath like the noising one that takes a single Euler-Maruyama step; units without data
    /// do not move.
    pub fn settings(&self) -> Settings {
        let mobility = self.visible.iter();
        Settings {
            temperature: PerUnit::Uniform(NOISING.temperature),
            mobility: PerUnit::Each(
                mobility
                    .map(|on| if *on { NOISING.mobility } else { 0.0 })
                    .collect(),
            ),
            time_step: TimeStep::PerSlice(1),
            ..Settings::default()
        }
    }

    pub fn substrate(&self) -> SimulatedSubstrate<f64> {
        SimulatedSubstrate::new(self.energy(), self.settings()).unwrap()
    }

    /// dE'/dtheta at x.
    fn features(&self, x: &[f64]) -> Vec<f64> {
        let site = |term: &SiteTerm, x: f64| match term {
            SiteTerm::Bias => -x,
            SiteTerm::Stiffness => x.powi(2) / 2.0,
            SiteTerm::Cubic => x.powi(3) / 3.0,
            SiteTerm::Quartic => x.powi(4) / 4.0,
            SiteTerm::Sextic => x.powi(6) / 6.0,
        };
        let sites = self.terms.iter();
        sites
            .flat_map(|term| x.iter().map(move |&x| site(term, x)))
            .chain(self.edges().into_iter().map(|(i, j)| -x[i] * x[j]))
            .collect()
    }

    /// The network's force -dE'/dx at x: its guess of the clean example.
    fn guess(&self, theta: &[f64], x: &[f64]) -> Vec<f64> {
        let mut force = vec![0.0; x.len()];
        let (sites, couplings) = theta.split_at(self.terms.len() * x.len());
        for (term, values) in self.terms.iter().zip(sites.chunks(x.len())) {
            for ((slot, &x), &value) in force.iter_mut().zip(x).zip(values) {
                *slot += match term {
                    SiteTerm::Bias => value,
                    SiteTerm::Stiffness => -value * x,
                    SiteTerm::Cubic => -value * x.powi(2),
                    SiteTerm::Quartic => -value * x.powi(3),
                    SiteTerm::Sextic => -value * x.powi(5),
                };
            }
        }
        for ((i, j), coupling) in self.edges().into_iter().zip(couplings) {
            force[i] += coupling * x[j];
            force[j] += coupling * x[i];
        }
        force
    }

    /// x after `time` of noising with one normal draw in `z` for each unit; a unit without data
    /// stays.
    fn noised(&self, x: &[f64], time: f64, z: &[f64]) -> Vec<f64> {
        let (signal, noise) = signal_and_noise(time);
        (0..x.len())
            .map(|i| {
                if self.visible[i] {
                    signal * x[i] + noise * z[i]
                } else {
                    x[i]
                }
            })
            .collect()
    }

    fn mean(
        &self,
        draws: usize,
        nodes: usize,
        len: usize,
        f: impl Fn(&[f64], &[f64]) -> Vec<f64>,
    ) -> Vec<f64> {
        let mut mean = vec![0.0; len];
        for example in &self.data {
            let part = gaussian_mean(draws * self.units(), nodes, len, |z| f(example, z));
            for (slot, value) in mean.iter_mut().zip(part) {
                *slot += value / self.data.len() as f64;
            }
        }
        mean
    }

    fn mean_square(&self, errors: impl Iterator<Item = f64>) -> f64 {
        let visible = self.visible.iter().filter(|on| **on).count() as f64;
        let squares = errors.zip(&self.visible).filter(|(_, on)| **on);
        squares.map(|(error, _)| error * error).sum::<f64>() / (2.0 * visible)
    }

    /// Expected loss of force matching, E |xhat(x_s) - x_0|^2 / 2 for each visible unit.
    pub fn loss(&self, theta: &[f64]) -> f64 {
        self.mean(1, 5, 1, |clean, z| {
            let guess = self.guess(theta, &self.noised(clean, TIME, z));
            vec![self.mean_square(guess.iter().zip(clean).map(|(a, b)| a - b))]
        })[0]
    }

    /// Expected loss of path likelihood with a step of `duration`.
    pub fn path_loss(&self, theta: &[f64], duration: f64) -> f64 {
        let (stiffness, scale) = driving();
        self.mean(2, 4, 1, |clean, z| {
            let (first, second) = z.split_at(self.units());
            let before = self.noised(clean, TIME, first);
            let after = self.noised(&before, duration, second);
            let guess = self.guess(theta, &after);
            let error = |i: usize| {
                let force = scale * guess[i] - stiffness * after[i];
                let velocity = (before[i] - after[i]) / duration;
                (force - velocity / NOISING.mobility) / scale
            };
            vec![self.mean_square((0..self.units()).map(error))]
        })[0]
    }

    /// Expected contrast of one Euler-Maruyama step of `duration`, in units of the
    /// force-matching gradient.
    pub fn contrast(&self, theta: &[f64], duration: f64, contrast: Contrast) -> Vec<f64> {
        let (_, noise) = signal_and_noise(TIME);
        let (trap, full) = driving();
        let (start, stiffness, scale) = match contrast {
            Contrast::Static => (TIME, NOISING.temperature / noise.powi(2), 0.5 * full),
            Contrast::Trajectory => (TIME + duration, trap, full),
        };
        let visible = self.visible.iter().filter(|on| **on).count() as f64;
        let unit = 1.0 / (scale * NOISING.mobility * duration * visible);
        let len = self.parameters();
        let data = self.mean(1, 4, len, |clean, z| {
            self.features(&self.noised(clean, TIME, z))
        });
        let reached = self.mean(2, 7, len, |clean, z| {
            let (first, second) = z.split_at(self.units());
            let x = self.noised(clean, start, first);
            let guess = self.guess(theta, &x);
            let kick = (2.0 * NOISING.mobility * NOISING.temperature * duration).sqrt();
            let moved = |i: usize| {
                let force = scale * guess[i] - stiffness * x[i];
                let step = NOISING.mobility * duration * force + kick * second[i];
                x[i] + if self.visible[i] { step } else { 0.0 }
            };
            self.features(&(0..x.len()).map(moved).collect::<Vec<_>>())
        });
        let pairs = data.iter().zip(&reached);
        pairs
            .map(|(data, reached)| unit * (data - reached))
            .collect()
    }

    /// The parameters of smallest expected loss.
    pub fn optimum(&self) -> Vec<f64> {
        let len = self.parameters();
        let origin = slope(&vec![0.0; len], |theta| self.loss(theta));
        let mut hessian = Mat::<f64>::zeros(len, len);
        for k in 0..len {
            let mut theta = vec![0.0; len];
            theta[k] = 1.0;
            let ahead = slope(&theta, |theta| self.loss(theta));
            for i in 0..len {
                hessian[(i, k)] = ahead[i] - origin[i];
            }
            // Parameters that move nothing (those of a clamped unit) stay at zero.
            hessian[(k, k)] += 1e-12;
        }
        let pull = Mat::from_fn(len, 1, |i, _| -origin[i]);
        let solution = hessian.partial_piv_lu().solve(&pull);
        solution.col_as_slice(0).to_vec()
    }
}

/// Gradient of a quadratic function; central differences are exact for any step.
pub fn slope(theta: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let shifted = |k: usize, by: f64| {
        let mut theta = theta.to_vec();
        theta[k] += by;
        f(&theta)
    };
    (0..theta.len())
        .map(|k| 0.5 * (shifted(k, 1.0) - shifted(k, -1.0)))
        .collect()
}

/// a and sigma after `time`.
fn signal_and_noise(time: f64) -> (f64, f64) {
    let signal = (-NOISING.mobility * NOISING.stiffness * time).exp();
    let variance = NOISING.temperature / NOISING.stiffness * (1.0 - signal * signal);
    (signal, variance.sqrt())
}

/// Stiffness besides the network, and scale of the network, in the driving energy.
fn driving() -> (f64, f64) {
    let (signal, noise) = signal_and_noise(TIME);
    let pull = 2.0 * NOISING.temperature / (noise * noise);
    (pull - NOISING.stiffness, pull * signal)
}

/// E f(z), z ~ N(0, I): exact for polynomials of degree below 2 `nodes` in each variable.
fn gaussian_mean(
    dimensions: usize,
    nodes: usize,
    len: usize,
    f: impl Fn(&[f64]) -> Vec<f64>,
) -> Vec<f64> {
    let (places, weights) = gauss_hermite(nodes);
    let mut mean = vec![0.0; len];
    for index in 0..nodes.pow(dimensions as u32) {
        let digits = (0..dimensions).map(|d| index / nodes.pow(d as u32) % nodes);
        let weight: f64 = digits.clone().map(|digit| weights[digit]).product();
        let z: Vec<f64> = digits.map(|digit| places[digit]).collect();
        for (slot, value) in mean.iter_mut().zip(f(&z)) {
            *slot += weight * value;
        }
    }
    mean
}

/// Nodes and weights for the weight function exp(-z^2 / 2) (Golub and Welsch 1969).
fn gauss_hermite(nodes: usize) -> (Vec<f64>, Vec<f64>) {
    let jacobi = Mat::from_fn(nodes, nodes, |i, j| {
        if i.abs_diff(j) == 1 {
            (i.max(j) as f64).sqrt()
        } else {
            0.0
        }
    });
    let eigen = jacobi.self_adjoint_eigen(Side::Lower).unwrap();
    let places = (0..nodes).map(|k| eigen.S()[k]).collect();
    let weights = (0..nodes).map(|k| eigen.U()[(0, k)].powi(2)).collect();
    (places, weights)
}

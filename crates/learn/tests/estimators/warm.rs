//! Estimates in the bath, against closed forms of a quadratic energy, and of a quartic one by quadrature.
//!
//! Every test makes n = 40 replicates with streams 0 to 39 of the seed 17, and compares the mean of every
//! parameter with its expectation, in standard errors found from the replicates. Of all 129 comparisons none
//! may exceed 6.5: Student's t with 39 degrees of freedom does so with probability 1e-7, so that the false-alarm
//! rate of the file is below 2e-5.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Energy, SiteTerm, Sites};
use overdamped_learn::Reading::{self, MeanOfProducts, ProductOfMeans};
use overdamped_learn::{
    FreeState, NudgeForce, Nudging, Phase, QuadraticCost, Sides, Visited, Wiring,
    covariance_gradient,
};
use overdamped_substrate::{PerUnit, Settings, SimulatedSubstrate, Substrate, TimeStep, stream};
use rand::Rng;

use crate::network::{CURVATURE, Network, UNITS, VISIBLE, cost, difference, inverse, norm};

const REPLICATES: u64 = 40;
const SEED: u64 = 17;
const LIMIT: f64 = 6.5;
const CHAINS: usize = 64;
const SAMPLES: usize = 10;
const TEMPERATURE: f64 = 0.4;
const TARGET: [f64; VISIBLE] = [-0.3, 1.1];
/// More than four relaxation times of the slowest direction, of curvature .72.
const DWELL: f64 = 6.0;

const fn phase(reading: Reading) -> Phase {
    Phase::Warm {
        burn_in: 8.0,
        dwell: DWELL,
        samples: SAMPLES,
        reading,
    }
}

/// Means and standard errors of replicates.
struct Estimates {
    mean: Vec<f64>,
    error: Vec<f64>,
}

impl Estimates {
    fn of(mut replicate: impl FnMut(&mut stream::Stream) -> Vec<f64>) -> Self {
        let all: Vec<Vec<f64>> = (0..REPLICATES)
            .map(|index| replicate(&mut stream::of(SEED, index)))
            .collect();
        let n = REPLICATES as f64;
        let mean: Vec<f64> = (0..all[0].len())
            .map(|p| all.iter().map(|one| one[p]).sum::<f64>() / n)
            .collect();
        let error = (0..mean.len()).map(|p| {
            let squares = all.iter().map(|one| (one[p] - mean[p]).powi(2));
            (squares.sum::<f64>() / ((n - 1.0) * n)).sqrt()
        });
        Self {
            error: error.collect(),
            mean,
        }
    }

    /// Largest distance from `expected`, in standard errors.
    fn off(&self, expected: &[f64]) -> f64 {
        let each = self.mean.iter().zip(&self.error).zip(expected);
        each.map(|((mean, error), expected)| (mean - expected).abs() / error)
            .fold(0.0, f64::max)
    }

    fn check(&self, expected: &[f64], name: &str) {
        let off = self.off(expected);
        assert!(
            off < LIMIT,
            "{name}: {off} standard errors\n{:?}\n{expected:?}",
            self.mean
        );
        // A comparison that resolves nothing would pass as well.
        let resolved = norm(&self.error) / norm(expected);
        assert!(resolved < 0.05, "{name}: resolved to {resolved}");
    }
}

/// Free samples of the network, from zero.
fn free(network: &Network, seed: u64) -> (SimulatedSubstrate<f64>, Visited<f64>) {
    let mut substrate = network.substrate(TEMPERATURE);
    substrate
        .prepare(Mat::zeros(UNITS, CHAINS).as_ref(), seed)
        .unwrap();
    let visited = phase(MeanOfProducts).run(&mut substrate).unwrap();
    assert_eq!((visited.samples(), visited.chains()), (SAMPLES, CHAINS));
    (substrate, visited)
}

fn shared_cost() -> QuadraticCost<f64> {
    cost(Mat::from_fn(VISIBLE, CHAINS, |i, _| TARGET[i]))
}

fn estimates(network: &Network, nudging: Nudging, reading: Reading) -> Estimates {
    let potential = network.potential();
    let cost = shared_cost();
    Estimates::of(|stream| {
        let (mut substrate, visited) = free(network, stream.next_u64());
        let free = FreeState {
            potential: potential.as_ref(),
            base: None,
            visited: &visited,
        };
        let mut gradient = vec![0.0; network.theta.len()];
        let residuals = nudging
            .contrast(
                &mut substrate,
                &free,
                &cost,
                &phase(reading),
                stream,
                &mut gradient,
            )
            .unwrap();
        assert!(residuals.is_none());
        gradient
    })
}

/// Expectation of a contrast between springs of two strengths. The mean of n samples keeps 1 / n of the covariance (the
/// correlation of neighbours, .013 at the slowest, is left out).
fn expected(network: &Network, strengths: [f64; 2], reading: Reading) -> Vec<f64> {
    let left = match reading {
        MeanOfProducts => 1.0,
        ProductOfMeans => 1.0 / SAMPLES as f64,
    };
    let [plus, minus] = strengths.map(|strength| {
        let (mean, covariance) = network.nudged(strength, &TARGET);
        network.local(&mean, &(faer::Scale(left * TEMPERATURE) * covariance))
    });
    let width = strengths[0] - strengths[1];
    let change = difference(&plus, &minus);
    change.iter().map(|change| change / width).collect()
}

/// Would catch readings taken for each other, a covariance of another temperature, phases that remember their start,
/// or a side that is left out.
#[test]
fn springs_in_the_bath_have_the_expectation_of_theory() {
    let network = Network::quadratic();
    let beta = 0.2;
    for reading in [MeanOfProducts, ProductOfMeans] {
        for (nudging, against) in [
            (Nudging::one_sided(beta), 0.0),
            (Nudging::compensated(beta), 0.0),
            (Nudging::symmetric(beta), -beta),
        ] {
            let expected = expected(&network, [beta, against], reading);
            let name = format!("{nudging:?}, {reading:?}");
            estimates(&network, nudging, reading).check(&expected, &name);
        }
    }
}

/// The readings of the same symmetric nudge differ by the gradient of kT tr(P K^-1) / 2: by nothing for biases, and
/// for stiffness and couplings by far more than chance. To second order in beta, .2^2 here, and 1 / n of it is
/// left in the product of means.
#[test]
fn the_two_readings_train_different_costs() {
    let network = Network::quadratic();
    let [products, means] = [MeanOfProducts, ProductOfMeans]
        .map(|reading| estimates(&network, Nudging::symmetric(0.2), reading).mean);
    let found = difference(&products, &means);
    let share = TEMPERATURE * (1.0 - 1.0 / SAMPLES as f64);
    let theory: Vec<f64> = network
        .fluctuation()
        .iter()
        .map(|slope| share * slope)
        .collect();
    assert!(
        norm(&theory) > 0.1 * norm(&network.exact(&TARGET)),
        "{theory:?}"
    );
    let off = norm(&difference(&found, &theory)) / norm(&theory);
    assert!(off < 0.25, "{off}");
    assert!(norm(&found[..UNITS]) < 1e-12);
}

/// The frozen force does not touch the covariance: exact for C(<x>) at beta = 1, whichever the reading. Would catch a
/// force that is not frozen, and one that is frozen elsewhere than at the mean.
#[test]
fn a_constant_force_in_the_bath_trains_the_cost_of_the_mean() {
    let network = Network::quadratic();
    let exact = network.exact(&TARGET);
    for reading in [MeanOfProducts, ProductOfMeans] {
        let found = estimates(&network, Nudging::constant_force(1.0), reading);
        found.check(&exact, &format!("{reading:?}"));
    }
}

/// For a bias the estimate is -(x(beta) - x(-beta)) / (2 beta), and its variance for m = n chains samples that of two
/// independent means and of the force, measured at the mean free state:
///
/// kT / m [2 K^-1 / (2 beta)^2 + K^-1 P K^-1 P K^-1]
///
/// At beta = .1 the first part is nearly all: with one seed for both sides it would be missing, and the ratio below
/// .1. At beta = 2 the second is: with a force measured at the last sample the ratio would be six or more. A ratio of
/// chi-square with 39 degrees of freedom leaves .25 to 2.5 with probability 2e-6, the mean of four less often.
#[test]
fn the_noise_of_a_constant_force_is_that_of_theory() {
    let network = Network::quadratic();
    let covariance = inverse(&network.stiffness);
    let cost = Mat::from_fn(UNITS, UNITS, |i, j| {
        if i == j && i < VISIBLE {
            CURVATURE
        } else {
            0.0
        }
    });
    let of_force = &covariance * &cost * &covariance * &cost * &covariance;
    for beta in [0.1, 2.0] {
        let found = estimates(&network, Nudging::constant_force(beta), MeanOfProducts);
        let ratios = (0..UNITS).map(|i| {
            let sides = 2.0 * covariance[(i, i)] / (4.0 * beta * beta);
            let one = TEMPERATURE / (SAMPLES * CHAINS) as f64;
            let theory = one * (sides + of_force[(i, i)]);
            REPLICATES as f64 * found.error[i].powi(2) / theory
        });
        let ratio = ratios.sum::<f64>() / UNITS as f64;
        assert!(ratio > 0.25 && ratio < 2.5, "{beta}: {ratio}");
    }
}

/// Without a nudge: the gradient of <C>, which has the fluctuations in it. Would catch a wrong sign, a wrong temperature,
/// or means over all chains together.
#[test]
fn the_covariance_of_free_samples_is_the_gradient_of_the_mean_cost() {
    let network = Network::quadratic();
    let potential = network.potential();
    let (cost, fluctuation) = (shared_cost(), network.fluctuation());
    let expected: Vec<f64> = network
        .exact(&TARGET)
        .iter()
        .zip(fluctuation)
        .map(|(at_mean, slope)| at_mean + TEMPERATURE * slope)
        .collect();
    let found = Estimates::of(|stream| {
        let (_, samples) = free(&network, stream.next_u64());
        let mut gradient = vec![0.0; network.theta.len()];
        let (potential, kt) = (potential.as_ref(), TEMPERATURE);
        covariance_gradient(potential, &samples, &cost, kt, &mut gradient).unwrap();
        gradient
    });
    found.check(&expected, "covariance");
}

/// One quartic unit, E = -b x + k x^2 / 2 + q x^4 / 4 at kT = 1: a frozen force and a covariance are exact beyond
/// quadratic energies too. The moments are by quadrature; the integrator has an error of second order in its step,
/// below a thousandth here.
#[test]
fn a_quartic_unit_agrees_with_quadrature() {
    let theta = [0.5, 1.0, 1.0];
    let target = 1.2;
    let terms = [SiteTerm::Bias, SiteTerm::Stiffness, SiteTerm::Quartic];
    let energy: Arc<dyn Energy<f64>> = Arc::new(Sites::new(1, &terms));
    let potential = energy.bind(&theta).unwrap();
    let local = |x: f64| [-x, x * x / 2.0, x.powi(4) / 4.0];
    let weight = |x: f64| {
        (-theta
            .iter()
            .zip([-x, x * x / 2.0, x.powi(4) / 4.0])
            .map(|(t, e)| t * e)
            .sum::<f64>())
        .exp()
    };
    let mean = |of: &dyn Fn(f64) -> f64| {
        let grid = (0..=1200).map(|step| -6.0 + 0.01 * f64::from(step));
        let (sum, all) = grid.fold((0.0, 0.0), |(sum, all), x| {
            (sum + weight(x) * of(x), all + weight(x))
        });
        sum / all
    };
    let value = |x: f64| (x - target).powi(2) / 2.0;
    let expected: Vec<f64> = (0..3)
        .map(|p| {
            let product = mean(&|x| local(x)[p] * value(x));
            -(product - mean(&|x| local(x)[p]) * mean(&value))
        })
        .collect();
    let settings = Settings {
        temperature: PerUnit::Uniform(1.0),
        time_step: TimeStep::AtMost(0.02),
        ..Network::settings(1.0)
    };
    let targets = Mat::from_fn(1, CHAINS, |_, _| target);
    let cost = QuadraticCost::new(Wiring::visible(1), 1.0, targets).unwrap();
    let warm = Phase::Warm {
        burn_in: 4.0,
        dwell: 3.0,
        samples: 20,
        reading: MeanOfProducts,
    };
    let found = Estimates::of(|stream| {
        let mut substrate = SimulatedSubstrate::new(energy.clone(), settings.clone()).unwrap();
        substrate.program(&theta).unwrap();
        let start = Mat::zeros(1, CHAINS);
        substrate
            .prepare(start.as_ref(), stream.next_u64())
            .unwrap();
        let samples = warm.run(&mut substrate).unwrap();
        let mut gradient = vec![0.0; 3];
        covariance_gradient(potential.as_ref(), &samples, &cost, 1.0, &mut gradient).unwrap();
        gradient
    });
    found.check(&expected, "covariance of a quartic unit");
}

/// The same seed, the same estimate: bit for bit.
#[test]
fn an_estimate_is_reproducible() {
    let network = Network::quadratic();
    let nudging = Nudging {
        force: NudgeForce::Linear,
        sides: Sides::Two,
        strength: 0.5,
    };
    let [first, again] = [0, 0].map(|_| {
        let potential = network.potential();
        let stream = &mut stream::of(SEED, 99);
        let (mut substrate, visited) = free(&network, stream.next_u64());
        let free = FreeState {
            potential: potential.as_ref(),
            base: None,
            visited: &visited,
        };
        let mut gradient = vec![0.0; network.theta.len()];
        let phase = phase(MeanOfProducts);
        nudging
            .contrast(
                &mut substrate,
                &free,
                &shared_cost(),
                &phase,
                stream,
                &mut gradient,
            )
            .unwrap();
        gradient
    });
    assert_eq!(first, again);
}

//! Stationary distributions against closed forms, and the order of each integrator's bias.
//!
//! False-alarm rate: covariances allow five standard errors of independent chains (6e-7 each),
//! histograms a chi-square of the same probability; the slope tests state their own margins. Seeds are
//! fixed.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use faer::{Mat, mat};
use overdamped_energy::{Energy, Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::{
    Integrator, PerUnit, Settings, SimulatedSubstrate, Substrate, TimeStep,
};

const CHAINS: usize = 40_000;

/// Three coupled harmonic units: stiffness matrix and energy.
fn harmonic() -> (Mat<f64>, Arc<dyn Energy<f64>>, Vec<f64>) {
    let stiffness = mat![[2.0, -0.5, 0.3], [-0.5, 1.5, -0.7], [0.3, -0.7, 1.0]];
    let energy = Sum::of(Sites::new(3, &[SiteTerm::Stiffness]))
        .unwrap()
        .and(Pairs::dense_bilinear(3))
        .unwrap();
    // The edges of the dense set are (0, 1), (1, 2), (0, 2); a coupling J enters K as -J.
    (
        stiffness,
        Arc::new(energy),
        vec![2.0, 1.5, 1.0, 0.5, 0.7, -0.3],
    )
}

fn sample(integrator: Integrator, temperature: &PerUnit, step: f64) -> Mat<f64> {
    let (_, energy, theta) = harmonic();
    let settings = Settings {
        integrator,
        temperature: temperature.clone(),
        time_step: TimeStep::AtMost(step),
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::new(energy, settings).unwrap();
    substrate.program(&theta).unwrap();
    substrate
        .prepare(Mat::zeros(3, CHAINS).as_ref(), 17)
        .unwrap();
    // The slowest rate is 0.46: exp(-2 x 0.46 x 20) = 1e-8 of the start is left.
    substrate.evolve(20.0).unwrap();
    substrate.read().unwrap()
}

fn compare(states: &Mat<f64>, expected: &Mat<f64>, what: &str) {
    for i in 0..3 {
        for j in 0..=i {
            let products = (0..CHAINS).map(|chain| states[(i, chain)] * states[(j, chain)]);
            let found = products.sum::<f64>() / CHAINS as f64;
            let spread = expected[(i, i)] * expected[(j, j)] + expected[(i, j)].powi(2);
            let error = (spread / CHAINS as f64).sqrt();
            assert!(
                (found - expected[(i, j)]).abs() < 5.0 * error,
                "{what} ({i}, {j}): {found} against {} +- {error}",
                expected[(i, j)]
            );
        }
    }
}

/// Fixed point of S = P S P^T + N by iteration: the exact covariance of a linear map with noise.
fn discrete_lyapunov(map: &Mat<f64>, noise: &Mat<f64>) -> Mat<f64> {
    let mut covariance = noise.clone();
    for _ in 0..5000 {
        covariance = map * &covariance * map.transpose() + noise;
    }
    covariance
}

/// Catches a wrong noise scale, drift sign, coupling factor, or the use of kT K^-1 for
/// Euler-Maruyama, which is 25 % off in the stiffest direction at this step.
#[test]
fn harmonic_covariances_are_those_of_each_integrator() {
    let (stiffness, _, _) = harmonic();
    let (step, kt) = (0.25, 0.7);
    let map = Mat::<f64>::identity(3, 3) - faer::Scale(step) * &stiffness;
    let noise = faer::Scale(2.0 * kt * step) * Mat::<f64>::identity(3, 3);
    let euler = discrete_lyapunov(&map, &noise);
    let states = sample(Integrator::EulerMaruyama, &PerUnit::Uniform(kt), step);
    compare(&states, &euler, "Euler-Maruyama");

    // Leimkuhler-Matthews is exact: kT K^-1, the limit of small steps.
    let fine = 1e-2;
    let map = Mat::<f64>::identity(3, 3) - faer::Scale(fine) * &stiffness;
    let bias = Mat::<f64>::identity(3, 3) - faer::Scale(0.5 * fine) * &stiffness;
    let noise = faer::Scale(2.0 * kt * fine) * Mat::<f64>::identity(3, 3);
    let exact = discrete_lyapunov(&map, &noise) * bias;
    let states = sample(Integrator::LeimkuhlerMatthews, &PerUnit::Uniform(kt), step);
    compare(&states, &exact, "Leimkuhler-Matthews");
}

/// Catches noise that ignores the unit's own bath.
#[test]
fn units_at_different_temperatures_follow_the_lyapunov_equation() {
    let (stiffness, _, _) = harmonic();
    let (step, baths) = (0.1, [0.2, 1.0, 3.0]);
    let map = Mat::<f64>::identity(3, 3) - faer::Scale(step) * &stiffness;
    let noise = Mat::from_fn(
        3,
        3,
        |i, j| if i == j { 2.0 * baths[i] * step } else { 0.0 },
    );
    let states = sample(
        Integrator::EulerMaruyama,
        &PerUnit::Each(baths.to_vec()),
        step,
    );
    compare(&states, &discrete_lyapunov(&map, &noise), "three baths");
}

/// One unit in E = k x^2 / 2 + q x^4 / 4, CHAINS independent samples.
fn well(k: f64, q: f64, kt: f64, integrator: Integrator, step: f64, chains: usize) -> Vec<f64> {
    let energy = Arc::new(Sites::new(1, &[SiteTerm::Stiffness, SiteTerm::Quartic]));
    let settings = Settings {
        integrator,
        temperature: PerUnit::Uniform(kt),
        time_step: TimeStep::AtMost(step),
        // Explicit steps overshoot beyond |x| = 3.2 at the largest step; exp(-20) of the weight is there.
        walls: Some(3.0),
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
    substrate.program(&[k, q]).unwrap();
    // Half of the chains start on either side, so that a barrier need not be crossed to equilibrate.
    let start = Mat::from_fn(
        1,
        chains,
        |_, chain| if chain % 2 == 0 { 1.0 } else { -1.0 },
    );
    substrate.prepare(start.as_ref(), 23).unwrap();
    substrate.evolve(6.0).unwrap();
    let states = substrate.read().unwrap();
    (0..chains).map(|chain| states[(0, chain)]).collect()
}

/// Boltzmann average by the trapezoidal rule on [-8, 8], exact to rounding for smooth decay.
fn average(k: f64, q: f64, kt: f64, f: impl Fn(f64) -> f64) -> f64 {
    let points = (-8000..=8000).map(|i| f64::from(i) * 1e-3);
    let weighted = points.map(|x| {
        let weight = (-(0.5 * k * x * x + 0.25 * q * x.powi(4)) / kt).exp();
        (weight, weight * f(x))
    });
    let (norm, sum) = weighted.fold((0.0, 0.0), |(n, s), (w, wf)| (n + w, s + wf));
    sum / norm
}

/// Chi-square over 20 bins against quadrature; catches a wrong quartic force or temperature.
#[test]
fn quartic_and_double_well_histograms_match_quadrature() {
    for (k, q, kt) in [(0.0, 1.0, 1.0), (-2.0, 2.0, 0.5)] {
        let samples = well(k, q, kt, Integrator::LeimkuhlerMatthews, 0.02, CHAINS);
        let edges: Vec<f64> = (0..=20).map(|bin| -2.0 + 0.2 * f64::from(bin)).collect();
        let mut chi_square = 0.0;
        for pair in edges.windows(2) {
            let inside = |x: f64| f64::from(u8::from(x >= pair[0] && x < pair[1]));
            let share = average(k, q, kt, inside);
            let found: f64 = samples.iter().map(|&x| inside(x)).sum();
            let expected = share * CHAINS as f64;
            chi_square += (found - expected).powi(2) / expected;
        }
        // P(chi-square with 20 degrees of freedom > 68) = 4e-7.
        assert!(chi_square < 68.0, "k = {k}: chi-square {chi_square}");
    }
}

/// Bias of <x^4> in a quartic well at two step sizes: the slope is the weak order.
///
/// <x^4> = kT / q exactly, and for Euler-Maruyama <x^4> = kT / q + h <F^2> / 2 by stationarity
/// of x^2. n = 2e6 chains: the standard error is 1.1e-3, against biases of .1
/// and .04 at the larger steps. Catches a first-order term in Leimkuhler-Matthews, such
/// as a draw that is not carried over.
#[test]
fn bias_orders_are_one_and_at_least_two() {
    let exact = average(0.0, 1.0, 1.0, |x| x.powi(4));
    assert!((exact - 1.0).abs() < 1e-9, "virial theorem: {exact}");
    let slope = |integrator, step: f64| {
        let bias = |step| {
            let samples = well(0.0, 1.0, 1.0, integrator, step, 2_000_000);
            samples.iter().map(|x| x.powi(4)).sum::<f64>() / samples.len() as f64 - exact
        };
        let (coarse, fine) = (bias(step), bias(step / 2.0));
        (coarse / fine).abs().log2()
    };
    let euler = slope(Integrator::EulerMaruyama, 0.1);
    assert!((euler - 1.0).abs() < 0.3, "Euler-Maruyama: order {euler}");
    let leimkuhler = slope(Integrator::LeimkuhlerMatthews, 0.24);
    // The h^2 coefficient is small here, so that h^4 shows: at least second order is what counts.
    assert!(leimkuhler > 1.6, "Leimkuhler-Matthews: order {leimkuhler}");
}

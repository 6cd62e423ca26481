//! The exact score of a noised Gaussian mixture, as an energy of its own.
//!
//! Noising keeps a mixture a mixture: p_s has means a m_k and variance a^2 tau^2 + sigma^2. The
//! driving energy U_gen = -k0 |x|^2 / 2 - 2 kT log p_s (k0 = kT = 1) is what any network can
//! at best approximate; it is programmed with (a, sigma) for each slice.

use faer::{Mat, MatMut, MatRef};
use overdamped_energy::{Energy, EnergyError, Growth, Layout, Potential, Role};
use overdamped_substrate::stream;
use rand::RngExt;
use rand_distr::StandardNormal;

/// Isotropic Gaussians in the plane.
#[derive(Debug, Clone)]
pub struct GaussianMixture {
    means: Vec<[f64; 2]>,
    weights: Vec<f64>,
    deviation: f64,
}

impl GaussianMixture {
    /// Two Gaussians at -(offset, offset) and +(offset, offset), the latter with `weight`.
    pub fn pair(offset: f64, deviation: f64, weight: f64) -> Self {
        Self {
            means: vec![[-offset; 2], [offset; 2]],
            weights: vec![1.0 - weight, weight],
            deviation,
        }
    }

    /// `count` samples (2 x count).
    pub fn sample(&self, count: usize, seed: u64) -> Mat<f64> {
        let mut stream = stream::of(seed, 0);
        let mut samples = Mat::zeros(2, count);
        for sample in 0..count {
            let mean = self.means[usize::from(stream.random::<f64>() < self.weights[1])];
            for unit in 0..2 {
                let noise: f64 = stream.sample(StandardNormal);
                samples[(unit, sample)] = mean[unit] + self.deviation * noise;
            }
        }
        samples
    }
}

/// The driving energy of the exact score; parameters (a, sigma).
#[derive(Debug, Clone)]
pub struct MixtureScore {
    mixture: GaussianMixture,
}

impl MixtureScore {
    /// The exact driving energy of a mixture.
    pub const fn new(mixture: GaussianMixture) -> Self {
        Self { mixture }
    }
}

impl Energy<f64> for MixtureScore {
    fn units(&self) -> usize {
        2
    }

    fn layout(&self) -> Layout {
        Layout::new()
            .with("score.signal", 1, Role::Shape)
            .with("score.noise", 1, Role::Shape)
    }

    fn bind(&self, parameters: &[f64]) -> Result<Box<dyn Potential<f64>>, EnergyError> {
        Energy::<f64>::layout(self).check(parameters)?;
        let (signal, noise) = (parameters[0], parameters[1]);
        let mixture = &self.mixture;
        Ok(Box::new(BoundScore {
            means: mixture
                .means
                .iter()
                .map(|m| [signal * m[0], signal * m[1]])
                .collect(),
            weights: mixture.weights.clone(),
            variance: (signal * mixture.deviation).powi(2) + noise * noise,
        }))
    }
}

struct BoundScore {
    means: Vec<[f64; 2]>,
    weights: Vec<f64>,
    variance: f64,
}

impl BoundScore {
    /// log p_s and the posterior mean of the components at x.
    fn posterior(&self, x: [f64; 2]) -> (f64, [f64; 2]) {
        let exponents: Vec<f64> = self
            .means
            .iter()
            .zip(&self.weights)
            .map(|(m, weight)| {
                let square = (x[0] - m[0]).powi(2) + (x[1] - m[1]).powi(2);
                weight.ln() - square / (2.0 * self.variance)
            })
            .collect();
        let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = exponents.iter().map(|e| (e - largest).exp()).collect();
        let total: f64 = shares.iter().sum();
        let mut mean = [0.0; 2];
        for (share, m) in shares.iter().zip(&self.means) {
            mean[0] += share / total * m[0];
            mean[1] += share / total * m[1];
        }
        (
            largest + total.ln() - (std::f64::consts::TAU * self.variance).ln(),
            mean,
        )
    }

    fn force_at(&self, x: [f64; 2]) -> [f64; 2] {
        let (_, mean) = self.posterior(x);
        [0, 1].map(|unit| x[unit] - 2.0 * (x[unit] - mean[unit]) / self.variance)
    }
}

impl Potential<f64> for BoundScore {
    fn units(&self) -> usize {
        2
    }

    fn parameter_count(&self) -> usize {
        2
    }

    fn add_energy(&self, states: MatRef<'_, f64>, energies: &mut [f64]) {
        for (chain, energy) in energies.iter_mut().enumerate() {
            let x = [states[(0, chain)], states[(1, chain)]];
            *energy -= 0.5 * (x[0] * x[0] + x[1] * x[1]) + 2.0 * self.posterior(x).0;
        }
    }

    fn add_force(&self, states: MatRef<'_, f64>, mut forces: MatMut<'_, f64>) {
        for chain in 0..states.ncols() {
            let force = self.force_at([states[(0, chain)], states[(1, chain)]]);
            forces[(0, chain)] += force[0];
            forces[(1, chain)] += force[1];
        }
    }

    // Central differences are exact enough for a stability check, their only use here.
    fn add_curvature_product(
        &self,
        states: MatRef<'_, f64>,
        directions: MatRef<'_, f64>,
        mut products: MatMut<'_, f64>,
    ) {
        const STEP: f64 = 1e-4;
        for chain in 0..states.ncols() {
            let at = |sign: f64| {
                [0, 1].map(|unit| states[(unit, chain)] + sign * STEP * directions[(unit, chain)])
            };
            let (up, down) = (self.force_at(at(1.0)), self.force_at(at(-1.0)));
            for unit in 0..2 {
                products[(unit, chain)] -= (up[unit] - down[unit]) / (2.0 * STEP);
            }
        }
    }

    // The score is given, not learned.
    fn add_parameter_gradient(&self, _: &[f64], _: MatRef<'_, f64>, _: &mut [f64]) {}

    fn add_directional_gradient(
        &self,
        _: &[f64],
        _: MatRef<'_, f64>,
        _: MatRef<'_, f64>,
        _: &mut [f64],
    ) {
    }

    fn add_growth(&self, growth: &mut Growth) {
        for unit in 0..2 {
            growth.harmonic[(unit, unit)] += 2.0 / self.variance - 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches a wrong posterior weight, sign or trap: the force must be minus the energy's slope.
    #[test]
    fn the_score_force_is_the_slope_of_its_energy() {
        let score = MixtureScore::new(GaussianMixture::pair(0.9, 0.3, 0.3));
        let bound = score.bind(&[0.8, 0.5]).unwrap();
        let energy = |x: f64, y: f64| bound.energy(faer::mat![[x], [y]].as_ref())[0];
        for (x, y) in [(0.1, -0.2), (1.0, 0.7), (-0.6, -1.4)] {
            let force = bound.force(faer::mat![[x], [y]].as_ref());
            let step = 1e-5;
            let slope_x = (energy(x + step, y) - energy(x - step, y)) / (2.0 * step);
            let slope_y = (energy(x, y + step) - energy(x, y - step)) / (2.0 * step);
            assert!((force[(0, 0)] + slope_x).abs() < 1e-8);
            assert!((force[(1, 0)] + slope_y).abs() < 1e-8);
        }
    }
}

//! The exact sampler of linear systems: any stable drift, here one that does not commute with its transpose.

use faer::{Mat, Scale, mat};
use overdamped_substrate::ornstein_uhlenbeck::OrnsteinUhlenbeck;
use overdamped_substrate::stream;

use crate::{Finding, Lab, Mutant, ValidationError};

const CHAINS: usize = 200_000;
const DURATION: f64 = 1.0;

/// dx = -A x dt + B dW, B B^T = D: what flows from the second unit to the first does not flow back, and their baths differ.
struct Flow {
    drift: Mat<f64>,
    diffusion: Mat<f64>,
}

impl Flow {
    fn right() -> Self {
        Self {
            drift: mat![[1.0, 2.0], [0.0, 2.0]],
            diffusion: mat![[2.0, 0.0], [0.0, 0.5]],
        }
    }

    fn planted(lab: &Lab) -> Self {
        let Self {
            mut drift,
            mut diffusion,
        } = Self::right();
        match lab.mutant {
            Some(Mutant::NormalDrift) => drift = Scale(0.5) * (&drift + drift.transpose()),
            Some(Mutant::StrongNoise) => diffusion = Scale(2.0) * diffusion,
            Some(Mutant::OneBath) => diffusion[(1, 1)] = diffusion[(0, 0)],
            _ => {}
        }
        Self { drift, diffusion }
    }

    /// Mean from `start` and covariance from zero after a time, by Runge and Kutta's fourth order.
    fn integrated(&self, start: &Mat<f64>, duration: f64) -> (Mat<f64>, Mat<f64>) {
        const STEPS: u32 = 4000;
        let h = duration / f64::from(STEPS);
        let rise = |s: &Mat<f64>| {
            let flow = &self.drift * s;
            &self.diffusion - &flow - flow.transpose()
        };
        let fall = |x: &Mat<f64>| Scale(-1.0) * (&self.drift * x);
        let (mut mean, mut covariance) = (start.clone(), Mat::zeros(2, 2));
        for _ in 0..STEPS {
            mean = runge_kutta(&mean, h, fall);
            covariance = runge_kutta(&covariance, h, rise);
        }
        (mean, covariance)
    }
}

fn runge_kutta(x: &Mat<f64>, h: f64, slope: impl Fn(&Mat<f64>) -> Mat<f64>) -> Mat<f64> {
    let k1 = slope(x);
    let k2 = slope(&(x + Scale(0.5 * h) * &k1));
    let k3 = slope(&(x + Scale(0.5 * h) * &k2));
    let k4 = slope(&(x + Scale(h) * &k3));
    x + Scale(h / 6.0) * (k1 + Scale(2.0) * (k2 + k3) + k4)
}

/// Mean and covariance after a time of one from one place, and after a long one.
pub fn sampler(lab: &Lab) -> Result<Finding, ValidationError> {
    let planted = Flow::planted(lab);
    let process = OrnsteinUhlenbeck::new(planted.drift, planted.diffusion, vec![0.0; 2])?;
    let clock = if lab.has(Mutant::SlowClock) { 0.9 } else { 1.0 };
    let start = mat![[1.0], [-1.0]];
    let mut finding = Finding::statistical(CHAINS);
    for (part, duration) in [(0, DURATION), (1, 30.0)] {
        let mut states = Mat::from_fn(2, CHAINS, |unit, _| start[(unit, 0)]);
        let seed = stream::derive(lab.seed, 1 << 21 | part);
        let mut streams: Vec<_> = (0..CHAINS as u64).map(|c| stream::of(seed, c)).collect();
        let transition = process.transition(duration * clock)?;
        transition.sample_into(states.as_mut(), &mut streams)?;
        let (mean, covariance) = Flow::right().integrated(&start, duration);
        let n = CHAINS as f64;
        for i in 0..2 {
            let sum: f64 = states.row(i).iter().sum();
            finding.compare(sum / n, mean[(i, 0)], (covariance[(i, i)] / n).sqrt());
            for j in 0..=i {
                let off = |unit: usize, chain: usize| states[(unit, chain)] - mean[(unit, 0)];
                let sum: f64 = (0..CHAINS).map(|c| off(i, c) * off(j, c)).sum();
                let expected = covariance[(i, j)];
                let spread = covariance[(i, i)] * covariance[(j, j)] + expected * expected;
                finding.compare(sum / n, expected, (spread / n).sqrt());
            }
        }
    }
    Ok(finding)
}

//! How well a field fits: its loss on fresh pairs, and what predictors without any idea reach.

use std::sync::Arc;

use anyhow::Context as _;
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use overdamped_energy::Energy;
use overdamped_learn::{Examples, FlowBatch, FlowPairs, Pairing, Spring};
use overdamped_substrate::{Relaxer, Residuals, SimulatedSubstrate, Substrate, stream};

use super::network::Network;

/// Relaxation before a loss is read: 400 sweeps.
const TIME: f64 = 800.0;

/// Pairs that no update has seen: every image once, with fresh noise, paired by optimal transport over all
/// of them, as the paper's logged loss is.
pub fn fresh(examples: &Arc<Examples<f32>>, seed: u64) -> anyhow::Result<FlowBatch<f32>> {
    let all = examples.len();
    let pairs = FlowPairs::new(
        Arc::clone(examples),
        Pairing::OptimalTransport { group: all },
    )?;
    Ok(pairs.draw(all, &mut stream::of(stream::derive(seed, 3), 0))?)
}

/// Mean over chains and pixels of (v - u)^2 at rest, and how far from rest that was.
///
/// # Errors
/// If the dynamics fail.
pub fn loss(
    network: &Network,
    parameters: &[f32],
    pairs: &FlowBatch<f32>,
) -> anyhow::Result<(f64, Residuals)> {
    let (wiring, units) = (&network.wiring, network.units());
    let energy: Arc<dyn Energy<f32>> = Arc::clone(&network.energy) as _;
    let mut substrate = SimulatedSubstrate::new(energy, network.cold(Relaxer::BLOCK_DESCENT))?;
    let (spring, places) = (Spring::default(), pairs.places.as_ref());
    substrate.program(parameters)?;
    substrate.prepare(wiring.spread(units, places).as_ref(), 0)?;
    substrate.attach(Some(spring.drive(wiring, units, places)?))?;
    let residuals = substrate.relax(TIME)?;
    let velocities = spring.velocity(wiring, substrate.read()?.as_ref(), places);
    Ok((mean_square(&velocities, pairs), residuals))
}

/// Mean over chains and pixels of (v - u)^2.
fn mean_square(velocities: &Mat<f32>, pairs: &FlowBatch<f32>) -> f64 {
    let (rows, chains) = (velocities.nrows(), velocities.ncols());
    let mut sum = 0.0;
    for chain in 0..chains {
        for row in 0..rows {
            let off = velocities[(row, chain)] - pairs.velocities[(row, chain)];
            sum += f64::from(off).powi(2);
        }
    }
    sum / (rows * chains) as f64
}

/// Losses of predictors that are fitted by least squares to the pairs themselves.
pub struct Floors {
    /// The mean velocity, whatever the place.
    pub constant: f64,
    /// The best linear function of the place.
    pub linear: f64,
}

/// The floors over `pixels` visible rows.
///
/// # Errors
/// Fewer pairs than a linear fit has parameters.
pub fn floors(pixels: usize, pairs: &FlowBatch<f32>) -> anyhow::Result<Floors> {
    let chains = pairs.places.ncols();
    let fit = |inputs: &Mat<f64>| -> anyhow::Result<f64> {
        let targets = Mat::from_fn(pixels, chains, |row, chain| {
            f64::from(pairs.velocities[(row, chain)])
        });
        let normal = inputs * inputs.transpose();
        let factors = normal
            .llt(Side::Lower)
            .ok()
            .context("too few different places for a linear fit")?;
        let weights = factors.solve(inputs * targets.transpose());
        let off = weights.transpose() * inputs - targets;
        Ok(off.squared_norm_l2() / (pixels * chains) as f64)
    };
    Ok(Floors {
        constant: fit(&Mat::from_fn(1, chains, |_, _| 1.0))?,
        linear: fit(&Mat::from_fn(pixels + 1, chains, |row, chain| {
            if row == pixels {
                1.0
            } else {
                f64::from(pairs.places[(row, chain)])
            }
        }))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// u = 2 x + 1 and places of variance 1: nothing is left for a line, 4 for a constant.
    #[test]
    fn floors_of_a_line_are_known() {
        let places = Mat::from_fn(1, 4, |_, chain| [-1.0_f32, 1.0, -1.0, 1.0][chain]);
        let pairs = FlowBatch {
            velocities: Mat::from_fn(1, 4, |_, chain| 2.0 * places[(0, chain)] + 1.0),
            places,
            times: vec![0.5; 4],
            examples: vec![0; 4],
        };
        let floors = floors(1, &pairs).unwrap();
        assert!((floors.constant - 4.0).abs() < 1e-12 && floors.linear < 1e-12);
    }
}

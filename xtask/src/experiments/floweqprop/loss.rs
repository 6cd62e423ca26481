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
///
/// Each `draw` has noise of its own.
///
/// # Errors
/// If the pairing fails.
pub fn fresh(
    examples: &Arc<Examples<f32>>,
    seed: u64,
    draw: u64,
) -> anyhow::Result<FlowBatch<f32>> {
    let all = examples.len();
    let pairs = FlowPairs::new(
        Arc::clone(examples),
        Pairing::OptimalTransport { group: all },
    )?;
    Ok(pairs.draw(all, &mut stream::of(stream::derive(seed, 3), draw))?)
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

/// Losses of predictors without any idea, fitted by least squares to other pairs than they are
/// measured on.
pub struct Floors {
    /// The mean velocity, whatever the place.
    pub constant: f64,
    /// The best linear function of the place, and of the label if there is one.
    pub linear: f64,
}

/// The floors on `pairs`, fitted to `known`, for a network with so many visible rows.
///
/// # Errors
/// Fewer pairs than a linear fit has parameters.
pub fn floors(
    pixels: usize,
    known: &[FlowBatch<f32>],
    pairs: &FlowBatch<f32>,
) -> anyhow::Result<Floors> {
    Ok(Floors {
        constant: least_squares(pixels, known, pairs, |batch| {
            Mat::from_fn(1, batch.places.ncols(), |_, _| 1.0)
        })?,
        linear: least_squares(pixels, known, pairs, |batch| {
            let rows = batch.places.nrows();
            // One-hot labels add up to one already.
            let inputs = if rows > pixels { rows } else { rows + 1 };
            Mat::from_fn(inputs, batch.places.ncols(), |row, chain| {
                if row < rows {
                    f64::from(batch.places[(row, chain)])
                } else {
                    1.0
                }
            })
        })?,
    })
}

/// Mean squared error on `pairs` of the best linear map of `inputs`, fitted to `known`.
fn least_squares(
    pixels: usize,
    known: &[FlowBatch<f32>],
    pairs: &FlowBatch<f32>,
    inputs: impl Fn(&FlowBatch<f32>) -> Mat<f64>,
) -> anyhow::Result<f64> {
    let targets = |batch: &FlowBatch<f32>| {
        Mat::from_fn(pixels, batch.velocities.ncols(), |row, chain| {
            f64::from(batch.velocities[(row, chain)])
        })
    };
    let size = inputs(pairs).nrows();
    let (mut normal, mut right) = (Mat::zeros(size, size), Mat::zeros(size, pixels));
    for batch in known {
        let inputs = inputs(batch);
        normal += &inputs * inputs.transpose();
        right += inputs * targets(batch).transpose();
    }
    let factors = normal.llt(Side::Lower).ok();
    let factors = factors.context("too few different places for a linear fit")?;
    let weights: Mat<f64> = factors.solve(right);
    let off = weights.transpose() * inputs(pairs) - targets(pairs);
    Ok(off.squared_norm_l2() / (pixels * pairs.places.ncols()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(places: [f32; 4]) -> FlowBatch<f32> {
        let places = Mat::from_fn(1, 4, |_, chain| places[chain]);
        FlowBatch {
            velocities: Mat::from_fn(1, 4, |_, chain| 2.0 * places[(0, chain)] + 1.0),
            places,
            times: vec![0.5; 4],
            examples: vec![0; 4],
        }
    }

    /// u = 2 x + 1: nothing is left for a line. The mean of places -1 and 1 is a velocity of 1, which is off by
    /// 2 and by 6 at places 1 and 3: (4 + 36) / 2.
    #[test]
    fn floors_of_a_line_are_known() {
        let known = [line([-1.0, 1.0, -1.0, 1.0]), line([1.0, 1.0, -1.0, -1.0])];
        let floors = floors(1, &known, &line([1.0, 3.0, 1.0, 3.0])).unwrap();
        assert!((floors.constant - 20.0).abs() < 1e-9, "{}", floors.constant);
        assert!(floors.linear < 1e-9);
    }
}

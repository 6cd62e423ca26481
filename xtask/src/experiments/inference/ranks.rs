//! What couplings of each rank carry, by every method.

use overdamped_coupling::{Fit, FitSettings, LowRankMap, Method, Moments};

use super::fits;
use super::predictors::Bench;
use crate::experiments::Context;
use crate::report::{Axis, Block, LinePlot, Series};
use crate::results::Entry;

const RANKS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// R^2 on held-out pixels for each method and rank: records `inference.rank.<method>.k<k>.r2` and plots it.
///
/// Maps that come without a scale get the one that is best on the training images.
///
/// # Errors
/// Fits that fail.
pub fn sweep(context: &mut Context, bench: &Bench<'_>) -> anyhow::Result<Block> {
    let (train, held) = (bench.moments()?, bench.held_moments()?);
    let mut series = Vec::new();
    for method in Method::ALL {
        let fit = match method {
            Method::WeightGram => fits::of_weights(bench.network())?,
            _ => Fit::new(&train, method, FitSettings::default())?,
        };
        let whole = explained(&fit, fit.full_rank(), &train, &held)?;
        let mut points = Vec::new();
        for rank in RANKS {
            let carried = explained(&fit, rank, &train, &held)?;
            points.push((rank as f64, carried));
            let name = method.name();
            let entry = Entry::new(&format!("inference.rank.{name}.k{rank}.r2"), carried)
                .unit("R^2 over held-out pixels, from e1")
                .higher()
                .n(held.samples())
                .baseline("mean of the training images", 0.0)
                .best("the same method at full rank", whole)
                .reference("wires", fit.rank(rank)?.wires() as f64);
            context.recorder.record(entry)?;
        }
        series.push(Series::line(&method.name().replace('_', " "), points).marked());
    }
    Ok(Block::Lines(LinePlot {
        title: "What couplings from e1 to d1 carry".to_owned(),
        x: Axis::log("rank k"),
        y: Axis::linear("R^2 on held-out pixels"),
        series,
    }))
}

fn explained(fit: &Fit, rank: usize, train: &Moments, held: &Moments) -> anyhow::Result<f64> {
    let map: LowRankMap = fit.rank(rank)?;
    let map = if fit.method().predicts() {
        map
    } else {
        map.calibrated(train)?
    };
    Ok(map.coefficient_of_determination(held)?)
}

//! Fits that several contenders share.

use faer::MatRef;
use overdamped_coupling::{Fit, FitSettings, LowRankMap, Method, Moments};
use overdamped_digital::{Block, UNet};

/// Moments of paired activations (units x samples).
///
/// # Errors
/// Activations that are not paired, or not finite.
pub fn moments(x: MatRef<'_, f32>, y: MatRef<'_, f32>) -> anyhow::Result<Moments> {
    let mut moments = Moments::new(x.nrows(), y.nrows())?;
    moments.add(x, y)?;
    Ok(moments)
}

/// Regression of y on x at full rank.
///
/// # Errors
/// As [`moments`], and fits that fail.
pub fn regression(
    x: MatRef<'_, f32>,
    y: MatRef<'_, f32>,
    settings: FitSettings,
) -> anyhow::Result<LowRankMap> {
    let fit = Fit::new(&moments(x, y)?, Method::ReducedRank, settings)?;
    Ok(fit.rank(fit.full_rank())?)
}

/// Couplings between the outer blocks of weights alone, after the paper: Gram matrices, paired.
///
/// # Errors
/// None for the weights of a U-Net.
pub fn of_weights(network: &UNet) -> anyhow::Result<Fit> {
    let [encoder, decoder] = [Block::E1, Block::D1].map(|block| network.first_kernel(block));
    Ok(Fit::of_weights(encoder, decoder, 1.0)?)
}

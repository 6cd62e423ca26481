//! The published pipeline to the letter, on the pooled activations of this project's U-Net, and the audit beside it.
//!
//! x and d are spatial means of the outer blocks, e1 and d1 (D = 64). Two modules with couplings made of weights
//! ([`system`]) rest at z = M^-1 b; an interface of 2,560 weights makes the drives b of x. The published figure, a cosine
//! of .9906 between that rest and d, is set beside the same pipeline without its skip or with a random one, beside linear
//! rivals, and beside the mean of the training images, and everything is judged by four measures ([`judged`]).
//!
//! | file | what |
//! |---|---|
//! | `system` | couplings of weights, and the solve |
//! | `coded` | the interface with the biases and the training of the published code |
//! | `rivals` | linear maps |
//! | `ways` | everything that predicts d, fitted and judged |
//! | `judged` | three cosines and R^2 |
//! | `shift` | what a skip moves, and where to |
//! | `records` | ids |
//! | `figures` | tables, plot and words |

mod coded;
mod figures;
mod judged;
mod records;
mod rivals;
mod shift;
mod system;
mod ways;

use overdamped_digital::UNet;
use overdamped_substrate::stream;

use super::source::View;
use crate::experiments::Context;
use crate::report::Block;
use records::Inputs;
use system::Modules;
use ways::{Pooled, examine};

/// The experiment that the audit is part of.
const NAME: &str = "inference";
/// Images to learn from, as published.
const TRAIN: usize = 256;
/// Images that the published figure is the mean of.
const TEST: usize = 64;
/// The published cosine of the full pipeline.
const PUBLISHED: f64 = 0.9906;

/// Stream of the seed for images of noise.
const NOISE: u64 = 0x6e6f_6973;

/// Fits on the first 256 images of `train`, judges on all of `held`, and does the same on images of nothing but noise, as
/// the published code does; records the figures and returns what the report shows.
///
/// # Errors
/// An interrupt, activations that cannot be fitted, or figures that are not finite.
pub fn audit(
    context: &mut Context,
    train: &View,
    held: &View,
    network: &UNet,
) -> anyhow::Result<Vec<Block>> {
    let modules = Modules::of(network)?;
    let sigma = held.sigma;
    let (train, held) = (Pooled::of(train, TRAIN), Pooled::of(held, usize::MAX));
    let seed = stream::derive(context.seed, NOISE);
    let [noise, noise_held] = Pooled::of_noise(network, TRAIN + TEST, seed)?.split(TRAIN);
    let examined = |train: &Pooled, held: &Pooled| {
        examine(
            &modules,
            train,
            held,
            TEST,
            context.seed,
            &context.interrupt,
        )
    };
    let found = examined(&train, &held)?;
    let on_noise = examined(&noise, &noise_held)?;
    for (inputs, found, held) in [
        (Inputs::Digits, &found, &held),
        (Inputs::Noise, &on_noise, &noise_held),
    ] {
        records::ways(context, inputs, found, held.len())?;
        records::barriers(context, inputs, &modules, held)?;
    }
    records::shifts(context, &found, held.len())?;
    records::interface(context, &found, network)?;
    let text = figures::text(&found, &on_noise, train.len(), sigma);
    let mut blocks = vec![
        Block::Text(text),
        Block::Comparison(figures::comparison(Inputs::Digits, &found, held.len())),
        Block::Lines(figures::plot(&found)),
        Block::Comparison(figures::comparison(
            Inputs::Noise,
            &on_noise,
            noise_held.len(),
        )),
    ];
    blocks.extend(figures::tables());
    Ok(blocks)
}

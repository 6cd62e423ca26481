//! Inference by Langevin, for real: the encoder is held, and the decoder is sampled by the engine, not solved.
//!
//! | file | what |
//! |---|---|
//! | `bench` | the decoder's closed forms, and the substrates that sample it |
//! | `equilibrium` | the law of the samples, not only their mean |
//! | `averaging`, `samples` | the mean of n samples and what it should be; how many, how cold |
//! | `relaxation` | the way from zero to rest against the spectral gap |
//! | `correlation` | how soon a chain gives a new sample |
//! | `acts` | what one image asks of the substrate |
//! | `figures` | what all that shows |

pub mod acts;
mod averaging;
mod bench;
mod correlation;
mod equilibrium;
mod figures;
mod relaxation;
mod samples;
#[cfg(test)]
mod tests;

use faer::MatRef;
use overdamped_coupling::Assembled;
use overdamped_substrate::stream;

use self::bench::{Bench, Device};
use super::decoder::{Decoder, Recipe};
use super::patches::OUTER;
use super::scores::means;
use super::source::{Part, Source};
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Block, Section};

/// What all ids start with.
const NAME: &str = "inference.langevin";
/// Noise of the image, and the training images that the decoder is fitted to.
const SIGMA: f32 = 0.5;
const FITTED: usize = 500;
/// Most patches of a study: those of one image.
const PATCHES: usize = 64;
/// Relaxation times of the slowest mode until what is left of the start is 1e-4 of it.
const EQUILIBRATED: f64 = 9.2;
/// The same for 1e-2, which is what an inference waits for.
const SETTLING: f64 = 4.6;

/// Pieces in which a long evolution is made, so that it can be interrupted and shows that it goes on.
const PIECES: u64 = 8;

/// A decoder to be sampled.
pub struct Case<'a> {
    /// Its network; the modules of the encoder are clamped.
    pub network: &'a Assembled,
    /// Units of all modules x patches, with the clamped rows filled; what rows that move hold does not matter.
    /// Studies take as many of the first patches as they need, and 64 at most.
    pub states: MatRef<'a, f64>,
    /// The units that are read out, as rows of the states; all of them move.
    pub read: &'a [usize],
    /// The training mean of each of these, which R^2 is about.
    pub mean: &'a [f64],
}

/// Fits the decoder, and samples it for one held-out image.
///
/// # Errors
/// As [`measure`].
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let blocks = with_case(FITTED, context.seed, |_, case| measure(context, case))?;
    Ok(Section {
        title: "The decoder as a substrate in a bath: sampled, not solved".to_owned(),
        intro: figures::INTRO.to_owned(),
        blocks,
    })
}

/// Shows `to` a decoder that is fitted to so many training images, with the states of one held-out image.
fn with_case<T>(
    fitted: usize,
    seed: u64,
    to: impl FnOnce(&Decoder, &Case<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let source = Source::open()?;
    let train = source.view(Part::Train, fitted, SIGMA, seed)?;
    let held = source.view(Part::HeldOut, 1, SIGMA, seed)?;
    let recipe = Recipe {
        seed,
        ..Recipe::default()
    };
    let decoder = Decoder::fit(&train, &recipe)?;
    let states = decoder.states(&held.activations)?;
    let read = decoder.outer_rows();
    let mean = means(train.decoder());
    let case = Case {
        network: &decoder.network,
        states: states.as_ref(),
        read: &read,
        mean: &mean.repeat(OUTER),
    };
    to(&decoder, &case)
}

/// Measures equilibrium, averages, times and acts, and records them under `inference.langevin`.
///
/// # Errors
/// A case that does not fit together, an interrupt, or whatever the substrate reports.
pub fn measure(context: &mut Context, case: &Case<'_>) -> anyhow::Result<Vec<Block>> {
    let bench = Bench::new(case)?;
    let seed = |study| stream::derive(context.seed, study);
    let seeds = [seed(1), seed(2), seed(3), seed(4), seed(5)];
    let text = |text: &str| Block::Text(text.to_owned());
    let mut blocks = vec![text(figures::EQUILIBRIUM)];
    blocks.extend(equilibrium::study(context, &bench, seeds[0])?);
    blocks.push(text(figures::SAMPLES));
    blocks.extend(samples::study(context, &bench, seeds[1])?);
    blocks.push(text(figures::TIME));
    blocks.extend(relaxation::study(context, &bench, seeds[2])?);
    blocks.extend(correlation::study(context, &bench, seeds[3])?);
    blocks.extend(acts::study(context, &bench, seeds[4])?);
    Ok(blocks)
}

/// Lets a device evolve for at least so many steps, in [`PIECES`] that are steps of `progress`.
fn settle(
    context: &Context,
    device: &mut Device,
    steps: u64,
    progress: &Progress,
) -> anyhow::Result<()> {
    for _ in 0..PIECES {
        context.interrupt.check()?;
        device.evolve(steps.div_ceil(PIECES))?;
        progress.step();
    }
    Ok(())
}

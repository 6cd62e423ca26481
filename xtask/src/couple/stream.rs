//! One pass over the files: the moments of the fitted and of the held-out samples.

use overdamped_coupling::Moments;

use super::split::Split;
use crate::activations::Activations;
use crate::progress::Progress;

/// Files of more bytes than this show how far they have been read.
const LARGE: u64 = 64 << 20;

/// The moments of both parts.
#[derive(Debug)]
pub struct Parts {
    /// Of the images that the coupling is fitted to.
    pub fitted: Moments,
    /// Of the others, if there are any.
    pub held_out: Option<Moments>,
}

/// Reads all samples.
///
/// # Errors
/// Files that end too early, or values that are not finite.
pub fn read(open: &mut Activations, split: &Split) -> anyhow::Result<Parts> {
    let large = open.stored_bytes() > LARGE;
    let progress = large.then(|| Progress::new("activations", open.samples() as u64));
    let parts = read_in_chunks(open, split, open.chunk_samples(), |samples| {
        if let Some(progress) = &progress {
            progress.advance(samples as u64);
        }
    })?;
    if let Some(progress) = progress {
        progress.finish();
    }
    Ok(parts)
}

/// The same in chunks of at most `most` samples, each of which is reported.
pub fn read_in_chunks(
    open: &mut Activations,
    split: &Split,
    most: usize,
    report: impl Fn(usize),
) -> anyhow::Result<Parts> {
    let (encoder, decoder) = open.units();
    let mut fitted = Moments::new(encoder, decoder)?;
    let mut held_out = match split.holds_any() {
        true => Some(Moments::new(encoder, decoder)?),
        false => None,
    };
    while let Some(chunk) = open.next_chunk(most)? {
        for (images, is_held_out) in split.runs(chunk.images.clone()) {
            let first = (images.start - chunk.images.start) * chunk.pixels;
            let samples = images.len() * chunk.pixels;
            let part = match &mut held_out {
                Some(held_out) if is_held_out => held_out,
                _ => &mut fitted,
            };
            part.add(
                chunk.encoder.subcols(first, samples),
                chunk.decoder.subcols(first, samples),
            )?;
        }
        report(chunk.encoder.ncols());
    }
    Ok(Parts { fitted, held_out })
}

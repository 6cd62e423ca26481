//! What one image's decoder asks of the substrate: physical acts, for later accounting.

use super::bench::{Bath, Bench, Encoder, Ensemble};
use super::{NAME, PATCHES, SETTLING};
use crate::experiments::Context;
use crate::experiments::trained::counts;
use crate::report::{Block, Comparison};
use crate::results::Entry;

/// Counts the acts of one reading of every patch of an image, for each way to impose the encoder.
///
/// # Errors
/// An interrupt, or whatever the substrate reports.
pub fn study(context: &mut Context, bench: &Bench<'_>, seed: u64) -> anyhow::Result<Vec<Block>> {
    let ensemble = Ensemble {
        patches: PATCHES.min(bench.patches()),
        copies: 1,
    };
    let bath = Bath {
        temperature: 1.0,
        step: bench.step(0.8),
    };
    let steps = bench.steps(SETTLING, bath.step);
    let id = |way: &str, what: &str| format!("{NAME}.acts.{way}.{what}");
    let mut titles = Vec::new();
    for (way, encoder) in [("clamped", Encoder::Clamped), ("driven", Encoder::Drive)] {
        context.interrupt.check()?;
        let mut device = bench.device(encoder, bath, ensemble, seed)?;
        device.evolve(steps)?;
        device.read()?;
        for (what, count, unit) in counts(device.acts()) {
            let entry = Entry::new(&id(way, what), count)
                .unit(unit)
                .n(ensemble.patches);
            context.recorder.record(entry)?;
            if way == "clamped" {
                titles.push(what);
            }
        }
    }
    let caption = format!(
        "Acts for one reading of all {} patches of an image, {SETTLING} relaxation times of the slowest mode after the start. Each further reading \
         costs its own, and the time until it is a new sample; parameters are written once for all images.",
        ensemble.patches
    );
    let mut table = Comparison::new(
        &caption,
        &["encoder as clamped units", "encoder as a drive"],
    );
    for what in titles {
        let label = what.replace('_', " ");
        table = table.row(&label, &[id("clamped", what), id("driven", what)]);
    }
    Ok(vec![Block::Comparison(table)])
}

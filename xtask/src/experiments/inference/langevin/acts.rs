//! What one image's decoder asks of the substrate: physical acts, and that of an image whose pixels alone are read, for accounting.

use overdamped_digital::UNet;
use overdamped_substrate::Substrate;

use super::averaging::Target;
use super::bench::{Bath, Bench, Encoder, Ensemble};
use super::{NAME, PATCHES, SETTLING, with_case};
use crate::experiments::Context;
use crate::experiments::metering::{self, Observed, Run, finish};
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

/// Training images of the decoder that is counted. Its couplings are cruder than those that figures are made with, but
/// as many, and only the time of relaxation depends on them, by a few per cent.
const FITTED: usize = 100;

/// Mean cosine that one reading must have with the state at rest, which decides how cold the bath is.
const COSINE: f64 = 0.99;

/// What one image takes, on the substrate and beside it.
pub struct Image {
    /// One reading of the outer decoder's units, the encoder held. Heat and work are in kT of its bath.
    pub run: Run,
    /// Multiply-accumulates of the force on the units of a patch that move.
    pub force: u64,
    /// Wires of a patch, each a multiply-accumulate of the same function computed from one side to the other.
    pub wires: u64,
    /// Patches of the image.
    pub patches: u64,
    /// Weights of the interface at a pixel.
    pub interface: u64,
    /// Pixels of the image.
    pub pixels: u64,
}

/// Lets the decoder of one held-out image settle in a bath that is cold enough for one reading, and reads it once.
///
/// # Errors
/// Fits that fail, or whatever the substrate reports.
pub fn image(seed: u64) -> anyhow::Result<Image> {
    with_case(FITTED, seed, |decoder, case| {
        let bench = Bench::new(case)?;
        let ensemble = Ensemble {
            patches: bench.patches(),
            copies: 1,
        };
        // The squared error of a reading is kT tr K^-1 over the units that are read.
        let covariance = bench.covariance(|_| 1.0);
        let trace: f64 = covariance.diagonal().column_vector().iter().sum();
        let temperature = Target::new(&bench, bench.patches()).error_for(COSINE) / trace;
        let bath = Bath {
            temperature,
            step: bench.step(0.8),
        };
        let setup = bench.setup(Encoder::Clamped, bath, ensemble)?;
        let mut substrate = Observed::metered(setup.energy.clone(), &setup.settings)?;
        setup.load(&mut substrate, seed)?;
        substrate.evolve(bench.steps(SETTLING, bath.step) as f64 * bath.step)?;
        let read: Vec<usize> = bench.read.iter().map(|&unit| setup.free[unit]).collect();
        substrate.read_units(&read)?;
        let patches = ensemble.chains() as u64;
        let interface = decoder.interface.as_ref();
        let mut run = finish(substrate, 1, bench.units() as u64);
        run.seen.heat /= temperature;
        run.seen.work /= temperature;
        Ok(Image {
            run,
            force: metering::force(&bench.moving_part()?.0),
            wires: decoder.wires as u64,
            patches,
            interface: interface.map_or(0, |interface| interface.parameters() as u64),
            pixels: UNet::PIXELS as u64,
        })
    })
}

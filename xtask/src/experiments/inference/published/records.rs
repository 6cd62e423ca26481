//! What the audit records, and under which ids.

use overdamped_conditioning::{Barrier, Definition, holding_drive, thermal_noise};
use overdamped_digital::{Block as Part, UNet};

use super::shift::Shift;
use super::system::Modules;
use super::ways::{Findings, Pooled};
use super::{NAME, PUBLISHED, TEST};
use crate::experiments::Context;
use crate::results::Entry;

/// What the published factor of the barrier is said to be.
const BARRIER: f64 = 2600.0;
/// Noise of one sample is that of kT = 1.
const TEMPERATURE: f64 = 1.0;

/// What the U-Net was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inputs {
    /// Noised digits.
    Digits,
    /// Normal noise and nothing else, as in the published code.
    Noise,
}

impl Inputs {
    /// The id of a way's figure.
    pub fn id(self, way: &str, what: &str) -> String {
        match self {
            Self::Digits => format!("{NAME}.{way}.{what}"),
            Self::Noise => {
                let way = match way {
                    "published" => "full",
                    other => other.strip_prefix("published.").unwrap_or(other),
                };
                format!("{NAME}.published.on_noise.{way}.{what}")
            }
        }
    }

    /// The id of a barrier.
    pub fn barrier(self, what: &str) -> String {
        match self {
            Self::Digits => format!("{NAME}.barrier.{what}"),
            Self::Noise => format!("{NAME}.barrier.on_noise.{what}"),
        }
    }
}

/// All ways by all four measures.
///
/// # Errors
/// A figure that is not finite.
pub fn ways(
    context: &mut Context,
    inputs: Inputs,
    found: &Findings,
    images: usize,
) -> anyhow::Result<()> {
    let mean = found.way("mean").copied().unwrap_or_default();
    let oracle = found.way("oracle.exact").copied().unwrap_or_default();
    for way in &found.ways {
        for (index, (what, value)) in way.judged.figures().into_iter().enumerate() {
            let unit = if what == "r2" { "share" } else { "cosine" };
            let mut entry = Entry::new(&inputs.id(way.id, what), value)
                .unit(unit)
                .higher()
                .n(images);
            let cosine = matches!(what, "raw_cosine" | "normalised_cosine");
            match way.id {
                "mean" if cosine => {
                    entry = entry.reference("published for the full pipeline", PUBLISHED);
                }
                "published" | "published.as_coded" if cosine => {
                    entry = entry.published(PUBLISHED);
                }
                "oracle" if cosine => entry = entry.published(1.0),
                _ => {}
            }
            if way.id == "published" {
                let name = format!("the first {TEST} images, as many as published");
                entry = entry.reference(&name, found.few.figures()[index].1);
            }
            if way.id != "mean" {
                entry = entry.baseline("mean of the training images", mean.figures()[index].1);
            }
            if !way.id.starts_with("oracle") {
                entry = entry.best("oracle drive", oracle.figures()[index].1);
            }
            context.recorder.record(entry)?;
        }
    }
    Ok(())
}

/// What the skip moves, beside random ones.
///
/// # Errors
/// A figure that is not finite.
pub fn shifts(context: &mut Context, found: &Findings, images: usize) -> anyhow::Result<()> {
    let (mean, spread) = over_controls(&found.random);
    let own = found.shift.figures().into_iter();
    for (((what, value, unit), random), deviation) in own.zip(mean).zip(spread) {
        let entry = Entry::new(&format!("{NAME}.published.{what}"), value)
            .unit(unit)
            .n(images);
        let entry = entry.baseline("random skips of the same singular values", random);
        context.recorder.record(entry)?;
        let entry = Entry::new(&format!("{NAME}.random_coupling.{what}"), random)
            .unit(unit)
            .n(images)
            .reference("the published skip", value)
            .reference("standard deviation over random skips", deviation);
        context.recorder.record(entry)?;
    }
    let [least, most] = found.extremes;
    let entry = Entry::new(&format!("{NAME}.published.smallest_eigenvalue"), least)
        .unit("kT / unit^2")
        .reference("largest", most);
    context.recorder.record(entry)?;
    Ok(())
}

/// What the interface takes.
///
/// # Errors
/// A figure that is not finite.
pub fn interface(context: &mut Context, found: &Findings, network: &UNet) -> anyhow::Result<()> {
    let interface = &found.interface;
    let units = interface.outputs() as f64;
    let entry = Entry::new(
        &format!("{NAME}.interface.parameters"),
        interface.parameters() as f64,
    );
    let entry = entry
        .unit("weights")
        .published(2560.0)
        .reference(
            "with the biases of the published code",
            found.with_biases as f64,
        )
        .reference(
            "the same function with adjacent linear maps made one",
            interface.merged_parameters() as f64,
        )
        .reference("numbers of each mean kept on top, if any", units);
    context.recorder.record(entry)?;
    let block = |part: Part| {
        let kernels = [network.first_kernel(part), network.second_kernel(part)];
        let weights = kernels.map(|kernel| kernel.nrows() * kernel.ncols());
        (part.pixels() * weights.iter().sum::<usize>()) as f64
    };
    let entry = Entry::new(&format!("{NAME}.interface.macs"), interface.macs() as f64)
        .unit("multiply-accumulates for one pooled image")
        .lower()
        .reference(
            "3 x 3 convolutions of block e1, from which x comes",
            block(Part::E1),
        )
        .reference(
            "3 x 3 convolutions of block d1, for all pixels",
            block(Part::D1),
        );
    context.recorder.record(entry)?;
    Ok(())
}

/// The barrier by every definition: of the skip, and of the couplings inside the encoder module.
///
/// # Errors
/// A coupling that tells some unit nothing.
pub fn barriers(
    context: &mut Context,
    inputs: Inputs,
    modules: &Modules,
    held: &Pooled,
) -> anyhow::Result<()> {
    let [a, b] = modules.stiffness.each_ref().map(faer::Mat::as_ref);
    let (x, skip) = (held.encoder.as_ref(), modules.skip.matrix());
    let needed = holding_drive(b, held.decoder.as_ref())?;
    let across = Barrier::new(x, skip.as_ref(), needed.as_ref())?;
    let needed = holding_drive(a, x)?;
    let within = Barrier::new(x, modules.within[0].as_ref(), needed.as_ref())?;
    for definition in Definition::ALL {
        let name = definition.name();
        for (module, barrier) in [("", &across), ("within.", &within)] {
            let id = inputs.barrier(&format!("{module}{name}"));
            let mut entry = Entry::new(&id, barrier.ratio(definition)?)
                .unit(definition.formula())
                .n(held.len())
                .published(BARRIER);
            if definition == Definition::Signal {
                entry = entry.reference("a prototype of the published code, D = 64", 2457.0);
            }
            if definition == Definition::Bias {
                entry = entry
                    .reference("prototypes of the published code, least", 13.0)
                    .reference("prototypes of the published code, most", 31.0);
            }
            context.recorder.record(entry)?;
        }
    }
    let noise = thermal_noise(x, skip.as_ref(), b, TEMPERATURE)?;
    let entry = Entry::new(&inputs.barrier("thermal"), noise)
        .unit("noise of one sample / std_n of what the skip moves")
        .n(held.len())
        .reference("samples for the skip to show", noise * noise);
    context.recorder.record(entry)?;
    Ok(())
}

/// Mean and standard deviation of each figure over random skips.
pub fn over_controls(all: &[Shift]) -> ([f64; 3], [f64; 3]) {
    let share = 1.0 / all.len() as f64;
    let (mut mean, mut spread) = ([0.0; 3], [0.0; 3]);
    for (sum, at) in mean.iter_mut().zip(0..) {
        *sum = all.iter().map(|one| one.figures()[at].1 * share).sum();
    }
    for ((sum, &mean), at) in spread.iter_mut().zip(&mean).zip(0..) {
        let squares = all.iter().map(|one| (one.figures()[at].1 - mean).powi(2));
        *sum = (squares.sum::<f64>() * share).sqrt();
    }
    (mean, spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_both_inputs() {
        let [digits, noise] = [Inputs::Digits, Inputs::Noise];
        assert_eq!(digits.id("published", "r2"), "inference.published.r2");
        assert_eq!(
            noise.id("published", "r2"),
            "inference.published.on_noise.full.r2"
        );
        assert_eq!(
            noise.id("published.no_skip", "r2"),
            "inference.published.on_noise.no_skip.r2"
        );
        assert_eq!(
            noise.id("mean", "r2"),
            "inference.published.on_noise.mean.r2"
        );
        assert_eq!(noise.barrier("drive"), "inference.barrier.on_noise.drive");
    }

    #[test]
    fn controls_are_averaged() {
        let shift = |relative| Shift {
            relative,
            gain: -relative,
            alignment: 0.5,
        };
        let (mean, spread) = over_controls(&[shift(0.1), shift(0.3)]);
        for (found, expected) in mean.iter().zip([0.2, -0.2, 0.5]) {
            assert!((found - expected).abs() < 1e-12);
        }
        for (found, expected) in spread.iter().zip([0.1, 0.1, 0.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}

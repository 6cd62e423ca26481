//! `train-unet`: trains the denoising U-Net whose activations the couplings are fitted to.
//!
//! It learns from the embedded digits, enlarged to 16 x 16, and is judged on the others beside the
//! Wiener filter, the best linear denoiser. What was trained is kept under `target/unet`, named by a
//! digest of the settings and of [`CODE`], so that the same command again takes no time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use faer::{Mat, MatRef};
use overdamped_digital::{UNet, UNetSettings};
use overdamped_substrate::stream;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::data::{Sha256Sum, embedded};
use crate::experiments::Interrupt;
use crate::experiments::wiener::{Wiener, mean_squared_error};
use crate::export::atomic;
use crate::progress::Progress;

/// Version of what else decides the weights: data, architecture, initial weights, draws, arithmetic.
const CODE: &str = "2";
/// Where trained networks are kept.
const CACHE: &str = "target/unet";
/// Noise at which a network is judged.
const NOISES: [f32; 4] = [0.1, 0.3, 0.5, 1.0];
/// Times that every held-out image is seen with fresh noise.
const REPEATS: usize = 2;
/// Share of the shown loss that an update keeps.
const SMOOTHING: f64 = 0.95;

/// Train the denoising U-Net of 16 x 16 digits (about ten minutes on two cores)
///
/// Writes the weights with a description: settings, seed, and the error on held-out images beside
/// that of the best linear filter. The same settings again are taken from target/unet.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Training needs a library that the default build leaves out:
  cargo run --release -p xtask --features digital -- train-unet"
)]
pub struct TrainUnetArgs {
    /// Seed of the split, the initial weights, the batches and the noise.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Updates of the weights [default: 1250].
    #[arg(long, value_name = "N")]
    updates: Option<u64>,
    /// File to write.
    #[arg(long, value_name = "FILE", default_value = "data/unet16.safetensors")]
    out: PathBuf,
}

/// Trains, or finds what was trained, and writes it.
///
/// # Errors
/// A build without the library, settings out of range, or a folder that cannot be written.
pub fn run(args: &TrainUnetArgs) -> anyhow::Result<()> {
    Interrupt::at_once("nothing was written; the same command trains from the start")?;
    let mut settings = UNetSettings {
        seed: args.seed,
        ..UNetSettings::default()
    };
    if let Some(updates) = args.updates {
        settings.updates = updates;
    }
    let bytes = trained(&settings, Path::new(CACHE))?;
    atomic::write(&args.out, |out| out.write_all(&bytes))?;
    let (network, description) = UNet::from_safetensors(&bytes)?;
    let scores = description.get("held_out").context("no scores are kept")?;
    let scores: Vec<Score> = serde_json::from_str(scores)?;
    println!("{}", table(&scores));
    println!(
        "{} weights and biases in half precision: {}",
        network.parameters(),
        args.out.display()
    );
    Ok(())
}

/// Errors per pixel on held-out images at one noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Noise.
    pub sigma: f32,
    /// Mean squared error of the network.
    pub unet: f64,
    /// That of the Wiener filter.
    pub wiener: f64,
    /// The first over the second.
    pub ratio: f64,
}

/// The bytes of a file of the network of these settings, from `cache` if it is there.
fn trained(settings: &UNetSettings, cache: &Path) -> anyhow::Result<Vec<u8>> {
    let kept = cache.join(format!("{}.safetensors", digest(settings)?));
    if let Ok(bytes) = std::fs::read(&kept) {
        match UNet::from_safetensors(&bytes) {
            Ok(_) => {
                eprintln!("trained before with these settings: {}", kept.display());
                return Ok(bytes);
            }
            Err(error) => eprintln!("training anew, as {} is damaged: {error}", kept.display()),
        }
    }
    let bytes = train(settings)?;
    atomic::write(&kept, |out| out.write_all(&bytes))?;
    Ok(bytes)
}

/// What names a trained network.
fn digest(settings: &UNetSettings) -> anyhow::Result<String> {
    let settings = serde_json::to_string(settings)?;
    Ok(Sha256Sum::of(format!("{CODE} {settings}").as_bytes()).to_string())
}

/// Trains and judges a network.
fn train(settings: &UNetSettings) -> anyhow::Result<Vec<u8>> {
    let split = embedded::enlarged_split(settings.seed)?;
    let (learnt, held) = (split.train.pixels.as_ref(), split.test.pixels.as_ref());
    let progress = Progress::new("U-Net", settings.updates);
    let mut shown = None;
    let network = UNet::train(learnt, settings, |_, loss| {
        let smooth = shown.map_or(loss, |old: f64| SMOOTHING * old + (1.0 - SMOOTHING) * loss);
        shown = Some(smooth);
        progress.set_metric("loss", smooth);
        progress.step();
    })?;
    progress.finish();
    let scores = NOISES
        .iter()
        .map(|&sigma| score(&network, &Wiener::fit(learnt)?, held, sigma, settings.seed))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let images = format!(
        "UCI optical digits, bilinearly to 16x16: {} to learn from, {} held out",
        learnt.ncols(),
        held.ncols()
    );
    let description = [
        ("code_version", CODE.to_owned()),
        ("command", command(settings)),
        ("held_out", serde_json::to_string(&scores)?),
        ("images", images),
        (
            "loss",
            shown.map_or_else(String::new, |loss| format!("{loss:.4}")),
        ),
        ("seed", settings.seed.to_string()),
        ("settings", serde_json::to_string(settings)?),
    ];
    let description: BTreeMap<String, String> = description
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    Ok(network.to_safetensors(&description)?)
}

/// What a person types to train it again.
fn command(settings: &UNetSettings) -> String {
    format!(
        "cargo run --release -p xtask --features digital -- train-unet --seed {} --updates {}",
        settings.seed, settings.updates
    )
}

/// Both denoisers on the same noised images.
fn score(
    network: &UNet,
    wiener: &Wiener,
    held: MatRef<'_, f32>,
    sigma: f32,
    seed: u64,
) -> anyhow::Result<Score> {
    let mut draws = stream::of(seed, u64::from(sigma.to_bits()));
    let images = REPEATS * held.ncols();
    let clean = Mat::from_fn(held.nrows(), images, |pixel, image| {
        held[(pixel, image % held.ncols())]
    });
    let noisy = Mat::from_fn(held.nrows(), images, |pixel, image| {
        let normal: f32 = StandardNormal.sample(&mut draws);
        clean[(pixel, image)] + sigma * normal
    });
    let by_network = network.denoise(noisy.as_ref(), &[sigma])?;
    let by_wiener = wiener.denoise(noisy.as_ref(), f64::from(sigma));
    let unet = mean_squared_error(by_network.as_ref(), clean.as_ref());
    let wiener = mean_squared_error(by_wiener.as_ref(), clean.as_ref());
    Ok(Score {
        sigma,
        unet,
        wiener,
        ratio: unet / wiener,
    })
}

/// The scores for a reader.
fn table(scores: &[Score]) -> String {
    let mut lines = vec!["held-out error per pixel     U-Net    Wiener     ratio".to_owned()];
    lines.extend(scores.iter().map(|score| {
        let Score {
            sigma,
            unet,
            wiener,
            ratio,
        } = score;
        format!("  sigma {sigma:<18} {unet:>9.5} {wiener:>9.5} {ratio:>9.3}")
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(seed: u64) -> UNetSettings {
        UNetSettings {
            seed,
            ..UNetSettings::default()
        }
    }

    #[test]
    fn every_setting_names_another_network() {
        let digests = [
            digest(&settings(1)).unwrap(),
            digest(&settings(2)).unwrap(),
            digest(&UNetSettings {
                averaging: 0.5,
                ..settings(1)
            })
            .unwrap(),
        ];
        assert_eq!(digests[0], digest(&settings(1)).unwrap());
        assert!(digests[0] != digests[1] && digests[0] != digests[2]);
        assert_eq!(digests[0].len(), 64);
    }

    /// Without the library, nothing but the file in the cache can be the answer; with it, one update.
    #[test]
    fn what_was_trained_is_not_trained_again() {
        let folder = tempfile::tempdir().unwrap();
        let settings = UNetSettings {
            updates: 1,
            batch: 1,
            ..settings(3)
        };
        let name = format!("{}.safetensors", digest(&settings).unwrap());
        let once = trained(&settings, folder.path());
        if cfg!(feature = "digital") {
            let once = once.unwrap();
            let begun = std::time::Instant::now();
            assert_eq!(trained(&settings, folder.path()).unwrap(), once);
            assert!(begun.elapsed().as_secs_f64() < 1.0);
            let kept = folder.path().join(name);
            std::fs::write(&kept, &once[..1000]).unwrap();
            assert_eq!(trained(&settings, folder.path()).unwrap(), once);
            assert_eq!(std::fs::read(&kept).unwrap(), once);
        } else {
            let message = once.unwrap_err().to_string();
            assert!(message.contains("`digital` of xtask"), "{message}");
            assert!(!folder.path().join(name).exists());
        }
    }

    #[test]
    fn scores_are_a_table() {
        let score = Score {
            sigma: 0.5,
            unet: 0.0151,
            wiener: 0.0222,
            ratio: 0.680,
        };
        insta::assert_snapshot!(table(&[score]), @r"
        held-out error per pixel     U-Net    Wiener     ratio
          sigma 0.5                  0.01510   0.02220     0.680
        ");
    }
}

//! What is put in the place of the U-Net's outer decoder, level by level.
//!
//! All but the outer decoder's activations d1 stays the U-Net's: its encoder and bottleneck look at the noisy image
//! of the moment, and its last layer reads a clean one out of d1, pixel by pixel. Only the latter may differ:
//!
//! D(x, sigma) = read_out(d1(e1(x), e2(x), middle(x))).

use anyhow::Context as _;
use faer::{Mat, MatRef};
use overdamped_coupling::LowRankMap;
use overdamped_digital::UNet;

use super::{SUBSTRATE, UNET};
use crate::experiments::Interrupt;
use crate::experiments::inference::decoder::{Decoder, Recipe};
use crate::experiments::inference::fits;
use crate::experiments::inference::source::{Part, Source, View};
use crate::experiments::inference::study::RANK;
use crate::progress::Progress;

/// Where d1 comes from at one level.
pub enum Decoding {
    /// The U-Net's own decoder.
    Own,
    /// The substrate at rest.
    Substrate(Box<Decoder>),
    /// One coupling from e1.
    Coupling(LowRankMap),
    /// Nowhere: d1 is what it is on average, pixel by pixel, and this the image in it (256 x 1).
    Mean(Mat<f32>),
}

impl Decoding {
    /// The clean images behind `noisy` ones (both 256 x images).
    ///
    /// # Errors
    /// Pixels that are not finite.
    pub fn denoise(
        &self,
        network: &UNet,
        noisy: MatRef<'_, f32>,
        sigma: f64,
    ) -> anyhow::Result<Mat<f32>> {
        let level = [sigma as f32];
        let d1 = match self {
            Self::Own => return Ok(network.denoise(noisy, &level)?),
            Self::Mean(image) => {
                let (pixels, images) = (noisy.nrows(), noisy.ncols());
                return Ok(Mat::from_fn(pixels, images, |pixel, _| image[(pixel, 0)]));
            }
            Self::Substrate(decoder) => decoder.decode(&network.activations(noisy, &level)?)?,
            Self::Coupling(map) => map.predict(network.activations(noisy, &level)?.e1.as_ref())?,
        };
        Ok(network.read_out(d1.as_ref())?)
    }
}

/// One way to denoise at every level.
pub struct Contender {
    /// Segment of its ids; none for the substrate.
    pub id: &'static str,
    /// What people read.
    pub title: String,
    /// One for each level, the noisiest first.
    pub decodings: Vec<Decoding>,
}

/// Fits all contenders to `most` training images at each of `levels`: the substrate, the U-Net itself, and two that
/// say what little a decoder can get away with.
///
/// # Errors
/// An interrupt, or fits that fail.
pub fn contenders(
    source: &Source,
    levels: &[f64],
    most: usize,
    seed: u64,
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Contender>> {
    let [mut substrate, mut own, mut published, mut mean] =
        [(); 4].map(|()| Vec::with_capacity(levels.len()));
    let recipe = Recipe {
        seed,
        ..Recipe::default()
    };
    let progress = Progress::new("programming the ladder", levels.len() as u64);
    for &sigma in levels {
        interrupt.check()?;
        let view = source.view(Part::Train, most, sigma as f32, seed)?;
        let decoder = Decoder::fit(&view, &recipe)
            .with_context(|| format!("the decoder at noise level {sigma:.3}"))?;
        substrate.push(Decoding::Substrate(Box::new(decoder)));
        own.push(Decoding::Own);
        published.push(Decoding::Coupling(of_weights(&source.network, &view)?));
        mean.push(Decoding::Mean(mean_image(&source.network, &view)?));
        progress.step();
    }
    progress.finish();
    let contender = |id, title: &str, decodings| Contender {
        id,
        title: title.to_owned(),
        decodings,
    };
    Ok(vec![
        contender(SUBSTRATE, "the substrate in the decoder's place", substrate),
        contender(UNET, "the U-Net alone", own),
        contender(
            "published_coupling",
            &format!("published couplings of rank {RANK}, at their best scale"),
            published,
        ),
        contender("mean", "the decoder's mean, pixel by pixel", mean),
    ])
}

/// Couplings as published, from Gram matrices of weights, times the factor that fits best.
fn of_weights(network: &UNet, view: &View) -> anyhow::Result<LowRankMap> {
    let moments = fits::moments(view.encoder(), view.decoder())?;
    let map = fits::of_weights(network)?.rank(RANK)?;
    Ok(map.calibrated(&moments)?)
}

/// The image that the U-Net reads out of the mean of d1 over images.
fn mean_image(network: &UNet, view: &View) -> anyhow::Result<Mat<f32>> {
    let d1 = view.decoder();
    let images = view.len();
    let mean = Mat::from_fn(d1.nrows(), UNet::PIXELS, |channel, pixel| {
        let values =
            (0..images).map(|image| f64::from(d1[(channel, image * UNet::PIXELS + pixel)]));
        (values.sum::<f64>() / images as f64) as f32
    });
    Ok(network.read_out(mean.as_ref())?)
}

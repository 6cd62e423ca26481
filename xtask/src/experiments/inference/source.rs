//! Where activations come from: the denoising U-Net kept under `data/`, run on noised digits.

use anyhow::Context as _;
use faer::{Mat, MatRef};
use overdamped_digital::{Activations, Block, UNet, enlarged};
use overdamped_substrate::stream;
use rand_distr::{Distribution as _, StandardNormal};

use crate::data::{Split, embedded};

/// The network of the default run, trained by `train-unet` with seed 1 (data/README.md).
const NETWORK: &[u8] = include_bytes!("../../../../data/unet16.safetensors");

/// The U-Net and the images that it learned from, and did not.
pub struct Source {
    /// The network.
    pub network: UNet,
    /// Images it was trained on, and those held back.
    pub images: Split,
}

/// Which images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Those that the U-Net learned from; everything is fitted on them.
    Train,
    /// Those that nothing has seen; everything is judged on them.
    HeldOut,
}

/// Noised images at one noise level, and what the network makes of them.
pub struct View {
    /// Noise level, in the units of pixels (-1 to 1).
    pub sigma: f32,
    /// Clean images (256 x images).
    pub clean: Mat<f32>,
    /// The same with noise.
    pub noisy: Mat<f32>,
    /// What every block computes of the noisy ones.
    pub activations: Activations,
}

impl Source {
    /// Reads the network.
    ///
    /// # Errors
    /// A file that is damaged, or does not say which images it was trained on.
    pub fn open() -> anyhow::Result<Self> {
        let (network, description) = UNet::from_safetensors(NETWORK)?;
        let seed = description.get("seed").context(
            "data/unet16.safetensors does not name its seed; train it anew with train-unet",
        )?;
        let images = embedded::enlarged_split(seed.parse()?)?;
        Ok(Self { network, images })
    }

    /// The first `most` images of a part, noised; every image has a stream of its own, so that more images
    /// change none.
    ///
    /// # Errors
    /// Those of the network.
    pub fn view(&self, part: Part, most: usize, sigma: f32, seed: u64) -> anyhow::Result<View> {
        let all = match part {
            Part::Train => &self.images.train,
            Part::HeldOut => &self.images.test,
        };
        let count = most.min(all.len());
        let clean = all.pixels.subcols(0, count).to_owned();
        let family = stream::derive(seed, u64::from(sigma.to_bits()));
        let family = stream::derive(family, part as u64);
        let mut noisy = clean.clone();
        for image in 0..count {
            let mut draws = stream::of(family, image as u64);
            for pixel in noisy.col_as_slice_mut(image) {
                let normal: f32 = StandardNormal.sample(&mut draws);
                *pixel += sigma * normal;
            }
        }
        let activations = self.network.activations(noisy.as_ref(), &[sigma])?;
        Ok(View {
            sigma,
            clean,
            noisy,
            activations,
        })
    }
}

impl View {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.clean.ncols()
    }

    /// The outer encoder, e1: 64 x pixels of all images.
    pub fn encoder(&self) -> MatRef<'_, f32> {
        self.activations.e1.as_ref()
    }

    /// The outer decoder, d1: 64 x pixels of all images.
    pub fn decoder(&self) -> MatRef<'_, f32> {
        self.activations.d1.as_ref()
    }

    /// What the outer decoder is computed from, e1 above the enlarged d2: 160 x pixels of all images.
    ///
    /// # Errors
    /// None for the activations of a U-Net.
    pub fn surroundings(&self) -> anyhow::Result<Mat<f32>> {
        let below = enlarged(self.activations.d2.as_ref(), Block::D2.side())?;
        Ok(stacked(self.encoder(), below.as_ref()))
    }
}

/// One matrix above the other.
pub fn stacked(upper: MatRef<'_, f32>, lower: MatRef<'_, f32>) -> Mat<f32> {
    let mut both = Mat::zeros(upper.nrows() + lower.nrows(), upper.ncols());
    both.subrows_mut(0, upper.nrows()).copy_from(upper);
    both.subrows_mut(upper.nrows(), lower.nrows())
        .copy_from(lower);
    both
}

/// Means over each stretch of `pixels` columns: one column for each image.
pub fn pooled(activations: MatRef<'_, f32>, pixels: usize) -> Mat<f32> {
    let images = activations.ncols() / pixels;
    Mat::from_fn(activations.nrows(), images, |channel, image| {
        let of_image = image * pixels..(image + 1) * pixels;
        let sum: f64 = of_image
            .map(|pixel| f64::from(activations[(channel, pixel)]))
            .sum();
        (sum / pixels as f64) as f32
    })
}

/// `sign` times a value for each row, added to all columns.
pub fn shifted(matrix: MatRef<'_, f32>, by: &[f64], sign: f64) -> Mat<f32> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |row, column| {
        (f64::from(matrix[(row, column)]) + sign * by[row]) as f32
    })
}

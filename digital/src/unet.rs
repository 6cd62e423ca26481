//! A denoising U-Net for images of 16 x 16 pixels, at every noise level.
//!
//! x_t = x_0 + sigma eps; f(x_t, sigma) predicts x_0, and its optimum is the posterior mean
//! E[x_0 | x_t, sigma]. There are 965,249 weights and biases. The noise enters as ln sigma
//! through two layers of 64 units, from which each block makes a bias for each of its channels.
//!
//! | part | grid | channels | computed from |
//! |---|---|---|---|
//! | stem | 16 x 16 | 64 | the noised image |
//! | e1 | 16 x 16 | 64 | the stem |
//! | e2 | 8 x 8 | 96 | means of 2 x 2 pixels of e1 |
//! | middle | 4 x 4 | 128 | means of 2 x 2 pixels of e2 |
//! | d2 | 8 x 8 | 96 | middle, each pixel repeated 2 x 2, and e2 |
//! | d1 | 16 x 16 | 64 | d2, each pixel repeated 2 x 2, and e1 |
//! | image | 16 x 16 | 1 | each pixel of d1 by itself (a 1 x 1 convolution) |
//!
//! The stem is SiLU(conv 3x3 + bias). A block is residual,
//! SiLU(conv 1x1(x) + N(conv 3x3(SiLU(N(conv 3x3(x)) + bias of sigma))) + bias), with group normalisation N. It is the
//! topology of the network of arXiv 2604.14332, with fewer channels and with the noise as an input. That the image is read out
//! pixel by pixel makes d1 a full account of it: whatever predicts d1 can stand in for the decoder.
//!
//! The forward pass is this crate's own and in every build; training is burn's, behind its feature.
//! Every image is computed by one thread in one order, so that neither the number of threads nor
//! what else is in a batch moves a bit.

#[cfg(not(feature = "burn"))]
#[path = "unet/absent.rs"]
mod network;
#[cfg(feature = "burn")]
mod network;

mod architecture;
mod draws;
mod error;
mod file;
mod forward;
mod grid;
mod parameters;
mod settings;

use std::collections::BTreeMap;

use faer::{Mat, MatRef};
use overdamped_substrate::stream;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::{DigitalError, NetworkWork, positive};
use architecture::SIDE;
use draws::Batch;
use forward::{Network, Pass};
use grid::Scratch;
use parameters::Parameters;

pub use architecture::Block;
pub use error::UNetFileError;
pub use file::tensors;
pub use settings::UNetSettings;

/// Streams of the seed: one for the initial weights, a family for images and noise.
const WEIGHTS: u64 = 0;
const DRAWS: u64 = 1;
/// Images whose activations are held between the threads that compute them and the result.
const TOGETHER: usize = 64;

/// A denoising U-Net of 16 x 16 images: blocks e1, e2, middle, d2 and d1 on three grids ([`Block`]), its weights in half precision.
#[derive(Debug, Clone)]
pub struct UNet {
    parameters: Parameters,
    network: Network,
}

/// What the blocks of a [`UNet`] compute from n images.
///
/// Rows are channels. Column `image * pixels + pixel` is one pixel of one image, row-major.
/// An image takes 185 KiB.
#[derive(Debug, Clone, PartialEq)]
pub struct Activations {
    /// The predicted clean images, `256 x n`, one column an image.
    pub image: Mat<f32>,
    /// Outer encoder, `64 x 256 n`.
    pub e1: Mat<f32>,
    /// Inner encoder, `96 x 64 n`.
    pub e2: Mat<f32>,
    /// Bottleneck, `128 x 16 n`.
    pub middle: Mat<f32>,
    /// Inner decoder, `96 x 64 n`.
    pub d2: Mat<f32>,
    /// Outer decoder, `64 x 256 n`.
    pub d1: Mat<f32>,
}

impl UNet {
    /// Pixels along one edge of an image.
    pub const SIDE: usize = SIDE;
    /// Pixels of an image.
    pub const PIXELS: usize = SIDE * SIDE;

    /// Trains a network on `examples` (`256 x examples`, one column an image, row-major).
    ///
    /// `progress` is called after each update with the updates made and the loss of the last. The
    /// weights are rounded to half precision at the end, so that a file loses nothing.
    ///
    /// # Errors
    /// [`DigitalError::Setting`], [`DigitalError::NoData`], [`DigitalError::Units`] and
    /// [`DigitalError::NonFinite`] for bad input; [`DigitalError::Diverged`] where the rate is too
    /// high; [`DigitalError::NotBuilt`] without the feature `burn`; [`DigitalError::Library`].
    pub fn train(
        examples: MatRef<'_, f32>,
        settings: &UNetSettings,
        progress: impl FnMut(u64, f64),
    ) -> Result<Self, DigitalError> {
        settings.validated()?;
        let count = examples.ncols();
        if count == 0 {
            return Err(DigitalError::NoData {
                units: examples.nrows(),
                examples: count,
            });
        }
        require_images(examples)?;
        let initial = Parameters::initial(&mut stream::of(settings.seed, WEIGHTS));
        let draws = stream::derive(settings.seed, DRAWS);
        let next = |update| {
            // Each update has its own stream, so that the size of a batch moves no later draw.
            Batch::draw(examples, settings, &mut stream::of(draws, update))
        };
        let trained = network::train(&initial, settings, next, progress)?;
        Ok(Self::new(trained)?)
    }

    /// The clean images (`256 x n`) that the network predicts for `noisy` ones of the same shape,
    /// whose noise is `noise`: one value for all, or one for each, in x.
    ///
    /// # Errors
    /// [`DigitalError::Units`], [`DigitalError::NonFinite`], [`DigitalError::Levels`] and
    /// [`DigitalError::Setting`] for a noise that is not positive and finite.
    pub fn denoise(&self, noisy: MatRef<'_, f32>, noise: &[f32]) -> Result<Mat<f32>, DigitalError> {
        let mut clean = Mat::zeros(noisy.nrows(), noisy.ncols());
        self.each(
            noisy,
            noise,
            |pass| pass.image,
            |image, values: Vec<f32>| {
                clean.col_as_slice_mut(image).copy_from_slice(&values);
            },
        )?;
        Ok(clean)
    }

    /// The clean images that the network predicts for `noisy` ones, as [`denoise`](Self::denoise)
    /// gives them, and what every block computes on the way.
    ///
    /// # Errors
    /// As for [`denoise`](Self::denoise).
    pub fn activations(
        &self,
        noisy: MatRef<'_, f32>,
        noise: &[f32],
    ) -> Result<Activations, DigitalError> {
        let count = noisy.ncols();
        let room = |block: Block| Mat::zeros(block.channels(), block.pixels() * count);
        let mut all = Activations {
            image: Mat::zeros(noisy.nrows(), count),
            e1: room(Block::E1),
            e2: room(Block::E2),
            middle: room(Block::Middle),
            d2: room(Block::D2),
            d1: room(Block::D1),
        };
        self.each(
            noisy,
            noise,
            |pass| pass,
            |image, pass| {
                all.image
                    .col_as_slice_mut(image)
                    .copy_from_slice(&pass.image);
                let put = |into: &mut Mat<f32>, from: &Mat<f32>| {
                    let pixels = from.ncols();
                    let columns = into.as_mut().subcols_mut(image * pixels, pixels);
                    { columns }.copy_from(from);
                };
                put(&mut all.e1, &pass.e1);
                put(&mut all.e2, &pass.e2);
                put(&mut all.middle, &pass.middle);
                put(&mut all.d2, &pass.d2);
                put(&mut all.d1, &pass.d1);
            },
        )?;
        Ok(all)
    }

    /// The images (`256 x n`) that activations of the outer decoder stand for (`64 x 256 n`, as in
    /// [`Activations`]): its last layer, which sees one pixel at a time.
    ///
    /// # Errors
    /// [`DigitalError::Units`] and [`DigitalError::Images`] for another shape. Values that are not
    /// finite give pixels that are not.
    pub fn read_out(&self, d1: MatRef<'_, f32>) -> Result<Mat<f32>, DigitalError> {
        require_rows(d1, Block::D1.channels())?;
        let images = whole_images(d1.ncols(), Self::PIXELS)?;
        Ok(Mat::from_fn(Self::PIXELS, images, |pixel, image| {
            self.network
                .read_out(d1.col(image * Self::PIXELS + pixel).iter())
        }))
    }

    /// Kernel of the first convolution of a block: channels x fan-in, the fan-in nine taps in
    /// row-major order and inside each the inputs (for a decoder those from below, then the skip).
    #[must_use]
    pub fn first_kernel(&self, block: Block) -> MatRef<'_, f32> {
        self.network.kernels(block)[0]
    }

    /// Kernel of the second convolution of a block, as [`first_kernel`](Self::first_kernel).
    #[must_use]
    pub fn second_kernel(&self, block: Block) -> MatRef<'_, f32> {
        self.network.kernels(block)[1]
    }

    /// Number of weights and biases.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.parameters.count()
    }

    /// Multiply-accumulates that one image takes, stage by stage.
    #[must_use]
    pub fn work() -> NetworkWork {
        architecture::work()
    }

    /// The bytes of a safetensors file with the weights, in half precision, and a description. The
    /// keys `format_version`, `units` and `topology` of the description are set here.
    ///
    /// Equal networks with equal descriptions are equal bytes. In Python:
    /// `json.loads(safe_open(path, "np").metadata()["overdamped"])`.
    ///
    /// # Errors
    /// [`DigitalError::UNetFile`] where the library of the format refuses.
    pub fn to_safetensors(
        &self,
        description: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, DigitalError> {
        Ok(file::write(&self.parameters, description)?)
    }

    /// The network and the description in the bytes of a file. Weights in single precision are
    /// rounded to half precision; tensors of other names are left alone.
    ///
    /// # Errors
    /// [`DigitalError::UNetFile`].
    pub fn from_safetensors(
        bytes: &[u8],
    ) -> Result<(Self, BTreeMap<String, String>), DigitalError> {
        let (parameters, description) = file::read(bytes)?;
        Ok((Self::new(parameters)?, description))
    }

    /// The network of these weights, rounded to half precision.
    fn new(mut parameters: Parameters) -> Result<Self, UNetFileError> {
        parameters.round();
        let parameters = parameters.checked()?;
        Ok(Self {
            network: Network::new(&parameters),
            parameters,
        })
    }

    /// Computes images on all threads and hands what `keep` leaves of each to `put`, in order.
    fn each<T: Send>(
        &self,
        noisy: MatRef<'_, f32>,
        noise: &[f32],
        keep: impl Fn(Pass) -> T + Sync,
        mut put: impl FnMut(usize, T),
    ) -> Result<(), DigitalError> {
        require_images(noisy)?;
        let count = noisy.ncols();
        if noise.len() != 1 && noise.len() != count {
            return Err(DigitalError::Levels {
                found: noise.len(),
                samples: count,
            });
        }
        for &level in noise {
            positive("the noise", f64::from(level))?;
        }
        for first in (0..count).step_by(TOGETHER) {
            let images = first..count.min(first + TOGETHER);
            let kept: Vec<T> = images
                .clone()
                .into_par_iter()
                .map_init(Scratch::default, |scratch, image| {
                    let pixels: Vec<f32> = noisy.col(image).iter().copied().collect();
                    let level = noise[image.min(noise.len() - 1)];
                    keep(self.network.pass(&pixels, level, scratch))
                })
                .collect();
            for (image, kept) in images.zip(kept) {
                put(image, kept);
            }
        }
        Ok(())
    }
}

/// Activations of a coarser grid on the grid of twice its side, each pixel repeated 2 x 2: what a
/// decoder receives from below. Columns are as in [`Activations`], `side` is that of the coarser grid.
///
/// # Errors
/// [`DigitalError::Setting`] for a side of zero, [`DigitalError::Images`] where the columns are not
/// those of whole images.
pub fn enlarged(activations: MatRef<'_, f32>, side: usize) -> Result<Mat<f32>, DigitalError> {
    crate::require("the side of a grid", side as f64, side > 0, "at least 1")?;
    let columns = activations.ncols();
    // A grid with more pixels than there are columns holds no whole image.
    let pixels = side.saturating_mul(side);
    let images = whole_images(columns, pixels)?;
    if images == 0 {
        return Ok(Mat::zeros(activations.nrows(), 0));
    }
    let mut fine = Mat::zeros(activations.nrows(), 4 * pixels * images);
    for column in 0..fine.ncols() {
        let (image, pixel) = (column / (4 * pixels), column % (4 * pixels));
        let source = image * pixels + grid::source(pixel, side);
        fine.col_mut(column).copy_from(activations.col(source));
    }
    Ok(fine)
}

/// How many images of `pixels` columns there are.
fn whole_images(columns: usize, pixels: usize) -> Result<usize, DigitalError> {
    if columns.is_multiple_of(pixels) {
        Ok(columns / pixels)
    } else {
        Err(DigitalError::Images { columns, pixels })
    }
}

/// Refuses a matrix of another number of rows.
fn require_rows(samples: MatRef<'_, f32>, expected: usize) -> Result<(), DigitalError> {
    let found = samples.nrows();
    if found == expected {
        Ok(())
    } else {
        Err(DigitalError::Units { expected, found })
    }
}

/// Refuses columns that are no images of this network, or have holes.
fn require_images(samples: MatRef<'_, f32>) -> Result<(), DigitalError> {
    require_rows(samples, UNet::PIXELS)?;
    for (sample, column) in samples.col_iter().enumerate() {
        if let Some(unit) = column.iter().position(|value| !value.is_finite()) {
            return Err(DigitalError::NonFinite {
                unit,
                sample,
                value: column[unit],
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
#[cfg(all(test, feature = "burn"))]
mod training_tests;

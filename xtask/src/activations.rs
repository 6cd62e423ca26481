//! Paired activations of somebody's network, read from a file in stretches.
//!
//! Either one `.safetensors` file with tensors `encoder.NAME` and `decoder.NAME`, or two `.npy`
//! files, each of shape (samples, units) or (samples, channels, height, width). Of feature maps every
//! *pixel* is a sample of the coupling, so that both sides need maps of the same size: sample
//! `image * pixels + row * width + column`. `docs/snippets/export_activations.py` writes such files.
//!
//! | file | what |
//! |---|---|
//! | `safetensors`, `npy` | the headers, checked before anything is allocated |
//! | `tensor` | one side: named dimensions, reading and transposing stretches |
//! | `scalar` | half, bfloat16, single and double precision |
//! | `error` | what can be wrong, with figures and fix |
//!
//! Files may be larger than memory: no more than one [`Chunk`] is held, and even an image larger
//! than a chunk is read in parts.

pub mod error;
mod npy;
mod safetensors;
mod scalar;
mod tensor;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Range;
use std::path::Path;

use faer::Mat;
use overdamped_coupling::{Moments, Side};

pub use self::error::Error;
use self::safetensors::Catalogue;
use self::tensor::{Entry, Tensor, unreadable};

/// Most units of a side that can be coupled.
pub const MAX_UNITS: u64 = Moments::MOST_UNITS as u64;
/// Bytes that a chunk takes at most by default, both sides together.
const CHUNK: usize = 32 << 20;

/// Consecutive samples of both sides: either whole images, or pixels of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The images (leading indices) that the samples belong to.
    pub images: Range<usize>,
    /// Samples of each image in this chunk.
    pub pixels: usize,
    /// Encoder's activations, `units x samples`.
    pub encoder: Mat<f32>,
    /// Decoder's activations, `units x samples`.
    pub decoder: Mat<f32>,
}

/// How a file is opened by its name: its bytes, at the first of them, and how many there are.
pub type Open<'a, R> = dyn Fn(&Path) -> io::Result<(R, u64)> + 'a;

/// Opens a file of the file system.
fn file(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// A pair of activations, open for reading from first to last sample.
#[derive(Debug)]
pub struct Activations<R = File> {
    encoder: Tensor<R>,
    decoder: Tensor<R>,
    pair: Option<String>,
    /// The image that is read next, and the first of its pixels that has not been read.
    next: (usize, usize),
}

impl Activations {
    /// Opens a `.safetensors` file, or two `.npy` files; the content decides, not the name.
    ///
    /// `pair` chooses NAME where a file holds several pairs.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::NotFinite`]: headers are checked in full, values when they are read.
    pub fn open(path: &Path, decoder: Option<&Path>, pair: Option<&str>) -> Result<Self, Error> {
        Self::open_with(&file, path, decoder, pair)
    }
}

impl<R: Read + Seek> Activations<R> {
    /// [`Activations::open`], whatever holds the bytes.
    ///
    /// # Errors
    /// Those of [`Activations::open`].
    pub fn open_with(
        open: &Open<'_, R>,
        path: &Path,
        decoder: Option<&Path>,
        pair: Option<&str>,
    ) -> Result<Self, Error> {
        let kind = |path: &Path, what, fix| Error::Kind {
            path: path.to_path_buf(),
            what,
            fix,
        };
        match (Format::of(open, path)?, decoder) {
            (Format::Zip, _) => Err(kind(
                path,
                "a zip archive, such as .npz and .pt files are",
                "write a .safetensors file, or a plain .npy file for each side",
            )),
            (Format::Npy, None) => Err(kind(
                path,
                "a .npy file, which holds one side",
                "name the decoder's .npy file after it",
            )),
            (Format::Npy, Some(decoder)) => {
                if let Some(pair) = pair {
                    return Err(Error::PairOfArrays {
                        path: path.to_path_buf(),
                        pair: error::Name::new(pair),
                    });
                }
                if Format::of(open, decoder)? != Format::Npy {
                    return Err(kind(
                        decoder,
                        "no .npy file",
                        "give both sides as .npy, or both in one .safetensors file",
                    ));
                }
                Self::new(
                    open,
                    (path, npy::read(open, path)?),
                    (decoder, npy::read(open, decoder)?),
                    None,
                )
            }
            (Format::Other, Some(_)) => Err(kind(
                path,
                "no .npy file",
                "give both sides as .npy, or one .safetensors file alone",
            )),
            (Format::Other, None) => {
                let (encoder, decoder, name) = Catalogue::read(open, path)?.pair(pair)?;
                Self::new(open, (path, encoder), (path, decoder), Some(name))
            }
        }
    }

    fn new(
        open: &Open<'_, R>,
        encoder: (&Path, Entry),
        decoder: (&Path, Entry),
        pair: Option<String>,
    ) -> Result<Self, Error> {
        let (x, y) = (encoder.1.shape, decoder.1.shape);
        if x.images != y.images {
            return Err(Error::Unpaired {
                encoder: x.images as u64,
                decoder: y.images as u64,
            });
        }
        if (x.height, x.width) != (y.height, y.width) {
            return Err(Error::Maps {
                encoder: (x.height as u64, x.width as u64),
                decoder: (y.height as u64, y.width as u64),
            });
        }
        Ok(Self {
            encoder: Tensor::open(open, encoder.0, Side::Encoder, encoder.1)?,
            decoder: Tensor::open(open, decoder.0, Side::Decoder, decoder.1)?,
            pair,
            next: (0, 0),
        })
    }

    /// Units of the encoder's and of the decoder's side.
    pub fn units(&self) -> (usize, usize) {
        (self.encoder.shape().units, self.decoder.shape().units)
    }

    /// Leading dimension: images, or vectors.
    pub fn images(&self) -> usize {
        self.encoder.shape().images
    }

    /// Height and width of the maps; 1 x 1 for plain vectors.
    pub fn map(&self) -> (usize, usize) {
        let shape = self.encoder.shape();
        (shape.height, shape.width)
    }

    /// Samples in all: pixels of all images.
    pub fn samples(&self) -> usize {
        self.images() * self.encoder.shape().pixels()
    }

    /// Name of the pair; none for two arrays.
    pub fn pair(&self) -> Option<&str> {
        self.pair.as_deref()
    }

    /// Names of the two tensors; file names for two arrays.
    pub fn names(&self) -> (&str, &str) {
        (self.encoder.name(), self.decoder.name())
    }

    /// Bytes of both sides in their files.
    pub fn stored_bytes(&self) -> u64 {
        self.encoder.stored_bytes() + self.decoder.stored_bytes()
    }

    /// Samples that keep a chunk below 32 MiB.
    pub fn chunk_samples(&self) -> usize {
        let (encoder, decoder) = self.units();
        (CHUNK / (size_of::<f32>() * (encoder + decoder))).max(1)
    }

    /// The next samples, `most` of them at most (at least one); `None` after the last.
    ///
    /// Images are kept whole as long as one fits into `most` samples.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::NotFinite`].
    pub fn next_chunk(&mut self, most: usize) -> Result<Option<Chunk>, Error> {
        let (most, all) = (most.max(1), self.encoder.shape().pixels());
        let (image, first) = self.next;
        if image == self.images() {
            return Ok(None);
        }
        let (images, pixels) = if all <= most {
            (
                image..self.images().min(image.saturating_add(most / all)),
                0..all,
            )
        } else {
            (image..image + 1, first..all.min(first + most))
        };
        self.next = match pixels.end == all {
            true => (images.end, 0),
            false => (image, pixels.end),
        };
        let fill = |side: &mut Tensor<R>| {
            let mut chunk = Mat::zeros(side.shape().units, images.len() * pixels.len());
            for (position, image) in images.clone().enumerate() {
                side.read(image, pixels.clone(), &mut chunk, position * pixels.len())?;
            }
            Ok::<_, Error>(chunk)
        };
        let (encoder, decoder) = (fill(&mut self.encoder)?, fill(&mut self.decoder)?);
        Ok(Some(Chunk {
            images,
            pixels: pixels.len(),
            encoder,
            decoder,
        }))
    }
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Npy,
    Zip,
    Other,
}

impl Format {
    fn of<R: Read>(open: &Open<'_, R>, path: &Path) -> Result<Self, Error> {
        let refused = |source| unreadable(path, source);
        let mut first = Vec::new();
        open(path)
            .and_then(|(file, _)| file.take(npy::MAGIC.len() as u64).read_to_end(&mut first))
            .map_err(refused)?;
        Ok(match first.as_slice() {
            magic if magic == npy::MAGIC => Self::Npy,
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            _ => Self::Other,
        })
    }
}

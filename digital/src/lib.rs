//! Networks trained by backpropagation on a digital computer: what a substrate is measured against,
//! or works with.
//!
//! Every figure of a substrate needs an opponent of its own size that is trained the usual way, by
//! an established library rather than by code of this project; and a substrate that stands in for a
//! part of a network needs the network. [burn](https://burn.dev) is that
//! library. None of its types shows in the interface: data go in and come out as [`faer`] matrices
//! of shape `units x samples`, one column a sample, as everywhere in Overdamped.
//!
//! | item | what |
//! |---|---|
//! | [`Mlp`] | a denoiser with one hidden layer, at one noise level |
//! | [`MlpSettings`] | its size and training |
//! | [`UNet`] | a denoiser of 16 x 16 images at every noise level, with all its [`Activations`] |
//! | [`UNetSettings`] | its training |
//! | [`NetworkWork`] | what a network costs to apply once, stage by stage |
//! | [`DigitalError`] | what is refused, and why |
//!
//! **Same seed, same bits**, for every number of threads: the library cuts its work by size, and initial
//! weights, batches and noise come from streams of the seed ([`overdamped_substrate::stream`]). The products of matrices use the widest instructions of the machine, so that machines of
//! another kind agree to rounding only.
//!
//! The library is behind the feature `burn`, off by default for its cost; see the README for what it
//! adds to a build. Without it everything else compiles, and training returns
//! [`DigitalError::NotBuilt`]. A trained [`UNet`] is read from a file and applied in every build.
//!
//! ```
//! # #[cfg(feature = "burn")] {
//! use overdamped_digital::{Mlp, MlpSettings};
//!
//! // Two examples of two units: (1, 1) and (-1, -1).
//! let examples = faer::mat![[1.0_f32, -1.0], [1.0, -1.0]];
//! let settings = MlpSettings { hidden: 8, updates: 500, batch: 32, ..MlpSettings::default() };
//! let mlp = Mlp::train(examples.as_ref(), 0.5, &settings, |_, _| {})?;
//!
//! let clean = mlp.denoise(faer::mat![[0.7_f32], [1.2]].as_ref())?;
//! assert!((clean[(0, 0)] - 1.0).abs() < 0.2);
//! # }
//! # Ok::<(), overdamped_digital::DigitalError>(())
//! ```

mod bounds;
mod error;
mod mlp;
mod unet;
mod work;

pub use error::DigitalError;
pub use mlp::{Mlp, MlpSettings};
pub use unet::{Activations, Block, UNet, UNetFileError, UNetSettings, enlarged, tensors};
pub use work::{NetworkWork, Stage};

use bounds::{positive, require};

//! The digital interface between a clamped input and a thermodynamic substrate.
//!
//! A substrate rests where its energy says; to rest where an *input* says, it needs a drive that
//! depends on the input. Couplings from a clamped module give one, often far too weak: the conditioning
//! [`Barrier`]. This crate gives the rest of it by as little digital work as possible (arXiv
//! 2604.14332):
//!
//! | item | what | weights at D = 64 |
//! |---|---|---|
//! | [`Encoder`] | linear bottleneck D -> r -> D, fitted in closed form | 512 (r = 4) |
//! | [`Transfer`] | D -> h -> D with SiLU, fitted by Adam and finished in closed form | 2,048 (h = 16) |
//! | [`Interface`] | the two in a row, and its output as a drive | 2,560 |
//! | [`holding_drive`] | the oracle b = K z, under which a substrate of stiffness K rests at z | |
//! | [`on_units`] | any drive as an energy on some units of a substrate | |
//! | [`Barrier`] | six ratios of what conditioning takes to what a coupling gives | |
//! | [`thermal_noise`] | the bath's noise against what a coupling moves | |
//!
//! Samples are columns: every matrix is `units x samples`. Weights are single precision, closed forms
//! double. None of the maps has biases.
//!
//! ```
//! use faer::Mat;
//! use overdamped_conditioning::{Interface, InterfaceSettings, holding_drive};
//!
//! // Six features that vary in four directions; the decoder is to rest at y = 2 tanh(x).
//! let x = Mat::from_fn(6, 300, |i, n| ((1 + i % 4) as f32 * 0.37 * (n * n % 97) as f32).sin());
//! let y = Mat::from_fn(6, 300, |i, n| 2.0 * x[(i, n)].tanh());
//! let stiffness = Mat::<f64>::identity(6, 6);
//!
//! let mut settings = InterfaceSettings::default();
//! settings.transfer.adam.updates = 300;
//! let (held, drives) = (
//!     holding_drive(stiffness.as_ref(), x.as_ref())?,
//!     holding_drive(stiffness.as_ref(), y.as_ref())?,
//! );
//! let (interface, _) = Interface::fit(x.as_ref(), held.as_ref(), drives.as_ref(), &settings)?;
//! assert_eq!(interface.parameters(), 2 * 6 * 4 + 2 * 6 * 16);
//!
//! // The decoder is the second half of a substrate of twelve units.
//! let drive = interface.drive_on(x.as_ref(), 12, 6)?;
//! assert_eq!(drive.units(), 12);
//! // At unit stiffness the drive is the state at which the decoder rests.
//! let rest = interface.drive(x.as_ref())?;
//! assert!((&rest - &y).norm_l2() < 0.1 * y.norm_l2());
//! # Ok::<(), overdamped_conditioning::ConditioningError>(())
//! ```
//!
//! Interface, encoder and transfer are serialised with `serde` and checked on reading; their weights
//! come by name and shape ([`Block`]) for files of tensors. Fits run on the calling thread and depend
//! on data and seed alone, bit for bit.
//!
//! This crate knows energies (its output is a drive) and borrows an optimiser from `overdamped-learn`;
//! it knows nothing of images, files or how couplings are made.

// A library that panics takes a user's hours with it; tests may.
#![cfg_attr(
    not(test),
    warn(
        clippy::panic,
        clippy::expect_used,
        clippy::unreachable,
        clippy::unimplemented
    )
)]

mod barrier;
mod check;
mod drive;
mod encoder;
mod error;
mod interface;
mod moments;
mod transfer;
mod weights;

pub use barrier::{Barrier, Definition, thermal_noise};
pub use drive::{holding_drive, on_units};
pub use encoder::{Encoder, EncoderSettings};
pub use error::ConditioningError;
pub use interface::{Centring, FittedOn, Interface, InterfaceSettings};
pub use transfer::{Training, Transfer, TransferSettings};
pub use weights::Block;

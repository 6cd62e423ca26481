//! Couplings of low rank from paired activations: what joins two modules of a substrate so that one says what the
//! other does.
//!
//! A trained network has activations x at one place and y at another, as before and after a skip connection. A map
//! y = mean + M^T (x - mean) of rank k makes a coupling J = a M of k (De + Dd) wires, and a module of stiffness a
//! that it drives rests at y. This crate finds the map, tells how much it carries, and assembles modules into one
//! energy:
//!
//! 1. [`Moments`]: mean and covariance of pairs, in one pass over more samples than memory holds.
//! 2. [`Fit`]: the decompositions of one [`Method`], once for all ranks.
//! 3. [`LowRankMap`]: the map of one rank, in a gauge that leaves nothing to chance; its R^2, its wires, and a
//!    random control.
//! 4. [`Hierarchy`]: modules and maps as one [`Modular`](overdamped_energy::Modular) energy, positive definite.
//!
//! | symbol | meaning | shape |
//! |---|---|---|
//! | x, y | activations of the encoder and of the decoder | units x samples |
//! | M = U diag(s) V^T | map | encoder units x decoder units |
//! | J = a M | coupling, in the energy as -x^T J y (kT / z^2) | the same |
//! | a | stiffness of the driven module (kT / z^2) | |
//! | k | rank | |
//!
//! ```
//! use overdamped_coupling::{Fit, FitSettings, Hierarchy, Method, Moments};
//!
//! // Three decoder units that follow the sum of three encoder units, and each a little of its own.
//! let x = faer::Mat::from_fn(3, 200, |i, n| ((n * (i + 2)) as f32 * 0.37).sin());
//! let y = faer::Mat::from_fn(3, 200, |j, n| {
//!     let sum = x[(0, n)] + x[(1, n)] + x[(2, n)];
//!     (j + 1) as f32 * sum + 0.1 * x[(j, n)] + 1.0
//! });
//! let mut moments = Moments::new(3, 3)?;
//! for start in (0..200).step_by(50) {
//!     moments.add(x.subcols(start, 50), y.subcols(start, 50))?;
//! }
//! let map = Fit::new(&moments, Method::ReducedRank, FitSettings::default())?.rank(1)?;
//! assert!(map.coefficient_of_determination(&moments)? > 0.99);
//! assert!(map.wires() < map.dense_wires());
//!
//! let mut hierarchy = Hierarchy::new();
//! let encoder = hierarchy.module("encoder", 3, 1.0)?;
//! let decoder = hierarchy.module("decoder", 3, 2.0)?;
//! hierarchy.couple(encoder, decoder, &map)?;
//! let network = hierarchy.assemble(&[encoder], 0.05)?;
//! assert_eq!(network.energy.modules().len(), 2);
//! assert!(network.weakened.is_none());
//! # Ok::<(), overdamped_coupling::CouplingError>(())
//! ```
//!
//! This crate knows energies, and nothing of substrates, images, networks or files.
//!
//! Source: arXiv 2604.14332, whose pairing of weights is [`Method::WeightGram`].

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

mod error;
mod fit;
mod gauge;
mod hierarchy;
mod map;
mod method;
mod moments;

pub use error::CouplingError;
pub use fit::Fit;
pub use hierarchy::{Assembled, Hierarchy, ModuleId, Weakened};
pub use map::LowRankMap;
pub use method::{FitSettings, Method};
pub use moments::{Moments, Side};

//! Overdamped Langevin substrates: networks of units in a heat bath.
//!
//! A substrate relaxes by its own physics, dx = mu F dt + sqrt(2 mu kT) dW. The two
//! traits say what hardware can do, and rules get no other access:
//!
//! | trait | acts |
//! |---|---|
//! | [`Substrate`] | program, prepare, attach a drive, evolve, relax, run a protocol, read |
//! | [`ForceProbe`] | the same, and measure forces |
//!
//! [`SimulatedSubstrate`] implements both by explicit steps, fused into the fastest loops of the
//! machine ([`Engine`]); [`Metered`] counts the
//! acts of any substrate. [`OrnsteinUhlenbeck`](ornstein_uhlenbeck::OrnsteinUhlenbeck) is
//! the exact sampler for linear systems and the oracle of the tests.
//!
//! ```
//! use std::sync::Arc;
//! use overdamped_energy::{SiteTerm, Sites};
//! use overdamped_substrate::{Observe, Protocol, Settings, SimulatedSubstrate, Slice, Substrate};
//!
//! // Stiffen a harmonic trap in one jump and check the first law.
//! let energy = Arc::new(Sites::new(1, &[SiteTerm::Stiffness]));
//! let settings = Settings { observe: Observe::Energy, ..Settings::default() };
//! let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings)?;
//! substrate.program(&[1.0])?;
//! substrate.prepare(faer::mat![[0.5, -1.0]].as_ref(), 42)?;
//! let before = substrate.energies()?;
//! substrate.run(&Protocol::new(vec![Slice::new(0.5, vec![4.0])])?)?;
//! let (after, ledger) = (substrate.energies()?, substrate.ledger());
//! for chain in 0..2 {
//!     let change = after[chain] - before[chain];
//!     assert!((change - ledger.work[chain] - ledger.heat[chain]).abs() < 1e-12);
//! }
//! # Ok::<(), overdamped_substrate::SubstrateError>(())
//! ```
//!
//! This crate knows energies, and nothing of data or learning.

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

mod block;
mod capability;
mod descent;
mod driven;
mod engine;
mod error;
mod ledger;
mod memory;
mod metered;
pub mod ornstein_uhlenbeck;
mod protocol;
mod reference;
mod relaxation;
mod relaxer;
mod settings;
mod simulated;
mod stage;
pub mod statistics;
pub mod stream;

pub use block::Divergence;
pub use capability::{ForceProbe, Substrate};
pub use engine::Engine;
pub use error::SubstrateError;
pub use ledger::Ledger;
pub use metered::{Acts, Metered, UnitTime};
pub use protocol::{Protocol, Slice, TimeStep};
pub use relaxation::Residuals;
pub use relaxer::Relaxer;
pub use settings::{Integrator, Observe, PerUnit, Settings};
pub use simulated::{SimulatedSubstrate, Snapshot};

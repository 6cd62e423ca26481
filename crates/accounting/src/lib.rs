//! Bills in joules, seconds and watts: every line a counted act at a stated price.
//!
//! A substrate wrapped in [`Metered`](overdamped_substrate::Metered) counts what it does. [`Counts`] hold that for a
//! number of results, with the digital work around it and the same result by other means; a [`HardwareModel`] holds what
//! each act costs, with a source for every number; a [`Bill`] is one times the other. Nothing else makes energy figures.
//!
//! | role | item |
//! |---|---|
//! | what was done | [`Counts`], [`Digital`], [`Baselines`] |
//! | what it costs | [`HardwareModel`], [`Assumption`], [`Constant`] |
//! | the result | [`Bill`], [`Line`], [`BaselineCost`] |
//! | what it rests on | [`sensitivities`], [`Crossover`] of a [`Pair`] |
//! | what cannot be beaten | [`bounds`], and [`signal`]: what noise asks of a reading |
//!
//! ```
//! use std::sync::Arc;
//! use overdamped_accounting::{Act, Bill, Counts, HardwareModel};
//! use overdamped_energy::{SiteTerm, Sites};
//! use overdamped_substrate::{Metered, Settings, SimulatedSubstrate, Substrate};
//!
//! // Ten chains of two units relax and are read.
//! let settings = Settings::default();
//! let energy = Arc::new(Sites::new(2, &[SiteTerm::Stiffness]));
//! let simulated = SimulatedSubstrate::<f64>::new(energy, settings.clone())?;
//! let mut substrate = Metered::new(simulated, &settings)?;
//! substrate.program(&[1.0, 1.0])?;
//! substrate.prepare(faer::Mat::zeros(2, 10).as_ref(), 1)?;
//! substrate.evolve(3.0)?;
//! substrate.read()?;
//!
//! let counts = Counts::new("two wells", "sample", 10, 2, substrate.acts().clone());
//! let bill = Bill::new(&counts, &HardwareModel::preset("typical")?)?;
//! // Two readings of 256 steps at 20 fJ.
//! assert!((bill.energy_of(Act::ReadStates).0 - 2.0 * 256.0 * 20e-15).abs() < 1e-24);
//! assert!(bill.energy() > bill.energy_of(Act::ReadStates));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Energies are linear in the counts, so bills add up, and the time of a relaxation may be split at will.
//!
//! This crate knows the counts of substrates, and nothing of energies, data, images or learning.

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

mod assumption;
mod baseline;
mod bill;
pub mod bounds;
mod counts;
mod crossover;
mod dimension;
mod error;
mod hardware;
mod pair;
mod sensitivity;
pub mod signal;
mod units;

pub use assumption::Assumption;
pub use baseline::{Baseline, BaselineCost, amdahl};
pub use bill::{Act, Bill, Line};
pub use counts::{Baselines, Counts, Digital, Dissipation, Place, SCHEMA, Task, Work};
pub use crossover::{Crossover, Knob, Use};
pub use dimension::{Dimension, Unit};
pub use error::AccountingError;
pub use hardware::{Constant, HardwareModel};
pub use pair::{PUBLISHED_NETWORK, Pair};
pub use sensitivity::{Sensitivity, sensitivities};
pub use units::{BOLTZMANN, Bits, Hertz, Joules, Kelvin, Seconds, Watts, si};

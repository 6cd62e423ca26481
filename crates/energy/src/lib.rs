//! Energies of overdamped networks: what a substrate *is*, apart from time and noise.
//!
//! An [`Energy`] E(x; theta) names units, couplings and a [`Layout`] of parameters; bound to a
//! parameter vector it becomes a [`Potential`] with four evaluations, each over a
//! batch of chains at once (states are `units x chains`):
//!
//! | evaluation | formula | used by |
//! |---|---|---|
//! | energy | E(x) | work, heat, oracles |
//! | force | F = -dE/dx | every dynamics |
//! | local parameter gradient | dE/dtheta | contrastive rules |
//! | its directional derivative | d/d eps dE/dtheta(x + eps e) | force matching |
//!
//! Every learning rule is a contrast of the last two between states that the
//! substrate visits, and each entry of them involves only the units that its parameter touches.
//!
//! Conventions: kT = 1, lengths in data units; bilinear couplings enter as -J x y,
//! stiffness as k x^2 / 2, quartic as q x^4 / 4, sextic as s x^6 / 6. Everything is generic over
//! `f32` and `f64` ([`Scalar`]).
//!
//! ```
//! use overdamped_energy::{Edges, Energy, PairTerm, Pairs, SiteTerm, Sites, Sum};
//!
//! // Two bistable units that prefer to agree.
//! let wells = Sites::new(2, &[SiteTerm::Stiffness, SiteTerm::Quartic]);
//! let bond = Pairs::new(Edges::list(2, vec![(0, 1)])?, &[PairTerm::Bilinear]);
//! let energy = Sum::of(wells)?.and(bond)?;
//! let potential = energy.bind(&[-1.0_f64, -1.0, 1.0, 1.0, 0.5])?;
//!
//! let states = faer::mat![[1.0, 1.0], [1.0, -1.0]]; // two chains: agreeing, disagreeing
//! assert_eq!(potential.energy(states.as_ref()), [-1.0, 0.0]);
//! potential.check_confinement()?;
//! # Ok::<(), overdamped_energy::EnergyError>(())
//! ```
//!
//! This crate knows nothing of time, noise or data.

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

mod closed_form;
mod curvature;
mod drive;
mod edges;
mod error;
mod grouped;
mod growth;
mod hidden;
mod layered;
mod layout;
mod low_rank;
mod memory;
mod modes;
mod modular;
mod pairs;
mod potential;
mod scalar;
mod sites;
mod sum;

pub use closed_form::{ClosedForm, ForceLayer, ForceProduct};
pub use drive::Drive;
pub use edges::Edges;
pub use error::EnergyError;
pub use grouped::{Grouped, HeldGroup};
pub use growth::Growth;
pub use hidden::FastHidden;
pub use layered::{Layered, UnitLayer};
pub use layout::{Block, Layout, Role};
pub use low_rank::LowRank;
pub use modular::{Coupling, Modular, Module, Moving, Wires};
pub use overdamped_kernel::Activation;
pub use pairs::{PairTerm, Pairs};
pub use potential::{Energy, Potential};
pub use scalar::Scalar;
pub use sites::{SiteTerm, Sites};
pub use sum::{BoundSum, Sum};

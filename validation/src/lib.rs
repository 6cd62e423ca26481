//! Laws that the simulated substrate must obey, each held against an exact answer, and each shown to notice the faults
//! that it is there for.
//!
//! A [`Law`] measures a [`Specimen`], which is the substrate or the substrate with a [`Mutant`] planted in it: noise
//! that is too strong by the root of two, a coupling with the wrong sign, an integrator under another's name. A law that
//! passes without a mutant and with one has not tested anything, so both are run.
//!
//! | module | laws |
//! |---|---|
//! | `laws::linear` | transition and stationary covariance of coupled units, one bath and several |
//! | `laws::wells` | histograms of wells against quadrature; weak order of both integrators |
//! | `laws::response` | fluctuation and dissipation |
//! | `laws::work` | first law, Jarzynski, Crooks, heat between two baths |
//! | `laws::balance` | detailed balance |
//! | `laws::derivatives` | forces and parameter gradients against differences of the energy |
//! | `laws::bits` | threads, batches, resumes, instructions |
//! | `laws::noise` | moments, tails and independence of the normals |
//!
//! Seeds are fixed, so a verdict is the same on every day. A statistical law states how many comparisons it makes; each is
//! allowed [`SIGMA`] standard errors, which good code exceeds with a probability of 5.7e-7 over seeds.

mod lab;
mod law;
mod laws;
mod mutant;
mod statistics;

pub use lab::{Lab, Specimen};
pub use law::{Finding, Law, SIGMA, ValidationError};
pub use laws::all;
pub use mutant::Mutant;

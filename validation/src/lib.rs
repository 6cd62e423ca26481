//! Laws that the simulated substrate must obey, each held against an exact answer, and each shown to notice the faults
//! that it is there for.
//!
//! A [`Law`] measures a [`Specimen`], which is the substrate or the substrate with a [`Mutant`] planted in it: noise
//! that is too strong by the root of two, a coupling with the wrong sign, an integrator under another's name. A law that
//! passes without a mutant and with one has not tested anything, so both are run.
//!
//! | module | laws |
//! |---|---|
//! | `laws::energies` | one energy of each kind, for the laws that hold for all |
//! | `laws::linear` | transition and stationary covariance of coupled units, one bath and several |
//! | `laws::exact` | the exact sampler of linear systems, with a drift that is not normal |
//! | `laws::models` | equipartition in every kind of energy, by every integrator |
//! | `laws::wells` | histograms of wells against quadrature; weak order of both integrators |
//! | `laws::response` | fluctuation and dissipation |
//! | `laws::work` | first law, Jarzynski, Crooks, heat between two baths |
//! | `laws::accounts` | work, heat and moments of long runs |
//! | `laws::balance` | detailed balance |
//! | `laws::derivatives` | forces, curvatures and parameter gradients against differences |
//! | `laws::bits` | threads, batches, resumes, instructions, plain loops |
//! | `laws::noise` | moments, histogram, tails and independence of the normals |
//! | `laws::generator` | the noise format, written a second time |
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
pub use mutant::{Mutant, Term};

//! Couplings of low rank from paired activations.
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

//! Local learning rules for thermodynamic generative models.

mod error;
mod noising;

pub use error::LearnError;
pub use noising::{Denoiser, Interval, Level, Noising};

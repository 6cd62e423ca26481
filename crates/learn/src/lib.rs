//! Local learning rules for thermodynamic generative models.

mod error;
mod examples;
mod least_squares;
mod noising;

pub use error::LearnError;
pub use examples::{Draws, Examples};
pub use least_squares::{Floor, LeastSquares, Optimum, SolveSettings};
pub use noising::{Denoiser, Interval, Level, Noising};

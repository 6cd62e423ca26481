//! What can be wrong with a linear process, each case with its value, its bound and its remedy.

/// Error of the exact Ornstein-Uhlenbeck process.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OrnsteinUhlenbeckError {
    /// A matrix or vector does not fit the number of units.
    #[error(
        "{quantity} is {rows} x {columns}, expected {expected_rows} x {expected_columns}: \
         give drift, diffusion, mean and state the same, non-zero number of units"
    )]
    Shape {
        /// Which argument.
        quantity: &'static str,
        /// Its number of rows.
        rows: usize,
        /// Its number of columns.
        columns: usize,
        /// The number of rows that it should have.
        expected_rows: usize,
        /// The number of columns that it should have.
        expected_columns: usize,
    },
    /// An entry is infinite or not a number.
    #[error(
        "{quantity}[{row}, {column}] is {value}, expected a finite number: \
         look for an overflow or a division by zero upstream"
    )]
    NonFinite {
        /// Which argument.
        quantity: &'static str,
        /// Row (unit) of the first such entry.
        row: usize,
        /// Column (unit, or chain for a state) of the first such entry.
        column: usize,
        /// The entry.
        value: f64,
    },
    /// The diffusion is not symmetric.
    #[error(
        "diffusion[{row}, {column}] = {value} but diffusion[{column}, {row}] = {mirrored}: they \
         differ by more than {tolerance:e}; build the diffusion as B B^T, or average it with its transpose"
    )]
    AsymmetricDiffusion {
        /// Row of the entry that differs most from its mirror image.
        row: usize,
        /// Column of that entry.
        column: usize,
        /// The entry.
        value: f64,
        /// Its mirror image.
        mirrored: f64,
        /// Largest difference accepted as rounding.
        tolerance: f64,
    },
    /// The diffusion has a negative eigenvalue, so that it is no covariance.
    #[error(
        "diffusion has the eigenvalue {eigenvalue:e}, below the bound {bound:e}: \
         no noise has a negative variance; build the diffusion as B B^T"
    )]
    IndefiniteDiffusion {
        /// Smallest eigenvalue.
        eigenvalue: f64,
        /// Smallest value accepted as rounding of zero.
        bound: f64,
    },
    /// The drift does not restore every direction.
    #[error(
        "drift has the eigenvalue {real:e} + {imaginary:e} i, whose real part must exceed {bound:e}: \
         add stiffness (a positive multiple of the identity) until every mode decays"
    )]
    UnstableDrift {
        /// Real part of the eigenvalue with the smallest real part.
        real: f64,
        /// Modulus of the imaginary part of that eigenvalue.
        imaginary: f64,
        /// Rounding level of the real part, which it has to exceed.
        bound: f64,
    },
    /// A duration is negative, infinite or not a number.
    #[error(
        "duration is {duration}, expected a finite number >= 0: \
         for the infinite-time law use `stationary_transition`"
    )]
    InvalidDuration {
        /// The duration.
        duration: f64,
    },
    /// The number of random streams differs from the number of chains.
    #[error("{streams} random streams for {chains} chains: give each chain a stream of its own")]
    StreamCount {
        /// Number of streams.
        streams: usize,
        /// Number of chains (columns of the state).
        chains: usize,
    },
    /// A matrix that has to be inverted is singular to working precision.
    #[error(
        "{quantity}, scaled to a unit diagonal, has the eigenvalue {eigenvalue:e}, which must exceed {bound:e}: \
         entropy production is defined only if noise reaches every direction; couple each unit to a bath"
    )]
    Singular {
        /// Which matrix.
        quantity: &'static str,
        /// Smallest eigenvalue of the matrix scaled to a unit diagonal.
        eigenvalue: f64,
        /// Rounding level, which it has to exceed.
        bound: f64,
    },
    /// `A S + S A^T = D` is not met to working precision.
    #[error(
        "stationary covariance leaves the residual {residual:e}, above the bound {bound:e}: \
         the drift is too close to instability, or too far from normal, for f64; add stiffness"
    )]
    StationaryResidual {
        /// Largest entry of `A S + S A^T - D`, in modulus.
        residual: f64,
        /// Largest residual accepted.
        bound: f64,
    },
    /// An eigenvalue iteration did not converge.
    #[error("the eigenvalues of {quantity} did not converge: rescale the units of length and time")]
    Eigenvalues {
        /// Which matrix.
        quantity: &'static str,
    },
    /// A result exceeds the range of `f64`.
    #[error("{quantity} exceeds the range of f64: rescale the units of length and time")]
    Overflow {
        /// Which result.
        quantity: &'static str,
    },
}

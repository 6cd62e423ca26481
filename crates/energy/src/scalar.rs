//! The two floating-point types that energies accept, and the few functions that
//! the physics needs from them.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// A real number type: `f32` for speed, `f64` for oracles and gradient tests.
///
/// A contrast between two nearby states loses digits in `f32`, so rules and
/// solvers are generic and their tests run in `f64`. The trait is sealed.
pub trait Scalar:
    faer::traits::RealField
    + overdamped_kernel::Real
    + sealed::Sealed
    + Copy
    + Default
    + Debug
    + Display
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Send
    + Sync
    + serde::Serialize
    + serde::de::DeserializeOwned
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// The nearest representable value.
    fn of(value: f64) -> Self;
    /// The value as `f64`, exactly.
    fn wide(self) -> f64;
    /// Neither infinite nor NaN.
    fn finite(self) -> bool;
    /// Square root.
    fn root(self) -> Self;
    /// Hyperbolic tangent; absolute error below 3e-7 in `f32`, correctly
    /// rounded to within one unit in the last place in `f64`.
    fn hyperbolic_tangent(self) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Scalar for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn of(value: f64) -> Self {
        value
    }

    #[inline]
    fn wide(self) -> f64 {
        self
    }

    #[inline]
    fn finite(self) -> bool {
        self.is_finite()
    }

    #[inline]
    fn root(self) -> Self {
        self.sqrt()
    }

    #[inline]
    fn hyperbolic_tangent(self) -> Self {
        self.tanh()
    }
}

impl Scalar for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline]
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[inline]
    fn finite(self) -> bool {
        self.is_finite()
    }

    #[inline]
    fn root(self) -> Self {
        self.sqrt()
    }

    // The system's tanh is a scalar call that differs between platforms; this
    // one is branch-free, so that loops over it vectorise, and has the same bits everywhere.
    #[inline]
    fn hyperbolic_tangent(self) -> Self {
        let decay = decaying_exponential(2.0 * self.abs());
        let magnitude = (1.0 - decay) / (1.0 + decay);
        magnitude.copysign(self)
    }
}

/// exp(-y) for y >= 0 (NaN stays NaN), relative error below 2e-7; zero is never
/// reached, the argument saturates at 80.
#[inline]
fn decaying_exponential(y: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to the nearest integer in the low mantissa bits.
    const ROUNDER: f32 = 12_582_912.0;
    let exponent = if y > 80.0 { -80.0 } else { -y };
    let shifted = exponent * std::f32::consts::LOG2_E + ROUNDER;
    let whole = shifted - ROUNDER;
    // ln 2 in two parts keeps the reduced argument accurate.
    let f = (exponent - whole * 0.693_145_75) - whole * 1.428_606_8e-6;
    // Taylor to seventh order: |f| <= 0.347, so the remainder is below 6e-9.
    let series = 1.0 / 720.0 + f * (1.0 / 5040.0);
    let series = 1.0 / 24.0 + f * (1.0 / 120.0 + f * series);
    let series = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * series)));
    let power = shifted.to_bits().wrapping_add(127).wrapping_shl(23);
    series * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_tanh_stays_within_its_stated_error() {
        let worst = (-200_000..=200_000)
            .map(|i| i as f32 * 1e-4)
            .map(|x| (f64::from(x.hyperbolic_tangent()) - f64::from(x).tanh()).abs())
            .fold(0.0, f64::max);
        assert!(worst < 3e-7, "worst absolute error {worst:e}");
        assert_eq!(0.0_f32.hyperbolic_tangent(), 0.0);
        assert_eq!(f32::INFINITY.hyperbolic_tangent(), 1.0);
        assert!(f32::NAN.hyperbolic_tangent().is_nan());
    }
}

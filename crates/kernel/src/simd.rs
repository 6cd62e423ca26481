//! Sixteen lanes: the vocabulary of every loop of this crate, and the only home of unsafe code.
//!
//! A loop is written once, generic over [`Lanes`], and compiled once for each instruction set:
//!
//! | path | registers for sixteen `f32` | needs |
//! |---|---|---|
//! | `avx512` | one of 512 bits | x86-64 with AVX-512F and DQ, AVX2 and FMA |
//! | `avx2` | two of 256 bits | x86-64 with AVX2 and FMA |
//! | `portable` | whatever the compiler makes of an array | nothing; on AArch64 this is NEON |
//!
//! Every operation is one of IEEE 754 with a single rounding, so all paths give the same bits.
#![allow(
    unsafe_code,
    reason = "intrinsics: each call rests on the detection that `Path` stands for"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod double;
mod fused;
mod path;
mod portable;

use serde::{Deserialize, Serialize};

use crate::activation::{Elementwise, Newton};
use crate::noise::Fill;
use crate::quartic::Descent;
use crate::steps::Steps;

pub use self::double::Double;
pub use self::path::{Path, PathError};
pub(crate) use self::portable::Array;

/// Lanes in a chunk, on every path.
pub const LANES: usize = 16;

/// One number for each of sixteen chains, aligned to a cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[repr(C, align(64))]
pub struct Chunk<T>(pub [T; LANES]);

/// A number type that the engine runs in: `f32` for speed, `f64` for oracles. Its default is zero.
///
/// The trait is sealed: there are lanes for these two types only.
pub trait Real:
    sealed::Sealed
    + Copy
    + Default
    + std::ops::AddAssign
    + std::ops::SubAssign
    + Send
    + Sync
    + PartialEq
    + std::fmt::Debug
    + 'static
{
    /// Its sixteen lanes, on the path whose `f32` lanes are `N`.
    type Lanes<N: Lanes32>: Lanes<Scalar = Self, Noise = N>;
    /// Infinity.
    const INFINITY: Self;
    /// The value in double precision.
    fn to_f64(self) -> f64;
    /// The number itself, exactly.
    fn from_f32(value: f32) -> Self;
    /// The nearest number of this precision.
    fn nearest(value: f64) -> Self;
    /// All steps of a block; compiled here, once, and not in every crate that calls it.
    #[doc(hidden)]
    fn step(path: Path, steps: Steps<'_, Self>) -> u32;
    /// The normals of one step; likewise.
    #[doc(hidden)]
    fn fill(path: Path, fill: Fill<'_, Self>);
    /// An activation of each number of a slice; likewise.
    #[doc(hidden)]
    fn activate(path: Path, elementwise: Elementwise<'_, Self>);
    /// A Newton step of each state of a slice; likewise.
    #[doc(hidden)]
    fn newton(path: Path, newton: Newton<'_, '_, Self>);
    /// Each state of a slice towards the bottom of its well; likewise.
    #[doc(hidden)]
    fn descend(path: Path, descent: Descent<'_, '_, Self>);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Real for f32 {
    type Lanes<N: Lanes32> = N;
    const INFINITY: Self = Self::INFINITY;
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn from_f32(value: f32) -> Self {
        value
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the rounding to f32 is the point"
    )]
    fn nearest(value: f64) -> Self {
        value as Self
    }
    fn step(path: Path, steps: Steps<'_, Self>) -> u32 {
        path.execute(steps)
    }
    fn fill(path: Path, fill: Fill<'_, Self>) {
        path.execute(fill);
    }
    fn activate(path: Path, elementwise: Elementwise<'_, Self>) {
        path.execute(elementwise);
    }
    fn newton(path: Path, newton: Newton<'_, '_, Self>) {
        path.execute(newton);
    }
    fn descend(path: Path, descent: Descent<'_, '_, Self>) {
        path.execute(descent);
    }
}

impl Real for f64 {
    type Lanes<N: Lanes32> = Double<N>;
    const INFINITY: Self = Self::INFINITY;
    fn to_f64(self) -> f64 {
        self
    }
    fn from_f32(value: f32) -> Self {
        value.into()
    }
    fn nearest(value: f64) -> Self {
        value
    }
    fn step(path: Path, steps: Steps<'_, Self>) -> u32 {
        path.execute(steps)
    }
    fn fill(path: Path, fill: Fill<'_, Self>) {
        path.execute(fill);
    }
    fn activate(path: Path, elementwise: Elementwise<'_, Self>) {
        path.execute(elementwise);
    }
    fn newton(path: Path, newton: Newton<'_, '_, Self>) {
        path.execute(newton);
    }
    fn descend(path: Path, descent: Descent<'_, '_, Self>) {
        path.execute(descent);
    }
}

/// Sixteen numbers and their arithmetic; each operation rounds once.
pub trait Lanes: Copy {
    /// The number in a lane.
    type Scalar: Real;
    /// The single-precision lanes of the same path, which carry the noise.
    type Noise: Lanes32;
    /// Whether two of these fit twelve times into the registers (else three times).
    const MANY_REGISTERS: bool;

    /// The same number in each lane.
    fn splat(value: Self::Scalar) -> Self;
    /// From memory.
    fn load(chunk: &Chunk<Self::Scalar>) -> Self;
    /// To memory.
    fn store(self, chunk: &mut Chunk<Self::Scalar>);
    /// Sum.
    #[must_use]
    fn add(self, other: Self) -> Self;
    /// Difference.
    #[must_use]
    fn sub(self, other: Self) -> Self;
    /// Product.
    #[must_use]
    fn mul(self, other: Self) -> Self;
    /// Quotient.
    #[must_use]
    fn div(self, other: Self) -> Self;
    /// `self` times `factor` plus `addend`, rounded once.
    #[must_use]
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The larger of each pair; the second if one is NaN.
    #[must_use]
    fn max(self, other: Self) -> Self;
    /// The smaller of each pair; the second if one is NaN.
    #[must_use]
    fn min(self, other: Self) -> Self;
    /// Clamped to [-bound, bound]; NaN stays NaN.
    #[inline(always)]
    #[must_use]
    fn clamp_magnitude(self, bound: Self) -> Self {
        let low = Self::splat(Self::Scalar::default()).sub(bound);
        bound.min(low.max(self))
    }
    /// Hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// Noise in this precision.
    fn of_noise(noise: Self::Noise) -> Self;
}

/// Single-precision lanes whose bits can be worked on.
pub trait Lanes32: Lanes<Scalar = f32, Noise = Self> {
    /// Sixteen words.
    type Words: Words;

    /// Runs a kernel as a function of its own, compiled once for each path and not at each call.
    fn separately<K: Kernel>(kernel: K) -> K::Output;
    /// Square root.
    #[must_use]
    fn sqrt(self) -> Self;
    /// The bits of each lane.
    fn to_bits(self) -> Self::Words;
    /// Lanes with these bits.
    fn from_bits(words: Self::Words) -> Self;
    /// Signed integers, rounded to the nearest number.
    fn from_signed(words: Self::Words) -> Self;
    /// `self` where the highest bit of `mask` is set, else `other`.
    #[must_use]
    fn where_negative(self, mask: Self::Words, other: Self) -> Self;
}

/// Sixteen 32-bit words and their wrapping arithmetic.
pub trait Words: Copy {
    /// The same word in each lane.
    fn splat(word: u32) -> Self;
    /// From memory.
    fn load(chunk: &Chunk<u32>) -> Self;
    /// To memory.
    fn store(self, chunk: &mut Chunk<u32>);
    /// Sum, wrapping.
    #[must_use]
    fn add(self, other: Self) -> Self;
    /// Difference, wrapping.
    #[must_use]
    fn sub(self, other: Self) -> Self;
    /// Exclusive or.
    #[must_use]
    fn xor(self, other: Self) -> Self;
    /// And.
    #[must_use]
    fn and(self, other: Self) -> Self;
    /// Shift to higher bits.
    #[must_use]
    fn shl<const BY: i32>(self) -> Self;
    /// Shift to lower bits, filling with zeros.
    #[must_use]
    fn shr<const BY: i32>(self) -> Self;
    /// Shift to lower bits, filling with the highest bit.
    #[must_use]
    fn sar<const BY: i32>(self) -> Self;
    /// Rotate to higher bits.
    #[must_use]
    fn rotate<const BY: i32>(self) -> Self;
}

/// A loop that `Path::execute` compiles for each path. `run` must be `#[inline(always)]`, and so
/// must be everything it calls: what is not inlined is compiled without the path's instructions.
pub trait Kernel {
    /// What comes out.
    type Output;
    /// The loop, on the lanes of a path.
    fn run<N: Lanes32>(self) -> Self::Output;
}

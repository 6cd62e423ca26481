//! The path that every machine has: arrays of sixteen, left to the compiler.

use super::fused::MulAdd;
use super::{Chunk, Kernel, LANES, Lanes, Lanes32, Words};
use crate::math;

/// Sixteen numbers in an array.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Array<T>(pub(super) [T; LANES]);

impl<T: Copy + Default> Array<T> {
    #[inline(always)]
    fn map<U: Copy + Default>(self, f: impl Fn(T) -> U) -> Array<U> {
        let mut out = [U::default(); LANES];
        for (out, x) in out.iter_mut().zip(self.0) {
            *out = f(x);
        }
        Array(out)
    }

    #[inline(always)]
    fn join<U: Copy + Default>(self, other: Self, f: impl Fn(T, T) -> U) -> Array<U> {
        let mut out = [U::default(); LANES];
        for (out, (x, y)) in out.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            *out = f(x, y);
        }
        Array(out)
    }
}

impl Lanes for Array<f32> {
    type Scalar = f32;
    type Noise = Self;
    const MANY_REGISTERS: bool = false;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    fn load(chunk: &Chunk<f32>) -> Self {
        Self(chunk.0)
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk<f32>) {
        chunk.0 = self.0;
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.join(other, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.join(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.join(other, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.join(other, |a, b| a / b)
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        let mut out = addend.0;
        for (out, (a, b)) in out.iter_mut().zip(self.0.into_iter().zip(factor.0)) {
            *out = a.fused(b, *out);
        }
        Self(out)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.join(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.join(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        math::tanh(self)
    }
    #[inline(always)]
    fn of_noise(noise: Self) -> Self {
        noise
    }
}

impl Lanes32 for Array<f32> {
    type Words = Array<u32>;

    fn separately<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Self>()
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }
    #[inline(always)]
    fn to_bits(self) -> Array<u32> {
        self.map(f32::to_bits)
    }
    #[inline(always)]
    fn from_bits(words: Array<u32>) -> Self {
        words.map(f32::from_bits)
    }
    #[inline(always)]
    fn from_signed(words: Array<u32>) -> Self {
        words.map(|word| word.cast_signed() as f32)
    }
    #[inline(always)]
    fn where_negative(self, mask: Array<u32>, other: Self) -> Self {
        let (a, b) = (self.to_bits(), other.to_bits());
        let full = mask.sar::<31>();
        Self::from_bits(b.xor(a.xor(b).and(full)))
    }
}

impl Words for Array<u32> {
    #[inline(always)]
    fn splat(word: u32) -> Self {
        Self([word; LANES])
    }
    #[inline(always)]
    fn load(chunk: &Chunk<u32>) -> Self {
        Self(chunk.0)
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk<u32>) {
        chunk.0 = self.0;
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.join(other, u32::wrapping_add)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.join(other, u32::wrapping_sub)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.join(other, |a, b| a ^ b)
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.join(other, |a, b| a & b)
    }
    #[inline(always)]
    fn shl<const BY: i32>(self) -> Self {
        self.map(|a| a << BY)
    }
    #[inline(always)]
    fn shr<const BY: i32>(self) -> Self {
        self.map(|a| a >> BY)
    }
    #[inline(always)]
    fn sar<const BY: i32>(self) -> Self {
        self.map(|a| (a.cast_signed() >> BY).cast_unsigned())
    }
    #[inline(always)]
    fn rotate<const BY: i32>(self) -> Self {
        self.map(|a| a.rotate_left(BY.cast_unsigned()))
    }
}

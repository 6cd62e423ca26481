//! Double precision for oracles, on every path: arrays, driven by the same noise as `f32`.

use std::marker::PhantomData;

use super::fused::MulAdd;
use super::{Chunk, LANES, Lanes, Lanes32};
use crate::math;

/// Sixteen numbers in double precision, beside single-precision lanes `N` for the noise.
///
/// The noise is that of the `f32` engine, bit for bit: two runs of the same seed differ
/// by rounding alone.
#[derive(Clone, Copy)]
pub struct Double<N>([f64; LANES], PhantomData<N>);

impl<N: Copy> Double<N> {
    #[inline(always)]
    const fn of(values: [f64; LANES]) -> Self {
        Self(values, PhantomData)
    }

    #[inline(always)]
    fn join(mut self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a = f(*a, b);
        }
        self
    }
}

impl<N: Lanes32> Lanes for Double<N> {
    type Scalar = f64;
    type Noise = N;
    const MANY_REGISTERS: bool = false;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self::of([value; LANES])
    }
    #[inline(always)]
    fn load(chunk: &Chunk<f64>) -> Self {
        Self::of(chunk.0)
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk<f64>) {
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
        Self::of(out)
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
    fn tanh(mut self) -> Self {
        for x in &mut self.0 {
            *x = math::tanh_f64(*x);
        }
        self
    }
    #[inline(always)]
    fn of_noise(noise: N) -> Self {
        let mut chunk = Chunk([0.0; LANES]);
        noise.store(&mut chunk);
        let mut out = [0.0; LANES];
        for (out, x) in out.iter_mut().zip(chunk.0) {
            *out = f64::from(x);
        }
        Self::of(out)
    }
}

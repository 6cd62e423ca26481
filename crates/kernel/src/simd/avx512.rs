//! Sixteen lanes in one register of 512 bits.
//!
//! The intrinsics are unsafe on machines without AVX-512F and DQ. Values of these types
//! are made only inside [`execute`], which [`Path`](super::Path) calls only where both were detected.

use std::arch::x86_64::{
    __m512, __m512i, _mm_cvtsi32_si128, _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512,
    _mm512_castps_si512, _mm512_castsi512_ps, _mm512_cvtepi32_ps, _mm512_div_ps, _mm512_fmadd_ps,
    _mm512_load_ps, _mm512_load_si512, _mm512_mask_blend_ps, _mm512_max_ps, _mm512_min_ps,
    _mm512_movepi32_mask, _mm512_mul_ps, _mm512_rol_epi32, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_sll_epi32, _mm512_sqrt_ps, _mm512_sra_epi32, _mm512_srl_epi32, _mm512_store_ps,
    _mm512_store_si512, _mm512_sub_epi32, _mm512_sub_ps, _mm512_xor_si512,
};

use super::{Chunk, Kernel, Lanes, Lanes32, Words};
use crate::math;

/// Runs a kernel with AVX-512.
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
pub(super) fn execute<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Wide>()
}

/// Sixteen numbers.
#[derive(Clone, Copy)]
pub struct Wide(__m512);

/// Sixteen words.
#[derive(Clone, Copy)]
pub struct WideWords(__m512i);

/// Calls an intrinsic.
macro_rules! native {
    ($call:expr) => {
        // SAFETY: a value of this module exists only below `execute`, hence on a machine
        // with the instructions; memory operands are whole chunks, which are aligned.
        unsafe { $call }
    };
}

impl Lanes for Wide {
    type Scalar = f32;
    type Noise = Self;
    const MANY_REGISTERS: bool = true;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(native!(_mm512_set1_ps(value)))
    }
    #[inline(always)]
    fn load(chunk: &Chunk<f32>) -> Self {
        Self(native!(_mm512_load_ps(chunk.0.as_ptr())))
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk<f32>) {
        native!(_mm512_store_ps(chunk.0.as_mut_ptr(), self.0));
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(native!(_mm512_add_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(native!(_mm512_sub_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(native!(_mm512_mul_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(native!(_mm512_div_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(native!(_mm512_fmadd_ps(self.0, factor.0, addend.0)))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(native!(_mm512_max_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(native!(_mm512_min_ps(self.0, other.0)))
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

impl Lanes32 for Wide {
    type Words = WideWords;

    fn separately<K: Kernel>(kernel: K) -> K::Output {
        // SAFETY: as above; the caller already runs below `execute`.
        unsafe { execute(kernel) }
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(native!(_mm512_sqrt_ps(self.0)))
    }
    #[inline(always)]
    fn to_bits(self) -> WideWords {
        WideWords(native!(_mm512_castps_si512(self.0)))
    }
    #[inline(always)]
    fn from_bits(words: WideWords) -> Self {
        Self(native!(_mm512_castsi512_ps(words.0)))
    }
    #[inline(always)]
    fn from_signed(words: WideWords) -> Self {
        Self(native!(_mm512_cvtepi32_ps(words.0)))
    }
    #[inline(always)]
    fn where_negative(self, mask: WideWords, other: Self) -> Self {
        Self(native!(_mm512_mask_blend_ps(
            _mm512_movepi32_mask(mask.0),
            other.0,
            self.0
        )))
    }
}

impl Words for WideWords {
    #[inline(always)]
    fn splat(word: u32) -> Self {
        Self(native!(_mm512_set1_epi32(word.cast_signed())))
    }
    #[inline(always)]
    fn load(chunk: &Chunk<u32>) -> Self {
        Self(native!(_mm512_load_si512(chunk.0.as_ptr().cast())))
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk<u32>) {
        native!(_mm512_store_si512(chunk.0.as_mut_ptr().cast(), self.0));
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(native!(_mm512_add_epi32(self.0, other.0)))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(native!(_mm512_sub_epi32(self.0, other.0)))
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(native!(_mm512_xor_si512(self.0, other.0)))
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(native!(_mm512_and_si512(self.0, other.0)))
    }
    // Shifts by a constant in a register, which the compiler folds into the instruction.
    #[inline(always)]
    fn shl<const BY: i32>(self) -> Self {
        Self(native!(_mm512_sll_epi32(self.0, _mm_cvtsi32_si128(BY))))
    }
    #[inline(always)]
    fn shr<const BY: i32>(self) -> Self {
        Self(native!(_mm512_srl_epi32(self.0, _mm_cvtsi32_si128(BY))))
    }
    #[inline(always)]
    fn sar<const BY: i32>(self) -> Self {
        Self(native!(_mm512_sra_epi32(self.0, _mm_cvtsi32_si128(BY))))
    }
    #[inline(always)]
    fn rotate<const BY: i32>(self) -> Self {
        Self(native!(_mm512_rol_epi32::<BY>(self.0)))
    }
}

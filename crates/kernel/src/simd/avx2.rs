//! Sixteen lanes in two registers of 256 bits.
//!
//! The intrinsics are unsafe on machines without AVX2 and FMA. Values of these types
//! are made only inside [`execute`], which [`Path`](super::Path) calls only where both were detected.

use std::arch::x86_64::{
    __m256, __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256,
    _mm256_blendv_ps, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cvtepi32_ps, _mm256_div_ps,
    _mm256_fmadd_ps, _mm256_load_ps, _mm256_load_si256, _mm256_max_ps, _mm256_min_ps,
    _mm256_mul_ps, _mm256_or_si256, _mm256_set1_epi32, _mm256_set1_ps, _mm256_sll_epi32,
    _mm256_sqrt_ps, _mm256_sra_epi32, _mm256_srl_epi32, _mm256_store_ps, _mm256_store_si256,
    _mm256_sub_epi32, _mm256_sub_ps, _mm256_xor_si256,
};

use super::{Chunk, Kernel, Lanes, Lanes32, Words};
use crate::math;

/// Runs a kernel with AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) fn execute<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Halves>()
}

/// Sixteen numbers, eight in each half.
#[derive(Clone, Copy)]
pub struct Halves(__m256, __m256);

/// Sixteen words, eight in each half.
#[derive(Clone, Copy)]
pub struct HalvesWords(__m256i, __m256i);

/// Calls an intrinsic on both halves.
macro_rules! native {
    ($make:ident, $intrinsic:ident $(, $operand:expr)*) => {
        // SAFETY: a value of this module exists only below `execute`, hence on a machine with
        // the instructions.
        unsafe { $make($intrinsic($($operand.0),*), $intrinsic($($operand.1),*)) }
    };
}

impl Lanes for Halves {
    type Scalar = f32;
    type Noise = Self;
    const MANY_REGISTERS: bool = false;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        let both = (value, value);
        native!(Self, _mm256_set1_ps, both)
    }
    #[inline(always)]
    fn load(chunk: &Chunk<f32>) -> Self {
        // SAFETY: as above; a chunk is aligned to 64 bytes and holds sixteen numbers.
        unsafe {
            let low = chunk.0.as_ptr();
            Self(_mm256_load_ps(low), _mm256_load_ps(low.add(8)))
        }
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk<f32>) {
        // SAFETY: as above.
        unsafe {
            let low = chunk.0.as_mut_ptr();
            _mm256_store_ps(low, self.0);
            _mm256_store_ps(low.add(8), self.1);
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        native!(Self, _mm256_add_ps, self, other)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        native!(Self, _mm256_sub_ps, self, other)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        native!(Self, _mm256_mul_ps, self, other)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        native!(Self, _mm256_div_ps, self, other)
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        native!(Self, _mm256_fmadd_ps, self, factor, addend)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        native!(Self, _mm256_max_ps, self, other)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        native!(Self, _mm256_min_ps, self, other)
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

impl Lanes32 for Halves {
    type Words = HalvesWords;

    fn separately<K: Kernel>(kernel: K) -> K::Output {
        // SAFETY: as above; the caller already runs below `execute`.
        unsafe { execute(kernel) }
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        native!(Self, _mm256_sqrt_ps, self)
    }
    #[inline(always)]
    fn to_bits(self) -> HalvesWords {
        native!(HalvesWords, _mm256_castps_si256, self)
    }
    #[inline(always)]
    fn from_bits(words: HalvesWords) -> Self {
        native!(Self, _mm256_castsi256_ps, words)
    }
    #[inline(always)]
    fn from_signed(words: HalvesWords) -> Self {
        native!(Self, _mm256_cvtepi32_ps, words)
    }
    #[inline(always)]
    fn where_negative(self, mask: HalvesWords, other: Self) -> Self {
        let mask = Self::from_bits(mask);
        native!(Self, _mm256_blendv_ps, other, self, mask)
    }
}

impl Words for HalvesWords {
    #[inline(always)]
    fn splat(word: u32) -> Self {
        let both = (word.cast_signed(), word.cast_signed());
        native!(Self, _mm256_set1_epi32, both)
    }
    #[inline(always)]
    fn load(chunk: &Chunk<u32>) -> Self {
        // SAFETY: as for the numbers.
        unsafe {
            let low = chunk.0.as_ptr().cast::<__m256i>();
            Self(_mm256_load_si256(low), _mm256_load_si256(low.add(1)))
        }
    }
    #[inline(always)]
    fn store(self, chunk: &mut Chunk<u32>) {
        // SAFETY: as for the numbers.
        unsafe {
            let low = chunk.0.as_mut_ptr().cast::<__m256i>();
            _mm256_store_si256(low, self.0);
            _mm256_store_si256(low.add(1), self.1);
        }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        native!(Self, _mm256_add_epi32, self, other)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        native!(Self, _mm256_sub_epi32, self, other)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        native!(Self, _mm256_xor_si256, self, other)
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        native!(Self, _mm256_and_si256, self, other)
    }
    // Shifts by a constant in a register, which the compiler folds into the instruction.
    #[inline(always)]
    fn shl<const BY: i32>(self) -> Self {
        let by = Count::<BY>::both();
        native!(Self, _mm256_sll_epi32, self, by)
    }
    #[inline(always)]
    fn shr<const BY: i32>(self) -> Self {
        let by = Count::<BY>::both();
        native!(Self, _mm256_srl_epi32, self, by)
    }
    #[inline(always)]
    fn sar<const BY: i32>(self) -> Self {
        let by = Count::<BY>::both();
        native!(Self, _mm256_sra_epi32, self, by)
    }
    #[inline(always)]
    fn rotate<const BY: i32>(self) -> Self {
        let by = Count::<BY>::both();
        // SAFETY: as above.
        let rest = unsafe { (_mm_cvtsi32_si128(32 - BY), _mm_cvtsi32_si128(32 - BY)) };
        let high = native!(Self, _mm256_sll_epi32, self, by);
        let low = native!(Self, _mm256_srl_epi32, self, rest);
        native!(Self, _mm256_or_si256, high, low)
    }
}

/// A shift count, for both halves.
struct Count<const BY: i32>;

impl<const BY: i32> Count<BY> {
    #[inline(always)]
    fn both() -> (std::arch::x86_64::__m128i, std::arch::x86_64::__m128i) {
        // SAFETY: SSE2 is part of every x86-64.
        unsafe { (_mm_cvtsi32_si128(BY), _mm_cvtsi32_si128(BY)) }
    }
}

//! Multiply-add with one rounding, on machines with and without an instruction for it.

/// `self * factor + addend`, rounded once.
pub(crate) trait MulAdd: Copy {
    /// The result, with the same bits whether the compiler may use an instruction or not.
    fn fused(self, factor: Self, addend: Self) -> Self;
}

/// Whether the compiler may assume an instruction for it in every function.
const HARDWARE: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

impl MulAdd for f32 {
    #[inline(always)]
    fn fused(self, factor: Self, addend: Self) -> Self {
        if HARDWARE {
            self.mul_add(factor, addend)
        } else {
            through_double(self, factor, addend)
        }
    }
}

// The oracle path only; where there is no instruction this is a call of the platform's `fma`,
// slow and only as exact as that.
impl MulAdd for f64 {
    #[inline(always)]
    fn fused(self, factor: Self, addend: Self) -> Self {
        self.mul_add(factor, addend)
    }
}

/// The product of two `f32` is exact in `f64`; the sum is rounded to odd there, after which
/// rounding to `f32` is right (Boldo and Melquiond 2008). Without branches, so that it vectorises.
#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    reason = "the rounding to f32 is the point"
)]
fn through_double(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // Knuth's two-sum: the exact error of `sum`, or NaN where that is not finite.
    let part = sum - product;
    let error = (product - (sum - part)) + (c - part);
    let bits = sum.to_bits();
    let inexact = u64::from(error > 0.0) | u64::from(error < 0.0);
    let even = !bits & 1;
    // One step away from zero if the error has the sign of the sum, else one towards it.
    let towards_zero = u64::from((error < 0.0) != (sum < 0.0));
    let step = 1_u64.wrapping_sub(towards_zero << 1);
    f64::from_bits(bits.wrapping_add(step & 0_u64.wrapping_sub(inexact & even))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_way_through_double_rounds_as_the_standard_library(a: u32, b: u32, c: u32) {
            let [a, b, c] = [a, b, c].map(f32::from_bits);
            let (ours, theirs) = (through_double(a, b, c), a.mul_add(b, c));
            prop_assert!(ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan()));
        }

        // Numbers of similar size, where cancellation and ties happen.
        #[test]
        fn near_cancellation_rounds_right(a in -4096_i32..4096, b in -4096_i32..4096, shift in -40_i32..8, tail: i16) {
            let (a, b) = (a as f32 * 1.000_001, b as f32);
            let c = -(a * b) + f32::from(tail) * (shift as f32).exp2();
            let (ours, theirs) = (through_double(a, b, c), a.mul_add(b, c));
            prop_assert_eq!(ours.to_bits(), theirs.to_bits());
        }
    }

    #[test]
    fn a_halfway_case_is_decided_by_what_lies_below_double_precision() {
        // 1 + 2^-24 is halfway between two f32; the product's tail of 2^-60 decides.
        let tail = 2.0_f32.powi(-30);
        let half = 1.0 + 2.0_f32.powi(-23);
        assert_eq!(through_double(tail, tail, half), tail.mul_add(tail, half));
        let c = 2.0_f32.powi(-24);
        assert_eq!(through_double(half, c, 1.0), half.mul_add(c, 1.0));
        assert!(through_double(f32::INFINITY, 0.0, 1.0).is_nan());
        assert_eq!(through_double(f32::INFINITY, 1.0, 1.0), f32::INFINITY);
    }
}

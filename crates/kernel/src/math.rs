//! Elementary functions by polynomials: no call into the platform's library, so that a
//! result has the same bits on every machine.
//!
//! | function | domain | largest error |
//! |---|---|---|
//! | [`squared_radius`], -2 ln u | u = (k + 1/2) / 2^31 | 3 ulp |
//! | [`sin_cos_eighth`] | an eighth of a turn to either side | 3 ulp (sine), 2 ulp (cosine) |
//! | [`exp`] | [-87, 88], else taken at the nearer end | 1.5 ulp |
//! | [`tanh`] | all | 2 ulp |
//! | [`tanh_f64`] | all | 4 ulp of `f64` |
//!
//! The errors are measured by the tests of this module against double precision. All
//! coefficients are minimax fits of the function's remainder after its leading terms (Remez
//! exchange in 50 digits, then rounded to `f32`).

use crate::simd::{Lanes32, Words};

/// a + x (b + x (c + ...)) for coefficients from the highest to the lowest.
#[inline(always)]
fn horner<L: Lanes32, const N: usize>(x: L, coefficients: [f32; N]) -> L {
    let mut sum = L::splat(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = sum.mul_add(x, L::splat(coefficient));
    }
    sum
}

/// -2 ln u for u = (k + 1/2) / 2^31, where k are the lower 31 bits of each word: the squared
/// radius of two normals.
#[inline(always)]
pub(crate) fn squared_radius<L: Lanes32>(k: L::Words) -> L {
    /// The bits of sqrt(1/2): the reduced number lies in [sqrt(1/2), sqrt(2)).
    const ROOT_HALF: u32 = 0x3f35_04f3;
    const EXPONENT: u32 = 0xff80_0000;
    /// 31 binary orders, by which k exceeds u.
    const SHIFT: u32 = 31 << 23;
    const REMAINDER: [f32; 8] = [
        -2.0 * 0.087_004_53,
        2.0 * 0.142_674_91,
        -2.0 * 0.149_147_64,
        2.0 * 0.165_775_84,
        -2.0 * 0.199_630_65,
        2.0 * 0.250_013_38,
        -2.0 * 0.333_339_1,
        1.0,
    ];
    let bits = L::from_signed(k).add(L::splat(0.5)).to_bits();
    let exponent = bits
        .sub(L::Words::splat(ROOT_HALF))
        .and(L::Words::splat(EXPONENT));
    let reduced = L::from_bits(bits.sub(exponent));
    let exponent = L::from_signed(exponent.sub(L::Words::splat(SHIFT)).sar::<23>());
    // -2 ln(1 + f) = -2 f + f^2 - 2 f^3 P(f).
    let f = reduced.sub(L::splat(1.0));
    let minus = L::splat(1.0).sub(reduced);
    let tail = horner(f, REMAINDER);
    let small = tail.mul_add(f.mul(f), minus.add(minus));
    exponent.mul_add(L::splat(-2.0 * std::f32::consts::LN_2), small)
}

/// Sine and cosine of an eighth of a turn to either side at most: of t pi/2, where t = k / 2^23 - 1/2 and k
/// are the lower 23 bits of each word. The higher bits must be zero.
#[inline(always)]
pub(crate) fn sin_cos_eighth<L: Lanes32>(k: L::Words) -> (L, L) {
    /// The bits of one: k becomes a number between one and two.
    const ONE: u32 = 0x3f80_0000;
    // In powers of t.
    const SINE: [f32; 4] = [-0.004_601_65, 0.079_680_03, -0.645_963_43, 1.570_796_4];
    const COSINE: [f32; 4] = [-0.020_427_184, 0.253_606_7, -1.233_698, 1.0];
    let t = L::from_bits(k.xor(L::Words::splat(ONE))).sub(L::splat(1.5));
    let square = t.mul(t);
    (horner(square, SINE).mul(t), horner(square, COSINE))
}

/// Exponential function.
#[inline(always)]
pub(crate) fn exp<L: Lanes32>(x: L) -> L {
    // Adding 1.5 * 2^23 rounds to the nearest integer, in the low bits of the mantissa.
    const ROUNDER: f32 = 12_582_912.0;
    const REMAINDER: [f32; 5] = [
        0.001_395_058_7,
        0.008_368_947,
        0.041_666_206,
        0.166_665_18,
        0.5,
    ];
    let x = L::splat(88.0).min(L::splat(-87.0).max(x));
    let shifted = x.mul_add(L::splat(std::f32::consts::LOG2_E), L::splat(ROUNDER));
    let whole = shifted.sub(L::splat(ROUNDER));
    // ln 2 in two parts keeps the reduced argument exact.
    let f = whole.mul_add(L::splat(-0.693_145_75), x);
    let f = whole.mul_add(L::splat(-1.428_606_8e-6), f);
    let tail = horner(f, REMAINDER).mul_add(f.mul(f), f);
    let power = L::from_bits(shifted.to_bits().add(L::Words::splat(127)).shl::<23>());
    power.mul_add(tail, power)
}

/// Hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh<L: Lanes32>(x: L) -> L {
    const SIGN: u32 = 0x8000_0000;
    const REMAINDER: [f32; 5] = [
        -0.005_717_504_3,
        0.020_651_052,
        -0.053_743_664,
        0.133_314_94,
        -0.333_332_84,
    ];
    let sign = x.to_bits().and(L::Words::splat(SIGN));
    let magnitude = L::from_bits(x.to_bits().xor(sign));
    // Near zero a series, so that the relative error stays small ...
    let square = x.mul(x);
    let near = horner(square, REMAINDER)
        .mul(square)
        .mul_add(magnitude, magnitude);
    // ... and 1 - 2 / (1 + exp(2 |x|)) beyond.
    let growth = exp(magnitude.add(magnitude));
    let far = L::splat(1.0).sub(L::splat(2.0).div(L::splat(1.0).add(growth)));
    let unsigned = near.where_negative(magnitude.sub(L::splat(0.625)).to_bits(), far);
    L::from_bits(unsigned.to_bits().xor(sign))
}

/// Hyperbolic tangent in double precision.
#[inline(always)]
pub(crate) fn tanh_f64(x: f64) -> f64 {
    let magnitude = x.abs();
    // tanh = expm1(2x) / (expm1(2x) + 2), which loses nothing near zero.
    let rise = exp_minus_one(2.0 * magnitude);
    (rise / (rise + 2.0)).copysign(x)
}

/// exp(y) - 1 for y >= 0, taken at 80 beyond it.
#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number between 0 and 116"
)]
fn exp_minus_one(y: f64) -> f64 {
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let y = if y > 80.0 { 80.0 } else { y };
    let whole = (y * std::f64::consts::LOG2_E + 0.5).floor();
    let f = (y - whole * LN_2_HIGH) - whole * LN_2_LOW;
    // Taylor to order 14: |f| <= 0.35, so the remainder is below 2e-19.
    let mut series = 1.0;
    for order in (2..=14).rev() {
        series = 1.0 + f / f64::from(order) * series;
    }
    let power = f64::from_bits((1023 + whole as u64) << 52);
    power * (f * series) + (power - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Array, Chunk, Kernel, LANES, Lanes, Path};

    /// Applies one of the functions to every input.
    #[derive(Clone, Copy)]
    struct Apply<'a, F> {
        inputs: &'a [u32],
        function: F,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Function {
        SquaredRadius,
        Sine,
        Cosine,
        Exp,
        Tanh,
    }

    impl Kernel for Apply<'_, Function> {
        type Output = Vec<f32>;
        #[inline(always)]
        fn run<L: Lanes32>(self) -> Vec<f32> {
            let mut out = Vec::with_capacity(self.inputs.len());
            for inputs in self.inputs.chunks(LANES) {
                let mut chunk = Chunk([0; LANES]);
                chunk.0[..inputs.len()].copy_from_slice(inputs);
                let words = L::Words::load(&chunk);
                let value = match self.function {
                    Function::SquaredRadius => squared_radius::<L>(words),
                    Function::Sine => sin_cos_eighth::<L>(words).0,
                    Function::Cosine => sin_cos_eighth::<L>(words).1,
                    Function::Exp => exp(L::from_bits(words)),
                    Function::Tanh => tanh(L::from_bits(words)),
                };
                let mut chunk = Chunk([0.0; LANES]);
                value.store(&mut chunk);
                out.extend(&chunk.0[..inputs.len()]);
            }
            out
        }
    }

    /// Distance in units in the last place of the exact value.
    fn ulp(found: f32, exact: f64) -> f64 {
        let exponent = exact.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor();
        (f64::from(found) - exact).abs() / (exponent - 23.0).exp2()
    }

    fn worst(
        function: Function,
        mut inputs: impl Iterator<Item = u32>,
        exact: impl Fn(u32) -> f64,
    ) -> f64 {
        let mut worst = 0.0_f64;
        loop {
            let some: Vec<u32> = inputs.by_ref().take(1 << 16).collect();
            if some.is_empty() {
                return worst;
            }
            let found = Path::best().execute(Apply {
                inputs: &some,
                function,
            });
            for (&found, &input) in found.iter().zip(&some) {
                worst = worst.max(ulp(found, exact(input)));
            }
        }
    }

    fn of_bits(function: fn(f64) -> f64) -> impl Fn(u32) -> f64 {
        move |bits| function(f64::from(f32::from_bits(bits)))
    }

    /// Every `stride`-th bit pattern between two numbers of the same sign.
    fn between(low: f32, high: f32, stride: usize) -> impl Iterator<Item = u32> {
        (low.to_bits()..=high.to_bits()).step_by(stride)
    }

    fn check(stride: usize) {
        // Beyond 2^23 the sum k + 1/2 is rounded, which moves u, not its logarithm.
        let exact = |k: u32| -2.0 * (f64::from(k as f32 + 0.5) / 2_147_483_648.0).ln();
        let words = (0..1 << 31).step_by(stride);
        let error = worst(Function::SquaredRadius, words, exact);
        assert!(error < 3.0, "-2 ln u: {error} ulp");
        let angle = |k: u32| (f64::from(k) / 8_388_608.0 - 0.5) * std::f64::consts::FRAC_PI_2;
        let angles = || (0..1 << 23).step_by(stride.min(11));
        let error = worst(Function::Sine, angles(), |k| angle(k).sin());
        assert!(error < 3.0, "sine: {error} ulp");
        let error = worst(Function::Cosine, angles(), |k| angle(k).cos());
        assert!(error < 2.0, "cosine: {error} ulp");
        let exponents = between(1e-30, 88.0, stride).chain(between(-1e-30, -87.0, stride));
        let error = worst(Function::Exp, exponents, of_bits(f64::exp));
        assert!(error < 1.5, "exp: {error} ulp");
        let tiny = f32::MIN_POSITIVE;
        let all = between(tiny, 100.0, stride).chain(between(-tiny, -100.0, stride));
        let error = worst(Function::Tanh, all, of_bits(f64::tanh));
        assert!(error < 2.0, "tanh: {error} ulp");
    }

    #[test]
    fn errors_stay_below_what_is_stated() {
        check(1009);
    }

    #[test]
    #[ignore = "every input there is, five minutes: `cargo test --release -p overdamped-kernel -- --ignored`"]
    fn errors_stay_below_what_is_stated_for_every_input() {
        check(1);
    }

    #[test]
    fn special_values_have_their_limits() {
        let one = |function, x: f32| {
            Path::PORTABLE.execute(Apply {
                inputs: &[x.to_bits()],
                function,
            })[0]
        };
        assert_eq!(one(Function::Tanh, f32::INFINITY), 1.0);
        assert_eq!(one(Function::Tanh, f32::NEG_INFINITY), -1.0);
        assert_eq!(one(Function::Tanh, -0.0).to_bits(), (-0.0_f32).to_bits());
        assert_eq!(one(Function::Exp, 0.0), 1.0);
        assert!(one(Function::Exp, f32::NAN).is_nan());
        assert_eq!(tanh_f64(f64::INFINITY), 1.0);
        assert_eq!(tanh_f64(0.0), 0.0);
        assert!(tanh_f64(f64::NAN).is_nan());
    }

    #[test]
    fn double_precision_tanh_stays_below_its_stated_error() {
        let worst = (-400_000..=400_000)
            .map(|i| f64::from(i) * 5.3e-5)
            .map(|x| (tanh_f64(x) - x.tanh()).abs() / (x.tanh().abs() * f64::EPSILON).max(1e-300))
            .fold(0.0, f64::max);
        assert!(worst < 4.0, "{worst} ulp");
    }

    #[test]
    fn every_path_gives_the_same_bits() {
        let inputs: Vec<u32> = (0..1 << 16).map(|i: u32| i.wrapping_mul(65_537)).collect();
        for function in [
            Function::SquaredRadius,
            Function::Sine,
            Function::Cosine,
            Function::Exp,
            Function::Tanh,
        ] {
            let on = |path: Path| {
                let values = path.execute(Apply {
                    inputs: &inputs,
                    function,
                });
                // A NaN may carry any payload.
                let bits = values
                    .iter()
                    .map(|v| if v.is_nan() { 0 } else { v.to_bits() });
                bits.collect::<Vec<_>>()
            };
            for path in Path::available() {
                assert!(on(path) == on(Path::PORTABLE), "{path}");
            }
        }
        // The portable lanes are usable outside of a path too.
        let _ = exp(Array::<f32>::splat(0.0));
    }
}

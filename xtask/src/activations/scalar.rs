//! The types of values that are read, and their conversion to single precision.

use half::{bf16, f16};

/// Type of the stored values, always little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// IEEE half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
    /// Single precision.
    F32,
    /// Double precision, rounded to single when read.
    F64,
}

impl Scalar {
    /// Bytes of one value.
    pub fn bytes(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Decodes `bytes` into `values`; double precision beyond the range of
    /// single precision becomes infinite.
    pub fn decode(self, bytes: &[u8], values: &mut [f32]) {
        debug_assert_eq!(bytes.len(), values.len() * self.bytes());
        match self {
            Self::F16 => each(bytes, values, |b| f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => each(bytes, values, |b| bf16::from_le_bytes(b).to_f32()),
            Self::F32 => each(bytes, values, f32::from_le_bytes),
            Self::F64 => each(bytes, values, |b| f64::from_le_bytes(b) as f32),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], values: &mut [f32], decode: impl Fn([u8; N]) -> f32) {
    for (value, &bytes) in values.iter_mut().zip(bytes.as_chunks::<N>().0) {
        *value = decode(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded<const N: usize>(scalar: Scalar, bytes: [u8; N]) -> f32 {
        let mut value = [0.0];
        scalar.decode(&bytes, &mut value);
        value[0]
    }

    #[test]
    fn every_type_is_decoded_from_little_endian_bytes() {
        assert_eq!(decoded(Scalar::F32, (-1.5_f32).to_le_bytes()), -1.5);
        assert_eq!(decoded(Scalar::F64, 0.1_f64.to_le_bytes()), 0.1);
        // Sign, five bits of exponent (bias 15), ten of mantissa.
        assert_eq!(decoded(Scalar::F16, 0xc100_u16.to_le_bytes()), -2.5);
        assert_eq!(
            decoded(Scalar::F16, 0x0001_u16.to_le_bytes()),
            2_f32.powi(-24)
        );
        // The upper half of the bits of 3.140625.
        assert_eq!(decoded(Scalar::Bf16, 0x4049_u16.to_le_bytes()), 3.140_625);
    }

    #[test]
    fn what_single_precision_cannot_hold_becomes_infinite() {
        assert_eq!(decoded(Scalar::F64, 1e300_f64.to_le_bytes()), f32::INFINITY);
        assert!(decoded(Scalar::F16, 0x7e00_u16.to_le_bytes()).is_nan());
        assert_eq!(
            decoded(Scalar::Bf16, 0xff80_u16.to_le_bytes()),
            f32::NEG_INFINITY
        );
    }
}

//! What is done to a seed: bits flipped, ends cut, pieces lost or doubled, numbers set to extremes.

use proptest::prelude::*;

/// Longest input, as for libFuzzer.
const LONGEST: usize = 4096;

/// One thing done to bytes; a place is a share of their length.
#[derive(Debug, Clone)]
enum Edit {
    Flip(f64, u8),
    Set(f64, u8),
    Cut(f64),
    Remove(f64, usize),
    Double(f64, usize),
    Insert(f64, Vec<u8>),
    /// A binary number, the way that lengths stand in headers.
    Extreme(f64, Vec<u8>),
    /// A number in digits.
    Number(f64, &'static str),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = || 0.0..1.0_f64;
    prop_oneof![
        (place(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        place().prop_map(Edit::Cut),
        (place(), 1..9_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        (place(), 1..33_usize).prop_map(|(at, count)| Edit::Double(at, count)),
        (place(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, new)| Edit::Insert(at, new)),
        (place(), extreme()).prop_map(|(at, new)| Edit::Extreme(at, new)),
        (
            place(),
            prop::sample::select(vec![
                "0",
                "-1",
                "1e999",
                "1e-999",
                "2147483648",
                "4294967295",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551615",
                "36893488147419103232",
                "NaN",
            ])
        )
            .prop_map(|(at, number)| Edit::Number(at, number)),
    ]
}

fn extreme() -> impl Strategy<Value = Vec<u8>> {
    let values = [
        0,
        1,
        0x7f,
        0x7fff_ffff,
        0xffff_ffff,
        1 << 32,
        1 << 62,
        i64::MAX as u64,
        1 << 63,
        u64::MAX,
    ];
    (
        prop::sample::select(values.to_vec()),
        prop::sample::select(vec![2, 4, 8_usize]),
        any::<bool>(),
    )
        .prop_map(|(value, width, big)| match big {
            true => value.to_be_bytes()[8 - width..].to_vec(),
            false => value.to_le_bytes()[..width].to_vec(),
        })
}

impl Edit {
    fn apply(self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let place = |at: f64| ((at * length as f64) as usize).min(length.saturating_sub(1));
        match self {
            Self::Flip(at, bit) if length > 0 => bytes[place(at)] ^= 1 << bit,
            Self::Set(at, byte) if length > 0 => bytes[place(at)] = byte,
            Self::Flip(..) | Self::Set(..) => {}
            Self::Cut(at) => bytes.truncate(place(at)),
            Self::Remove(at, count) => {
                let first = place(at);
                bytes.drain(first..length.min(first + count));
            }
            Self::Double(at, count) => {
                let first = place(at);
                let piece = bytes[first..length.min(first + count)].to_vec();
                bytes.splice(first..first, piece);
            }
            Self::Insert(at, new) => {
                let first = place(at);
                bytes.splice(first..first, new);
            }
            Self::Extreme(at, new) => {
                let first = place(at);
                bytes.splice(first..length.min(first + new.len()), new);
            }
            Self::Number(at, number) => {
                let digit = |byte: &u8| byte.is_ascii_digit();
                let from = place(at);
                let Some(first) = bytes[from..].iter().position(digit) else {
                    return;
                };
                let first = from + first;
                let digits = bytes[first..].iter().take_while(|byte| digit(byte)).count();
                bytes.splice(first..first + digits, number.bytes());
            }
        }
    }
}

/// One of the seeds, changed, or plain noise.
pub fn mutated(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changed = (
        prop::sample::select(seeds),
        prop::collection::vec(edit(), 1..6),
    )
        .prop_map(|(mut bytes, edits)| {
            for edit in edits {
                edit.apply(&mut bytes);
            }
            bytes.truncate(LONGEST);
            bytes
        });
    prop_oneof![
        9 => changed,
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

//! The header of a `.npy` file.
//!
//! Layout: magic, version, a length of two or four bytes, a Python dictionary of that length, the
//! values. The crate `npyz` parses the dictionary. It allocates the claimed length as it stands and
//! descends into brackets recursively and multiplies extents unchecked, so all three are bounded before it sees a byte.

use std::io::Read;
use std::path::Path;

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};

use super::Open;
use super::error::{Error, Name};
use super::scalar::Scalar;
use super::tensor::{Entry, Shape, byte_length, unreadable};

/// What every `.npy` file begins with.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header that is parsed; NumPy itself stops at 10,000 characters.
const LONGEST_HEADER: u64 = 10_000;
/// Deepest nesting of brackets that is parsed; plain arrays have two.
const DEEPEST: usize = 8;

/// Reads and checks the header of the array that is one side of a pair.
///
/// # Errors
/// [`Error::Read`], [`Error::HeaderLength`], [`Error::Header`], [`Error::Overflow`],
/// [`Error::Length`], [`Error::FortranOrder`], [`Error::Dtype`], [`Error::Rank`],
/// [`Error::Empty`], [`Error::Units`].
pub fn read<R: Read>(open: &Open<'_, R>, path: &Path) -> Result<Entry, Error> {
    let (text, length) = header_text(open, path)?;
    let refused = |reason: String| Error::Header {
        path: path.to_path_buf(),
        reason,
    };
    if nesting(&text) > DEEPEST {
        return Err(refused(format!(
            "its brackets are nested more than {DEEPEST} deep"
        )));
    }
    if !extents_fit(&text[before_dictionary(&text)..]) {
        return Err(refused(
            "its numbers are no extents of an array: whole numbers whose product is below 2^64"
                .into(),
        ));
    }
    let header = NpyHeader::from_reader(&text[..]).map_err(|error| refused(error.to_string()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let dtype = header.dtype();
    let Some(scalar) = scalar(&dtype) else {
        return Err(Error::Dtype {
            tensor: Name::new(&name),
            dtype: dtype.descr(),
            accepted: "'<f2', '<f4' and '<f8'",
            fix: "a.astype(\"<f4\")",
        });
    };
    let start = text.len() as u64;
    let Some(announced) = byte_length(header.shape(), scalar.bytes() as u64) else {
        return Err(Error::Overflow {
            path: path.to_path_buf(),
            tensor: Name::new(&name),
            shape: header.shape().to_vec(),
            dtype: dtype.descr(),
        });
    };
    let shape = Shape::new(&name, header.shape())?;
    if announced != length - start {
        return Err(Error::Length {
            path: path.to_path_buf(),
            found: length - start,
            announced,
        });
    }
    if header.order() == Order::Fortran {
        return Err(Error::FortranOrder {
            path: path.to_path_buf(),
        });
    }
    Ok(Entry {
        name: name.into_owned(),
        scalar,
        shape,
        start,
    })
}

/// Everything before the values, and the length of the file.
fn header_text<R: Read>(open: &Open<'_, R>, path: &Path) -> Result<(Vec<u8>, u64), Error> {
    let refused = |source| unreadable(path, source);
    let (mut file, length) = open(path).map_err(refused)?;
    let mut text = vec![0; MAGIC.len() + 2];
    let short = |needed: usize| Error::Header {
        path: path.to_path_buf(),
        reason: format!("the file has {length} bytes, at least {needed} are needed"),
    };
    if length < text.len() as u64 {
        return Err(short(text.len()));
    }
    file.read_exact(&mut text).map_err(refused)?;
    // Version 1 has a length of two bytes, later ones of four.
    let field = if text[MAGIC.len()] == 1 { 2 } else { 4 };
    let before = text.len() + field;
    if length < before as u64 {
        return Err(short(before));
    }
    let mut claimed = [0; 8];
    file.read_exact(&mut claimed[..field]).map_err(refused)?;
    text.extend_from_slice(&claimed[..field]);
    let claimed = u64::from_le_bytes(claimed);
    let bound = (length - before as u64).min(LONGEST_HEADER);
    if claimed > bound {
        return Err(Error::HeaderLength {
            path: path.to_path_buf(),
            claimed,
            bound,
        });
    }
    text.resize(before + claimed as usize, 0);
    file.read_exact(&mut text[before..]).map_err(refused)?;
    Ok((text, length))
}

/// Bytes before the dictionary in a text that [`header_text`] has read.
fn before_dictionary(text: &[u8]) -> usize {
    MAGIC.len() + 2 + if text[MAGIC.len()] == 1 { 2 } else { 4 }
}

/// Whether all numbers of a dictionary are decimal and can be multiplied, in any order and whatever a zero among them
/// would make of the rest. Words that start with a letter, as `f4` does, are none.
fn extents_fit(dictionary: &[u8]) -> bool {
    let words = dictionary.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
    let mut numbers = words
        .filter(|word| word.first().is_some_and(u8::is_ascii_digit))
        .map(|word| str::from_utf8(word).ok()?.parse::<u64>().ok());
    let product = |product: u64, number: Option<u64>| product.checked_mul(number?.max(1));
    numbers.try_fold(1, product).is_some()
}

fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn scalar(dtype: &DType) -> Option<Scalar> {
    let DType::Plain(plain) = dtype else {
        return None;
    };
    if (plain.type_char(), plain.endianness()) != (TypeChar::Float, Endianness::Little) {
        return None;
    }
    match plain.size_field() {
        2 => Some(Scalar::F16),
        4 => Some(Scalar::F32),
        8 => Some(Scalar::F64),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

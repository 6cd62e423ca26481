//! The header of a `.safetensors` file: which tensors there are, and where.
//!
//! Layout: eight bytes of length (little-endian), a JSON object of that length, the values. The crate
//! `safetensors` parses the entries and checks that they tile the data; its function for a whole
//! file wants the whole file in memory, and its refusals name no figures, hence the checks here.
//! No byte of the header is allocated before the claimed length has been compared with the file's.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, SafeTensorError, TensorInfo};
use serde::Deserialize;

use super::Open;
use super::error::{Error, Name, Names};
use super::scalar::Scalar;
use super::tensor::{Entry, Shape, byte_length, unreadable};

/// Longest header that is parsed: a hundred thousand tensors' worth.
const LONGEST_HEADER: u64 = 16 << 20;
/// Bytes of the length before the header.
const LENGTH: u64 = 8;

/// The tensors of one file, checked against its length.
#[derive(Debug)]
pub struct Catalogue<'a> {
    path: &'a Path,
    tensors: BTreeMap<String, TensorInfo>,
    /// First byte of the values.
    start: u64,
}

/// The JSON of the header.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    metadata: Option<HashMap<String, String>>,
    #[serde(flatten)]
    tensors: BTreeMap<String, TensorInfo>,
}

impl<'a> Catalogue<'a> {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::HeaderLength`], [`Error::Header`], [`Error::Overflow`],
    /// [`Error::ShapeAndBytes`], [`Error::Offsets`], [`Error::Length`].
    pub fn read<R: Read>(open: &Open<'_, R>, path: &'a Path) -> Result<Self, Error> {
        let header = |reason: String| Error::Header {
            path: path.to_path_buf(),
            reason,
        };
        let refused = |source| unreadable(path, source);
        let (mut file, length) = open(path).map_err(refused)?;
        if length < LENGTH {
            return Err(header(format!(
                "the file has {length} bytes, at least {LENGTH} are needed"
            )));
        }
        let mut claimed = [0; LENGTH as usize];
        file.read_exact(&mut claimed).map_err(refused)?;
        let claimed = u64::from_le_bytes(claimed);
        let bound = (length - LENGTH).min(LONGEST_HEADER);
        if claimed > bound {
            return Err(Error::HeaderLength {
                path: path.to_path_buf(),
                claimed,
                bound,
            });
        }
        let mut text = vec![0; claimed as usize];
        file.read_exact(&mut text).map_err(refused)?;
        let Header { metadata, tensors } =
            serde_json::from_slice(&text).map_err(|error| header(error.to_string()))?;
        let start = LENGTH + claimed;
        let announced = tile(path, &tensors)?;
        if announced != length - start {
            return Err(Error::Length {
                path: path.to_path_buf(),
                found: length - start,
                announced,
            });
        }
        // The format's own word on the same entries, in the order of their bytes.
        let mut ordered: Vec<_> = tensors.clone().into_iter().collect();
        ordered.sort_by_key(|(_, info)| info.data_offsets);
        Metadata::new(metadata, ordered)
            .map_err(|error: SafeTensorError| header(error.to_string()))?;
        Ok(Self {
            path,
            tensors,
            start,
        })
    }

    /// The pair of that name, or the only one: encoder's and decoder's entry, and the name.
    ///
    /// # Errors
    /// [`Error::NoPair`], [`Error::UnknownPair`], [`Error::SeveralPairs`]; [`Error::Dtype`],
    /// [`Error::Rank`], [`Error::Empty`] or [`Error::Units`] of one of the two.
    pub fn pair(&self, chosen: Option<&str>) -> Result<(Entry, Entry, String), Error> {
        let pairs: Vec<&str> = self
            .tensors
            .keys()
            .filter_map(|name| name.strip_prefix("encoder."))
            .filter(|name| self.tensors.contains_key(&format!("decoder.{name}")))
            .collect();
        let path = self.path.to_path_buf();
        let names = |names: &[&str]| Names(names.iter().map(ToString::to_string).collect());
        let name = match (chosen, pairs.as_slice()) {
            (Some(chosen), pairs) if pairs.contains(&chosen) => chosen,
            (Some(chosen), [_, ..]) => {
                return Err(Error::UnknownPair {
                    path,
                    pair: Name::new(chosen),
                    pairs: names(&pairs),
                });
            }
            (_, []) => {
                return Err(Error::NoPair {
                    path,
                    tensors: Names(self.tensors.keys().cloned().collect()),
                });
            }
            (None, [name]) => name,
            (None, pairs) => {
                return Err(Error::SeveralPairs {
                    path,
                    pairs: names(pairs),
                });
            }
        };
        let encoder = self.entry(format!("encoder.{name}"))?;
        let decoder = self.entry(format!("decoder.{name}"))?;
        Ok((encoder, decoder, name.to_owned()))
    }

    fn entry(&self, name: String) -> Result<Entry, Error> {
        let info = &self.tensors[&name];
        let scalar = match info.dtype {
            Dtype::F16 => Scalar::F16,
            Dtype::BF16 => Scalar::Bf16,
            Dtype::F32 => Scalar::F32,
            Dtype::F64 => Scalar::F64,
            other => {
                return Err(Error::Dtype {
                    tensor: Name(name),
                    dtype: other.to_string(),
                    accepted: "F16, BF16, F32 and F64",
                    fix: "tensor.float()",
                });
            }
        };
        Ok(Entry {
            scalar,
            shape: Shape::new(&name, &extents(info))?,
            start: self.start + info.data_offsets.0 as u64,
            name,
        })
    }
}

/// Checks that every tensor has the bytes that its shape needs, and that the
/// tensors follow each other without overlap or hole: the bytes of all.
fn tile(path: &Path, tensors: &BTreeMap<String, TensorInfo>) -> Result<u64, Error> {
    for (name, info) in tensors {
        let (shape, dtype) = (extents(info), info.dtype.to_string());
        // Types of less than a byte exist; their count of bits is as good.
        let Some(bits) = byte_length(&shape, info.dtype.bitsize() as u64) else {
            return Err(Error::Overflow {
                path: path.to_path_buf(),
                tensor: Name::new(name),
                shape,
                dtype,
            });
        };
        let (first, end) = info.data_offsets;
        let (needed, spanned) = (bits.div_ceil(8), end.saturating_sub(first) as u64);
        if needed != spanned {
            return Err(Error::ShapeAndBytes {
                path: path.to_path_buf(),
                tensor: Name::new(name),
                shape,
                dtype,
                needed,
                spanned,
            });
        }
    }
    let mut ordered: Vec<_> = tensors.iter().collect();
    ordered.sort_by_key(|(_, info)| info.data_offsets);
    let mut expected = 0;
    for (name, info) in ordered {
        let (first, end) = info.data_offsets;
        if first as u64 != expected {
            return Err(Error::Offsets {
                path: path.to_path_buf(),
                tensor: Name::new(name),
                start: first as u64,
                expected,
            });
        }
        expected = end as u64;
    }
    Ok(expected)
}

fn extents(info: &TensorInfo) -> Vec<u64> {
    info.shape.iter().map(|&extent| extent as u64).collect()
}

#[cfg(test)]
mod tests;

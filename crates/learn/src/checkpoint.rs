//! Checkpoints: a run can be stopped at any round and resumed bit for bit.
//!
//! File: 8 bytes magic, u32 version, u64 payload length, 32 bytes sha256 of the payload, then the
//! payload (bincode, little-endian). Nothing is decoded before length and checksum
//! have been verified, and decoding may not allocate more than the payload's own size allows: the format
//! library is no longer maintained (RUSTSEC-2025-0141), so untrusted bytes never reach it.
//! Written as all [`files`] are: a crash leaves the old checkpoint or the new one, never a half.

use std::path::Path;

use bincode::Options;
use overdamped_energy::{Layout, Scalar};
use overdamped_substrate::stream::Stream;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{LearnError, Model, files};

const MAGIC: [u8; 8] = *b"OVERDAMP";
/// Raised whenever the payload's shape changes.
const VERSION: u32 = 2;
const HEADER: usize = 8 + 4 + 8 + 32;

/// The state of a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Checkpoint<T: Scalar> {
    /// What was being trained, in words that the caller compares on resume (settings, data, seed).
    pub recipe: String,
    /// Layout of every model's parameters.
    pub layout: Layout,
    /// The models.
    pub models: Vec<Model<T>>,
}

impl<T: Scalar> Checkpoint<T> {
    /// Writes the checkpoint, replacing an older one in a single step.
    ///
    /// # Errors
    /// [`LearnError::File`] if the folder is read-only or full; an older checkpoint is then still there.
    pub fn write(&self, path: &Path) -> Result<(), LearnError> {
        let failed = |source| LearnError::File {
            action: "write",
            path: path.to_owned(),
            source,
        };
        let bytes = self.to_bytes(path)?;
        files::replace(path, |out| out.write_all(&bytes)).map_err(failed)
    }

    /// Reads a checkpoint of this recipe and layout.
    ///
    /// # Errors
    /// [`LearnError::File`] if it cannot be read; [`LearnError::Checkpoint`] if it is truncated, damaged,
    /// of another version, or of another recipe or topology.
    pub fn read(path: &Path, recipe: &str, layout: &Layout) -> Result<Self, LearnError> {
        let bytes = std::fs::read(path).map_err(|source| LearnError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        Self::from_bytes(&bytes, path, recipe, layout)
    }

    /// The bytes of the file, which [`Checkpoint::from_bytes`] reads; `path` names it in messages.
    ///
    /// # Errors
    /// [`LearnError::File`] if the library of the format refuses.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>, LearnError> {
        let payload = options(u64::MAX)
            .serialize(self)
            .map_err(|error| LearnError::File {
                action: "encode",
                path: path.to_owned(),
                source: std::io::Error::other(error),
            })?;
        Ok(Self::sealed(&payload))
    }

    /// A payload, well formed or not, with the header that belongs to it: version, length and checksum.
    ///
    /// A checksum tells damage and no intent, so what lies behind it has to be checked no less; tests use this to
    /// get there.
    #[must_use]
    pub fn sealed(payload: &[u8]) -> Vec<u8> {
        [
            &MAGIC[..],
            &VERSION.to_le_bytes(),
            &(payload.len() as u64).to_le_bytes(),
            &Sha256::digest(payload),
            payload,
        ]
        .concat()
    }

    /// The checkpoint of this recipe and layout in the bytes of a file; `path` names it in messages.
    ///
    /// # Errors
    /// [`LearnError::Checkpoint`] as [`Checkpoint::read`], and for models that no training of this layout leaves.
    pub fn from_bytes(
        bytes: &[u8],
        path: &Path,
        recipe: &str,
        layout: &Layout,
    ) -> Result<Self, LearnError> {
        let refuse = |reason: String| LearnError::Checkpoint {
            path: path.to_owned(),
            reason,
        };
        let found: Self = decode(payload(bytes).map_err(refuse)?).map_err(refuse)?;
        if found.recipe != recipe {
            return Err(refuse(format!(
                "it belongs to another run ({}), not to ({recipe}); remove it or use another folder",
                found.recipe
            )));
        }
        if found.layout != *layout {
            return Err(refuse(format!(
                "its topology has {} parameters in another layout than the {} here; remove it or \
                 use another folder",
                found.layout.len(),
                layout.len()
            )));
        }
        for (index, model) in found.models.iter().enumerate() {
            if !(model.fits(layout) && alive(model.stream())) {
                return Err(refuse(format!(
                    "model {index} is not one that training leaves; remove it to start again"
                )));
            }
        }
        Ok(found)
    }
}

/// The verified payload of a checkpoint file.
fn payload(bytes: &[u8]) -> Result<&[u8], String> {
    if bytes.len() < HEADER {
        return Err(format!(
            "it is truncated: {} bytes, and the header alone has {HEADER}",
            bytes.len()
        ));
    }
    let (header, payload) = bytes.split_at(HEADER);
    if header[..8] != MAGIC {
        return Err("it is not a checkpoint of this project".to_owned());
    }
    let number = |range: std::ops::Range<usize>| {
        let digits = header[range].iter().rev();
        digits.fold(0_u64, |value, &byte| (value << 8) | u64::from(byte))
    };
    let version = number(8..12);
    if version != u64::from(VERSION) {
        return Err(format!(
            "it has format version {version}, and this release reads version {VERSION}; start the \
             run again"
        ));
    }
    let length = number(12..20);
    if length != payload.len() as u64 {
        return Err(format!(
            "it is truncated or padded ({} bytes of {length}); remove it to start again",
            payload.len()
        ));
    }
    if Sha256::digest(payload)[..] != header[20..] {
        return Err(
            "its checksum does not match: the file is damaged; remove it to start again".to_owned(),
        );
    }
    Ok(payload)
}

/// Whether a generator is one that a seed can lead to. The state of a multiplicative generator is odd for ever; from an
/// even one it would end in a short cycle or in zeros, and draws that reject in no end.
fn alive(stream: &Stream) -> bool {
    let state = options(u64::MAX).serialize(stream);
    state.is_ok_and(|state| state.first().is_some_and(|low| low & 1 == 1))
}

fn decode<V: DeserializeOwned>(payload: &[u8]) -> Result<V, String> {
    options(payload.len() as u64)
        .deserialize(payload)
        .map_err(|error| format!("its content cannot be decoded: {error}"))
}

fn options(limit: u64) -> impl Options {
    bincode::DefaultOptions::new()
        .with_fixint_encoding()
        .with_little_endian()
        .with_limit(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_up_while_it_is_written_keeps_the_earlier_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.checkpoint");
        let layout = Layout::new();
        let state = |recipe: &str| Checkpoint::<f64> {
            recipe: recipe.to_owned(),
            layout: layout.clone(),
            models: vec![Model::new(vec![], 1, 0)],
        };
        state("first").write(&path).unwrap();
        let whole = std::fs::metadata(&path).unwrap().len() as usize;
        for room in 0..whole {
            let error = files::testing::with_room(room, || state("other").write(&path));
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("a.checkpoint") && error.contains("free some space"),
                "{error}"
            );
        }
        assert_eq!(
            Checkpoint::read(&path, "first", &layout).unwrap(),
            state("first")
        );
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}

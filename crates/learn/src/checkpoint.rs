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
        let payload = options(u64::MAX)
            .serialize(self)
            .map_err(|error| failed(std::io::Error::other(error)))?;
        let length = (payload.len() as u64).to_le_bytes();
        let (version, digest) = (VERSION.to_le_bytes(), Sha256::digest(&payload));
        let parts: [&[u8]; 5] = [&MAGIC, &version, &length, &digest, &payload];
        files::replace(path, |out| {
            parts.iter().try_for_each(|part| out.write_all(part))
        })
        .map_err(failed)
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
        let refuse = |reason: String| LearnError::Checkpoint {
            path: path.to_owned(),
            reason,
        };
        let found: Self = decode(payload(&bytes).map_err(refuse)?).map_err(refuse)?;
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

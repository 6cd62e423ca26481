//! Checkpoints: a run can be stopped at any round and resumed bit for bit.
//!
//! File: 8 bytes magic, u32 version, u64 payload length, 32 bytes sha256 of the payload, then the
//! payload (bincode, little-endian). Nothing is decoded before length and checksum
//! have been verified, and decoding may not allocate more than the payload's own size allows: the format
//! library is no longer maintained (RUSTSEC-2025-0141), so untrusted bytes never reach it.
//! Writing goes to a temporary file in the same folder, is synced, and is then
//! renamed: a crash leaves the old checkpoint or the new one, never a half.

use std::io::Write;
use std::path::Path;

use bincode::Options;
use overdamped_energy::{Layout, Scalar};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{LearnError, Model};

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
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut file =
            tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        for part in [
            &MAGIC[..],
            &VERSION.to_le_bytes(),
            &(payload.len() as u64).to_le_bytes(),
            &Sha256::digest(&payload),
            &payload,
        ] {
            file.write_all(part).map_err(failed)?;
        }
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
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

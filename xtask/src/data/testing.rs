//! Small synthetic data files for the tests of this crate.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::file::{DataFile, Sha256Sum};

/// The bytes as a gzip archive.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The row of a table for a file whose published content is `genuine`.
pub(crate) fn data_file(name: &'static str, genuine: &[u8]) -> DataFile {
    DataFile {
        name,
        sha256: Sha256Sum::of(genuine),
        bytes: genuine.len() as u64,
    }
}

/// An idx file of images with this header, followed by `body`.
pub(crate) fn idx_images(count: u32, rows: u32, columns: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in [0x0803, count, rows, columns] {
        bytes.extend(field.to_be_bytes());
    }
    bytes.extend(body);
    bytes
}

/// An idx file of labels whose header announces `count` of them, followed by `body`.
pub(crate) fn idx_labels(count: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in [0x0801, count] {
        bytes.extend(field.to_be_bytes());
    }
    bytes.extend(body);
    bytes
}

//! What can be wrong with a data file, said so that the reader can mend it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::file::Sha256Sum;

/// Why a set of images could not be had. Every message names the file, what it should have held,
/// what it holds, and the command that mends it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The folder is not the one with the data, or is incomplete.
    #[error(
        "`{}` lacks {}; fix: `cargo xtask fetch --to {}` puts {} there, or name the folder that has \
         {} with --data DIR or the variable OVERDAMPED_DATA",
        dir.display(), FileList(missing), dir.display(), them(missing), them(missing)
    )]
    MissingFiles {
        /// The folder that was searched.
        dir: PathBuf,
        /// Names of the absent files, without `.gz`.
        missing: Vec<&'static str>,
    },

    /// The operating system refused to hand the file over.
    #[error("cannot read `{}`; fix: make it readable, or {}", file.display(), replace(file))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The file starts as a gzip archive but does not unpack.
    #[error("`{}` is a damaged gzip archive; fix: {}", file.display(), replace(file))]
    CorruptGzip {
        /// The file.
        file: PathBuf,
        /// What the decoder tripped over.
        source: io::Error,
    },

    /// More bytes than the genuine file has: reading stopped there.
    #[error(
        "`{}` holds more than the {limit} bytes of the genuine file; fix: {}",
        file.display(), replace(file)
    )]
    TooLong {
        /// The file.
        file: PathBuf,
        /// Bytes that were read before giving up.
        limit: u64,
    },

    /// The first four bytes are not those of the expected kind of idx file.
    #[error(
        "`{}` starts with {found:#010x}, an idx file of {kind} starts with {expected:#010x}; fix: \
         check that the file was not renamed, or {}",
        file.display(), replace(file)
    )]
    BadMagic {
        /// The file.
        file: PathBuf,
        /// What it should hold: "images" or "labels".
        kind: &'static str,
        /// The magic number of that kind.
        expected: u32,
        /// The magic number of the file.
        found: u32,
    },

    /// Images of another size than the loader works with.
    #[error(
        "`{}` holds images of {} x {} pixels, expected {side} x {side}; fix: {}",
        file.display(), found.0, found.1, replace(file)
    )]
    WrongDimensions {
        /// The file.
        file: PathBuf,
        /// Pixels along one edge that the loader expects.
        side: u32,
        /// Rows and columns that the header announces.
        found: (u32, u32),
    },

    /// Fewer bytes than the header announces.
    #[error(
        "`{}` is cut short: its header needs {expected} bytes, it has {found}; fix: {}",
        file.display(), replace(file)
    )]
    Truncated {
        /// The file.
        file: PathBuf,
        /// Bytes (header included) that the header asks for.
        expected: u64,
        /// Bytes that are there, decompressed.
        found: u64,
    },

    /// More bytes than the header announces.
    #[error(
        "`{}` goes on after its last item: its header needs {expected} bytes, it has {found}; \
         fix: {}",
        file.display(), replace(file)
    )]
    TrailingBytes {
        /// The file.
        file: PathBuf,
        /// Bytes (header included) that the header asks for.
        expected: u64,
        /// Bytes that are there, decompressed.
        found: u64,
    },

    /// A label that is no digit.
    #[error(
        "`{}`: label {index} is {label}, the greatest digit is 9; fix: {}",
        file.display(), replace(file)
    )]
    LabelOutOfRange {
        /// The file.
        file: PathBuf,
        /// Which label, counted from 0.
        index: usize,
        /// Its value.
        label: u8,
    },

    /// Images and labels that do not belong together.
    #[error(
        "`{}` holds {images} images but `{}` holds {labels} labels: they are not of one set; \
         fix: {}",
        images_file.display(), labels_file.display(), replace(images_file)
    )]
    CountMismatch {
        /// The file of the images.
        images_file: PathBuf,
        /// How many images it holds.
        images: usize,
        /// The file of the labels.
        labels_file: PathBuf,
        /// How many labels it holds.
        labels: usize,
    },

    /// A well-formed file whose content is not the published one.
    #[error(
        "`{}` is not the published file: the sha256 of its decompressed bytes is {found}, expected \
         {expected}; fix: {}",
        file.display(), replace(file)
    )]
    Checksum {
        /// The file.
        file: PathBuf,
        /// The digest of the published file.
        expected: Sha256Sum,
        /// The digest of this file.
        found: Sha256Sum,
    },

    /// The data set that is compiled in has changed its shape, as after an upgrade of its crate.
    #[error(
        "the embedded digits have {found} {what}, expected {expected}; fix: pin `smartcore` to the \
         version of Cargo.lock"
    )]
    Embedded {
        /// What was counted.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

/// File names in a sentence: `a[.gz], b[.gz] and c[.gz]`.
struct FileList<'a>(&'a [&'static str]);

impl fmt::Display for FileList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let separator = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{separator}{name}[.gz]")?;
        }
        Ok(())
    }
}

/// The pronoun of a list of files.
fn them(files: &[&str]) -> &'static str {
    if files.len() == 1 { "it" } else { "them" }
}

/// The command that replaces a bad file where it lies: `fetch` re-fetches what does not verify.
fn replace(file: &Path) -> String {
    let dir = file.parent().unwrap_or(Path::new("."));
    format!("replace it with `cargo xtask fetch --to {}`", dir.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_folder_is_explained_with_its_name_the_files_and_the_fix() {
        let error = DataError::MissingFiles {
            dir: PathBuf::from("somewhere"),
            missing: vec!["a", "b", "c"],
        };
        insta::assert_snapshot!(error, @"`somewhere` lacks a[.gz], b[.gz] and c[.gz]; fix: `cargo xtask fetch --to somewhere` puts them there, or name the folder that has them with --data DIR or the variable OVERDAMPED_DATA");
    }

    #[test]
    fn a_bad_file_is_explained_with_its_name_both_values_and_the_fix() {
        let error = DataError::BadMagic {
            file: PathBuf::from("dir/labels"),
            kind: "labels",
            expected: 2049,
            found: 2051,
        };
        insta::assert_snapshot!(error, @"`dir/labels` starts with 0x00000803, an idx file of labels starts with 0x00000801; fix: check that the file was not renamed, or replace it with `cargo xtask fetch --to dir`");
    }
}

//! Files that outlive a run: samples as `.npy`, models as `.safetensors`.
//!
//! Every file is written beside its final name and moved over it in one step
//! ([`atomic`]), so that a reader never meets half a file and a failed run
//! leaves the earlier one untouched.

pub mod atomic;
#[cfg(test)]
mod full_disk;
pub mod model;
pub mod npy;

use std::io;
use std::path::PathBuf;

use overdamped_learn::files;

/// Why a file could not be written, or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused; the message ends with what to do about it.
    #[error("cannot write {}: {source}; {} with --out", path.display(), files::remedy(source.kind()))]
    Write {
        /// The file that was to be written.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file exists in the contract but cannot be opened or read.
    #[cfg(test)]
    #[error("cannot read {}: {source}; run the experiment that writes it first", path.display())]
    Read {
        /// The file that was to be read.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A state is NaN or infinite: the run diverged and its samples mean nothing.
    #[error("unit {unit} of chain {chain} is {value}; the run diverged: use a shorter time step")]
    NotFinite {
        /// Row of the state matrix.
        unit: usize,
        /// Column of the state matrix.
        chain: usize,
        /// The offending value.
        value: f32,
    },
    /// A column cannot be folded into a square image.
    #[error("{units} units do not form an image of {side} x {side} pixels; expected {}", side * side)]
    ImageSize {
        /// Rows of the state matrix.
        units: usize,
        /// Requested side of the image, in pixels.
        side: usize,
    },
    /// A tensor's values do not fill its shape.
    #[error("tensor `{name}` has {len} values but shape {shape:?} needs {}", shape.iter().product::<usize>())]
    TensorShape {
        /// Name of the tensor.
        name: String,
        /// Declared shape, outermost dimension first.
        shape: Vec<usize>,
        /// Number of values given.
        len: usize,
    },
    /// A parameter is NaN or infinite.
    #[error("tensor `{name}` holds {value} at position {index}; only finite parameters are stored")]
    TensorNotFinite {
        /// Name of the tensor.
        name: String,
        /// Position in C order.
        index: usize,
        /// The offending value.
        value: f64,
    },
    /// Two tensors of one model carry the same name.
    #[error("tensor `{name}` is already part of the model; give each tensor its own name")]
    DuplicateTensor {
        /// The name used twice.
        name: String,
    },
    /// A model does not hold the parameters of the network that it is read for.
    #[error(
        "the network has {expected} single-precision values of `{name}`, and the model {found}; read it for the network that it was written from"
    )]
    Block {
        /// Name of the block of parameters.
        name: String,
        /// Values that the network has.
        expected: usize,
        /// What the model holds.
        found: String,
    },
    /// The file is not one that this version wrote.
    #[error("{} is not a model of format {}: {reason}", path.display(), model::FORMAT_VERSION)]
    Format {
        /// The file in question.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn a_refused_write_names_the_path_and_the_fix() {
        let message = |kind: ErrorKind| {
            let path = PathBuf::from("out/samples/a.npy");
            Error::Write {
                path,
                source: kind.into(),
            }
            .to_string()
        };
        let read_only = message(ErrorKind::ReadOnlyFilesystem);
        assert!(read_only.contains("out/samples/a.npy"), "{read_only}");
        assert!(
            read_only.contains("make the folder writable"),
            "{read_only}"
        );
        let full = message(ErrorKind::StorageFull);
        assert!(full.contains("free some space"), "{full}");
    }
}

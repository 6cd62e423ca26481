//! Why activations cannot be read, and what to do about it.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use overdamped_coupling::Side;

/// Most names that a message lists.
const LISTED: usize = 24;
/// Most characters of a name that a message shows.
const SHOWN: usize = 80;

/// Why paired activations cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("cannot read {}: {source}; {}", path.display(), remedy(source.kind()))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is of another kind than the two that are read.
    #[error("{} is {what}; {fix}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What the file seems to be, or lacks.
        what: &'static str,
        /// What to do about it.
        fix: &'static str,
    },
    /// The header claims more bytes than a header may have, or than the file has.
    #[error(
        "the header of {} claims {claimed} bytes, at most {bound} are possible; the file is damaged or no activation file: export it again",
        path.display()
    )]
    HeaderLength {
        /// The file.
        path: PathBuf,
        /// Length that the file gives.
        claimed: u64,
        /// The smaller of what the file holds and what a header may have.
        bound: u64,
    },
    /// The header cannot be understood.
    #[error("the header of {} cannot be read: {reason}; export the file again", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// Shape times size of a value does not fit into the address space.
    #[error(
        "tensor {tensor} declares the shape {shape:?} of {dtype} values, more than 2^63 bytes; the header of {} is damaged: export the file again",
        path.display()
    )]
    Overflow {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: Name,
        /// Declared shape.
        shape: Vec<u64>,
        /// Declared type of the values.
        dtype: String,
    },
    /// Shape and byte range of a tensor contradict each other.
    #[error(
        "tensor {tensor} of shape {shape:?} needs {needed} bytes as {dtype}, but its offsets span {spanned}; the header of {} is damaged: export the file again",
        path.display()
    )]
    ShapeAndBytes {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: Name,
        /// Declared shape.
        shape: Vec<u64>,
        /// Declared type of the values.
        dtype: String,
        /// Bytes that shape and type need.
        needed: u64,
        /// Bytes between the declared offsets (0 when they run backwards).
        spanned: u64,
    },
    /// The byte ranges of two tensors overlap, or leave a hole.
    #[error(
        "tensor {tensor} starts at byte {start} of the data where {expected} was expected: byte ranges overlap or leave a hole; the header of {} is damaged: export the file again",
        path.display()
    )]
    Offsets {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: Name,
        /// Declared first byte.
        start: u64,
        /// End of the tensor before it.
        expected: u64,
    },
    /// The file is shorter or longer than its header says.
    #[error(
        "{} has {found} bytes of data where its header announces {announced}; {}",
        path.display(),
        if found < announced { "it is truncated: copy or export it again" }
        else { "something was appended: export it again" }
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes after the header.
        found: u64,
        /// Bytes that the tensors need.
        announced: u64,
    },
    /// No tensor of the file has a partner.
    #[error(
        "{} holds no pair `encoder.NAME` and `decoder.NAME`; it holds {tensors}; name the tensors so when exporting",
        path.display()
    )]
    NoPair {
        /// The file.
        path: PathBuf,
        /// What the file holds.
        tensors: Names,
    },
    /// The chosen pair is not in the file.
    #[error("{} holds no pair {pair}; {} --pair", path.display(), among(pairs))]
    UnknownPair {
        /// The file.
        path: PathBuf,
        /// The name that was chosen.
        pair: Name,
        /// Names of the pairs that are there.
        pairs: Names,
    },
    /// Several pairs, and none was chosen.
    #[error("{} holds {} pairs: {pairs}; choose one with --pair NAME", path.display(), pairs.0.len())]
    SeveralPairs {
        /// The file.
        path: PathBuf,
        /// Their names.
        pairs: Names,
    },
    /// A pair was chosen where there is nothing to choose from.
    #[error(
        "{} is one array without a name; leave --pair {pair} out, it chooses among the tensors of a .safetensors file",
        path.display()
    )]
    PairOfArrays {
        /// The file.
        path: PathBuf,
        /// The name that was chosen.
        pair: Name,
    },
    /// Values of a type that is not read.
    #[error(
        "tensor {tensor} holds {dtype} values; {accepted} are read: convert it before the export, e.g. {fix}"
    )]
    Dtype {
        /// The tensor.
        tensor: Name,
        /// Declared type of the values.
        dtype: String,
        /// The types that are read.
        accepted: &'static str,
        /// How to convert.
        fix: &'static str,
    },
    /// An array in column-major order, which cannot be read sample by sample.
    #[error(
        "{} is stored in Fortran order, sample by sample only C order can be streamed; save `numpy.ascontiguousarray(a)`",
        path.display()
    )]
    FortranOrder {
        /// The file.
        path: PathBuf,
    },
    /// Neither (samples, units) nor (samples, channels, height, width).
    #[error(
        "tensor {tensor} has the shape {shape:?}; expected (samples, units) or (samples, channels, height, width): reshape it before the export"
    )]
    Rank {
        /// The tensor.
        tensor: Name,
        /// Its shape.
        shape: Vec<u64>,
    },
    /// A dimension is zero.
    #[error(
        "tensor {tensor} of shape {shape:?} is empty; export at least one sample of at least one unit"
    )]
    Empty {
        /// The tensor.
        tensor: Name,
        /// Its shape.
        shape: Vec<u64>,
    },
    /// More units than a covariance can be held for.
    #[error(
        "tensor {tensor} has {units} units, at most {bound} can be coupled; pool or project them before the export, or export feature maps as (samples, channels, height, width)"
    )]
    Units {
        /// The tensor.
        tensor: Name,
        /// Units of a sample.
        units: u64,
        /// Most that are read.
        bound: u64,
    },
    /// Both sides have different numbers of samples.
    #[error(
        "encoder and decoder are not paired: {encoder} samples against {decoder}; run the same batches through both hooks"
    )]
    Unpaired {
        /// Leading dimension of the encoder's tensor.
        encoder: u64,
        /// Leading dimension of the decoder's tensor.
        decoder: u64,
    },
    /// Both sides have feature maps of different size.
    #[error(
        "the maps differ: encoder {} x {}, decoder {} x {} (height x width, 1 x 1 for a tensor without maps); resize one side before the export as the network itself does, or pool both",
        encoder.0, encoder.1, decoder.0, decoder.1
    )]
    Maps {
        /// Height and width of the encoder's maps.
        encoder: (u64, u64),
        /// Height and width of the decoder's maps.
        decoder: (u64, u64),
    },
    /// Some values are NaN, infinite or beyond single precision.
    #[error(
        "the {side}'s tensor {tensor} holds {count} values of {total} that are NaN, infinite or beyond 3.4e38, the first at {first}; leave these samples out or find out where the network diverges"
    )]
    NotFinite {
        /// Which side.
        side: Side,
        /// The tensor.
        tensor: Name,
        /// How many there are in the whole tensor.
        count: u64,
        /// How many values the tensor has.
        total: u64,
        /// Where the first one is, in C order.
        first: Place,
    },
}

/// The indices of one value: (sample, unit) or (sample, channel, row, column).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(pub Vec<u64>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: &[&str] = match self.0.len() {
            2 => &["sample", "unit"],
            _ => &["sample", "channel", "row", "column"],
        };
        for (position, (axis, index)) in axes.iter().zip(&self.0).enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{axis} {index}")?;
        }
        Ok(())
    }
}

/// A name out of a file: it may be long, or hold characters that would upset a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub String);

impl Name {
    /// A name to be shown.
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(SHOWN).collect();
        let more = if shown.len() < self.0.len() {
            "..."
        } else {
            ""
        };
        write!(f, "`{}{more}`", shown.escape_debug())
    }
}

/// Names out of a file, the first few of which are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (position, name) in self.0.iter().take(LISTED).enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{}", Name::new(name))?;
        }
        match self.0.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The choice that remains.
fn among(pairs: &Names) -> String {
    match pairs.0.len() {
        1 => format!("it holds {pairs} alone: leave out"),
        _ => format!("it holds {pairs}: choose one of these with"),
    }
}

/// What a person can do about a refused read.
fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "check the path",
        ErrorKind::PermissionDenied => "make the file readable",
        ErrorKind::IsADirectory => "name the file inside the folder",
        ErrorKind::UnexpectedEof => "the file became shorter while it was read: export it again",
        _ => "check the disk and try again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_out_of_files_are_cut_and_escaped() {
        assert_eq!(Name::new("skip1").to_string(), "`skip1`");
        assert_eq!(Name::new("a\u{1b}[2J").to_string(), "`a\\u{1b}[2J`");
        let long = Name::new(&"x".repeat(500)).to_string();
        assert!(long.len() < 100 && long.ends_with("...`"), "{long}");
        let many = Names((0..1000).map(|i| i.to_string()).collect()).to_string();
        assert!(many.ends_with("`23` and 976 more"), "{many}");
        assert_eq!(Names(Vec::new()).to_string(), "nothing");
    }

    #[test]
    fn a_choice_is_offered_among_what_is_there() {
        let message = |pairs: &[&str]| {
            let pairs = Names(pairs.iter().map(ToString::to_string).collect());
            let (path, pair) = (PathBuf::from("a.safetensors"), Name::new("mid"));
            Error::UnknownPair { path, pair, pairs }.to_string()
        };
        assert_eq!(
            message(&["s1", "s2"]),
            "a.safetensors holds no pair `mid`; it holds `s1`, `s2`: choose one of these with --pair"
        );
        assert!(message(&["s1"]).ends_with("it holds `s1` alone: leave out --pair"));
    }
}

//! Hostile input: every reader of bytes from outside, as one function from bytes.
//!
//! A file may be damaged, cut, or made by somebody who means harm. Whatever it holds, a reader answers with a value or a
//! typed error; it never panics, never aborts, and never allocates more than a small constant and a fixed multiple of the
//! bytes that it was given. [`READERS`] is what `cargo xtask fuzz` and the smoke test of the package `fuzz` try this on.
//!
//! What is read successfully is used at once: written again and compared, or priced, or read in another way. A reader that
//! lets something impossible through then fails here, and not in an experiment.
//!
//! | file | readers |
//! |---|---|
//! | `files` | idx, gzip, npy, safetensors: data, activations, models |
//! | `state` | checkpoints, snapshots, topologies, couplings, interfaces |
//! | `text` | hardware models, counts, results, answers of other programs, mirrors |
//! | `cli` | the command line |
//!
//! # Panics
//! All functions panic on what a reader must not do: on wrong answers that the comparison finds, and wherever the reader
//! does. That is how a fuzzer is told.

mod cli;
mod files;
mod state;
mod text;

pub use cli::cli;
pub use files::{activations, gz, idx, model, npy, unet};
pub use state::{checkpoint, coupling, interface, snapshot, topology};
pub use text::{constant, counts_json, counts_toml, download, hardware, peers, results};

/// A reader of bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Its name: that of the fuzz target and of its folder of seeds.
    pub name: &'static str,
    /// What it reads, for whom.
    pub about: &'static str,
    /// Reads, and uses what was read; whether the bytes were accepted.
    pub read: fn(&[u8]) -> bool,
}

macro_rules! readers {
    ($($name:ident: $about:literal,)*) => {
        &[$(Reader { name: stringify!($name), about: $about, read: $name },)*]
    };
}

/// All readers.
pub const READERS: &[Reader] = readers! {
    idx: "images and labels of MNIST",
    gz: "their archives",
    npy: "activations of one side, for `couple`",
    activations: "activations of both sides as safetensors, for `couple`",
    model: "trained models as safetensors",
    unet: "weights of the denoiser as safetensors",
    checkpoint: "states of a training run, as they lie in the file and behind a right checksum",
    snapshot: "states of chains",
    topology: "networks: layers, modules, edges, blocks of parameters",
    coupling: "low-rank maps",
    interface: "digital interfaces: encoder, transfer, both",
    hardware: "hardware models as TOML, for `bill`",
    constant: "constants on the command line of `bill`",
    counts_json: "counts as JSON, for `bill`",
    counts_toml: "counts as TOML, for `bill`",
    results: "results.json, for `reproduce` and `claims`",
    peers: "answers of the Python programs of `bench`",
    download: "what a mirror says of the bytes that it sends, and what the user says of the mirror",
    cli: "the command line",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_nothing_is_no_input_that_a_reader_dies_of() {
        for (index, reader) in READERS.iter().enumerate() {
            assert!(
                READERS[..index]
                    .iter()
                    .all(|other| other.name != reader.name)
            );
            assert!(!reader.about.is_empty());
            (reader.read)(&[]);
        }
    }
}

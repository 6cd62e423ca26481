//! `results.json`: every figure that the report or the README shows.
//!
//! One file per output folder holds the figures of all experiments that ran
//! there. An [`Entry`] never stands alone: its [`Reference`]s say what was
//! published, what a trivial method reaches and what would be perfect.
//!
//! ```text
//! {schema, commit, host, preset, seed,
//!  results: [{id, value, unit, better, n, seed, seconds, references: [{name, role, value}]}]}
//! ```
//!
//! # Merging
//! An experiment owns all ids that start with its name and a dot: `sgm.mixture`
//! owns `sgm.mixture.exact.sw1`. Running it again in the same folder with the
//! same preset replaces exactly these and keeps all others; an entry that was
//! made by another commit than the file's remembers it in its own `commit`.
//! Where the name of an experiment extends that of another, its ids are its own.

mod entry;
mod host;
mod recorder;

pub use entry::{Better, Entry, Reference, Role};
pub use host::Host;
pub use recorder::Recorder;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::export;

/// Version of the file's layout; a reader refuses any other.
pub const SCHEMA: u32 = 1;
/// Name of the file inside the output folder.
pub const FILE_NAME: &str = "results.json";

/// How much work an experiment puts into its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Minutes: smaller sets and shorter training, same code paths.
    Quick,
    /// The sizes of the papers, for figures worth quoting.
    Paper,
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quick => "quick",
            Self::Paper => "paper",
        })
    }
}

/// The content of `results.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Layout version, [`SCHEMA`].
    pub schema: u32,
    /// Commit of the last run: a hash, `-dirty` appended when files differed
    /// from it, or `unknown` outside a git checkout.
    pub commit: String,
    /// Machine of the last run.
    pub host: Host,
    /// Preset of all entries.
    pub preset: Preset,
    /// Seed of the last run; each entry carries its own.
    pub seed: u64,
    /// The figures, grouped by experiment in the order in which they last ran.
    pub results: Vec<Entry>,
}

impl Results {
    /// Reads `results.json` from an output folder.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Malformed`] or [`Error::Schema`].
    pub fn read(folder: &Path) -> Result<Self, Error> {
        Self::read_file(&folder.join(FILE_NAME))
    }

    /// Reads one such file, whatever its name.
    ///
    /// # Errors
    /// Those of [`Results::read`].
    pub fn read_file(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Read {
            path: path.to_path_buf(),
            source,
        })?;
        Self::from_bytes(&bytes, path)
    }

    /// The results in the bytes of a file; `path` names it in messages.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::Schema`]; [`Error::MalformedId`] or [`Error::NotFinite`] for an entry that
    /// could not have been recorded.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let malformed = |source| Error::Malformed {
            path: path.to_path_buf(),
            source,
        };
        // The version comes first: a later layout may lack today's fields.
        let version: Version = serde_json::from_slice(bytes).map_err(malformed)?;
        if version.schema != SCHEMA {
            return Err(Error::Schema {
                path: path.to_path_buf(),
                found: version.schema,
            });
        }
        let results: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        // What a file brings stands beside what is recorded here, so the same rules hold for it.
        results.results.iter().try_for_each(Entry::validate)?;
        Ok(results)
    }

    /// Writes `results.json` into an output folder, all or nothing.
    ///
    /// # Errors
    /// [`Error::Write`] when the file system refuses.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE_NAME);
        export::atomic::write(&path, |out| {
            serde_json::to_writer_pretty(&mut *out, self)?;
            out.write_all(b"\n")
        })?;
        Ok(())
    }

    /// The figure of that id.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.results.iter().find(|entry| entry.id == id)
    }
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

/// Why a figure was not recorded, or the file not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An id is not made of dotted lower-case segments.
    #[error(
        "`{id}` is not a result id: use segments of a-z, 0-9 and _ joined by dots, each starting \
         with a letter, such as `sgm.mixture.exact.sw1`"
    )]
    MalformedId {
        /// The id in question.
        id: String,
    },
    /// Two entries of one run share an id.
    #[error("`{id}` is already recorded in this run; give each figure its own id")]
    DuplicateId {
        /// The id used twice.
        id: String,
    },
    /// An entry's id lies outside the experiment that is running.
    #[error("`{id}` does not belong to the running experiment; its ids start with `{experiment}.`")]
    ForeignId {
        /// The id in question.
        id: String,
        /// The experiment that is running, or empty before the first.
        experiment: String,
    },
    /// A figure, its duration or one of its references is NaN or infinite.
    #[error("the {what} of `{id}` is {value}; only finite numbers are recorded")]
    NotFinite {
        /// The entry's id.
        id: String,
        /// Which number: `value`, `seconds` or `reference <name>`.
        what: String,
        /// The offending value.
        value: f64,
    },
    /// Another run has the folder open.
    #[error(
        "another run is writing into {}; wait for it to end, or choose another folder with --out",
        path.display()
    )]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds results of another preset.
    #[error(
        "{} holds results of the {found} preset, this run uses {wanted}; choose another folder \
         with --out or delete that file", path.display()
    )]
    PresetMismatch {
        /// The file in question.
        path: PathBuf,
        /// Its preset.
        found: Preset,
        /// The preset of this run.
        wanted: Preset,
    },
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}; name another folder with --out, or remove what is in the way", path.display())]
    Read {
        /// The file in question.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not the JSON that this version writes.
    #[error("{} is malformed: {source}; delete it or choose another folder with --out", path.display())]
    Malformed {
        /// The file in question.
        path: PathBuf,
        /// Where reading stopped.
        source: serde_json::Error,
    },
    /// The file has another layout.
    #[error(
        "{} has schema {found}, this version reads {SCHEMA}; delete it or choose another folder \
         with --out", path.display()
    )]
    Schema {
        /// The file in question.
        path: PathBuf,
        /// Its layout version.
        found: u32,
    },
    /// The file system refused a write.
    #[error(transparent)]
    Write(#[from] export::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Results {
        Results {
            schema: SCHEMA,
            commit: "0123abc".into(),
            host: Host {
                cpu: "a CPU".into(),
                cores: 2,
                os: "linux".into(),
                rustc: None,
            },
            preset: Preset::Quick,
            seed: 7,
            results: vec![
                Entry::new("sgm.mixture.sw1", 0.1)
                    .unit("data units")
                    .lower()
                    .n(4000)
                    .seed(u64::MAX)
                    .seconds(1.5)
                    .baseline("one Gaussian", 0.271)
                    .best("floor", 1.0 / 3.0),
                Entry::new("sgm.mixture.seconds", 2.0),
            ],
        }
    }

    #[test]
    fn results_round_trip() {
        let folder = tempfile::tempdir().unwrap();
        example().write(folder.path()).unwrap();
        assert_eq!(Results::read(folder.path()).unwrap(), example());
    }

    #[test]
    fn the_json_has_the_documented_fields() {
        let value = serde_json::to_value(example()).unwrap();
        assert_eq!(value["schema"], SCHEMA);
        assert_eq!(value["preset"], "quick");
        let entry = &value["results"][0];
        assert_eq!(entry["id"], "sgm.mixture.sw1");
        assert_eq!(entry["better"], "lower");
        assert_eq!(entry["n"], 4000);
        assert_eq!(entry["references"][0]["name"], "one Gaussian");
        assert_eq!(entry["references"][0]["value"], 0.271);
        assert_eq!(value["results"][1]["better"], "info");
    }

    #[test]
    fn a_failed_write_keeps_the_earlier_results() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
        let error = example().write(folder.path()).unwrap_err();
        assert!(error.to_string().contains(FILE_NAME), "{error}");
        assert!(folder.path().join(FILE_NAME).is_dir());
    }

    /// A figure that is read and written a thousand times, as kept results are, stays what it is.
    #[test]
    fn no_digit_is_lost_between_two_runs() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = example();
        // The nearest double of this one's digits is another one for a reader that rounds twice.
        results.results[0].value = 1.220_703_124_999_999_6e-4;
        results.results[1].value = 31.245_270_191_439_438;
        results.write(folder.path()).unwrap();
        assert_eq!(Results::read(folder.path()).unwrap(), results);
    }

    #[test]
    fn an_entry_that_could_not_have_been_recorded_is_not_read() {
        let mut results = example();
        results.results[1].id = "../../elsewhere".into();
        let bytes = serde_json::to_vec(&results).unwrap();
        let refused = Results::from_bytes(&bytes, Path::new(FILE_NAME));
        assert!(matches!(refused, Err(Error::MalformedId { .. })));
    }

    #[test]
    fn other_schemas_and_broken_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, r#"{"schema": 99}"#).unwrap();
        assert!(matches!(
            Results::read(folder.path()),
            Err(Error::Schema { found: 99, .. })
        ));
        std::fs::write(&path, "{").unwrap();
        assert!(matches!(
            Results::read(folder.path()),
            Err(Error::Malformed { .. })
        ));
    }
}

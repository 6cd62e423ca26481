//! Why files could not be fetched, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::data::DataError;

/// Why `fetch` gave up. No variant leaves a half-written file under a final name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Every mirror was tried in vain.
    #[error("{}", no_mirror(archive, failures, kept.as_ref()))]
    NoMirror {
        /// The archive that was asked for.
        archive: String,
        /// What each mirror did, in the order in which they were tried.
        failures: Vec<MirrorFailure>,
        /// A part that the next run can go on from, and its length in bytes.
        kept: Option<(PathBuf, u64)>,
    },

    /// The folder of `--from` does not hold all files.
    #[error(
        "`{}` lacks {}; fix: name the folder that holds the MNIST files with --from (packed as \
         NAME.gz or unpacked); nothing was written",
        dir.display(), missing.join(", ")
    )]
    SourceIncomplete {
        /// The folder.
        dir: PathBuf,
        /// Names of the absent files, without `.gz`.
        missing: Vec<&'static str>,
    },

    /// A file of the folder of `--from` is not the published one.
    #[error(
        "a file to copy is not the published one; fix: name an intact copy with --from; nothing was written"
    )]
    SourceDamaged(#[source] DataError),

    /// No space is left.
    #[error(
        "no space is left to write `{}`; fix: free some (the four files take 11 MB), or name another \
         folder with --to; the unfinished file was removed",
        path.display()
    )]
    DiskFull {
        /// The file that was being written.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The folder may not be written to.
    #[error(
        "`{}` cannot be written: its folder is read-only for you; fix: name another folder with --to",
        path.display()
    )]
    ReadOnly {
        /// The file or folder that was to be made.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// Another process writes the same file.
    #[error("`{}` is being written by another fetch; fix: wait for it to end", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },

    /// Any other failure to write.
    #[error("cannot write `{}`; fix: name another folder with --to", path.display())]
    Write {
        /// The file or folder that was to be made.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl FetchError {
    /// Sorts a failure to write `path` by what the reader can do about it.
    pub(super) fn writing(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, source }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, source }
            }
            _ => Self::Write { path, source },
        }
    }
}

/// A mirror that did not deliver.
#[derive(Debug)]
pub struct MirrorFailure {
    /// The URL that was asked for.
    pub url: String,
    /// What went wrong.
    pub fault: MirrorFault,
}

impl fmt::Display for MirrorFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.url, self.fault)
    }
}

/// What a mirror did instead of delivering; each text continues "the mirror ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorFault {
    /// No HTTP response came: no route, no such host, refused, timed out.
    #[error("did not answer ({0})")]
    NoAnswer(#[source] Box<ureq::Error>),
    /// A response other than the file.
    #[error("answered with HTTP status {0}")]
    Status(u16),
    /// A part of the file that does not start where the request said.
    #[error("sent another part of the file than bytes {asked} and on")]
    WrongRange {
        /// First byte that was asked for.
        asked: u64,
    },
    /// The connection broke inside the file.
    #[error("broke off after {received} bytes ({source})")]
    Interrupted {
        /// Bytes of the file that are there now.
        received: u64,
        /// What the connection said.
        source: io::Error,
    },
    /// More bytes than any archive of the file has.
    #[error("sent more than {limit} bytes, the longest that this archive can be")]
    TooLong {
        /// Bytes after which reading stopped.
        limit: u64,
    },
    /// A complete file of another content.
    #[error("sent a wrong file: {}", content(.0))]
    Content(#[source] DataError),
}

/// What is wrong with downloaded bytes: without the path, which is that of a temporary file.
fn content(error: &DataError) -> String {
    match error {
        DataError::Checksum {
            expected, found, ..
        } => format!("the sha256 of its decompressed bytes is {found}, expected {expected}"),
        DataError::CorruptGzip { source, .. } => format!("a damaged gzip archive ({source})"),
        DataError::TooLong { limit, .. } => format!("it holds more than {limit} bytes"),
        other => other.to_string(),
    }
}

/// The text of [`FetchError::NoMirror`], one line per mirror.
fn no_mirror(archive: &str, failures: &[MirrorFailure], kept: Option<&(PathBuf, u64)>) -> String {
    let mut text = format!("no mirror delivered {archive}:\n");
    for failure in failures {
        text += &format!("  - {failure}\n");
    }
    if let Some((path, bytes)) = kept {
        text += &format!(
            "The {bytes} bytes that arrived are kept in `{}`; the next run goes on from there.\n",
            path.display()
        );
    }
    text += "fix, whichever is easiest:\n  \
        - check the network, then run the command again (a proxy is taken from HTTPS_PROXY);\n  \
        - name another mirror with `--mirror URL`;\n  \
        - get the four .gz files on another machine, from one of the addresses above, and run \
        `cargo xtask fetch --from DIR` on the folder that you put them in.";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_to_write_are_sorted_by_their_remedy() {
        use io::ErrorKind as Kind;
        let writing = |kind| FetchError::writing(Path::new("dir/x.gz.part"), io::Error::from(kind));
        for kind in [Kind::StorageFull, Kind::QuotaExceeded] {
            let error = writing(kind);
            assert!(matches!(error, FetchError::DiskFull { .. }), "{error}");
        }
        for kind in [Kind::PermissionDenied, Kind::ReadOnlyFilesystem] {
            let error = writing(kind);
            assert!(matches!(error, FetchError::ReadOnly { .. }), "{error}");
        }
        let error = writing(Kind::NotADirectory);
        assert!(matches!(error, FetchError::Write { .. }), "{error}");
        assert!(error.to_string().contains("dir/x.gz.part"), "{error}");
    }

    #[test]
    fn the_list_of_failures_names_each_mirror_and_each_way_out() {
        let failure = |url: &str, fault| MirrorFailure {
            url: url.to_owned(),
            fault,
        };
        let error = FetchError::NoMirror {
            archive: "digits.gz".to_owned(),
            failures: vec![
                failure(
                    "https://a.example/digits.gz",
                    MirrorFault::NoAnswer(Box::new(ureq::Error::HostNotFound)),
                ),
                failure("https://b.example/digits.gz", MirrorFault::Status(404)),
            ],
            kept: Some((PathBuf::from("dir/digits.gz.part"), 1234)),
        };
        insta::assert_snapshot!(error, @"
        no mirror delivered digits.gz:
          - https://a.example/digits.gz did not answer (host not found)
          - https://b.example/digits.gz answered with HTTP status 404
        The 1234 bytes that arrived are kept in `dir/digits.gz.part`; the next run goes on from there.
        fix, whichever is easiest:
          - check the network, then run the command again (a proxy is taken from HTTPS_PROXY);
          - name another mirror with `--mirror URL`;
          - get the four .gz files on another machine, from one of the addresses above, and run `cargo xtask fetch --from DIR` on the folder that you put them in.
        ");
    }
}

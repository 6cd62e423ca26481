//! `cargo xtask fetch`: puts the MNIST files where the experiments look for them.
//!
//! The steps, each of which leaves the folder usable whenever it is interrupted:
//! 1. a file that lies there and verifies is left alone; one that does not is reported and replaced;
//! 2. the others come from a mirror ([`mirror`]) or from a folder ([`import`]), into `NAME.gz.part`;
//! 3. once the decompressed bytes have the published sha256, the part is renamed to `NAME.gz`
//!    ([`part`]). A file of the final name is therefore always complete.

mod error;
mod import;
mod mirror;
mod part;
pub(crate) mod server;
mod table;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::data::{self, DataError, DataFile, mnist};
use crate::experiments::Interrupt;

pub(crate) use mirror::first_byte;

pub use error::{FetchError, MirrorFailure, MirrorFault};
pub(crate) use import::gzip;

/// Public mirrors of the four archives, in the order in which they are tried.
pub const MIRRORS: [&str; 2] = [
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
];

/// What `--help` ends with.
const EXAMPLES: &str = "\
Examples:
  cargo xtask fetch
  cargo xtask fetch --from ~/Downloads
  cargo xtask fetch --to DIR --mirror https://mirror.example.org/mnist/";

/// Fetch the MNIST digits (four files, 11 MB) and verify them
///
/// Downloads the handwritten digits that the experiments learn from, and checks each file against
/// the sha256 of its published content. Files that are already there and intact are left alone, and
/// an interrupted download goes on where it stopped, so the command can simply be run again.
///
/// Experiments look for the files in this order: the folder given with their own --data option, the
/// folder named by the environment variable OVERDAMPED_DATA, then data/mnist of the workspace.
///
/// Without a network, bring the four files (train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz,
/// t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz; packed or unpacked) in any folder and pass
/// it with --from. Without MNIST at all, experiments run on the small set of digits that is compiled
/// in, with coarser results.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(verbatim_doc_comment, after_long_help = EXAMPLES)]
pub struct FetchArgs {
    /// Take the files from this folder instead of a mirror (NAME.gz or unpacked NAME)
    #[arg(long, value_name = "DIR", conflicts_with = "mirror")]
    pub from: Option<PathBuf>,

    /// Put the files into this folder [default: $OVERDAMPED_DATA, else data/mnist of the workspace]
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,

    /// Try this mirror instead of the built-in ones: the URL of the folder that holds the four .gz
    /// files. Repeat the option to name several, which are tried in order
    #[arg(long, value_name = "URL", value_parser = mirror_url)]
    pub mirror: Vec<String>,

    /// Fetch the files of this table instead of MNIST's: a line for each, `SHA256 BYTES NAME`, of the
    /// unpacked content. It serves the trials of this command
    #[arg(long, value_name = "FILE", hide = true)]
    pub table: Option<PathBuf>,
}

/// Fetches and verifies what is missing; prints one line per file.
///
/// # Errors
/// A [`FetchError`] that says which file could not be had, why, and what to do about it.
pub fn run(args: &FetchArgs) -> anyhow::Result<()> {
    Interrupt::at_once("what has arrived is kept: the same command fetches the rest")?;
    let to = data::locate(args.to.as_deref());
    let source = match (&args.from, args.mirror.is_empty()) {
        (Some(dir), _) => Source::Folder(dir.clone()),
        (None, false) => Source::Mirrors(args.mirror.clone()),
        (None, true) => Source::Mirrors(MIRRORS.map(str::to_owned).to_vec()),
    };
    let (what, files) = match &args.table {
        Some(path) => ("The table", table::read(path)?),
        None => ("MNIST", mnist::FILES.to_vec()),
    };
    fetch(&files, &source, &to, &mut |notice| println!("{notice}"))?;
    println!("{what} is complete and verified in `{}`.", to.display());
    Ok(())
}

/// Where files come from.
#[derive(Debug)]
enum Source {
    /// URLs of folders of archives, tried in order.
    Mirrors(Vec<String>),
    /// A folder of archives or unpacked files.
    Folder(PathBuf),
}

/// Makes `to` hold every one of `files`, verified.
fn fetch(
    files: &[DataFile],
    source: &Source,
    to: &Path,
    report: &mut dyn FnMut(&Notice),
) -> Result<(), FetchError> {
    let wanted = wanted(files, to, report);
    match source {
        Source::Folder(from) => import::import(&wanted, from, to, report),
        Source::Mirrors(mirrors) => mirror::download(&wanted, mirrors, to, report),
    }
}

/// The files that `to` lacks, or holds in a damaged form.
fn wanted(files: &[DataFile], to: &Path, report: &mut dyn FnMut(&Notice)) -> Vec<DataFile> {
    let mut wanted = Vec::new();
    for file in files {
        match file.find(to).map(|path| file.read_verified(&path)) {
            Some(Ok(_)) => report(&Notice::AlreadyThere(file.name)),
            Some(Err(error)) => {
                report(&Notice::Damaged(error));
                wanted.push(*file);
            }
            None => wanted.push(*file),
        }
    }
    wanted
}

/// What happened, as one line for the reader.
#[derive(Debug)]
enum Notice {
    /// The file was there and verified.
    AlreadyThere(&'static str),
    /// The file was there but did not verify; it is being replaced.
    Damaged(DataError),
    /// An earlier download goes on after this many bytes.
    Resuming { archive: String, bytes: u64 },
    /// A mirror did not deliver; the next one is tried.
    NextMirror(String),
    /// The file is in its place now.
    Stored { archive: String, origin: String },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyThere(name) => write!(f, "{name}: already there, verified"),
            Self::Damaged(error) => write!(f, "replacing a damaged file: {error}"),
            Self::Resuming { archive, bytes } => {
                write!(f, "{archive}: resuming after {bytes} bytes")
            }
            Self::NextMirror(failure) => write!(f, "{failure}; trying the next mirror"),
            Self::Stored { archive, origin } => write!(f, "{archive}: verified, from {origin}"),
        }
    }
}

/// Checks the form of a `--mirror` value, and gives it the slash that a folder ends with.
pub(crate) fn mirror_url(text: &str) -> Result<String, String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.trim_end_matches('/').is_empty() => {
            Ok(format!("{}/", text.trim_end_matches('/')))
        }
        _ => Err(format!(
            "a mirror is the URL of a folder, such as {}",
            MIRRORS[0]
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::{data_file, gzip};
    use clap::Parser;
    use std::fs;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        fetch: FetchArgs,
    }

    fn parse(arguments: &[&str]) -> Result<FetchArgs, clap::Error> {
        let command = std::iter::once("fetch").chain(arguments.iter().copied());
        Cli::try_parse_from(command).map(|cli| cli.fetch)
    }

    #[test]
    fn mirrors_are_folders_by_http() {
        let args = parse(&["--mirror", "http://a.example/m", "--mirror", MIRRORS[1]]).unwrap();
        assert_eq!(args.mirror, ["http://a.example/m/", MIRRORS[1]]);
        for bad in ["a.example/m", "ftp://a.example/m/", "https://", ""] {
            let error = parse(&["--mirror", bad]).unwrap_err().to_string();
            assert!(error.contains(MIRRORS[0]), "{error}");
        }
    }

    #[test]
    fn a_folder_and_a_mirror_exclude_each_other() {
        assert!(parse(&["--from", "x", "--mirror", MIRRORS[0]]).is_err());
        let args = parse(&["--from", "x", "--to", "y"]).unwrap();
        assert_eq!(args.from.as_deref(), Some(Path::new("x")));
        assert_eq!(args.to.as_deref(), Some(Path::new("y")));
    }

    #[test]
    fn intact_files_are_skipped_and_damaged_ones_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let files = [
            data_file("intact", b"intact content"),
            data_file("unpacked", b"unpacked content"),
            data_file("damaged", b"damaged content"),
            data_file("absent", b"absent content"),
        ];
        fs::write(dir.path().join("intact.gz"), gzip(b"intact content")).unwrap();
        fs::write(dir.path().join("unpacked"), b"unpacked content").unwrap();
        fs::write(dir.path().join("damaged.gz"), gzip(b"something else")).unwrap();

        let mut lines = Vec::new();
        let wanted = wanted(&files, dir.path(), &mut |notice| {
            lines.push(notice.to_string());
        });
        let names: Vec<&str> = wanted.iter().map(|file| file.name).collect();
        assert_eq!(names, ["damaged", "absent"]);
        assert_eq!(lines[0], "intact: already there, verified");
        assert_eq!(lines[1], "unpacked: already there, verified");
        assert!(lines[2].contains("damaged.gz` is not the published file"));
        assert_eq!(lines.len(), 3);
    }
}

//! `cargo xtask claims`: judges every claim by kept results and writes docs/claims.md.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::figures::Figures;
use super::{Ledger, markdown, text};
use crate::export;
use crate::results::Results;

/// Judge every quantitative claim of the four papers by recorded figures, and write the ledger.
///
/// Each claim has a rule that turns figures into a verdict; what is missing is `not measured`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask claims                                     docs/claims.md from the kept results
  cargo xtask claims --results target/reproduce/quick/results.json --out target/claims.md")]
pub struct ClaimsArgs {
    /// Results files, each id in one of them only; needs --out [default: docs/results/*-paper.json].
    #[arg(long, value_name = "FILE", num_args = 1..)]
    results: Vec<PathBuf>,
    /// The page to write [default: docs/claims.md].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Judges, writes and prints.
///
/// # Errors
/// Other results than the kept ones without a page of their own, files that cannot be read or written, or two of
/// them with the same id.
pub fn run(args: &ClaimsArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.results.is_empty() || args.out.is_some(),
        "--results needs --out: {PAGE} is made from the kept results only"
    );
    let files = if args.results.is_empty() {
        kept_files()?
    } else {
        args.results.clone()
    };
    let results = read(&files)?;
    let ledger = Ledger::new(&Figures::of(&results)?);
    let out = args.out.clone().unwrap_or_else(|| root().join(PAGE));
    let page = markdown::page(&ledger);
    export::atomic::write(&out, |file| file.write_all(page.as_bytes()))?;
    println!("{}", text::table(&ledger, |_| true));
    println!("Written: {}", out.display());
    Ok(())
}

/// The page, from the repository's root.
pub(super) const PAGE: &str = "docs/claims.md";
const KEPT: &str = "docs/results";

/// The repository.
pub(super) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// The kept results of the paper preset, by name.
pub(super) fn kept_files() -> anyhow::Result<Vec<PathBuf>> {
    let folder = root().join(KEPT);
    let listing = folder
        .read_dir()
        .with_context(|| format!("cannot list {KEPT}; name files with --results"))?;
    let mut files = Vec::new();
    for file in listing {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.ends_with("-paper.json")) {
            files.push(path);
        }
    }
    files.sort();
    anyhow::ensure!(
        !files.is_empty(),
        "there are no kept results in {KEPT}; name files with --results"
    );
    Ok(files)
}

/// All of these files.
pub(super) fn read(files: &[PathBuf]) -> anyhow::Result<Vec<Results>> {
    let read = |path: &PathBuf| {
        Results::read_file(path).with_context(|| format!("--results {}", path.display()))
    };
    files.iter().map(read).collect()
}

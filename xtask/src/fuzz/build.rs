//! The instrumented build of the fuzz targets.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::hostile::Reader;

/// What `cargo fuzz build --sanitizer none` asks of the compiler: counters and addresses of branches, and what is
/// compared with what, for libFuzzer to read.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions";
/// Where it is built, below the root: other flags than usual would else build everything anew each time.
const FOLDER: &str = "target/fuzz-build";

/// Builds the targets of these readers: one program for each.
///
/// # Errors
/// A build that fails, or a compiler that does not say what machine it is on.
pub fn targets(readers: &[&Reader]) -> anyhow::Result<Vec<PathBuf>> {
    let host = host()?;
    let mut command = cargo();
    command
        .args(["build", "--release", "--package", "overdamped-fuzz"])
        .args(["--features", "libfuzzer", "--target-dir", FOLDER])
        // Named, so that the flags below do not reach build scripts and procedural macros.
        .args(["--target", &host])
        .env("RUSTFLAGS", INSTRUMENTATION)
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    for reader in readers {
        command.args(["--bin", reader.name]);
    }
    eprintln!("building {} targets into {FOLDER}", readers.len());
    let status = command.status().context("cannot run cargo")?;
    anyhow::ensure!(
        status.success(),
        "the targets cannot be built; libFuzzer needs a C++ compiler such as g++"
    );
    let folder = root().join(FOLDER).join(host).join("release");
    let names = readers.iter().map(|reader| reader.name);
    Ok(names
        .map(|name| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .collect())
}

/// The machine that the compiler runs on, as it names it.
fn host() -> anyhow::Result<String> {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output = command
        .args(["--version", "--verbose"])
        .current_dir(root())
        .output()
        .context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .context("rustc does not say what machine it is on")?
        .to_owned())
}

/// `cargo` in the root, without what it set for this program.
fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&key);
        }
    }
    command.current_dir(root());
    command
}

/// The root of the repository.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

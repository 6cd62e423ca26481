//! The libraries with the oldest versions of their direct dependencies.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context as _;

use crate::check::{Step, workspace_root};

/// Where the libraries are copied to, within the workspace.
const COPY: &str = "target/minimal-versions";

/// Copies the libraries into a workspace of their own, without this program, whose dependencies would raise the
/// versions of theirs; the commands resolve and build it.
///
/// # Errors
/// A copy that fails.
pub fn steps() -> anyhow::Result<Vec<Step>> {
    let root = workspace_root();
    let copy = root.join(COPY);
    make(root, &copy).with_context(|| format!("cannot copy the libraries to {COPY}"))?;
    let manifest = format!("{COPY}/Cargo.toml");
    let step = |words: &[&str]| {
        let step = Step::cargo("minimal versions", words);
        step.args(["--manifest-path", &manifest])
    };
    Ok(vec![
        // The option is not stable; the compiler is asked to take it, and nothing is compiled with it.
        step(&["update", "--quiet", "-Z", "direct-minimal-versions"]).env("RUSTC_BOOTSTRAP", "1"),
        step(&["check", "--quiet", "--workspace"]),
    ])
}

fn make(root: &Path, copy: &Path) -> io::Result<()> {
    // What was built there stays; what was copied there does not, as files may have gone.
    match fs::remove_dir_all(copy.join("crates")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    copy_folder(&root.join("crates"), &copy.join("crates"))?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let members = |line: &str| match line.starts_with("members = ") {
        true => "members = [\"crates/*\"]\n".to_owned(),
        false => format!("{line}\n"),
    };
    fs::write(
        copy.join("Cargo.toml"),
        manifest.lines().map(members).collect::<String>(),
    )
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

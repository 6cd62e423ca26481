//! Counts and hardware models from files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use overdamped_accounting::{Counts, HardwareModel};

/// Longest text that is read, in bytes: counts and models have some thousand, and a device has no end.
const LONGEST: u64 = 16 << 20;

/// Reads counts: JSON or TOML by the file's name, or, if that says nothing, by its first character.
///
/// # Errors
/// A file that cannot be read or holds no counts.
pub fn counts(path: &Path) -> anyhow::Result<Counts> {
    let text = text(path).with_context(|| {
        format!(
            "cannot read {}; name a JSON or TOML file of counts with --counts",
            path.display()
        )
    })?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    let json = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("json") => true,
        Some("toml") => false,
        // No TOML document starts with a brace.
        _ => text.trim_start().starts_with('{'),
    };
    let counts = if json {
        Counts::from_json(&text)
    } else {
        Counts::from_toml(&text)
    };
    counts.with_context(|| {
        format!(
            "{} cannot be billed; `cargo xtask bill --help` shows a file of counts",
            path.display()
        )
    })
}

/// A preset by name, or a model from a TOML file.
///
/// # Errors
/// An unknown name, or a file that cannot be read or holds no model.
pub fn hardware(name: &str) -> anyhow::Result<HardwareModel> {
    let path = Path::new(name);
    // No preset has a name like that.
    let file = name.contains(['/', '\\']) || path.extension().is_some();
    if !file {
        return Ok(HardwareModel::preset(name)?);
    }
    let text = text(path).with_context(|| {
        format!(
            "cannot read {name}; name a TOML file or one of the presets {} with --hardware",
            HardwareModel::presets().join(", ")
        )
    })?;
    HardwareModel::from_toml(&text).with_context(|| {
        format!("{name} is not a hardware model; `cargo xtask bill --help` shows one")
    })
}

fn text(path: &Path) -> anyhow::Result<String> {
    if path.is_dir() {
        return Err(anyhow!("it is a folder"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)?;
    anyhow::ensure!(
        bytes.len() as u64 <= LONGEST,
        "it is longer than {} MiB",
        LONGEST >> 20
    );
    String::from_utf8(bytes).map_err(|_| anyhow!("it is not text"))
}

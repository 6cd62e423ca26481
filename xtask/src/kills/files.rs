//! What a run leaves: whole files, and the same ones every time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use safetensors::SafeTensors;

use crate::results::{FILE_NAME, Results};

/// Reads every file under its final name as its format, and fails at the first that is not whole. Files that were being written
/// have a name of their own and are passed over.
///
/// # Errors
/// Names the file.
pub fn check(folder: &Path) -> anyhow::Result<()> {
    for path in list(folder)? {
        let bytes = std::fs::read(&path)?;
        let kind = path.extension().and_then(|kind| kind.to_str());
        let whole = match kind {
            Some("json") => serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(),
            Some("safetensors") => SafeTensors::deserialize(&bytes).is_ok(),
            Some("npy") => {
                npyz::NpyFile::new(&bytes[..]).is_ok_and(|file| file.into_vec::<f32>().is_ok())
            }
            Some("html") => {
                let end = String::from_utf8_lossy(&bytes);
                end.trim_end().ends_with("</section>") || end.trim_end().ends_with("</html>")
            }
            Some("png") => bytes.ends_with(b"IEND\xae\x42\x60\x82"),
            // A checkpoint has a checksum, which the next start verifies.
            _ => !bytes.is_empty(),
        };
        anyhow::ensure!(whole, "{} is not whole", path.display());
    }
    Ok(())
}

/// Names of what differs between two finished runs: figures that are not times, samples, models.
///
/// # Errors
/// Folders that cannot be read.
pub fn differing(found: &Path, expected: &Path) -> anyhow::Result<Vec<String>> {
    let (found, expected) = (content(found)?, content(expected)?);
    let names = found.keys().chain(expected.keys());
    let mut differing: Vec<_> = names
        .filter(|name| found.get(*name) != expected.get(*name))
        .cloned()
        .collect();
    differing.sort();
    differing.dedup();
    Ok(differing)
}

/// Everything that must not depend on how often a run was started, by name.
fn content(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut content = BTreeMap::new();
    for path in list(folder)? {
        let name = path.strip_prefix(folder)?.display().to_string();
        let kind = path.extension().and_then(|kind| kind.to_str());
        if let Some("npy" | "safetensors" | "png") = kind {
            content.insert(name, std::fs::read(&path)?);
        } else if name == FILE_NAME {
            for entry in Results::read(folder)?.results {
                if entry.unit == "s" {
                    continue;
                }
                let values = std::iter::once(entry.value);
                let references = entry.references.iter().map(|reference| reference.value);
                let bits = values.chain(references).flat_map(f64::to_le_bytes);
                content.insert(entry.id.clone(), bits.collect());
            }
        }
    }
    anyhow::ensure!(
        !content.is_empty(),
        "{} holds nothing to compare",
        folder.display()
    );
    Ok(content)
}

/// All files below a folder but those that are being written; none if it is not there yet.
fn list(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.exists() {
            continue;
        }
        let listing = folder.read_dir();
        for entry in listing.with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let hidden = path
                .file_name()
                .is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if path.is_dir() {
                folders.push(path);
            } else if !hidden {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_file_is_noticed_and_a_partial_one_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".partial-x"), b"").unwrap();
        std::fs::write(folder.path().join("results.json"), b"{}").unwrap();
        check(folder.path()).unwrap();
        for (name, half) in [
            ("a.json", &b"{\"a\": 1"[..]),
            ("b.npy", b"\x93NUMPY"),
            ("c.checkpoint", b""),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, half).unwrap();
            assert!(check(folder.path()).unwrap_err().to_string().contains(name));
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn one_bit_of_one_sample_is_a_difference() {
        let write = |byte: u8| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("a.npy"), [1, 2, byte]).unwrap();
            folder
        };
        let (one, two, three) = (write(3), write(3), write(2));
        assert!(differing(one.path(), two.path()).unwrap().is_empty());
        assert_eq!(differing(one.path(), three.path()).unwrap(), ["a.npy"]);
    }
}

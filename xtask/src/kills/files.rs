//! What a run leaves: whole files, and the same ones every time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use safetensors::SafeTensors;

use crate::results::{FILE_NAME, Results};

/// The page of a run.
const PAGE: &str = "report.html";

/// Reads every file under its final name as its format, and fails at the first that is not whole, or is not what the
/// undisturbed run has put there. Files that are still being written have a name of their own and are passed over.
///
/// # Errors
/// Names the file.
pub fn check(folder: &Path, expected: &Path) -> anyhow::Result<()> {
    for path in list(folder)? {
        if unfinished(&path) {
            continue;
        }
        let bytes = std::fs::read(&path)?;
        let name = path.strip_prefix(folder)?;
        anyhow::ensure!(whole(&path, &bytes), "{} is not whole", name.display());
        // Its figures grow with the run; pages show them.
        if let Some("npy" | "safetensors" | "png" | "gz") = kind(&path) {
            let genuine = std::fs::read(expected.join(name)).ok();
            anyhow::ensure!(
                genuine.is_none_or(|genuine| genuine == bytes),
                "{} has got its name with another content",
                name.display()
            );
        }
    }
    Ok(())
}

fn kind(path: &Path) -> Option<&str> {
    path.extension().and_then(|kind| kind.to_str())
}

/// Whether a file is on its way to its name: hidden, or part of a download.
fn unfinished(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_none_or(|name| name.to_string_lossy().starts_with('.'));
    hidden || kind(path) == Some("part")
}

/// Whether the bytes are all of a file of its format.
fn whole(path: &Path, bytes: &[u8]) -> bool {
    match kind(path) {
        Some("json") => serde_json::from_slice::<serde_json::Value>(bytes).is_ok(),
        Some("safetensors") => SafeTensors::deserialize(bytes).is_ok(),
        Some("npy") => npyz::NpyFile::new(bytes).is_ok_and(|file| file.into_vec::<f32>().is_ok()),
        Some("html") => {
            let end = String::from_utf8_lossy(bytes);
            end.trim_end().ends_with("</section>") || end.trim_end().ends_with("</html>")
        }
        Some("png") => bytes.ends_with(b"IEND\xae\x42\x60\x82"),
        Some("gz") => {
            let mut content = flate2::read::GzDecoder::new(bytes);
            std::io::copy(&mut content, &mut std::io::sink()).is_ok()
        }
        // A checkpoint has a checksum, which the next start verifies.
        _ => !bytes.is_empty(),
    }
}

/// What a folder holds, in few words: how many files of each kind.
///
/// # Errors
/// Folders that cannot be read.
pub fn present(folder: &Path) -> anyhow::Result<String> {
    let mut counts = BTreeMap::<&str, usize>::new();
    let files = list(folder)?;
    for path in &files {
        let kind = match kind(path) {
            Some("part") => "part",
            _ if unfinished(path) => "unfinished",
            kind => kind.unwrap_or("other"),
        };
        *counts.entry(kind).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok("none".to_owned());
    }
    let counts = counts.iter().map(|(kind, count)| format!("{count} {kind}"));
    Ok(counts.collect::<Vec<_>>().join(", "))
}

/// Names of what differs between two finished runs: files that only one has (debris among them), figures that are not times,
/// samples, models, counts, sections, downloads.
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
        // The page shows times; its name alone counts.
        let bytes = match name.as_str() {
            FILE_NAME | PAGE => Vec::new(),
            _ => std::fs::read(&path)?,
        };
        content.insert(name, bytes);
    }
    anyhow::ensure!(
        !content.is_empty(),
        "{} holds nothing to compare",
        folder.display()
    );
    if content.contains_key(FILE_NAME) {
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
    Ok(content)
}

/// All files below a folder, hidden ones too; none if it is not there yet.
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
            if path.is_dir() {
                folders.push(path);
            } else {
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
        let (folder, expected) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join(".overdamped-partial-x"), b"").unwrap();
        std::fs::write(folder.path().join("a.gz.part"), b"").unwrap();
        std::fs::write(folder.path().join("results.json"), b"{}").unwrap();
        check(folder.path(), expected.path()).unwrap();
        assert_eq!(
            present(folder.path()).unwrap(),
            "1 json, 1 part, 1 unfinished"
        );
        for (name, half) in [
            ("a.json", &b"{\"a\": 1"[..]),
            ("b.npy", b"\x93NUMPY"),
            ("c.checkpoint", b""),
            ("d.gz", b"\x1f\x8b\x08"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, half).unwrap();
            let error = check(folder.path(), expected.path()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn another_content_under_a_final_name_is_noticed_at_once() {
        let (folder, expected) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |folder: &Path, content: &[u8]| {
            let archive = crate::fetch::gzip(content).unwrap();
            std::fs::write(folder.join("a.gz"), archive).unwrap();
        };
        write(folder.path(), b"genuine");
        write(expected.path(), b"genuine");
        check(folder.path(), expected.path()).unwrap();
        write(folder.path(), b"Genuine");
        let error = check(folder.path(), expected.path()).unwrap_err();
        assert!(error.to_string().contains("a.gz"), "{error}");
    }

    #[test]
    fn one_bit_of_one_sample_and_one_file_too_many_are_differences() {
        let write = |byte: u8| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("a.npy"), [1, 2, byte]).unwrap();
            folder
        };
        let (one, two, three) = (write(3), write(3), write(2));
        assert!(differing(one.path(), two.path()).unwrap().is_empty());
        assert_eq!(differing(one.path(), three.path()).unwrap(), ["a.npy"]);
        std::fs::write(two.path().join(".overdamped-partial-x"), b"debris").unwrap();
        assert_eq!(
            differing(one.path(), two.path()).unwrap(),
            [".overdamped-partial-x"]
        );
    }
}

//! A table of published files in place of MNIST's, so that the command can be tried on small ones.
//!
//! One line for each file, `SHA256 BYTES NAME`: digest and length of its unpacked content, and its name without folders.

use std::path::Path;

use anyhow::Context as _;

use crate::data::{DataFile, Sha256Sum};

/// No file of a table is longer: what a command holds in memory stays bounded.
const LONGEST: u64 = 1 << 30;

/// Reads a table.
///
/// # Errors
/// If it cannot be read, or one of its lines is not such a line.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<DataFile>> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read the table {}", path.display()))?;
    let rows = text.lines().map(|line| {
        row(line).with_context(|| {
            format!("`{line}` is not a line of a table: SHA256 BYTES NAME, with a name of a-z, 0-9 and -")
        })
    });
    rows.collect()
}

fn row(line: &str) -> Option<DataFile> {
    let mut words = line.split(' ');
    let (digest, bytes, name) = (words.next()?, words.next()?, words.next()?);
    let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-');
    let bytes = bytes.parse().ok().filter(|bytes| *bytes <= LONGEST)?;
    let sound = digest.len() == 64
        && digest.bytes().all(hexadecimal)
        && !name.is_empty()
        // A name with a slash or dots could leave the folder.
        && name.bytes().all(plain)
        && words.next().is_none();
    sound.then(|| DataFile {
        // A table is read once, and lives as long as the command.
        name: Box::leak(name.to_owned().into_boxed_str()),
        sha256: Sha256Sum::from_hex(digest),
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_do_not_fit_are_refused_and_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        let digest = Sha256Sum::of(b"content").to_string();
        std::fs::write(&path, format!("{digest} 7 some-digits")).unwrap();
        let files = read(&path).unwrap();
        assert_eq!((files[0].name, files[0].bytes), ("some-digits", 7));
        assert_eq!(files[0].sha256, Sha256Sum::of(b"content"));
        for bad in [
            format!("{digest} 7 ../digits"),
            format!("{digest} 7 a/b"),
            format!("{digest} 7 "),
            format!("{digest} 7"),
            format!("{digest} 7 a b"),
            format!("{digest} -7 a"),
            format!("{digest} 99999999999 a"),
            format!("{} 7 a", &digest[1..]),
            format!(
                "{} 7 a",
                digest.replace(['0', '1', '2', '3', '4', '5', '6', '7'], "x")
            ),
        ] {
            std::fs::write(&path, &bad).unwrap();
            assert!(read(&path).unwrap_err().to_string().contains(&bad), "{bad}");
        }
    }
}

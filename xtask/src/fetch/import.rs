//! Files from a folder that the user names: verified first, all of them, then written.

use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::part::PartFile;
use super::{FetchError, Notice};
use crate::data::DataFile;

/// Copies `files` from the folder `from` into `to`. Archives are copied byte for byte, unpacked files
/// are packed. Nothing is written before every file has been verified.
///
/// # Errors
/// [`FetchError::SourceIncomplete`], [`FetchError::SourceDamaged`], or a failure to write.
pub(super) fn import(
    files: &[DataFile],
    from: &Path,
    to: &Path,
    report: &mut dyn FnMut(&Notice),
) -> Result<(), FetchError> {
    let paths: Vec<_> = files.iter().map(|file| file.find(from)).collect();
    let missing: Vec<_> = files
        .iter()
        .zip(&paths)
        .filter(|(_, path)| path.is_none())
        .map(|(file, _)| file.name)
        .collect();
    if !missing.is_empty() {
        return Err(FetchError::SourceIncomplete {
            dir: from.to_path_buf(),
            missing,
        });
    }

    let mut verified = Vec::new();
    for (file, path) in files.iter().zip(paths.into_iter().flatten()) {
        let contents = file
            .read_verified(&path)
            .map_err(FetchError::SourceDamaged)?;
        verified.push((file, path, contents));
    }

    for (file, path, contents) in verified {
        let target = to.join(file.archive_name());
        let mut part = PartFile::open(&target)?;
        part.clear()?;
        match contents.archive {
            Some(archive) => part.append(&archive)?,
            None => {
                let packed =
                    gzip(&contents.bytes).map_err(|e| FetchError::writing(part.path(), e))?;
                part.append(&packed)?;
            }
        }
        part.commit()?;
        report(&Notice::Stored {
            archive: file.archive_name(),
            origin: format!("`{}`", path.display()),
        });
    }
    Ok(())
}

/// The bytes as an archive.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataError;
    use crate::data::testing::{self, data_file};
    use std::fs;

    const GENUINE: [(&str, &[u8]); 2] = [("images", b"pixels of digits"), ("labels", b"names")];

    fn files() -> Vec<DataFile> {
        let rows = GENUINE.iter();
        rows.map(|(name, bytes)| data_file(name, bytes)).collect()
    }

    fn import_into(from: &Path, to: &Path) -> Result<(), FetchError> {
        import(&files(), from, to, &mut |_| ())
    }

    #[test]
    fn packed_and_unpacked_files_arrive_as_verified_archives() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let packed = testing::gzip(GENUINE[0].1);
        fs::write(from.path().join("images.gz"), &packed).unwrap();
        fs::write(from.path().join("labels"), GENUINE[1].1).unwrap();
        import_into(from.path(), to.path()).unwrap();

        assert_eq!(fs::read(to.path().join("images.gz")).unwrap(), packed);
        for (file, (_, bytes)) in files().iter().zip(GENUINE) {
            let path = file.find(to.path()).unwrap();
            assert!(path.ends_with(file.archive_name()));
            let contents = file.read_verified(&path).unwrap();
            assert_eq!(contents.bytes, bytes);
            assert!(contents.archive.is_some());
        }
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 2);
    }

    /// An archive may carry a name for what it holds, and that name may point elsewhere: nobody reads it.
    #[test]
    fn the_name_inside_an_archive_leads_nowhere() {
        let outer = tempfile::tempdir().unwrap();
        let (from, to) = (outer.path().join("from"), outer.path().join("a/b/to"));
        fs::create_dir(&from).unwrap();
        for (name, bytes) in GENUINE {
            let header = flate2::GzBuilder::new().filename("../../../stray");
            let mut encoder = header.write(Vec::new(), Compression::default());
            encoder.write_all(bytes).unwrap();
            fs::write(from.join(format!("{name}.gz")), encoder.finish().unwrap()).unwrap();
        }
        import_into(&from, &to).unwrap();
        let names = |folder: &Path| -> Vec<String> {
            let listing = fs::read_dir(folder).unwrap();
            let mut names: Vec<_> = listing
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(outer.path()), ["a", "from"]);
        assert_eq!(names(&to), ["images.gz", "labels.gz"]);
    }

    #[test]
    fn one_absent_file_and_nothing_is_written() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(from.path().join("images"), GENUINE[0].1).unwrap();
        let to = to.path().join("new");
        let error = import_into(from.path(), &to).unwrap_err();
        let FetchError::SourceIncomplete { missing, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(missing, &["labels"]);
        assert!(!to.exists());
    }

    #[test]
    fn one_damaged_file_and_nothing_is_written() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(from.path().join("images"), GENUINE[0].1).unwrap();
        fs::write(from.path().join("labels"), b"NAMES").unwrap();
        let to = to.path().join("new");
        let error = import_into(from.path(), &to).unwrap_err();
        assert!(
            matches!(error, FetchError::SourceDamaged(DataError::Checksum { .. })),
            "{error}"
        );
        assert!(!to.exists());
    }

    #[test]
    fn the_part_of_an_abandoned_download_is_overwritten() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (name, bytes) in GENUINE {
            fs::write(from.path().join(name), bytes).unwrap();
        }
        fs::write(to.path().join("images.gz.part"), b"half of something").unwrap();
        import_into(from.path(), to.path()).unwrap();
        let file = &files()[0];
        file.read_verified(&to.path().join("images.gz")).unwrap();
        assert!(!to.path().join("images.gz.part").exists());
    }
}

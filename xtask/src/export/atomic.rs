//! All-or-nothing file writes, as [`files::replace`] makes them, with errors that name the options of the commands.

use std::io::{self, Write};
use std::path::Path;

use overdamped_learn::files;

use super::Error;

/// Replaces `path` by whatever `fill` writes, or leaves it untouched.
///
/// Missing parent folders are created.
///
/// # Errors
/// [`Error::Write`] when the folder cannot be created or written, the disk is
/// full, `fill` fails, or a folder stands at `path`.
pub fn write<F>(path: &Path, fill: F) -> Result<(), Error>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    #[cfg(test)]
    let fill = super::full_disk::limited(fill);
    files::replace(path, fill).map_err(|source| Error::Write {
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names_in(folder: &Path) -> Vec<String> {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_failed_fill_leaves_the_earlier_file_and_no_debris() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        write(&path, |out| out.write_all(b"first")).unwrap();
        let error = write(&path, |out| {
            out.write_all(b"sec")?;
            Err(io::ErrorKind::StorageFull.into())
        })
        .unwrap_err();
        assert!(error.to_string().contains("free some space"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names_in(folder.path()), ["results.json"]);
    }

    #[test]
    fn a_folder_at_the_target_is_an_error_and_survives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        fs::create_dir_all(path.join("kept")).unwrap();
        let error = write(&path, |out| out.write_all(b"x")).unwrap_err();
        assert!(error.to_string().contains("results.json"), "{error}");
        assert!(path.join("kept").is_dir());
        assert_eq!(names_in(folder.path()), ["results.json"]);
    }

    #[test]
    fn a_file_where_a_folder_is_needed_is_named_with_the_fix() {
        let folder = tempfile::tempdir().unwrap();
        let blocker = folder.path().join("out");
        fs::write(&blocker, "not a folder").unwrap();
        let error = write(&blocker.join("a.npy"), |out| out.write_all(b"x")).unwrap_err();
        assert!(error.to_string().contains("--out"), "{error}");
        assert_eq!(fs::read(&blocker).unwrap(), b"not a folder");
    }
}

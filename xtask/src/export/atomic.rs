//! All-or-nothing file writes.
//!
//! The bytes go to a temporary file in the *same* folder (a rename is atomic
//! only within one file system), are flushed to the disk, and then take the
//! final name in one step. Whatever fails before that step leaves the earlier
//! file as it was.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

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
    replace(path, fill).map_err(|source| Error::Write {
        path: path.to_path_buf(),
        source,
    })
}

fn replace<F>(path: &Path, fill: F) -> io::Result<()>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut file = builder().tempfile_in(folder)?;
    {
        let mut buffered = BufWriter::new(file.as_file_mut());
        fill(&mut buffered)?;
        buffered.flush()?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Temporary files are private by default; results are meant to be shared, so
/// they get what `File::create` would give them under the user's umask.
#[cfg(unix)]
fn builder() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(".partial-")
        .permissions(fs::Permissions::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".partial-");
    builder
}

/// The new name itself lives in the folder, which has to reach the disk too.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[cfg(unix)]
    #[test]
    fn others_may_read_the_file_when_the_umask_lets_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            fs::metadata(folder.path().join(name))
                .unwrap()
                .permissions()
                .mode()
        };
        write(&folder.path().join("atomic"), |out| out.write_all(b"x")).unwrap();
        File::create(folder.path().join("plain")).unwrap();
        assert_eq!(mode("atomic"), mode("plain"));
    }
}

//! Files that survive whoever writes them.
//!
//! [`replace`] is the one way in which this project writes a file. The bytes go to a temporary file in the
//! *same* folder (a rename is atomic only within one file system), are flushed to the disk, and then take
//! the final name in one step, which is flushed too. Whatever fails before that step, a full disk, a kill or a
//! power cut, leaves the earlier file as it was.
//!
//! # Debris
//! A writer that is killed cannot remove its temporary file, so the next one does. Each writer holds an
//! advisory lock on its own: the kernel releases it however the process ends. A temporary file that
//! nobody holds is therefore dead, and is removed by the next [`replace`] in its folder; and as a write that
//! was cut off is repeated when the run is resumed, none is left once a run has finished.
//!
//! [`FolderLock`] keeps two runs out of one folder in the same way. Where a system or file system knows no
//! such locks, writes are as atomic as anywhere; only debris stays, and nobody is kept apart.

mod lock;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

pub use lock::{FolderLock, FolderLockError};
use tempfile::NamedTempFile;

/// How the names of temporary files start: hidden, and no file's final name.
const PREFIX: &str = ".overdamped-partial-";
/// Temporary files that may vanish between their making and their lock before a write is given up.
const ATTEMPTS: usize = 8;

/// Replaces `path` by whatever `fill` writes, or leaves it untouched.
///
/// Missing parent folders are created. What killed writers have left in the folder is removed.
///
/// ```
/// use overdamped_learn::files;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("figures/loss.txt");
/// files::replace(&path, |out| writeln!(out, "0.25"))?;
/// let failed = files::replace(&path, |out| {
///     out.write_all(b"0.1")?;
///     Err(std::io::ErrorKind::StorageFull.into())
/// });
/// assert!(failed.is_err());
/// assert_eq!(std::fs::read_to_string(&path)?, "0.25\n");
/// # std::io::Result::Ok(())
/// ```
///
/// # Errors
/// When the folder cannot be created or written, the disk is full, `fill` fails, or a folder stands at
/// `path`. No temporary file is then left.
pub fn replace<F>(path: &Path, fill: F) -> io::Result<()>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    sweep(folder);
    let mut file = temporary(folder)?;
    {
        let mut buffered = BufWriter::new(file.as_file_mut());
        #[cfg(test)]
        let mut buffered = testing::Limited(&mut buffered);
        fill(&mut buffered)?;
        buffered.flush()?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    match sync_folder(folder) {
        // The file is in its place. A folder that may be written but not read, or one of a file system that cannot flush
        // folders, reaches the disk when the system pleases.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        flushed => flushed,
    }
}

/// A temporary file that its writer holds the lock of.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    for _ in 0..ATTEMPTS {
        let file = builder().tempfile_in(folder)?;
        // An error means that there are no locks here: nobody sweeps, then.
        if file.as_file().lock().is_err() || file.path().exists() {
            return Ok(file);
        }
        // Somebody took it for dead before it was locked, and removed it.
    }
    Err(io::Error::other(
        "temporary files vanish as soon as they are made; find out what empties the folder",
    ))
}

/// Removes the temporary files of dead writers. Best effort: a folder that cannot be listed may still
/// be written.
fn sweep(folder: &Path) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !(ours && entry.file_type().is_ok_and(|kind| kind.is_file())) {
            continue;
        }
        let path = entry.path();
        // Held until the file is gone: its writer, if it lives after all, then finds out.
        if let Ok(file) = File::options().append(true).open(&path)
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// Temporary files are private by default; results are meant to be shared, so
/// they get what `File::create` would give them under the user's umask.
#[cfg(unix)]
fn builder() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(PREFIX)
        .permissions(fs::Permissions::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    builder
}

/// Makes names within a folder durable: they live in the folder, which has to reach the disk too. Only Unix
/// lets a folder be opened and flushed.
///
/// # Errors
/// If the folder cannot be opened or flushed.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What a person can do about a file that the system refuses to write, or to read.
pub fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "make the folder writable or choose another one"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space or choose a folder on another disk"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where a folder is needed: move it away or choose another folder"
        }
        ErrorKind::IsADirectory => {
            "a folder stands where the file belongs: move it away or choose another folder"
        }
        _ => "check the folder or choose another one",
    }
}

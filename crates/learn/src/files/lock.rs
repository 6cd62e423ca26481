//! One run at a time in one folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A folder that this process alone writes into, until the value is dropped or the process ends, however it ends.
///
/// The lock lies on the folder itself, in the kernel: there is no lock file that a dead process could leave behind.
/// It is advisory: it keeps out those who ask for it too. Only Unix lets a folder be locked;
/// elsewhere, and on file systems without locks, everybody gets it.
#[derive(Debug)]
pub struct FolderLock {
    /// Open for as long as the lock is held; none where there are no locks.
    folder: Option<File>,
}

impl Drop for FolderLock {
    /// Closing would not do: a child that another thread is just starting holds a copy of the open file until it runs.
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = folder.unlock();
        }
    }
}

/// Why a folder was not locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderLockError {
    /// Somebody else writes into it.
    #[error(
        "another run is writing into {}; wait for it to end or choose another folder",
        path.display()
    )]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be made or opened.
    #[error("cannot use the folder {}: {source}; choose another one", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl FolderLock {
    /// Locks a folder, which is made if it is not there. Does not wait.
    ///
    /// ```
    /// use overdamped_learn::files::{FolderLock, FolderLockError};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let first = FolderLock::take(folder.path())?;
    /// # #[cfg(unix)]
    /// assert!(matches!(FolderLock::take(folder.path()), Err(FolderLockError::Busy { .. })));
    /// drop(first);
    /// FolderLock::take(folder.path())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`FolderLockError::Busy`] if it is taken, [`FolderLockError::Folder`] if it cannot be made or opened.
    pub fn take(folder: &Path) -> Result<Self, FolderLockError> {
        let path = folder.to_path_buf();
        match open(folder) {
            Ok(Some(file)) => match file.try_lock() {
                Err(TryLockError::WouldBlock) => Err(FolderLockError::Busy { path }),
                // Some network file systems know no locks.
                Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { folder: Some(file) }),
            },
            Ok(None) => Ok(Self { folder: None }),
            Err(source) => Err(FolderLockError::Folder { path, source }),
        }
    }
}

/// The folder, open; none where folders cannot be opened.
fn open(folder: &Path) -> io::Result<Option<File>> {
    fs::create_dir_all(folder)?;
    if cfg!(unix) {
        return File::open(folder).map(Some);
    }
    Ok(None)
}

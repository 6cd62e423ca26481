//! The unfinished file: bytes gather in `NAME.gz.part`, which becomes `NAME.gz` by one rename.
//!
//! A part with bytes in it survives a dropped connection and an interrupted command, so that the
//! next run can go on from there; an empty one, or one that the disk refused, is removed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use overdamped_learn::files;

use super::FetchError;

/// An open `.part` file, locked against a second `fetch`.
#[derive(Debug)]
pub(super) struct PartFile {
    file: File,
    path: PathBuf,
    target: PathBuf,
    bytes: u64,
    committed: bool,
}

impl PartFile {
    /// Opens or makes the part of the file `target`, and the folder around it.
    ///
    /// # Errors
    /// [`FetchError::Busy`] where another process holds it, or one of the failures to write.
    pub(super) fn open(target: &Path) -> Result<Self, FetchError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|e| FetchError::writing(folder, e))?;
        }
        let writing = |e| FetchError::writing(&path, e);
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(writing)?;
        // Advisory on Unix; on Windows a lock would keep our own verification from reading. Some
        // network file systems know no locks. The digest would still tell of a collision.
        if cfg!(unix) && matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(FetchError::Busy { path });
        }
        // Between the opening and the lock its earlier holder may have given it the final name.
        if !stands_at(&file, &path).map_err(writing)? {
            return Err(FetchError::Busy { path });
        }
        let bytes = file.metadata().map_err(writing)?.len();
        Ok(Self {
            file,
            path,
            target: target.to_path_buf(),
            bytes,
            committed: false,
        })
    }

    /// Where the bytes are.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.bytes
    }

    /// Adds bytes at the end. After a failure the part is empty: how much of it reached the disk
    /// nobody can tell, and a full disk wants its space back.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.bytes += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.bytes = 0;
                // Dropping the part removes it, whether or not this succeeds.
                let _ = self.file.set_len(0);
                Err(FetchError::writing(&self.path, error))
            }
        }
    }

    /// Drops all bytes.
    pub(super) fn clear(&mut self) -> Result<(), FetchError> {
        self.file
            .set_len(0)
            .map_err(|e| FetchError::writing(&self.path, e))?;
        self.bytes = 0;
        Ok(())
    }

    /// Makes the bytes durable, then gives the file its final name: whoever sees that name sees all
    /// of the file, even after a power failure.
    pub(super) fn commit(mut self) -> Result<(), FetchError> {
        let committed = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&self.path, &self.target))
            .and_then(|()| self.target.parent().map_or(Ok(()), files::sync_folder));
        match committed {
            Ok(()) => {
                self.committed = true;
                Ok(())
            }
            Err(error) => Err(FetchError::writing(&self.target, error)),
        }
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if self.bytes == 0 && !self.committed {
            // Best effort: an empty part that stays behind does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the open file is the one of that name. On systems without inodes nobody can rename an open file.
#[cfg(unix)]
fn stands_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((open.dev(), open.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn stands_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_part_goes_on_where_it_stopped_and_commits_over_an_older_file() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("new/folder/x.gz");
        let mut part = PartFile::open(&target).unwrap();
        part.append(b"first ").unwrap();
        drop(part);
        let folder = target.parent().unwrap();
        assert_eq!(names(folder), ["x.gz.part"]);

        fs::write(&target, b"damaged").unwrap();
        let mut part = PartFile::open(&target).unwrap();
        assert_eq!(part.len(), 6);
        part.append(b"second").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"damaged");
        part.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"first second");
        assert_eq!(names(folder), ["x.gz"]);
    }

    #[test]
    fn an_empty_part_leaves_no_trace() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = PartFile::open(&dir.path().join("x.gz")).unwrap();
        part.append(b"bytes").unwrap();
        part.clear().unwrap();
        drop(part);
        assert!(names(dir.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn two_writers_of_one_file_are_kept_apart() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("x.gz");
        let mut first = PartFile::open(&target).unwrap();
        first.append(b"bytes").unwrap();
        let second = PartFile::open(&target);
        assert!(matches!(second, Err(FetchError::Busy { .. })), "{second:?}");
        first.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"bytes");
    }

    /// Would catch a second writer that empties the part of a first one that has just given it the final name.
    #[cfg(unix)]
    #[test]
    fn a_part_that_has_got_its_final_name_is_no_longer_one() {
        let dir = tempfile::tempdir().unwrap();
        let (part, target) = (dir.path().join("x.gz.part"), dir.path().join("x.gz"));
        let file = File::create(&part).unwrap();
        assert!(stands_at(&file, &part).unwrap());
        fs::rename(&part, &target).unwrap();
        assert!(!stands_at(&file, &part).unwrap());
        File::create(&part).unwrap();
        assert!(!stands_at(&file, &part).unwrap());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_nothing_behind() {
        // /dev/full accepts every open and refuses every write with "no space left".
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/full", dir.path().join("x.gz.part")).unwrap();
        let mut part = PartFile::open(&dir.path().join("x.gz")).unwrap();
        let error = part.append(b"bytes").unwrap_err();
        assert!(matches!(error, FetchError::DiskFull { .. }), "{error}");
        drop(part);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_reported_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"mine").unwrap();
        let error = PartFile::open(&file.join("x.gz")).unwrap_err();
        assert!(matches!(error, FetchError::Write { .. }), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"mine");
    }
}

//! A disk that is full after so many bytes.

use std::cell::Cell;
use std::io::{self, Write};

thread_local! {
    /// Bytes that this thread may still write; any number if none.
    static ROOM: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs `work` on a disk with room for `bytes` bytes.
pub(crate) fn with_room<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    ROOM.set(Some(bytes));
    let outcome = work();
    ROOM.set(None);
    outcome
}

/// Passes on as many bytes as there is room for.
pub(super) struct Limited<W>(pub(super) W);

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = ROOM.get().unwrap_or(usize::MAX);
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.0.write(&bytes[..bytes.len().min(room)])?;
        ROOM.set(ROOM.get().map(|room| room - written));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

//! A disk that is full after so many bytes, for the tests of everything that writes files.

use std::cell::Cell;
use std::io::{self, Write};
use std::path::Path;

thread_local! {
    /// Bytes that this thread may still write; any number if none.
    static ROOM: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Passes on as many bytes of `fill` as there is room for.
pub(super) fn limited<F>(fill: F) -> impl FnOnce(&mut dyn Write) -> io::Result<()>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    |out| fill(&mut Limited(out))
}

struct Limited<'a>(&'a mut dyn Write);

impl Write for Limited<'_> {
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

/// Holds a writer of `path` to what must be true of a disk that is full after any number of bytes: the earlier file survives, the
/// message says what to do, and nothing else is left. `write` gets what to write, one thing or the other.
fn survives<E: std::fmt::Display>(path: &Path, mut write: impl FnMut(bool) -> Result<(), E>) {
    write(false).unwrap_or_else(|error| panic!("{error}"));
    let earlier = std::fs::read(path).unwrap();
    let folder = path.parent().unwrap();
    // Every count for small files, a few hundred for others.
    let step = earlier.len().div_ceil(300);
    let mut failures = 0;
    for room in (0..).step_by(step) {
        ROOM.set(Some(room));
        let written = write(true);
        ROOM.set(None);
        let Err(error) = written else { break };
        let message = error.to_string();
        assert!(message.contains("free some space"), "{message}");
        assert_eq!(std::fs::read(path).unwrap(), earlier, "room for {room}");
        assert_eq!(folder.read_dir().unwrap().count(), 1, "room for {room}");
        failures += 1;
    }
    assert!(failures > 20, "only {failures} writes failed");
    assert_ne!(std::fs::read(path).unwrap(), earlier);
}

mod tests {
    use faer::Mat;

    use super::*;
    use crate::claims;
    use crate::export::{atomic, model::Model, npy};
    use crate::report::{self, Block, Section, png};
    use crate::results::{Entry, FILE_NAME, Preset, Recorder};

    fn value(other: bool) -> f64 {
        if other { 2.0 } else { 1.0 }
    }

    #[test]
    fn samples() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        survives(&path, |other| {
            npy::write_states(
                &path,
                Mat::from_fn(2, 9, |_, _| value(other) as f32).as_ref(),
            )
        });
    }

    #[test]
    fn models() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        survives(&path, |other| {
            let model = Model::new("two units").f64("site.linear", &[2], vec![value(other); 2]);
            model.unwrap().write(&path)
        });
    }

    #[test]
    fn pictures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let layout = png::Layout {
            rows: 1,
            cols: 2,
            side: 4,
            scale: 1,
        };
        survives(&path, |other| {
            let ink = |pixel, _| if other { 1.0 } else { (pixel % 2) as f32 };
            png::write_grid(&path, Mat::from_fn(16, 2, ink).as_ref(), layout)
        });
    }

    #[test]
    fn figures() {
        let folder = tempfile::tempdir().unwrap();
        survives(&folder.path().join(FILE_NAME), |other| {
            let mut recorder = Recorder::open(folder.path(), Preset::Quick, 1).unwrap();
            recorder.begin("a", &[]).unwrap();
            recorder.record(Entry::new("a.x", value(other))).unwrap();
            recorder.save()
        });
    }

    #[test]
    fn pages() {
        let folder = tempfile::tempdir().unwrap();
        let results = tempfile::tempdir().unwrap();
        let recorder = Recorder::open(results.path(), Preset::Quick, 1).unwrap();
        let page = folder.path().join("report.html");
        survives(&page, |other| {
            let front = maud::html! { p { (value(other)) } };
            let front = Some((claims::ANCHOR, front));
            report::assemble(folder.path(), front, &[], recorder.results()).map(drop)
        });
        let section = folder.path().join("sections/a.html");
        survives(&section, |other| {
            let section = Section {
                title: "a".to_owned(),
                intro: String::new(),
                blocks: vec![Block::Text(value(other).to_string())],
            };
            report::write_section(folder.path(), "a", &section, recorder.results())
        });
    }

    #[test]
    fn text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claims.md");
        survives(&path, |other| {
            let text = if other {
                "other claims"
            } else {
                "the usual claims"
            }
            .repeat(10);
            atomic::write(&path, |out| out.write_all(text.as_bytes()))
        });
    }
}

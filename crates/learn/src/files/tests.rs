//! Writers that fail, die, or meet each other.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

fn names_in(folder: &Path) -> Vec<String> {
    let listing = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = listing
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_disk_that_is_full_after_any_byte_leaves_the_earlier_file_and_no_debris() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    replace(&path, |out| out.write_all(b"first")).unwrap();
    for room in 0..9 {
        let write = || replace(&path, |out| out.write_all(b"secondary"));
        let error = testing::with_room(room, write).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names_in(folder.path()), ["results.json"]);
    }
    testing::with_room(9, || replace(&path, |out| out.write_all(b"secondary"))).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"secondary");
}

#[test]
fn a_folder_at_the_target_is_an_error_and_survives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    fs::create_dir_all(path.join("kept")).unwrap();
    replace(&path, |out| out.write_all(b"x")).unwrap_err();
    assert!(path.join("kept").is_dir());
    assert_eq!(names_in(folder.path()), ["results.json"]);
}

#[cfg(unix)]
#[test]
fn others_may_read_the_file_when_the_umask_lets_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| {
        let data = fs::metadata(folder.path().join(name)).unwrap();
        data.permissions().mode()
    };
    replace(&folder.path().join("atomic"), |out| out.write_all(b"x")).unwrap();
    File::create(folder.path().join("plain")).unwrap();
    assert_eq!(mode("atomic"), mode("plain"));
}

#[cfg(unix)]
#[test]
fn debris_of_dead_writers_goes_and_files_that_are_being_written_stay() {
    let folder = tempfile::tempdir().unwrap();
    // What a killed writer leaves: a file that nobody holds.
    fs::write(folder.path().join(".overdamped-partial-dead"), b"half").unwrap();
    fs::write(folder.path().join(".hidden"), b"not ours").unwrap();
    let slow = folder.path().join("slow");
    replace(&slow, |out| {
        out.write_all(b"slow")?;
        replace(&folder.path().join("fast"), |out| out.write_all(b"fast"))?;
        assert_eq!(
            names_in(folder.path()).len(),
            3,
            "fast, .hidden, one partial"
        );
        Ok(())
    })
    .unwrap();
    assert_eq!(names_in(folder.path()), [".hidden", "fast", "slow"]);
    assert_eq!(fs::read(&slow).unwrap(), b"slow");
}

/// Would catch a sweep that takes a file between its making and its lock, which then loses a write: without the
/// check in [`temporary`] that the file is still there, this fails.
#[test]
fn writers_in_one_folder_never_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = folder.path().join(format!("{writer}"));
            let failed = &failed;
            scope.spawn(move || {
                for round in 0..100 {
                    let text = format!("{writer} {round}");
                    let written = replace(&path, |out| out.write_all(text.as_bytes()));
                    if written.is_err() || fs::read_to_string(&path).unwrap() != text {
                        failed.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert!(!failed.into_inner());
    assert_eq!(names_in(folder.path()), ["0", "1", "2", "3"]);
}

#[cfg(unix)]
#[test]
fn of_many_that_ask_for_a_folder_at_once_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let gate = std::sync::Barrier::new(8);
    let held: Vec<_> = std::thread::scope(|scope| {
        let ask = || {
            gate.wait();
            FolderLock::take(&folder.path().join("new"))
        };
        let askers: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        askers
            .into_iter()
            .map(|asker| asker.join().unwrap())
            .collect()
    });
    assert_eq!(held.iter().filter(|lock| lock.is_ok()).count(), 1);
    let refused = held.iter().find_map(|lock| lock.as_ref().err()).unwrap();
    assert!(refused.to_string().contains("another run"), "{refused}");
    drop(held);
    FolderLock::take(&folder.path().join("new")).unwrap();
    assert!(names_in(&folder.path().join("new")).is_empty());
}

#[test]
fn a_file_in_the_place_of_a_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine");
    fs::write(&file, b"mine").unwrap();
    let error = FolderLock::take(&file).unwrap_err();
    assert!(matches!(error, FolderLockError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("mine"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

//! Checkpoint files: damaged ones, those of other runs or formats, and places that take none.

use std::path::Path;

use overdamped_energy::{Layout, Role};
use overdamped_learn::{Checkpoint, LearnError, Model};

use crate::{RECIPE, checkpoint, energy, fresh, matching, run, settings};

/// Bytes before the payload: magic, version, length, checksum.
const HEADER: usize = 52;

/// Reads `bytes` as a checkpoint; the error in words, without the path.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.checkpoint");
    std::fs::write(&file, bytes).unwrap();
    let error = Checkpoint::<f32>::read(&file, RECIPE, &energy().layout()).unwrap_err();
    match error {
        LearnError::Checkpoint { path, reason } => {
            assert_eq!(path, file);
            reason
        }
        other => panic!("another error: {other}"),
    }
}

fn written() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("good.checkpoint");
    checkpoint(&fresh()).write(&file).unwrap();
    std::fs::read(file).unwrap()
}

/// Catches a decoder that sees bytes before length and checksum have been verified.
#[test]
fn damaged_files_are_refused_whatever_the_damage() {
    let good = written();
    assert!(refusal(b"").contains("truncated: 0 bytes"));
    for length in [1, 8, 12, 51] {
        assert!(refusal(&good[..length]).contains("truncated"), "{length}");
    }
    for length in [52, 53, good.len() / 2, good.len() - 1] {
        assert!(refusal(&good[..length]).contains("truncated or padded"));
    }
    let padded = [&good[..], b"more"].concat();
    assert!(refusal(&padded).contains("truncated or padded"));
    // One bit anywhere: in each part of the header, and along the payload.
    for at in (0..52).chain((52..good.len()).step_by(37)) {
        let mut flipped = good.clone();
        flipped[at] ^= 0x10;
        let reason = refusal(&flipped);
        let expected = match at {
            0..8 => "not a checkpoint of this project",
            8..12 => "format version",
            12..20 => "truncated or padded",
            _ => "checksum does not match",
        };
        assert!(reason.contains(expected), "byte {at}: {reason}");
    }
}

/// An older file is refused before its payload, which has another shape, is decoded.
#[test]
fn other_format_versions_are_refused() {
    for version in [1_u32, 3] {
        let mut other = written();
        other[8..12].copy_from_slice(&version.to_le_bytes());
        assert_eq!(
            refusal(&other),
            format!(
                "it has format version {version}, and this release reads version 2; start the run \
                 again"
            )
        );
    }
}

/// A checksum tells damage and no intent: a forger computes it too.
#[test]
fn models_that_no_training_leaves_are_refused_behind_a_right_checksum() {
    let refused = |bytes: &[u8]| {
        let reason = refusal(bytes);
        assert!(
            reason.contains("model 1 is not one that training leaves"),
            "{reason}"
        );
    };
    for parameters in [vec![0.0; 6], vec![0.0; 8], vec![f32::NAN; 7]] {
        let mut models = fresh();
        models[1] = Model::new(parameters, 9, 1);
        refused(&checkpoint(&models).to_bytes(Path::new("forged")).unwrap());
    }
    // The state of the generator comes last in a model; an even one ends in a short cycle.
    let two = checkpoint(&fresh()[..2])
        .to_bytes(Path::new("forged"))
        .unwrap();
    for low in [0, 2, 254] {
        let mut payload = two[HEADER..].to_vec();
        let state = payload.len() - 16;
        payload[state] = low;
        refused(&Checkpoint::<f32>::sealed(&payload));
    }
}

/// Lengths of lists that lie cost no memory and end in an error, wherever they stand.
#[test]
fn lengths_that_lie_are_refused_behind_a_right_checksum() {
    let payload = &written()[HEADER..];
    for at in 0..payload.len() - 8 {
        for length in [u64::MAX, 1 << 62, u64::from(u32::MAX)] {
            let mut forged = payload.to_vec();
            forged[at..at + 8].copy_from_slice(&length.to_le_bytes());
            let file = Checkpoint::<f32>::sealed(&forged);
            // Some are bits of a number or of a generator and pass; what matters is that none panics.
            let read = Checkpoint::<f32>::from_bytes(
                &file,
                Path::new("forged"),
                RECIPE,
                &energy().layout(),
            );
            if let Ok(read) = read {
                assert_eq!(read.to_bytes(Path::new("again")).unwrap(), file);
            }
        }
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.checkpoint");
    checkpoint(&fresh()).write(&file).unwrap();
    let layout = energy().layout();

    let other = Checkpoint::<f32>::read(&file, "another seed", &layout).unwrap_err();
    let message = other.to_string();
    assert!(
        message.contains(RECIPE) && message.contains("another seed"),
        "{message}"
    );
    let larger = layout.clone().with("hidden.bias", 3, Role::Shape);
    let message = Checkpoint::<f32>::read(&file, RECIPE, &larger)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("7 parameters") && message.contains("10 here"),
        "{message}"
    );
    // The same length in other blocks is another topology too.
    let renamed = Layout::new().with("sites.bias", 7, Role::Amplitude);
    assert!(Checkpoint::<f32>::read(&file, RECIPE, &renamed).is_err());
    // So is another precision, whose numbers have other sizes.
    let wide = Checkpoint::<f64>::read(&file, RECIPE, &layout);
    assert!(
        matches!(wide, Err(LearnError::Checkpoint { .. })),
        "{wide:?}"
    );
}

#[test]
fn a_missing_file_and_an_unwritable_place_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.checkpoint");
    let error = Checkpoint::<f32>::read(&missing, RECIPE, &energy().layout()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("cannot read") && message.contains("none.checkpoint"),
        "{message}"
    );
    // A file where a folder should be.
    let blocker = folder.path().join("results");
    std::fs::write(&blocker, "not a folder").unwrap();
    let error = checkpoint(&fresh()).write(&blocker.join("run.checkpoint"));
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("cannot write") && message.contains("results"),
        "{message}"
    );
    // A folder that is missing is made.
    let absent = folder.path().join("absent").join("run.checkpoint");
    checkpoint(&fresh()).write(&absent).unwrap();
    assert!(absent.is_file());
}

/// Names of the files in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Catches writing in place: a write that fails must leave what is there, and no litter.
#[test]
fn an_old_checkpoint_survives_a_failed_write() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.checkpoint");
    checkpoint(&fresh()).write(&file).unwrap();
    let before = std::fs::read(&file).unwrap();

    // The write fails at its last step: a folder cannot be replaced by a file.
    let target = folder.path().join("occupied");
    std::fs::create_dir(&target).unwrap();
    std::fs::copy(&file, target.join("old.checkpoint")).unwrap();
    let trained = run(matching, &settings(), None);
    assert!(checkpoint(&trained).write(&target).is_err());
    assert_eq!(
        std::fs::read(target.join("old.checkpoint")).unwrap(),
        before
    );
    assert_eq!(listing(folder.path()), ["occupied", "run.checkpoint"]);

    // It fails at its first: the folder takes no new file (an administrator may override that).
    let mut locked = std::fs::metadata(folder.path()).unwrap().permissions();
    let open = locked.clone();
    locked.set_readonly(true);
    std::fs::set_permissions(folder.path(), locked).unwrap();
    let outcome = checkpoint(&trained).write(&file);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let read = Checkpoint::<f32>::read(&file, RECIPE, &energy().layout()).unwrap();
    let left = if outcome.is_err() { fresh() } else { trained };
    assert_eq!(read.models, left);
    assert_eq!(listing(folder.path()), ["occupied", "run.checkpoint"]);
}

//! The training loop of every experiment: progress, checkpoints and Ctrl-C around [`train`].

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use overdamped_energy::{Layout, Scalar};
use overdamped_learn::{AdamSettings, Checkpoint, Model, Outcome, Rule, Verdict, train};

use super::Interrupt;
use crate::progress::Progress;

/// Folder of the checkpoints, within the output folder.
const FOLDER: &str = "checkpoints";
/// How their names end.
const SUFFIX: &str = ".checkpoint";

/// Where a run of training reports to.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    /// Name of the run, for people.
    pub label: &'a str,
    /// Where its state is kept until it is finished.
    pub checkpoint: &'a Path,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
    /// Updates between progress and the chance to stop.
    pub round: u64,
}

/// Trains one model for each rule; `seen` is shown the models after every round.
///
/// A checkpoint of the same recipe is resumed. The finished state is kept as one too, so that what comes
/// after training can be interrupted without loss: it is [`forget`] that removes it, when the figures of the
/// experiment are safe.
///
/// # Errors
/// If the user interrupts, a file cannot be written, or training diverges. The state after the last
/// whole round is then kept.
pub fn learn<T: Scalar, R: Rule<T>>(
    rules: &mut [R],
    mut models: Vec<Model<T>>,
    settings: &AdamSettings,
    layout: &Layout,
    recipe: &str,
    log: &Log<'_>,
    mut seen: impl FnMut(&[Model<T>]),
) -> anyhow::Result<Vec<Model<T>>> {
    let recipe = format!("{}, {recipe}", log.label);
    let checkpoint = log.checkpoint;
    if checkpoint.exists() {
        models = Checkpoint::read(checkpoint, &recipe, layout)?.models;
    }
    let progress = Progress::new(log.label, settings.updates);
    let mut done = 0;
    let mut rounds = 0;
    let state = |models: &[Model<T>]| Checkpoint {
        recipe: recipe.clone(),
        layout: layout.clone(),
        models: models.to_vec(),
    };
    let mut last = state(&models);
    let outcome = train(rules, &mut models, settings, log.round, |models| {
        let updates = models[0].updates();
        progress.advance(updates - done);
        done = updates;
        let losses = models.iter().filter_map(|model| model.history.last()?.loss);
        let (sum, count) = losses.fold((0.0, 0), |(sum, count), loss| (sum + loss, count + 1));
        if count > 0 {
            progress.set_metric("loss", sum / f64::from(count));
        }
        seen(models);
        rounds += 1;
        last = state(models);
        let stop = log.interrupt.requested();
        // Every eighth round: minutes at most are lost to a power cut, nothing to Ctrl-C.
        if stop || rounds % 8 == 0 {
            last.write(checkpoint)?;
        }
        Ok(if stop {
            Verdict::Stop
        } else {
            Verdict::Continue
        })
    });
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            last.write(checkpoint)?;
            let kept = checkpoint.display();
            return Err(error).with_context(|| {
                format!(
                    "training paused; its state after the last whole round is kept in {kept}. The \
                     same command would meet the same end: another --seed takes another path"
                )
            });
        }
    };
    progress.finish();
    if outcome == Outcome::Stopped {
        log.interrupt.check()?;
    }
    last.write(checkpoint)?;
    Ok(models)
}

/// Where a training keeps its state within an output folder; `id` is the name of its experiment, or starts with that and a dot.
pub fn checkpoint(out: &Path, id: &str) -> PathBuf {
    out.join(FOLDER).join(format!("{id}{SUFFIX}"))
}

/// Removes the checkpoints of the trainings with such ids, as their figures are safe; and the folder with the last of all.
///
/// # Errors
/// If one cannot be removed.
pub fn forget(out: &Path, of: impl Fn(&str) -> bool) -> std::io::Result<()> {
    let folder = out.join(FOLDER);
    let listing = match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        listing => listing?,
    };
    for entry in listing {
        let entry = entry?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        if id.is_some_and(&of) {
            std::fs::remove_file(entry.path())?;
        }
    }
    // It stays while other experiments have theirs in it.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_of_other_trainings_are_kept() {
        let out = tempfile::tempdir().unwrap();
        forget(out.path(), |_| true).unwrap();
        let files = ["a", "a.b", "b"].map(|id| checkpoint(out.path(), id));
        std::fs::create_dir(out.path().join(FOLDER)).unwrap();
        for file in &files {
            std::fs::write(file, "state").unwrap();
        }
        forget(out.path(), |id| id.starts_with('a')).unwrap();
        assert_eq!(files.map(|file| file.exists()), [false, false, true]);
        forget(out.path(), |id| id == "b").unwrap();
        assert!(!out.path().join(FOLDER).exists());
    }
}

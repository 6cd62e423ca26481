//! The training loop of every experiment: progress, checkpoints and Ctrl-C around [`train`].

use std::path::Path;

use anyhow::Context as _;
use overdamped_energy::{Layout, Scalar};
use overdamped_learn::{AdamSettings, Checkpoint, Model, Outcome, Rule, Verdict, train};

use super::Interrupt;
use crate::progress::Progress;

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
/// after training can be interrupted without loss: [`forget`] it when its figures are safe.
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
    } else if let Some(folder) = checkpoint.parent() {
        std::fs::create_dir_all(folder)?;
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

/// Removes the checkpoint of a training whose figures are safe.
///
/// # Errors
/// If it cannot be removed.
pub fn forget(checkpoint: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(checkpoint) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

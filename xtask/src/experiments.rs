//! The experiments of `reproduce`: one folder for each published system.

mod accounting;
mod eqprop;
mod exhibit;
mod floweqprop;
mod inference;
mod judged;
mod learning;
mod metering;
mod sgm;
#[cfg(test)]
mod testing;
mod trained;

pub use eqprop::wiener;
pub use floweqprop::PUBLISHED_UPDATES;
pub use sgm::{EMBEDDED_HIDDEN, MNIST_HIDDEN};

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

use crate::report::Section;
use crate::results::{Preset, Recorder};

/// Removes the checkpoints of the running experiment, whose figures are safe now.
///
/// # Errors
/// If one cannot be removed.
pub fn forget_training(recorder: &Recorder) -> anyhow::Result<()> {
    learning::forget(recorder.folder(), |id| recorder.owns(id))
        .with_context(|| format!("cannot clear {}", recorder.folder().display()))
}

/// Whose settings an experiment trains by, where it has both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Recipe {
    /// This project's.
    #[default]
    Own,
    /// The paper's, to the letter: as slow as they are.
    Published,
}

/// What every experiment gets.
pub struct Context {
    /// How much work to put in.
    pub preset: Preset,
    /// Seed of everything random.
    pub seed: u64,
    /// Whose settings to train by.
    pub recipe: Recipe,
    /// Folder with the MNIST files.
    pub data: PathBuf,
    /// Where figures go.
    pub recorder: Recorder,
    /// Whether the user has asked to stop.
    pub interrupt: Interrupt,
}

/// One experiment.
#[derive(Debug)]
pub struct Experiment {
    /// Dotted name; the ids of its figures start with it.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// Whether it reads the MNIST files.
    pub needs_mnist: bool,
    /// The presets that run it by default.
    pub presets: &'static [Preset],
    /// Whether it can train by the published recipe.
    pub has_published: bool,
    /// Records its figures and returns its section of the report.
    pub run: fn(&mut Context) -> anyhow::Result<Section>,
}

/// The experiments of each published system, in the order of the report.
const GROUPS: &[&[Experiment]] = &[
    sgm::ALL,
    floweqprop::ALL,
    eqprop::ALL,
    inference::ALL,
    accounting::ALL,
];

/// Every experiment, in the order of the report.
pub fn all() -> impl Iterator<Item = &'static Experiment> {
    GROUPS.iter().copied().flatten()
}

/// Those of `chosen` that can train by the published recipe.
///
/// # Errors
/// [`ChoiceError::NoRecipe`] if none of them can.
pub fn with_published_recipe(
    chosen: Vec<&'static Experiment>,
) -> Result<Vec<&'static Experiment>, ChoiceError> {
    let able: Vec<_> = chosen
        .into_iter()
        .filter(|experiment| experiment.has_published)
        .collect();
    if able.is_empty() {
        let known: Vec<_> = all().filter(|e| e.has_published).map(|e| e.name).collect();
        return Err(ChoiceError::NoRecipe {
            known: known.join(", "),
        });
    }
    Ok(able)
}

/// An experiment cannot be chosen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// No experiment or group has this name.
    #[error("there is no experiment `{name}`; choose from: {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// Names that exist.
        known: String,
    },
    /// None of the experiments asked for has the paper's settings.
    #[error("none of these experiments has a published recipe; those that do: {known}")]
    NoRecipe {
        /// Names of those that do.
        known: String,
    },
}

/// The experiments named by `names` (full names, or groups such as `sgm`), in report order;
/// without names, those that the preset runs by default.
///
/// # Errors
/// [`ChoiceError::Unknown`].
pub fn choose(names: &[String], preset: Preset) -> Result<Vec<&'static Experiment>, ChoiceError> {
    let within = |experiment: &Experiment, name: &str| {
        experiment.name == name || experiment.name.starts_with(&format!("{name}."))
    };
    for name in names {
        if !all().any(|experiment| within(experiment, name)) {
            let known: Vec<_> = all().map(|experiment| experiment.name).collect();
            return Err(ChoiceError::Unknown {
                name: name.clone(),
                known: format!(
                    "sgm, floweqprop, eqprop, inference, accounting (whole groups), {}",
                    known.join(", ")
                ),
            });
        }
    }
    let wanted = |experiment: &&Experiment| {
        let named = names.iter().any(|name| experiment.name == name.as_str());
        let grouped = names.is_empty() || names.iter().any(|name| within(experiment, name));
        named || (grouped && experiment.presets.contains(&preset))
    };
    Ok(all().filter(wanted).collect())
}

/// The user has pressed Ctrl-C; it holds what is kept and how to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; {0}")]
pub struct Interrupted(pub &'static str);

impl Interrupted {
    /// How a process ends that an interrupt has ended: 128 and the number of the signal, as shells have it.
    pub const EXIT_CODE: u8 = 130;
}

/// Set once the user presses Ctrl-C; training stops at the end of its round.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C.
    ///
    /// # Errors
    /// If the handler cannot be installed.
    pub fn install() -> anyhow::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                // A second Ctrl-C means it; checkpoints are written atomically, so nothing is lost.
                eprintln!("\nstopped at once; the same command resumes from the last checkpoint");
                std::process::exit(Interrupted::EXIT_CODE.into());
            }
            eprintln!("\nstopping after this round (Ctrl-C again to stop at once)");
        })?;
        Ok(Self(flag))
    }

    /// For a command that may stop anywhere: Ctrl-C ends it at once, with `message` on what is kept and how to go on.
    ///
    /// # Errors
    /// If the handler cannot be installed.
    pub fn at_once(message: &'static str) -> anyhow::Result<()> {
        Ok(ctrlc::set_handler(move || {
            eprintln!("\ninterrupted; {message}");
            std::process::exit(Interrupted::EXIT_CODE.into());
        })?)
    }

    /// Whether the user has asked to stop.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// An error if the user has asked to stop.
    ///
    /// # Errors
    /// [`Interrupted`], which says how to resume.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.requested() {
            return Err(Interrupted("the same command resumes where it stopped").into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_names_and_presets_choose() {
        let names = |list: &[&str], preset| {
            let list: Vec<_> = list.iter().map(ToString::to_string).collect();
            choose(&list, preset).map(|chosen| chosen.iter().map(|e| e.name).collect::<Vec<_>>())
        };
        let quick = names(&[], Preset::Quick).unwrap();
        assert!(quick.contains(&"sgm.digits01") && !quick.contains(&"sgm.mnist01"));
        assert_eq!(
            quick,
            names(
                &["sgm", "floweqprop", "eqprop", "inference", "accounting"],
                Preset::Quick
            )
            .unwrap()
        );
        assert!(
            names(&["sgm"], Preset::Paper)
                .unwrap()
                .contains(&"sgm.mnist28")
        );
        // The name of a group may be that of its first experiment.
        assert_eq!(
            names(&["floweqprop"], Preset::Quick).unwrap(),
            ["floweqprop"]
        );
        let all = choose(&[], Preset::Paper).unwrap();
        let published = with_published_recipe(all).unwrap();
        assert_eq!(published[0].name, "floweqprop");
        let none = choose(&["sgm".to_owned()], Preset::Quick).unwrap();
        let message = with_published_recipe(none).unwrap_err().to_string();
        assert!(message.contains("floweqprop"), "{message}");
        // A full name runs whatever the preset's default is.
        assert_eq!(
            names(&["sgm.mnist01"], Preset::Quick).unwrap(),
            ["sgm.mnist01"]
        );
        let message = names(&["sgm.mnist"], Preset::Quick)
            .unwrap_err()
            .to_string();
        assert!(message.contains("sgm.mnist01"), "{message}");
    }
}

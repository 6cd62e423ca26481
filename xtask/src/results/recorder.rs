//! The pen that experiments write their figures with.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use overdamped_learn::files::{FolderLock, FolderLockError};

use super::entry::check_id;
use super::{Entry, Error, FILE_NAME, Host, Preset, Results, SCHEMA, host};
use crate::export;

/// Collects the entries of a run on top of those that the folder already holds.
///
/// ```text
/// let mut recorder = Recorder::open(out, Preset::Quick, seed)?;
/// recorder.begin("sgm.mixture", &[])?;         // its earlier entries go ...
/// recorder.record(Entry::new("sgm.mixture.exact.sw1", value).lower().n(4000))?;
/// recorder.save()?;                            // ... when the new ones arrive
/// ```
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    /// Held while there is a pen: two of them would overwrite each other's figures.
    _lock: FolderLock,
    experiment: String,
    /// Other experiments, whose ids may lie under the name of this one.
    others: Vec<String>,
    results: Results,
}

impl Recorder {
    /// Opens an output folder, which is made if it is not there, and keeps other runs out of it. Nothing is
    /// written before [`Recorder::save`].
    ///
    /// # Errors
    /// [`Error::Busy`] while another run writes into the folder, [`Error::Write`] where it cannot be made,
    /// [`Error::PresetMismatch`] when the folder holds figures of another
    /// preset (they may have cost hours, so they are not thrown away here), and
    /// those of [`Results::read`].
    pub fn open(folder: &Path, preset: Preset, seed: u64) -> Result<Self, Error> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::open_at_commit(folder, preset, seed, host::commit(checkout))
    }

    fn open_at_commit(
        folder: &Path,
        preset: Preset,
        seed: u64,
        commit: String,
    ) -> Result<Self, Error> {
        let lock = lock(folder)?;
        let results = match Results::read(folder) {
            Ok(earlier) => keep(earlier, folder, preset, &commit)?,
            Err(Error::Read { source, .. }) if source.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let results = Results {
            schema: SCHEMA,
            commit,
            host: Host::detect(),
            preset,
            seed,
            results,
        };
        Ok(Self {
            folder: folder.to_path_buf(),
            _lock: lock,
            experiment: String::new(),
            others: Vec::new(),
            results,
        })
    }

    /// Starts an experiment: drops the entries that it recorded earlier and
    /// accepts only ids that start with its name and a dot from here on. Ids under
    /// the longer name of one of `others` (such as `a.b` within `a`) are not its own.
    ///
    /// # Errors
    /// [`Error::MalformedId`] when the name is not a valid id.
    pub fn begin(&mut self, experiment: &str, others: &[&str]) -> Result<(), Error> {
        check_id(experiment)?;
        self.experiment = experiment.into();
        let longer = others.iter().filter(|name| name.len() > experiment.len());
        self.others = longer.map(ToString::to_string).collect();
        let mut results = std::mem::take(&mut self.results.results);
        results.retain(|entry| !self.owns(&entry.id));
        self.results.results = results;
        Ok(())
    }

    /// Whether an id is that of the running experiment or lies under it, and not under one of the others.
    pub fn owns(&self, id: &str) -> bool {
        let others = self.others.iter();
        within(id, &self.experiment) && !others.into_iter().any(|other| within(id, other))
    }

    /// The figures of the running experiment, in the order in which they were recorded.
    pub fn own(&self) -> impl Iterator<Item = &Entry> {
        let all = self.results.results.iter();
        all.filter(|entry| self.owns(&entry.id))
    }

    /// Records a figure of the running experiment.
    ///
    /// # Errors
    /// [`Error::MalformedId`], [`Error::NotFinite`], [`Error::ForeignId`] or
    /// [`Error::DuplicateId`].
    pub fn record(&mut self, mut entry: Entry) -> Result<(), Error> {
        entry.validate()?;
        if !self.owns(&entry.id) {
            return Err(Error::ForeignId {
                id: entry.id,
                experiment: self.experiment.clone(),
            });
        }
        if self.results.get(&entry.id).is_some() {
            return Err(Error::DuplicateId { id: entry.id });
        }
        entry.seed.get_or_insert(self.results.seed);
        self.results.results.push(entry);
        Ok(())
    }

    /// Everything recorded so far, that of earlier runs included.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// The output folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes `results.json`, all or nothing.
    ///
    /// # Errors
    /// [`Error::Write`] when the file system refuses.
    pub fn save(&self) -> Result<(), Error> {
        self.results.write(&self.folder)
    }
}

fn lock(folder: &Path) -> Result<FolderLock, Error> {
    FolderLock::take(folder).map_err(|error| match error {
        FolderLockError::Folder { path, source } => export::Error::Write { path, source }.into(),
        _ => Error::Busy {
            path: folder.to_path_buf(),
        },
    })
}

/// Whether an id is `experiment` or lies under it.
fn within(id: &str, experiment: &str) -> bool {
    let rest = id.strip_prefix(experiment);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The entries of an earlier run, each with its commit where that differs from
/// the one of the file to come.
fn keep(
    earlier: Results,
    folder: &Path,
    preset: Preset,
    commit: &str,
) -> Result<Vec<Entry>, Error> {
    if earlier.preset != preset {
        let (path, found) = (folder.join(FILE_NAME), earlier.preset);
        return Err(Error::PresetMismatch {
            path,
            found,
            wanted: preset,
        });
    }
    let mut entries = earlier.results;
    for entry in &mut entries {
        let origin = entry
            .commit
            .take()
            .unwrap_or_else(|| earlier.commit.clone());
        entry.commit = (origin != commit).then_some(origin);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path, commit: &str) -> Recorder {
        Recorder::open_at_commit(folder, Preset::Quick, 7, commit.into()).unwrap()
    }

    fn run(folder: &Path, commit: &str, experiment: &str, figures: &[(&str, f64)]) -> Results {
        let mut recorder = open(folder, commit);
        recorder.begin(experiment, &[]).unwrap();
        for &(name, value) in figures {
            recorder
                .record(Entry::new(&format!("{experiment}.{name}"), value))
                .unwrap();
        }
        recorder.save().unwrap();
        Results::read(folder).unwrap()
    }

    fn ids(results: &Results) -> Vec<&str> {
        results
            .results
            .iter()
            .map(|entry| entry.id.as_str())
            .collect()
    }

    #[test]
    fn an_experiment_replaces_its_own_figures_only() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("new/folder");
        run(&out, "c1", "sgm.mix", &[("a", 1.0), ("b", 2.0)]);
        run(&out, "c1", "sgm.mixture", &[("a", 3.0)]);
        let merged = run(&out, "c1", "sgm.mix", &[("a", 4.0)]);
        assert_eq!(ids(&merged), ["sgm.mixture.a", "sgm.mix.a"]);
        assert_eq!(merged.get("sgm.mix.a").unwrap().value, 4.0);
        assert_eq!(merged.get("sgm.mixture.a").unwrap().value, 3.0);
    }

    #[test]
    fn an_experiment_within_the_name_of_another_keeps_its_figures() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), "c1", "flow.large", &[("a", 1.0)]);
        let mut recorder = open(folder.path(), "c1");
        recorder.begin("flow", &["flow", "flow.large"]).unwrap();
        recorder.record(Entry::new("flow.a", 2.0)).unwrap();
        let stranger = recorder.record(Entry::new("flow.large.b", 2.0));
        assert!(matches!(stranger, Err(Error::ForeignId { .. })));
        assert_eq!(ids(recorder.results()), ["flow.large.a", "flow.a"]);
        assert_eq!(recorder.own().count(), 1);
    }

    #[test]
    fn kept_figures_remember_their_commit() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), "c1", "old", &[("a", 1.0)]);
        run(folder.path(), "c2", "new", &[("a", 1.0)]);
        let third = run(folder.path(), "c2", "newer", &[("a", 1.0)]);
        assert_eq!(third.commit, "c2");
        assert_eq!(third.get("old.a").unwrap().commit.as_deref(), Some("c1"));
        assert_eq!(third.get("new.a").unwrap().commit, None);
    }

    #[cfg(unix)]
    #[test]
    fn a_second_pen_on_one_folder_is_refused_until_the_first_is_put_down() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), "c1");
        let second = Recorder::open(folder.path(), Preset::Quick, 7).unwrap_err();
        assert!(matches!(second, Error::Busy { .. }), "{second}");
        assert!(second.to_string().contains("--out"), "{second}");
        first.save().unwrap();
        drop(first);
        run(folder.path(), "c1", "a", &[("x", 1.0)]);
        let left = folder.path().read_dir().unwrap();
        assert_eq!(left.count(), 1, "no lock is left");
    }

    #[test]
    fn duplicates_strangers_and_non_finite_values_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = open(folder.path(), "c1");
        let early = recorder.record(Entry::new("sgm.a", 1.0));
        assert!(matches!(early, Err(Error::ForeignId { .. })));
        recorder.begin("sgm", &[]).unwrap();
        recorder.record(Entry::new("sgm.a", 1.0)).unwrap();
        let twice = recorder.record(Entry::new("sgm.a", 2.0));
        assert!(matches!(twice, Err(Error::DuplicateId { .. })));
        let stranger = recorder.record(Entry::new("sgmx.a", 2.0));
        assert!(matches!(stranger, Err(Error::ForeignId { .. })));
        let nan = recorder.record(Entry::new("sgm.b", f64::NAN));
        assert!(matches!(nan, Err(Error::NotFinite { .. })));
        assert!(matches!(
            recorder.begin("Sgm", &[]),
            Err(Error::MalformedId { .. })
        ));
        assert_eq!(ids(recorder.results()), ["sgm.a"]);
    }

    #[test]
    fn entries_take_the_seed_of_the_run_unless_they_have_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = open(folder.path(), "c1");
        recorder.begin("a", &[]).unwrap();
        recorder.record(Entry::new("a.run", 1.0)).unwrap();
        recorder.record(Entry::new("a.own", 1.0).seed(9)).unwrap();
        assert_eq!(recorder.results().get("a.run").unwrap().seed, Some(7));
        assert_eq!(recorder.results().get("a.own").unwrap().seed, Some(9));
    }

    #[test]
    fn another_preset_does_not_erase_earlier_figures() {
        let folder = tempfile::tempdir().unwrap();
        let before = run(folder.path(), "c1", "a", &[("x", 1.0)]);
        let error = Recorder::open(folder.path(), Preset::Paper, 7).unwrap_err();
        assert!(matches!(error, Error::PresetMismatch { .. }), "{error}");
        assert_eq!(Results::read(folder.path()).unwrap(), before);
    }
}

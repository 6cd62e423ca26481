//! Stopping and resuming, bad checkpoint files, and errors that say where they happened.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use faer::{Mat, mat};
use overdamped_energy::{Energy, EnergyError, Layout, Pairs, Role, SiteTerm, Sites, Sum};
use overdamped_learn::{
    AdamSettings, Checkpoint, Contrastive, Examples, ForceMatching, LearnError, Model, Noising,
    Outcome, Rule, Verdict, train,
};
use overdamped_substrate::{Settings, SimulatedSubstrate, TimeStep};

const RECIPE: &str = "two units, three slices, seed 9";
const ROUND: u64 = 7;
const ROUNDS: u64 = 6;

fn energy() -> Arc<dyn Energy<f32>> {
    let sites = Sites::new(2, &[SiteTerm::Bias, SiteTerm::Stiffness, SiteTerm::Quartic]);
    let pairs = Pairs::dense_bilinear(2);
    Arc::new(Sum::of(sites).unwrap().and(pairs).unwrap())
}

fn substrate() -> SimulatedSubstrate<f32> {
    let settings = Settings {
        time_step: TimeStep::PerSlice(2),
        walls: Some(4.0),
        ..Settings::default()
    };
    SimulatedSubstrate::new(energy(), settings).unwrap()
}

fn examples() -> Arc<Examples<f32>> {
    let data = mat![[-1.0, -0.7, 0.9, 1.1], [-0.8, -1.1, 1.2, 0.6]];
    Arc::new(Examples::new(data).unwrap())
}

/// One rule for each slice.
fn matching() -> Vec<ForceMatching<f32, SimulatedSubstrate<f32>>> {
    let noising = Noising::default();
    let schedule = noising.schedule(0.05, 2.0, 3).unwrap();
    let rule = |middle| {
        let denoiser = noising.denoiser(middle);
        ForceMatching::new(energy(), substrate(), examples(), denoiser, 16).unwrap()
    };
    schedule.iter().map(|slice| rule(slice.middle)).collect()
}

fn contrasts() -> Vec<Contrastive<f32, SimulatedSubstrate<f32>>> {
    let noising = Noising::default();
    let schedule = noising.schedule(0.05, 2.0, 3).unwrap();
    let rule = |middle| {
        let denoiser = noising.denoiser(middle);
        Contrastive::trajectory(energy(), substrate(), examples(), denoiser, 0.02, 16).unwrap()
    };
    schedule.iter().map(|slice| rule(slice.middle)).collect()
}

fn settings() -> AdamSettings {
    AdamSettings {
        rate: 0.01,
        // Not a multiple of the round: the last one is short.
        updates: ROUND * ROUNDS - 3,
        ..AdamSettings::default()
    }
}

fn fresh() -> Vec<Model<f32>> {
    (0..3).map(|i| Model::new(vec![0.0; 7], 9, i)).collect()
}

fn checkpoint(models: &[Model<f32>]) -> Checkpoint<f32> {
    Checkpoint {
        recipe: RECIPE.to_owned(),
        layout: energy().layout(),
        models: models.to_vec(),
    }
}

/// Trains to the end; stops after `stop` rounds, writes, reads, and continues with new rules.
fn run<R: Rule<f32>>(rules: impl Fn() -> Vec<R>, stop: Option<u64>) -> Vec<Model<f32>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.checkpoint");
    let mut models = fresh();
    if let Some(stop) = stop {
        let mut rounds = 0;
        let outcome = train(&mut rules(), &mut models, &settings(), ROUND, |models| {
            checkpoint(models).write(&file)?;
            rounds += 1;
            Ok(if rounds == stop {
                Verdict::Stop
            } else {
                Verdict::Continue
            })
        });
        assert_eq!(outcome.unwrap(), Outcome::Stopped);
        models = Checkpoint::read(&file, RECIPE, &energy().layout())
            .unwrap()
            .models;
        assert_eq!(models[0].updates(), (stop * ROUND).min(settings().updates));
    }
    let outcome = train(&mut rules(), &mut models, &settings(), ROUND, |_| {
        Ok(Verdict::Continue)
    });
    assert_eq!(outcome.unwrap(), Outcome::Finished);
    models
}

fn with_threads<V: Send>(threads: usize, work: impl FnOnce() -> V + Send) -> V {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(work)
}

/// Catches any state outside the checkpoint (a rule's, a stream's, a moment's), a stream shared by
/// models, and sums in thread order. Equality of models is equality of parameters, history,
/// optimiser and stream; none is NaN, so it is equality of bits but for the sign of zero.
#[test]
fn a_resumed_run_has_the_bits_of_an_uninterrupted_one() {
    let whole = run(matching, None);
    assert_eq!(whole[0].history.len(), ROUNDS as usize);
    assert!(whole[0].history.iter().all(|entry| entry.loss.is_some()));
    assert_ne!(whole[0].parameters, whole[1].parameters);
    for stop in [1, 3, ROUNDS] {
        for threads in [1, 2, 7] {
            let resumed = with_threads(threads, || run(matching, Some(stop)));
            assert_eq!(whole, resumed, "stopped at {stop}, {threads} threads");
        }
    }
    let whole = run(contrasts, None);
    for threads in [1, 2, 7] {
        let resumed = with_threads(threads, || run(contrasts, Some(2)));
        assert_eq!(whole, resumed, "contrasts, {threads} threads");
    }
}

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
    let mut newer = good;
    newer[8..12].copy_from_slice(&2_u32.to_le_bytes());
    assert_eq!(
        refusal(&newer),
        "it has format version 2, and this release reads version 1; start the run again"
    );
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
    let absent = folder.path().join("absent").join("run.checkpoint");
    assert!(matches!(
        checkpoint(&fresh()).write(&absent),
        Err(LearnError::File {
            action: "write",
            ..
        })
    ));
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
    let trained = run(matching, None);
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

#[test]
fn data_that_are_not_finite_are_named() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut data = Mat::zeros(2, 3);
        data[(1, 2)] = bad;
        let message = Examples::new(data).unwrap_err().to_string();
        let number = if bad.is_nan() { "NaN" } else { "inf" };
        assert_eq!(
            message,
            format!("example 2 has {number} at unit 1; every value must be finite")
        );
    }
    let empty = Examples::<f32>::new(Mat::zeros(2, 0));
    assert!(matches!(empty, Err(LearnError::NoData)));
}

/// Runs one model of the given parameters for one update.
fn outcome_from(parameters: Vec<f32>, rate: f64) -> Result<Outcome, LearnError> {
    let mut models = fresh();
    models[1] = Model::new(parameters, 9, 1);
    let settings = AdamSettings { rate, ..settings() };
    train(&mut matching(), &mut models, &settings, ROUND, |_| {
        Ok(Verdict::Continue)
    })
}

#[test]
fn parameters_that_do_not_fit_are_named() {
    let mut parameters = vec![0.0; 7];
    parameters[3] = f32::NAN;
    let message = outcome_from(parameters, 0.01).unwrap_err().to_string();
    assert_eq!(
        message,
        "sites.stiffness[1] is NaN; every value must be finite"
    );
    let short = outcome_from(vec![0.0; 6], 0.01);
    assert!(
        matches!(
            short,
            Err(LearnError::Energy(EnergyError::Length {
                expected: 7,
                found: 6,
                ..
            }))
        ),
        "{short:?}"
    );
    let mut models = fresh();
    models.pop();
    let fewer = train(&mut matching(), &mut models, &settings(), ROUND, |_| {
        Ok(Verdict::Continue)
    });
    assert_eq!(
        fewer.unwrap_err().to_string(),
        "number of models: 2 given, 3 needed"
    );
}

/// Catches a divergence that ends in NaN parameters, or that nobody can locate.
#[test]
fn a_divergence_names_model_and_update() {
    let error = outcome_from(vec![0.0; 7], 1e30).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("at update 1 of model 0"), "{message}");
    assert!(message.contains("lower the learning rate"), "{message}");
    let LearnError::Diverged {
        model,
        update,
        what,
        value,
    } = error
    else {
        panic!("another error: {message}")
    };
    // The first update overflows the loss of the second; of all models, the first is named.
    assert_eq!((model, update, what), (0, 1, "the loss"));
    assert!(!value.is_finite());
}

//! Stopping and resuming, and errors that say where they happened; checkpoint files in `files`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use faer::{Mat, mat};
use overdamped_energy::{Energy, EnergyError, Pairs, SiteTerm, Sites, Sum};
use overdamped_learn::{
    AdamSettings, Checkpoint, Contrastive, Examples, ForceMatching, LearnError, Model, Noising,
    Outcome, Rule, Schedule, Verdict, train,
};
use overdamped_substrate::{Settings, SimulatedSubstrate, TimeStep};

mod files;

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

/// Everything that the optimiser can do, set so that each part has something to do in a short run.
fn guarded() -> AdamSettings {
    AdamSettings {
        schedule: Schedule::Cosine {
            warmup: 0.25,
            last: 0.1,
        },
        clip: Some(0.6),
        outlier: Some(1.5),
        average: Some(0.9),
        ..settings()
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
fn run<R: Rule<f32>>(
    rules: impl Fn() -> Vec<R>,
    settings: &AdamSettings,
    stop: Option<u64>,
) -> Vec<Model<f32>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.checkpoint");
    let mut models = fresh();
    if let Some(stop) = stop {
        let mut rounds = 0;
        let outcome = train(&mut rules(), &mut models, settings, ROUND, |models| {
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
        assert_eq!(models[0].updates(), (stop * ROUND).min(settings.updates));
    }
    let outcome = train(&mut rules(), &mut models, settings, ROUND, |_| {
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
    let whole = run(matching, &settings(), None);
    assert_eq!(whole[0].history.len(), ROUNDS as usize);
    assert!(whole[0].history.iter().all(|entry| entry.loss.is_some()));
    assert_ne!(whole[0].parameters, whole[1].parameters);
    for stop in [1, 3, ROUNDS] {
        for threads in [1, 2, 7] {
            let resumed = with_threads(threads, || run(matching, &settings(), Some(stop)));
            assert_eq!(whole, resumed, "stopped at {stop}, {threads} threads");
        }
    }
    let whole = run(contrasts, &settings(), None);
    for threads in [1, 2, 7] {
        let resumed = with_threads(threads, || run(contrasts, &settings(), Some(2)));
        assert_eq!(whole, resumed, "contrasts, {threads} threads");
    }
}

/// Catches a guard that starts afresh: a forgotten mean of the norms, average, or count of steps.
#[test]
fn a_guarded_run_resumes_with_the_same_bits() {
    let whole = run(matching, &guarded(), None);
    let rounds = |from: usize| whole.iter().flat_map(move |model| &model.history[from..]);
    // Every part is at work, the outliers on both sides of the stops below.
    let skipped: u64 = rounds(0).map(|entry| entry.skipped).sum();
    let late: u64 = rounds(4).map(|entry| entry.skipped).sum();
    assert!(late > 0 && skipped > late, "{late} of {skipped} after");
    assert!(skipped < 20, "{skipped} of the 57 that are judged");
    assert!(rounds(0).any(|entry| entry.norm > 0.6) && rounds(0).any(|entry| entry.norm < 0.6));
    assert!(
        whole
            .iter()
            .all(|model| model.averaged() != model.parameters)
    );
    assert_ne!(whole, run(matching, &settings(), None));
    for stop in [1, 3, 4, ROUNDS] {
        let resumed = run(matching, &guarded(), Some(stop));
        assert_eq!(whole, resumed, "stopped at {stop}");
        for (model, other) in whole.iter().zip(&resumed) {
            assert_eq!(model.averaged(), other.averaged());
        }
    }
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

//! The same bits whatever the number of threads, and from a checkpoint.

use overdamped_learn::{
    AdamSettings, Backward, Checkpoint, LearnError, Model, Nudging, Outcome, Settling, Verdict,
    train,
};

use crate::toy::{OnDevice, conditioned, learned, rule, settings};

const RECIPE: &str = "12 units, two levels, two models, seed 9";
const ROUND: u64 = 4;
const UPDATES: u64 = 10;

/// One rule by nudges of constant force and one by springs. A batch of 40 fills a block of chains and starts another, one
/// of two levels is drawn for each update, and a margin has couplings weakened.
fn rules(margin: Option<f64>) -> Vec<OnDevice<f32>> {
    let rule = |nudging| {
        let mut settings = settings(Backward::Nudged(nudging));
        settings.batch = 40;
        settings.levels_per_update = 1;
        settings.nudged = 10.0;
        settings.margin = margin;
        // Stops as soon as it may: the number of looks differs from update to update.
        settings.free = Settling {
            time: 4.0,
            tolerance: 1e-4,
            looks: 9,
            refuse: f64::INFINITY,
        };
        rule(settings)
    };
    vec![
        rule(Nudging::constant_force(0.1)),
        rule(Nudging::symmetric(0.1)),
    ]
}

/// Models that were trained in one go, or by way of a checkpoint after `stop` rounds.
fn run(stop: Option<u64>, margin: Option<f64>) -> Vec<Model<f32>> {
    let layout = conditioned::<f32>().layout().clone();
    let settings = AdamSettings {
        updates: UPDATES,
        ..AdamSettings::default()
    };
    let models = (0..2).map(|index| Model::new(learned(), 9, index));
    let mut models: Vec<_> = models.collect();
    if let Some(stop) = stop {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.checkpoint");
        let mut rounds = 0;
        let between = |models: &[Model<f32>]| {
            let checkpoint = Checkpoint {
                recipe: RECIPE.to_owned(),
                layout: layout.clone(),
                models: models.to_vec(),
            };
            checkpoint.write(&file)?;
            rounds += 1;
            Ok(if rounds == stop {
                Verdict::Stop
            } else {
                Verdict::Continue
            })
        };
        let outcome = train(&mut rules(margin), &mut models, &settings, ROUND, between);
        assert_eq!(outcome.unwrap(), Outcome::Stopped);
        models = Checkpoint::read(&file, RECIPE, &layout).unwrap().models;
        assert_eq!(models[0].updates(), stop * ROUND);
    }
    let outcome = train(&mut rules(margin), &mut models, &settings, ROUND, |_| {
        Ok::<_, LearnError>(Verdict::Continue)
    });
    assert_eq!(outcome.unwrap(), Outcome::Finished);
    models
}

/// Catches any state of a rule outside the checkpoint, and sums in thread order. No entry is NaN, so equality is
/// one of bits but for the sign of zero.
#[test]
fn threads_and_stops_leave_no_trace() {
    let margin = Some(0.95);
    let whole = run(None, margin);
    assert_ne!(whole[0].parameters, whole[1].parameters);
    // The margin has a part in what is compared.
    assert_ne!(whole[0].parameters, run(None, None)[0].parameters);
    let history = whole.iter().flat_map(|model| &model.history);
    assert!(history.into_iter().all(|entry| entry.loss.is_some()));
    for (threads, stop) in [(1, None), (2, Some(1)), (7, Some(2)), (7, None)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let other = pool.build().unwrap().install(|| run(stop, margin));
        assert_eq!(whole, other, "{threads} threads, stopped at {stop:?}");
    }
}

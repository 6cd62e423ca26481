//! The same bits whatever the number of threads, and from a checkpoint.

use overdamped_energy::Energy;
use overdamped_learn::{
    AdamSettings, Checkpoint, GradEp, LearnError, Model, NudgeForce, Nudging, Outcome, Settling,
    Verdict, train,
};
use overdamped_substrate::SimulatedSubstrate;

use crate::toy::Toy;

const RECIPE: &str = "19 units, two models, seed 9";
const ROUND: u64 = 4;
const UPDATES: u64 = 10;

type Rules = Vec<GradEp<f32, SimulatedSubstrate<f32>>>;

/// One rule for each way to nudge. A batch of 40 fills a block of chains and starts another, and
/// its plans are two groups that fall into classes.
fn rules(toy: &Toy) -> Rules {
    let rule = |force| {
        let mut settings = toy.rule_settings(Nudging {
            force,
            ..Nudging::default()
        });
        settings.batch = 40;
        settings.nudged = 10.0;
        // Stops as soon as it may: the number of looks differs from update to update.
        settings.free = Settling {
            time: 4.0,
            tolerance: 1e-4,
            looks: 9,
            refuse: f64::INFINITY,
        };
        let substrate = toy.substrate();
        GradEp::new(toy.network.clone(), substrate, toy.pairs(), settings).unwrap()
    };
    vec![rule(NudgeForce::Linear), rule(NudgeForce::Quadratic)]
}

fn run(stop: Option<u64>) -> Vec<Model<f32>> {
    let toy = Toy::coupled();
    let theta: Vec<f32> = toy.theta.iter().map(|&x| x as f32).collect();
    let layout = Energy::<f32>::layout(toy.network.as_ref());
    let settings = AdamSettings {
        updates: UPDATES,
        ..AdamSettings::default()
    };
    let models = (0..2).map(|index| Model::new(theta.clone(), 9, index));
    let mut models: Vec<_> = models.collect();
    if let Some(stop) = stop {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.checkpoint");
        let mut rounds = 0;
        let outcome = train(&mut rules(&toy), &mut models, &settings, ROUND, |models| {
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
        });
        assert_eq!(outcome.unwrap(), Outcome::Stopped);
        models = Checkpoint::read(&file, RECIPE, &layout).unwrap().models;
        assert_eq!(models[0].updates(), stop * ROUND);
    }
    let outcome = train(&mut rules(&toy), &mut models, &settings, ROUND, |_| {
        Ok::<_, LearnError>(Verdict::Continue)
    });
    assert_eq!(outcome.unwrap(), Outcome::Finished);
    models
}

/// Catches any state of a rule outside the checkpoint, a batch that depends on who solved its plan,
/// and sums in thread order. No entry is NaN, so equality is one of bits but for the sign of zero.
#[test]
fn threads_and_stops_leave_no_trace() {
    let whole = run(None);
    assert_ne!(whole[0].parameters, whole[1].parameters);
    let history = whole.iter().flat_map(|model| &model.history);
    assert!(history.into_iter().all(|entry| entry.loss.is_some()));
    for (threads, stop) in [(1, None), (2, Some(1)), (7, Some(2)), (7, None)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let other = pool.build().unwrap().install(|| run(stop));
        assert_eq!(whole, other, "{threads} threads, stopped at {stop:?}");
    }
}

//! Training by each rule ends at the optimum that a closed form names.

use overdamped_energy::SiteTerm;
use overdamped_learn::{
    AdamSettings, Contrastive, ForceMatching, Model, Outcome, PathLikelihood, Rule, Schedule,
    Verdict, train,
};

use crate::oracle::Toy;

const BATCH: usize = 512;
/// Bias of the short-time rules is of first order in this.
const DURATION: f64 = 0.01;

/// Trains from zeros: 2,000 updates of Adam, seed 5.
pub fn trained<R: Rule<f64>>(rule: R) -> Vec<f64> {
    let mut models = [Model::new(vec![0.0; rule.layout().len()], 5, 0)];
    let settings = AdamSettings {
        rate: 0.02,
        updates: 2000,
        schedule: Schedule::ConstantThenLinear { constant: 0.25 },
        ..AdamSettings::default()
    };
    let outcome = train(&mut [rule], &mut models, &settings, 500, |_| {
        Ok(Verdict::Continue)
    });
    assert_eq!(outcome.unwrap(), Outcome::Finished);
    assert_eq!(models[0].history.len(), 4);
    models[0].parameters.clone()
}

/// Each rule's parameters, with its name and the tolerance for them.
pub fn by_every_rule(toy: &Toy) -> Vec<(&'static str, f64, Vec<f64>)> {
    let (energy, examples, denoiser) = (toy.energy(), toy.examples(), toy.denoiser());
    let parts = || (energy.clone(), toy.substrate(), examples.clone(), denoiser);
    let (e, s, x, d) = parts();
    let matching = trained(ForceMatching::new(e, s, x, d, BATCH).unwrap());
    let (e, s, x, d) = parts();
    let path = trained(PathLikelihood::new(e, s, x, d, DURATION, BATCH).unwrap());
    let (e, s, x, d) = parts();
    let resting = trained(Contrastive::equilibrium(e, s, x, d, DURATION, BATCH).unwrap());
    let (e, s, x, d) = parts();
    let driven = trained(Contrastive::trajectory(e, s, x, d, DURATION, BATCH).unwrap());
    vec![
        ("force matching", 0.02, matching),
        ("path likelihood", 0.06, path),
        ("static contrast", 0.06, resting),
        ("trajectory contrast", 0.06, driven),
    ]
}

/// Catches a biased fixed point: a gradient that vanishes elsewhere than the loss's own does, an
/// optimiser that stalls, or a schedule that ends early.
#[test]
fn every_rule_ends_at_the_linear_denoiser() {
    let toy = Toy::plane(&[SiteTerm::Bias, SiteTerm::Stiffness]);
    let optimum = toy.optimum();
    let (start, best) = (toy.loss(&[0.0; 5]), toy.loss(&optimum));
    assert!(
        optimum.iter().any(|value| value.abs() > 0.3),
        "zeros must be far from {optimum:?}"
    );
    for (name, tolerance, parameters) in by_every_rule(&toy) {
        for (found, expected) in parameters.iter().zip(&optimum) {
            assert!(
                (found - expected).abs() < tolerance,
                "{name}: {parameters:?} against {optimum:?}"
            );
        }
        let excess = (toy.loss(&parameters) - best) / (start - best);
        assert!(
            (0.0..0.01).contains(&excess),
            "{name}: excess loss {excess}"
        );
    }
}

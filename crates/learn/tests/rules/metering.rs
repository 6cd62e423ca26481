//! What each rule asks of a substrate, counted: ten updates with batches of 16 on two units.
//!
//! A rule that probes, reads, programs or runs more or less than it must changes a count.

use overdamped_energy::SiteTerm;
use overdamped_learn::{
    AdamSettings, Contrastive, ForceMatching, Model, PathLikelihood, Rule, Verdict, train,
};
use overdamped_substrate::{Acts, Metered, SimulatedSubstrate};

use crate::oracle::Toy;

type Device = Metered<SimulatedSubstrate<f64>>;

const BATCH: usize = 16;
/// A power of two: sums of it are exact.
const DURATION: f64 = 0.125;

fn after_ten_updates<R: Rule<f64>>(rule: R, into_device: impl Fn(R) -> Device) -> Acts {
    let mut models = [Model::new(vec![0.0; rule.layout().len()], 2, 0)];
    let settings = AdamSettings {
        updates: 10,
        ..AdamSettings::default()
    };
    let mut rules = vec![rule];
    train(&mut rules, &mut models, &settings, 4, |_| {
        Ok(Verdict::Continue)
    })
    .unwrap();
    into_device(rules.remove(0)).into_parts().1
}

fn toy() -> Toy {
    Toy::plane(&[SiteTerm::Bias, SiteTerm::Stiffness])
}

fn device(toy: &Toy) -> Device {
    Metered::new(toy.substrate(), &toy.settings()).unwrap()
}

#[test]
fn force_matching_probes_forces_and_never_runs() {
    let toy = toy();
    let rule = ForceMatching::new(
        toy.energy(),
        device(&toy),
        toy.examples(),
        toy.denoiser(),
        BATCH,
    );
    let acts = after_ten_updates(rule.unwrap(), ForceMatching::into_substrate);
    insta::assert_debug_snapshot!(acts, @r"
    Acts {
        relaxation: [],
        chains_prepared: 160,
        states_written: 320,
        parameters_written: 50,
        drives_written: 0,
        states_read: 0,
        forces_read: 320,
    }
    ");
}

#[test]
fn path_likelihood_probes_as_much() {
    let toy = toy();
    let rule = PathLikelihood::new(
        toy.energy(),
        device(&toy),
        toy.examples(),
        toy.denoiser(),
        DURATION,
        BATCH,
    );
    let acts = after_ten_updates(rule.unwrap(), PathLikelihood::into_substrate);
    insta::assert_debug_snapshot!(acts, @r"
    Acts {
        relaxation: [],
        chains_prepared: 160,
        states_written: 320,
        parameters_written: 50,
        drives_written: 0,
        states_read: 0,
        forces_read: 320,
    }
    ");
}

#[test]
fn contrasts_run_and_read_but_never_probe() {
    let toy = toy();
    let resting = Contrastive::equilibrium(
        toy.energy(),
        device(&toy),
        toy.examples(),
        toy.denoiser(),
        DURATION,
        BATCH,
    );
    let acts = after_ten_updates(resting.unwrap(), Contrastive::into_substrate);
    insta::assert_debug_snapshot!(acts, @r"
    Acts {
        relaxation: [
            UnitTime {
                temperature: 0.8,
                unit_seconds: 40.0,
            },
        ],
        chains_prepared: 160,
        states_written: 320,
        parameters_written: 50,
        drives_written: 0,
        states_read: 320,
        forces_read: 0,
    }
    ");

    // The way back costs the substrate what the relaxation does: noising is done on the data.
    let driven = Contrastive::trajectory(
        toy.energy(),
        device(&toy),
        toy.examples(),
        toy.denoiser(),
        DURATION,
        BATCH,
    );
    let also = after_ten_updates(driven.unwrap(), Contrastive::into_substrate);
    assert_eq!(acts, also);
}

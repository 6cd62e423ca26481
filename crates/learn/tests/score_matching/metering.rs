//! What one update asks of the substrate, counted: two levels, five chains each, on twelve units of which seven move.

use overdamped_energy::Energy;
use overdamped_learn::{Backward, Nudging, Rule, ScoreMatching, Settling};
use overdamped_substrate::{Acts, Metered, stream};

use crate::toy::{
    BATCH, LEVELS, UNITS, conditioned, device, energy, examples, learned, settings, substrate,
};

/// Powers of two: sums of them are exact.
const FREE: f64 = 64.0;
const NUDGED: f64 = 16.0;
const MOBILE: f64 = 7.0;

fn acts(backward: Backward) -> Acts {
    let mut settings = settings(backward);
    settings.free = Settling::once(FREE);
    settings.nudged = NUDGED;
    let metered = Metered::new(substrate::<f64>(), &device()).unwrap();
    let mut rule =
        ScoreMatching::new(energy(), metered, conditioned(), examples(), settings).unwrap();
    let theta = learned::<f64>();
    let mut gradient = vec![0.0; theta.len()];
    rule.estimate(&theta, &mut stream::of(1, 0), &mut gradient)
        .unwrap();
    rule.into_substrate().into_parts().1
}

/// For each level: programmed once, prepared for the free phase and before each nudge, read after each phase.
#[test]
fn a_nudged_update_is_counted() {
    let (levels, chains) = (LEVELS.len() as u64, BATCH as u64);
    let parameters = Energy::<f64>::layout(energy().as_ref()).len() as u64;
    let states = levels * chains * UNITS as u64;
    for (nudging, phases) in [
        (Nudging::constant_force(0.1), 2),
        (Nudging::symmetric(0.1), 2),
        (Nudging::one_sided(0.1), 1),
    ] {
        let acts = acts(Backward::Nudged(nudging));
        assert_eq!(acts.parameters_written, levels * parameters, "{nudging:?}");
        // One side goes on from where the free phase ended.
        let prepared = if phases == 1 { 1 } else { 3 };
        assert_eq!(acts.chains_prepared, prepared * levels * chains);
        assert_eq!(acts.states_written, prepared * states);
        assert_eq!(acts.states_read, (1 + phases) * states);
        assert_eq!(acts.drives_written, phases * states);
        assert_eq!(acts.forces_read, 0);
        let time = MOBILE * (levels * chains) as f64 * (FREE + phases as f64 * NUDGED);
        assert_eq!(acts.relaxation.len(), 1);
        assert_eq!(acts.relaxation[0].unit_seconds, time);
        assert_eq!(acts.relaxation[0].temperature, 0.0);
    }
}

/// The oracle needs the free phase alone.
#[test]
fn the_oracle_costs_no_nudge() {
    let acts = acts(Backward::Implicit);
    let states = (LEVELS.len() * BATCH * UNITS) as u64;
    assert_eq!((acts.states_written, acts.states_read), (states, states));
    assert_eq!(acts.drives_written, 0);
    let time = MOBILE * (LEVELS.len() * BATCH) as f64 * FREE;
    assert_eq!(acts.relaxation[0].unit_seconds, time);
}

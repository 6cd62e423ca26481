//! What one update asks of the substrate, counted: a batch of five on 19 units, 17 of which move.

use overdamped_learn::{GradEp, Nudging, Rule, Settling, Sides};
use overdamped_substrate::{Acts, Metered, stream};

use crate::toy::{BATCH, Toy};

/// Powers of two: sums of them are exact.
const FREE: f64 = 64.0;
const NUDGED: f64 = 16.0;

fn acts(sides: Sides) -> Acts {
    let toy = Toy::coupled();
    let mut settings = toy.rule_settings(Nudging {
        sides,
        ..Nudging::default()
    });
    settings.free = Settling::once(FREE);
    settings.nudged = NUDGED;
    let device = Metered::new(toy.substrate::<f64>(), &toy.settings()).unwrap();
    let mut rule = GradEp::new(toy.network.clone(), device, toy.pairs(), settings).unwrap();
    let mut gradient = vec![0.0; toy.theta.len()];
    rule.estimate(&toy.theta, &mut stream::of(1, 0), &mut gradient)
        .unwrap();
    rule.into_substrate().into_parts().1
}

/// A nudge to both sides: written at the start, and the free state as it was read before each nudge; read
/// after each of three phases; parameters programmed once.
#[test]
fn two_sides_prepare_and_read_thrice() {
    let acts = acts(Sides::Two);
    insta::assert_debug_snapshot!(acts, @r"
    Acts {
        relaxation: [
            UnitTime {
                temperature: 0.0,
                unit_seconds: 8160.0,
            },
        ],
        chains_prepared: 15,
        states_written: 285,
        parameters_written: 107,
        drives_written: 285,
        states_read: 285,
        forces_read: 0,
    }
    ");
    let (units, mobile, chains) = (19, 17, BATCH as u64);
    assert_eq!(acts.states_written, 3 * units * chains);
    assert_eq!(acts.states_read, 3 * units * chains);
    assert_eq!(acts.drives_written, 3 * units * chains);
    assert_eq!(acts.parameters_written, 19 + 6 * 8 + 8 * 5);
    assert_eq!(acts.forces_read, 0);
    let time = (mobile * chains) as f64 * (FREE + 2.0 * NUDGED);
    assert_eq!(acts.relaxation[0].unit_seconds, time);
}

/// One phase, two preparations and one reading less.
#[test]
fn one_side_saves_a_phase() {
    let (one, two) = (acts(Sides::One), acts(Sides::Two));
    let batch = 19 * BATCH as u64;
    assert_eq!(one.states_written + 2 * batch, two.states_written);
    assert_eq!(one.states_read + batch, two.states_read);
    assert_eq!(one.drives_written + batch, two.drives_written);
    assert_eq!(one.parameters_written, two.parameters_written);
    let spent = |acts: &Acts| acts.relaxation[0].unit_seconds;
    assert_eq!(spent(&one) + (17 * BATCH) as f64 * NUDGED, spent(&two));
}

//! Couplings are kept definite at every level, by no more than it takes.

use overdamped_energy::{Energy, Moving};
use overdamped_learn::{Backward, Conditioned, Nudging, Rule, ScoreMatching};

use crate::toy::{LEVELS, OnDevice, conditioned, energy, examples, learned, settings, substrate};

const MARGIN: f64 = 0.3;

fn rule(conditioned: Conditioned<f64>) -> OnDevice<f64> {
    let mut settings = settings(Backward::Nudged(Nudging::constant_force(0.1)));
    settings.margin = Some(MARGIN);
    ScoreMatching::new(energy(), substrate(), conditioned, examples(), settings).unwrap()
}

fn relative_coupling(conditioned: &Conditioned<f64>, theta: &[f64], level: usize) -> f64 {
    let moving = Moving::except(&energy(), &[2, 3]);
    let full = conditioned.at(theta, level).unwrap();
    energy().relative_coupling(&full, &moving).unwrap()
}

/// Strengths of its own at each level: the level within the margin keeps every bit, as does all else.
#[test]
fn a_level_within_the_margin_is_left_alone() {
    let conditioned = conditioned::<f64>();
    let own = conditioned.layout().range("strength.0").unwrap();
    let mut strong = learned::<f64>();
    strong[own.start..own.start + 2].copy_from_slice(&[3.0, 0.1]);
    strong[own.start + 2..own.end].fill(0.05);
    let mut theta = strong.clone();
    let rule = rule(conditioned.clone());
    rule.constrain(&mut theta).unwrap();
    for level in 0..LEVELS.len() {
        let relative = relative_coupling(&conditioned, &theta, level);
        assert!(relative <= 1.0 - MARGIN, "level {level}: {relative}");
    }
    assert!(theta[own.start] < 3.0);
    assert_eq!(theta[own.start + 2..], strong[own.start + 2..]);
    assert_eq!(theta[..own.start], strong[..own.start]);
    let again = theta.clone();
    rule.constrain(&mut theta).unwrap();
    assert_eq!(theta, again);
}

/// Levels that differ by their stiffness and share the strengths.
fn sharing() -> Conditioned<f64> {
    let layout = Energy::<f64>::layout(energy().as_ref());
    let own = ["stiffness.0", "stiffness.1"];
    Conditioned::new(&layout, LEVELS.len(), &own, &[]).unwrap()
}

/// Output 0 meets hidden units 0 and 1 with s_0 + s_1 / 2 and s_0 - s_1, and the one is soft at level 0, the other at
/// level 1: what the first level takes from s_0 makes it worse at the second. Catches a single pass through the levels.
#[test]
fn levels_that_pull_at_the_same_strengths_agree() {
    let conditioned = sharing();
    let layout = conditioned.layout();
    let mut theta = vec![0.0; layout.len()];
    let mut put = |name: &str, values: &[f64]| {
        let start = layout.range(name).unwrap().start;
        theta[start..start + values.len()].copy_from_slice(values);
    };
    put("stiffness.0", &[1.0; 6]);
    put(
        "stiffness.1",
        &[1.0, 100.0, 100.0, 100.0, 100.0, 1.0, 100.0, 100.0],
    );
    put("strength.0", &[1.0, 3.0]);
    put("left.0", &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    put("right.0", &[1.0, 1.0, 0.0, 0.0, 0.5, -1.0, 0.0, 0.0]);
    let limit = 1.0 - MARGIN;
    let mut once = theta.clone();
    let moving = Moving::except(&energy(), &[2, 3]);
    for level in 0..LEVELS.len() {
        let mut full = conditioned.at(&once, level).unwrap();
        energy().project(&mut full, &moving, MARGIN).unwrap();
        conditioned.put(&mut once, level, &full).unwrap();
    }
    assert!(relative_coupling(&conditioned, &once, 0) > 1.2 * limit);
    rule(conditioned.clone()).constrain(&mut theta).unwrap();
    for level in 0..LEVELS.len() {
        let relative = relative_coupling(&conditioned, &theta, level);
        assert!(relative <= limit && relative > 0.9 * limit, "{relative}");
    }
}

/// The same on 200 networks, with factors, strengths and stiffness by the index.
#[test]
fn every_level_ends_definite() {
    let conditioned = sharing();
    let rule = rule(conditioned.clone());
    let mut acted = 0;
    for network in 0..200 {
        let mut theta = vec![0.0; conditioned.layout().len()];
        for (block, range) in conditioned.layout().blocks() {
            for at in range {
                let wobble = (1.0 + 1.3 * f64::from(network) + 2.3 * at as f64).sin();
                theta[at] = match block.name.split('.').next() {
                    Some("stiffness") => 1.2 + wobble,
                    _ => wobble,
                };
            }
        }
        let largest = |theta: &[f64]| {
            let levels = 0..LEVELS.len();
            let all = levels.map(|level| relative_coupling(&conditioned, theta, level));
            all.fold(0.0, f64::max)
        };
        acted += u32::from(largest(&theta) > 1.0 - MARGIN);
        rule.constrain(&mut theta).unwrap();
        let reached = largest(&theta);
        assert!(reached <= 1.0 - MARGIN, "network {network}: {reached}");
    }
    assert!(acted > 100, "{acted}");
}

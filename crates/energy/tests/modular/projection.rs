//! Projection onto definite couplings, against dense matrices and the factor that would do as well.

use overdamped_energy::{Energy, Modular, Moving};
use proptest::prelude::*;

use crate::{network, networks, oracle, parameters, ways_to_move};

/// Places of all strengths among the parameters, coupling by coupling.
fn strengths(energy: &Modular) -> Vec<std::ops::Range<usize>> {
    let layout = Energy::<f64>::layout(energy);
    let couplings = 0..energy.couplings().len();
    couplings
        .map(|c| layout.range(&format!("strength.{c}")).unwrap())
        .collect()
}

fn distance(one: &[f64], other: &[f64]) -> f64 {
    let pairs = one.iter().zip(other);
    pairs.map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Projection reaches the margin where it acts, touches nothing else, keeps every eigenvalue that it promises, is
    /// done once it is done, and changes no more than one factor on all strengths would.
    #[test]
    fn projection_keeps_what_it_promises(
        seed in any::<u64>(), strength in 0.05_f64..2.0, margin in 0.0_f64..0.5,
    ) {
        for energy in networks() {
            let layout = Energy::<f64>::layout(&energy);
            for moving in ways_to_move(&energy) {
                let before = parameters(&energy, seed, strength);
                let (mut after, mut weakened) = (before.clone(), before.clone());
                let change = energy.project(&mut after, &moving, margin).unwrap();
                let plain = energy.weaken(&mut weakened, &moving, margin).unwrap();
                let limit = 1.0 - margin;
                let (_, relative) = oracle(&energy, &before, &moving);
                prop_assert_eq!(change > 0.0, relative > limit);
                for theta in [&after, &weakened] {
                    let (eigenvalue, reached) = oracle(&energy, theta, &moving);
                    let least = least_stiffness(&energy, theta, &moving);
                    prop_assert!(eigenvalue > margin * least - 1e-11);
                    // Components that were below stay there; the others end at the limit, but a leftover of 1e-7.
                    prop_assert!(reached < relative.min(limit) + 1e-11, "{reached} for {limit}");
                    prop_assert!(reached > relative.min(limit) - 3e-7, "{reached} for {limit}");
                }
                prop_assert!(change <= plain * (1.0 + 1e-12), "{change}, and {plain} by one factor");
                let all: Vec<f64> = strengths(&energy).into_iter().flat_map(|c| before[c].to_vec()).collect();
                let length = all.iter().map(|s| s * s).sum::<f64>().sqrt();
                prop_assert!((change * length - distance(&before, &after)).abs() < 1e-11 * length);
                let mut again = after.clone();
                prop_assert_eq!(energy.project(&mut again, &moving, margin), Ok(0.0));
                prop_assert_eq!(&again, &after);
                for (block, range) in layout.blocks() {
                    let coupling = block.name.strip_prefix("strength.");
                    let ends = coupling.map(|c| energy.couplings()[c.parse::<usize>().unwrap()].modules);
                    let free = ends.is_some_and(|(l, m)| {
                        moving.modules.contains(&l) && moving.modules.contains(&m)
                    });
                    let same = before[range.clone()] == after[range];
                    prop_assert!(same || (free && change > 0.0), "{}", block.name);
                }
            }
        }
    }

    /// No strengths within the limit are nearer, to a thousandth of the change: tried are those on random ways from the
    /// projection, brought back to the limit.
    #[test]
    fn nothing_allowed_is_nearer(seed in any::<u64>(), strength in 0.3_f64..2.0) {
        for energy in networks() {
            let moving = Moving::except(&energy, &[]);
            let before = parameters(&energy, seed, strength);
            let mut after = before.clone();
            let change = energy.project(&mut after, &moving, 0.1).unwrap();
            let found = distance(&before, &after);
            for attempt in 0..20 {
                let mut other = after.clone();
                let random = parameters(&energy, seed ^ (attempt + 1), 1.0);
                let size = [1e-3, 1e-2, 1e-1, 1.0][(attempt % 4) as usize] * found;
                for range in strengths(&energy) {
                    for at in range {
                        other[at] += size * random[at];
                    }
                }
                energy.weaken(&mut other, &moving, 0.1).unwrap();
                let there = distance(&before, &other);
                prop_assert!(change == 0.0 || there > found * (1.0 - 1e-3), "{there} for {found}");
            }
        }
    }
}

fn least_stiffness(energy: &Modular, theta: &[f64], moving: &Moving) -> f64 {
    let (stiffness, _) = crate::dense(energy, theta, moving);
    stiffness.into_iter().fold(f64::INFINITY, f64::min)
}

/// Two units joined with two others by a bus each, of strengths .5 and 2 where one is the limit: the first stays
/// to the last bit, the second comes down to it. One factor would have halved both.
#[test]
fn only_the_bus_that_offends_is_weakened() {
    let energy = network(&[2, 2], &[(0, 1, 2)]);
    // b, b, a, a; b, b, a, a, q, q; s, s; U; V.
    let mut theta: Vec<f64> = vec![0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.5, 2.0];
    theta.extend([1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    let all = Moving::except(&energy, &[]);
    let change = energy.project(&mut theta, &all, 0.2).unwrap();
    assert_eq!(theta[10], 0.5);
    assert!((theta[11] - 0.8).abs() < 1e-12, "{}", theta[11]);
    // From (.5, 2) by 1.2.
    let expected = 1.2 / (0.25_f64 + 4.0).sqrt();
    assert!((change - expected).abs() < 1e-12, "{change}");
}

/// A regression: a hidden unit that goes soft, once in each of 200 updates, costs the wires that drive it. One factor on all
/// strengths, by which these were once weakened, left nothing of the network.
#[test]
fn a_soft_unit_costs_its_own_wires_only() {
    let energy = network(&[6, 6], &[(0, 1, 0)]);
    let layout = Energy::<f64>::layout(&energy);
    let mut theta = vec![0.0; layout.len()];
    for name in ["stiffness.0", "stiffness.1", "strength.0"] {
        let value = if name == "strength.0" { 0.9 } else { 1.0 };
        theta[layout.range(name).unwrap()].fill(value);
    }
    let (soft, strength) = (
        layout.range("stiffness.1").unwrap().start,
        layout.range("strength.0").unwrap(),
    );
    let all = Moving::except(&energy, &[]);
    let mut shrunk = theta.clone();
    for update in 1..=200 {
        let stiffness = 0.98_f64.powi(update);
        (theta[soft], shrunk[soft]) = (stiffness, stiffness);
        energy.project(&mut theta, &all, 0.05).unwrap();
        energy.weaken(&mut shrunk, &all, 0.05).unwrap();
        let bound = 0.95 * stiffness.sqrt();
        assert!(theta[strength.start] <= bound);
        assert_eq!(theta[strength.start + 1..strength.end], [0.9; 5]);
    }
    assert!(shrunk[strength.end - 1] < 0.15);
}

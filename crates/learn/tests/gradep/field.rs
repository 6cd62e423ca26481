//! The velocity on a spring: the slope of a potential, whatever the network.

use faer::{Mat, MatRef};
use overdamped_learn::{LearnError, Settling, Spring};
use overdamped_substrate::Substrate;

use crate::toy::Toy;

const STEP: f64 = 1e-4;

fn place(toy: &Toy) -> Vec<f64> {
    let rows = 0..toy.wiring.rows();
    rows.map(|row| 1.1 * (0.7 * row as f64 + 0.4).sin())
        .collect()
}

/// A place with one visible value moved, up in the first chains and down in the others.
fn moved(toy: &Toy) -> Mat<f64> {
    let (place, visible) = (place(toy), toy.wiring.visible.len());
    Mat::from_fn(place.len(), 2 * visible, |row, chain| {
        let sign = if chain < visible { STEP } else { -STEP };
        place[row] + if row == chain % visible { sign } else { 0.0 }
    })
}

fn velocity(toy: &Toy, places: MatRef<'_, f64>) -> Mat<f64> {
    let rest = toy.rest(&toy.theta, places);
    toy.spring.velocity(&toy.wiring, rest.as_ref(), places)
}

/// The Jacobian of v is symmetric to the error of differences (found: 2e-11 of its size); what its
/// off-diagonal entries are made of, the way over the hidden units, is not small.
#[test]
fn the_field_is_free_of_curl() {
    let toy = Toy::coupled();
    let velocity = velocity(&toy, moved(&toy).as_ref());
    let jacobian = |i: usize, j: usize| (velocity[(i, j)] - velocity[(i, j + 6)]) / (2.0 * STEP);
    let size = (0..6).map(|i| jacobian(i, i).abs()).fold(0.0, f64::max);
    for i in 0..6 {
        for j in 0..i {
            let (above, below) = (jacobian(i, j), jacobian(j, i));
            assert!((above - below).abs() < 1e-6 * size, "{above} and {below}");
        }
    }
    let coupled = (0..6).any(|i| (0..i).any(|j| jacobian(i, j).abs() > 1e-2 * size));
    assert!(coupled, "every off-diagonal entry vanishes");
}

/// v = -alpha grad M, where M(x_t) is the energy at rest with the spring's: the Moreau envelope.
/// Its sign, both constants and the read-out must be right for that.
#[test]
fn the_field_is_the_slope_of_the_energy_at_rest() {
    let toy = Toy::coupled();
    let places = moved(&toy);
    let mut substrate = toy.programmed();
    let start = toy.wiring.spread(toy.units(), places.as_ref());
    substrate.prepare(start.as_ref(), 1).unwrap();
    let base = toy.base(places.as_ref());
    substrate.attach(Some(base)).unwrap();
    substrate.relax(toy.time).unwrap();
    let envelope = substrate.energies().unwrap();
    let place = Mat::from_fn(toy.wiring.rows(), 1, |row, _| place(&toy)[row]);
    let velocity = velocity(&toy, place.as_ref());
    for unit in 0..6 {
        let slope = (envelope[unit] - envelope[unit + 6]) / (2.0 * STEP);
        let found = velocity[(unit, 0)];
        assert!((found + 2.0 * slope).abs() < 1e-6, "{found} and {slope}");
        assert!(found.abs() > 1e-2);
    }
}

/// A stiffer spring reads the energy's own slope: v tends to alpha F with an error of order 1 / lambda.
#[test]
fn a_stiff_spring_reads_the_force() {
    let mut toy = Toy::uncoupled();
    let place = Mat::from_fn(4, 1, |row, _| place(&toy)[row]);
    let force = toy.potential(&toy.theta).force(place.as_ref());
    for stiffness in [1e2, 1e3, 1e4] {
        toy.spring = Spring {
            stiffness,
            gain: 2.0,
        };
        let velocity = velocity(&toy, place.as_ref());
        for unit in 0..4 {
            // Curvature 1: v = alpha F lambda / (1 + lambda).
            let expected = 2.0 * force[(unit, 0)] * stiffness / (1.0 + stiffness);
            assert!((velocity[(unit, 0)] - expected).abs() < 1e-9);
        }
    }
}

/// A free phase goes on while it is not at rest, no longer than it may, and says where it stands.
#[test]
fn settling_looks_again_until_at_rest() {
    let toy = Toy::coupled();
    let places = moved(&toy);
    let settle = |settling: Settling| {
        let mut substrate = overdamped_substrate::Metered::new(toy.programmed(), &toy.settings());
        let substrate = substrate.as_mut().unwrap();
        let start = toy.wiring.spread(toy.units(), places.as_ref());
        substrate.prepare(start.as_ref(), 1).unwrap();
        substrate.attach(Some(toy.base(places.as_ref()))).unwrap();
        let residuals = settling.settle(substrate)?.residuals;
        let spent = substrate.acts().relaxation[0].unit_seconds;
        // 17 of 19 units move, in 12 chains.
        Ok::<_, LearnError>((residuals, spent / (17.0 * 12.0)))
    };
    let once = settle(Settling::once(4.0)).unwrap();
    assert_eq!(once.1, 4.0);
    let patient = Settling {
        time: 4.0,
        tolerance: 1e-8,
        looks: 100,
        refuse: 1e-8,
    };
    let (residuals, spent) = settle(patient).unwrap();
    assert!(residuals.high <= 1e-8 && once.0.high > 1e-8);
    assert!(spent > 4.0 && spent < 400.0, "{spent}");
    // One look less would not have been enough.
    let fewer = Settling::once(spent - 4.0);
    assert!(settle(fewer).unwrap().0.high > 1e-8);
    let hasty = Settling {
        looks: 2,
        ..patient
    };
    let error = settle(hasty).unwrap_err();
    assert!(
        matches!(error, LearnError::Unrelaxed { time: 8.0, bound: 1e-8, median, .. } if median > 1e-8)
    );
    let message = error.to_string();
    assert!(
        message.contains("after a free phase of 8 the median chain"),
        "{message}"
    );
    assert!(message.contains("give it more time"), "{message}");
}

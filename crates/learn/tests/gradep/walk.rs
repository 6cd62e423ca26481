//! Walks along the field, where it is known in closed form.

use std::sync::Arc;

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, mat};
use overdamped_energy::{Activation, SiteTerm, Sites};
use overdamped_learn::{LearnError, Spring, Walk, Wiring};
use overdamped_substrate::{
    Integrator, Metered, PerUnit, Settings, SimulatedSubstrate, Substrate, TimeStep,
};

use crate::toy::Toy;

/// 3 linear units below 4 linear ones: the field is linear.
fn linear() -> Toy {
    Toy::new(&[3, 4], Activation::Identity, 0)
}

/// Long enough to come to rest to rounding in each step.
fn walk(horizon: f64, steps: usize) -> Walk {
    Walk {
        horizon,
        steps,
        first: 200.0,
        later: 200.0,
        ..Walk::default()
    }
}

fn start(toy: &Toy, chains: usize) -> Mat<f64> {
    Mat::from_fn(toy.wiring.rows(), chains, |row, chain| {
        1.5 * (0.9 * row as f64 + 2.1 * chain as f64).sin()
    })
}

fn along(toy: &Toy, walk: &Walk, start: MatRef<'_, f64>, stops: &[usize]) -> Vec<Mat<f64>> {
    let mut substrate = toy.programmed();
    let places = walk.by_spring(&mut substrate, &toy.wiring, toy.spring, start, 1, stops);
    places.unwrap()
}

fn farthest(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (a - b).norm_max()
}

/// E'' and E' at zero of a quadratic energy: it rests where H z = f + lambda (x_t, 0).
fn quadratic(toy: &Toy) -> (Mat<f64>, Mat<f64>) {
    let (units, potential) = (toy.units(), toy.potential(&toy.theta));
    let zero = Mat::zeros(units, units);
    let mut hessian = Mat::zeros(units, units);
    let identity = Mat::<f64>::identity(units, units);
    potential.add_curvature_product(zero.as_ref(), identity.as_ref(), hessian.as_mut());
    (hessian, potential.force(Mat::zeros(units, 1).as_ref()))
}

/// x' = x + dt alpha lambda (x* - x), with x* from the linear system. A lost or doubled constant,
/// or a spring that is not moved along, is off from the first step.
#[test]
fn a_linear_field_is_followed_as_by_hand() {
    let toy = linear();
    let (mut hessian, force) = quadratic(&toy);
    for unit in 0..3 {
        hessian[(unit, unit)] += 15.0;
    }
    let solver = hessian.partial_piv_lu();
    let step = 0.05;
    let mut places = start(&toy, 4);
    let found = along(
        &toy,
        &walk(0.4, 8),
        places.as_ref(),
        &[1, 2, 3, 4, 5, 6, 7, 8],
    );
    assert_eq!(found.len(), 8);
    for found in &found {
        let pull = Mat::from_fn(7, 4, |unit, chain| {
            let spring = if unit < 3 {
                15.0 * places[(unit, chain)]
            } else {
                0.0
            };
            force[(unit, 0)] + spring
        });
        let rest = solver.solve(&pull);
        places = Mat::from_fn(3, 4, |unit, chain| {
            let place = places[(unit, chain)];
            place + step * 2.0 * 15.0 * (rest[(unit, chain)] - place)
        });
        assert!(farthest(found, &places) < 1e-10);
    }
    assert!(farthest(&places, &start(&toy, 4)) > 0.1);
}

/// With dt = 1 / (alpha lambda) no arithmetic is left: each place is what was read, to the bit.
#[test]
fn a_reanchored_walk_puts_the_spring_where_the_network_rests() {
    let mut toy = Toy::coupled();
    let (walk, spring) = walk(1.2, 1).reanchored(7, 2.0);
    assert_eq!(walk.steps, 7);
    assert!((spring.stiffness * spring.gain * walk.step() - 1.0).abs() < 1e-12);
    toy.spring = spring;
    let start = start(&toy, 3);
    let found = along(&toy, &walk, start.as_ref(), &[1, 2, 3, 4, 5, 6, 7]);

    let mut substrate = toy.programmed();
    let prepared = toy.wiring.spread(toy.units(), start.as_ref());
    substrate.prepare(prepared.as_ref(), 1).unwrap();
    let mut places = start;
    for found in &found {
        substrate.attach(Some(toy.base(places.as_ref()))).unwrap();
        substrate.relax(200.0).unwrap();
        let rest = substrate.read().unwrap();
        places
            .as_mut()
            .subrows_mut(0, 6)
            .copy_from(rest.subrows(0, 6));
        assert_eq!(found.as_ref(), places.subrows(0, 6));
    }
}

/// The labels of a start are there in every step: other labels lead elsewhere.
#[test]
fn labels_steer_a_walk() {
    let toy = Toy::coupled();
    let mut other = start(&toy, 3);
    let found = along(&toy, &walk(0.4, 4), other.as_ref(), &[4]);
    other[(7, 1)] += 1.0;
    let steered = along(&toy, &walk(0.4, 4), other.as_ref(), &[4]);
    let moved = |chain: usize| {
        let both = found[0].col(chain).iter().zip(steered[0].col(chain).iter());
        both.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    assert_eq!([moved(0), moved(2)], [0.0; 2]);
    assert!(moved(1) > 1e-3, "{}", moved(1));
}

/// Reading forces of held units is the limit of stiff springs: the distance between the two falls
/// with 1 / lambda, ten times for each factor of ten.
#[test]
fn a_walk_by_energy_is_the_limit_of_stiff_springs() {
    let mut toy = Toy::coupled();
    let (walk, start) = (walk(0.5, 10), start(&toy, 3));
    let mut held = toy.mobile();
    held[..6].fill(false);
    let settings = Settings {
        mobility: PerUnit::Each(held.iter().map(|&on| f64::from(u8::from(on))).collect()),
        ..toy.settings()
    };
    let mut substrate = SimulatedSubstrate::new(toy.network.clone(), settings).unwrap();
    substrate.program(&toy.theta).unwrap();
    let places = walk.by_energy(
        &mut substrate,
        &toy.wiring,
        2.0,
        start.as_ref(),
        1,
        &[1, 10],
    );
    let places = places.unwrap();

    let distances = [1e3, 1e4, 1e5].map(|stiffness| {
        toy.spring.stiffness = stiffness;
        let found = along(&toy, &walk, start.as_ref(), &[1, 10]);
        farthest(&found[0], &places[0]).max(farthest(&found[1], &places[1]))
    });
    assert!(distances[0] < 0.01, "{distances:?}");
    for pair in distances.windows(2) {
        let ratio = pair[0] / pair[1];
        assert!((ratio - 10.0).abs() < 0.2, "{distances:?}");
    }
    assert!(farthest(&places[1], &start.subrows(0, 6).to_owned()) > 0.1);
}

/// The first step of a walk by energy is x + dt alpha F, with hidden units at rest under held visible ones.
#[test]
fn a_walk_by_energy_reads_forces() {
    let toy = linear();
    let (hessian, force) = quadratic(&toy);
    let settings = Settings {
        mobility: PerUnit::Each((0..7).map(|unit| f64::from(u8::from(unit > 2))).collect()),
        ..toy.settings()
    };
    let mut substrate = SimulatedSubstrate::new(toy.network.clone(), settings).unwrap();
    substrate.program(&toy.theta).unwrap();
    let start = start(&toy, 4);
    let found = walk(0.1, 2)
        .by_energy(&mut substrate, &toy.wiring, 2.0, start.as_ref(), 1, &[1])
        .unwrap();
    // Hidden units: H_hh h = f_h - H_hx x.
    let pull = Mat::from_fn(4, 4, |unit, chain| {
        let from = (0..3).map(|x| hessian[(3 + unit, x)] * start[(x, chain)]);
        force[(3 + unit, 0)] - from.sum::<f64>()
    });
    let hidden = hessian.submatrix(3, 3, 4, 4).partial_piv_lu().solve(&pull);
    let expected = Mat::from_fn(3, 4, |unit, chain| {
        let state = |other: usize| match other {
            0..3 => start[(other, chain)],
            _ => hidden[(other - 3, chain)],
        };
        let back = (0..7).map(|other| hessian[(unit, other)] * state(other));
        start[(unit, chain)] + 0.05 * 2.0 * (force[(unit, 0)] - back.sum::<f64>())
    });
    assert!(farthest(&found[0], &expected) < 1e-10);
}

#[test]
fn stops_are_the_places_after_so_many_steps() {
    let toy = Toy::coupled();
    let start = start(&toy, 2);
    let every = along(
        &toy,
        &walk(0.8, 8),
        start.as_ref(),
        &[1, 2, 3, 4, 5, 6, 7, 8],
    );
    let some = along(&toy, &walk(0.8, 8), start.as_ref(), &[2, 5, 8]);
    assert_eq!(some, [1, 4, 7].map(|at: usize| every[at].clone()));
    // A walk to half the horizon in half the steps is the first half of the whole.
    let half = along(&toy, &walk(0.4, 4), start.as_ref(), &[4]);
    assert!(farthest(&half[0], &every[3]) < 1e-12);
    assert_eq!(along(&toy, &walk(0.4, 4), start.as_ref(), &[]).len(), 0);
}

/// Nothing is asked of the substrate after the last stop.
#[test]
fn a_walk_ends_at_its_last_stop() {
    let toy = Toy::coupled();
    let start = start(&toy, 2);
    let spent = |stops: &[usize]| {
        let mut device = Metered::new(toy.programmed(), &toy.settings()).unwrap();
        walk(0.8, 8)
            .by_spring(
                &mut device,
                &toy.wiring,
                toy.spring,
                start.as_ref(),
                1,
                stops,
            )
            .unwrap();
        device.acts().states_read
    };
    let step = 2 * 19;
    assert_eq!(
        [spent(&[1, 3]), spent(&[]), spent(&[8])],
        [3, 8, 8].map(|n| n * step)
    );
}

/// Stops that the walk does not reach would leave the caller with fewer places than asked for.
#[test]
fn stops_beyond_the_walk_are_refused() {
    let toy = Toy::coupled();
    for (stops, value) in [
        (&[0, 1][..], "0"),
        (&[2, 9], "9"),
        (&[3, 2], "2"),
        (&[2, 2], "2"),
    ] {
        let mut substrate = toy.programmed();
        let start = start(&toy, 2);
        let start = start.as_ref();
        let error = walk(0.8, 8)
            .by_spring(&mut substrate, &toy.wiring, toy.spring, start, 1, stops)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "a stop of a walk is {value}; it must be a number of steps from 1 to those of the \
                 walk, in ascending order"
            )
        );
    }
}

/// Visible units that are not held rest where their force is zero: the walk would stand still.
#[test]
fn a_walk_by_energy_needs_visible_units_that_are_held() {
    let toy = Toy::coupled();
    let mut substrate = toy.programmed();
    let start = start(&toy, 2);
    let error = walk(0.8, 8)
        .by_energy(&mut substrate, &toy.wiring, 2.0, start.as_ref(), 1, &[8])
        .unwrap_err();
    assert!(
        matches!(error, LearnError::NotHeld { unit: 0..6, .. }),
        "{error}"
    );
    let message = error.to_string();
    assert!(
        message.contains("in a walk by forces the visible units"),
        "{message}"
    );
}

/// One harmonic unit of stiffness k = 1 on a spring of 4 at kT = 0.5, four steps of which two are thermal:
/// the place p becomes (1 - s) p + s x with s = dt alpha lambda and x ~ N(4 p / 5, kT / 5), so that
///
/// V' = (1 - s + 4 s / 5)^2 V + s^2 kT / 5 from V = 0.
///
/// n = 20,000 chains, seed 6. Variance and mean to five standard errors (1 % and .7 % of the deviation):
/// false-alarm rate 1e-6. A forgotten temperature, s for s^2, or one thermal step more or less is off by more.
#[test]
fn a_thermal_walk_spreads_as_an_autoregression() {
    const CHAINS: usize = 20_000;
    let energy = Arc::new(Sites::new(1, &[SiteTerm::Bias, SiteTerm::Stiffness]));
    let settings = Settings {
        temperature: PerUnit::Uniform(0.5),
        integrator: Integrator::LeimkuhlerMatthews,
        time_step: TimeStep::AtMost(0.05),
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::<f64>::new(energy, settings).unwrap();
    substrate.program(&[0.0, 1.0]).unwrap();
    let spring = Spring {
        stiffness: 4.0,
        gain: 1.0,
    };
    let thermal = Walk {
        horizon: 0.8,
        steps: 4,
        first: 4.0,
        later: 4.0,
        thermal_after: 0.4,
    };
    let start = Mat::from_fn(1, CHAINS, |_, _| 1.0);
    let mut places = |walk: &Walk| {
        let places = walk.by_spring(
            &mut substrate,
            &Wiring::visible(1),
            spring,
            start.as_ref(),
            6,
            &[2, 4],
        );
        places.unwrap()
    };
    let (share, keep) = (0.8_f64, 1.0 - 0.8 + 0.8 * 0.8);
    let found = places(&thermal);
    assert!((found[0][(0, 0)] - keep * keep).abs() < 1e-6);
    assert_eq!(
        found[0].row(0).iter().copied().fold(f64::MIN, f64::max),
        found[0][(0, 0)]
    );
    let fresh = share * share * 0.5 / 5.0;
    let variance = fresh * (1.0 + keep * keep);

    let n = CHAINS as f64;
    let mean = found[1].row(0).iter().sum::<f64>() / n;
    let squares = found[1].row(0).iter().map(|x| (x - mean).powi(2));
    let spread = squares.sum::<f64>() / n;
    assert!(
        (spread / variance - 1.0).abs() < 5.0 * (2.0 / n).sqrt(),
        "{spread}, not {variance}"
    );
    let error = (variance / n).sqrt();
    assert!((mean - keep.powi(4)).abs() < 5.0 * error, "{mean}");

    let cold = Walk {
        thermal_after: f64::INFINITY,
        ..thermal
    };
    let cold = places(&cold);
    assert_eq!(cold[0], found[0]);
    let last = Mat::from_fn(1, CHAINS, |_, _| keep.powi(4));
    assert!(farthest(&cold[1], &last) < 1e-6);
}

#[test]
fn a_start_of_the_wrong_height_is_refused() {
    let toy = Toy::coupled();
    let mut substrate = toy.programmed();
    let start = mat![[0.0], [0.0]];
    let walk = walk(0.4, 4);
    let by_spring = walk.by_spring(
        &mut substrate,
        &toy.wiring,
        toy.spring,
        start.as_ref(),
        1,
        &[],
    );
    let by_energy = walk.by_energy(&mut substrate, &toy.wiring, 2.0, start.as_ref(), 1, &[]);
    for error in [by_spring.unwrap_err(), by_energy.unwrap_err()] {
        assert_eq!(error.to_string(), "rows of an example: 2 given, 8 needed");
    }
}

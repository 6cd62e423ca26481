//! Bad input is refused with the value, its bound and a way out.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Activation, EnergyError, SiteTerm, Sites};
use overdamped_learn::{
    Examples, FlowPairs, GradEp, GradEpSettings, LearnError, NudgeForce, Nudging, Pairing,
    QuadraticCost, Rule, Settling, Sides, Walk, Wiring, implicit_gradient,
};
use overdamped_substrate::{
    PerUnit, Settings, SimulatedSubstrate, Substrate, SubstrateError, stream,
};

use crate::toy::{BATCH, Toy};

type OnDevice = GradEp<f64, SimulatedSubstrate<f64>>;
/// A change for the worse, and how the message about it starts.
type Case<S> = (fn(&mut S), &'static str);

fn first_estimate(toy: &Toy, settings: GradEpSettings) -> Result<Vec<f64>, LearnError> {
    let mut rule = GradEp::new(toy.network.clone(), toy.substrate(), toy.pairs(), settings)?;
    let mut gradient = vec![0.0; toy.theta.len()];
    rule.estimate(&toy.theta, &mut stream::of(8, 0), &mut gradient)?;
    Ok(gradient)
}

/// Linear visible units have K = 1 + lambda = 16, so with kappa = 900 the bound is .0178.
#[test]
fn a_quadratic_nudge_beyond_its_bound_is_refused() {
    let toy = Toy::coupled();
    let nudging = |force, sides, strength| Nudging {
        force,
        sides,
        strength,
    };
    let outcome = |nudging| first_estimate(&toy, toy.rule_settings(nudging));
    for strength in [0.018, 0.1] {
        let error = outcome(nudging(NudgeForce::Quadratic, Sides::Two, strength)).unwrap_err();
        let LearnError::NudgeTooStrong {
            strength: found,
            bound,
        } = error
        else {
            panic!("another error: {error}")
        };
        assert_eq!(found, strength);
        // Weak couplings to units that follow lower it by 1.1 %.
        let share = bound * 900.0 / 16.0;
        assert!(share < 1.0 && share > 0.985, "{bound}");
        let message = error.to_string();
        let on = format!("runs away from a strength at or below {bound:.3e} = ");
        assert!(message.contains(&on), "{message}");
        assert!(message.contains("nudge by a constant force"), "{message}");
        // The other ways have no such bound.
        for (force, sides) in [
            (NudgeForce::Linear, Sides::Two),
            (NudgeForce::Linear, Sides::One),
            (NudgeForce::Quadratic, Sides::One),
        ] {
            let gradient = outcome(nudging(force, sides, strength)).unwrap();
            assert!(gradient.iter().all(|slope| slope.is_finite()));
        }
    }
    outcome(nudging(NudgeForce::Quadratic, Sides::Two, 0.017)).unwrap();
}

/// One linear visible unit above four linear hidden ones: they follow it, and the curvature that the cost
/// feels is 16 - |w|^2, which the way of the nudge shows exactly. With |w|^2 = 8 the bound is half of K / kappa.
#[test]
fn hidden_units_lower_the_bound_of_a_quadratic_nudge() {
    let mut toy = Toy::new(&[1, 4], Activation::Identity, 0);
    let nudging = |strength| Nudging {
        force: NudgeForce::Quadratic,
        sides: Sides::Two,
        strength,
    };
    toy.theta[5..].fill(2.0_f64.sqrt());
    let outcome = |toy: &Toy, strength| first_estimate(toy, toy.rule_settings(nudging(strength)));
    for strength in [0.009, 0.017] {
        let error = outcome(&toy, strength).unwrap_err();
        assert!(
            matches!(error, LearnError::NudgeTooStrong { bound, .. }
                if (bound * 900.0 / 8.0 - 1.0).abs() < 1e-6),
            "{error}"
        );
    }
    outcome(&toy, 0.0085).unwrap();
    // |w|^2 = 20: there is no minimum at all.
    toy.theta[5..].fill(5.0_f64.sqrt());
    toy.time = 10.0;
    let error = outcome(&toy, 1e-3).unwrap_err();
    assert!(
        matches!(error, LearnError::NotConvex { smallest, .. } if smallest < 0.0),
        "{error}"
    );
}

/// A free phase at rest does not excuse nudged phases that are not: a strong nudge, and one sweep.
#[test]
fn a_nudged_phase_that_is_too_short_is_refused_where_asked() {
    let toy = Toy::coupled();
    for sides in [Sides::One, Sides::Two] {
        let mut settings = toy.rule_settings(Nudging {
            sides,
            strength: 1e-2,
            ..Nudging::default()
        });
        settings.nudged = 2.0;
        first_estimate(&toy, settings.clone()).unwrap();
        settings.free.refuse = 1e-6;
        let error = first_estimate(&toy, settings).unwrap_err();
        assert!(
            matches!(
                error,
                LearnError::Unrelaxed {
                    phase: "nudged",
                    time: 2.0,
                    ..
                }
            ),
            "{error}"
        );
    }
}

/// Labels with mobility follow the network: it would be trained on labels of its own.
#[test]
fn labels_that_move_are_refused() {
    let toy = Toy::coupled();
    let settings = Settings {
        mobility: PerUnit::Uniform(1.0),
        ..toy.settings()
    };
    let loose = || SimulatedSubstrate::<f64>::new(toy.network.clone(), settings.clone()).unwrap();
    let mut rule = GradEp::new(
        toy.network.clone(),
        loose(),
        toy.pairs(),
        toy.rule_settings(Nudging::default()),
    )
    .unwrap();
    let mut gradient = vec![0.0; toy.theta.len()];
    let trained = rule.estimate(&toy.theta, &mut stream::of(8, 0), &mut gradient);
    let mut substrate = loose();
    substrate.program(&toy.theta).unwrap();
    let start = Mat::from_fn(8, 2, |_, _| 1.0);
    let walked = Walk::default().by_spring(
        &mut substrate,
        &toy.wiring,
        toy.spring,
        start.as_ref(),
        1,
        &[1],
    );
    // Visible units held, labels not.
    let mobility = (0..19).map(|unit| f64::from(u8::from(unit >= 6)));
    let settings = Settings {
        mobility: PerUnit::Each(mobility.collect()),
        ..toy.settings()
    };
    let mut substrate = SimulatedSubstrate::new(toy.network.clone(), settings).unwrap();
    substrate.program(&toy.theta).unwrap();
    let by_energy =
        Walk::default().by_energy(&mut substrate, &toy.wiring, 2.0, start.as_ref(), 1, &[1]);
    for error in [
        trained.unwrap_err(),
        walked.unwrap_err(),
        by_energy.unwrap_err(),
    ] {
        assert!(
            matches!(error, LearnError::NotHeld { unit: 17 | 18, moved } if moved > 0.01),
            "{error}"
        );
    }
}

#[test]
fn a_free_phase_that_is_too_short_is_refused_where_asked() {
    let toy = Toy::coupled();
    let mut settings = toy.rule_settings(Nudging::default());
    settings.free = Settling::once(2.0);
    first_estimate(&toy, settings.clone()).unwrap();
    settings.free.refuse = 1e-6;
    let error = first_estimate(&toy, settings).unwrap_err();
    assert!(
        matches!(
            error,
            LearnError::Unrelaxed {
                phase: "free",
                time: 2.0,
                ..
            }
        ),
        "{error}"
    );
}

/// Linear units coupled so strongly that energy and spring fall without end: there is no rest to find.
/// The rule cannot know that from one look at the parameters, but the residual tells.
#[test]
fn a_network_that_runs_away_is_refused_where_asked() {
    let mut toy = Toy::new(&[3, 4], Activation::Identity, 0);
    for parameter in &mut toy.theta {
        *parameter *= 20.0;
    }
    let mut settings = toy.rule_settings(Nudging::default());
    settings.free.refuse = 1.0;
    let error = first_estimate(&toy, settings).unwrap_err();
    assert!(
        matches!(error, LearnError::Unrelaxed { median, .. } if median > 1e6),
        "{error}"
    );
    assert!(
        error.to_string().contains("lower the learning rate"),
        "{error}"
    );
}

fn refusal(toy: &Toy, change: impl FnOnce(&mut GradEpSettings)) -> String {
    let mut settings = toy.rule_settings(Nudging::default());
    change(&mut settings);
    let (energy, pairs) = (toy.network.clone(), toy.pairs());
    let rule: Result<OnDevice, _> = GradEp::new(energy, toy.substrate(), pairs, settings);
    rule.err().unwrap().to_string()
}

#[test]
fn settings_out_of_range_are_named_with_value_and_bound() {
    let toy = Toy::coupled();
    let cases: [Case<GradEpSettings>; 12] = [
        (
            |s| s.spring.stiffness = 0.0,
            "the stiffness of the spring is 0",
        ),
        (
            |s| s.spring.stiffness = f64::NAN,
            "the stiffness of the spring is NaN",
        ),
        (
            |s| s.spring.gain = -2.0,
            "the gain of the velocity read-out is -2",
        ),
        (|s| s.nudging.strength = 0.0, "the nudge strength is 0"),
        (
            |s| s.nudging.strength = f64::INFINITY,
            "the nudge strength is inf",
        ),
        (|s| s.free.time = 0.0, "the time of the free phase is 0"),
        (
            |s| s.free.looks = 0,
            "the number of looks at the free phase is 0",
        ),
        (
            |s| s.free.tolerance = 0.0,
            "the tolerance of the free phase is 0",
        ),
        (
            |s| s.free.tolerance = f64::NAN,
            "the tolerance of the free phase is NaN",
        ),
        (
            |s| s.free.refuse = -1.0,
            "the residual at which the free phase gives up is -1",
        ),
        (|s| s.nudged = 0.0, "the time of a nudged phase is 0"),
        (|s| s.batch = 0, "the batch is 0"),
    ];
    for (change, start) in cases {
        let message = refusal(&toy, change);
        assert!(
            message.starts_with(&format!("{start}; it must be ")),
            "{message}"
        );
    }
    let message = refusal(&toy, |settings| settings.batch = 41);
    assert!(
        message.contains("a batch of 41 different examples"),
        "{message}"
    );
}

#[test]
fn walks_out_of_range_are_named_with_value_and_bound() {
    let toy = Toy::coupled();
    let cases: [Case<Walk>; 6] = [
        (|w| w.horizon = 0.0, "the horizon of a walk is 0"),
        (|w| w.steps = 0, "the number of steps of a walk is 0"),
        (|w| w.first = -1.0, "the first relaxation of a walk is -1"),
        (
            |w| w.later = f64::NAN,
            "the later relaxations of a walk is NaN",
        ),
        (
            |w| w.thermal_after = f64::NAN,
            "the time after which a walk is thermal is NaN",
        ),
        (
            |w| w.horizon = f64::INFINITY,
            "the horizon of a walk is inf",
        ),
    ];
    let start = Mat::<f64>::zeros(8, 2);
    for (change, expected) in cases {
        let mut walk = Walk::default();
        change(&mut walk);
        let mut substrate = toy.programmed();
        let (start, wiring) = (start.as_ref(), &toy.wiring);
        // Refused before the substrate is touched: it has no chains.
        let by_spring = walk.by_spring(&mut substrate, wiring, toy.spring, start, 1, &[]);
        let by_energy = walk.by_energy(&mut substrate, wiring, 2.0, start, 1, &[]);
        assert!(matches!(substrate.read(), Err(SubstrateError::NotPrepared)));
        for error in [by_spring.unwrap_err(), by_energy.unwrap_err()] {
            let message = error.to_string();
            assert!(
                message.starts_with(&format!("{expected}; it must be ")),
                "{message}"
            );
        }
    }
    // No anchor, no spring.
    let (walk, spring) = Walk::default().reanchored(0, 2.0);
    assert!(walk.validated().is_err() && spring.validated().is_err());
}

#[test]
fn wirings_that_do_not_fit_are_refused() {
    let wired = |visible, clamped| Wiring { visible, clamped };
    for (wiring, rows, message) in [
        (
            wired(0..6, 17..20),
            9,
            "units of the substrate that carry examples: 20 given, 19 needed",
        ),
        (
            wired(0..20, 0..0),
            20,
            "units of the substrate that carry examples: 20 given, 19 needed",
        ),
        (
            wired(0..6, 5..7),
            8,
            "units that are both visible and clamped: 1 given, 0 needed",
        ),
        (
            wired(3..6, 0..6),
            9,
            "units that are both visible and clamped: 3 given, 0 needed",
        ),
        (wired(2..2, 17..19), 2, "visible units: 0 given, 1 needed"),
        (
            wired(0..6, 17..19),
            7,
            "rows of an example: 7 given, 8 needed",
        ),
        #[allow(clippy::reversed_empty_ranges, reason = "what a user may write")]
        (
            wired(0..6, 25..19),
            6,
            "units of the substrate that carry examples: 25 given, 19 needed",
        ),
    ] {
        let error = wiring.check(19, rows).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    wired(2..8, 0..2).check(19, 8).unwrap();
    wired(0..19, 0..0).check(19, 19).unwrap();
    let message = refusal(&Toy::coupled(), |settings| {
        settings.wiring = Wiring::visible(6)
    });
    assert_eq!(message, "rows of an example: 8 given, 6 needed");
}

/// Labels that count as data would be noised, and the network trained to carry noise to them.
#[test]
fn examples_whose_mask_is_not_the_wiring_are_refused() {
    let toy = Toy::coupled();
    for mask in [
        [true; 8],
        [false, false, true, true, true, true, true, true],
        [true, true, true, true, true, false, false, false],
    ] {
        let examples = Examples::with_visible(Mat::zeros(8, 9), mask.to_vec()).unwrap();
        let pairs = FlowPairs::new(Arc::new(examples), Pairing::Independent).unwrap();
        let settings = toy.rule_settings(Nudging::default());
        let rule: Result<OnDevice, _> =
            GradEp::new(toy.network.clone(), toy.substrate(), pairs, settings);
        let message = rule.err().unwrap().to_string();
        assert!(
            message.contains("the wiring has 6 visible rows before 2 clamped ones"),
            "{message}"
        );
    }
}

#[test]
fn an_energy_of_another_substrate_is_refused() {
    let toy = Toy::coupled();
    let settings = || toy.rule_settings(Nudging::default());
    let small = Toy::new(&[6, 8], Activation::Tanh, 2);
    let rule: Result<OnDevice, _> = GradEp::new(
        toy.network.clone(),
        small.substrate(),
        toy.pairs(),
        settings(),
    );
    let message = rule.err().unwrap().to_string();
    assert_eq!(message, "units of the substrate: 14 given, 19 needed");
    // As many units, other parameters: known when they are programmed.
    let sites = Arc::new(Sites::new(19, &[SiteTerm::Stiffness]));
    let other = SimulatedSubstrate::<f64>::new(sites, toy.settings()).unwrap();
    let mut rule = GradEp::new(toy.network.clone(), other, toy.pairs(), settings()).unwrap();
    let mut gradient = vec![0.0; toy.theta.len()];
    let error = rule
        .estimate(&toy.theta, &mut stream::of(8, 0), &mut gradient)
        .unwrap_err();
    assert!(
        matches!(
            error,
            LearnError::Substrate(SubstrateError::Energy(EnergyError::Length {
                expected: 19,
                found: 107,
                ..
            }))
        ),
        "{error}"
    );
}

#[test]
fn costs_that_do_not_fit_are_refused() {
    let cost = |curvature, rows| {
        QuadraticCost::new(Wiring::visible(6), curvature, Mat::<f64>::zeros(rows, 2))
    };
    let message = cost(900.0, 5).unwrap_err().to_string();
    assert_eq!(message, "visible units of a target: 5 given, 6 needed");
    let message = cost(-1.0, 6).unwrap_err().to_string();
    assert_eq!(
        message,
        "the curvature of a cost is -1; it must be positive and finite"
    );
}

/// The oracle says which of its inputs does not fit.
#[test]
fn parts_of_an_exact_gradient_must_fit() {
    let toy = Toy::coupled();
    let batch = toy.batch(8);
    let places = batch.places.as_ref();
    let (potential, cost) = (toy.potential(&toy.theta), toy.cost(&batch));
    let (base, rest) = (toy.base(places), toy.rest(&toy.theta, places));
    let uncoupled = Toy::uncoupled();
    let other = uncoupled.base(uncoupled.batch(8).places.as_ref());
    let count = toy.theta.len();
    let exact = |base, mobile: &[bool], rest: &Mat<f64>, count| {
        let mut gradient = vec![0.0; count];
        let potential = potential.as_ref();
        implicit_gradient(potential, base, mobile, rest.as_ref(), &cost, &mut gradient)
            .map(|()| gradient)
    };
    let mobile = toy.mobile();
    assert_eq!(
        exact(&base, &mobile, &rest, count).unwrap(),
        toy.exact(&batch)
    );
    let few = rest.subcols(0, BATCH - 1).to_owned();
    let short = rest.subrows(0, 18).to_owned();
    for (outcome, message) in [
        (
            exact(&other, &mobile, &rest, count),
            "units of the drive: 4 given, 19 needed",
        ),
        (
            exact(&base, &mobile[1..], &rest, count),
            "units that are mobile or not: 18 given, 19 needed",
        ),
        (
            exact(&base, &mobile, &short, count),
            "units of the states at rest: 18 given, 19 needed",
        ),
        (
            exact(&base, &mobile, &few, count),
            "chains at rest: 4 given, 5 needed",
        ),
        (
            exact(&base, &mobile, &rest, 3),
            "parameters of the gradient: 3 given, 107 needed",
        ),
    ] {
        assert_eq!(outcome.unwrap_err().to_string(), message);
    }
}

/// Costs of other units, no chains, and states that are no numbers.
#[test]
fn an_exact_gradient_needs_a_cost_of_its_units_and_finite_states() {
    let toy = Toy::coupled();
    let potential = toy.potential(&toy.theta);
    let exact = |wiring: Wiring, rest: &Mat<f64>| {
        let chains = rest.ncols();
        let targets = Mat::zeros(wiring.visible.len(), chains);
        let cost = QuadraticCost::new(wiring, 900.0, targets).unwrap();
        let base = toy.base(Mat::zeros(8, 3).as_ref());
        let mut gradient = vec![0.0; toy.theta.len()];
        implicit_gradient(
            potential.as_ref(),
            &base,
            &toy.mobile(),
            rest.as_ref(),
            &cost,
            &mut gradient,
        )
    };
    let rest = Mat::zeros(19, 3);
    exact(toy.wiring.clone(), &rest).unwrap();
    let error = exact(Wiring::visible(20), &rest).unwrap_err();
    assert_eq!(
        error.to_string(),
        "units of the substrate that carry examples: 20 given, 19 needed"
    );
    let error = exact(toy.wiring.clone(), &Mat::zeros(19, 0)).unwrap_err();
    assert_eq!(error.to_string(), "chains at rest: 0 given, 1 needed");
    for value in [f64::NAN, f64::INFINITY] {
        let mut rest = rest.clone();
        rest[(7, 2)] = value;
        let error = exact(toy.wiring.clone(), &rest).unwrap_err();
        assert!(
            matches!(
                error,
                LearnError::Substrate(SubstrateError::NonFiniteState {
                    unit: 7,
                    chain: 2,
                    ..
                })
            ),
            "{error}"
        );
    }
}

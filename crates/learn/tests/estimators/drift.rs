//! Free phases that end early: what is left of the drift, estimator by estimator.

use faer::Mat;
use overdamped_learn::{LearnError, NudgeForce, Nudging, Settled, Sides};

use crate::network::{
    CHAINS, Cold, Network, STEP, UNITS, VISIBLE, cosine, cost, difference, norm, relative, solve,
};

/// A soft network whose free phase ends early, and targets that pull back to where it came from.
fn early() -> Cold {
    let mut cold = Cold::new(Network::soft());
    let rest = rest(&cold);
    cold.cost = cost(Mat::from_fn(VISIBLE, CHAINS, |i, c| 0.1 * rest[(i, c)]));
    cold.free = 6.0;
    cold.nudged = 6.0;
    cold
}

/// K with the base drive.
fn stiffness(cold: &Cold) -> Mat<f64> {
    let mut stiffness = cold.network.stiffness.clone();
    for (unit, spring) in cold.base.stiffness().iter().enumerate() {
        stiffness[(unit, unit)] += spring;
    }
    stiffness
}

fn rest(cold: &Cold) -> Mat<f64> {
    let columns: Vec<Vec<f64>> = (0..CHAINS)
        .map(|chain| {
            let pulls = cold.base.pull(chain).iter().zip(cold.network.bias);
            let pull: Vec<f64> = pulls.map(|(base, bias)| base + bias).collect();
            solve(&stiffness(cold), &pull)
        })
        .collect();
    Mat::from_fn(UNITS, CHAINS, |unit, chain| columns[chain][unit])
}

/// One-sided minus compensated is the drift of the continued free phase, (I - G) r0 / beta for the biases, with
/// G = (I - h K)^n for n steps of gradient flow.
#[test]
fn compensation_takes_away_the_drift_and_nothing_else() {
    let cold = early();
    let (_, visited, _) = cold.settled();
    let (stiffness, rest) = (stiffness(&cold), rest(&cold));
    let start = visited.last() - &rest;
    let mut left = start.clone();
    let steps = (cold.nudged / STEP).round() as usize;
    for _ in 0..steps {
        left = &left - faer::Scale(STEP) * (&stiffness * &left);
    }
    let strength = 0.01;
    let expected: Vec<f64> = (0..UNITS)
        .map(|unit| {
            let drifts = (0..CHAINS).map(|chain| start[(unit, chain)] - left[(unit, chain)]);
            drifts.sum::<f64>() / (CHAINS as f64 * strength)
        })
        .collect();
    let [one, compensated] =
        [Nudging::one_sided, Nudging::compensated].map(|how| cold.estimate(how(strength)));
    let found = difference(&one[..UNITS], &compensated[..UNITS]);
    assert!(norm(&expected) > 1.0, "{expected:?}");
    let off = relative(&found, &expected);
    assert!(off < 1e-10, "{off:e}");
}

/// With targets behind it the network drifts against its gradient: a one-sided contrast points the wrong way, the
/// more so the weaker the nudge. The others do not depend on the nudge.
#[test]
fn one_side_points_the_wrong_way_where_the_others_do_not() {
    let cold = early();
    let exact = cold.exact();
    let towards = |nudging: Nudging| cosine(&cold.estimate(nudging), &exact);
    let one = towards(Nudging::one_sided(1e-3));
    assert!(one < -0.5, "{one}");
    for nudging in [
        Nudging::symmetric(1e-3),
        Nudging::compensated(1e-3),
        Nudging::constant_force(1e-3),
    ] {
        let cosine = towards(nudging);
        assert!(cosine > 0.9, "{nudging:?}: {cosine}");
        let weaker = Nudging {
            strength: 1e-5,
            ..nudging
        };
        let change = relative(&cold.estimate(weaker), &cold.estimate(nudging));
        assert!(change < 0.02, "{nudging:?}: {change}");
    }
}

fn refusal(cold: &Cold, nudging: Nudging, tolerance: f64) -> (Settled, Result<(), LearnError>) {
    let (_, visited, settled) = cold.settled();
    let outcome = nudging.check_rest(&settled, &cold.cost, visited.last(), tolerance);
    (settled, outcome)
}

/// Those that need rest are refused with the time that they would need, and pass with it. With half of it
/// they do not.
#[test]
fn a_free_phase_that_is_too_short_is_refused_with_the_time_it_needs() {
    let tolerance = 1e-6;
    for nudging in [Nudging::constant_force(0.1), Nudging::one_sided(0.1)] {
        let mut cold = Cold::new(Network::soft());
        cold.free = 40.0;
        let (settled, outcome) = refusal(&cold, nudging, tolerance);
        let error = outcome.unwrap_err();
        let message = error.to_string();
        let LearnError::Unrelaxed {
            phase: "free",
            time: 40.0,
            median,
            needed: Some(needed),
            ..
        } = error
        else {
            panic!("another error: {error}")
        };
        assert_eq!(median, settled.residuals.median);
        let asked = format!("give it more time ({needed:.3} in all");
        assert!(message.contains(&asked), "{message}");
        for (share, enough) in [(0.8, false), (1.01, true)] {
            cold.free = share * needed;
            let (_, outcome) = refusal(&cold, nudging, tolerance);
            assert_eq!(outcome.is_ok(), enough, "{nudging:?}, {share} of {needed}");
        }
    }
}

/// At the same tolerance one side is refused where a frozen force to two sides is not, and a spring to two sides or
/// against a continued free phase never is.
#[test]
fn only_what_needs_rest_asks_for_it() {
    let mut cold = Cold::new(Network::soft());
    cold.free = 40.0;
    let one_frozen = Nudging {
        force: NudgeForce::Linear,
        sides: Sides::One,
        strength: 1e-4,
    };
    let tolerance = 0.05;
    for (nudging, needs, passes) in [
        (Nudging::one_sided(1e-4), true, false),
        (one_frozen, true, false),
        (Nudging::constant_force(1e-4), true, true),
        (Nudging::symmetric(1e-4), false, true),
        (Nudging::compensated(1e-4), false, true),
    ] {
        assert_eq!(nudging.needs_rest(), needs);
        let (_, outcome) = refusal(&cold, nudging, tolerance);
        assert_eq!(outcome.is_ok(), passes, "{nudging:?}");
    }
    let (_, outcome) = refusal(&cold, Nudging::symmetric(1e-4), 1e-9);
    outcome.unwrap();
}

/// One look does not show a decay, and does not claim to.
#[test]
fn one_look_cannot_tell_how_long() {
    let cold = early();
    let (_, _, twice) = cold.settled();
    let once = Settled {
        rate: None,
        ..twice
    };
    let message = once.check(1e-9).unwrap_err().to_string();
    assert!(
        message.contains("give it more time (how much, one look cannot tell)"),
        "{message}"
    );
    let growing = Settled {
        rate: Some(-0.1),
        ..twice
    };
    let message = growing.check(1e-9).unwrap_err().to_string();
    assert!(message.contains("no time is enough"), "{message}");
}

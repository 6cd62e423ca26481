//! Bad input is refused with the value, its bound and a way out.

use faer::{Mat, mat};
use overdamped_learn::{
    FreeState, LearnError, Nudging, Phase, QuadraticCost, Reading, Visited, Wiring,
    covariance_gradient,
};
use overdamped_substrate::{Substrate, SubstrateError, stream};

use crate::network::{CHAINS, CURVATURE, Cold, Network, UNITS, VISIBLE, cost, inverse};

/// Between springs of opposite signs the true bound is the least beta at which K - beta P is singular:
/// 1 / kappa over the largest eigenvalue of the visible block of K^-1. A little above it the state runs away slowly,
/// in the soft direction, and is refused for it; a little below it does not run.
#[test]
fn a_symmetric_nudge_is_refused_from_its_bound_on() {
    let cold = Cold::new(Network::quadratic());
    let mut stiffness = cold.network.stiffness.clone();
    for (unit, spring) in cold.base.stiffness().iter().enumerate() {
        stiffness[(unit, unit)] += spring;
    }
    let seen = inverse(&stiffness);
    let seen = seen.as_ref().submatrix(0, 0, VISIBLE, VISIBLE);
    let largest = seen.self_adjoint_eigenvalues(faer::Side::Lower).unwrap()[VISIBLE - 1];
    let bound = 1.0 / (CURVATURE * largest);
    for share in [1.02, 1.2, 2.0] {
        let strength = share * bound;
        let error = cold.try_estimate(Nudging::symmetric(strength));
        let Err(LearnError::NudgeTooStrong {
            strength: refused,
            bound: found,
        }) = error
        else {
            panic!("{share}: {error:?}")
        };
        assert_eq!(refused, strength);
        assert!(
            found > 0.999 * bound && found <= strength,
            "{found} for {bound}"
        );
        cold.try_estimate(Nudging::constant_force(strength))
            .unwrap();
        cold.try_estimate(Nudging::compensated(strength)).unwrap();
    }
    cold.try_estimate(Nudging::symmetric(0.95 * bound)).unwrap();
}

fn covariance(samples: usize, temperature: f64) -> Result<(), LearnError> {
    let cold = Cold::new(Network::quadratic());
    let states = Mat::from_fn(UNITS, CHAINS * samples, |i, c| (i + 2 * c) as f64);
    let samples = Visited::sampled(states, CHAINS)?;
    let mut gradient = vec![0.0; cold.network.theta.len()];
    let potential = cold.network.potential();
    covariance_gradient(
        potential.as_ref(),
        &samples,
        &cold.cost,
        temperature,
        &mut gradient,
    )
}

#[test]
fn a_covariance_needs_a_temperature_and_two_samples() {
    covariance(2, 0.1).unwrap();
    let message = covariance(2, 0.0).unwrap_err().to_string();
    assert_eq!(
        message,
        "the zero-nudge covariance estimate divides by the temperature of the bath, which is 0; it must be \
         positive and finite: warm the bath, or nudge"
    );
    for temperature in [-1.0, f64::NAN, f64::INFINITY] {
        let error = covariance(2, temperature).unwrap_err();
        assert!(matches!(error, LearnError::NoTemperature { .. }), "{error}");
    }
    let message = covariance(1, 1.0).unwrap_err().to_string();
    assert_eq!(message, "samples of each chain: 1 given, 2 needed");
}

#[test]
fn values_that_are_no_numbers_are_named() {
    let target = mat![[0.0, 0.0], [0.0, f64::NAN]];
    let error = QuadraticCost::new(Wiring::visible(2), 1.0, target).unwrap_err();
    let message = error.to_string();
    assert_eq!(
        message,
        "example 1 has NaN at unit 1; every value must be finite"
    );
    // Two samples of two chains; the last state of the second chain.
    let mut states = Mat::zeros(3, 4);
    states[(2, 3)] = f64::INFINITY;
    let error = Visited::sampled(states, 2).unwrap_err();
    assert!(
        matches!(
            error,
            LearnError::Substrate(SubstrateError::NonFiniteState {
                unit: 2,
                chain: 1,
                ..
            })
        ),
        "{error}"
    );
    let cold = Cold::new(Network::quadratic());
    for strength in [f64::NAN, 0.0, -1.0] {
        let error = cold.try_estimate(Nudging::symmetric(strength)).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("the nudge strength is"), "{message}");
    }
}

#[test]
fn phases_out_of_range_are_named_with_value_and_bound() {
    let warm = |burn_in, dwell, samples| Phase::Warm {
        burn_in,
        dwell,
        samples,
        reading: Reading::ProductOfMeans,
    };
    for (phase, message) in [
        (
            Phase::Cold { time: 0.0 },
            "the time of a cold phase is 0; it must be positive and finite",
        ),
        (
            warm(-1.0, 1.0, 1),
            "the burn-in of a warm phase is -1; it must be finite and not negative",
        ),
        (
            warm(f64::NAN, 1.0, 1),
            "the burn-in of a warm phase is NaN; it must be finite and not negative",
        ),
        (
            warm(0.0, 0.0, 1),
            "the dwell before a sample is 0; it must be positive and finite",
        ),
        (
            warm(0.0, 1.0, 0),
            "the number of samples of a warm phase is 0; it must be positive and finite",
        ),
    ] {
        assert_eq!(phase.validated().unwrap_err().to_string(), message);
    }
    warm(0.0, 1.0, 1).validated().unwrap();
}

#[test]
fn parts_that_do_not_fit_are_named() {
    let cold = Cold::new(Network::quadratic());
    let potential = cold.network.potential();
    let refusal = |states: Mat<f64>, cost: &QuadraticCost<f64>, parameters: usize| {
        let (mut substrate, _, _) = cold.settled();
        let visited = Visited::at_rest(states).unwrap();
        let free = FreeState {
            potential: potential.as_ref(),
            base: None,
            visited: &visited,
        };
        let mut gradient = vec![0.0; parameters];
        let (phase, stream) = (Phase::Cold { time: 1.0 }, &mut stream::of(1, 0));
        let nudging = Nudging::symmetric(0.1);
        let outcome = nudging.contrast(&mut substrate, &free, cost, &phase, stream, &mut gradient);
        assert_eq!(substrate.chains(), CHAINS);
        outcome.unwrap_err().to_string()
    };
    let states = |units, chains| Mat::<f64>::zeros(units, chains);
    let two = cost(Mat::zeros(VISIBLE, 2));
    assert_eq!(
        refusal(states(3, CHAINS), &cold.cost, 14),
        "units of the free state: 3 given, 4 needed"
    );
    assert_eq!(
        refusal(states(4, CHAINS), &cold.cost, 13),
        "parameters of the gradient: 13 given, 14 needed"
    );
    assert_eq!(
        refusal(states(4, CHAINS), &two, 14),
        "chains of the free state: 3 given, 2 needed"
    );
    // Seven states are no whole number of samples of three chains.
    let message = Visited::sampled(states(4, 7), 3).unwrap_err().to_string();
    assert_eq!(
        message,
        "states of chains that were read together: 7 given, 9 needed"
    );
    assert!(Visited::at_rest(states(4, 0)).is_err());
}

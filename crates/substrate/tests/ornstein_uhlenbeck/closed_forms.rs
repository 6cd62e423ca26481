//! Cases whose transition, stationary law or entropy production is known on paper.

use faer::{Mat, mat};
use overdamped_substrate::ornstein_uhlenbeck::{OrnsteinUhlenbeck, OrnsteinUhlenbeckError};

use super::oracle::{
    TestResult, covariance_if_drift_were_normal, error, non_normal, quadrature, relative, streams,
};

#[test]
fn one_unit_follows_the_closed_form_over_eighteen_decades() -> TestResult {
    for stiffness in [1e-3, 0.7, 1e4] {
        let (diffusion, mean) = (3.0, 2.0);
        let process = OrnsteinUhlenbeck::new(mat![[stiffness]], mat![[diffusion]], vec![mean])?;
        for exponent in -12..=6 {
            let t = 10f64.powi(exponent);
            let transition = process.transition(t)?;
            let variance = -diffusion * (-2.0 * stiffness * t).exp_m1() / (2.0 * stiffness);
            assert!(relative(transition.covariance()[(0, 0)], variance) < 1e-13);
            let decay = (-stiffness * t).exp();
            // Squaring multiplies the relative error by two as often as it doubles the exponent.
            let tolerance = 1e-14 * (1.0 + stiffness * t);
            let propagator = transition.propagator()[(0, 0)];
            assert!((propagator - decay).abs() <= tolerance * decay, "t = {t}");
        }
        let stationary = process.stationary_covariance()?;
        assert!(relative(stationary[(0, 0)], diffusion / (2.0 * stiffness)) < 1e-14);
    }
    Ok(())
}

#[test]
fn non_normal_drift_agrees_with_quadrature() -> TestResult {
    let process = non_normal()?;
    let transition = process.transition(1.0)?;
    let expected = quadrature(process.drift(), process.diffusion(), process.drift(), 1.0);
    assert!(error(transition.covariance(), expected.as_ref()) < 1e-12);

    let (slow, fast) = ((-1f64).exp(), (-2f64).exp());
    let propagator = mat![[slow, -4.0 * (slow - fast)], [0.0, fast]];
    assert!(error(transition.propagator(), propagator.as_ref()) < 1e-14);

    // The case separates the right formula from the one for normal drifts, which is 76 % off.
    let wrong = covariance_if_drift_were_normal(&process, 1.0);
    let distance = (&wrong - &expected).norm_l2() / expected.norm_l2();
    assert!((distance - 0.762).abs() < 1e-3, "{distance}");
    Ok(())
}

#[test]
fn zero_duration_changes_nothing() -> TestResult {
    let transition = non_normal()?.transition(0.0)?;
    assert_eq!(transition.propagator(), Mat::<f64>::identity(2, 2));
    assert_eq!(transition.covariance(), Mat::<f64>::zeros(2, 2));
    Ok(())
}

/// A particle with inertia: noise on the velocity alone, `D` singular, `A` not normal.
#[test]
fn noise_reaches_an_undriven_unit_at_third_order_in_time() -> TestResult {
    let (stiffness, friction, temperature) = (4.0, 0.5, 1.7);
    let process = OrnsteinUhlenbeck::new(
        mat![[0.0, -1.0], [stiffness, friction]],
        mat![[0.0, 0.0], [0.0, 2.0 * friction * temperature]],
        vec![0.0, 0.0],
    )?;
    let stationary = process.stationary_covariance()?;
    let equipartition = mat![[temperature / stiffness, 0.0], [0.0, temperature]];
    assert!(error(stationary.as_ref(), equipartition.as_ref()) < 1e-13);

    let t = 1e-7;
    let transition = process.transition(t)?;
    let noise = 2.0 * friction * temperature;
    let position = noise * t * t * t / 3.0;
    let velocity = noise * t;
    // The next order is t times the rates, 1e-6.
    assert!(relative(transition.covariance()[(0, 0)], position) < 1e-6);
    assert!(relative(transition.covariance()[(1, 1)], velocity) < 1e-6);

    // Sampled with n = 20 000: the variance of the position is right to 5 sigma = 5 sqrt(2/n) = 5 %
    // (false alarm 6e-7). A root that rounds small variances away would give zero.
    let mut x = Mat::zeros(2, 20_000);
    transition.sample_into(x.as_mut(), &mut streams(11, 20_000))?;
    let variance = x.row(0).squared_norm_l2() / 20_000.0;
    assert!(relative(variance, position) < 0.05, "{variance}");

    assert!(matches!(
        process.entropy_production_rate(),
        Err(OrnsteinUhlenbeckError::Singular { .. })
    ));
    Ok(())
}

#[test]
fn stiff_drift_keeps_the_slow_mode() -> TestResult {
    // Rates 1e7 and 1, turned by an angle so that no entry of A is small.
    let (fast, slow, (sine, cosine)) = (1e7, 1.0, 0.6f64.sin_cos());
    let turn = mat![[cosine, -sine], [sine, cosine]];
    let with_modes = |a: f64, b: f64| &turn * mat![[a, 0.0], [0.0, b]] * turn.transpose();
    let process = OrnsteinUhlenbeck::new(
        with_modes(fast, slow),
        mat![[2.0, 0.0], [0.0, 2.0]],
        vec![0.0; 2],
    )?;
    for t in [1e-12, 1e-7, 1e-3, 0.5, 30.0, 1e6] {
        let transition = process.transition(t)?;
        let variance = |rate: f64| -(-2.0 * rate * t).exp_m1() / rate;
        let expected = with_modes(variance(fast), variance(slow));
        // Rounding the entries of A alone shifts the slow rate by 1e7 * 1e-16 = 1e-9.
        assert!(
            error(transition.covariance(), expected.as_ref()) < 1e-8,
            "t = {t}"
        );
        let expected = with_modes((-fast * t).exp(), (-slow * t).exp());
        let difference = (transition.propagator() - &expected).norm_max();
        assert!(difference < 1e-8, "t = {t}: {difference:e}");
    }
    Ok(())
}

/// A drift without rotation: the slow unit's decay is not blurred by a fast neighbour.
#[test]
fn uncoupled_units_do_not_disturb_each_other() -> TestResult {
    let process = OrnsteinUhlenbeck::new(
        mat![[1e9, 0.0], [0.0, 1e-3]],
        mat![[2.0, 0.0], [0.0, 2.0]],
        vec![0.0; 2],
    )?;
    let transition = process.transition(1.0)?;
    assert!(relative(transition.propagator()[(1, 1)], (-1e-3f64).exp()) < 1e-14);
    let variance = -(-2e-3f64).exp_m1() / 1e-3;
    assert!(relative(transition.covariance()[(1, 1)], variance) < 1e-13);
    Ok(())
}

#[test]
fn two_temperatures_conduct_the_known_heat() -> TestResult {
    let (stiffness, coupling) = (1.3, 0.4);
    for (hot, cold) in [(2.0, 1.0), (1e3, 1e-3), (1.0, 1.0)] {
        let process = two_baths(stiffness, coupling, hot, cold)?;
        let heat_flow = coupling * coupling * (hot - cold) / (2.0 * (stiffness + coupling));
        let expected = heat_flow * (1.0 / cold - 1.0 / hot);
        let rate = process.entropy_production_rate()?;
        assert!(
            (rate - expected).abs() <= 1e-11 * expected + 1e-20,
            "{rate} {expected}"
        );

        // Power that unit 1 hands to unit 2 through the spring: coupling <x1 o dx2/dt>, as the
        // other half, -coupling <x2 o dx2/dt>, is the derivative of a constant.
        let s = process.stationary_covariance()?;
        let power = coupling * (coupling * s[(0, 0)] - (stiffness + coupling) * s[(0, 1)]);
        assert!(
            (power - heat_flow).abs() <= 1e-11 * (hot + cold),
            "{power} {heat_flow}"
        );

        // The trace form, which cancels where the sum of squares does not.
        let trace = trace_form(&process)?;
        assert!((rate - trace).abs() <= 1e-11 * (trace.abs() + 2.0 * (stiffness + coupling)));
    }
    Ok(())
}

fn two_baths(
    stiffness: f64,
    coupling: f64,
    first: f64,
    second: f64,
) -> Result<OrnsteinUhlenbeck, OrnsteinUhlenbeckError> {
    let own = stiffness + coupling;
    OrnsteinUhlenbeck::new(
        mat![[own, -coupling], [-coupling, own]],
        mat![[2.0 * first, 0.0], [0.0, 2.0 * second]],
        vec![0.0; 2],
    )
}

/// `2 tr(A^T D^-1 A S) - tr A` for diagonal `D`.
fn trace_form(process: &OrnsteinUhlenbeck) -> Result<f64, OrnsteinUhlenbeckError> {
    let (a, s) = (process.drift(), process.stationary_covariance()?);
    let spread = a * s * a.transpose();
    Ok((0..process.units())
        .map(|i| 2.0 * spread[(i, i)] / process.diffusion()[(i, i)] - a[(i, i)])
        .sum())
}

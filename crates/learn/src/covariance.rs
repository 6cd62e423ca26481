//! The gradient of a mean cost from free thermal samples, without a nudge.
//!
//! At equilibrium in a bath of temperature kT the state has density exp(-E / kT) / Z, and so for a cost C that
//! does not depend on theta
//!
//! `d<C>/dtheta = -Cov(dE/dtheta, C) / kT`
//!
//! (linear response, Kubo 1966; the limit of every nudge of [`Nudging`](crate::Nudging) as beta goes to zero). It
//! needs no hardware for nudges and has no bias, but many samples: the spread of each product does not fall with a
//! stronger signal, as that of a nudge does.
//!
//! The covariance is that of each chain over its own samples, since every chain has a cost (and a drive) of its
//! own, and the mean over chains is taken. It is linear in dE/dtheta: each sample is a state with a weight, and what
//! grows with the parameters is one gradient, never samples x parameters.

use overdamped_energy::{Potential, Scalar};

use crate::{LearnError, QuadraticCost, Visited};

/// Adds the estimate of the mean over chains of `d<C>/dtheta` to `gradient`. `samples` are of the free network at
/// equilibrium, at the uniform `temperature` kT, in which `potential` is its energy.
///
/// With n independent samples of each chain the estimate is unbiased. Samples that remember each other lower it by
/// about (tau - 1) / (n - 1), where tau is the autocorrelation time in samples: dwell for several relaxation times.
///
/// # Errors
/// [`LearnError::NoTemperature`] for a temperature that is not positive, [`LearnError::Shape`] for fewer than two
/// samples or parts that do not fit each other.
pub fn covariance_gradient<T: Scalar>(
    potential: &dyn Potential<T>,
    samples: &Visited<T>,
    cost: &QuadraticCost<T>,
    temperature: f64,
    gradient: &mut [T],
) -> Result<(), LearnError> {
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(LearnError::NoTemperature {
            estimator: "zero-nudge covariance",
            temperature,
        });
    }
    let (count, chains) = (samples.samples(), samples.chains());
    let parameters = potential.parameter_count();
    let units = potential.units();
    for (what, expected, found, fits) in [
        ("samples of each chain", 2, count, count >= 2),
        (
            "units of the samples",
            units,
            samples.units(),
            samples.units() == units,
        ),
        (
            "parameters of the gradient",
            parameters,
            gradient.len(),
            gradient.len() == parameters,
        ),
    ] {
        if !fits {
            return Err(LearnError::Shape {
                what,
                expected,
                found,
            });
        }
    }
    cost.check_states(units, chains)?;
    let values: Vec<Vec<f64>> = (0..count)
        .map(|sample| cost.values(samples.sample(sample)))
        .collect();
    let means: Vec<f64> = (0..chains)
        .map(|chain| values.iter().map(|of| of[chain]).sum::<f64>() / count as f64)
        .collect();
    let share = -1.0 / ((count - 1) as f64 * temperature * chains as f64);
    let weights: Vec<T> = values
        .iter()
        .flat_map(|of| of.iter().zip(&means))
        .map(|(value, mean)| T::of(share * (value - mean)))
        .collect();
    potential.add_parameter_gradient(&weights, samples.states(), gradient);
    Ok(())
}

//! Down the ladder: released data units sample the noised Gaussian, at a lag that is known.

use faer::Mat;
use overdamped_learn::{Ladder, Rung};
use overdamped_substrate::{Settings, Substrate, TimeStep};

use crate::gaussian::{DEVIATIONS, Gaussian, MODULES, PIXELS, UNITS, moments, relative};

/// Fast units follow the data at a lag: the stationary covariance is that of the noised data but for a term
/// proportional to the mobility of the data.
#[test]
fn the_lag_is_of_the_order_of_the_mobility() {
    let gaussian = Gaussian::new();
    let learned = gaussian.wiener_network();
    for level in 0..DEVIATIONS.len() {
        let lag = |mobility: f64| {
            let released = gaussian.released(&learned, level, mobility);
            relative(&released, &gaussian.noised(level))
        };
        assert!(lag(0.01) < 0.025, "{}", lag(0.01));
        let order = lag(0.01) / lag(0.005);
        assert!((order - 2.0).abs() < 0.05, "{order}");
        assert!(lag(1e-6) < 2.5e-6);
    }
}

/// Down the ladder from far away: 2000 chains (seed 3), of which the six entries of the covariance and three of the mean
/// are each within five standard errors of the exact stationary values, lag included: a false alarm in 2e5
/// seeds. Catches a bath of sigma in place of sigma^2 (covariance doubled, thirty standard errors), a bath at other
/// units, and parameters, temperature or both left on the rung before (half, double, or six standard errors).
#[test]
fn released_data_units_sample_the_noised_gaussian() {
    const CHAINS: usize = 2000;
    const MOBILITY: f64 = 0.05;
    let gaussian = Gaussian::new();
    let learned = gaussian.wiener_network();
    let durations = [100.0, 1200.0];
    let rungs = DEVIATIONS.iter().zip(durations);
    let ladder = Ladder {
        modules: MODULES,
        rungs: rungs
            .map(|(&deviation, duration)| Rung {
                deviation,
                duration,
            })
            .collect(),
    };
    let protocol = ladder
        .protocol(&gaussian.energy, &gaussian.conditioned, &learned)
        .unwrap();
    let settings = Settings {
        time_step: TimeStep::AtMost(0.1),
        ..Settings::default()
    };
    let mut substrate = gaussian.substrate(MOBILITY, settings);
    let start = Mat::from_fn(UNITS, CHAINS, |_, _| 3.0);
    substrate
        .program(&gaussian.conditioned.at(&learned, 0).unwrap())
        .unwrap();
    substrate.prepare(start.as_ref(), 3).unwrap();
    substrate.run(&protocol).unwrap();
    let states = substrate.read().unwrap();
    let data = gaussian.energy.rows(MODULES.data).start;
    let (mean, covariance) = moments(&states.subrows(data, PIXELS).to_owned());
    let last = DEVIATIONS.len() - 1;
    let exact = gaussian.released(&learned, last, MOBILITY);
    let noised = gaussian.noised(last);
    let count = CHAINS as f64;
    for i in 0..PIXELS {
        let error = (exact[(i, i)] / count).sqrt();
        let off = (mean[(i, 0)] - gaussian.mean[(i, 0)]).abs() / error;
        assert!(
            off < 5.0,
            "the mean of unit {i} is off by {off} standard errors"
        );
        for j in 0..=i {
            let spread = exact[(i, i)] * exact[(j, j)] + exact[(i, j)].powi(2);
            let error = (spread / count).sqrt();
            let off = (covariance[(i, j)] - exact[(i, j)]).abs() / error;
            assert!(
                off < 5.0,
                "entry ({i}, {j}) is off by {off} standard errors"
            );
            // The lag itself is smaller than what is seen here.
            let lag = (exact[(i, j)] - noised[(i, j)]).abs() / error;
            assert!(lag < 3.0, "entry ({i}, {j}) lags by {lag} standard errors");
        }
    }
}

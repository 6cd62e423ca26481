//! Heat: what each average follows, leading variances, and the best nudge for N samples.

use faer::Mat;
use overdamped_learn::theory::{
    Bath, Block, Estimator, LeadingError, Loss, Measurement, QuadraticSystem, Reading,
};

use crate::{relative, small};

const LITTLE: Bath = Bath {
    temperature: 1e-3,
    mobility: 1.0,
};

fn module_block() -> Block {
    Block {
        rows: 0..6,
        columns: 6..12,
    }
}

fn expectation(system: &QuadraticSystem, measurement: &Measurement, bath: &Bath) -> Mat<f64> {
    let start = vec![0.0; system.units()];
    system
        .statistics(measurement, bath, &start)
        .unwrap()
        .expectation
}

/// Products under a quadratic nudge and the covariance follow <L>, everything else L(<z>); a constant force
/// leaves the covariance of the states alone, so that its products follow L(<z>) too.
#[test]
fn averages_follow_the_loss_of_their_name() {
    let bath = Bath {
        temperature: 0.5,
        mobility: 1.0,
    };
    for seed in 0..5 {
        let system = small(8, 3, seed);
        let of_mean = system.gradient(Loss::OfMean, 0.5);
        let mean = system.gradient(Loss::Mean, 0.5);
        assert!(relative(&mean, &of_mean) > 0.05);
        for (estimator, averaging, gradient, tolerance) in [
            (Estimator::OneSided, Reading::MeanOfProducts, &mean, 1e-3),
            (Estimator::Symmetric, Reading::MeanOfProducts, &mean, 1e-6),
            (Estimator::Covariance, Reading::MeanOfProducts, &mean, 1e-10),
            (
                Estimator::ConstantForce,
                Reading::MeanOfProducts,
                &of_mean,
                1e-10,
            ),
            (Estimator::OneSided, Reading::ProductOfMeans, &of_mean, 1e-3),
            (
                Estimator::Symmetric,
                Reading::ProductOfMeans,
                &of_mean,
                1e-6,
            ),
            (
                Estimator::ConstantForce,
                Reading::ProductOfMeans,
                &of_mean,
                1e-10,
            ),
        ] {
            let measurement = Measurement {
                averaging,
                ..Measurement::relaxed(estimator, 1e-5, 100_000_000)
            };
            let found = expectation(&system, &measurement, &bath);
            let off = relative(&found, gradient);
            assert!(off < tolerance, "{estimator} {averaging:?}: {off:e}");
        }
    }
}

/// 2 s^2 / (N beta^2), s^2 / (2 N beta^2) and, for the constant force at any nudge, its floor too.
#[test]
fn leading_errors_are_the_exact_ones_at_little_heat() {
    let block = module_block();
    for seed in 0..5 {
        let system = small(12, 4, seed);
        for (estimator, strength) in [
            (Estimator::OneSided, 1e-3),
            (Estimator::DriftCompensated, 1e-3),
            (Estimator::Symmetric, 1e-3),
            (Estimator::ConstantForce, 1e-3),
            (Estimator::ConstantForce, 3.0),
        ] {
            let measurement = Measurement::relaxed(estimator, strength, 50);
            let start = [0.0; 12];
            let exact = system.accuracy(&measurement, &LITTLE, &start, Loss::OfMean, &block);
            let leading = LeadingError::of(&system, estimator, 1e-3, &block).unwrap();
            let variance =
                leading.mse(strength, 50) - (leading.bias * strength.powi(leading.order)).powi(2);
            let ratio = exact.unwrap().variance / variance;
            assert!(
                (ratio - 1.0).abs() < 0.02,
                "{estimator} {strength}: {ratio}"
            );
        }
    }
}

/// The best beta by golden section of the exact error, and the error there.
fn best(system: &QuadraticSystem, estimator: Estimator, samples: usize) -> (f64, f64) {
    let mse = |log: f64| {
        let measurement = Measurement {
            averaging: Reading::ProductOfMeans,
            ..Measurement::relaxed(estimator, log.exp(), samples)
        };
        let start = vec![0.0; system.units()];
        let found = system.accuracy(&measurement, &LITTLE, &start, Loss::OfMean, &module_block());
        found.unwrap().mse()
    };
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut low, mut high) = (-9.0, (0.98 * system.nudge_bound()).ln());
    while high - low > 1e-4 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if mse(left) < mse(right) {
            high = right;
        } else {
            low = left;
        }
    }
    (low.exp(), mse(low))
}

/// beta ~ N^-1/4 and MSE ~ N^-1/2 one-sided, N^-1/6 and N^-2/3 symmetric; and the closed form of both.
#[test]
fn optima_scale_with_the_samples_as_predicted() {
    let (few, many) = (1_000, 1_000_000);
    for seed in 0..3 {
        let system = small(12, 4, seed);
        for (estimator, of_strength, of_error) in [
            (Estimator::OneSided, -0.25, -0.5),
            (Estimator::Symmetric, -1.0 / 6.0, -2.0 / 3.0),
        ] {
            let (weak, little) = best(&system, estimator, many);
            let (strong, much) = best(&system, estimator, few);
            let decades = 1000f64.ln();
            let exponents = [
                (weak / strong).ln() / decades,
                (little / much).ln() / decades,
            ];
            assert!(
                (exponents[0] - of_strength).abs() < 0.06,
                "{estimator}: {exponents:?}"
            );
            assert!(
                (exponents[1] - of_error).abs() < 0.06,
                "{estimator}: {exponents:?}"
            );
            let leading = LeadingError::of(&system, estimator, 1e-3, &module_block()).unwrap();
            let closed = leading.optimum(many).unwrap();
            assert!(
                (closed.strength / weak - 1.0).abs() < 0.1,
                "{closed:?} {weak}"
            );
            assert!(
                (closed.mse / little - 1.0).abs() < 0.1,
                "{closed:?} {little}"
            );
        }
    }
}

/// At a nudge that is given, N samples leave 1 / N of the error of one, to rounding.
#[test]
fn the_error_of_a_constant_force_falls_as_one_over_the_samples() {
    let system = small(12, 4, 1);
    let mse = |samples| {
        let measurement = Measurement::relaxed(Estimator::ConstantForce, 2.0, samples);
        let block = module_block();
        let found = system.accuracy(&measurement, &LITTLE, &[0.0; 12], Loss::OfMean, &block);
        found.unwrap().mse()
    };
    assert!((mse(1_000_000) / mse(10) * 1e5 - 1.0).abs() < 1e-6);
    let leading = LeadingError::of(&system, Estimator::ConstantForce, 1e-3, &module_block());
    assert_eq!(leading.unwrap().optimum(10), None);
}

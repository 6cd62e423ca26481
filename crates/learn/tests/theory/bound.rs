//! The bound of the bias is never violated.

use overdamped_learn::theory::{BiasBound, Block, Estimator, Typical};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Over 1e4 systems of 2 to 6 units, each with a random nudge from a thousandth of Lambda up. Also how tight
/// it is: had it a factor of two to spare, a wrong constant could hide in it.
#[test]
fn bias_stays_below_its_bound() {
    let mut generator = Pcg64Mcg::seed_from_u64(17);
    let mut tightest = [0.0f64; 4];
    for seed in 0..10_000 {
        let units = generator.random_range(2..=6);
        let smallest_stiffness = 10f64.powf(generator.random_range(-2.0..1.0));
        let spread = 10f64.powf(generator.random_range(0.001..2.0));
        let typical = Typical {
            units,
            seen: generator.random_range(1..=units),
            smallest_stiffness,
            largest_stiffness: smallest_stiffness * spread,
            rest: 10f64.powf(generator.random_range(-2.0..2.0)),
            miss: 10f64.powf(generator.random_range(-2.0..2.0)),
        };
        let system = typical.system(seed).unwrap();
        let bound = BiasBound::of(&system);
        let strength = system.nudge_bound() * 10f64.powf(generator.random_range(-3.0..0.0));
        let cut = generator.random_range(1..units);
        let block = Block {
            rows: 0..cut,
            columns: cut..units,
        };
        for (index, estimator, strength) in [
            (0, Estimator::OneSided, strength),
            // One side has no bound of its own: a hundred times Lambda, too.
            (0, Estimator::OneSided, 100.0 * strength),
            (2, Estimator::Symmetric, 0.99 * strength),
        ] {
            let allowed = bound.of_estimate(estimator, strength).unwrap();
            let bias = system.bias(estimator, strength).unwrap();
            let full = bias.norm_l2() / allowed;
            let coupling = block.of(bias.as_ref()).unwrap().norm_l2() / (0.5 * allowed);
            assert!(full <= 1.0 + 1e-9, "{typical:?} {estimator}: {full}");
            assert!(
                coupling <= 1.0 + 1e-9,
                "{typical:?} {estimator}: {coupling}"
            );
            tightest[index] = tightest[index].max(full);
            tightest[index + 1] = tightest[index + 1].max(coupling);
        }
    }
    for share in tightest {
        assert!(share > 0.7, "{tightest:?}");
    }
}

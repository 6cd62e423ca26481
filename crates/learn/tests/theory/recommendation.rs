//! The recommended measurement against all others.

use overdamped_learn::theory::{
    Bath, Block, Estimator, Hardware, Loss, Measurement, QuadraticSystem, Reading, Typical,
    recommend,
};

/// Least exact error over a grid of estimators, nudges and splits of the time that the hardware allows.
fn brute_force(system: &QuadraticSystem, hardware: &Hardware, block: &Block) -> (f64, Measurement) {
    const STRENGTHS: i32 = 48;
    const SPLITS: i32 = 20;
    let allowed = hardware.largest_force / system.cost_gradient().norm_max();
    let mut best: Option<(f64, Measurement)> = None;
    for &estimator in &hardware.estimators {
        let (strengths, splits) = match estimator {
            Estimator::Covariance => (0, 1),
            _ if hardware.time.is_infinite() => (STRENGTHS, 1),
            _ => (STRENGTHS, SPLITS),
        };
        for index in 0..=strengths {
            // Five decades down from the force that is allowed.
            let strength = allowed * 10f64.powf(-5.0 * f64::from(index) / f64::from(STRENGTHS));
            if estimator == Estimator::Symmetric && strength >= system.nudge_bound() {
                continue;
            }
            for split in 0..splits {
                let free = (f64::from(split) + 0.5) / f64::from(splits);
                let phases = f64::from(estimator.later_phases().max(1));
                let shared = estimator.nudges();
                let measurement = Measurement {
                    estimator,
                    nudge_strength: strength,
                    free_time: if shared {
                        free * hardware.time
                    } else {
                        hardware.time
                    },
                    nudged_time: (1.0 - free) * hardware.time / phases,
                    samples: hardware.samples,
                    averaging: match hardware.loss {
                        Loss::OfMean => Reading::ProductOfMeans,
                        Loss::Mean => Reading::MeanOfProducts,
                    },
                };
                let (bath, start) = (&hardware.bath, &hardware.start);
                let found = system.accuracy(&measurement, bath, start, hardware.loss, block);
                let mse = found.unwrap().mse();
                if best.is_none_or(|(least, _)| mse < least) {
                    best = Some((mse, measurement));
                }
            }
        }
    }
    best.unwrap()
}

/// 24 systems of 6 units over ranges of stiffness, heat, samples, time, force and what the hardware can do.
#[test]
fn recommendations_are_within_a_tenth_of_the_best_found_by_brute_force() {
    let block = Block {
        rows: 0..3,
        columns: 3..6,
    };
    let mut chosen = Vec::new();
    for case in 0..24usize {
        let pick = |values: &[f64], stride: usize| values[(case / stride) % values.len()];
        let typical = Typical {
            units: 6,
            seen: 1 + case % 5,
            smallest_stiffness: pick(&[0.05, 0.3, 1.0], 1),
            largest_stiffness: pick(&[2.0, 8.0], 3),
            rest: pick(&[1.0, 3.0], 5),
            ..Typical::default()
        };
        let system = typical.system(case as u64).unwrap();
        let hardware = Hardware {
            bath: Bath {
                temperature: pick(&[0.01, 1.0, 0.1, 1e-4], 1),
                mobility: 1.0,
            },
            samples: [10, 1_000, 100_000][(case / 2) % 3],
            time: pick(&[3.0, f64::INFINITY, 30.0], 4),
            largest_force: pick(&[0.1, 10.0], 7),
            estimators: match case % 4 {
                0 => Estimator::ALL.to_vec(),
                1 => vec![Estimator::OneSided, Estimator::Symmetric],
                2 => vec![Estimator::OneSided, Estimator::DriftCompensated],
                _ => vec![Estimator::Covariance, Estimator::Symmetric],
            },
            loss: [Loss::OfMean, Loss::Mean][(case / 3) % 2],
            start: vec![0.0; 6],
        };
        let recommended = recommend(std::slice::from_ref(&system), &hardware, &block).unwrap();
        let (least, measurement) = brute_force(&system, &hardware, &block);
        let mse = recommended.accuracy.mse();
        assert!(
            mse <= 1.1 * least,
            "{typical:?} {hardware:?}: {mse} by {:?}, {least} by {measurement:?}",
            recommended.measurement
        );
        let first = recommended.measurement;
        assert!(first.duration() <= hardware.time * (1.0 + 1e-12));
        assert!(recommended.why.starts_with(first.estimator.name()));
        chosen.push(first.estimator);
    }
    // Each has its place.
    for estimator in Estimator::ALL {
        assert!(
            chosen.contains(&estimator),
            "{estimator} is never chosen: {chosen:?}"
        );
    }
}

/// Strong forces: opposite constant ones. No nudges: the covariance. A rest that is known: all time for
/// the nudge.
#[test]
fn recommendations_are_what_theory_says() {
    let system = Typical::default().system(1).unwrap();
    let mut hardware = Hardware {
        bath: Bath {
            temperature: 0.01,
            mobility: 1.0,
        },
        samples: 1_000,
        time: f64::INFINITY,
        largest_force: 10.0,
        estimators: Estimator::ALL.to_vec(),
        loss: Loss::OfMean,
        start: vec![0.0; 12],
    };
    let block = Block::all(12);
    let strong = recommend(std::slice::from_ref(&system), &hardware, &block).unwrap();
    assert_eq!(strong.measurement.estimator, Estimator::ConstantForce);
    let force = strong.measurement.nudge_strength * system.cost_gradient().norm_max();
    assert!((force - 10.0).abs() < 1e-9);
    assert!(
        strong.why.contains("as strong as the hardware allows"),
        "{}",
        strong.why
    );
    assert!(strong.why.contains("next best is"), "{}", strong.why);
    assert_eq!(strong.ranking.len(), 5);

    hardware.estimators = vec![Estimator::Covariance];
    let still = recommend(std::slice::from_ref(&system), &hardware, &block).unwrap();
    assert_eq!(still.measurement.estimator, Estimator::Covariance);
    assert_eq!(still.measurement.nudge_strength, 0.0);

    hardware.estimators = vec![Estimator::OneSided];
    hardware.time = 20.0;
    let cold_start = recommend(std::slice::from_ref(&system), &hardware, &block).unwrap();
    hardware.start = system.rest().iter().copied().collect();
    let warm_start = recommend(std::slice::from_ref(&system), &hardware, &block).unwrap();
    assert!(warm_start.accuracy.mse() < cold_start.accuracy.mse());
    assert!(warm_start.measurement.free_time < cold_start.measurement.free_time);
}

/// What is recommended for eight typical networks serves eight others of the same stiffness, whose
/// modes, rest and target point elsewhere.
#[test]
fn typical_networks_speak_for_others_of_their_stiffness() {
    let typical = Typical::default();
    let block = Block::all(12);
    let systems = |seeds: std::ops::Range<u64>| -> Vec<QuadraticSystem> {
        seeds.map(|seed| typical.system(seed).unwrap()).collect()
    };
    for (seed, temperature, estimators) in [
        (0, 0.01, vec![Estimator::OneSided, Estimator::Symmetric]),
        (100, 0.1, Estimator::ALL.to_vec()),
        (200, 1.0, vec![Estimator::Symmetric, Estimator::Covariance]),
    ] {
        let hardware = Hardware {
            bath: Bath {
                temperature,
                mobility: 1.0,
            },
            samples: 1_000,
            time: 20.0,
            largest_force: 1.0,
            estimators,
            loss: Loss::Mean,
            start: vec![0.0; 12],
        };
        let advice = recommend(&systems(seed..seed + 8), &hardware, &block).unwrap();
        let others = systems(seed + 8..seed + 16);
        let mut mse = 0.0;
        for other in &others {
            let (bath, start, loss) = (&hardware.bath, &hardware.start, hardware.loss);
            let found = other.accuracy(&advice.measurement, bath, start, loss, &block);
            mse += found.unwrap().mse() / 8.0;
        }
        let best = recommend(&others, &hardware, &block).unwrap();
        assert!(mse < 1.5 * best.accuracy.mse(), "{mse} {best:?}");
    }
}

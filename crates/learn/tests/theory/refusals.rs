//! Bad input is refused with the value, its bound and a way out.

use faer::{Mat, mat};
use overdamped_learn::LearnError;
use overdamped_learn::theory::{
    Bath, BiasBound, Block, Estimator, Hardware, LeadingError, Loss, Measurement, QuadraticSystem,
    Reading, Typical, recommend,
};

use crate::small;

fn message<T>(outcome: Result<T, LearnError>) -> String {
    match outcome {
        Ok(_) => panic!("bad input was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_stiffness_that_is_none_is_refused() {
    let with = |stiffness: Mat<f64>| {
        QuadraticSystem::new(stiffness, &[1.0, 2.0], &[true, false], &[0.0, 0.0])
    };
    // Eigenvalues 3 and -1.
    let text = message(with(mat![[1.0, 2.0], [2.0, 1.0]]));
    assert!(text.contains("smallest eigenvalue is -1.000e0"), "{text}");
    assert!(text.contains("weaken the couplings"), "{text}");
    let text = message(with(mat![[1.0, 1.0], [1.0, 1.0]]));
    assert!(text.contains("not positive definite"), "{text}");
    let text = message(with(mat![[1.0, 0.5], [0.25, 1.0]]));
    assert!(text.contains("(1, 0)") || text.contains("0.25"), "{text}");
    let text = message(with(mat![[1.0, f64::NAN], [0.0, 1.0]]));
    assert!(text.contains("stiffness matrix is NaN"), "{text}");
    let text = message(with(mat![[1.0, 0.0]]));
    assert!(text.contains("2 given, 1 needed"), "{text}");
}

#[test]
fn drives_targets_and_masks_of_another_kind_are_refused() {
    let with = |drive: &[f64], seen: &[bool], target: &[f64]| {
        message(QuadraticSystem::new(
            mat![[2.0, 0.5], [0.5, 1.0]],
            drive,
            seen,
            target,
        ))
    };
    let text = with(&[1.0, f64::INFINITY], &[true, true], &[0.0, 0.0]);
    assert!(text.contains("drive b is inf at entry 1"), "{text}");
    let text = with(&[1.0, 0.0], &[true, true], &[f64::NAN, 0.0]);
    assert!(text.contains("target t is NaN at entry 0"), "{text}");
    let text = with(&[1.0], &[true, true], &[0.0, 0.0]);
    assert!(text.contains("drive b: 1 given, 2 needed"), "{text}");
    let text = with(&[1.0, 0.0], &[false, false], &[0.0, 0.0]);
    assert!(text.contains("seen units: 0 given, 1 needed"), "{text}");
}

#[test]
fn a_nudge_beyond_its_bound_is_refused() {
    let system = small(6, 2, 1);
    let bound = system.nudge_bound();
    let text = message(system.estimate(Estimator::Symmetric, 1.5 * bound));
    assert!(text.contains(&format!("{:.3e}", 1.5 * bound)), "{text}");
    assert!(text.contains(&format!("{bound:.3e}")), "{text}");
    let measurement = Measurement::relaxed(Estimator::Symmetric, bound, 3);
    let finite = system.statistics(&measurement, &Bath::default(), &[0.0; 6]);
    assert!(message(finite).contains("runs away"));
    for strength in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let text = message(system.estimate(Estimator::OneSided, strength));
        assert!(text.contains("nudge strength"), "{text}");
    }
    // The others have no bound.
    assert!(system.estimate(Estimator::OneSided, 3.0 * bound).is_ok());
    assert!(
        system
            .estimate(Estimator::ConstantForce, 3.0 * bound)
            .is_ok()
    );
}

#[test]
fn fluctuations_need_heat() {
    let system = small(6, 2, 1);
    let covariance = Measurement::relaxed(Estimator::Covariance, 1.0, 10);
    let cold = Bath {
        temperature: 0.0,
        ..Bath::default()
    };
    for text in [
        message(system.statistics(&covariance, &cold, &[0.0; 6])),
        message(system.estimate(Estimator::Covariance, 0.1)),
    ] {
        assert!(
            text.contains("temperature kT of the covariance estimator is 0"),
            "{text}"
        );
    }
    let one = Measurement {
        samples: 1,
        ..covariance
    };
    let text = message(system.statistics(&one, &Bath::default(), &[0.0; 6]));
    assert!(
        text.contains("samples of an estimate: 1 given, 2 needed"),
        "{text}"
    );
    let none = LeadingError::of(&system, Estimator::Covariance, 1.0, &Block::all(6));
    assert!(message(none).contains("covariance"));
    let bound = BiasBound::of(&system).of_estimate(Estimator::Covariance, 1.0);
    assert!(message(bound).contains("covariance"));
}

#[test]
fn measurements_out_of_range_are_refused() {
    let system = small(6, 2, 1);
    let good = Measurement {
        averaging: Reading::ProductOfMeans,
        ..Measurement::relaxed(Estimator::OneSided, 0.1, 10)
    };
    let with = |change: fn(&mut Measurement, &mut Bath)| {
        let (mut measurement, mut bath) = (good, Bath::default());
        change(&mut measurement, &mut bath);
        message(system.statistics(&measurement, &bath, &[0.0; 6]))
    };
    for (change, start) in [
        (
            (|m, _| m.free_time = f64::NAN) as fn(&mut Measurement, &mut Bath),
            "the free time is NaN",
        ),
        (|m, _| m.nudged_time = -1.0, "the nudged time is -1"),
        (
            |m, _| m.samples = 0,
            "samples of an estimate: 0 given, 1 needed",
        ),
        (|_, b| b.mobility = 0.0, "the mobility is 0"),
        (|_, b| b.temperature = -0.5, "the temperature kT is -0.5"),
    ] {
        let text = with(change);
        assert!(text.starts_with(start), "{text}");
    }
    let text = message(system.statistics(&good, &Bath::default(), &[0.0; 5]));
    assert!(
        text.contains("start of the free phase: 5 given, 6 needed"),
        "{text}"
    );
    let text = message(system.statistics(&good, &Bath::default(), &[f64::NAN; 6]));
    assert!(text.contains("start of the free phase is NaN"), "{text}");
    let outside = Block {
        rows: 0..2,
        columns: 3..9,
    };
    let (bath, loss) = (Bath::default(), Loss::OfMean);
    let text = message(system.accuracy(&good, &bath, &[0.0; 6], loss, &outside));
    assert!(
        text.contains("columns of a block: 9 given, 6 needed"),
        "{text}"
    );
}

#[test]
fn hardware_that_can_do_nothing_is_refused() {
    let system = small(6, 2, 1);
    let good = Hardware {
        bath: Bath::default(),
        samples: 10,
        time: 5.0,
        largest_force: 1.0,
        estimators: Estimator::ALL.to_vec(),
        loss: Loss::OfMean,
        start: vec![0.0; 6],
    };
    let with = |change: fn(&mut Hardware)| {
        let mut hardware = good.clone();
        change(&mut hardware);
        message(recommend(
            std::slice::from_ref(&system),
            &hardware,
            &Block::all(6),
        ))
    };
    assert!(with(|h| h.time = 0.0).starts_with("the time of an estimate is 0"));
    assert!(with(|h| h.time = f64::NAN).starts_with("the time of an estimate is NaN"));
    assert!(with(|h| h.largest_force = -1.0).starts_with("the largest force is -1"));
    assert!(with(|h| h.estimators.clear()).contains("estimators that the hardware can do"));
    assert!(with(|h| h.start.clear()).contains("0 given, 6 needed"));
    let cold = with(|h| {
        h.bath.temperature = 0.0;
        h.estimators = vec![Estimator::Covariance];
    });
    assert!(cold.contains("needs heat"), "{cold}");
    let text = message(recommend(&[], &good, &Block::all(6)));
    assert!(text.contains("systems to recommend for: 0 given"), "{text}");
    // Nothing to learn where the target is met.
    let met: Vec<f64> = system.rest().iter().copied().collect();
    let drive: Vec<f64> = system.drive().iter().copied().collect();
    let stiffness = system.stiffness().to_owned();
    let learned = QuadraticSystem::new(stiffness, &drive, system.seen(), &met).unwrap();
    let text = message(recommend(
        std::slice::from_ref(&learned),
        &good,
        &Block::all(6),
    ));
    assert!(text.contains("the norm of the gradient is 0"), "{text}");
}

#[test]
fn a_system_that_cannot_be_typical_is_refused() {
    let with = |change: fn(&mut Typical)| {
        let mut typical = Typical::default();
        change(&mut typical);
        message(typical.system(0))
    };
    assert!(with(|t| t.smallest_stiffness = 0.0).contains("the smallest stiffness is 0"));
    assert!(with(|t| t.largest_stiffness = 0.1).contains("the largest stiffness less"));
    assert!(with(|t| t.seen = 0).contains("units of a typical system"));
    assert!(with(|t| t.seen = 13).contains("13 needed"));
}

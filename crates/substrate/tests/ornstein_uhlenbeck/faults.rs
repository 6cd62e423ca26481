//! Faulty input is refused with the variant, index and value that a caller needs.

use faer::{Mat, mat};
use overdamped_substrate::ornstein_uhlenbeck::{OrnsteinUhlenbeck, OrnsteinUhlenbeckError};

use super::oracle::{TestResult, relative, streams};

#[test]
fn faulty_processes_are_named() -> TestResult {
    type E = OrnsteinUhlenbeckError;
    let identity = || Mat::<f64>::identity(2, 2);
    let build = |drift, diffusion| OrnsteinUhlenbeck::new(drift, diffusion, vec![0.0; 2]);

    let none = OrnsteinUhlenbeck::new(Mat::zeros(0, 0), Mat::zeros(0, 0), vec![]);
    assert!(matches!(
        none,
        Err(E::Shape {
            quantity: "drift",
            ..
        })
    ));
    let wide = build(Mat::zeros(2, 3), identity());
    assert!(matches!(
        wide,
        Err(E::Shape {
            quantity: "drift",
            columns: 3,
            ..
        })
    ));
    let small = build(identity(), Mat::identity(1, 1));
    assert!(matches!(
        small,
        Err(E::Shape {
            quantity: "diffusion",
            rows: 1,
            ..
        })
    ));
    let short = OrnsteinUhlenbeck::new(identity(), identity(), vec![0.0]);
    assert!(matches!(
        short,
        Err(E::Shape {
            quantity: "mean",
            rows: 1,
            ..
        })
    ));

    let nan = build(mat![[1.0, f64::NAN], [0.0, 1.0]], identity());
    assert!(matches!(
        nan,
        Err(E::NonFinite {
            quantity: "drift",
            row: 0,
            column: 1,
            ..
        })
    ));
    let infinite = OrnsteinUhlenbeck::new(identity(), identity(), vec![0.0, f64::INFINITY]);
    assert!(matches!(
        infinite,
        Err(E::NonFinite {
            quantity: "mean",
            row: 1,
            ..
        })
    ));

    let skewed = build(identity(), mat![[1.0, 0.1], [0.2, 1.0]]);
    assert!(matches!(
        skewed,
        Err(E::AsymmetricDiffusion {
            row: 0,
            column: 1,
            ..
        })
    ));
    let Err(E::IndefiniteDiffusion { eigenvalue, bound }) =
        build(identity(), mat![[1.0, 2.0], [2.0, 1.0]])
    else {
        panic!("an indefinite diffusion was accepted");
    };
    assert!(relative(eigenvalue, -1.0) < 1e-14 && bound < 0.0);

    let Err(E::UnstableDrift {
        real, imaginary, ..
    }) = build(mat![[-0.5, 2.0], [-2.0, -0.5]], identity())
    else {
        panic!("an unstable drift was accepted");
    };
    assert!(relative(real, -0.5) < 1e-14 && relative(imaginary, 2.0) < 1e-14);
    // A ring of springs that nothing holds in place has a mode that never relaxes.
    let free = build(mat![[0.3, -0.3], [-0.3, 0.3]], identity());
    assert!(matches!(free, Err(E::UnstableDrift { .. })));
    Ok(())
}

#[test]
fn results_beyond_the_range_of_f64_are_refused() -> TestResult {
    type E = OrnsteinUhlenbeckError;
    let build = |drift, diffusion| {
        OrnsteinUhlenbeck::new(
            mat![[drift, 0.0], [0.0, drift]],
            mat![[diffusion, 0.0], [0.0, diffusion]],
            vec![0.0; 2],
        )
    };
    assert!(matches!(build(1.5e308, 1.0), Err(E::Overflow { .. })));
    let hot = build(1e-10, 1e300)?.transition(1e9);
    assert!(matches!(hot, Err(E::Overflow { .. })));
    Ok(())
}

#[test]
fn faulty_steps_are_named_and_change_nothing() -> TestResult {
    type E = OrnsteinUhlenbeckError;
    let process = OrnsteinUhlenbeck::new(Mat::identity(2, 2), Mat::identity(2, 2), vec![0.0; 2])?;
    for duration in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            process.transition(duration),
            Err(E::InvalidDuration { .. })
        ));
    }
    let transition = process.transition(1.0)?;
    let mut three = Mat::zeros(3, 1);
    let shape = transition.sample_into(three.as_mut(), &mut streams(1, 1));
    assert!(matches!(
        shape,
        Err(E::Shape {
            quantity: "state",
            rows: 3,
            ..
        })
    ));
    let mut x = mat![[0.0, 0.0], [0.0, f64::NAN]];
    let count = transition.sample_into(x.as_mut(), &mut streams(1, 1));
    assert_eq!(
        count,
        Err(E::StreamCount {
            streams: 1,
            chains: 2
        })
    );
    let mut chains = streams(1, 2);
    let diverged = transition.sample_into(x.as_mut(), &mut chains);
    assert!(matches!(
        diverged,
        Err(E::NonFinite {
            quantity: "state",
            row: 1,
            column: 1,
            ..
        })
    ));
    assert_eq!(chains, streams(1, 2));
    Ok(())
}

#[test]
fn messages_name_value_bound_and_fix() {
    let error = OrnsteinUhlenbeckError::UnstableDrift {
        real: -0.5,
        imaginary: 2.0,
        bound: 1e-16,
    };
    insta::assert_snapshot!(
        error,
        @"drift has the eigenvalue -5e-1 + 2e0 i, whose real part must exceed 1e-16: add stiffness (a positive multiple of the identity) until every mode decays"
    );
}

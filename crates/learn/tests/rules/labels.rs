//! A unit that carries no data: held at its example's value, without force error, and
//! still a source of couplings.

use overdamped_energy::SiteTerm;
use overdamped_learn::{Examples, ForceMatching, LearnError, PathLikelihood, Rule};
use overdamped_substrate::stream;

use crate::optimum::by_every_rule;
use crate::oracle::{NOISING, TIME, Toy};

/// Two classes of three points each, and a label at -1 or 1.
fn labelled() -> Toy {
    let points = [
        [-1.0, -0.8, -1.0],
        [-0.5, -1.1, -1.0],
        [-0.7, -0.2, -1.0],
        [0.9, 0.1, 1.0],
        [1.1, 0.6, 1.0],
        [0.4, 0.8, 1.0],
    ];
    Toy {
        terms: vec![SiteTerm::Bias, SiteTerm::Stiffness],
        data: points.map(|point| point.to_vec()).to_vec(),
        visible: vec![true, true, false],
    }
}

/// Catches a mask that is ignored by either noising step.
#[test]
fn a_label_is_never_noised() {
    let toy = labelled();
    let examples = toy.examples();
    let mut stream = stream::of(3, 0);
    let draws = examples.draw(NOISING.level(TIME), 500, &mut stream);
    let further = examples.noise_further(NOISING, draws.noised.as_ref(), 0.1, &mut stream);
    for draw in 0..500 {
        assert_eq!(draws.noised[(2, draw)], draws.clean[(2, draw)]);
        assert_eq!(further[(2, draw)], draws.clean[(2, draw)]);
        assert!(draws.noised[(0, draw)] != draws.clean[(0, draw)]);
        assert!(further[(1, draw)] != draws.noised[(1, draw)]);
    }
}

/// Catches a force error at the label: its bias and stiffness (entries 2 and 5) would then move.
#[test]
fn a_label_gets_no_force_error() {
    let toy = labelled();
    let theta = [0.2, -0.1, 0.7, 0.3, -0.2, 0.9, 0.1, 0.4, -0.6];
    let (mut stream, mut gradient) = (stream::of(3, 1), [0.0; 9]);
    let parts = || {
        (
            toy.energy(),
            toy.substrate(),
            toy.examples(),
            toy.denoiser(),
        )
    };
    let (e, s, x, d) = parts();
    let mut matching = ForceMatching::new(e, s, x, d, 100).unwrap();
    let (e, s, x, d) = parts();
    let mut path = PathLikelihood::new(e, s, x, d, 0.05, 100).unwrap();
    let rules: [&mut dyn Rule<f64>; 2] = [&mut matching, &mut path];
    for rule in rules {
        rule.estimate(&theta, &mut stream, &mut gradient).unwrap();
        assert_eq!([gradient[2], gradient[5]], [0.0, 0.0]);
        assert!(gradient[7] != 0.0 && gradient[8] != 0.0, "{gradient:?}");
    }
}

/// Catches couplings to a clamped unit that are not learned, or learned at the wrong strength.
#[test]
fn couplings_to_a_label_are_learned() {
    let toy = labelled();
    let optimum = toy.optimum();
    // Edges are (0, 1), (0, 2), (1, 2): the last two lead to the label.
    assert!(optimum[7] > 0.2 && optimum[8] > 0.2, "{optimum:?}");
    for (name, tolerance, parameters) in by_every_rule(&toy) {
        for (found, expected) in parameters.iter().zip(&optimum) {
            assert!(
                (found - expected).abs() < tolerance,
                "{name}: {parameters:?} against {optimum:?}"
            );
        }
    }
}

/// Without a visible unit every mean over units would be 0 / 0.
#[test]
fn a_data_set_without_visible_units_is_refused() {
    let data = faer::mat![[1.0, -1.0]];
    let outcome = Examples::with_visible(data, vec![false]);
    assert!(
        matches!(outcome, Err(LearnError::Setting { value: 0.0, .. })),
        "{outcome:?}"
    );
}

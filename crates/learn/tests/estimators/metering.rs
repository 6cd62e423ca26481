//! What each estimator asks of the substrate after the free phase, counted: three chains of four units.

use std::fmt::Write;

use faer::Mat;
use overdamped_learn::{FreeState, Nudging, Phase, Reading, covariance_gradient};
use overdamped_substrate::{Acts, Metered, Substrate, stream};

use crate::network::{CHAINS, Cold, Network, UNITS};

/// Powers of two: sums of them are exact.
const COLD: Phase = Phase::Cold { time: 8.0 };
const WARM: Phase = Phase::Warm {
    burn_in: 2.0,
    dwell: 0.5,
    samples: 4,
    reading: Reading::MeanOfProducts,
};

/// Acts of the free phase, and of all until the estimate is there (none for the covariance).
fn acts(nudging: Option<Nudging>, phase: Phase, driven: bool) -> (Acts, Acts) {
    let cold = Cold::new(Network::quadratic());
    let base = driven.then_some(&cold.base);
    let settings = Network::settings(0.5);
    let mut device = Metered::new(cold.network.substrate(0.5), &settings).unwrap();
    device
        .prepare(Mat::zeros(UNITS, CHAINS).as_ref(), 1)
        .unwrap();
    device.attach(base.cloned()).unwrap();
    let visited = phase.run(&mut device).unwrap();
    let before = device.acts().clone();
    let potential = cold.network.potential();
    let mut gradient = vec![0.0; cold.network.theta.len()];
    match nudging {
        Some(nudging) => {
            let free = FreeState {
                potential: potential.as_ref(),
                base,
                visited: &visited,
            };
            let stream = &mut stream::of(1, 0);
            nudging
                .contrast(
                    &mut device,
                    &free,
                    &cold.cost,
                    &phase,
                    stream,
                    &mut gradient,
                )
                .unwrap();
        }
        None => {
            let potential = potential.as_ref();
            covariance_gradient(potential, &visited, &cold.cost, 0.5, &mut gradient).unwrap();
        }
    }
    assert!(gradient.iter().all(|slope| slope.is_finite()));
    (before, device.into_parts().1)
}

#[test]
fn every_estimator_is_counted() {
    let mut table = String::from("               prepared written drives  read  unit-seconds\n");
    let mut row = |name: &str, nudging, phase, driven| {
        let (free, all) = acts(nudging, phase, driven);
        let time = |acts: &Acts| {
            acts.relaxation
                .iter()
                .map(|at| at.unit_seconds)
                .sum::<f64>()
        };
        writeln!(
            table,
            "{name:<15}{:>8}{:>8}{:>7}{:>6}{:>14}",
            all.chains_prepared - free.chains_prepared,
            all.states_written - free.states_written,
            all.drives_written - free.drives_written,
            all.states_read - free.states_read,
            time(&all) - time(&free),
        )
        .unwrap();
        assert_eq!(all.parameters_written, free.parameters_written);
        assert_eq!(all.forces_read, 0);
        // The bath of a phase is that of its kind, and of no other.
        let kt = if phase == COLD { 0.0 } else { 0.5 };
        assert!(all.relaxation.iter().all(|at| at.temperature == kt));
    };
    row("one, cold", Some(Nudging::one_sided(0.1)), COLD, true);
    row("compensated", Some(Nudging::compensated(0.1)), COLD, true);
    row("undriven", Some(Nudging::compensated(0.1)), COLD, false);
    row("symmetric", Some(Nudging::symmetric(0.1)), COLD, true);
    row(
        "constant force",
        Some(Nudging::constant_force(0.1)),
        COLD,
        true,
    );
    row("one, warm", Some(Nudging::one_sided(0.1)), WARM, true);
    row("symmetric", Some(Nudging::symmetric(0.1)), WARM, true);
    row("covariance", None, WARM, true);
    insta::assert_snapshot!(table, @r"
                   prepared written drives  read  unit-seconds
    one, cold             0       0     12    12            96
    compensated           6      24     24    24           192
    undriven              6      24     12    24           192
    symmetric             6      24     24    24           192
    constant force        6      24     24    24           192
    one, warm             0       0     12    48            48
    symmetric             6      24     24    96            96
    covariance            0       0      0     0             0
    ");
}

/// The durations that were counted are those that a phase says it takes.
#[test]
fn a_phase_tells_its_duration() {
    for phase in [COLD, WARM] {
        let (free, all) = acts(Some(Nudging::one_sided(0.1)), phase, true);
        let spent = |acts: &Acts| acts.relaxation[0].unit_seconds;
        let expected = (UNITS * CHAINS) as f64 * phase.duration();
        assert_eq!(spent(&free), expected);
        assert_eq!(spent(&all) - spent(&free), expected);
    }
}

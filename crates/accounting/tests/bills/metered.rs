//! Closed-form counts against those of a metered substrate that does the same.

use std::sync::Arc;

use faer::Mat;
use overdamped_accounting::{Bill, Counts, HardwareModel, Pair};
use overdamped_energy::{Coupling, Drive, Energy, Modular, Module, SiteTerm, Sites, Wires};
use overdamped_substrate::{Metered, Settings, SimulatedSubstrate, Substrate};

/// A pair of modules as an energy, unprogrammed.
fn substrate(pair: &Pair) -> (Metered<SimulatedSubstrate<f64>>, Modular) {
    let module = Module {
        units: pair.width,
        quartic: false,
    };
    let coupling = Coupling {
        modules: (0, 1),
        wires: Wires::LowRank { rank: pair.rank },
    };
    let energy = Modular::new(vec![module, module], vec![coupling]).unwrap();
    let settings = Settings::default();
    let simulated =
        SimulatedSubstrate::<f64>::new(Arc::new(energy.clone()), settings.clone()).unwrap();
    (Metered::new(simulated, &settings).unwrap(), energy)
}

#[test]
fn closed_form_acts_are_those_of_a_run() {
    let pair = Pair {
        width: 6,
        rank: 2,
        time: 0.3,
        ..Pair::PUBLISHED
    };
    let (mut substrate, energy) = substrate(&pair);
    let layout = Energy::<f64>::layout(&energy);
    let mut parameters = vec![0.0; layout.len()];
    for module in ["stiffness.0", "stiffness.1"] {
        parameters[layout.range(module).unwrap()].fill(1.0);
    }
    substrate.program(&parameters).unwrap();
    substrate
        .prepare(Mat::zeros(pair.units(), 1).as_ref(), 1)
        .unwrap();
    let before = substrate.acts().clone();
    let drive = Mat::from_fn(pair.units(), 1, |unit, _| unit as f64);
    substrate
        .attach(Some(Drive::linear_nudge(-1.0, drive.as_ref()).unwrap()))
        .unwrap();
    substrate.evolve(pair.time).unwrap();
    substrate.read().unwrap();
    let (after, closed) = (substrate.acts(), pair.inference().unwrap().acts);
    assert_eq!(
        after.drives_written - before.drives_written,
        closed.drives_written
    );
    // The substrate reads both modules, the published system one.
    assert_eq!(after.states_read, 2 * closed.states_read);
    let time = |acts: &overdamped_substrate::Acts| -> f64 {
        acts.relaxation.iter().map(|at| at.unit_seconds).sum()
    };
    assert!((time(after) - time(&closed)).abs() < 1e-12);
    let wires = ["left.0", "right.0"].map(|block| layout.range(block).unwrap().len());
    assert_eq!(wires.iter().sum::<usize>(), pair.wires());
}

/// A relaxation in one call or in three is the same bill: what is priced is time, not calls.
#[test]
fn bills_do_not_depend_on_how_a_run_is_split() {
    let bill = |parts: &[f64]| {
        let settings = Settings::default();
        let energy = Arc::new(Sites::new(3, &[SiteTerm::Stiffness]));
        let simulated = SimulatedSubstrate::<f64>::new(energy, settings.clone()).unwrap();
        let mut substrate = Metered::new(simulated, &settings).unwrap();
        substrate.program(&[1.0; 3]).unwrap();
        substrate.prepare(Mat::zeros(3, 5).as_ref(), 1).unwrap();
        for &part in parts {
            substrate.evolve(part).unwrap();
        }
        substrate.read().unwrap();
        let counts = Counts::new("wells", "sample", 5, 3, substrate.acts().clone());
        Bill::new(&counts, &HardwareModel::preset("ideal").unwrap()).unwrap()
    };
    let (whole, parts) = (bill(&[1.5]), bill(&[0.5, 0.75, 0.25]));
    assert!((whole.energy() / parts.energy() - 1.0).abs() < 1e-12);
    assert!((whole.time() / parts.time() - 1.0).abs() < 1e-12);
}

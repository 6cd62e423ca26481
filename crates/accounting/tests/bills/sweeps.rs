//! Sensitivities and crossovers against what can be said beforehand.

use overdamped_accounting::{
    Assumption, Baseline, Bill, Crossover, HardwareModel, Knob, Pair, Use, sensitivities,
};

fn crossover(what: Use, baseline: Baseline) -> Crossover {
    Crossover {
        pair: Pair::PUBLISHED,
        model: HardwareModel::preset("typical").unwrap(),
        what,
        baseline,
    }
}

#[test]
fn the_interface_dominates_inference_and_its_price_moves_it_by_as_much() {
    let counts = Pair::PUBLISHED.inference().unwrap();
    let model = HardwareModel::preset("typical").unwrap();
    let study = sensitivities(&counts, &model, |bill| Ok(bill.energy().0)).unwrap();
    assert_eq!(study[0].assumption, Assumption::InterfaceEnergy);
    // By hand: nine tenths of the interface less, or nine times more of it.
    let bill = Bill::new(&counts, &model).unwrap();
    let interface = bill.energy_of(overdamped_accounting::Act::Interface).0;
    let total = bill.energy().0;
    assert!((study[0].low - (total - 0.9 * interface)).abs() < 1e-12 * total);
    assert!((study[0].high - (total + 9.0 * interface)).abs() < 1e-12 * total);
    assert!(
        study
            .windows(2)
            .all(|pair| pair[0].swing() >= pair[1].swing())
    );
    // The processor does nothing here, so its constants move a gain and not the energy.
    assert!(
        study
            .iter()
            .all(|entry| !entry.assumption.is_of_processor())
    );
    let gains = sensitivities(&counts, &model, |bill| bill.gain(Baseline::SameFunction)).unwrap();
    let utilisation = gains
        .iter()
        .find(|entry| entry.assumption == Assumption::ProcessorUtilisation)
        .unwrap();
    assert_eq!(utilisation.values, [0.03, 1.0]);
    assert!((utilisation.low / utilisation.base - 10.0).abs() < 1e-9);
}

#[test]
fn resolutions_move_by_the_number_of_steps() {
    let counts = Pair::PUBLISHED.inference().unwrap();
    let model = HardwareModel::preset("typical").unwrap();
    let study = sensitivities(&counts, &model, |bill| {
        Ok(bill.energy_of(overdamped_accounting::Act::ReadStates).0)
    })
    .unwrap();
    let bits = study
        .iter()
        .find(|entry| entry.assumption == Assumption::AdcBits)
        .unwrap();
    assert!((bits.high / bits.base - 10.0).abs() < 1e-9);
    assert!((bits.base / bits.low - 10.0).abs() < 1e-9);
}

#[test]
fn wide_modules_pay_and_narrow_ones_do_not() {
    let inference = crossover(Use::Inference, Baseline::SameFunction);
    // A dense product grows as the square of the width, the interface in proportion to it.
    let at = inference
        .break_even(Knob::Width, (2.0, 4096.0))
        .unwrap()
        .unwrap();
    let gain = |width: f64| {
        inference
            .gain(&[(Knob::Width, width), (Knob::Rank, 1.0)])
            .unwrap()
    };
    assert!(
        gain(at.ceil() + 1.0) >= 1.0 && gain(at.floor() - 1.0) < 1.0,
        "{at}"
    );
    let ratio = gain(4096.0) / gain(2048.0);
    assert!((ratio - 2.0).abs() < 1e-3, "{ratio}");
    // Between modules of single units even a product is cheap.
    let sparse = Crossover {
        pair: Pair {
            dense_modules: false,
            ..Pair::PUBLISHED
        },
        ..inference.clone()
    };
    assert!(sparse.gain(&[]).unwrap() < gain(64.0));
}

#[test]
fn maps_are_rows_of_gains() {
    let training = crossover(Use::Training, Baseline::SameFunction);
    let (ranks, bits) = ([1.0, 4.0, 16.0], [4.0, 8.0]);
    let map = training
        .map((Knob::Rank, &ranks), (Knob::ReadoutBits, &bits))
        .unwrap();
    assert_eq!((map.len(), map[0].len()), (2, 3));
    let one = training
        .gain(&[(Knob::Rank, 4.0), (Knob::ReadoutBits, 8.0)])
        .unwrap();
    assert_eq!(map[1][1], one);
    // More wires are more writings; finer readings cost more.
    assert!(map[0].windows(2).all(|pair| pair[0] > pair[1]));
    assert!((0..3).all(|column| map[0][column] > map[1][column]));
}

#[test]
fn no_crossing_is_told() {
    let ideal = Crossover {
        model: HardwareModel::preset("ideal").unwrap(),
        ..crossover(Use::Inference, Baseline::WholeNetwork)
    };
    assert_eq!(ideal.break_even(Knob::Width, (2.0, 1024.0)), Ok(None));
    assert!(ideal.break_even(Knob::Width, (0.0, 1024.0)).is_err());
    assert!(ideal.break_even(Knob::Width, (1024.0, 2.0)).is_err());
    // Relaxation costs, so long ones lose against one product.
    let relaxing = crossover(Use::Inference, Baseline::SameFunction);
    let at = relaxing
        .break_even(Knob::RelaxationTime, (1e-2, 1e12))
        .unwrap()
        .unwrap();
    assert!((relaxing.gain(&[(Knob::RelaxationTime, at)]).unwrap() - 1.0).abs() < 0.01);
}

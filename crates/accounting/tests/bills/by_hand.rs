//! Bills worked out by hand, line by line, to 1e-12.

use overdamped_accounting::{
    Act, Baseline, Baselines, Bill, Counts, Digital, HardwareModel, Joules, Place, Seconds, Task,
    Work,
};
use overdamped_substrate::{Acts, UnitTime};

fn close(found: f64, by_hand: f64) {
    assert!(
        (found - by_hand).abs() <= 1e-12 * by_hand.abs(),
        "{found:e} is not {by_hand:e}"
    );
}

/// Four samples of three units, with one act of every kind.
fn counts() -> Counts {
    let acts = Acts {
        relaxation: vec![
            UnitTime {
                temperature: 0.0,
                unit_seconds: 24.0,
            },
            UnitTime {
                temperature: 1.0,
                unit_seconds: 36.0,
            },
        ],
        chains_prepared: 4,
        states_written: 12,
        parameters_written: 70,
        drives_written: 20,
        states_read: 8,
        forces_read: 16,
    };
    let digital = |name: &str, place, work| Digital {
        name: name.to_owned(),
        place,
        work,
    };
    Counts {
        parameters_shared_by: Some(2),
        digital: vec![
            digital("encoder", Place::Interface, Work::Macs(400.0)),
            digital("update", Place::Optimiser, Work::Flop(80.0)),
            digital("upstream", Place::Processor, Work::Macs(1200.0)),
            digital("stated", Place::Processor, Work::Joules(4e-9)),
        ],
        baselines: Baselines {
            same_function: Some(Task {
                about: "a product".to_owned(),
                work: Work::Macs(5000.0),
            }),
            simulating_relaxation: None,
            whole_network: Some(Task {
                about: "stated".to_owned(),
                work: Work::Joules(8e-3),
            }),
        },
        ..Counts::new("by hand", "sample", 4, 3, acts)
    }
}

fn model() -> HardwareModel {
    let mut model = HardwareModel::preset("typical").unwrap();
    for (key, text) in [
        ("relaxation.nanosecond_per_time", "200"),
        ("relaxation.kt_per_unit_time", "7"),
        ("relaxation.nanowatt_per_unit", "3"),
        ("node.femtofarad", "2"),
        ("node.volt", "0.5"),
        ("signal.kt_per_state", "26"),
        ("adc.femtojoule_per_step", "10"),
        ("adc.bits", "6"),
        ("dac.share_of_adc", "0.25"),
        ("dac.bits", "4"),
        ("adc.nanosecond_per_conversion", "30"),
        ("dac.nanosecond_per_conversion", "20"),
        ("converters.parallel", "2"),
        ("interface.picojoule_per_mac", "0.5"),
        ("interface.gigamac_per_second", "2"),
        ("optimiser.picojoule_per_mac", "0.75"),
        ("optimiser.gigamac_per_second", "4"),
        ("processor.teraflop_per_second", "100"),
        ("processor.watt", "300"),
        ("processor.utilisation", "0.5"),
        ("processor.low_utilisation", "0.02"),
    ] {
        model.set(key, text).unwrap();
    }
    model
}

#[test]
fn every_line_is_its_count_times_its_price() {
    let bill = Bill::new(&counts(), &model()).unwrap();
    let kt = 1.380_649e-23 * 300.0;
    // 60 unit-seconds over 4 samples; 3 units relax side by side.
    close(bill.energy_of(Act::Relaxation).0, 15.0 * 7.0 * kt);
    // 15 unit x time, and 3 units while 8 values are written and 6 are read, two at a time.
    let biased = 3e-9 * (15.0 * 200e-9 + 3.0 * (8.0 * 20e-9 + 6.0 * 30e-9) / 2.0);
    close(bill.energy_of(Act::Bias).0, biased);
    close(bill.energy_of(Act::Signal).0, 2.0 * 26.0 * kt);
    // 3 states and 5 drives, each of 2 fF at .5 V.
    close(bill.energy_of(Act::Charging).0, 8.0 * 2e-15 * 0.25);
    // A reading of 2^6 steps at 10 fJ; a writing a quarter of one of 2^4 steps.
    let (reading, writing) = (64.0 * 10e-15, 0.25 * 16.0 * 10e-15);
    close(bill.energy_of(Act::WriteStates).0, 3.0 * writing);
    close(bill.energy_of(Act::WriteDrives).0, 5.0 * writing);
    close(bill.energy_of(Act::WriteParameters).0, 35.0 * writing);
    close(bill.energy_of(Act::ReadStates).0, 2.0 * reading);
    close(bill.energy_of(Act::ReadForces).0, 4.0 * reading);
    close(bill.energy_of(Act::Interface).0, 100.0 * 0.5e-12);
    close(bill.energy_of(Act::Optimiser).0, 10.0 * 0.75e-12);
    // 600 operations at 300 W over half of 100 TFLOP/s, and a nanojoule as stated.
    let operation = 300.0 / 50e12;
    close(bill.energy_of(Act::Processor).0, 600.0 * operation + 1e-9);
    let total = 15.0 * 7.0 * kt
        + biased
        + 52.0 * kt
        + 8.0 * 0.5e-15
        + 43.0 * writing
        + 6.0 * reading
        + 50e-12
        + 7.5e-12
        + 600.0 * operation
        + 1e-9;
    close(bill.energy().0, total);
}

#[test]
fn times_are_of_one_thing_after_the_other() {
    let bill = Bill::new(&counts(), &model()).unwrap();
    let by_hand = 15.0 / 3.0 * 200e-9 // relaxation
        + (2.0 + 3.0 + 18.0) * 20e-9 // rounds of writings by two converters: 3 states, 5 drives, 35 parameters
        + (1.0 + 2.0) * 30e-9 // rounds of readings: 2 states, 4 forces
        + 100.0 / 2e9
        + 10.0 / 4e9
        + 600.0 / 50e12
        + 1e-9 / 300.0;
    close(bill.time().0, by_hand);
    close(bill.power().unwrap().0, bill.energy().0 / by_hand);
    let mut copies = counts();
    copies.chains_at_once = 5;
    let bill = Bill::new(&copies, &model()).unwrap();
    close(bill.time().0, by_hand - 0.8 * 15.0 / 3.0 * 200e-9);
}

#[test]
fn baselines_are_priced_by_their_work() {
    let bill = Bill::new(&counts(), &model()).unwrap();
    let same = bill.baseline(Baseline::SameFunction).unwrap();
    close(same.energy.0, 1e4 * 300.0 / 50e12);
    close(same.time.0, 1e4 / 50e12);
    let low = bill.baseline(Baseline::LowUtilisation).unwrap();
    close(low.energy.0, 1e4 * 300.0 / 2e12);
    let whole = bill.baseline(Baseline::WholeNetwork).unwrap();
    assert_eq!(whole.energy, Joules(8e-3));
    assert_eq!(whole.time, Seconds(8e-3 / 300.0));
    close(
        bill.gain(Baseline::WholeNetwork).unwrap(),
        8e-3 / bill.energy().0,
    );
    close(
        bill.speed_up(Baseline::SameFunction).unwrap(),
        1e4 / 50e12 / bill.time().0,
    );
    let missing = bill.gain(Baseline::SimulatingRelaxation).unwrap_err();
    assert!(missing.to_string().contains("simulating_relaxation"));
}

#[test]
fn what_did_not_happen_has_no_line() {
    let acts = Acts {
        states_read: 4,
        ..Acts::default()
    };
    let counts = Counts::new("readings", "reading", 4, 1, acts);
    let bill = Bill::new(&counts, &model()).unwrap();
    let acts: Vec<Act> = bill.lines.iter().map(|line| line.act).collect();
    // The unit is held while it is read.
    assert_eq!(acts, [Act::Bias, Act::Signal, Act::ReadStates]);
}

//! Laws of every bill: more of anything never costs less, bills add up, time may be split.

use overdamped_accounting::{
    Act, Assumption, Baseline, Bill, Counts, Digital, HardwareModel, Place, Work, amdahl, bounds,
    signal,
};
use overdamped_substrate::{Acts, UnitTime};
use proptest::prelude::*;

fn acts() -> impl Strategy<Value = Acts> {
    let count = || 0..1_000_000_u64;
    let time = prop::collection::vec((0.0..5.0, 0.0..1e6), 0..4);
    (time, count(), count(), count(), count(), count()).prop_map(
        |(time, states, parameters, drives, read, forces)| Acts {
            relaxation: time
                .into_iter()
                .map(|(temperature, unit_seconds)| UnitTime {
                    temperature,
                    unit_seconds,
                })
                .collect(),
            chains_prepared: 1,
            states_written: states,
            parameters_written: parameters,
            drives_written: drives,
            states_read: read,
            forces_read: forces,
        },
    )
}

fn counts() -> impl Strategy<Value = Counts> {
    let place = prop::sample::select(vec![Place::Interface, Place::Optimiser, Place::Processor]);
    let digital = prop::collection::vec((place, 0.0..1e9), 0..4);
    (acts(), 1..100_u64, digital).prop_map(|(acts, results, digital)| Counts {
        digital: digital
            .into_iter()
            .map(|(place, macs)| Digital {
                name: "work".to_owned(),
                place,
                work: Work::Macs(macs),
            })
            .collect(),
        ..Counts::new("any", "sample", results, 7, acts)
    })
}

fn preset() -> impl Strategy<Value = HardwareModel> {
    prop::sample::select(HardwareModel::presets())
        .prop_map(|name| HardwareModel::preset(name).unwrap())
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

/// Assumptions at which a larger value means a better device, or more done at once.
fn is_a_speed(assumption: Assumption) -> bool {
    matches!(
        assumption,
        Assumption::ProcessorPeak
            | Assumption::ProcessorUtilisation
            | Assumption::LowUtilisation
            | Assumption::ParallelConverters
            | Assumption::InterfaceRate
            | Assumption::OptimiserRate
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A larger price never makes a smaller bill, nor a faster device a larger one.
    #[test]
    fn bills_are_monotone_in_every_cost(
        counts in counts(),
        model in preset(),
        index in 0..Assumption::ALL.len(),
        share in 0.1_f64..1.0,
    ) {
        let assumption = Assumption::ALL[index];
        let smaller = model.value(assumption) * share;
        prop_assume!(model.clone().with(assumption, smaller).is_ok());
        let cheap = Bill::new(&counts, &model.clone().with(assumption, smaller).unwrap()).unwrap();
        let dear = Bill::new(&counts, &model).unwrap();
        if is_a_speed(assumption) {
            prop_assert!(cheap.energy() >= dear.energy());
            prop_assert!(cheap.time() >= dear.time());
        } else {
            prop_assert!(cheap.energy() <= dear.energy());
            prop_assert!(cheap.time() <= dear.time());
        }
    }

    /// One more of any act never makes a smaller bill.
    #[test]
    fn bills_are_monotone_in_every_act(counts in counts(), model in preset(), which in 0..6_usize) {
        let before = Bill::new(&counts, &model).unwrap();
        let mut more = counts;
        let acts = &mut more.acts;
        match which {
            0 => acts.states_written += 1,
            1 => acts.parameters_written += 1,
            2 => acts.drives_written += 1,
            3 => acts.states_read += 1,
            4 => acts.forces_read += 1,
            _ => acts.relaxation.push(UnitTime { temperature: 1.0, unit_seconds: 1.0 }),
        }
        let after = Bill::new(&more, &model).unwrap();
        prop_assert!(after.energy() >= before.energy());
    }

    /// The bill of two runs together is the sum of their bills.
    #[test]
    fn bills_are_additive(one in acts(), two in acts(), model in preset()) {
        let bill = |acts: Acts| Bill::new(&Counts::new("any", "run", 1, 7, acts), &model).unwrap();
        let (first, second) = (bill(one.clone()), bill(two.clone()));
        let mut both = one;
        both.relaxation.extend(two.relaxation);
        both.states_written += two.states_written;
        both.parameters_written += two.parameters_written;
        both.drives_written += two.drives_written;
        both.states_read += two.states_read;
        both.forces_read += two.forces_read;
        let both = bill(both);
        prop_assert!(close(both.energy().0, (first.energy() + second.energy()).0));
        // Rounds of conversions may be filled up by each other.
        prop_assert!(both.time().0 <= (first.time() + second.time()).0 * (1.0 + 1e-12));
    }

    /// A relaxation in two parts costs what it costs in one.
    #[test]
    fn time_may_be_split(total in 1e-3..1e6, share in 0.0..1.0, model in preset()) {
        let bill = |parts: &[f64]| {
            let relaxation = parts
                .iter()
                .map(|&unit_seconds| UnitTime { temperature: 1.0, unit_seconds })
                .collect();
            let acts = Acts { relaxation, chains_prepared: 1, ..Acts::default() };
            Bill::new(&Counts::new("any", "run", 1, 7, acts), &model).unwrap()
        };
        let (whole, parts) = (bill(&[total]), bill(&[share * total, (1.0 - share) * total]));
        prop_assert!(close(whole.energy().0, parts.energy().0));
        prop_assert!(close(whole.time().0, parts.time().0));
    }

    /// The gain of a whole with a rest on the processor is that of Amdahl's law, and not the product of gain and share.
    #[test]
    fn a_rest_on_the_processor_obeys_amdahl(share in 0.01..0.99, macs in 1e3..1e9) {
        let mut counts = Counts::new("any", "sample", 1, 1, Acts { states_read: 1, ..Acts::default() });
        counts.baselines.same_function = Some(overdamped_accounting::Task {
            about: "all of it".to_owned(),
            work: Work::Macs(macs),
        });
        let model = HardwareModel::preset("typical").unwrap();
        let alone = Bill::new(&counts, &model).unwrap();
        let gain = alone.baseline(Baseline::SameFunction).unwrap().energy * share / alone.energy();
        counts.digital.push(Digital {
            name: "the rest".to_owned(),
            place: Place::Processor,
            work: Work::Macs((1.0 - share) * macs),
        });
        let with_rest = Bill::new(&counts, &model).unwrap();
        let law = amdahl(share, gain).unwrap();
        prop_assert!((with_rest.gain(Baseline::SameFunction).unwrap() / law - 1.0).abs() < 1e-9);
    }

    /// A cosine, the energy that it takes, and the readings that stand in for it agree.
    #[test]
    fn signal_energy_and_readings_are_two_sides(cosine in 0.05_f64..0.999, energy in 0.01_f64..100.0) {
        let readings = signal::readings(cosine, energy).unwrap();
        prop_assert!((signal::cosine(energy, readings).unwrap() - cosine).abs() < 1e-9);
        let at_once = signal::stored_energy(cosine).unwrap();
        prop_assert!((signal::cosine(at_once, 1.0).unwrap() - cosine).abs() < 1e-9);
    }
}

#[test]
fn bounds_are_those_of_their_laws() {
    let bits = overdamped_accounting::Bits(8.0);
    assert!((bounds::landauer(bits).unwrap() - 5.545_177_444_479_562).abs() < 1e-12);
    assert!((bounds::thermodynamic_uncertainty(0.1).unwrap() - 200.0).abs() < 1e-10);
    // A trap that moves by one in a time of four dissipates a quarter at the least.
    assert!((bounds::transport(1.0, 1.0, 1.0, 4.0).unwrap() - 0.25).abs() < 1e-15);
    assert!(bounds::landauer(overdamped_accounting::Bits(-1.0)).is_err());
    assert!(bounds::thermodynamic_uncertainty(0.0).is_err());
    assert!(bounds::transport(1.0, 1.0, 1.0, 0.0).is_err());
    assert!(signal::stored_energy(1.0).is_err());
    assert!(amdahl(1.5, 2.0).is_err());
}

#[test]
fn each_act_has_an_id_of_its_own() {
    let all = Act::ALL;
    let ids: std::collections::BTreeSet<_> = all.iter().map(|act| act.id()).collect();
    assert_eq!(ids.len(), all.len());
}

//! The fused steps: the same bits on every path, in every block, and close to plain loops.

mod experiment;
mod faults;
#[path = "../support/fnv.rs"]
mod fnv;
mod network;

use overdamped_kernel::{HeatMeter, Path, Real, Scratch};

use crate::experiment::{Experiment, SEED, states_of};
use crate::network::{Network, Parameters};

/// Units: one; a panel of eight with three rows empty; panels of four, twelve, with one row empty.
const SIZES: &[usize] = if cfg!(miri) { &[5] } else { &[1, 5, 19, 23] };
/// Chains: a lane, a chunk, a chunk and a lane, two chunks.
///
/// Miri, which takes a second for what a processor does in a microsecond, walks through one of each: every access to
/// memory is in it.
const BLOCKS: &[usize] = if cfg!(miri) { &[17] } else { &[1, 16, 17, 32] };

/// Largest difference from the reference, relative to one plus the size, of states after three
/// steps and of their heat. Found: 6.1e-16, a few roundings of the state; those of the force,
/// though a sum of up to some hundred terms, count by mu h = 0.01 only.
const DOUBLE: f64 = 4e-15;
/// Likewise of `f32`. Found: 3.8e-7.
const SINGLE: f64 = 1e-6;

/// The same bits on every path, and close to the reference.
fn check(experiment: &Experiment, name: &str) {
    let reference = experiment.reference();
    fn on_all<T: Real>(experiment: &Experiment, name: &str) -> experiment::Outcome {
        let portable = experiment.run::<T>(Path::PORTABLE);
        for path in Path::available() {
            let same = experiment.run::<T>(path).bits() == portable.bits();
            assert!(same, "{name}: {path} differs from portable");
        }
        portable
    }
    let double = on_all::<f64>(experiment, name).distance(&reference);
    let single = on_all::<f32>(experiment, name).distance(&reference);
    println!("{name}: {double:.1e} in double, {single:.1e} in single precision");
    assert!(double < DOUBLE, "{name}: {double:e}");
    assert!(single < SINGLE, "{name}: {single:e}");
}

#[test]
#[cfg_attr(miri, ignore = "long, and the same accesses as in other tests")]
fn each_power_of_a_product_is_right_dense_and_sparse() {
    for &units in SIZES {
        for (own, other) in (0..=2).flat_map(|own| (1..=3).map(move |other| (own, other))) {
            let mut parameters = Parameters::new(1);
            let bare = Network::uncoupled(units, &mut parameters);
            let name = format!("{units} units, powers {own} and {other}");
            let dense = bare.clone().with_dense(own, other, &mut parameters);
            check(&Experiment::of(dense, 17), &format!("{name}, dense"));
            let sparse = bare.with_sparse(own, other, &mut parameters);
            check(&Experiment::of(sparse, 17), &format!("{name}, sparse"));
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "long, and the same accesses as in other tests")]
fn each_layer_is_right() {
    for &units in SIZES {
        for (width, saturates) in [(1, true), (1, false), (7, true), (12, false), (30, true)] {
            let mut parameters = Parameters::new(2);
            let network = Network::uncoupled(units, &mut parameters);
            let network = network.with_layer(width, saturates, &mut parameters);
            let name = format!("{units} units, width {width}, tanh {saturates}");
            check(&Experiment::of(network, 17), &name);
        }
    }
}

#[test]
fn a_polynomial_is_right_alone_and_without_its_high_powers() {
    for &units in SIZES {
        let bent = Network::uncoupled(units, &mut Parameters::new(3));
        let mut straight = bent.clone();
        for coefficients in &mut straight.polynomial {
            coefficients[2..].fill(0.0);
        }
        check(&Experiment::of(bent, 17), "to the fifth power");
        check(&Experiment::of(straight, 17), "linear");
    }
}

/// A network with every kind of term.
fn everything(units: usize) -> Network {
    let mut parameters = Parameters::new(4);
    Network::uncoupled(units, &mut parameters).with_all(&mut parameters)
}

#[test]
fn all_terms_together_are_right_in_every_block() {
    for &units in SIZES {
        for &chains in BLOCKS {
            let ways: &[bool] = if cfg!(miri) { &[true] } else { &[false, true] };
            for &averaged in ways {
                let mut experiment = Experiment::of(everything(units), chains);
                experiment.averaged = averaged;
                experiment.pulled = true;
                let name = format!("{units} units, {chains} chains, averaged {averaged}");
                check(&experiment, &name);
                experiment.warmth = 0.0;
                check(&experiment, &format!("{name}, cold"));
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "long, and the same accesses as in other tests")]
fn walls_hold() {
    let mut experiment = Experiment::of(everything(19), 32);
    experiment.walls = 0.75;
    let states = experiment.reference().states;
    let held = states.iter().flatten().filter(|x| x.abs() == 0.75).count();
    assert!((50..300).contains(&held), "{held} of 608 at a wall");
    check(&experiment, "walls");
}

#[test]
#[cfg_attr(miri, ignore = "long, and the same accesses as in other tests")]
fn full_panels_of_a_large_dense_matrix_are_right() {
    let mut parameters = Parameters::new(5);
    let network = Network::uncoupled(144, &mut parameters).with_dense(0, 1, &mut parameters);
    let mut experiment = Experiment::of(network, 32);
    experiment.steps = 2;
    check(&experiment, "144 units, dense");
    experiment.chains = 16;
    check(&experiment, "144 units, dense, one chunk");
}

#[test]
#[cfg_attr(miri, ignore = "long, and the same accesses as in other tests")]
fn a_block_of_seventeen_is_blocks_of_sixteen_and_one() {
    fn states<T: Real>(averaged: bool) {
        for path in Path::available() {
            let mut experiment = Experiment::of(everything(5), 17);
            experiment.averaged = averaged;
            experiment.pulled = true;
            let whole = experiment.run::<T>(path);
            experiment.chains = 16;
            let most = experiment.run::<T>(path);
            (experiment.chains, experiment.first) = (1, experiment.first + 16);
            let last = experiment.run::<T>(path);
            let parts = most.states.iter().zip(&last.states);
            for (whole, (most, last)) in whole.states.iter().zip(parts) {
                assert_eq!(*whole, [most.as_slice(), last].concat(), "{path}");
            }
            let parts = most.heat.iter().zip(&last.heat);
            for (whole, (most, last)) in whole.heat.iter().zip(parts) {
                assert_eq!(*whole, [most.as_slice(), last].concat(), "{path}");
            }
        }
    }
    for averaged in [false, true] {
        states::<f32>(averaged);
        states::<f64>(averaged);
    }
}

#[test]
fn a_run_can_stop_and_go_on_in_another_block() {
    for path in Path::available() {
        let mut experiment = Experiment::of(everything(5), 17);
        experiment.averaged = true;
        let (program, scratch) = (experiment.network.program(), &mut Scratch::default());
        let mut whole = experiment.block::<f32>();
        let mut first = whole.clone();
        let mut whole_meter = HeatMeter::new(&whole);
        let mut meter = whole_meter.clone();
        experiment.steps = 5;
        let meters = Some(&mut whole_meter);
        assert_eq!(
            whole.run(path, &program, &experiment.motion(), None, meters, scratch),
            0
        );
        experiment.steps = 2;
        let meters = Some(&mut meter);
        assert_eq!(
            first.run(path, &program, &experiment.motion(), None, meters, scratch),
            0
        );
        // Carried over number by number, as from a file, into a block of another seed.
        let mut second = experiment.block::<f32>();
        second.reseed(SEED + 1, 0);
        for (unit, chain) in (0..5).flat_map(|unit| (0..17).map(move |chain| (unit, chain))) {
            second.set_state(unit, chain, first.state(unit, chain));
        }
        let (memory, streams) = second.noise_mut();
        let (old_memory, old_streams) = first.noise_mut();
        memory.copy_from_slice(old_memory);
        streams.clone_from_slice(old_streams);
        experiment.steps = 3;
        let meters = Some(&mut meter);
        assert_eq!(
            second.run(path, &program, &experiment.motion(), None, meters, scratch),
            0
        );
        assert_eq!(states_of(&second, 17), states_of(&whole, 17), "{path}");
        assert_eq!(second.streams(), whole.streams(), "{path}");
        // The force between the runs counts in both: heat adds up but for rounding.
        for unit in 0..5 {
            let heats = meter.of_unit(unit).zip(whole_meter.of_unit(unit));
            for (parts, whole) in heats {
                assert!((parts - whole).abs() < 1e-12, "{path}: {parts} {whole}");
            }
        }
    }
}

#[test]
fn cold_steps_draw_no_noise() {
    let mut experiment = Experiment::of(everything(5), 16);
    experiment.warmth = 0.0;
    let mut block = experiment.block::<f32>();
    let before = block.streams().to_vec();
    let program = experiment.network.program();
    let scratch = &mut Scratch::default();
    assert_eq!(
        block.run(
            Path::best(),
            &program,
            &experiment.motion(),
            None,
            None,
            scratch
        ),
        0
    );
    assert_eq!(block.streams(), before);
}

/// Pins the order of every operation and the noise: a change here is value-breaking.
#[test]
#[cfg_attr(miri, ignore = "long, and the same accesses as in other tests")]
fn the_golden_run_keeps_its_bits() {
    let mut experiment = Experiment::of(everything(19), 32);
    experiment.averaged = true;
    experiment.pulled = true;
    experiment.steps = 50;
    experiment.walls = 2.0;
    for path in Path::available() {
        let mut block = experiment.block::<f32>();
        let drive = experiment.drive();
        let program = experiment.network.program();
        let scratch = &mut Scratch::default();
        let motion = experiment.motion();
        assert_eq!(
            block.run(path, &program, &motion, drive.as_ref(), None, scratch),
            0
        );
        let places = (0..19).flat_map(|unit| (0..32).map(move |chain| (unit, chain)));
        let states = places.map(|(unit, chain)| block.state(unit, chain).to_bits());
        assert_eq!(
            fnv::digest(states),
            6_620_464_978_602_900_568,
            "{path}: the engine's bits have changed"
        );
    }
}

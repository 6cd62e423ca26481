//! Runs that go wrong, and calls that are wrong.

use overdamped_kernel::{
    Block, HeatMeter, Layer, Matrix, Motion, Path, Product, Program, Real, Scratch,
};

use crate::experiment::{Experiment, states_of};
use crate::network::{Network, Parameters};

/// Nineteen units with dense and sparse couplings and a layer, thirty-two chains.
fn experiment() -> Experiment {
    let mut parameters = Parameters::new(6);
    let network = Network::uncoupled(19, &mut parameters).with_all(&mut parameters);
    Experiment::of(network, 32)
}

/// Runs the experiment with one state replaced; whether it stayed finite, and where it ended.
fn with_state<T: Real>(
    experiment: &Experiment,
    path: Path,
    chain: usize,
    x: T,
) -> (u32, Vec<Vec<f64>>) {
    let mut block = experiment.block::<T>();
    block.set_state(2, chain, x);
    let (program, motion) = (experiment.network.program(), experiment.motion());
    let scratch = &mut Scratch::default();
    let faults = block.run(path, &program, &motion, None, None, scratch);
    (faults, states_of(&block, experiment.chains))
}

fn check_isolation<T: Real>(bad: [f32; 4], walls: f32) {
    let mut experiment = experiment();
    experiment.walls = walls;
    for path in Path::available() {
        for chain in [3, 20] {
            let good = T::from_f32(0.5);
            let (faults, expected) = with_state(&experiment, path, chain, good);
            assert_eq!(faults, 0, "{path}");
            for bad in bad.map(T::from_f32) {
                let (faults, found) = with_state(&experiment, path, chain, bad);
                assert_eq!(faults, 1 << chain, "{path}: {bad:?}");
                for (found, expected) in found.iter().zip(&expected) {
                    let others = found.iter().zip(expected).enumerate();
                    for (_, (found, expected)) in others.filter(|&(at, _)| at != chain) {
                        assert_eq!(found.to_bits(), expected.to_bits(), "{path}");
                    }
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "long, and the same accesses as in other tests")]
fn a_state_that_is_not_finite_is_told_and_stays_in_its_chain() {
    // 1e30 is finite, but its fifth power is not.
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30];
    check_isolation::<f32>(bad, f32::INFINITY);
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX];
    check_isolation::<f64>([bad[0], bad[1], bad[2], bad[2]], f32::INFINITY);
}

#[test]
#[cfg_attr(miri, ignore = "long, and the same accesses as in other tests")]
fn walls_do_not_hide_a_state_that_was_not_finite() {
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30];
    check_isolation::<f32>(bad, 1.5);
}

#[test]
fn a_nan_passes_through_walls() {
    let mut experiment = experiment();
    experiment.walls = 1.5;
    for path in Path::available() {
        let (_, states) = with_state(&experiment, path, 3, f32::NAN);
        assert!(states[2][3].is_nan(), "{path}");
    }
}

/// The lanes beyond the last chain start at zero, from where this force leads to infinity; the
/// chains rest at -5.
#[test]
fn padding_lanes_that_run_away_are_not_reported() {
    let program = Program::<f32>::new(vec![[5.0, 6.0, 1.0, 0.0, 0.0]], vec![], vec![]);
    let motion = Motion {
        steps: 400,
        drift: vec![0.05],
        noise: vec![0.0],
        averaged: false,
        walls: f32::INFINITY,
    };
    for path in Path::available() {
        for chains in [1, 17] {
            let mut block = Block::<f32>::new(1, chains, 1, 0, false, |_, _| -5.0);
            let scratch = &mut Scratch::default();
            assert_eq!(block.run(path, &program, &motion, None, None, scratch), 0);
            assert_eq!(block.state(0, chains - 1), -5.0);
        }
    }
}

#[test]
fn a_layer_without_hidden_units_is_no_layer() {
    let layer = Layer {
        inward: Matrix::dense(0, 2, |_, _| 0.0_f32),
        bias: vec![],
        saturates: true,
        gain: vec![],
        outward: Matrix::of_entries(2, 0, &[]),
    };
    let polynomial = vec![[0.0; 5]; 2];
    let program = Program::new(polynomial.clone(), vec![], vec![layer]);
    assert_eq!(program, Program::new(polynomial, vec![], vec![]));
}

#[test]
#[should_panic(expected = "left: (2, 3)")]
fn a_product_of_another_size_is_refused() {
    let product = Product {
        own: 0,
        other: 1,
        matrix: Matrix::dense(2, 3, |_, _| 1.0_f32),
    };
    let _ = Program::new(vec![[0.0; 5]; 19], vec![product], vec![]);
}

#[test]
#[should_panic(expected = "meter.fits(self)")]
fn a_meter_of_another_size_is_refused() {
    let experiment = experiment();
    let mut block = experiment.block::<f32>();
    let other = Block::<f32>::new(20, 32, 1, 0, false, |_, _| 0.0);
    let mut meter = HeatMeter::new(&other);
    let (program, motion) = (experiment.network.program(), experiment.motion());
    let scratch = &mut Scratch::default();
    let meter = Some(&mut meter);
    block.run(Path::best(), &program, &motion, None, meter, scratch);
}

#[test]
#[should_panic(expected = "CHAINS")]
fn a_block_of_thirty_three_chains_is_refused() {
    let _ = Block::<f32>::new(4, 33, 1, 0, false, |_, _| 0.0);
}

#[test]
#[should_panic(expected = "program.units() == self.units()")]
fn a_program_of_another_size_is_refused() {
    let experiment = experiment();
    let mut block = Block::<f32>::new(4, 32, 1, 0, false, |_, _| 0.0);
    let (program, motion) = (experiment.network.program(), experiment.motion());
    let scratch = &mut Scratch::default();
    block.run(Path::best(), &program, &motion, None, None, scratch);
}

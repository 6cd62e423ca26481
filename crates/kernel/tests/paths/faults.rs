//! Runs that go wrong, and calls that are wrong.

use overdamped_kernel::{Block, Path, Real, Scratch};

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
) -> (bool, Vec<Vec<f64>>) {
    let mut block = experiment.block::<T>();
    block.set_state(2, chain, x);
    let (program, motion) = (experiment.network.program(), experiment.motion());
    let scratch = &mut Scratch::default();
    let finite = block.run(path, &program, &motion, None, None, scratch);
    (finite, states_of(&block, experiment.chains))
}

fn check_isolation<T: Real>(bad: [f32; 4], walls: f32) {
    let mut experiment = experiment();
    experiment.walls = walls;
    for path in Path::available() {
        for chain in [3, 20] {
            let good = T::of_noise(0.5);
            let (finite, expected) = with_state(&experiment, path, chain, good);
            assert!(finite, "{path}");
            for bad in bad.map(T::of_noise) {
                let (finite, found) = with_state(&experiment, path, chain, bad);
                assert!(!finite, "{path}: {bad:?} went unnoticed");
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
fn a_state_that_is_not_finite_is_told_and_stays_in_its_chain() {
    // 1e30 is finite, but its fifth power is not.
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30];
    check_isolation::<f32>(bad, f32::INFINITY);
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX];
    check_isolation::<f64>([bad[0], bad[1], bad[2], bad[2]], f32::INFINITY);
}

#[test]
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

//! From nothing and one unit to a hundred thousand units.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{
    Edges, Energy, EnergyError, LowRank, PairTerm, Pairs, SiteTerm, Sites, Sum,
};
use overdamped_substrate::{Settings, SimulatedSubstrate, Substrate, SubstrateError, TimeStep};

use crate::{mean_squares, settings, springs};

#[test]
fn nothing_to_simulate_is_refused() {
    let none = SimulatedSubstrate::<f32>::new(Arc::new(Sites::new(0, &[])), Settings::default());
    assert!(matches!(
        none.err(),
        Some(SubstrateError::Empty { what: "units" })
    ));
    let mut substrate = springs(&[1.0_f32], Settings::default());
    let none = substrate.prepare(Mat::zeros(1, 0).as_ref(), 1);
    assert!(matches!(
        none,
        Err(SubstrateError::Empty { what: "chains" })
    ));
}

#[test]
fn one_unit_of_one_chain_is_enough() {
    let mut substrate = springs(&[1.0_f64], Settings::default());
    substrate.prepare(Mat::full(1, 1, 1.0).as_ref(), 1).unwrap();
    let residuals = substrate.relax(3.0).unwrap();
    let expected = 0.99_f64.powi(300);
    assert!((residuals.median - expected).abs() < 1e-12 && residuals.median == residuals.largest);
}

/// Chains beyond the last number were cut off without a word, and those from it on called none.
#[test]
fn chains_beyond_the_last_number_are_refused() {
    let mut substrate = springs(&[1.0_f32], Settings::default());
    for first in [u64::MAX, u64::MAX - 5] {
        let error = substrate.prepare_from(first, Mat::zeros(1, 8).as_ref(), 1);
        assert!(matches!(
            error,
            Err(SubstrateError::ChainNumbers { count: 8, .. })
        ));
    }
    substrate
        .prepare_from(u64::MAX - 8, Mat::zeros(1, 8).as_ref(), 1)
        .unwrap();
    assert_eq!(substrate.chains(), 8);
}

#[test]
fn more_chains_than_memory_are_refused_before_they_are_made() {
    let mut substrate = springs(&[1.0_f32], Settings::default());
    let error = substrate
        .prepare_each(0..1 << 50, 1, |_, _| 0.0)
        .unwrap_err();
    assert!(matches!(error, SubstrateError::Memory { .. }), "{error}");
}

const MANY: usize = 100_000;

/// Free lattice units on springs of stiffness k + 4 g and a low-rank coupling that lowers one mode: memory and time are
/// those of the edges and modes, not of all pairs, which would be 40 GB. The oracle is gradient descent at
/// zero temperature from a plane wave of a ring, whose rate is known; warm units have <x^2> from equipartition.
#[test]
fn a_hundred_thousand_units_take_memory_for_their_edges() {
    // A ring: every unit has two neighbours, E = k x^2 / 2 - J x y, and a wave of number q relaxes at k - 2 J cos q.
    let ring = (0..MANY).map(|unit| (unit, (unit + 1) % MANY)).collect();
    let ring = Pairs::new(Edges::list(MANY, ring).unwrap(), &[PairTerm::Bilinear]);
    let energy = Sum::<f64>::of(Sites::new(MANY, &[SiteTerm::Stiffness])).unwrap();
    let energy = Arc::new(energy.and(ring).unwrap());
    let mut substrate = SimulatedSubstrate::new(energy, settings(0.0, 0.1)).unwrap();
    let parameters: Vec<_> = (0..2 * MANY)
        .map(|i| if i < MANY { 2.0 } else { 0.5 })
        .collect();
    substrate.program(&parameters).unwrap();
    assert!(substrate.is_fused());
    let q = 2.0 * std::f64::consts::PI / 50.0;
    let wave = |unit: usize| (q * unit as f64).cos();
    substrate
        .prepare(Mat::from_fn(MANY, 2, |unit, _| wave(unit)).as_ref(), 1)
        .unwrap();
    substrate.evolve(1.0).unwrap();
    let factor = (1.0 - 0.1 * (2.0 - q.cos())).powi(10);
    let states = substrate.read().unwrap();
    for unit in (0..MANY).step_by(997) {
        assert!(
            (states[(unit, 1)] - factor * wave(unit)).abs() < 1e-10,
            "{unit}"
        );
    }
}

/// u is one everywhere: along it the stiffness is k - s n, across it k. Of rank one, in 1e5 units.
#[test]
fn one_mode_through_a_hundred_thousand_units() {
    let sum = Sum::<f64>::of(Sites::new(MANY, &[SiteTerm::Stiffness])).unwrap();
    let energy = Arc::new(sum.and(LowRank::new(MANY, 1)).unwrap());
    let mut substrate = SimulatedSubstrate::new(energy, settings(0.0, 0.1)).unwrap();
    let mut parameters = vec![2.0; MANY];
    parameters.push(1.0 / MANY as f64);
    parameters.extend(vec![1.0; MANY]);
    substrate.program(&parameters).unwrap();
    // The mean decays at rate one, the alternation about it at two.
    let start = |unit: usize| if unit.is_multiple_of(2) { 3.0 } else { 1.0 };
    substrate
        .prepare(Mat::from_fn(MANY, 1, |unit, _| start(unit)).as_ref(), 1)
        .unwrap();
    substrate.evolve(1.0).unwrap();
    let states = substrate.read().unwrap();
    let (mean, rest) = (2.0 * 0.9_f64.powi(10), 0.8_f64.powi(10));
    assert!(
        (states[(4, 0)] - mean - rest).abs() < 1e-9 && (states[(5, 0)] - mean + rest).abs() < 1e-9
    );
}

/// 1e5 warm units of one chain are 1e5 samples: five errors of a variance.
#[test]
fn a_hundred_thousand_units_in_a_bath() {
    let mut substrate = springs(&vec![1.0_f32; MANY], settings(1.0, 0.1));
    substrate.prepare(Mat::zeros(MANY, 1).as_ref(), 1).unwrap();
    substrate.evolve(6.0).unwrap();
    let states = substrate.read().unwrap();
    let found = mean_squares(&states).iter().sum::<f64>() / MANY as f64;
    let expected = 1.0 / (1.0 - 0.05);
    assert!(
        (found / expected - 1.0).abs() < 5.0 * (2.0 / MANY as f64).sqrt(),
        "{found}"
    );
}

/// All pairs of 1e5 units are 5e9: naming them cost 80 GB, and the process. A vector of as many parameters is beyond
/// most machines already; the wrong number of them is refused by their number, and the right one by memory.
#[test]
fn all_pairs_of_a_hundred_thousand_units_are_refused() {
    let pairs = Pairs::dense_bilinear(MANY);
    let layout = Energy::<f32>::layout(&pairs);
    assert_eq!(layout.len(), 4_999_950_000);
    let energy = Sum::<f32>::of(Sites::new(MANY, &[SiteTerm::Stiffness])).unwrap();
    let energy = Arc::new(energy.and(pairs).unwrap());
    let mut substrate = SimulatedSubstrate::new(energy, Settings::default()).unwrap();
    let error = substrate.program(&[1.0; 10]).unwrap_err();
    let SubstrateError::Energy(EnergyError::Length { expected, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!(expected, 4_999_950_000 + MANY);
    // A certificate of confinement is dense whatever the energy: 320 GB here.
    let sites = Sites::new(MANY, &[SiteTerm::Stiffness])
        .bind(&vec![1.0_f32; MANY])
        .unwrap();
    let error = sites.check_confinement().unwrap_err();
    assert!(
        matches!(error, EnergyError::Memory { units: MANY, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("100000 units needs 298.0 GiB"),
        "{error}"
    );
}

#[test]
fn a_step_for_each_of_many_slices() {
    let settings = Settings {
        time_step: TimeStep::PerSlice(1),
        ..Settings::default()
    };
    let mut substrate = springs(&[1.0_f64], settings);
    substrate.prepare(Mat::full(1, 1, 1.0).as_ref(), 1).unwrap();
    for _ in 0..1000 {
        substrate.evolve(1e-3).unwrap();
    }
    assert!(substrate.read().unwrap()[(0, 0)].is_finite());
}

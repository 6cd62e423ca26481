//! Energies at the ends of what is legal: no unit and 1e5 of them, every finite number, memory that is not there.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{
    Activation, Coupling, Drive, Edges, Energy, EnergyError, FastHidden, Layered, LowRank, Modular,
    Module, PairTerm, Pairs, SiteTerm, Sites, Sum, UnitLayer, Wires,
};
use proptest::prelude::*;

/// One energy of each kind on `units` units (a multiple of two).
fn kinds(units: usize) -> Vec<Arc<dyn Energy<f32>>> {
    let module = Module {
        units: units / 2,
        quartic: true,
    };
    let wires = Wires::LowRank { rank: 1 };
    let layer = |activation| UnitLayer {
        units: units / 2,
        activation,
    };
    vec![
        Arc::new(Sites::new(units, &SiteTerm::ALL)),
        Arc::new(Pairs::dense_bilinear(units)),
        Arc::new(Pairs::new(
            Edges::four_neighbour(2, units / 2),
            &PairTerm::OSCILLATORS,
        )),
        Arc::new(Pairs::new(
            Edges::all_to_all(units),
            &PairTerm::COMPLETE_QUARTIC,
        )),
        Arc::new(FastHidden::new(units, 2)),
        Arc::new(LowRank::new(units, 2)),
        Arc::new(
            Modular::new(
                vec![module; 2],
                vec![Coupling {
                    modules: (0, 1),
                    wires,
                }],
            )
            .unwrap(),
        ),
        Arc::new(
            Layered::new(vec![
                layer(Activation::Identity),
                layer(Activation::SoftSilu { bound: 10.0 }),
            ])
            .unwrap(),
        ),
    ]
}

/// Magnitudes of every size, the ends included.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        Just(0.0_f32),
        Just(f32::MAX),
        Just(f32::MIN),
        Just(f32::MIN_POSITIVE),
        Just(f32::from_bits(1)),
        (-44.0..38.5_f32, any::<bool>())
            .prop_map(|(e, s)| 10_f32.powf(e) * if s { 1.0 } else { -1.0 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(21),
        ..ProptestConfig::default()
    })]

    /// Every finite number is taken everywhere, without a panic; and where all are small enough to multiply, nothing
    /// comes out that is no number.
    #[test]
    fn every_finite_parameter_and_state_is_taken(
        pool in prop::collection::vec(number(), 64),
        states in prop::collection::vec(number(), 8),
        small in any::<bool>(),
    ) {
        // The fifth power of 1e3 is the largest that an energy here makes of a state, and 1e15 the largest product.
        let limited = |x: f32| if small { x.clamp(-1e3, 1e3) } else { x };
        for energy in kinds(4) {
            let parameters: Vec<f32> = (0..energy.layout().len()).map(|i| limited(pool[i % 64])).collect();
            let potential = energy.bind(&parameters).unwrap();
            let states = Mat::from_fn(4, 2, |unit, chain| limited(states[4 * chain + unit]));
            let energies = potential.energy(states.as_ref());
            let force = potential.force(states.as_ref());
            let mut gradient = vec![0.0; parameters.len()];
            potential.add_parameter_gradient(&[1.0; 2], states.as_ref(), &mut gradient);
            potential.add_directional_gradient(&[1.0; 2], states.as_ref(), states.as_ref(), &mut gradient);
            let mut products = Mat::zeros(4, 2);
            potential.add_curvature_product(states.as_ref(), states.as_ref(), products.as_mut());
            let _ = potential.check_confinement();
            let _ = potential.largest_rate(states.col_as_slice(0), &[1.0; 4]);
            if small {
                prop_assert!(energies.iter().all(|e| e.is_finite()), "{energies:?}");
                prop_assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
                let all = (0..8).map(|at| (at % 4, at / 4));
                for at in all {
                    prop_assert!(force[at].is_finite() && products[at].is_finite());
                }
            }
        }
    }

    /// A drive of finite numbers is a drive, or refused where a product of two of them is none.
    #[test]
    fn drives_are_finite_or_refused(k in number(), r in number()) {
        match Drive::spring(vec![k], Mat::full(1, 1, r).as_ref()) {
            Ok(drive) => prop_assert!((k * r).is_finite() && drive.units() == 1),
            Err(error) => {
                let named = matches!(error, EnergyError::NonFinite { .. });
                prop_assert!(named && !(k * r).is_finite(), "{error}");
            }
        }
    }
}

#[test]
fn what_is_no_number_is_refused_by_block_and_place() {
    for energy in kinds(4) {
        let layout = energy.layout();
        let good = vec![0.5; layout.len()];
        for (block, range) in layout.blocks() {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut parameters = good.clone();
                parameters[range.end - 1] = bad;
                let Err(EnergyError::NonFinite { what, index, .. }) =
                    energy.bind(&parameters).map(|_| ())
                else {
                    panic!("{} takes {bad}", block.name)
                };
                assert_eq!((what, index), (block.name.clone(), block.len - 1));
            }
        }
    }
}

/// The number of parameters was a product that wrapped: 2^63 units of two modes had two of them.
#[test]
fn sizes_beyond_all_addresses_have_no_parameter_vector() {
    let half = 1_usize << (usize::BITS - 1);
    let energies: [Arc<dyn Energy<f32>>; 4] = [
        Arc::new(LowRank::new(half, 2)),
        Arc::new(FastHidden::new(half, 2)),
        Arc::new(Sites::new(half, &SiteTerm::ALL)),
        Arc::new(Pairs::new(
            Edges::all_to_all(usize::MAX),
            &PairTerm::COMPLETE_QUARTIC,
        )),
    ];
    for energy in energies {
        assert_eq!(energy.layout().len(), usize::MAX);
        for given in [0, 2, 4] {
            let error = energy.bind(&vec![0.0; given]).map(|_| ()).unwrap_err();
            assert!(
                matches!(
                    error,
                    EnergyError::Length {
                        expected: usize::MAX,
                        ..
                    }
                ),
                "{error}"
            );
        }
    }
    let module = Module {
        units: half,
        quartic: true,
    };
    let error = Modular::new(vec![module; 2], Vec::new()).unwrap_err();
    assert!(matches!(error, EnergyError::TooLarge { .. }), "{error}");
    // Without parameters there is nothing to be wrong but the size.
    let error = Energy::<f32>::bind(&Sites::new(half, &[]), &[])
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, EnergyError::Memory { .. }), "{error}");
}

/// All pairs of 1e5 units took 80 GB as soon as they were named; now they are a number until somebody lists them.
#[test]
fn all_pairs_are_named_without_being_listed() {
    let edges = Edges::all_to_all(100_000);
    assert_eq!((edges.len(), edges.density()), (4_999_950_000, 1.0));
    assert_eq!(edges, Edges::all_to_all(100_000));
    assert_ne!(Edges::all_to_all(4), Edges::all_to_all(5));
    let listed = Edges::list(5, Edges::all_to_all(5).pairs().to_vec()).unwrap();
    assert_eq!(listed, Edges::all_to_all(5));
    assert_eq!(listed.len(), Edges::all_to_all(5).len());
    assert!(Edges::all_to_all(1).is_empty() && Edges::all_to_all(0).is_empty());
}

#[test]
fn no_units_have_no_energy() {
    let states = Mat::<f32>::zeros(0, 3);
    let energies: [Arc<dyn Energy<f32>>; 4] = [
        Arc::new(Sites::new(0, &SiteTerm::ALL)),
        Arc::new(Pairs::dense_bilinear(0)),
        Arc::new(LowRank::new(0, 2)),
        Arc::new(FastHidden::new(0, 2)),
    ];
    for energy in energies {
        let potential = energy.bind(&vec![0.0; energy.layout().len()]).unwrap();
        assert_eq!(potential.energy(states.as_ref()), [0.0; 3]);
        assert_eq!(potential.force(states.as_ref()).nrows(), 0);
        let _ = potential.check_confinement();
        assert!(potential.largest_rate(&[], &[]) <= 0.0);
    }
}

#[test]
fn one_unit_and_no_chain_are_fine() {
    let sum = Sum::<f64>::of(Sites::new(1, &SiteTerm::ALL)).unwrap();
    let energy = sum.and(Pairs::dense_bilinear(1)).unwrap();
    let potential = energy.bind(&[1.0; 5]).unwrap();
    assert!(potential.energy(Mat::zeros(1, 0).as_ref()).is_empty());
    potential.check_confinement().unwrap();
    let mut gradient = vec![0.0; 5];
    potential.add_parameter_gradient(&[], Mat::zeros(1, 0).as_ref(), &mut gradient);
    assert_eq!(gradient, [0.0; 5]);
}

/// Stiffness over eight decades: the largest rate is found whichever unit has it, and a rank of all units is a full matrix.
#[test]
fn the_stiffest_of_many_is_found() {
    for at in [0, 1, 499, 999] {
        let mut stiffness = vec![1e-4_f64; 1000];
        stiffness[at] = 1e4;
        let potential = Sites::new(1000, &[SiteTerm::Stiffness])
            .bind(&stiffness)
            .unwrap();
        let rate = potential.largest_rate(&[0.0; 1000], &[1.0; 1000]);
        assert!((rate / 1e4 - 1.0).abs() < 1e-9, "{rate}");
        potential.check_confinement().unwrap();
    }
}

/// Modes of full rank are a dense coupling: the same energies and forces.
#[test]
fn a_coupling_of_full_rank_is_a_dense_one() {
    const N: usize = 5;
    let strength = [1.0, -0.5, 2.0, 0.25, 1e-8];
    let shape = |m: usize, i: usize| ((1 + m) as f64 * (0.7 + i as f64)).sin();
    let coupling = |i: usize, j: usize| -> f64 {
        (0..N)
            .map(|m| strength[m] * shape(m, i) * shape(m, j))
            .sum()
    };
    let modes: Vec<f64> = strength
        .into_iter()
        .chain((0..N * N).map(|at| shape(at / N, at % N)))
        .collect();
    let low = LowRank::new(N, N).bind(&modes).unwrap();
    let dense = Sum::of(Sites::new(N, &[SiteTerm::Stiffness]))
        .unwrap()
        .and(Pairs::dense_bilinear(N))
        .unwrap();
    let own = (0..N).map(|i| -coupling(i, i));
    let edges = Edges::all_to_all(N);
    let all: Vec<f64> = own
        .chain(edges.pairs().iter().map(|&(i, j)| coupling(i, j)))
        .collect();
    let dense = dense.bind(&all).unwrap();
    let states = Mat::from_fn(N, 3, |i, c| ((i + 2 * c) as f64).cos());
    let both = low
        .energy(states.as_ref())
        .into_iter()
        .zip(dense.energy(states.as_ref()));
    assert!(both.into_iter().all(|(a, b)| (a - b).abs() < 1e-13));
    assert!((low.force(states.as_ref()) - dense.force(states.as_ref())).norm_max() < 1e-13);
}

/// The sum of two drives at the end of the numbers was infinite.
#[test]
fn drives_whose_sum_is_no_number_are_refused() {
    let far = Drive::spring(vec![f32::MAX], Mat::full(1, 1, 0.5).as_ref()).unwrap();
    let error = far.clone().and(&far).unwrap_err();
    assert!(matches!(error, EnergyError::NonFinite { .. }), "{error}");
    assert!(Drive::spring(vec![1.0_f32], Mat::zeros(1, 0).as_ref()).is_err());
}

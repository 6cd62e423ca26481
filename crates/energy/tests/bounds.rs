//! Confinement certificates and curvature estimates against known answers.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use overdamped_energy::{Drive, Edges, Energy, EnergyError, PairTerm, Pairs, SiteTerm, Sites, Sum};

fn escapes(energy: &dyn Energy<f64>, theta: &[f64]) -> Option<usize> {
    match energy.bind(theta).unwrap().check_confinement() {
        Ok(()) => None,
        Err(EnergyError::NotConfining { unit, .. }) => Some(unit),
        Err(other) => panic!("unexpected error {other}"),
    }
}

#[test]
fn single_wells_are_judged_by_their_highest_order() {
    let all = Sites::new(1, &SiteTerm::ALL);
    let well = |b, k, c, q, s| escapes(&all, &[b, k, c, q, s]);
    assert_eq!(well(5.0, 1.0, 0.0, 0.0, 0.0), None);
    assert_eq!(well(0.0, -9.0, 7.0, 1.0, 0.0), None);
    assert_eq!(well(0.0, -9.0, 7.0, -3.0, 0.1), None);
    assert_eq!(well(0.0, 0.0, 0.0, 0.0, 0.0), Some(0));
    assert_eq!(well(0.0, -1.0, 0.0, 0.0, 0.0), Some(0));
    assert_eq!(well(0.0, 1.0, 0.1, 0.0, 0.0), Some(0));
    assert_eq!(well(0.0, 1.0, 0.0, -0.1, 0.0), Some(0));
    assert_eq!(well(0.0, 1.0, 0.0, 1.0, -0.1), Some(0));
}

#[test]
fn harmonic_networks_are_judged_exactly() {
    let energy = Sum::of(Sites::new(2, &[SiteTerm::Stiffness]))
        .unwrap()
        .and(Pairs::dense_bilinear(2))
        .unwrap();
    assert_eq!(escapes(&energy, &[1.0, 1.0, 0.999]), None);
    assert!(escapes(&energy, &[1.0, 1.0, 1.001]).is_some());
    // Unit 0 has a quartic wall, so only unit 1 needs stiffness of its own.
    let walled = Sum::of(Sites::new(2, &[SiteTerm::Stiffness, SiteTerm::Quartic]))
        .unwrap()
        .and(Pairs::dense_bilinear(2))
        .unwrap();
    assert_eq!(escapes(&walled, &[-5.0, 1.0, 1.0, 0.0, 3.0]), None);
    assert_eq!(escapes(&walled, &[1.0, -1.0, 1.0, 0.0, 0.0]), Some(1));
}

/// Springs alone leave the translation of the whole chain free; rounding must not certify it.
#[test]
fn free_translation_is_not_confined() {
    for units in 2..40 {
        let chain = (1..units).map(|unit| (unit - 1, unit)).collect();
        let springs = Pairs::new(Edges::list(units, chain).unwrap(), &[PairTerm::Spring]);
        assert!(
            escapes(&springs, &vec![0.7; units - 1]).is_some(),
            "{units} units"
        );
    }
}

#[test]
fn a_negative_duffing_spring_must_be_paid_for_on_site() {
    let energy = Sum::of(Sites::new(2, &[SiteTerm::Quartic]))
        .unwrap()
        .and(Pairs::new(Edges::all_to_all(2), &[PairTerm::Duffing]))
        .unwrap();
    assert_eq!(escapes(&energy, &[1.0, 1.0, 5.0]), None);
    assert_eq!(escapes(&energy, &[1.0, 1.0, -0.1]), None);
    // (x - y)^4 d / 4 reaches -4 x^4 |d| along x = -y: more than q x^4 / 2 for |d| > 1/8.
    assert_eq!(escapes(&energy, &[1.0, 1.0, -0.2]), Some(0));
}

#[test]
fn power_iteration_finds_the_stiffest_direction() {
    // Two units with stiffness 3 and coupling 1: eigenvalues 2 and 4.
    let energy = Sum::of(Sites::new(2, &[SiteTerm::Stiffness]))
        .unwrap()
        .and(Pairs::dense_bilinear(2))
        .unwrap();
    let potential = energy.bind(&[3.0, 3.0, 1.0]).unwrap();
    let largest = potential.largest_rate(&[0.3, -0.2], &[1.0; 2]);
    assert!((largest - 4.0).abs() < 1e-6, "{largest}");
    // A clamped unit (mobility 0) leaves the other alone, at twice its stiffness here.
    let rate = potential.largest_rate(&[0.3, -0.2], &[0.0, 2.0]);
    assert!((rate - 6.0).abs() < 1e-6, "{rate}");
    // A hill in one direction must not hide the stiff one: eigenvalues -5 and 1.
    let saddle = Sites::new(2, &[SiteTerm::Stiffness])
        .bind(&[-5.0, 1.0])
        .unwrap();
    let largest = saddle.largest_rate(&[0.0, 0.0], &[1.0; 2]);
    assert!((largest - 1.0).abs() < 1e-2, "{largest}");
}

#[test]
fn bad_parameters_and_shapes_are_refused() {
    let sites = Sites::new(2, &[SiteTerm::Stiffness]);
    assert!(matches!(
        sites.bind(&[1.0_f64]).err(),
        Some(EnergyError::Length {
            expected: 2,
            found: 1,
            ..
        })
    ));
    assert!(matches!(
        sites.bind(&[1.0, f64::INFINITY]).err(),
        Some(EnergyError::NonFinite { index: 1, .. })
    ));
    let sum = Sum::<f64>::of(Sites::new(2, &[SiteTerm::Bias])).unwrap();
    assert!(sum.and(Pairs::dense_bilinear(3)).is_err());
    let twice = Sum::<f64>::of(Sites::new(2, &[SiteTerm::Bias]))
        .unwrap()
        .and(Sites::new(2, &[SiteTerm::Bias]));
    assert!(matches!(
        twice.err(),
        Some(EnergyError::DuplicateBlock { .. })
    ));
    let anchors = faer::Mat::<f64>::zeros(3, 4);
    assert!(Drive::spring(vec![1.0; 2], anchors.as_ref()).is_err());
    let drive = Drive::spring(vec![1.0; 3], anchors.as_ref()).unwrap();
    assert!(drive.check_chains(4).is_ok() && drive.check_chains(5).is_err());
}

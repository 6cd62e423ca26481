//! Encoder and transfer in a row.

use faer::Mat;
use overdamped_conditioning::{
    Centring, Encoder, FittedOn, Interface, InterfaceSettings, Transfer, TransferSettings,
    holding_drive,
};
use overdamped_energy::{Energy, Potential, SiteTerm, Sites};

use crate::{normal, teacher, unexplained};

fn quick(updates: u64) -> InterfaceSettings {
    let mut settings = InterfaceSettings::default();
    settings.transfer.adam.updates = updates;
    settings
}

#[test]
fn the_published_counts() {
    let x = normal(64, 400, 1.0, 70);
    let y = teacher(64, 16, 64, 71).apply(x.as_ref()).unwrap();
    let (interface, _) = Interface::fit(x.as_ref(), x.as_ref(), y.as_ref(), &quick(5)).unwrap();
    assert_eq!(interface.encoder().parameters(), 512);
    assert_eq!(interface.transfer().parameters(), 2048);
    assert_eq!((interface.parameters(), interface.macs()), (2560, 2560));
    assert_eq!(
        (interface.means(), interface.merged_parameters()),
        (0, 1344)
    );
    let stored: usize = interface
        .blocks()
        .iter()
        .map(|block| block.values.len())
        .sum();
    assert_eq!(stored, 2560);
    // The plain network of the same size.
    let plain = TransferSettings {
        hidden: 20,
        ..quick(5).transfer
    };
    let (plain, _) = Transfer::fit(x.as_ref(), y.as_ref(), &plain).unwrap();
    assert_eq!(plain.parameters(), 2560);
    for (centring, means) in [(Centring::Drive, 64), (Centring::Both, 128)] {
        let settings = InterfaceSettings {
            centring,
            ..quick(5)
        };
        let (interface, _) = Interface::fit(x.as_ref(), x.as_ref(), y.as_ref(), &settings).unwrap();
        assert_eq!((interface.parameters(), interface.means()), (2560, means));
    }
}

#[test]
fn the_merged_map_is_the_interface() {
    let encoder = Encoder::new(
        normal(2, 5, 0.5, 80).as_ref(),
        normal(6, 2, 0.5, 81).as_ref(),
    )
    .unwrap();
    let transfer = teacher(6, 3, 4, 82);
    let merged = transfer.input() * encoder.output() * encoder.input();
    let merged = Transfer::new(merged.as_ref(), transfer.output()).unwrap();
    let interface = Interface::new(encoder, transfer).unwrap();
    let x = normal(5, 30, 1.0, 84);
    let (two, one) = (
        interface.drive(x.as_ref()).unwrap(),
        merged.apply(x.as_ref()).unwrap(),
    );
    assert!(unexplained(&two, &one) < 1e-10);
    // 2 x 5 + 3 x 2 + 4 x 3.
    assert_eq!(interface.merged_parameters(), 28);
}

/// What is left of the variance about the mean.
fn left(found: &Mat<f32>, truth: &Mat<f32>) -> f64 {
    let samples = truth.ncols() as f32;
    let mean: Vec<f32> = (0..truth.nrows())
        .map(|i| truth.row(i).iter().sum::<f32>() / samples)
        .collect();
    let centred = |m: &Mat<f32>| Mat::from_fn(m.nrows(), m.ncols(), |i, n| m[(i, n)] - mean[i]);
    unexplained(&centred(found), &centred(truth))
}

#[test]
fn centring_gives_what_maps_without_biases_cannot() {
    // A sheet of two dimensions in eight units, and drives that are linear on it. The mean of the
    // inputs is on unit 0 alone, where the sheet has no extent.
    let places = normal(2, 1500, 1.0, 90);
    let (lift, map) = (normal(8, 2, 1.0, 91), normal(8, 2, 1.0, 92));
    let sheet = &lift * &places;
    let y = &map * &places - Mat::full(8, 1500, 5.0);
    let fitted = |place: f32, centring| {
        let x = Mat::from_fn(8, 1500, |i, n| if i == 0 { place } else { sheet[(i, n)] });
        let mut settings = InterfaceSettings {
            centring,
            fitted_on: FittedOn::Encoded,
            ..quick(600)
        };
        settings.encoder.rank = 2;
        let (interface, _) = Interface::fit(x.as_ref(), x.as_ref(), y.as_ref(), &settings).unwrap();
        left(&interface.drive(x.as_ref()).unwrap(), &y)
    };
    // About the origin, nothing in the input says what the mean of the drives is.
    let (raw, drive) = (fitted(0.0, Centring::Raw), fitted(0.0, Centring::Drive));
    assert!(drive < 1e-3 && raw > 0.05, "{drive:e} {raw:e}");
    // Far from it, one of the two numbers that pass the bottleneck goes into the mean of the inputs.
    let (drive, both) = (fitted(20.0, Centring::Drive), fitted(20.0, Centring::Both));
    assert!(both < 1e-3 && drive > 0.05, "{both:e} {drive:e}");
}

#[test]
fn a_transfer_fitted_on_what_it_meets_is_the_better_one() {
    // A bottleneck of one loses much of eight independent features.
    let x = normal(8, 1500, 1.0, 95);
    let y = teacher(8, 6, 8, 96).apply(x.as_ref()).unwrap();
    let left = |fitted_on| {
        let mut settings = InterfaceSettings {
            fitted_on,
            ..quick(600)
        };
        settings.encoder.rank = 1;
        let (interface, training) =
            Interface::fit(x.as_ref(), x.as_ref(), y.as_ref(), &settings).unwrap();
        (
            unexplained(&interface.drive(x.as_ref()).unwrap(), &y),
            training,
        )
    };
    let ((targets, on_targets), (encoded, on_encoded)) =
        (left(FittedOn::Targets), left(FittedOn::Encoded));
    assert!(encoded < targets, "{encoded} {targets}");
    // What training on the targets reports is not what comes out in use.
    assert!(on_targets.finished < on_encoded.finished);
}

#[test]
fn the_oracle_brings_the_substrate_to_rest() {
    // Unequal stiffness at each unit of a module that starts at unit 2 of 5.
    let stiffness = [0.5, 1.0, 2.0, 4.0, 8.0];
    let matrix = Mat::from_fn(3, 3, |i, j| if i == j { stiffness[2 + i] } else { 0.0 });
    let y = normal(3, 20, 1.0, 97);
    let b = holding_drive(matrix.as_ref(), y.as_ref()).unwrap();
    let drive = overdamped_conditioning::on_units(b.as_ref(), 5, 2).unwrap();
    let sites = Sites::new(5, &[SiteTerm::Stiffness]);
    let potential = sites.bind(&stiffness.map(|k| k as f32)).unwrap();
    let states = Mat::from_fn(5, 20, |i, n| if i < 2 { 0.0 } else { y[(i - 2, n)] });
    let mut forces = Mat::zeros(5, 20);
    potential.add_force(states.as_ref(), forces.as_mut());
    assert!(forces.norm_max() > 1.0);
    drive.add_force(states.as_ref(), forces.as_mut());
    assert!(forces.norm_max() < 1e-6, "{}", forces.norm_max());
}

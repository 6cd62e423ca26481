//! A decoder that is to follow an encoder: what the coupling alone gives, and what a small digital
//! interface adds.
//!
//! `cargo run --release -p overdamped-conditioning --example interface`

use std::error::Error;
use std::time::Instant;

use faer::{Mat, MatRef, Scale};
use overdamped_conditioning::{
    Barrier, Centring, Definition, Encoder, EncoderSettings, FittedOn, Interface,
    InterfaceSettings, Transfer, TransferSettings, holding_drive,
};
use overdamped_substrate::stream;
use rand::RngExt;
use rand_distr::StandardNormal;

const UNITS: usize = 64;
const TRAIN: usize = 20_000;
const TEST: usize = 4_000;

fn normal(rows: usize, columns: usize, scale: f32, seed: u64) -> Mat<f32> {
    let mut stream = stream::of(seed, 0);
    Mat::from_fn(rows, columns, |_, _| {
        scale * stream.sample::<f32, _>(StandardNormal)
    })
}

/// Encoder activations with a mean and falling spreads, and decoder activations that depend on them: a
/// network of 40 hidden units. One column is one sample.
fn activations() -> Result<(Mat<f32>, Mat<f32>), Box<dyn Error>> {
    let spread = |k: usize| 2.0 / (1.0 + k as f32);
    let directions = normal(UNITS, UNITS, 1.0 / 8.0, 1);
    let places = normal(UNITS, TRAIN + TEST, 1.0, 2);
    let places = Mat::from_fn(UNITS, TRAIN + TEST, |k, n| spread(k) * places[(k, n)]);
    let x = &directions * &places;
    let x = Mat::from_fn(UNITS, TRAIN + TEST, |i, n| 0.5 + x[(i, n)]);
    let network = Transfer::new(
        normal(40, UNITS, 0.4, 3).as_ref(),
        normal(UNITS, 40, 0.3, 4).as_ref(),
    )?;
    let y = network.apply(x.as_ref())?;
    Ok((x, y))
}

/// Share of the variance about `mean` that a prediction explains, all units pooled.
fn explained(found: &Mat<f32>, truth: MatRef<'_, f32>, mean: &[f32]) -> f64 {
    let (mut left, mut all) = (0.0, 0.0);
    for n in 0..truth.ncols() {
        for i in 0..truth.nrows() {
            left += f64::from(found[(i, n)] - truth[(i, n)]).powi(2);
            all += f64::from(mean[i] - truth[(i, n)]).powi(2);
        }
    }
    1.0 - left / all
}

fn main() -> Result<(), Box<dyn Error>> {
    let (x, y) = activations()?;
    // Two modules of unit stiffness, so that a drive has the size of the state that it holds.
    let stiffness = Mat::<f64>::identity(UNITS, UNITS);
    let targets = holding_drive(stiffness.as_ref(), x.as_ref())?;
    let drives = holding_drive(stiffness.as_ref(), y.as_ref())?;
    let train = |m: &Mat<f32>| m.subcols(0, TRAIN).to_owned();
    let (x_train, targets, b_train) = (train(&x), train(&targets), train(&drives));
    let (x_test, b_test) = (x.subcols(TRAIN, TEST), drives.subcols(TRAIN, TEST));
    let mean: Vec<f32> = (0..UNITS)
        .map(|i| b_train.row(i).iter().sum::<f32>() / TRAIN as f32)
        .collect();

    // A random coupling of Frobenius norm 1/4, as strong as the published ones.
    let coupling = normal(UNITS, UNITS, 1.0, 9);
    let coupling = Mat::from_fn(UNITS, UNITS, |i, j| f64::from(coupling[(i, j)]));
    let coupling = &coupling * Scale(0.25 / coupling.norm_l2());
    let barrier = Barrier::new(x_test, coupling.as_ref(), b_test)?;
    println!("The conditioning barrier of a random coupling:\n");
    for definition in Definition::ALL {
        let ratio = barrier.ratio(definition)?;
        println!(
            "  {:<10} {:<40} {ratio:>8.1}",
            definition.name(),
            definition.formula()
        );
    }

    println!("\nThe drive from a digital interface, on samples not seen in the fit:\n");
    println!(
        "  {:<44} {:>7} {:>6} {:>6} {:>8}",
        "", "weights", "means", "R^2", "seconds"
    );
    let row = |name: &str, weights: usize, means: usize, found: &Mat<f32>, start: Instant| {
        let share = explained(found, b_test, &mean);
        let seconds = start.elapsed().as_secs_f64();
        println!("  {name:<44} {weights:>7} {means:>6} {share:>6.3} {seconds:>8.2}");
    };
    let flat = Mat::from_fn(UNITS, TEST, |i, _| mean[i]);
    row("the mean", 0, UNITS, &flat, Instant::now());
    for rank in [4, 20] {
        let start = Instant::now();
        let settings = EncoderSettings {
            rank,
            ..EncoderSettings::default()
        };
        let linear = Encoder::fit(x_train.as_ref(), b_train.as_ref(), &settings)?;
        let name = format!("linear, rank {rank}");
        row(
            &name,
            linear.parameters(),
            0,
            &linear.encode(x_test)?,
            start,
        );
    }
    for (name, centring, fitted_on) in [
        (
            "bottleneck 4 and transfer 16, as published",
            Centring::Raw,
            FittedOn::Targets,
        ),
        (
            "the same, transfer fitted on what it meets",
            Centring::Raw,
            FittedOn::Encoded,
        ),
        ("the same, centred", Centring::Both, FittedOn::Encoded),
    ] {
        let start = Instant::now();
        let settings = InterfaceSettings {
            centring,
            fitted_on,
            ..InterfaceSettings::default()
        };
        let fit = Interface::fit(
            x_train.as_ref(),
            targets.as_ref(),
            b_train.as_ref(),
            &settings,
        )?;
        let interface = fit.0;
        let found = interface.drive(x_test)?;
        row(
            name,
            interface.parameters(),
            interface.means(),
            &found,
            start,
        );
    }
    let start = Instant::now();
    let settings = TransferSettings {
        hidden: 20,
        ..TransferSettings::default()
    };
    let (plain, _) = Transfer::fit(x_train.as_ref(), b_train.as_ref(), &settings)?;
    row(
        "plain network 64-20-64",
        plain.parameters(),
        0,
        &plain.apply(x_test)?,
        start,
    );
    Ok(())
}

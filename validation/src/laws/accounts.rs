//! The books of long runs: sums of many terms that must not drift.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{SiteTerm, Sites};
use overdamped_substrate::statistics::RunningMoments;
use overdamped_substrate::{Observe, Settings, Slice, TimeStep};

use crate::{Finding, Lab, Mutant, ValidationError};

/// A well that is thrown to and fro at every step; and many samples that differ little from each other.
pub fn long(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::exact();
    thrown(lab, &mut finding)?;
    samples(lab, &mut finding);
    Ok(finding)
}

/// Each switch does work of up to 1e6 kT, and the books have to balance to a few roundings of their total.
fn thrown(lab: &Lab, finding: &mut Finding) -> Result<(), ValidationError> {
    const ROUNDS: u32 = 500;
    const SLICES: u32 = 100;
    let energy = Arc::new(Sites::new(1, &[SiteTerm::Bias, SiteTerm::Stiffness]));
    let settings = Settings {
        observe: Observe::Energy,
        time_step: TimeStep::AtMost(0.1),
        ..Settings::default()
    };
    let mut specimen = lab.specimen(energy, settings)?;
    specimen.program(&[0.0, 1.0])?;
    specimen.prepare(Mat::zeros(1, 1).as_ref())?;
    let before = specimen.energies()?[0];
    let (mut naive, mut known) = (0.0_f32, 0.0);
    for round in 0..ROUNDS {
        let slice = |k: u32| {
            let place = 1e3 * f64::from(round * SLICES + k).sin();
            Slice::new(0.1, vec![place, 1.0])
        };
        specimen.run((0..SLICES).map(slice).collect())?;
        let ledger = specimen.ledger();
        let booked = ledger.work[0] + ledger.heat[0];
        naive += (booked - known) as f32;
        known = booked;
    }
    let ledger = specimen.ledger();
    let booked = match lab.has(Mutant::NaiveSums) {
        true => f64::from(naive),
        false => ledger.work[0] + ledger.heat[0],
    };
    let change = specimen.energies()?[0] - before;
    finding.compare(booked, change, 4.0 * f64::EPSILON * ledger.work[0].abs());
    Ok(())
}

/// 1e6 + (k mod 7): sums in whole numbers are the oracle.
fn samples(lab: &Lab, finding: &mut Finding) {
    const COUNT: u32 = 2_000_000;
    const OFFSET: f64 = 1e6;
    let mut moments = RunningMoments::new();
    let (mut naive, mut naive_squares) = (0.0_f32, 0.0_f32);
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for k in 0..COUNT {
        let value = u64::from(k % 7);
        (sum, squares) = (sum + value, squares + value * value);
        let sample = OFFSET + value as f64;
        moments.push(sample);
        naive += sample as f32;
        naive_squares += (sample * sample) as f32;
    }
    let n = f64::from(COUNT);
    let (mean, square) = (sum as f64 / n, squares as f64 / n);
    let variance = (square - mean * mean) * n / (n - 1.0);
    let (found, spread) = if lab.has(Mutant::NaiveSums) {
        let mean = f64::from(naive) / n;
        (mean, f64::from(naive_squares) / n - mean * mean)
    } else {
        (moments.mean(), moments.variance().unwrap_or(f64::NAN))
    };
    finding.compare(found, OFFSET + mean, 4.0 * f64::EPSILON * OFFSET);
    finding.compare(spread, variance, 1e-9);
}

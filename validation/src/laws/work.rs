//! Work and heat: the first law on each chain, fluctuation relations over many, heat between two baths.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Drive, Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::ornstein_uhlenbeck::OrnsteinUhlenbeck;
use overdamped_substrate::{Integrator, Observe, PerUnit, Settings, Slice, TimeStep};

use crate::statistics::mean_and_error;
use crate::{Finding, Lab, ValidationError};

fn settings() -> Settings {
    Settings {
        integrator: Integrator::LeimkuhlerMatthews,
        time_step: TimeStep::AtMost(0.01),
        observe: Observe::Energy,
        ..Settings::default()
    }
}

/// Three coupled quartic units with walls, a spring attached, a protocol run, parameters switched.
pub fn first_law(lab: &Lab) -> Result<Finding, ValidationError> {
    const CHAINS: usize = 300;
    let sum = Sum::of(Sites::new(3, &[SiteTerm::Stiffness, SiteTerm::Quartic]))?;
    let energy = Arc::new(sum.and(Pairs::dense_bilinear(3))?);
    let settings = Settings {
        walls: Some(1.5),
        ..settings()
    };
    let at = |scale: f64| -> Vec<f64> { (1..=9).map(|i| 0.2 * scale * f64::from(i)).collect() };
    let mut specimen = lab.specimen(energy, settings)?;
    specimen.program(&at(1.0))?;
    let wave = |i: usize, c: usize| ((i * 7 + c) as f64).sin();
    specimen.prepare(Mat::from_fn(3, CHAINS, wave).as_ref())?;
    let before = specimen.energies()?;
    let anchors = Mat::from_fn(3, CHAINS, |i, c| wave(c, i));
    specimen.attach(Some(Drive::spring(vec![2.0; 3], anchors.as_ref())?))?;
    specimen.evolve(0.1)?;
    specimen.run((1..5).map(|k| Slice::new(0.1, at(f64::from(k)))).collect())?;
    specimen.program(&at(0.5))?;
    let (after, ledger) = (specimen.energies()?, specimen.ledger());
    let mut finding = Finding::exact();
    for chain in 0..CHAINS {
        let booked = ledger.work[chain] + ledger.heat[chain];
        finding.compare(after[chain] - before[chain], booked, 1e-12);
    }
    Ok(finding)
}

/// A trap E = k x^2 / 2 - b x, as (b, k).
type Trap = [f64; 2];

/// -ln of the integral of exp(-E), up to a constant.
fn free_energy([b, k]: Trap) -> f64 {
    0.5 * k.ln() - b * b / (2.0 * k)
}

/// Work on each chain as the trap goes from one form to another in time one, from equilibrium.
fn driven(lab: &Lab, from: Trap, to: Trap, part: u64) -> Result<Vec<f64>, ValidationError> {
    const CHAINS: usize = 50_000;
    const SLICES: u32 = 100;
    let energy = Arc::new(Sites::new(1, &[SiteTerm::Bias, SiteTerm::Stiffness]));
    let lab = Lab {
        seed: lab.seed.wrapping_add(part),
        ..*lab
    };
    let mut specimen = lab.specimen(energy, settings())?;
    let [b, k] = from;
    let normals = lab.normals(part, 1, CHAINS);
    let start = Mat::from_fn(1, CHAINS, |_, chain| b / k + normals[(0, chain)] / k.sqrt());
    specimen.program(&from)?;
    specimen.prepare(start.as_ref())?;
    let at = |share: f64| {
        (0..2)
            .map(|i| from[i] + share * (to[i] - from[i]))
            .collect()
    };
    let slices = (0..SLICES).map(|slice| {
        let middle = (f64::from(slice) + 0.5) / f64::from(SLICES);
        Slice::new(1.0 / f64::from(SLICES), at(middle))
    });
    let end = Slice::new(0.0, to.to_vec());
    specimen.run(slices.chain([end]).collect())?;
    Ok(specimen.ledger().work)
}

/// <exp(-W)> = exp(-dF), and P(W) exp(dF - W) = P_back(-W) by a bounded function of W.
pub fn jarzynski_crooks(lab: &Lab) -> Result<Finding, ValidationError> {
    let start = [0.0, 1.0];
    let mut finding = Finding::statistical(50_000);
    for (part, end) in [[1.5, 1.0], [0.0, 4.0]].into_iter().enumerate() {
        let change = free_energy(end) - free_energy(start);
        let forward = driven(lab, start, end, 2 * part as u64)?;
        let backward = driven(lab, end, start, 2 * part as u64 + 1)?;
        let (average, error) = mean_and_error(forward.iter().map(|work| (change - work).exp()));
        finding.compare(average, 1.0, error);
        let fermi = |x: f64| 1.0 / (1.0 + x.exp());
        let (ahead, error) = mean_and_error(forward.iter().map(|work| fermi(work - change)));
        let (behind, other) = mean_and_error(backward.iter().map(|work| fermi(work + change)));
        finding.compare(ahead, behind, error.hypot(other));
    }
    Ok(finding)
}

/// Heat from each bath, mu (kT_i K_ii - <F_i^2>), and the entropy that it produces.
pub fn baths(lab: &Lab) -> Result<Finding, ValidationError> {
    const CHAINS: usize = 8000;
    const DURATION: f64 = 5.0;
    const STEP: f64 = 0.002;
    let (stiffness, coupling, baths) = (1.5, 0.5, [2.0, 0.5]);
    let drift = Mat::from_fn(2, 2, |i, j| if i == j { stiffness } else { -coupling });
    let diffusion = Mat::from_fn(2, 2, |i, j| if i == j { 2.0 * baths[i] } else { 0.0 });
    let process = OrnsteinUhlenbeck::new(drift.clone(), diffusion, vec![0.0; 2])?;
    let covariance = process.stationary_covariance()?;
    let forces = &drift * &covariance * drift.transpose();

    let sum = Sum::of(Sites::new(2, &[SiteTerm::Stiffness]))?;
    let energy = Arc::new(sum.and(Pairs::dense_bilinear(2))?);
    let settings = Settings {
        integrator: Integrator::EulerMaruyama,
        temperature: PerUnit::Each(baths.to_vec()),
        time_step: TimeStep::AtMost(STEP),
        observe: Observe::UnitHeat,
        ..Settings::default()
    };
    let mut specimen = lab.specimen(energy, settings)?;
    specimen.program(&[stiffness, stiffness, coupling])?;
    specimen.prepare(Mat::zeros(2, CHAINS).as_ref())?;
    specimen.evolve(8.0)?;
    let warm = specimen.ledger().unit_heat;
    specimen.evolve(DURATION)?;
    let heat = specimen.ledger().unit_heat;
    let exposure = CHAINS as f64 * DURATION;
    let mut finding = Finding::statistical(CHAINS);
    for unit in 0..2 {
        let expected = baths[unit] * drift[(unit, unit)] - forces[(unit, unit)];
        let found = (heat[unit] - warm[unit]) / exposure;
        // The heat of one chain in a time t has a variance near 4 kT^2 K t; steps of .002 bias it by less than a
        // third of that error.
        let error = (4.0 * baths[unit].powi(2) * stiffness / exposure).sqrt();
        finding.compare(found, expected, error);
    }
    Ok(finding)
}

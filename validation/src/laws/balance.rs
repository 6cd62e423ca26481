//! At equilibrium every transition is as frequent as its reverse.
//!
//! Two double wells are coupled, so that the four combinations of signs are four states around a ring. In one bath, chains
//! that are in state a now and in b a little later are as many as the reverse; between two baths they circulate. Each
//! chain gives one pair of looks, so that counts are independent.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Pairs, SiteTerm, Sites, Sum};
use overdamped_substrate::{Integrator, PerUnit, Settings, TimeStep};

use crate::{Finding, Lab, ValidationError};

const CHAINS: usize = 400_000;
/// Stiffness, quartic terms and coupling: wells at +-1 of unequal depth of barrier.
const PARAMETERS: [f64; 5] = [-1.0, -2.0, 1.0, 2.0, 0.4];
const KT: f64 = 0.5;

/// A state: one of eight sectors of the plane, a finer ring than signs alone.
fn sector(states: &Mat<f64>, chain: usize) -> usize {
    let (x, y) = (states[(0, chain)], states[(1, chain)]);
    let angle = y.atan2(x) / std::f64::consts::TAU * 8.0;
    (angle.rem_euclid(8.0) as usize).min(7)
}

/// Transitions between eight sectors of the plane within a short time.
pub fn sectors(lab: &Lab) -> Result<Finding, ValidationError> {
    let sum = Sum::of(Sites::new(2, &[SiteTerm::Stiffness, SiteTerm::Quartic]))?;
    let energy = Arc::new(sum.and(Pairs::dense_bilinear(2))?);
    let settings = Settings {
        integrator: Integrator::LeimkuhlerMatthews,
        temperature: PerUnit::Uniform(KT),
        time_step: TimeStep::AtMost(0.01),
        walls: Some(3.0),
        ..Settings::default()
    };
    let mut specimen = lab.specimen(energy, settings)?;
    specimen.program(&PARAMETERS)?;
    let start = Mat::from_fn(2, CHAINS, |unit, chain| [1.0, -1.0][(chain >> unit) % 2]);
    specimen.prepare(start.as_ref())?;
    specimen.evolve(20.0)?;
    let before = specimen.read()?;
    specimen.evolve(0.3)?;
    let after = specimen.read()?;
    let mut counts = [[0_u64; 8]; 8];
    for chain in 0..CHAINS {
        counts[sector(&before, chain)][sector(&after, chain)] += 1;
    }
    let mut finding = Finding::statistical(CHAINS);
    let pairs = (0..8).flat_map(|a| (0..a).map(move |b| (a, b)));
    for (a, b) in pairs {
        let (there, back) = (counts[a][b] as f64, counts[b][a] as f64);
        // Rare transitions are not normal.
        if there + back >= 100.0 {
            finding.compare(there, back, (there + back).sqrt());
        }
    }
    // Small drifts add up around the ring.
    let net = |a: usize| counts[a][(a + 1) % 8] as f64 - counts[(a + 1) % 8][a] as f64;
    let both = |a: usize| counts[a][(a + 1) % 8] as f64 + counts[(a + 1) % 8][a] as f64;
    let circulation: f64 = (0..8).map(net).sum();
    finding.compare(circulation, 0.0, (0..8).map(both).sum::<f64>().sqrt());
    Ok(finding)
}

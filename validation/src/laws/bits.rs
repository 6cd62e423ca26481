//! One seed, the same bits: whatever the threads, the batches, the resumes and the instructions.

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Energy, FastHidden, Pairs, SiteTerm, Sites, Sum};
use overdamped_kernel::Path;
use overdamped_substrate::{Engine, Integrator, Settings, SimulatedSubstrate, Substrate};

use crate::{Finding, Lab, Mutant, ValidationError};

const UNITS: usize = 19;
const CHAINS: usize = 401;
const BOTH: [Integrator; 2] = [Integrator::EulerMaruyama, Integrator::LeimkuhlerMatthews];

/// Wells, dense springs and a hidden layer, in single precision as digits are drawn.
fn substrate(integrator: Integrator) -> Result<SimulatedSubstrate<f32>, ValidationError> {
    substrate_on(Engine::Best, integrator)
}

fn substrate_on(
    engine: Engine,
    integrator: Integrator,
) -> Result<SimulatedSubstrate<f32>, ValidationError> {
    let sum = Sum::<f32>::of(Sites::new(UNITS, &[SiteTerm::Stiffness, SiteTerm::Quartic]))?;
    let sum = sum.and(Pairs::dense_bilinear(UNITS))?;
    let energy: Arc<dyn Energy<f32>> = Arc::new(sum.and(FastHidden::new(UNITS, 7))?);
    let length = energy.layout().len();
    let settings = Settings {
        integrator,
        engine,
        walls: Some(4.0),
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::new(energy, settings)?;
    let parameter = |index: usize| {
        let base = if index < 2 * UNITS { 1.0 } else { 0.0 };
        base + 0.1 * (index as f32 * 0.7).sin()
    };
    substrate.program(&(0..length).map(parameter).collect::<Vec<_>>())?;
    Ok(substrate)
}

fn start() -> Mat<f32> {
    Mat::from_fn(UNITS, CHAINS, |unit, chain| {
        ((unit + 3 * chain) as f32).cos()
    })
}

/// Entries that differ in any bit, each a deviation of its own from equality.
fn compare(finding: &mut Finding, found: &Mat<f32>, expected: &Mat<f32>) {
    let mut differing = 0_u32;
    for chain in 0..expected.ncols() {
        let pairs = found
            .col_as_slice(chain)
            .iter()
            .zip(expected.col_as_slice(chain));
        differing += pairs.filter(|(a, b)| a.to_bits() != b.to_bits()).count() as u32;
    }
    // Half of the tolerance where all are equal, so that a pass is not mistaken for nothing done.
    finding.deviates(if differing == 0 {
        0.0
    } else {
        1.0 + f64::from(differing)
    });
}

fn whole(integrator: Integrator, seed: u64) -> Result<Mat<f32>, ValidationError> {
    let mut substrate = substrate(integrator)?;
    substrate.prepare(start().as_ref(), seed)?;
    substrate.evolve(0.15)?;
    Ok(substrate.read()?)
}

/// One, two and seven threads.
pub fn threads(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::exact();
    for integrator in BOTH {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .map_err(|error| ValidationError::Threads {
                    threads,
                    reason: error.to_string(),
                })?;
            pool.install(|| {
                let depends = lab.has(Mutant::ThreadSeed);
                let added = if depends {
                    rayon::current_num_threads()
                } else {
                    0
                };
                whole(integrator, lab.seed + added as u64)
            })
        };
        let one = on(1)?;
        for threads in [2, 7] {
            compare(&mut finding, &on(threads)?, &one);
        }
    }
    Ok(finding)
}

/// Batches of one, of sixty-four and of a hundred and fifty chains.
pub fn batches(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::exact();
    for integrator in BOTH {
        let expected = whole(integrator, lab.seed)?;
        for batch in [1, 64, 150] {
            let mut joined = Mat::zeros(UNITS, CHAINS);
            for first in (0..CHAINS).step_by(batch) {
                let width = batch.min(CHAINS - first);
                let number = if lab.has(Mutant::BatchSeed) { 0 } else { first };
                let mut part = substrate(integrator)?;
                part.prepare_from(number as u64, start().subcols(first, width), lab.seed)?;
                part.evolve(0.15)?;
                joined
                    .as_mut()
                    .subcols_mut(first, width)
                    .copy_from(part.read()?);
            }
            compare(&mut finding, &joined, &expected);
        }
    }
    Ok(finding)
}

/// A resume after each of six steps.
pub fn resume(lab: &Lab) -> Result<Finding, ValidationError> {
    const STEPS: usize = 6;
    let mut finding = Finding::exact();
    for integrator in BOTH {
        let mut straight = substrate(integrator)?;
        straight.prepare(start().as_ref(), lab.seed)?;
        let mut snapshots = Vec::with_capacity(STEPS);
        for _ in 0..STEPS {
            snapshots.push(straight.snapshot());
            straight.evolve(0.01)?;
        }
        let expected = straight.read()?;
        for (step, snapshot) in snapshots.iter().enumerate() {
            let mut resumed = substrate(integrator)?;
            resumed.restore(snapshot)?;
            if lab.has(Mutant::ForgottenStream) {
                resumed.branch(lab.seed + 1);
            }
            for _ in step..STEPS {
                resumed.evolve(0.01)?;
            }
            compare(&mut finding, &resumed.read()?, &expected);
        }
    }
    Ok(finding)
}

/// Every set of instructions that the machine has, against plain lanes.
pub fn paths(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::exact();
    for integrator in BOTH {
        let by = |engine| {
            let mut substrate = substrate_on(engine, integrator)?;
            substrate.prepare(start().as_ref(), lab.seed)?;
            substrate.evolve(0.15)?;
            Ok::<_, ValidationError>(substrate.read()?)
        };
        let mut plain = by(Engine::Portable)?;
        if lab.has(Mutant::OtherRounding) {
            plain[(0, 0)] = f32::from_bits(plain[(0, 0)].to_bits() ^ 1);
        }
        for path in Path::available() {
            let engine = match path.name() {
                "avx512" => Engine::Avx512,
                "avx2" => Engine::Avx2,
                _ => Engine::Portable,
            };
            compare(&mut finding, &by(engine)?, &plain);
        }
    }
    Ok(finding)
}

/// Fused loops against plain ones, which share the noise and nothing else; in double precision, step for step.
pub fn reference(lab: &Lab) -> Result<Finding, ValidationError> {
    let mut finding = Finding::exact();
    for integrator in BOTH {
        let run = |engine: Engine, planted: &Lab| {
            let sum = Sum::<f64>::of(Sites::new(UNITS, &[SiteTerm::Stiffness, SiteTerm::Quartic]))?;
            let sum = sum.and(Pairs::dense_bilinear(UNITS))?;
            let energy: Arc<dyn Energy<f64>> = Arc::new(sum.and(FastHidden::new(UNITS, 7))?);
            let parameters: Vec<f64> = (0..energy.layout().len())
                .map(|index| f64::from(u8::from(index < 2 * UNITS)) + 0.1 * (index as f64).sin())
                .collect();
            let settings = Settings {
                integrator,
                engine,
                walls: Some(4.0),
                ..Settings::default()
            };
            let mut specimen = planted.specimen(energy, settings)?;
            specimen.program(&parameters)?;
            let start = start();
            let start = Mat::from_fn(UNITS, CHAINS, |unit, chain| f64::from(start[(unit, chain)]));
            specimen.prepare(start.as_ref())?;
            specimen.evolve(0.15)?;
            specimen.read()
        };
        let clean = Lab {
            mutant: None,
            ..*lab
        };
        let (fused, plain) = (run(Engine::Best, lab)?, run(Engine::Reference, &clean)?);
        for chain in 0..CHAINS {
            for unit in 0..UNITS {
                finding.compare(fused[(unit, chain)], plain[(unit, chain)], 1e-12);
            }
        }
    }
    Ok(finding)
}

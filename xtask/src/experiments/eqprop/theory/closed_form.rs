//! The network of a probe as the theory sees it: one quadratic system for each chain.

use faer::{Mat, Scale};
use overdamped_energy::Energy;
use overdamped_learn::theory::QuadraticSystem;

use super::probe::{COUPLINGS, DATA, OUTPUT, Probe, UNITS};

/// Which modules a system has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modules {
    /// All three. The clamped one is coupled to nothing and rests at the data, so that it has no response and the
    /// blocks of its couplings come out right.
    All,
    /// Those that move, driven by the clamped one.
    Moving,
}

impl Modules {
    /// The first unit of a module that moves.
    const fn start(self, module: usize) -> usize {
        match self {
            Self::All => module * UNITS,
            Self::Moving => (module - 1) * UNITS,
        }
    }
}

/// The energy and the cost of one chain of a probe without quartic terms.
///
/// # Errors
/// A network that is not positive definite.
pub fn system(probe: &Probe, chain: usize, modules: Modules) -> anyhow::Result<QuadraticSystem> {
    let network = &probe.network;
    let units = match modules {
        Modules::All => 3 * UNITS,
        Modules::Moving => 2 * UNITS,
    };
    let data = probe.batch.noisy.col(chain);
    let layout = Energy::<f64>::layout(network.energy.as_ref());
    let mut stiffness = Mat::identity(units, units);
    let mut drive = vec![0.0; units];
    if modules == Modules::All {
        for (slot, value) in drive.iter_mut().zip(data.iter()) {
            *slot = *value;
        }
    }
    for module in (0..COUPLINGS.len()).filter(|&module| module != DATA) {
        let start = modules.start(module);
        let a = &network.parameters[layout.range(&format!("stiffness.{module}"))?];
        let b = &network.parameters[layout.range(&format!("bias.{module}"))?];
        for unit in 0..UNITS {
            stiffness[(start + unit, start + unit)] = a[unit];
            drive[start + unit] += b[unit];
        }
    }
    for (index, &(_, (l, m))) in COUPLINGS.iter().enumerate() {
        let coupling = network.energy.coupling(&network.parameters, index)?;
        let column = modules.start(m);
        if l == DATA {
            let pull = coupling.transpose() * data;
            for unit in 0..UNITS {
                drive[column + unit] += pull[unit];
            }
            continue;
        }
        let row = modules.start(l);
        for (i, j) in (0..UNITS).flat_map(|i| (0..UNITS).map(move |j| (i, j))) {
            stiffness[(row + i, column + j)] -= coupling[(i, j)];
            stiffness[(column + j, row + i)] -= coupling[(i, j)];
        }
    }
    let start = modules.start(OUTPUT);
    let seen: Vec<bool> = (0..units).map(|unit| unit >= start).collect();
    let mut target = vec![0.0; units];
    for (slot, value) in target[start..]
        .iter_mut()
        .zip(probe.batch.clean.col(chain).iter())
    {
        *slot = *value;
    }
    Ok(QuadraticSystem::new(stiffness, &drive, &seen, &target)?)
}

/// The mean over chains of a symmetric matrix over the units of all modules, as a gradient of the parameters of
/// the couplings.
///
/// # Errors
/// Whatever energy and theory report.
pub fn of_couplings(
    probe: &Probe,
    systems: &[QuadraticSystem],
    matrix: impl Fn(&QuadraticSystem) -> anyhow::Result<Mat<f64>>,
) -> anyhow::Result<Vec<Vec<f64>>> {
    let mut mean = Mat::zeros(3 * UNITS, 3 * UNITS);
    for system in systems {
        mean += Scale(1.0 / systems.len() as f64) * matrix(system)?;
    }
    let blocks = COUPLINGS.iter().enumerate().map(|(index, &(_, (l, m)))| {
        let block = mean.as_ref().submatrix(l * UNITS, m * UNITS, UNITS, UNITS);
        probe.network.along_factors(index, block)
    });
    blocks.collect()
}

//! One energy of each kind: what a law says of all of them is measured on each.

use std::sync::Arc;

use overdamped_energy::{
    Activation, Coupling, Edges, Energy, FastHidden, Layered, LowRank, Modular, Module, PairTerm,
    Pairs, SiteTerm, Sites, Sum, UnitLayer, Wires,
};

use crate::ValidationError;

/// Units of each of them.
pub const UNITS: usize = 6;

/// An energy of each kind. Sums of terms, modules, and layers by each activation.
pub fn kinds() -> Result<Vec<Arc<dyn Energy<f64>>>, ValidationError> {
    let sites = || {
        Sites::new(
            UNITS,
            &[SiteTerm::Bias, SiteTerm::Stiffness, SiteTerm::Quartic],
        )
    };
    let lattice = || Edges::four_neighbour(2, 3);
    let bilinear = PairTerm::Bilinear;
    let oscillators = [
        bilinear,
        PairTerm::Spring,
        PairTerm::Optomechanical,
        PairTerm::Duffing,
    ];
    Ok(vec![
        Arc::new(Sum::of(sites())?.and(Pairs::dense_bilinear(UNITS))?),
        Arc::new(Sum::of(Sites::new(UNITS, &SiteTerm::ALL))?.and(Pairs::dense_bilinear(UNITS))?),
        Arc::new(Sum::of(sites())?.and(Pairs::new(lattice(), &oscillators))?),
        Arc::new(Sum::of(sites())?.and(Pairs::new(lattice(), &PairTerm::COMPLETE_QUARTIC))?),
        Arc::new(Sum::of(sites())?.and(Pairs::new(
            Edges::all_to_all(UNITS),
            &PairTerm::COMPLETE_QUARTIC,
        ))?),
        // Few edges among many pairs are evaluated along the edges.
        Arc::new(Sum::of(sites())?.and(Pairs::new(
            Edges::list(UNITS, vec![(0, 1), (4, 2)])?,
            &PairTerm::COMPLETE_QUARTIC,
        ))?),
        Arc::new(Sum::of(sites())?.and(FastHidden::new(UNITS, 4))?),
        Arc::new(Sum::of(sites())?.and(LowRank::new(UNITS, 2))?),
        Arc::new(modules(true)?),
        Arc::new(modules(false)?),
        Arc::new(layers([
            Activation::Identity,
            Activation::SoftSilu { bound: 2.0 },
            Activation::SoftSilu { bound: 10.0 },
        ])?),
        Arc::new(layers([
            Activation::Tanh,
            Activation::Sigmoid,
            Activation::Tanh,
        ])?),
    ])
}

/// Two modules of three units, joined by two buses.
fn modules(quartic: bool) -> Result<Modular, ValidationError> {
    let module = Module {
        units: UNITS / 2,
        quartic,
    };
    let coupling = Coupling {
        modules: (0, 1),
        wires: Wires::LowRank { rank: 2 },
    };
    Ok(Modular::new(vec![module, module], vec![coupling])?)
}

/// Three layers of two units.
fn layers(activations: [Activation; 3]) -> Result<Layered, ValidationError> {
    let layer = |activation| UnitLayer {
        units: UNITS / 3,
        activation,
    };
    Ok(Layered::new(activations.map(layer).to_vec())?)
}

/// Parameters at which the energy confines all units: stiff, weakly coupled, quartic beyond.
pub fn confining(energy: &dyn Energy<f64>) -> Vec<f64> {
    let layout = energy.layout();
    let mut parameters = vec![0.0; layout.len()];
    for (block, range) in layout.blocks() {
        for (index, value) in parameters[range].iter_mut().enumerate() {
            let wave = (1.3 * index as f64 + 0.4).cos();
            *value = match block.name.as_str() {
                name if name.contains("stiffness") => 1.5 + 0.2 * wave,
                name if name.contains("quartic") => 1.0 + 0.2 * wave,
                name if name.contains("sextic") => 0.2,
                name if name.contains("duffing") || name.contains("spring") => 0.1,
                name if name.contains("pairs.bilinear") => 0.3 * wave,
                name if name.contains("pairs") => 0.05 * wave,
                _ => 0.4 * wave,
            };
        }
    }
    parameters
}

//! Digits by relaxation down the ladder: nothing but the bath is random, and nothing is computed on the way.

use faer::{Mat, MatRef};
use overdamped_energy::Energy;
use overdamped_learn::{Ladder, Rung};
use overdamped_substrate::{
    Acts, Metered, Protocol, Settings, SimulatedSubstrate, Substrate, TimeStep,
};

use super::network::Network;
use crate::experiments::Interrupt;

/// How to go down.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// Mobility of data units; that of all others is one.
    pub mobility: f64,
    /// Time on each rung, in 1 / (mobility x stiffness) of the fast units.
    pub time: f64,
}

/// A way down the ladder, ready to be gone.
pub struct Descent {
    /// Baths, mobilities and time step.
    pub settings: Settings,
    /// One slice for each rung.
    pub protocol: Protocol<f32>,
    /// All units at zero but those of the label (units x chains).
    pub start: Mat<f32>,
}

impl Descent {
    /// For an image of each of `labels`.
    ///
    /// # Errors
    /// Parameters that do not fit the network.
    pub fn new(
        network: &Network,
        parameters: &[f32],
        labels: &[u8],
        way: Way,
    ) -> anyhow::Result<Self> {
        let settings = Settings {
            time_step: TimeStep::AtMost(step(network, parameters)?),
            ..network.released(way.mobility)
        };
        let rung = |&deviation: &f64| Rung {
            deviation,
            duration: way.time,
        };
        let ladder = Ladder {
            modules: network.modules,
            rungs: network.levels.iter().map(rung).collect(),
        };
        let protocol = ladder.protocol(&network.energy, &network.conditioned, parameters)?;
        let pixels = network.energy.rows(network.modules.data).len();
        let blank = Mat::zeros(pixels, labels.len());
        let rows = network.rows(blank.as_ref(), labels);
        Ok(Self {
            settings,
            protocol,
            start: network.modules.start(&network.energy, rows.as_ref()),
        })
    }
}

/// What came of it.
pub struct Drawn {
    /// Output module at the end (pixels x chains).
    pub images: Mat<f32>,
    /// Data and output modules of the first chains, at the start and after every rung.
    pub moments: Vec<Moment>,
    /// What the substrate did.
    pub acts: Acts,
}

/// One moment on the way down.
pub struct Moment {
    /// Noise level that was left; none at the start.
    pub level: Option<f64>,
    /// Data module.
    pub data: Mat<f32>,
    /// Output module.
    pub output: Mat<f32>,
}

/// Draws an image for each of `labels`. All units start at zero: the noise is that of the bath.
///
/// # Errors
/// An interrupt, or dynamics that fail.
pub fn draw(
    network: &Network,
    parameters: &[f32],
    labels: &[u8],
    way: Way,
    seed: u64,
    interrupt: &Interrupt,
) -> anyhow::Result<Drawn> {
    /// Chains that are shown.
    const SHOWN: usize = 10;
    let Descent {
        settings,
        protocol,
        start,
    } = Descent::new(network, parameters, labels, way)?;
    let simulated = SimulatedSubstrate::new(network.energy.clone(), settings.clone())?;
    let mut substrate = Metered::new(simulated, &settings)?;
    substrate.prepare(start.as_ref(), seed)?;
    let shown = labels.len().min(SHOWN);
    let moment = |states: MatRef<'_, f32>, level| {
        let module = |module| {
            let states = network.module(module, states);
            states.subcols(0, shown).to_owned()
        };
        Moment {
            level,
            data: module(network.modules.data),
            output: module(network.modules.output),
        }
    };
    let mut moments = vec![moment(start.as_ref(), None)];
    for (slice, &level) in protocol.slices().iter().zip(&network.levels) {
        interrupt.check()?;
        substrate.run(&Protocol::new(vec![slice.clone()])?)?;
        // Past the meter: a device would not have to look.
        let states = substrate.inner().read_chains(0..shown)?;
        moments.push(moment(states.as_ref(), Some(level)));
    }
    let states = substrate.read()?;
    Ok(Drawn {
        images: network
            .module(network.modules.output, states.as_ref())
            .to_owned(),
        moments,
        acts: substrate.into_parts().1,
    })
}

/// A time step for all rungs: half of what is stable where all units are at zero, as quartic wells stiffen
/// elsewhere, and .1 at most.
fn step(network: &Network, parameters: &[f32]) -> anyhow::Result<f64> {
    let mobility = network.modules.mobility(&network.energy, 1.0);
    let zero = vec![0.0; mobility.len()];
    let mut fastest: f64 = 10.0;
    for level in 0..network.levels.len() {
        let potential = network
            .energy
            .bind(&network.conditioned.at(parameters, level)?)?;
        fastest = fastest.max(potential.largest_rate(&zero, &mobility));
    }
    Ok(1.0 / fastest)
}

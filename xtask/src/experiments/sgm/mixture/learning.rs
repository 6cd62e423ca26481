//! How the two oscillators learn: the exact optimum, and three local rules from the same data.

use std::sync::Arc;
use std::time::Instant;

use overdamped_energy::Energy;
use overdamped_learn::{
    AdamSettings, Contrastive, Denoiser, Examples, ForceMatching, Interval, LeastSquares, Model,
    Noising, Rule, SolveSettings,
};
use overdamped_substrate::{Settings, SimulatedSubstrate, TimeStep, stream};

use super::super::local;
use super::WALLS;
use crate::experiments::Context;
use crate::experiments::learning::{Log, checkpoint, learn};
use crate::results::Preset;

/// Work for each preset.
pub struct Effort {
    /// Data points.
    pub examples: usize,
    /// Noised draws of the exact optimum.
    pub draws: usize,
    /// Samples drawn by each protocol.
    pub samples: usize,
    /// The optimiser of the local rules.
    pub settings: AdamSettings,
    /// Noised examples in each update.
    pub batch: usize,
    /// Chains of the Jarzynski estimate.
    pub trajectories: usize,
}

impl Effort {
    /// The work of a preset.
    pub fn of(preset: Preset) -> Self {
        let quick = preset == Preset::Quick;
        Self {
            examples: 20_000,
            draws: if quick { 20_000 } else { 200_000 },
            samples: if quick { 5000 } else { 20_000 },
            settings: AdamSettings {
                rate: 1e-2,
                updates: if quick { 3000 } else { 10_000 },
                floors: vec![("sites.quartic".to_owned(), 0.0)],
                ..AdamSettings::default()
            },
            batch: 256,
            trajectories: if quick { 10_000 } else { 40_000 },
        }
    }
}

/// A learned protocol and what became of it.
pub struct Learned {
    /// Segment of its ids.
    pub id: &'static str,
    /// What people read.
    pub title: &'static str,
    /// Denoiser-form parameters of each slice.
    pub parameters: Vec<Vec<f64>>,
    /// (noising time, mean squared denoiser error) of each slice, where the rule sees one.
    pub losses: Vec<(f64, f64)>,
    /// Wall time; none if the run was resumed, as what came before is not known.
    pub seconds: Option<f64>,
}

/// The exact optimum of force matching on many draws.
///
/// # Errors
/// If the energy does not fit the examples.
pub fn exact(
    energy: &Arc<dyn Energy<f64>>,
    examples: &Examples<f64>,
    schedule: &[Interval],
    effort: &Effort,
    seed: u64,
) -> anyhow::Result<Learned> {
    let started = Instant::now();
    let settings = SolveSettings {
        iterations: 300,
        tolerance: 1e-9,
        ridge: 1e-9,
        ..SolveSettings::default()
    };
    let mut learned = Learned {
        id: "exact",
        title: "exact optimum",
        parameters: Vec::new(),
        losses: Vec::new(),
        seconds: None,
    };
    for (index, interval) in schedule.iter().enumerate() {
        let mut stream = stream::of(stream::derive(seed, 5), index as u64);
        let draws = examples.draw(interval.middle, effort.draws, &mut stream);
        let problem = LeastSquares::new(
            energy.as_ref(),
            draws.noised.as_ref(),
            draws.clean.as_ref(),
            examples.visible(),
        )?;
        let optimum = problem.solve(&settings, None)?;
        let loss = 2.0 * problem.loss(&optimum.parameters)?;
        learned.losses.push((interval.middle.time, loss));
        learned.parameters.push(optimum.parameters);
    }
    learned.seconds = Some(started.elapsed().as_secs_f64());
    Ok(learned)
}

/// A rule that learns on the substrate.
#[derive(Clone, Copy)]
pub enum Local {
    /// From measured forces.
    ForceMatching,
    /// From where the equilibrium energy relaxes to.
    StaticCd,
    /// From the network's way back along a noising path.
    TrajectoryCd,
}

impl Local {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::ForceMatching => ("force_matching", "force matching"),
            Self::StaticCd => ("static_cd", "static contrastive divergence"),
            Self::TrajectoryCd => ("trajectory_cd", "trajectory contrastive divergence"),
        }
    }

    fn rule(
        self,
        energy: &Arc<dyn Energy<f64>>,
        examples: &Arc<Examples<f64>>,
        denoiser: Denoiser,
        batch: usize,
    ) -> anyhow::Result<Box<dyn Rule<f64>>> {
        let settings = Settings {
            time_step: TimeStep::PerSlice(4),
            walls: Some(WALLS),
            ..Settings::default()
        };
        let substrate = SimulatedSubstrate::new(Arc::clone(energy), settings)?;
        let (energy, examples) = (Arc::clone(energy), Arc::clone(examples));
        // A fifth of the relaxation time: short enough for the gradient, long enough for the signal.
        let variance = denoiser.level().noise.powi(2);
        Ok(match self {
            Self::ForceMatching => Box::new(ForceMatching::new(
                energy, substrate, examples, denoiser, batch,
            )?),
            Self::StaticCd => Box::new(Contrastive::equilibrium(
                energy,
                substrate,
                examples,
                denoiser,
                0.2 * variance,
                batch,
            )?),
            Self::TrajectoryCd => Box::new(Contrastive::trajectory(
                energy,
                substrate,
                examples,
                denoiser,
                0.1 * variance,
                batch,
            )?),
        })
    }
}

/// Learns by a local rule, one model for each slice.
///
/// # Errors
/// An interrupt, a diverging rule or an unwritable checkpoint.
pub fn local(
    context: &Context,
    name: &str,
    local: Local,
    energy: &Arc<dyn Energy<f64>>,
    examples: &Arc<Examples<f64>>,
    schedule: &[Interval],
    effort: &Effort,
) -> anyhow::Result<Learned> {
    let started = Instant::now();
    let (id, title) = local.names();
    let layout = energy.layout();
    let mut rules = Vec::with_capacity(schedule.len());
    let mut models = Vec::with_capacity(schedule.len());
    for (index, interval) in schedule.iter().enumerate() {
        let denoiser = Noising::default().denoiser(interval.middle);
        rules.push(local.rule(energy, examples, denoiser, effort.batch)?);
        let seed = stream::derive(context.seed, 6);
        models.push(Model::new(vec![0.0; layout.len()], seed, index as u64));
    }
    let recipe = format!("seed {}, {} updates", context.seed, effort.settings.updates);
    let checkpoint = checkpoint(context.recorder.folder(), &format!("{name}.{id}"));
    let resumed = checkpoint.exists();
    let models = learn(
        &mut rules,
        models,
        &effort.settings,
        &layout,
        &recipe,
        &Log {
            round: local::ROUND,
            checkpoint: &checkpoint,
            interrupt: &context.interrupt,
            label: &format!("{name} {id}"),
        },
        |_| (),
    )?;
    let losses = schedule
        .iter()
        .zip(&models)
        .filter_map(|(interval, model)| {
            let loss = model.history.last()?.loss?;
            Some((interval.middle.time, 2.0 * loss))
        });
    Ok(Learned {
        id,
        title,
        losses: losses.collect(),
        parameters: models.into_iter().map(|model| model.parameters).collect(),
        seconds: (!resumed).then(|| started.elapsed().as_secs_f64()),
    })
}

//! The exact optimum of a protocol, slice by slice, for the part that is linear in its parameters.
//!
//! Cubic-quartic wells with bilinear springs need only moments of the data: exact over all noise, in
//! milliseconds. Other networks are fitted on noised draws.

use overdamped_energy::{Energy as _, FastHidden};
use overdamped_learn::{
    DataMoments, Examples, Interval, LeastSquares, MomentProblem, MomentSettings, Noising,
    SolveSettings,
};
use overdamped_substrate::stream;

use super::network::Network;
use crate::experiments::Interrupt;
use crate::progress::Progress;

/// Where a fit reports to.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    /// Name of the fit, for people.
    pub label: &'a str,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
}

/// How much work to put into each slice.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Noised draws.
    pub draws: usize,
    /// Conjugate-gradient iterations in each of at most three rounds.
    pub iterations: usize,
}

/// The exact optimum from data moments, for networks of cubic-quartic wells and bilinear springs.
///
/// # Errors
/// If the user interrupts, or the network does not fit the examples.
pub fn from_moments(
    network: &Network,
    examples: &Examples<f32>,
    schedule: &[Interval],
    log: Log<'_>,
) -> anyhow::Result<Vec<Vec<f32>>> {
    let moments = DataMoments::new(examples.data())?;
    let progress = Progress::new(log.label, schedule.len() as u64);
    let mut slices = Vec::with_capacity(schedule.len());
    for interval in schedule {
        log.interrupt.check()?;
        let denoiser = Noising::default().denoiser(interval.middle);
        let problem = MomentProblem::new(&moments, interval.middle, &network.edges)?;
        let settings = MomentSettings {
            quartic_floor: network.floors(&denoiser).first().map(|floor| floor.at),
            tolerance: 1e-6,
            ..MomentSettings::default()
        };
        let optimum = problem.solve(&settings, None)?;
        progress.set_metric("loss", optimum.loss);
        progress.step();
        slices.push(
            optimum
                .parameters
                .iter()
                .map(|&value| value as f32)
                .collect(),
        );
    }
    progress.finish();
    Ok(slices)
}

/// Exact mean squared denoiser errors per pixel of two protocols of the same network:
/// (noising time, unconstrained optimum, `parameters`) for each slice.
///
/// # Errors
/// If the parameters do not fit the network.
pub fn excess(
    network: &Network,
    examples: &Examples<f32>,
    schedule: &[Interval],
    parameters: &[Vec<f32>],
) -> anyhow::Result<Vec<(f64, f64, f64)>> {
    let moments = DataMoments::new(examples.data())?;
    let mut losses = Vec::with_capacity(schedule.len());
    for (interval, parameters) in schedule.iter().zip(parameters) {
        let problem = MomentProblem::new(&moments, interval.middle, &network.edges)?;
        let best = problem.solve(&MomentSettings::default(), None)?.loss;
        let wide: Vec<f64> = parameters.iter().map(|&value| f64::from(value)).collect();
        losses.push((interval.middle.time, 2.0 * best, 2.0 * problem.loss(&wide)?));
    }
    Ok(losses)
}

/// Least squares over noised draws, noisiest slice first, each started from the one before.
///
/// `hidden` are trained hidden oscillators to keep (denoiser form, one vector for each
/// slice): the linear part is then fitted to what they leave over. Returns the
/// denoiser-form parameters of the whole network for each slice.
///
/// # Errors
/// If the user interrupts, or the network does not fit the examples.
pub fn fit(
    network: &Network,
    examples: &Examples<f32>,
    schedule: &[Interval],
    hidden: Option<&[Vec<f32>]>,
    effort: Effort,
    seed: u64,
    log: Log<'_>,
) -> anyhow::Result<Vec<Vec<f32>>> {
    let linear = network.linear()?;
    let visible = network.visible();
    let noising = Noising::default();
    let progress = Progress::new(log.label, schedule.len() as u64);
    let mut slices = Vec::with_capacity(schedule.len());
    let mut start: Option<Vec<f64>> = None;
    for (index, interval) in schedule.iter().enumerate() {
        log.interrupt.check()?;
        let mut stream = stream::of(seed, index as u64);
        let draws = examples.draw(interval.middle, effort.draws, &mut stream);
        let mut targets = draws.clean;
        if let Some(hidden) = hidden {
            let units = FastHidden::new(network.units(), network.hidden);
            targets -= units.bind(&hidden[index])?.force(draws.noised.as_ref());
        }
        let settings = SolveSettings {
            iterations: effort.iterations,
            floors: network.floors(&noising.denoiser(interval.middle)),
            rounds: 2,
            ..SolveSettings::default()
        };
        let problem = LeastSquares::new(
            linear.as_ref(),
            draws.noised.as_ref(),
            targets.as_ref(),
            &visible,
        )?;
        let optimum = problem.solve(&settings, start.as_deref())?;
        progress.set_metric("loss", problem.loss(&optimum.parameters)?);
        progress.step();
        let mut parameters: Vec<f32> = optimum
            .parameters
            .iter()
            .map(|&value| value as f32)
            .collect();
        if let Some(hidden) = hidden {
            parameters.extend_from_slice(&hidden[index]);
        }
        slices.push(parameters);
        start = Some(optimum.parameters);
    }
    progress.finish();
    Ok(slices)
}

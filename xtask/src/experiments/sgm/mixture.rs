//! Two coupled oscillators draw a mixture of two Gaussians (arXiv 2506.19136, its first demonstration).
//!
//! Means +-(.9, .9), standard deviation .3. The energy is the complete quartic of two
//! units: 14 monomials a slice. Every rule learns the same protocol from the same
//! data; the exact optimum says how good it could have been, the exact score how good any
//! energy could be, and the first law and Jarzynski's equality whether the thermodynamics add up.

mod learning;

use std::sync::Arc;

use faer::Mat;
use overdamped_energy::{Energy, PairTerm, Pairs, Sites, Sum};
use overdamped_learn::{Examples, Interval, Noising};
use overdamped_substrate::{
    Integrator, Observe, Protocol, Settings, SimulatedSubstrate, Slice, Substrate, TimeStep, stream,
};
use rand::RngExt;
use rand_distr::StandardNormal;

use self::learning::{Effort, Local};
use super::network::CUBIC_QUARTIC;
use super::oracle::{GaussianMixture, MixtureScore};
use super::thermodynamics;
use crate::experiments::Context;
use crate::export::npy;
use crate::judging::{baselines, energy_distance, sliced_wasserstein_1};
use crate::report::{Axis, Block, Comparison, LinePlot, Panel, Scatter, Section, Series, Table};
use crate::results::Entry;

const SLICES: usize = 16;
const EARLIEST: f64 = 0.005;
const LATEST: f64 = 4.0;
const WALLS: f64 = 4.0;
/// Directions of the sliced distance.
const DIRECTIONS: usize = 200;

/// Runs the experiment with weight `weight` on the upper right Gaussian.
///
/// # Errors
/// An interrupt, a failed fit or an unwritable folder.
pub fn run(context: &mut Context, name: &'static str, weight: f64) -> anyhow::Result<Section> {
    let effort = Effort::of(context.preset);
    let target = GaussianMixture::pair(0.9, 0.3, weight);
    let data = target.sample(effort.examples, stream::derive(context.seed, 1));
    let examples = Arc::new(Examples::new(data.clone())?);
    let schedule = Noising::default().schedule(EARLIEST, LATEST, SLICES)?;
    let energy = complete_quartic()?;

    let mut learned = vec![learning::exact(
        &energy,
        &examples,
        &schedule,
        &effort,
        context.seed,
    )?];
    for rule in [Local::ForceMatching, Local::StaticCd, Local::TrajectoryCd] {
        context.interrupt.check()?;
        learned.push(learning::local(
            context, name, rule, &energy, &examples, &schedule, &effort,
        )?);
    }

    let reference = narrow(&target.sample(effort.samples, stream::derive(context.seed, 2)));
    let distance = |states: &Mat<f32>| {
        sliced_wasserstein_1(
            reference.as_ref(),
            states.as_ref(),
            DIRECTIONS,
            context.seed,
        )
    };
    let again = narrow(&target.sample(effort.samples, stream::derive(context.seed, 3)));
    let floor = distance(&again)?;
    let fitted = baselines::gaussian(narrow(&data).as_ref(), effort.samples, context.seed)?;
    let gaussian = distance(&fitted)?;
    let oracle_energy: Arc<dyn Energy<f64>> = Arc::new(MixtureScore::new(target.clone()));
    let oracle_slices = schedule.iter().map(|interval| {
        let level = interval.middle;
        Slice::new(interval.duration(), vec![level.signal, level.noise])
    });
    let oracle_protocol = Protocol::new(oracle_slices.collect())?;
    let oracle_states = generate(
        &oracle_energy,
        &oracle_protocol,
        effort.samples,
        context.seed,
    )?
    .states;
    let oracle = distance(&oracle_states)?;

    let mut panels = vec![Panel::from_states("data", reference.as_ref()).reference()];
    let mut distances = Table::new("Sliced Wasserstein-1 distance to the data.");
    let columns = [
        "sw1",
        "energy_distance",
        "weight",
        "jarzynski_z",
        "dissipated_work",
    ];
    let mut comparison = Comparison::new(
        "All rules beside each other: distances to the data, weight of the upper right Gaussian, \
         Jarzynski's equality in standard errors, work dissipated while a sample is drawn (kT).",
        &columns,
    );
    let shared = |entry: Entry| {
        entry
            .baseline("one Gaussian", gaussian)
            .best("exact score", oracle)
            .reference("data against data", floor)
            .n(effort.samples)
    };
    for (id, value) in [("gaussian", gaussian), ("oracle", oracle)] {
        let entry = Entry::new(&format!("{name}.{id}.sw1"), value)
            .unit("data units")
            .lower();
        context.recorder.record(shared(entry))?;
    }
    for model in &learned {
        let id = |metric: &str| format!("{name}.{}.{metric}", model.id);
        let protocol = driving(&energy, &schedule, &model.parameters)?;
        let drawn = generate(&energy, &protocol, effort.samples, context.seed)?;
        let mut judged = Entry::new(&id("sw1"), distance(&drawn.states)?)
            .unit("data units")
            .lower();
        if let Some(seconds) = model.seconds {
            judged = judged.seconds(seconds);
        }
        let record = [
            shared(judged),
            Entry::new(
                &id("energy_distance"),
                energy_distance(reference.as_ref(), drawn.states.as_ref())?,
            )
            .unit("data units")
            .lower()
            .n(effort.samples)
            .best(
                "data against data",
                energy_distance(reference.as_ref(), again.as_ref())?,
            ),
            Entry::new(&id("weight"), upper_share(&drawn.states))
                .unit("1")
                .n(effort.samples)
                .best("data", weight)
                .baseline("one Gaussian", upper_share(&fitted)),
            Entry::new(&id("first_law_residual"), drawn.first_law_residual)
                .unit("kT")
                .lower()
                .n(effort.samples)
                .best("exact", 0.0),
        ];
        for entry in record {
            context.recorder.record(entry)?;
        }
        let check = thermodynamics::jarzynski(
            &energy,
            &protocol,
            WALLS,
            effort.trajectories,
            stream::derive(context.seed, 4),
        )?;
        for entry in check.entries(&format!("{name}.{}", model.id), effort.trajectories) {
            context.recorder.record(entry)?;
        }
        let path = context.recorder.folder().join("samples");
        npy::write_states(
            &path.join(format!("{name}.{}.npy", model.id)),
            drawn.states.as_ref(),
        )?;
        panels.push(Panel::from_states(model.title, drawn.states.as_ref()));
        distances = distances.row(model.title, &id("sw1"));
        comparison = comparison.row(model.title, &columns.map(id));
    }
    panels.push(Panel::from_states("one Gaussian", fitted.as_ref()));
    panels.push(Panel::from_states("exact score", oracle_states.as_ref()));
    let curves = learned
        .iter()
        .filter(|model| !model.losses.is_empty())
        .map(|model| {
            let series = Series::line(model.title, model.losses.clone());
            if model.id == "exact" {
                series.dashed()
            } else {
                series.marked()
            }
        });
    Ok(Section {
        title: format!(
            "A mixture of two Gaussians, weights {:.1} and {weight:.1}",
            1.0 - weight
        ),
        intro:
            "Two coupled oscillators are driven from thermal noise to a two-dimensional mixture. \
                Force matching reads forces; contrastive divergence reads only states."
                .to_owned(),
        blocks: vec![
            Block::Scatter(Scatter {
                caption: "Samples drawn by each learned protocol, beside the data, the Gaussian \
                          baseline and the exact score."
                    .to_owned(),
                x: "x1".to_owned(),
                y: "x2".to_owned(),
                panels,
            }),
            Block::Table(distances),
            Block::Comparison(comparison),
            Block::Lines(LinePlot {
                title: "Denoiser error of each slice".to_owned(),
                x: Axis::log("noising time s"),
                y: Axis::log("mean squared error per unit"),
                series: curves.collect(),
            }),
        ],
    })
}

fn complete_quartic() -> anyhow::Result<Arc<dyn Energy<f64>>> {
    let edge = overdamped_energy::Edges::all_to_all(2);
    let pair = Pairs::new(edge, &PairTerm::COMPLETE_QUARTIC);
    Ok(Arc::new(Sum::of(Sites::new(2, &CUBIC_QUARTIC))?.and(pair)?))
}

fn driving(
    energy: &Arc<dyn Energy<f64>>,
    schedule: &[Interval],
    parameters: &[Vec<f64>],
) -> anyhow::Result<Protocol<f64>> {
    let layout = energy.layout();
    let mut slices = Vec::with_capacity(schedule.len());
    for (interval, parameters) in schedule.iter().zip(parameters) {
        let denoiser = Noising::default().denoiser(interval.middle);
        let driving = denoiser.driving(&layout, parameters, &[true; 2])?;
        slices.push(Slice::new(interval.duration(), driving));
    }
    Ok(Protocol::new(slices)?)
}

/// Samples, and how well the first law held while they were drawn.
struct Drawn {
    states: Mat<f32>,
    first_law_residual: f64,
}

fn generate(
    energy: &Arc<dyn Energy<f64>>,
    protocol: &Protocol<f64>,
    count: usize,
    seed: u64,
) -> anyhow::Result<Drawn> {
    let settings = Settings {
        integrator: Integrator::LeimkuhlerMatthews,
        time_step: TimeStep::PerSlice(32),
        walls: Some(WALLS),
        observe: Observe::Energy,
        ..Settings::default()
    };
    let mut substrate = SimulatedSubstrate::new(Arc::clone(energy), settings)?;
    let mut stream = stream::of(stream::derive(seed, 7), 0);
    let start = Mat::from_fn(2, count, |_, _| stream.sample::<f64, _>(StandardNormal));
    // The first slice is programmed before the chains are prepared, so that its energy is the start.
    substrate.program(&protocol.slices()[0].parameters)?;
    substrate.prepare(start.as_ref(), stream::derive(seed, 8))?;
    let before = substrate.energies()?;
    substrate.run(protocol)?;
    let after = substrate.energies()?;
    let ledger = substrate.ledger();
    let residuals = (0..count).map(|chain| {
        (after[chain] - before[chain] - ledger.work[chain] - ledger.heat[chain]).abs()
    });
    Ok(Drawn {
        first_law_residual: residuals.fold(0.0, f64::max),
        states: narrow(&substrate.read()?),
    })
}

/// Share of the samples nearer to the upper right Gaussian.
fn upper_share(states: &Mat<f32>) -> f64 {
    let upper = (0..states.ncols())
        .filter(|&i| states[(0, i)] + states[(1, i)] > 0.0)
        .count();
    upper as f64 / states.ncols() as f64
}

fn narrow(states: &Mat<f64>) -> Mat<f32> {
    Mat::from_fn(states.nrows(), states.ncols(), |unit, chain| {
        states[(unit, chain)] as f32
    })
}

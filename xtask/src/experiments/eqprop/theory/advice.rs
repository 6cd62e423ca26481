//! Is the advice any good? [`recommend`] on a few devices, against an exhaustive search.
//!
//! The search checks the optimiser, not the formula of the error: for every estimator a grid of nudges over six decades and of shares of the time
//! for the free phase, and then ever finer grids about the best place so far.

use overdamped_learn::theory::{
    Bath, Block as Entries, Estimator, Hardware, Loss, Measurement, QuadraticSystem, Reading,
    Recommendation, Typical, recommend,
};
use rayon::prelude::*;

use super::PREFIX;
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Block, Comparison};
use crate::results::{Entry, Preset};

/// A device and its task.
struct Case {
    id: &'static str,
    title: &'static str,
    /// Least stiffness of the network.
    stiffness: f64,
    temperature: f64,
    samples: usize,
    /// Time for all phases, in 1 / (mobility x stiffness).
    time: f64,
    /// Strongest nudge on a unit.
    largest_force: f64,
    estimators: &'static [Estimator],
}

/// One that can do everything.
const ALL: &[Estimator] = &Estimator::ALL;
/// A device that can attach springs and nothing else.
const SPRINGS: &[Estimator] = &[
    Estimator::OneSided,
    Estimator::Symmetric,
    Estimator::DriftCompensated,
];
/// One whose springs cannot push.
const PULLING: &[Estimator] = &[Estimator::OneSided, Estimator::DriftCompensated];

const CASES: [Case; 6] = [
    Case {
        id: "patient",
        title: "stiff, cold, patient",
        stiffness: 0.3,
        temperature: 0.01,
        samples: 1000,
        time: 200.0,
        largest_force: 1.0,
        estimators: ALL,
    },
    Case {
        id: "springs",
        title: "stiff, cold, patient, with springs only",
        stiffness: 0.3,
        temperature: 0.01,
        samples: 1000,
        time: 200.0,
        largest_force: 1.0,
        estimators: SPRINGS,
    },
    Case {
        id: "hurried",
        title: "soft and hurried",
        stiffness: 0.05,
        temperature: 0.01,
        samples: 1000,
        time: 10.0,
        largest_force: 1.0,
        estimators: ALL,
    },
    Case {
        id: "pulling",
        title: "soft, springs that only pull",
        stiffness: 0.05,
        temperature: 0.01,
        samples: 1000,
        time: 30.0,
        largest_force: 1.0,
        estimators: PULLING,
    },
    Case {
        id: "warm",
        title: "stiff, warm, few samples",
        stiffness: 0.3,
        temperature: 1.0,
        samples: 30,
        time: 50.0,
        largest_force: 1.0,
        estimators: ALL,
    },
    Case {
        id: "feeble",
        title: "stiff, warm, feeble nudges",
        stiffness: 0.3,
        temperature: 1.0,
        samples: 100_000,
        time: 50.0,
        largest_force: 0.01,
        estimators: ALL,
    },
];

impl Case {
    fn system(&self, seed: u64) -> anyhow::Result<QuadraticSystem> {
        let typical = Typical {
            smallest_stiffness: self.stiffness,
            ..Typical::default()
        };
        Ok(typical.system(seed)?)
    }

    fn hardware(&self, units: usize) -> Hardware {
        Hardware {
            bath: Bath {
                temperature: self.temperature,
                ..Bath::default()
            },
            samples: self.samples,
            time: self.time,
            largest_force: self.largest_force,
            estimators: self.estimators.to_vec(),
            loss: Loss::OfMean,
            start: vec![0.0; units],
        }
    }
}

/// A place where the search looks.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Decades below the strongest nudge.
    decades: f64,
    /// Share of the time that the free phase has.
    free: f64,
}

/// Least error that the search finds, and how many measurements it looked at.
fn search(
    system: &QuadraticSystem,
    hardware: &Hardware,
    block: &Entries,
    fineness: usize,
) -> anyhow::Result<(f64, usize)> {
    let (mut least, mut tried) = (f64::INFINITY, 0);
    for &estimator in &hardware.estimators {
        let error = |place: &Place| {
            let measurement = measurement(system, hardware, estimator, *place);
            let (bath, start) = (&hardware.bath, &hardware.start);
            let accuracy = system.accuracy(&measurement, bath, start, hardware.loss, block)?;
            anyhow::Ok((accuracy.mse(), *place))
        };
        let mut places = Vec::new();
        for nudge in 0..12 * fineness {
            places.extend((0..8 * fineness).map(|share| Place {
                decades: 0.5 * nudge as f64 / fineness as f64,
                free: (share as f64 + 0.5) / (8 * fineness) as f64,
            }));
        }
        let mut width = [0.5 / fineness as f64, 0.125 / fineness as f64];
        for _ in 0..4 {
            if !estimator.nudges() {
                places.truncate(1);
            }
            let allowed = |place: &Place| {
                let bound = system.nudge_bound();
                let strength = strength(system, hardware, *place);
                let bounded = estimator != Estimator::Symmetric || strength < bound;
                bounded && place.decades >= 0.0 && (0.0..1.0).contains(&place.free)
            };
            places.retain(allowed);
            tried += places.len();
            let errors: anyhow::Result<Vec<_>> = places.par_iter().map(error).collect();
            let best = errors?
                .into_iter()
                .min_by(|one, other| one.0.total_cmp(&other.0));
            let Some((error, at)) = best else { break };
            least = least.min(error);
            // Two cells of the last grid in each direction, in quarters of them.
            width = width.map(|width| 0.25 * width);
            let offsets = || (-8..=8).map(f64::from);
            places.clear();
            places.extend(offsets().flat_map(|nudge| {
                offsets().map(move |share| Place {
                    decades: width[0].mul_add(nudge, at.decades),
                    free: width[1].mul_add(share, at.free),
                })
            }));
        }
    }
    Ok((least, tried))
}

fn strength(system: &QuadraticSystem, hardware: &Hardware, place: Place) -> f64 {
    let strongest = hardware.largest_force / system.cost_gradient().norm_max();
    strongest * 10.0_f64.powf(-place.decades)
}

/// What is done at a place: all of the time is used.
fn measurement(
    system: &QuadraticSystem,
    hardware: &Hardware,
    estimator: Estimator,
    place: Place,
) -> Measurement {
    let time = hardware.time;
    let (free_time, nudged_time) = match estimator.later_phases() {
        0 => (time, 0.0),
        phases => (
            place.free * time,
            (1.0 - place.free) * time / f64::from(phases),
        ),
    };
    Measurement {
        estimator,
        nudge_strength: strength(system, hardware, place),
        free_time,
        nudged_time,
        samples: hardware.samples,
        averaging: Reading::ProductOfMeans,
    }
}

/// Asks for advice, searches, and records how much was left to be found.
///
/// # Errors
/// An interrupt, or whatever theory reports.
pub fn study(context: &mut Context) -> anyhow::Result<Vec<Block>> {
    let fineness = match context.preset {
        Preset::Quick => 3,
        Preset::Paper => 10,
    };
    let mut table = Comparison::new(
        "What `theory::recommend` advises for networks of 12 units, of which the cost sees 4, and its expected error, \
         also over the least that a search over estimators, nudges and divisions of the time finds. Stiff networks have a least \
         stiffness of .3, soft ones of .05. Force: the largest that the nudge may exert on a unit. Times in \
         1 / (mobility x stiffness).",
        &[
            "kT", "samples", "time", "force", "beta", "free", "nudged", "MSE", "/ best",
        ],
    );
    let mut reasons = String::new();
    let progress = Progress::new("searching for better nudges", CASES.len() as u64);
    for case in &CASES {
        context.interrupt.check()?;
        let system = case.system(context.seed)?;
        let hardware = case.hardware(system.units());
        let block = Entries {
            rows: 0..8,
            columns: 8..12,
        };
        let advice = recommend(std::slice::from_ref(&system), &hardware, &block)?;
        let found = search(&system, &hardware, &block, fineness)?;
        let ids = record(context, case, &advice, found)?;
        table = table.row(
            &format!(
                "{}: {}",
                case.title,
                advice.measurement.estimator.name().replace('_', " ")
            ),
            &ids,
        );
        reasons.push_str(&format!(
            "{}{}: {}.",
            if reasons.is_empty() { "" } else { "\n\n" },
            case.title,
            advice.why.replace('_', " ")
        ));
        progress.step();
    }
    progress.finish();
    Ok(vec![Block::Comparison(table), Block::Text(reasons)])
}

/// Records a case; its ids in the order of the columns.
fn record(
    context: &mut Context,
    case: &Case,
    advice: &Recommendation,
    (least, tried): (f64, usize),
) -> anyhow::Result<Vec<String>> {
    let measurement = &advice.measurement;
    let error = advice.accuracy.mse();
    let strength = if measurement.estimator.nudges() {
        measurement.nudge_strength
    } else {
        0.0
    };
    let figures = [
        Entry::new("stiffness", case.stiffness).unit("kT / length^2"),
        Entry::new("temperature", case.temperature).unit("kT"),
        Entry::new("samples", case.samples as f64),
        Entry::new("time", case.time).unit("1 / (mobility x stiffness)"),
        Entry::new("largest_force", case.largest_force).unit("kT / length"),
        Entry::new("beta", strength),
        Entry::new("free_time", measurement.free_time).unit("1 / (mobility x stiffness)"),
        Entry::new("nudged_time", measurement.nudged_time).unit("1 / (mobility x stiffness)"),
        Entry::new("mse", error)
            .unit("|g - exact|^2 / |exact|^2")
            .lower()
            .best("search", least),
        Entry::new("mse_ratio", error / least)
            .unit("recommended / best found")
            .lower()
            .n(tried)
            .best("search", 1.0),
    ];
    let mut ids = Vec::with_capacity(figures.len());
    for mut entry in figures {
        entry.id = format!("{PREFIX}.recommend.{}.{}", case.id, entry.id);
        if !entry.id.ends_with(".stiffness") {
            ids.push(entry.id.clone());
        }
        context.recorder.record(entry)?;
    }
    Ok(ids)
}

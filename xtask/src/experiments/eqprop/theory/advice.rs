//! Is the advice any good? [`recommend`] on a few devices, against an exhaustive search.
//!
//! The search knows nothing of theory: every estimator, a fine grid of nudges over six decades, a fine grid of shares of
//! the time for the free phase.

use overdamped_learn::theory::{
    Averaging, Bath, Block as Entries, Estimator, Hardware, Loss, Measurement, QuadraticSystem,
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
        title: "the same, springs only",
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
        title: "soft and hurried, springs that only pull",
        stiffness: 0.05,
        temperature: 0.01,
        samples: 1000,
        time: 30.0,
        largest_force: 1.0,
        estimators: PULLING,
    },
    Case {
        id: "warm",
        title: "warm, few samples",
        stiffness: 0.3,
        temperature: 1.0,
        samples: 30,
        time: 50.0,
        largest_force: 1.0,
        estimators: ALL,
    },
    Case {
        id: "feeble",
        title: "warm, nudges at most .01, many samples",
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

/// Least error of all measurements on a grid, and how many those are.
fn search(
    system: &QuadraticSystem,
    hardware: &Hardware,
    block: &Entries,
    fineness: usize,
) -> anyhow::Result<(f64, usize)> {
    let strongest = hardware.largest_force / system.cost_gradient().norm_max();
    let bound = system.nudge_bound();
    let mut tasks = Vec::new();
    for &estimator in &hardware.estimators {
        let nudges = if estimator.nudges() { 12 * fineness } else { 1 };
        let shares = if estimator.nudges() { 8 * fineness } else { 1 };
        for nudge in 0..nudges {
            // From the strongest down.
            let nudge_strength = strongest * 10.0_f64.powf(-6.0 * nudge as f64 / nudges as f64);
            if estimator == Estimator::Symmetric && nudge_strength >= bound {
                continue;
            }
            for share in 0..shares {
                let free = (share as f64 + 0.5) / shares as f64;
                let (free_time, nudged_time) = if estimator.nudges() {
                    let phases = f64::from(estimator.later_phases());
                    (free * hardware.time, (1.0 - free) * hardware.time / phases)
                } else {
                    (hardware.time, 0.0)
                };
                tasks.push(Measurement {
                    estimator,
                    nudge_strength,
                    free_time,
                    nudged_time,
                    samples: hardware.samples,
                    averaging: Averaging::ProductOfMeans,
                });
            }
        }
    }
    let errors: anyhow::Result<Vec<f64>> = tasks
        .par_iter()
        .map(|measurement| {
            let (bath, start) = (&hardware.bath, &hardware.start);
            let accuracy = system.accuracy(measurement, bath, start, hardware.loss, block)?;
            Ok(accuracy.mse())
        })
        .collect();
    let least = errors?.into_iter().fold(f64::INFINITY, f64::min);
    Ok((least, tasks.len()))
}

/// Asks for advice, searches, and records how much was left to be found.
///
/// # Errors
/// An interrupt, or whatever theory reports.
pub fn study(context: &mut Context) -> anyhow::Result<Vec<Block>> {
    let fineness = match context.preset {
        Preset::Quick => 4,
        Preset::Paper => 12,
    };
    let mut table = Comparison::new(
        "What `theory::recommend` advises for networks of 12 units, of which the cost sees 4, and its error over the \
         least of a search over all estimators, nudges and divisions of the time. Force: the largest that the nudge \
         may exert on a unit. Times in 1 / (mobility x stiffness).",
        &[
            "least stiffness",
            "kT",
            "samples",
            "time",
            "force",
            "beta",
            "free time",
            "nudged time",
            "expected MSE",
            "over the best found",
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
        let advice = recommend(&system, &hardware, &block)?;
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
    let figures = [
        Entry::new("stiffness", case.stiffness).unit("kT / length^2"),
        Entry::new("temperature", case.temperature).unit("kT"),
        Entry::new("samples", case.samples as f64),
        Entry::new("time", case.time).unit("1 / (mobility x stiffness)"),
        Entry::new("largest_force", case.largest_force).unit("kT / length"),
        Entry::new("beta", measurement.nudge_strength),
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
        ids.push(entry.id.clone());
        context.recorder.record(entry)?;
    }
    Ok(ids)
}

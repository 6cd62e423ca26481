//! Bias against noise: the best nudge for so many thermal samples, by simulation and by theory.
//!
//! A strong nudge is biased, a weak one drowns in heat. With N independent samples in each phase the least mean
//! squared error and the nudge that has it follow power laws, once N is large enough for the leading terms:
//!
//! | estimator | least MSE | best beta |
//! |---|---|---|
//! | one-sided | N^-1/2 | N^-1/4 |
//! | symmetric | N^-2/3 | N^-1/6 |
//! | constant force | N^-1 | the stronger, the better |
//! | covariance | N^-1 | no nudge |
//!
//! States are sampled ([`sampling`](super::sampling)), errors averaged over repeats; nothing of the theory enters them.

use overdamped_learn::theory::{
    Accuracy, Bath, Block as Entries, Estimator, LeadingError, Loss, Measurement, QuadraticSystem,
    Reading,
};
use overdamped_substrate::stream;
use rayon::prelude::*;

use super::PREFIX;
use super::closed_form::{self, Modules};
use super::estimate::Estimate;
use super::fit::{exponent, minimum};
use super::probe::{Couplings, Digits, Network, Probe, UNITS};
use super::sampling::{Normals, Nudged, Phases, covariance, running_means};
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Axis, Block, LinePlot, Series, Table};
use crate::results::{Entry, Preset};

/// kT, in squared data units times the stiffness of a unit.
const TEMPERATURE: f64 = 1e-3;
/// Samples in each phase.
const SAMPLES: [usize; 9] = [10, 32, 100, 316, 1_000, 3_162, 10_000, 31_623, 100_000];
/// Exponents are fitted from the fifth on, a thousand: before, the best nudge is too strong for the leading terms.
const ASYMPTOTIC: usize = 4;
/// Those of the covariance, which has to look at every sample.
const FREE_SAMPLES: [usize; 4] = [100, 316, 1_000, 3_162];
/// Weakest nudge, and how many there are, in equal ratios.
const WEAKEST: f64 = 1e-3;
const RATIO: f64 = 1.3;
const NUDGES: i32 = 24;

/// The estimators that are sampled.
const SAMPLED: [Estimate; 3] = [
    Estimate::OneSided,
    Estimate::Symmetric,
    Estimate::ConstantForce,
];

/// A network, the digit that it sees, and the coupling that is judged.
struct Case {
    system: QuadraticSystem,
    block: Entries,
}

impl Case {
    fn new(digits: &Digits, seed: u64) -> anyhow::Result<Self> {
        let couplings = Couplings {
            inner: 0.5,
            outer: 0.5,
            quartic: 0.0,
        };
        let probe = Probe {
            network: Network::random(couplings, stream::derive(seed, 0))?,
            batch: digits.draw(1, &mut stream::of(seed, 1)),
        };
        Ok(Self {
            system: closed_form::system(&probe, 0, Modules::Moving)?,
            block: Entries {
                rows: 0..UNITS,
                columns: UNITS..2 * UNITS,
            },
        })
    }

    /// |estimate - gradient|^2 / |gradient|^2 on the block.
    fn squared_error(&self, found: faer::Mat<f64>, loss: Loss) -> anyhow::Result<f64> {
        let exact = self.system.gradient(loss, TEMPERATURE);
        let exact = self.block.of(exact.as_ref())?;
        Ok((found - exact).squared_norm_l2() / exact.squared_norm_l2())
    }

    /// The exact error in theory.
    fn accuracy(&self, measurement: &Measurement, loss: Loss) -> anyhow::Result<Accuracy> {
        let bath = Bath {
            temperature: TEMPERATURE,
            ..Bath::default()
        };
        let start = vec![0.0; self.system.units()];
        let block = &self.block;
        Ok(self
            .system
            .accuracy(measurement, &bath, &start, loss, block)?)
    }
}

/// A nudge and its error.
#[derive(Debug, Clone, Copy)]
struct Optimum {
    /// beta.
    strength: f64,
    /// Mean squared error, relative to the squared gradient.
    error: f64,
}

/// What was found of one estimator.
struct Found {
    /// Mean squared error at each nudge, for each number of samples.
    curves: Vec<Vec<(f64, f64)>>,
    /// The best nudge and its error, for each number of samples; for a constant force the strongest.
    optima: Vec<Optimum>,
    /// The same in closed form: by the leading terms; for a constant force, which no term of a bias limits, the
    /// exact error.
    predicted: Vec<Optimum>,
}

/// Samples, and records how the least error and the best nudge go with the number of samples.
///
/// # Errors
/// An interrupt, or whatever theory reports.
pub fn study(context: &mut Context, digits: &Digits) -> anyhow::Result<Vec<Block>> {
    let seed = stream::derive(context.seed, 54);
    let case = Case::new(digits, seed)?;
    let repeats = match context.preset {
        Preset::Quick => 40,
        Preset::Paper => 400,
    };
    let found = sampled(context, &case, stream::derive(seed, 2), repeats)?;
    let free = free_errors(context, &case, stream::derive(seed, 3), repeats)?;
    let mut table = Table::new(&format!(
        "Exponents of least error and best nudge in the number of samples, from a thousand samples per phase on; the \
         errors at ten thousand. Averages over {repeats} repeats."
    ));
    for (estimate, found) in SAMPLED.iter().zip(&found) {
        table = record(context, *estimate, found, repeats, table)?;
    }
    let id = format!("{PREFIX}.optimum.covariance.mse_exponent");
    let entry = Entry::new(&id, exponent(&free.sampled))
        .n(repeats)
        .best("theory", -1.0)
        .reference("theory, exact", exponent(&free.exact));
    context.recorder.record(entry)?;
    table = table.row("exponent of the error, covariance", &id);
    Ok(vec![
        Block::Lines(samples_figure(&found, &free)),
        Block::Lines(valley_figure(&case, &found)?),
        Block::Table(table),
    ])
}

/// Errors of all nudges and numbers of samples.
fn sampled(
    context: &Context,
    case: &Case,
    seed: u64,
    repeats: usize,
) -> anyhow::Result<Vec<Found>> {
    let nudges: Vec<f64> = (0..NUDGES).map(|k| WEAKEST * RATIO.powi(k)).collect();
    let phases: anyhow::Result<Vec<Phases>> = nudges
        .iter()
        .map(|&strength| Phases::new(&case.system, strength, TEMPERATURE))
        .collect();
    let phases = phases?;
    let progress = Progress::new("nudged thermal samples", repeats as u64);
    // One repeat: the error of each estimator at each number of samples and each nudge.
    let errors = |repeat: u64| -> anyhow::Result<Vec<f64>> {
        context.interrupt.check()?;
        let means = [0, 1, 2].map(|phase| {
            let seed = stream::derive(stream::derive(seed, repeat), phase);
            running_means(&mut Normals::new(case.system.units(), seed), &SAMPLES)
        });
        let mut errors = Vec::with_capacity(SAMPLED.len() * SAMPLES.len() * nudges.len());
        for estimate in SAMPLED {
            for ((free, upper), lower) in means[0].iter().zip(&means[1]).zip(&means[2]) {
                let draws = [free, upper, lower];
                for phases in &phases {
                    let found = phases.estimate(&case.system, estimate, draws, &case.block);
                    errors.push(match found {
                        Some(found) => case.squared_error(found, Loss::OfMean)?,
                        None => f64::INFINITY,
                    });
                }
            }
        }
        progress.step();
        Ok(errors)
    };
    let all: anyhow::Result<Vec<Vec<f64>>> =
        (0..repeats as u64).into_par_iter().map(errors).collect();
    let all = all?;
    progress.finish();
    // Summed in the order of the repeats, whatever the threads did.
    let mean = |slot: usize| all.iter().map(|errors| errors[slot]).sum::<f64>() / repeats as f64;
    SAMPLED
        .iter()
        .enumerate()
        .map(|(which, &estimate)| {
            let curve = |count: usize| -> Vec<(f64, f64)> {
                let first = (which * SAMPLES.len() + count) * nudges.len();
                let points = nudges.iter().enumerate();
                let points = points.map(|(k, &strength)| (strength, mean(first + k)));
                points.filter(|(_, error)| error.is_finite()).collect()
            };
            Found::new(case, estimate, (0..SAMPLES.len()).map(curve).collect())
        })
        .collect()
}

impl Found {
    fn new(case: &Case, estimate: Estimate, curves: Vec<Vec<(f64, f64)>>) -> anyhow::Result<Self> {
        let leading =
            LeadingError::of(&case.system, estimate.in_theory(), TEMPERATURE, &case.block)?;
        let optima = curves.iter().filter_map(|curve| {
            let (strength, error) = match estimate {
                Estimate::ConstantForce => curve.last().copied(),
                _ => minimum(curve),
            }?;
            Some(Optimum { strength, error })
        });
        let optima: Vec<Optimum> = optima.collect();
        let predict = |samples: usize, strength: f64| {
            if let Some(best) = leading.optimum(samples) {
                let (strength, error) = (best.strength, best.mse);
                return Ok(Optimum { strength, error });
            }
            let measurement = Measurement {
                averaging: Reading::ProductOfMeans,
                ..Measurement::relaxed(estimate.in_theory(), strength, samples)
            };
            let error = case.accuracy(&measurement, Loss::OfMean)?.mse();
            anyhow::Ok(Optimum { strength, error })
        };
        let pairs = SAMPLES.iter().zip(&optima);
        let predicted = pairs.map(|(&samples, at)| predict(samples, at.strength));
        Ok(Self {
            predicted: predicted.collect::<anyhow::Result<_>>()?,
            curves,
            optima,
        })
    }

    /// How the best nudge, or its error, goes with the number of samples.
    fn exponent(points: &[Optimum], of: fn(&Optimum) -> f64) -> f64 {
        let points: Vec<_> = SAMPLES
            .iter()
            .zip(points)
            .skip(ASYMPTOTIC)
            .map(|(&samples, point)| (samples as f64, of(point)))
            .collect();
        exponent(&points)
    }
}

/// Records the figures of an estimator.
fn record(
    context: &mut Context,
    estimate: Estimate,
    found: &Found,
    repeats: usize,
    mut table: Table,
) -> anyhow::Result<Table> {
    let name = format!("{PREFIX}.optimum.{}", estimate.id());
    let constant = estimate == Estimate::ConstantForce;
    let id = format!("{name}.mse_exponent");
    let mut entry = Entry::new(&id, Found::exponent(&found.optima, |at| at.error))
        .n(repeats)
        .best("theory", Found::exponent(&found.predicted, |at| at.error));
    if constant {
        entry = entry.reference("beta, the strongest", found.optima[0].strength);
    }
    context.recorder.record(entry)?;
    table = table.row(&format!("exponent of the error, {}", estimate.label()), &id);
    if !constant {
        let id = format!("{name}.beta_exponent");
        let entry = Entry::new(&id, Found::exponent(&found.optima, |at| at.strength))
            .n(repeats)
            .best(
                "theory",
                Found::exponent(&found.predicted, |at| at.strength),
            );
        context.recorder.record(entry)?;
        table = table.row(&format!("exponent of the nudge, {}", estimate.label()), &id);
    }
    for (samples, shown) in [(100, false), (10_000, true)] {
        let Some(at) = SAMPLES.iter().position(|&count| count == samples) else {
            continue;
        };
        let id = format!("{name}.samples_{samples}.mse");
        let entry = Entry::new(&id, found.optima[at].error)
            .unit("|g - exact|^2 / |exact|^2")
            .lower()
            .n(repeats)
            .best("theory", found.predicted[at].error);
        context.recorder.record(entry)?;
        if shown {
            table = table.row(
                &format!("error at {samples} samples, {}", estimate.label()),
                &id,
            );
        }
    }
    Ok(table)
}

/// The error of the covariance of free states, against that of the mean loss.
struct Free {
    sampled: Vec<(f64, f64)>,
    exact: Vec<(f64, f64)>,
}

fn free_errors(context: &Context, case: &Case, seed: u64, repeats: usize) -> anyhow::Result<Free> {
    let free = Nudged::new(&case.system, 0.0, TEMPERATURE)?;
    let progress = Progress::new("free thermal samples", repeats as u64);
    let errors = |repeat: u64| -> anyhow::Result<Vec<f64>> {
        context.interrupt.check()?;
        let most = FREE_SAMPLES[FREE_SAMPLES.len() - 1];
        let draws = Normals::new(case.system.units(), stream::derive(seed, repeat)).draw(most);
        let states = free.states(draws.as_ref());
        let errors = FREE_SAMPLES.iter().map(|&count| {
            let states = states.as_ref().subcols(0, count);
            let found = covariance(&case.system, states, TEMPERATURE, &case.block);
            case.squared_error(found, Loss::Mean)
        });
        let errors = errors.collect();
        progress.step();
        errors
    };
    let all: anyhow::Result<Vec<Vec<f64>>> =
        (0..repeats as u64).into_par_iter().map(errors).collect();
    let all = all?;
    progress.finish();
    let mut found = Free {
        sampled: Vec::new(),
        exact: Vec::new(),
    };
    for (slot, &count) in FREE_SAMPLES.iter().enumerate() {
        let mean = all.iter().map(|errors| errors[slot]).sum::<f64>() / repeats as f64;
        let measurement = Measurement::relaxed(Estimator::Covariance, 0.0, count);
        let exact = case.accuracy(&measurement, Loss::Mean)?.mse();
        found.sampled.push((count as f64, mean));
        found.exact.push((count as f64, exact));
    }
    Ok(found)
}

/// Least error against samples.
fn samples_figure(found: &[Found], free: &Free) -> LinePlot {
    let along = |points: &[Optimum]| -> Vec<(f64, f64)> {
        let pairs = SAMPLES.iter().zip(points);
        pairs
            .map(|(&samples, at)| (samples as f64, at.error))
            .collect()
    };
    let each = || SAMPLED.iter().zip(found);
    let measured = each()
        .map(|(estimate, found)| Series::line(estimate.label(), along(&found.optima)).marked())
        .chain([Series::line("covariance", free.sampled.clone()).marked()]);
    let predicted = each()
        .map(|(estimate, found)| {
            let label = format!("theory: {}", estimate.label());
            Series::line(&label, along(&found.predicted)).dashed()
        })
        .chain([Series::line("theory: covariance", free.exact.clone()).dashed()]);
    LinePlot {
        title: "Error at the best nudge".to_owned(),
        x: Axis::log("samples N of each phase"),
        y: Axis::log("mean squared error / squared gradient"),
        series: measured.chain(predicted).collect(),
    }
}

/// Error against nudge, at a hundred and at ten thousand samples.
fn valley_figure(case: &Case, found: &[Found]) -> anyhow::Result<LinePlot> {
    let mut series = Vec::new();
    for samples in [100, 10_000] {
        let Some(at) = SAMPLES.iter().position(|&count| count == samples) else {
            continue;
        };
        for (estimate, found) in SAMPLED.iter().zip(found) {
            let label = format!("{}, N = {samples}", estimate.label());
            series.push(Series::line(&label, found.curves[at].clone()));
        }
    }
    let leading = LeadingError::of(&case.system, Estimator::OneSided, TEMPERATURE, &case.block)?;
    let expected = found[0].curves[0]
        .iter()
        .map(|&(strength, _)| (strength, leading.mse(strength, 10_000)));
    series.push(Series::line("theory: one-sided, N = 10000", expected.collect()).dashed());
    Ok(LinePlot {
        title: "Error of a nudge".to_owned(),
        x: Axis::log("nudge strength beta"),
        y: Axis::log("mean squared error / squared gradient"),
        series,
    })
}

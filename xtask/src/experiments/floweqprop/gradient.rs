//! How wrong nudged gradients are at rest: bias against the strength of the nudge.
//!
//! The exact gradient comes from the implicit function theorem; both run in double precision, and every
//! phase until nothing moves, so that what is left is the bias of the finite nudge. For a quadratic energy
//! of curvature K at the visible units and a cost of curvature kappa = (alpha lambda)^2, with q = beta kappa / K,
//!
//! | nudge | gradient found / exact | relative error, lowest order |
//! |---|---|---|
//! | quadratic, one-sided | 1 / (1 + q) | q |
//! | quadratic, symmetric | 1 / (1 - q^2) | q^2 |
//! | linear, symmetric | 1 | 0 |
//!
//! K is that of spring and visible units, 1 + lambda. The hidden units change it a little, and the energy is not
//! quadratic: the linear nudge is left with an error of order beta^2 too, a much smaller one as a rule.
//!
//! The exception are chains near a bifurcation. Training makes them: some in a hundred have a mode so soft that a
//! nudge takes it out of its linear range, or into another basin, and their gradients are large enough to
//! dominate a batch. Several small batches are measured therefore; recorded are their median and their extremes.

use overdamped_energy::Layered;
use overdamped_learn::{Examples, NudgeForce, Nudging, Sides};
use overdamped_substrate::{Relaxer, stream};
use rayon::prelude::*;

use super::probe::{AT_REST, Exact, Measurement, Probe, TO_REST, relative_error};
use crate::experiments::{Context, Interrupt};
use crate::progress::Progress;
use crate::report::{Axis, LinePlot, Series, Table};
use crate::results::Entry;

/// Chains of a batch: so few that most batches have none near a bifurcation.
const CHAINS: usize = 8;
/// Batches whose errors are compared; an odd number, so that one of them is the median.
const BATCHES: usize = 7;
/// beta of the paper.
const PUBLISHED: f64 = 1.25e-3;
/// Strengths on either side of the published one, in equal ratios.
const STEPS: i32 = 3;
/// Factor from the published strength to either end: the upper is .015, short of the bound of .0178.
const REACH: f64 = 12.0;

/// A way to nudge, and what is to be expected of it.
struct Estimator {
    id: &'static str,
    label: &'static str,
    force: NudgeForce,
    sides: Sides,
    /// Relative error for a quadratic energy, from q.
    theory: fn(f64) -> f64,
}

const ESTIMATORS: [Estimator; 3] = [
    Estimator {
        id: "linear_symmetric",
        label: "linear, symmetric",
        force: NudgeForce::Linear,
        sides: Sides::Two,
        theory: |_| 0.0,
    },
    Estimator {
        id: "quadratic_symmetric",
        label: "quadratic, symmetric",
        force: NudgeForce::Quadratic,
        sides: Sides::Two,
        theory: |q| 1.0 / (1.0 - q * q) - 1.0,
    },
    Estimator {
        id: "one_sided",
        label: "quadratic, one-sided",
        force: NudgeForce::Quadratic,
        sides: Sides::One,
        theory: |q| 1.0 - 1.0 / (1.0 + q),
    },
];

/// What the study shows.
pub struct Bias {
    /// How to read it.
    pub note: String,
    /// Error against strength.
    pub figure: LinePlot,
    /// Error at the published strength.
    pub table: Table,
}

/// A batch with its exact gradient.
struct Batch {
    probe: Probe<f64>,
    exact: Exact,
}

/// One estimate to be made.
struct Task<'a> {
    batch: &'a Batch,
    estimator: &'static Estimator,
    strength: f64,
}

/// Measures the bias of each nudge at `parameters`, and records it at the published strength. `stage` says to
/// people which parameters these are: `after training`, for instance.
///
/// # Errors
/// An interrupt, a batch that does not come to rest, or whatever rule and substrate report.
pub fn study(
    context: &mut Context,
    energy: &Layered,
    parameters: &[f32],
    examples: &Examples<f32>,
    prefix: &str,
    stage: &str,
) -> anyhow::Result<Bias> {
    let seed = stream::derive(context.seed, 41);
    let mut batches = Vec::with_capacity(BATCHES);
    for index in 0..BATCHES as u64 {
        context.interrupt.check()?;
        let seed = stream::derive(seed, index);
        batches.push(Batch::new(Probe::new(
            energy, parameters, examples, CHAINS, seed,
        )?)?);
    }
    let (table, ordinary) = published(context, &batches, prefix, stage)?;
    let curves = sweep(&batches[ordinary], &context.interrupt)?;
    let bound = batches[ordinary].probe.bound();
    Ok(Bias {
        note: format!(
            "Exact gradient and estimates are of the same chains, in double precision, after free phases that \
             leave no force above {AT_REST:e} on any unit. A quadratic nudge biases what it measures, because \
             it pulls less the closer it gets; beyond a strength of {bound:.4} the state of the negative one \
             runs away. A linear nudge holds the pull constant and has neither fault. Training makes chains \
             near a bifurcation, which answer to any nudge out of proportion; a batch that contains one is \
             worse than theory says."
        ),
        figure: figure(stage, bound, &curves),
        table,
    })
}

/// Records the errors of all batches at the published strength; their table, and the index of the batch whose
/// error is the median.
fn published(
    context: &mut Context,
    batches: &[Batch],
    prefix: &str,
    stage: &str,
) -> anyhow::Result<(Table, usize)> {
    let mut tasks = Vec::new();
    for estimator in &ESTIMATORS {
        tasks.extend(batches.iter().map(|batch| Task {
            batch,
            estimator,
            strength: PUBLISHED,
        }));
    }
    let errors = errors(&tasks, "nudged gradients", &context.interrupt)?;
    let q = PUBLISHED / batches[0].probe.bound();
    let mut table = Table::new(&format!(
        "Relative error of the gradient {stage} at the published nudge strength of {PUBLISHED}: median over \
         {BATCHES} batches of {CHAINS} chains."
    ));
    for (estimator, found) in ESTIMATORS.iter().zip(errors.chunks(BATCHES)) {
        let order = ascending(found);
        let at = |rank: usize| found[order[rank]];
        let id = format!("{prefix}.gradient.{}.relative_error", estimator.id);
        let entry = Entry::new(&id, at(BATCHES / 2))
            .unit("|g - exact| / |exact|")
            .lower()
            .n(BATCHES * CHAINS)
            .best("exact gradient", 0.0)
            .reference("theory, quadratic energy", (estimator.theory)(q))
            .reference("least of the batches", at(0))
            .reference("largest of the batches", at(BATCHES - 1));
        context.recorder.record(entry)?;
        table = table.row(estimator.label, &id);
    }
    // The linear nudge, which comes first, has the least bias of its own: it tells best which batch is an
    // ordinary one.
    Ok((table, ascending(&errors[..BATCHES])[BATCHES / 2]))
}

/// Error of each estimator on one batch, against strength.
fn sweep(batch: &Batch, interrupt: &Interrupt) -> anyhow::Result<Vec<Vec<(f64, f64)>>> {
    let steps = -STEPS..=STEPS;
    let strengths: Vec<f64> = steps
        .map(|step| PUBLISHED * REACH.powf(f64::from(step) / f64::from(STEPS)))
        .collect();
    let mut tasks = Vec::new();
    for estimator in &ESTIMATORS {
        tasks.extend(strengths.iter().map(|&strength| Task {
            batch,
            estimator,
            strength,
        }));
    }
    let errors = errors(&tasks, "nudges of all strengths", interrupt)?;
    let of_each = errors.chunks(strengths.len());
    let curve = |errors: &[f64]| {
        let points = strengths.iter().zip(errors);
        points.map(|(&beta, &error)| (beta, error)).collect()
    };
    Ok(of_each.map(curve).collect())
}

impl Batch {
    fn new(probe: Probe<f64>) -> anyhow::Result<Self> {
        Ok(Self {
            exact: probe.exact()?,
            probe,
        })
    }
}

impl Task<'_> {
    /// Relative error of the estimate.
    fn error(&self) -> anyhow::Result<f64> {
        let Batch { probe, exact } = self.batch;
        let found = probe.measure(&Measurement {
            relaxer: Relaxer::BLOCK_DESCENT,
            nudging: Nudging {
                force: self.estimator.force,
                sides: self.estimator.sides,
                strength: self.strength,
            },
            free: TO_REST,
            // Nudged phases have a shorter way to go, at the same rate.
            nudged: exact.time,
        })?;
        Ok(relative_error(&found.gradient, &exact.gradient))
    }
}

/// Relative error of each estimate.
fn errors(tasks: &[Task<'_>], label: &str, interrupt: &Interrupt) -> anyhow::Result<Vec<f64>> {
    let progress = Progress::new(label, tasks.len() as u64);
    // A batch is a single block, which keeps one core busy: the cores share the estimates.
    let errors: anyhow::Result<Vec<f64>> = tasks
        .par_iter()
        .map(|task| {
            interrupt.check()?;
            let error = task.error();
            progress.step();
            error
        })
        .collect();
    let errors = errors?;
    progress.finish();
    Ok(errors)
}

/// Indices of `values`, the least first.
fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    order
}

/// Error against strength for each estimator, on axes that show a power law as a line of that slope.
fn figure(stage: &str, bound: f64, curves: &[Vec<(f64, f64)>]) -> LinePlot {
    let each = || ESTIMATORS.iter().zip(curves);
    let measured =
        each().map(|(estimator, curve)| Series::line(estimator.label, curve.clone()).marked());
    let expected = each().filter_map(|(estimator, curve)| {
        let theory = curve.iter().map(|&(strength, _)| {
            let expected = (estimator.theory)(strength / bound);
            (strength, expected)
        });
        let points: Vec<_> = theory.filter(|&(_, error)| error > 0.0).collect();
        let label = format!("theory: {}", estimator.label);
        (!points.is_empty()).then(|| Series::line(&label, points).dashed())
    });
    LinePlot {
        title: format!("Bias of nudged gradients {stage}, batch of median error"),
        x: Axis::log("nudge strength beta"),
        y: Axis::log("relative error of the gradient"),
        series: measured.chain(expected).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe::untrained;
    use super::*;

    #[test]
    fn biases_at_the_start_of_training_are_those_of_theory() {
        let batch = Batch::new(untrained(CHAINS, 1.0)).unwrap();
        let task = |index: usize, strength| Task {
            batch: &batch,
            estimator: &ESTIMATORS[index],
            strength,
        };
        let tasks: Vec<_> = (0..ESTIMATORS.len())
            .flat_map(|index| [task(index, PUBLISHED), task(index, 2.0 * PUBLISHED)])
            .collect();
        let errors = errors(&tasks, "test", &Interrupt::default()).unwrap();
        let (linear, quadratic, one_sided) = (&errors[..2], &errors[2..4], &errors[4..]);
        // Any difference between the chains of the rule and those of the exact gradient would show here.
        assert!(linear[0] < 5e-5, "{linear:?}");
        let q = PUBLISHED / batch.probe.bound();
        for (found, Estimator { id, theory, .. }) in [
            (quadratic[0], &ESTIMATORS[1]),
            (one_sided[0], &ESTIMATORS[2]),
        ] {
            assert!((found / theory(q) - 1.0).abs() < 0.1, "{id}: {found:e}");
        }
        // Twice the strength: four times the symmetric error and twice the one-sided one, but for the next
        // orders of q = .07.
        let growth = |errors: &[f64]| errors[1] / errors[0];
        assert!((3.9..4.2).contains(&growth(quadratic)), "{quadratic:?}");
        assert!((1.8..2.0).contains(&growth(one_sided)), "{one_sided:?}");
    }
}

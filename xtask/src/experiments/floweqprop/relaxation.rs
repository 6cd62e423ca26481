//! How much relaxation a gradient needs: distance from rest, and direction of the gradient, against time.
//!
//! A free phase that ends early leaves a drift. The two sides of a symmetric nudge start from the same state and
//! drift alike, so that it cancels; a one-sided contrast divides it by beta and is lost in it.
//!
//! | relaxer | what moves | work for a time of 1 |
//! |---|---|---|
//! | device | gradient flow, as hardware does it, in steps of .1 | 10 gradients |
//! | Nesterov | gradient steps of .05 with momentum .8 | 4 gradients |
//! | blocks | Newton steps of one group of layers after another | 1 / 2 sweep |

use overdamped_energy::Layered;
use overdamped_learn::{Examples, NudgeForce, Nudging, Settling, Sides};
use overdamped_substrate::{Relaxer, Residuals, stream};

use super::probe::{Exact, Measured, Measurement, Probe, cosine};
use crate::experiments::{Context, Interrupt};
use crate::progress::Progress;
use crate::report::{Axis, Block, LinePlot, Series, Table};
use crate::results::Entry;

/// Chains of the batch.
const CHAINS: usize = 64;

const RELAXERS: [(&str, Relaxer); 3] = [
    ("device", Relaxer::GradientFlow),
    ("Nesterov", Relaxer::Nesterov { momentum: 0.8 }),
    ("blocks", Relaxer::BLOCK_DESCENT),
];

/// Times of the free phase at which distances from rest are taken, in 1 / (mobility x stiffness).
const LOOKS: [f64; 8] = [2.0, 4.0, 10.0, 20.0, 30.0, 60.0, 100.0, 200.0];

/// How long the phases of a measurement last.
#[derive(Debug, Clone, Copy)]
struct Phases {
    id: &'static str,
    label: &'static str,
    relaxer: Relaxer,
    /// Time of the free phase, in 1 / (mobility x stiffness).
    free: f64,
    /// Time of each nudged phase.
    nudged: f64,
}

const fn device(id: &'static str, label: &'static str, steps: f64) -> Phases {
    let time = steps * super::probe::STEP;
    Phases {
        id,
        label,
        relaxer: Relaxer::GradientFlow,
        free: time,
        nudged: time,
    }
}

/// A sweep stands for a time of 2.
const fn blocks(id: &'static str, label: &'static str, free: f64, nudged: f64) -> Phases {
    Phases {
        id,
        label,
        relaxer: Relaxer::BLOCK_DESCENT,
        free: 2.0 * free,
        nudged: 2.0 * nudged,
    }
}

const PHASES: [Phases; 6] = [
    device("device100", "device, 100 + 100 steps", 100.0),
    device("device300", "device, 300 + 300 steps, as published", 300.0),
    device("device1000", "device, 1000 + 1000 steps", 1000.0),
    blocks("blocks10", "blocks, 10 + 5 sweeps", 10.0, 5.0),
    blocks("blocks30", "blocks, 30 + 10 sweeps", 30.0, 10.0),
    blocks("blocks100", "blocks, 100 + 30 sweeps", 100.0, 30.0),
];

/// What a pair of phases gave.
struct Outcome {
    phases: Phases,
    sides: Sides,
    cosine: f64,
    /// 99 % quantile over chains of the largest force after the free phase.
    residual: f64,
    seconds: f64,
}

impl Outcome {
    /// Time of all phases together, in 1 / (mobility x stiffness).
    fn time(&self) -> f64 {
        self.phases.free + f64::from(self.sides.phases()) * self.phases.nudged
    }

    fn is_device(&self) -> bool {
        self.phases.relaxer == Relaxer::GradientFlow
    }
}

/// Measures how relaxation at `parameters` goes on, and what a gradient is worth that was taken early.
///
/// # Errors
/// An interrupt, or whatever rule and substrate report.
pub fn study(
    context: &mut Context,
    energy: &Layered,
    parameters: &[f32],
    examples: &Examples<f32>,
    prefix: &str,
) -> anyhow::Result<Vec<Block>> {
    let seed = stream::derive(context.seed, 42);
    let probe = Probe::<f32>::new(energy, parameters, examples, CHAINS, seed)?;
    let residuals = residuals(&probe, &context.interrupt)?;
    let exact = probe.exact()?;
    let outcomes = measure(&probe, &exact, &context.interrupt)?;
    let mut table = Table::new(
        "Cosine between the gradient after finite relaxation and the exact one, symmetric and one-sided.",
    );
    for outcome in &outcomes {
        let (suffix, side) = match outcome.sides {
            Sides::One => ("_one_sided", "one-sided"),
            Sides::Compensated => ("_compensated", "drift-compensated"),
            Sides::Two => ("", "symmetric"),
        };
        let name = format!("{prefix}.relaxation.{}{suffix}", outcome.phases.id);
        let id = format!("{name}.cosine");
        let entry = Entry::new(&id, outcome.cosine)
            .unit("1")
            .higher()
            .n(probe.chains())
            .seconds(outcome.seconds)
            .best("exact gradient", 1.0);
        context.recorder.record(entry)?;
        table = table.row(&format!("{}, {side}", outcome.phases.label), &id);
        // The free phase is the same for one side and two.
        if outcome.sides == Sides::Two {
            let entry = Entry::new(&format!("{name}.residual"), outcome.residual)
                .unit("kT per data unit")
                .lower()
                .n(probe.chains())
                .best("at rest", 0.0);
            context.recorder.record(entry)?;
        }
    }
    Ok(vec![
        Block::Lines(residual_figure(&residuals)),
        Block::Lines(cosine_figure(&outcomes)),
        Block::Table(table),
    ])
}

/// Distances from rest of one relaxer.
struct Trace {
    label: &'static str,
    /// Time of each look, and what is left then.
    looks: Vec<(f64, Residuals)>,
}

/// Distances from rest at each look, for each relaxer.
fn residuals(probe: &Probe<f32>, interrupt: &Interrupt) -> anyhow::Result<Vec<Trace>> {
    let mut traces = Vec::new();
    for (label, relaxer) in RELAXERS {
        let mut looks = Vec::new();
        // From the start each time: a look takes the momentum away.
        for time in LOOKS {
            interrupt.check()?;
            looks.push((time, probe.residuals(relaxer, time)?));
        }
        traces.push(Trace { label, looks });
    }
    Ok(traces)
}

/// The direction of the gradient after all phases, symmetric and one-sided.
fn measure(
    probe: &Probe<f32>,
    exact: &Exact,
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Outcome>> {
    let progress = Progress::new("relaxed gradients", 2 * PHASES.len() as u64);
    let mut outcomes = Vec::new();
    for sides in [Sides::Two, Sides::One] {
        for phases in PHASES {
            interrupt.check()?;
            let Measured {
                gradient,
                residual,
                seconds,
            } = probe.measure(&Measurement {
                relaxer: phases.relaxer,
                nudging: Nudging {
                    force: NudgeForce::Linear,
                    sides,
                    ..Nudging::default()
                },
                free: Settling::once(phases.free),
                nudged: phases.nudged,
            })?;
            outcomes.push(Outcome {
                phases,
                sides,
                cosine: cosine(&gradient, &exact.gradient),
                residual,
                seconds,
            });
            progress.step();
        }
    }
    progress.finish();
    Ok(outcomes)
}

fn residual_figure(traces: &[Trace]) -> LinePlot {
    let curve = |trace: &Trace, share: &str, of: fn(&Residuals) -> f64| {
        let points = trace.looks.iter().map(|(time, left)| (*time, of(left)));
        Series::line(&format!("{}, {share}", trace.label), points.collect()).marked()
    };
    let curves = traces.iter().flat_map(|trace| {
        [
            curve(trace, "99 % of chains", |left| left.high),
            curve(trace, "median", |left| left.median),
        ]
    });
    LinePlot {
        title: "Distance from rest".to_owned(),
        x: Axis::log("time of the free phase, 1 / (mobility x stiffness)"),
        y: Axis::log("largest force of a chain, kT per data unit"),
        series: curves.collect(),
    }
}

fn cosine_figure(outcomes: &[Outcome]) -> LinePlot {
    let curves = [
        ("device, symmetric", true, Sides::Two),
        ("blocks, symmetric", false, Sides::Two),
        ("device, one-sided", true, Sides::One),
        ("blocks, one-sided", false, Sides::One),
    ];
    let curve = |(label, device, sides)| {
        let own = outcomes
            .iter()
            .filter(|outcome| outcome.is_device() == device && outcome.sides == sides);
        Series::line(label, own.map(|o| (o.time(), o.cosine)).collect()).marked()
    };
    LinePlot {
        title: "Direction of the gradient".to_owned(),
        x: Axis::log("time of all phases, 1 / (mobility x stiffness)"),
        y: Axis::linear("cosine to the exact gradient"),
        series: curves.map(curve).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe::untrained;
    use super::*;

    /// Soft modes, as in a trained network: where relaxation ends early, a symmetric nudge is right about the
    /// direction long before a one-sided one, and more relaxation helps both relaxers.
    #[test]
    fn unfinished_relaxation_spoils_one_sided_gradients_first() {
        let probe = untrained::<f32>(CHAINS, 2.0);
        let exact = probe.exact().unwrap();
        let outcomes = measure(&probe, &exact, &Interrupt::default()).unwrap();
        let cosines: Vec<f64> = outcomes.iter().map(|outcome| outcome.cosine).collect();
        let (symmetric, one_sided) = cosines.split_at(PHASES.len());
        for (two, one) in symmetric.iter().zip(one_sided) {
            assert!(two > one, "{cosines:?}");
        }
        for relaxer in symmetric.chunks(3) {
            assert!(relaxer.is_sorted() && relaxer[2] > 0.95, "{symmetric:?}");
        }
        assert!(symmetric[5] > 0.99, "{symmetric:?}");
        assert!(one_sided[0] < 0.3 && one_sided[3] < 0.3, "{one_sided:?}");
    }

    #[test]
    fn all_relaxers_come_to_rest() {
        let probe = untrained::<f32>(CHAINS, 1.0);
        for Trace { label, looks } in residuals(&probe, &Interrupt::default()).unwrap() {
            let (first, last) = (looks[0].1.high, looks[LOOKS.len() - 1].1.high);
            assert!(first > 0.1 && last < 1e-5, "{label}: {looks:?}");
        }
    }
}

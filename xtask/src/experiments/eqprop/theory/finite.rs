//! What a gradient is worth that was taken before the network came to rest.
//!
//! A free phase that ends r0 short of rest, followed by a nudged one that leaves the share G of it, adds
//! -(I - G) r0 / beta to the response that one side reads. The drift goes where the network still has to go; the
//! gradient goes where the target is. Where the rest lies beyond the target the two are opposite, and a small
//! beta makes the drift the larger one. Two opposite sides drift alike, and so does a continued free phase.

use std::fmt::Write as _;

use overdamped_energy::Energy;
use overdamped_learn::{Adam, AdamSettings, Nudging};
use overdamped_substrate::stream;
use rayon::prelude::*;

use super::PREFIX;
use super::estimate::Estimate;
use super::fit::{cosine, difference, norm};
use super::probe::{Batch, Couplings, DATA, Digits, Network, Probe};
use crate::experiments::{Context, Interrupt};
use crate::progress::Progress;
use crate::report::{Axis, Block, Comparison, LinePlot, Series};
use crate::results::Entry;

/// Chains of the batch that gradients are of.
const CHAINS: usize = 64;
/// beta.
const NUDGE: f64 = 0.01;
/// Size of a gradient step of a quadratic network, in 1 / (mobility x stiffness): its stiffness is below 2, and an
/// explicit step of 1 would be unstable.
const STEP: f64 = 0.5;
/// That of a quartic one, which is stiffer far from zero.
const SHORT_STEP: f64 = 0.2;
/// Steps of each phase.
const STEPS: [u32; 5] = [3, 10, 30, 100, 300];
/// Updates of the trained states.
const UPDATES: u64 = 400;
/// Every eigenvalue of K stays at or above this in training.
const MARGIN: f64 = 0.05;

/// What a network has learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Training {
    /// Nothing: its couplings are random.
    None,
    /// Digits with fresh noise for each update.
    Fresh,
    /// The very batch that the gradients are of, again and again: these come close to zero.
    Batch,
}

/// A network at some stage.
struct State {
    id: &'static str,
    title: &'static str,
    couplings: Couplings,
    training: Training,
    /// Size of a gradient step.
    step: f64,
    /// Steps of the one figure that stands for the state.
    representative: u32,
}

const STATES: [State; 6] = [
    State {
        id: "overshooting",
        title: "overshooting",
        couplings: Couplings {
            inner: 0.95,
            outer: 2.0,
            quartic: 0.0,
        },
        training: Training::None,
        step: STEP,
        representative: 30,
    },
    State {
        id: "stiff",
        title: "overshooting, but stiffer",
        couplings: Couplings {
            inner: 0.7,
            outer: 2.0,
            quartic: 0.0,
        },
        training: Training::None,
        step: STEP,
        representative: 10,
    },
    State {
        id: "weak",
        title: "weak couplings",
        couplings: Couplings {
            inner: 0.05,
            outer: 0.05,
            quartic: 0.0,
        },
        training: Training::None,
        step: STEP,
        representative: 30,
    },
    State {
        id: "trained",
        title: "trained",
        couplings: MODERATE,
        training: Training::Fresh,
        step: STEP,
        representative: 10,
    },
    State {
        id: "converged",
        title: "trained to convergence",
        couplings: MODERATE,
        training: Training::Batch,
        step: STEP,
        representative: 30,
    },
    State {
        id: "quartic",
        title: "trained, quartic hidden units",
        couplings: Couplings {
            quartic: 0.5,
            ..MODERATE
        },
        training: Training::Fresh,
        step: SHORT_STEP,
        representative: 30,
    },
];

/// Where training starts.
const MODERATE: Couplings = Couplings {
    inner: 0.3,
    outer: 0.3,
    quartic: 0.0,
};

/// A gradient of one estimator after some steps.
struct Outcome {
    estimate: Estimate,
    steps: u32,
    gradient: Vec<f64>,
    cosine: f64,
}

/// What was found at a state.
struct Findings {
    outcomes: Vec<Outcome>,
    exact: Vec<f64>,
    /// Smallest eigenvalue of K.
    stiffness: f64,
    /// Mean squared error of the output at rest, per unit.
    error: f64,
}

/// Measures gradients of unfinished relaxation on the substrate, and records their angles to the exact ones.
///
/// # Errors
/// An interrupt, or whatever rule and substrate report.
pub fn study(context: &mut Context, digits: &Digits) -> anyhow::Result<Vec<Block>> {
    let mut plots = Vec::new();
    let mut table = Comparison::new(
        "Cosine of the coupling gradient to the exact one, at the number of steps that is named; and that of the \
         drift alone, the difference between the one-sided and the drift-compensated estimate.",
        &[
            "one-sided",
            "symmetric",
            "constant force",
            "drift-compensated",
            "drift",
        ],
    );
    let mut notes = String::from(
        "A free phase from zero, then a nudged one of as many steps of gradient flow (two where the estimator needs two), \
         by the simulated device.",
    );
    for (index, state) in STATES.iter().enumerate() {
        let seed = stream::derive(stream::derive(context.seed, 52), index as u64);
        let found = findings(state, digits, seed, &context.interrupt)?;
        let ids = record(context, state, &found)?;
        table = table.row(
            &format!("{}, {} steps", state.title, state.representative),
            &ids,
        );
        plots.push(Block::Lines(figure(state, &found)));
        write!(
            notes,
            " {}: least stiffness {:.2}, a relaxation time of {:.0} steps, squared error per unit at rest {:.2}.",
            capitalised(state.title),
            found.stiffness,
            -1.0 / (-state.step * found.stiffness).ln_1p(),
            found.error,
        )?;
    }
    let mut blocks = vec![Block::Text(NOTE.to_owned()), Block::Comparison(table)];
    while !plots.is_empty() {
        let rest = plots.split_off(plots.len().min(3));
        blocks.push(Block::Row(std::mem::replace(&mut plots, rest)));
    }
    blocks.push(Block::Text(notes));
    Ok(blocks)
}

const NOTE: &str = "What if the network is not given the time to come to rest? Whatever way it still has to go, it goes during \
     the nudged phase too, and a one-sided contrast divides that drift by beta. Where the couplings are so strong \
     that the rest lies beyond the target, the network drifts away from where the gradient points: the estimate \
     turns against the gradient, the more the smaller beta. It is an artefact of the free phase, not of the nudge: \
     two opposite nudges drift alike, so that it cancels, and so it does against a free phase that is continued for \
     as long. (In most plots these two curves lie on each other.) Where couplings are weak all modes are at rest within \
     ten steps, and all estimators agree from there on.\n\n\
     Drift compensation is not the same as two sides, though. Trained to convergence on one batch, the network has \
     little gradient left, and the bias of order beta is no longer small beside it: compensation leaves it, and more \
     relaxation does not cure it. A constant force is hurt in another way: it is that of the place where the free \
     phase ended, and a small gradient is soon less than the change of that force on the way to rest. Given the \
     time, it is exact.";

/// The state and its gradients.
fn findings(
    state: &State,
    digits: &Digits,
    seed: u64,
    interrupt: &Interrupt,
) -> anyhow::Result<Findings> {
    let mut network = Network::random(state.couplings, stream::derive(seed, 0))?;
    let batch = digits.draw(CHAINS, &mut stream::of(seed, 2));
    let mut noise = stream::of(seed, 1);
    match state.training {
        Training::None => {}
        Training::Fresh => train(&mut network, || digits.draw(CHAINS, &mut noise), interrupt)?,
        Training::Batch => train(&mut network, || batch.clone(), interrupt)?,
    }
    let stiffness = network
        .energy
        .smallest_eigenvalue(&network.parameters, &network.moving())?;
    let probe = Probe { network, batch };
    let rest = probe.rest()?;
    let exact = probe.exact(&rest)?;
    let tasks: Vec<_> = Estimate::ALL
        .into_iter()
        .flat_map(|estimate| STEPS.map(|steps| (estimate, steps)))
        .collect();
    let outcomes: anyhow::Result<Vec<Outcome>> = tasks
        .into_par_iter()
        .map(|(estimate, steps)| {
            interrupt.check()?;
            let gradient = probe.unfinished(estimate.nudging(NUDGE), steps, state.step)?;
            Ok(Outcome {
                estimate,
                steps,
                cosine: cosine(&gradient, &exact),
                gradient,
            })
        })
        .collect();
    Ok(Findings {
        outcomes: outcomes?,
        error: probe.error(rest.states())?,
        exact,
        stiffness,
    })
}

/// Trains couplings and biases by constant force on one batch after another; the stiffness stays.
fn train(
    network: &mut Network,
    mut draw: impl FnMut() -> Batch,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    /// In sweeps of block descent, each of which stands for a time of 2.
    const FREE: f64 = 2.0 * 40.0;
    const NUDGED: f64 = 2.0 * 20.0;
    let layout = Energy::<f64>::layout(network.energy.as_ref());
    let settings = AdamSettings {
        rate: 1e-2,
        updates: UPDATES,
        ..AdamSettings::default()
    };
    let mut adam = Adam::new(network.parameters.len());
    let moving = network.moving();
    let progress = Progress::new("training by constant force", UPDATES);
    for _ in 0..UPDATES {
        interrupt.check()?;
        let probe = Probe {
            network: network.clone(),
            batch: draw(),
        };
        let mut gradient = probe.training_gradient(Nudging::constant_force(0.1), FREE, NUDGED)?;
        for module in 0..network.energy.modules().len() {
            gradient[layout.range(&format!("stiffness.{module}"))?].fill(0.0);
            if network.energy.modules()[module].quartic {
                gradient[layout.range(&format!("quartic.{module}"))?].fill(0.0);
            }
        }
        gradient[layout.range(&format!("bias.{DATA}"))?].fill(0.0);
        adam.update(&settings, &layout, &mut network.parameters, &gradient)?;
        network
            .energy
            .project(&mut network.parameters, &moving, MARGIN)?;
        progress.step();
    }
    progress.finish();
    network.energy.canonical(&mut network.parameters)?;
    Ok(())
}

/// Records the cosines of a state; the ids of those that stand for it.
fn record(context: &mut Context, state: &State, found: &Findings) -> anyhow::Result<Vec<String>> {
    let name = format!("{PREFIX}.finite.{}", state.id);
    let mut ids = Vec::new();
    let mut entry = |id: &str, cosine: f64| {
        let entry = Entry::new(id, cosine)
            .unit("1")
            .higher()
            .n(CHAINS)
            .best("exact gradient", 1.0);
        context.recorder.record(entry)
    };
    for outcome in &found.outcomes {
        let of = format!("{name}.{}", outcome.estimate.id());
        entry(
            &format!("{of}.steps_{}.cosine", outcome.steps),
            outcome.cosine,
        )?;
        if outcome.steps == state.representative {
            let id = format!("{of}.cosine");
            entry(&id, outcome.cosine)?;
            ids.push(id);
        }
    }
    let id = format!("{name}.drift.cosine");
    let drift = found.drift(state.representative);
    let entry = Entry::new(&id, cosine(&drift, &found.exact))
        .unit("1")
        .n(CHAINS)
        .reference("|drift| / |gradient|", norm(&drift) / norm(&found.exact));
    context.recorder.record(entry)?;
    ids.push(id);
    Ok(ids)
}

impl Findings {
    /// What the network's drift adds to a one-sided estimate after so many steps.
    fn drift(&self, steps: u32) -> Vec<f64> {
        let of = |estimate| {
            let mut all = self.outcomes.iter();
            all.find(|outcome| outcome.estimate == estimate && outcome.steps == steps)
                .map_or(&[][..], |outcome| &outcome.gradient)
        };
        difference(of(Estimate::OneSided), of(Estimate::DriftCompensated))
    }
}

fn figure(state: &State, found: &Findings) -> LinePlot {
    let curves = Estimate::ALL.map(|estimate| {
        let own = found
            .outcomes
            .iter()
            .filter(|outcome| outcome.estimate == estimate);
        let points = own.map(|outcome| (f64::from(outcome.steps), outcome.cosine));
        Series::line(estimate.label(), points.collect()).marked()
    });
    let (first, last) = (f64::from(STEPS[0]), f64::from(STEPS[STEPS.len() - 1]));
    let zero = Series::line("at a right angle", vec![(first, 0.0), (last, 0.0)]).dashed();
    LinePlot {
        title: capitalised(state.title),
        x: Axis::log("steps of each phase"),
        y: Axis::linear("cosine"),
        series: curves.into_iter().chain([zero]).collect(),
    }
}

/// With a capital first letter.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosines(id: &str) -> impl Fn(Estimate, u32) -> f64 {
        let state = STATES.iter().find(|state| state.id == id).unwrap();
        let digits = Digits::new().unwrap();
        let found = findings(state, &digits, 5, &Interrupt::default()).unwrap();
        move |estimate, steps| {
            let mut all = found.outcomes.iter();
            let own = all.find(|o| o.estimate == estimate && o.steps == steps);
            own.unwrap().cosine
        }
    }

    /// The claim of the study. Catches a nudged phase that does not start where the free one ended, and one
    /// that is longer than the other.
    #[test]
    fn the_drift_turns_one_side_against_the_gradient_and_cancels_between_two() {
        let cosine = cosines("overshooting");
        assert!(cosine(Estimate::OneSided, 30) < -0.9);
        assert!(cosine(Estimate::Symmetric, 30) > 0.9);
        assert!(cosine(Estimate::DriftCompensated, 30) > 0.9);
        assert!(cosine(Estimate::OneSided, 300) > 0.99);
    }

    #[test]
    fn weak_couplings_leave_no_drift() {
        let cosine = cosines("weak");
        assert!(cosine(Estimate::OneSided, 3) < 0.9);
        for estimate in Estimate::ALL {
            assert!(cosine(estimate, 10) > 0.99, "{estimate:?}");
        }
    }
}

//! Claims 14 and 17: what a step of training takes, and what its second nudge adds.

use super::{IDEAL, RECORD, THOUSANDFOLD};
use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, percent, times};

/// Ids of the bill of a training step.
pub const TRAINING: &[&str] = &[
    SAME_FUNCTION,
    SIMULATING,
    LOW_UTILISATION,
    WHOLE_NETWORK,
    SAME_FUNCTION_H200,
    SIMULATING_H200,
    LOW_UTILISATION_H200,
];
/// The same, and the bills of this project's own trainings.
pub const TRAINING_AND_SYSTEMS: &[&str] = &[
    SAME_FUNCTION,
    SIMULATING,
    LOW_UTILISATION,
    WHOLE_NETWORK,
    SAME_FUNCTION_H200,
    SIMULATING_H200,
    LOW_UTILISATION_H200,
    OWN_EQPROP,
    OWN_FLOWEQPROP,
    OWN_FLOWEQPROP_H200,
];
/// Ids of what the second nudged phase adds.
pub const SYMMETRIC: &[&str] = &[EXTRA, PROGRAMMING];

const SAME_FUNCTION: &str = "accounting.training.gain.same_function";
const SIMULATING: &str = "accounting.training.gain.simulating_relaxation";
const LOW_UTILISATION: &str = "accounting.training.gain.low_utilisation";
const WHOLE_NETWORK: &str = "accounting.training.gain.whole_network";
const SAME_FUNCTION_H200: &str = "accounting.training.on.over_h200.gain.same_function";
const SIMULATING_H200: &str = "accounting.training.on.over_h200.gain.simulating_relaxation";
const LOW_UTILISATION_H200: &str = "accounting.training.on.over_h200.gain.low_utilisation";

const OWN_EQPROP: &str = "accounting.systems.eqprop.training.gain.same_function";
const OWN_FLOWEQPROP: &str = "accounting.systems.floweqprop.training.gain.same_function";
const OWN_FLOWEQPROP_H200: &str =
    "accounting.systems.floweqprop.training.on.over_h200.gain.same_function";

/// The second nudged phase, as a share of the whole step.
const EXTRA: &str = "accounting.training.symmetric_extra";
/// Writing of parameters, as a share of the same step.
const PROGRAMMING: &str = "accounting.training.estimator.share.write_parameters";

/// Cost over that of a one-sided step up to which it is negligible.
const NEGLIGIBLE: f64 = 0.1;

/// Claim 17: 1e3 to 1e4 for each training step, against a matched GPU.
pub fn training(cited: &Cited<'_>) -> Result<Finding, Missing> {
    judged(cited, None)
}

/// Claim 17, with the bills of this project's own trainings beside it: there one programming serves a batch.
pub fn training_and_systems(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let flow = cited.value(OWN_FLOWEQPROP)?;
    let own = format!(
        "{} for the flow of arXiv 2604.08150; on an H200 {}",
        times(flow),
        times(cited.value(OWN_FLOWEQPROP_H200)?),
    );
    let meets = flow >= THOUSANDFOLD;
    let batch = meets.then(|| format!("one programming of the substrate serves a batch ({own})"));
    let mut finding = judged(cited, batch)?;
    // What is a condition already need not be said again.
    let flow = if meets {
        String::new()
    } else {
        format!(", and {own}")
    };
    let note = format!(
        " In this project's closed loop, where one programming serves a batch, it is {}{flow}.",
        times(cited.value(OWN_EQPROP)?),
    );
    finding.note.push_str(&note);
    Ok(finding)
}

/// By all baselines; `batch` is a condition that holds beside those of this bill.
fn judged(cited: &Cited<'_>, batch: Option<String>) -> Result<Finding, Missing> {
    let same = cited.value(SAME_FUNCTION)?;
    // Each baseline is named only where its own figure meets the claim.
    let mut baselines = Vec::new();
    for (what, id, newer) in [
        (
            "simulates the relaxation step by step",
            SIMULATING,
            SIMULATING_H200,
        ),
        (
            "does the same arithmetic at low utilisation",
            LOW_UTILISATION,
            LOW_UTILISATION_H200,
        ),
    ] {
        let (typical, record) = (cited.value(id)?, cited.reference(id, RECORD)?);
        if typical >= THOUSANDFOLD {
            let (typical, record) = (times(typical), times(record));
            let newer = times(cited.value(newer)?);
            baselines.push(format!(
                "{what} ({typical} to {record}; on an H200 {newer})"
            ));
        }
    }
    if let Some(first) = baselines.first_mut() {
        first.insert_str(0, "the GPU, an A100, ");
    }
    baselines.extend(batch);
    let verdict = if same >= THOUSANDFOLD {
        Verdict::Reproduced
    } else if baselines.is_empty() {
        Verdict::NotReproduced
    } else {
        Verdict::OnlyIf(baselines.join(", or "))
    };
    let note = format!(
        "Against the same update at ordinary utilisation of an A100 it is {} to {} (typical converters, and the best \
         on record), on an H200 {}; against a training step of the whole network that the substrate stands for, {}.",
        times(same),
        times(cited.reference(SAME_FUNCTION, RECORD)?),
        times(cited.value(SAME_FUNCTION_H200)?),
        times(cited.value(WHOLE_NETWORK)?),
    );
    Ok(Finding::new(verdict, note)
        .here(same, "times, same function")
        .here(cited.value(SIMULATING)?, "times, simulating")
        .here(cited.value(LOW_UTILISATION)?, "times, low utilisation")
        .here(cited.value(WHOLE_NETWORK)?, "times, whole network")
        .floor(1.0, "the GPU")
        .ceiling(
            cited.reference(SAME_FUNCTION, IDEAL)?,
            "times, same function, ideal",
        ))
}

/// Claim 14: nudging to the other side too costs next to nothing.
pub fn second_nudge(cited: &Cited<'_>) -> Result<Finding, Missing> {
    // Recorded is the phase's share of the whole step; the claim is of what it adds to a step without it.
    let added = |share: f64| share / (1.0 - share);
    let share = cited.value(EXTRA)?;
    let typical = added(share);
    let record = added(cited.reference(EXTRA, RECORD)?);
    let verdict = if typical <= NEGLIGIBLE {
        Verdict::Reproduced
    } else if record <= NEGLIGIBLE {
        Verdict::OnlyIf(format!(
            "converters are of record efficiency, where it adds {} to a one-sided step (negligible is {} at most)",
            percent(record),
            percent(NEGLIGIBLE),
        ))
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "By the estimator of this project the second nudged phase adds {} to a one-sided step with typical converters, \
         {} with converters of record efficiency, and {} on an ideal substrate, where only relaxation costs. Of a step's energy \
         {} goes into writing parameters, which is done once.",
        percent(typical),
        percent(record),
        percent(added(cited.reference(EXTRA, IDEAL)?)),
        percent(cited.value(PROGRAMMING)?),
    );
    Ok(Finding::new(verdict, note)
        .here(typical, "of a one-sided step, added")
        .here(share, "of the whole step")
        .ceiling(0.0, "no extra cost"))
}

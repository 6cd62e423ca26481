//! Rules of the energy claims: one bill, and every baseline that it may be held against.
//!
//! A gain is an energy of a GPU over that of the substrate with all its converters and arithmetic. What
//! decides is never the bill alone but what the GPU is asked to do, so that a claim counts as reproduced
//! where it holds against the *same function*, and under a condition where it needs another baseline.

use super::figures::{Cited, Missing};
use super::finding::{Finding, Verdict, percent, times};

/// Ids of the bill of inference.
pub const INFERENCE: &[&str] = &[
    KT_ONLY,
    RECORD_CONVERTERS,
    INT8_INTERFACE,
    TYPICAL,
    WITH_ENCODER,
    MATCHED,
];
/// Ids of the bill of a training step.
pub const TRAINING: &[&str] = &[
    SAME_FUNCTION,
    SIMULATING_RELAXATION,
    LOW_UTILISATION,
    WHOLE_NETWORK,
];
/// The same, and the bills of this project's own trainings.
pub const TRAINING_AND_SYSTEMS: &[&str] = &[
    SAME_FUNCTION,
    SIMULATING_RELAXATION,
    LOW_UTILISATION,
    WHOLE_NETWORK,
    OWN_EQPROP,
    OWN_FLOWEQPROP,
];
/// Id of what the second nudged phase adds.
pub const SYMMETRIC: &[&str] = &["accounting.training.symmetric_extra"];

const KT_ONLY: &str = "accounting.inference.gain.kt_only";
const RECORD_CONVERTERS: &str = "accounting.inference.gain.record_converters";
const INT8_INTERFACE: &str = "accounting.inference.gain.int8_interface";
const TYPICAL: &str = "accounting.inference.gain.typical";
const WITH_ENCODER: &str = "accounting.inference.gain.with_upstream_encoder";
const MATCHED: &str = "accounting.inference.gain.matched_function";
const SAME_FUNCTION: &str = "accounting.training.gain.same_function";
const SIMULATING_RELAXATION: &str = "accounting.training.gain.simulating_relaxation";
const LOW_UTILISATION: &str = "accounting.training.gain.low_utilisation";
const WHOLE_NETWORK: &str = "accounting.training.gain.whole_network";

const OWN_EQPROP: &str = "accounting.systems.eqprop.training.gain.same_function";
const OWN_FLOWEQPROP: &str = "accounting.systems.floweqprop.training.gain.same_function";

/// Name of the reference that has a gain with the best converters on record (preset `record`).
const RECORD: &str = "record hardware";
/// The net gain that the first paper claims, and how far a round figure may be missed.
const NET: f64 = 1e7;
const ROUNDING: f64 = 0.8;
/// The potential gain that it claims.
const POTENTIAL: f64 = 1e4;
/// The lower end of what the second paper claims.
const THOUSANDFOLD: f64 = 1e3;
/// Extra energy up to which it is negligible, and up to which it is at least small.
const NEGLIGIBLE: f64 = 0.1;
const SMALL: f64 = 0.5;

/// Claim 8: 1e4 in potential, about 1e7 net.
pub fn net_saving(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let strict = cited.smallest(&[WITH_ENCODER, MATCHED])?;
    let generous = cited.largest(&[RECORD_CONVERTERS, INT8_INTERFACE])?;
    let typical = cited.value(TYPICAL)?;
    let verdict = if strict >= NET * ROUNDING {
        Verdict::Reproduced
    } else if generous >= NET * ROUNDING {
        Verdict::OnlyIf(format!(
            "the GPU runs the whole network, the digital encoder that feeds the interface is free, and converters \
             are the best on record ({} with an int8 interface, {} with a free one)",
            times(cited.value(INT8_INTERFACE)?),
            times(cited.value(RECORD_CONVERTERS)?),
        ))
    } else {
        Verdict::NotReproduced
    };
    let potential = if typical >= POTENTIAL {
        "is exceeded under the same conditions"
    } else {
        "is missed even then"
    };
    let note = format!(
        "With typical converters and the interface at the GPU's cost it is {}, with that encoder counted {}, and \
         against the same function on the GPU {}. The potential of {} {potential}.",
        times(typical),
        times(cited.value(WITH_ENCODER)?),
        times(cited.value(MATCHED)?),
        times(POTENTIAL),
    );
    inference(cited, Finding::new(verdict, note))
}

/// Claim 18: 1e3 to 1e4 for inference.
pub fn inference_as_cited(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let strict = cited.smallest(&[WITH_ENCODER, MATCHED])?;
    let typical = cited.value(TYPICAL)?;
    let generous = cited.largest(&[RECORD_CONVERTERS, INT8_INTERFACE])?;
    let verdict = if strict >= THOUSANDFOLD {
        Verdict::Reproduced
    } else if typical >= THOUSANDFOLD {
        Verdict::OnlyIf(format!(
            "the GPU runs the whole network and the digital encoder that feeds the interface is free: then it is {} \
             with typical converters and {} at most, more than claimed",
            times(typical),
            times(generous),
        ))
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "With that encoder counted it is {}, against the same function {}. The paper that it quotes claims about {}.",
        times(cited.value(WITH_ENCODER)?),
        times(cited.value(MATCHED)?),
        times(NET),
    );
    inference(cited, Finding::new(verdict, note))
}

fn inference(cited: &Cited<'_>, finding: Finding) -> Result<Finding, Missing> {
    Ok(finding
        .here(cited.value(MATCHED)?, "times, same function")
        .here(cited.value(WITH_ENCODER)?, "times, encoder counted")
        .here(cited.value(TYPICAL)?, "times, encoder free")
        .floor(1.0, "the GPU")
        .ceiling(cited.value(KT_ONLY)?, "times, kT alone"))
}

/// Claim 17: 1e3 to 1e4 for each training step, against a matched GPU.
pub fn training(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let same = cited.value(SAME_FUNCTION)?;
    let same_record = cited.reference(SAME_FUNCTION, RECORD)?;
    let span = |id: &str| -> Result<String, Missing> {
        let (typical, record) = (cited.value(id)?, cited.reference(id, RECORD)?);
        Ok(format!("{} to {}", times(typical), times(record)))
    };
    let others = cited.largest(&[SIMULATING_RELAXATION, LOW_UTILISATION])?;
    let verdict = if same >= THOUSANDFOLD {
        Verdict::Reproduced
    } else if others >= THOUSANDFOLD {
        Verdict::OnlyIf(format!(
            "the GPU simulates the relaxation step by step ({}), or does the same arithmetic at the low utilisation ({})",
            span(SIMULATING_RELAXATION)?,
            span(LOW_UTILISATION)?,
        ))
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "Against the same update at ordinary utilisation it is {} to {} (typical converters, and the best on record).",
        times(same),
        times(same_record),
    );
    Ok(Finding::new(verdict, note)
        .here(same, "times, same function")
        .here(cited.value(SIMULATING_RELAXATION)?, "times, simulating")
        .here(cited.value(LOW_UTILISATION)?, "times, low utilisation")
        .floor(1.0, "the GPU")
        .ceiling(cited.value(WHOLE_NETWORK)?, "times, whole network"))
}

/// Claim 17, with the bills of this project's own trainings beside it.
pub fn training_and_systems(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let mut finding = training(cited)?;
    let own = format!(
        " In this project's own trainings, where one programming serves a batch, it is {} (closed loop) and {} (the \
         flow of arXiv 2604.08150).",
        times(cited.value(OWN_EQPROP)?),
        times(cited.value(OWN_FLOWEQPROP)?),
    );
    finding.note.push_str(&own);
    Ok(finding)
}

/// Claim 14: nudging to the other side too costs next to nothing.
pub fn second_nudge(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let extra = cited.value(SYMMETRIC[0])?;
    let share = percent(extra);
    let verdict = if extra <= NEGLIGIBLE {
        Verdict::Reproduced
    } else if extra <= SMALL {
        Verdict::OnlyIf(format!("{share} of a step's energy is negligible"))
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "The second nudged phase is {share} of a step's energy with typical converters and {} with the best on record: \
         most of a step is to write parameters, which is done once. On an ideal substrate, where only relaxation \
         costs, it is {}.",
        percent(cited.reference(SYMMETRIC[0], RECORD)?),
        percent(cited.reference(SYMMETRIC[0], "ideal hardware")?),
    );
    Ok(Finding::new(verdict, note)
        .here(extra, "of a step's energy")
        .ceiling(0.0, "no extra cost"))
}

//! Claims 8 and 18: what inference takes, over what it takes a GPU.

use super::{IDEAL, TEN_THOUSANDFOLD, THOUSANDFOLD};
use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, times};

/// Ids of the bill of inference.
pub const INFERENCE: &[&str] = &[
    KT_ONLY,
    RECORD_CONVERTERS,
    INT8_INTERFACE,
    TYPICAL,
    WITH_ENCODER,
    MATCHED,
    SAME_FUNCTION,
];

const KT_ONLY: &str = "accounting.inference.gain.kt_only";
const RECORD_CONVERTERS: &str = "accounting.inference.gain.record_converters";
const INT8_INTERFACE: &str = "accounting.inference.gain.int8_interface";
const TYPICAL: &str = "accounting.inference.gain.typical";
const WITH_ENCODER: &str = "accounting.inference.gain.with_upstream_encoder";
const MATCHED: &str = "accounting.inference.gain.matched_function";
/// As the one before, with references to other hardware.
const SAME_FUNCTION: &str = "accounting.inference.gain.same_function";

/// The net gain that the first paper claims, and how far a round figure may be missed.
const NET: f64 = 1e7;
const ROUNDING: f64 = 0.8;
/// The potential gain that it claims.
const POTENTIAL: f64 = 1e4;

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
             are of record efficiency ({} with an int8 interface, {} with a free one)",
            times(cited.value(INT8_INTERFACE)?),
            times(cited.value(RECORD_CONVERTERS)?),
        ))
    } else {
        Verdict::NotReproduced
    };
    let potential = if typical >= POTENTIAL {
        "reached"
    } else {
        "missed"
    };
    let note = format!(
        "With typical converters and the interface at the GPU's cost, the encoder free, it is {}, with that encoder \
         counted {}, and against the same function on the GPU {}. The potential of {} is {potential} by the first of \
         them.",
        times(typical),
        times(cited.value(WITH_ENCODER)?),
        times(cited.value(MATCHED)?),
        times(POTENTIAL),
    );
    beside(cited, Finding::new(verdict, note))
}

/// Claim 18: 1e3 to 1e4 for inference.
pub fn inference_as_cited(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let strict = cited.smallest(&[WITH_ENCODER, MATCHED])?;
    let typical = cited.value(TYPICAL)?;
    let verdict = if strict >= THOUSANDFOLD {
        Verdict::Reproduced
    } else if typical >= THOUSANDFOLD {
        let more = if typical > TEN_THOUSANDFOLD {
            ", more than claimed"
        } else {
            ""
        };
        Verdict::OnlyIf(format!(
            "the GPU runs the whole network and the digital encoder that feeds the interface is free: then it is {} \
             with typical converters and {} with those of record efficiency and a free interface{more}",
            times(typical),
            times(cited.value(RECORD_CONVERTERS)?),
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
    beside(cited, Finding::new(verdict, note))
}

fn beside(cited: &Cited<'_>, finding: Finding) -> Result<Finding, Missing> {
    let ideal = cited.reference(SAME_FUNCTION, IDEAL)?;
    Ok(finding
        .here(cited.value(MATCHED)?, "times, same function")
        .here(cited.value(WITH_ENCODER)?, "times, encoder counted")
        .here(cited.value(TYPICAL)?, "times, encoder free")
        .floor(1.0, "the GPU")
        .ceiling(ideal, "times, same function, ideal")
        .ceiling(cited.value(KT_ONLY)?, "whole network, kT alone"))
}

//! Claim 19: what the rule is made of, and whether it learns.

use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, percent, show};

/// Ids of the closed loop that learns by the rule alone.
pub const LOOP: &[&str] = &[
    "eqprop.loop.parameters",
    "eqprop.loop.training.states_read",
    ACCURACY,
    COVERAGE,
    DISTANCE,
];
const ACCURACY: &str = "eqprop.loop.accuracy";
const COVERAGE: &str = "eqprop.loop.coverage";
const DISTANCE: &str = "eqprop.loop.fd";
const PER_CLASS: &str = "one Gaussian for each class";

/// Accuracy from which a rule has learned ten classes.
const LEARNS: f64 = 0.5;

/// That the rule is local, reads only states and keeps factors is a matter of types; figures can only show
/// that something is learned by it.
pub fn local(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let accuracy = cited.value(ACCURACY)?;
    let (coverage, distance) = (cited.value(COVERAGE)?, cited.value(DISTANCE)?);
    let trivial = cited.reference(COVERAGE, PER_CLASS)?;
    let note = format!(
        "Gradients are products of what the two ends of a wire do, of states that were read: the rule asks for no \
         forces, which a test counts. Low rank is shown by the type alone: couplings are stored and changed as \
         factors, so that their rank cannot grow. Digits learned so ({} parameters, {} states read) are read as asked \
         in {}; coverage {} and Fréchet distance {} stand against {} and {} of one Gaussian for each class.",
        show(cited.value("eqprop.loop.parameters")?),
        show(cited.value("eqprop.loop.training.states_read")?),
        percent(accuracy),
        show(coverage),
        show(distance),
        show(trivial),
        show(cited.reference(DISTANCE, PER_CLASS)?),
    );
    Ok(Finding::decided(accuracy >= LEARNS, note)
        .here(accuracy, "accuracy of its digits")
        .here(coverage, "their coverage")
        .floor(cited.reference(ACCURACY, "chance")?, "chance")
        .floor(trivial, "coverage, one Gaussian for each class")
        .ceiling(cited.best(ACCURACY)?, "real digits")
        .ceiling(cited.best(COVERAGE)?, "their coverage"))
}

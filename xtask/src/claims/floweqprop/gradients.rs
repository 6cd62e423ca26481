//! Claims 25, 26 and 30: what nudges estimate, and what is learned by it.

use super::training::by_published_recipe;
use super::{FINAL, LINEAR};
use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, percent, show};

/// Relative error below which an estimate is the gradient.
const GRADIENT: f64 = 0.02;
/// Deviation of a bias from theory, as a share of it: the energy itself is not quadratic.
const THEORY: f64 = 0.25;
/// Relative difference up to which two trainings end alike.
const ALIKE: f64 = 0.02;
/// Share of a linear method's error up to which a network has hardly left it.
const HARDLY: f64 = 0.05;

/// Several batches are measured: the figure is of the one in the middle, this reference of the worst.
const WORST: &str = "largest of the batches";

const PUBLISHED: &str = "floweqprop.trained.gradient.quadratic_symmetric.relative_error";
const CONSTANT: &str = "floweqprop.trained.gradient.linear_symmetric.relative_error";
const ONE_SIDED: &str = "floweqprop.trained.gradient.one_sided.relative_error";
const HASTY: &str = "floweqprop.relaxation.device300.cosine";

/// Ids of claim 25; the acts of training tell the recipe.
pub const GRADIENTS: &[&str] = &[
    PUBLISHED,
    CONSTANT,
    ONE_SIDED,
    HASTY,
    FINAL,
    "floweqprop.training.unit_time",
    "floweqprop.training.states_written",
    "floweqprop.training.parameters_written",
    "floweqprop.parameters",
];

/// Claim 25: nudges give gradients of energy gradients.
pub fn gradients(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let error = cited.value(PUBLISHED)?;
    let (loss, linear) = (cited.value(FINAL)?, cited.reference(FINAL, LINEAR)?);
    let nudge = if by_published_recipe(cited)? {
        "by it"
    } else {
        "by constant forces, which have the same limit,"
    };
    let against = if loss < linear {
        "below every linear function"
    } else {
        "no better than a linear function"
    };
    let note = format!(
        "At rest the published nudge gives the gradient of the trained network within {} in the median batch ({} in \
         the worst; one-sided {}, constant forces {} in the median); a network trained {nudge} ends at {}, {against} \
         ({} at best). After the published 300 steps in place of rest the cosine to the gradient is {}.",
        percent(error),
        percent(cited.reference(PUBLISHED, WORST)?),
        percent(cited.value(ONE_SIDED)?),
        percent(cited.value(CONSTANT)?),
        show(loss),
        show(linear),
        show(cited.value(HASTY)?),
    );
    Ok(Finding::decided(error <= GRADIENT && loss < linear, note)
        .here(error, "relative error of the gradient")
        .here(loss, "loss")
        .floor(cited.value(ONE_SIDED)?, "one-sided")
        .floor(linear, "loss, best linear function")
        .ceiling(cited.best(PUBLISHED)?, "exact gradient"))
}

const UNTRAINED: &str = "floweqprop.gradient.quadratic_symmetric.relative_error";
/// Ids of claim 26.
pub const QUADRATIC: &[&str] = &[
    UNTRAINED,
    "floweqprop.training.unit_time",
    "floweqprop.training.states_written",
    "floweqprop.training.parameters_written",
    "floweqprop.parameters",
];

/// Claim 26: quadratic springs and nudges.
pub fn quadratic(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let theory = cited.reference(UNTRAINED, "theory, quadratic energy")?;
    let error = cited.value(UNTRAINED)?;
    let as_in_theory = (error / theory - 1.0).abs() <= THEORY;
    let kept = if by_published_recipe(cited)? {
        "The network here was trained so."
    } else {
        "The network here was nudged by constant forces instead."
    };
    let is = if as_in_theory { "as" } else { "not as" };
    let note = format!(
        "Both can be: the spring is a stiffness with a rest point, the cost a stiffness with a target. {kept} The bias \
         that a quadratic nudge leaves, {} in the median batch, is {is} theory has it ({}).",
        percent(error),
        percent(theory),
    );
    Ok(Finding::decided(as_in_theory, note)
        .here(error, "relative error of the gradient")
        .ceiling(theory, "in theory"))
}

const NUDGED: &str = "eqprop.train.digits8.definite.mse";
const EXACT: &str = "eqprop.train.digits8.exact.mse";
/// Ids of claim 30.
pub const BACKPROPAGATION: &[&str] = &[CONSTANT, ONE_SIDED, NUDGED, EXACT];

/// Claim 30: as good as backpropagation. As stated it cannot come out here: no figure is of a flow that was trained
/// by the exact gradient.
pub fn backpropagation(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let error = cited.value(CONSTANT)?;
    let (nudged, exact) = (cited.value(NUDGED)?, cited.value(EXACT)?);
    let linear = cited.reference(NUDGED, "Wiener filter")?;
    let verdict = if error <= GRADIENT && nudged / exact - 1.0 <= ALIKE {
        Verdict::OnlyIf(
            "equal gradients count as equal trainings: the flow itself was not trained by the exact gradient too"
                .to_owned(),
        )
    } else {
        Verdict::NotReproduced
    };
    let left = if nudged.min(exact) >= (1.0 - HARDLY) * linear {
        "both hardly leave the linear optimum"
    } else {
        "the linear optimum has"
    };
    let note = format!(
        "Estimates are within {} of the exact gradient of the trained flow in the median batch ({} in the worst). \
         Where both were run at equal settings, in denoising by the network of arXiv 2604.23806, nudges end at an \
         error of {} and the exact gradient at {}; {left} ({}).",
        percent(error),
        percent(cited.reference(CONSTANT, WORST)?),
        show(nudged),
        show(exact),
        show(linear),
    );
    Ok(Finding::new(verdict, note)
        .here(error, "relative error of the gradient")
        .here(nudged, "denoising error, nudges")
        .floor(cited.value(ONE_SIDED)?, "one-sided")
        .floor(linear, "denoising error, linear optimum")
        .ceiling(0.0, "exact gradient")
        .ceiling(exact, "denoising error, exact gradient"))
}

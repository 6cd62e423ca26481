//! Claim 28: a stable training, and the loss that it ends with.

use super::{FINAL, LINEAR};
use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, show};
use crate::experiments::PUBLISHED_UPDATES;

/// Time of each phase by the published recipe: 300 steps of .1.
const PUBLISHED_PHASE: f64 = 30.0;
/// Relative deviation of it by rounding.
const ROUNDING: f64 = 1e-6;
/// Residual up to which a network is at rest: the tolerance of its free phase.
const AT_REST: f64 = 0.1;

/// The loss after as many updates as the paper takes, by this project's recipe.
pub const SHORT: &str = "floweqprop.short.loss";
const INITIAL: &str = "floweqprop.loss.initial";
const RESIDUAL: &str = "floweqprop.loss.residual";
const TIME: &str = "floweqprop.training.unit_time";
const STATES: &str = "floweqprop.training.states_written";
const WRITTEN: &str = "floweqprop.training.parameters_written";
const PARAMETERS: &str = "floweqprop.parameters";
const SECONDS: &str = "floweqprop.published_recipe_seconds";
/// Ids of one training.
pub const TRAINING: &[&str] = &[
    INITIAL, FINAL, RESIDUAL, TIME, STATES, WRITTEN, PARAMETERS, SECONDS,
];
/// The same, and those of a shorter one.
pub const WITH_SHORT: &[&str] = &[
    INITIAL, FINAL, RESIDUAL, TIME, STATES, WRITTEN, PARAMETERS, SECONDS, SHORT,
];

/// Updates of the training: parameters are written once for each.
fn updates(cited: &Cited<'_>) -> Result<f64, Missing> {
    Ok(cited.value(WRITTEN)? / cited.value(PARAMETERS)?)
}

/// Whether it was the paper's recipe: its number of updates, and each unit prepared for as long as its phases last.
/// This project's relaxes until it rests.
pub fn by_published_recipe(cited: &Cited<'_>) -> Result<bool, Missing> {
    let phase = cited.value(TIME)? / cited.value(STATES)?;
    let phases = (phase / PUBLISHED_PHASE - 1.0).abs() <= ROUNDING;
    Ok(phases && updates(cited)? == PUBLISHED_UPDATES as f64)
}

/// The published loss, by a network that still comes to rest; `short` is the loss of as many updates as the paper
/// takes, where there is one.
pub fn training(cited: &Cited<'_>, short: Option<f64>) -> Result<Finding, Missing> {
    let (first, last) = (cited.value(INITIAL)?, cited.value(FINAL)?);
    let (updates, residual) = (updates(cited)?, cited.value(RESIDUAL)?);
    let published = by_published_recipe(cited)?;
    let in_time = PUBLISHED_UPDATES as f64;
    let reached = short.unwrap_or(last) <= cited.published(FINAL)?;
    let stable = residual <= AT_REST;
    let verdict = if !reached || !stable {
        Verdict::NotReproduced
    } else if published {
        Verdict::Reproduced
    } else {
        let longer = if short.is_none() && updates > in_time {
            format!(", and takes {} updates", show(updates))
        } else {
            String::new()
        };
        Verdict::OnlyIf(format!(
            "this project's recipe stands for the published one, which was not run: it relaxes until the network \
             rests, by constant forces, with outliers skipped and a rate that falls{longer}"
        ))
    };
    let rest = if stable {
        "still comes to rest"
    } else {
        "no longer comes to rest"
    };
    let shorter = short.map_or(String::new(), |loss| {
        format!(" One of {} updates ends at {}.", show(in_time), show(loss))
    });
    let seconds = if published {
        String::new()
    } else {
        format!(
            " The published recipe, about {} s here, was not run for these figures.",
            show(cited.value(SECONDS)?.round())
        )
    };
    let note = format!(
        "The loss goes from {} ({} in the paper) to {} in {} updates, and the network {rest} (residual \
         {}).{shorter}{seconds}",
        show(first),
        show(cited.published(INITIAL)?),
        show(last),
        show(updates),
        show(residual),
    );
    let finding = match short {
        Some(loss) => Finding::new(verdict, note)
            .here(loss, &format!("loss after {} updates", show(in_time)))
            .here(last, "at the end"),
        None => Finding::new(verdict, note).here(last, "loss"),
    };
    Ok(finding.floor(cited.reference(FINAL, LINEAR)?, LINEAR))
}

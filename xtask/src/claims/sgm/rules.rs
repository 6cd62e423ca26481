//! Claims 20, 21 and 24: what local rules learn, from forces and from observed dynamics.

use super::{EXACT, GAUSSIAN};
use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, percent, show};

/// Loss over the exact optimum, as a share of it, up to which a rule has learned the protocol.
const LEARNED: f64 = 0.02;
/// Distance over that of the exact optimum up to which a rule has reached it.
const REACHED: f64 = 1.25;

/// Claim 20: from measured forces; `id` is the excess loss on digits.
pub fn forces(cited: &Cited<'_>, id: &str) -> Result<Finding, Missing> {
    const SW1: &str = "sgm.mixture.force_matching.sw1";
    let excess = cited.value(id)?;
    let (distance, optimum) = (cited.value(SW1)?, cited.value(EXACT)?);
    let note = format!(
        "The loss of the learned network is {} above the exact optimum of its energy; on the mixture its distance is \
         {}, that of the optimum {}.",
        percent(excess),
        show(distance),
        show(optimum),
    );
    Ok(
        Finding::decided(excess <= LEARNED && distance <= REACHED * optimum, note)
            .here(distance, "sliced W1, mixture")
            .here(excess, "excess loss, digits")
            .floor(cited.reference(SW1, GAUSSIAN)?, "one Gaussian, W1")
            .ceiling(optimum, "exact optimum, W1")
            .ceiling(cited.best(id)?, "excess loss"),
    )
}

/// Claim 21: from states alone.
pub fn dynamics(cited: &Cited<'_>) -> Result<Finding, Missing> {
    const RULES: [&str; 2] = ["sgm.mixture.static_cd.sw1", "sgm.mixture.trajectory_cd.sw1"];
    let worst = cited.largest(&RULES)?;
    let optimum = cited.value(EXACT)?;
    let note = format!(
        "Two contrastive rules, which read states and no forces, end at {} and {}; the exact optimum has {}. On the \
         mixture: digits were not tried this way.",
        show(cited.value(RULES[0])?),
        show(cited.value(RULES[1])?),
        show(optimum),
    );
    Ok(Finding::decided(worst <= REACHED * optimum, note)
        .here(worst, "sliced W1, the worse rule")
        .floor(cited.reference(EXACT, GAUSSIAN)?, GAUSSIAN)
        .ceiling(optimum, "exact optimum"))
}

/// Claim 24: without digital simulation. As stated it cannot come out here: target and optimiser are digital in
/// every rule.
pub fn on_device(cited: &Cited<'_>, id: &str) -> Result<Finding, Missing> {
    let excess = cited.value(id)?;
    let verdict = if excess <= LEARNED {
        Verdict::OnlyIf(
            "the noised target and the optimiser, which stay digital, do not count".to_owned(),
        )
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "Rules see a substrate through its trait: they prepare, run and read it, and the acts are counted. Digits were \
         learned by forces read from it, to a loss {} above the optimum; contrasts were tried on the mixture only. No \
         device was at hand: the substrate here is a simulated one.",
        percent(excess),
    );
    Ok(Finding::new(verdict, note)
        .here(excess, "excess loss, learned from forces read")
        .ceiling(cited.best(id)?, "exact optimum"))
}

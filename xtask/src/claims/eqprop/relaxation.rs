//! Claim 15: what is left of a gradient when relaxation is not finished.

use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, show};

/// One-sided, symmetric and drift-compensated for each network, and symmetric after a shorter free phase.
pub const FINITE: &[&str] = &[
    "eqprop.finite.overshooting.one_sided.cosine",
    "eqprop.finite.overshooting.symmetric.cosine",
    "eqprop.finite.overshooting.symmetric.steps_3.cosine",
    "eqprop.finite.overshooting.drift_compensated.cosine",
    "eqprop.finite.stiff.one_sided.cosine",
    "eqprop.finite.stiff.symmetric.cosine",
    "eqprop.finite.stiff.symmetric.steps_3.cosine",
    "eqprop.finite.stiff.drift_compensated.cosine",
    "eqprop.finite.weak.one_sided.cosine",
    "eqprop.finite.weak.symmetric.cosine",
    "eqprop.finite.weak.symmetric.steps_3.cosine",
    "eqprop.finite.weak.drift_compensated.cosine",
    "eqprop.finite.trained.one_sided.cosine",
    "eqprop.finite.trained.symmetric.cosine",
    "eqprop.finite.trained.symmetric.steps_3.cosine",
    "eqprop.finite.trained.drift_compensated.cosine",
    "eqprop.finite.converged.one_sided.cosine",
    "eqprop.finite.converged.symmetric.cosine",
    "eqprop.finite.converged.symmetric.steps_3.cosine",
    "eqprop.finite.converged.drift_compensated.cosine",
    "eqprop.finite.quartic.one_sided.cosine",
    "eqprop.finite.quartic.symmetric.cosine",
    "eqprop.finite.quartic.symmetric.steps_3.cosine",
    "eqprop.finite.quartic.drift_compensated.cosine",
];

/// Cosine from which an estimate is aligned.
const ALIGNED: f64 = 0.9;
/// Cosine that an estimate may have less than the symmetric one, and do as well.
const AS_WELL: f64 = 0.01;

/// One network at its free phase.
struct Network {
    name: &'static str,
    one_sided: f64,
    symmetric: f64,
    /// Symmetric after three steps.
    hasty: f64,
    compensated: f64,
}

fn networks(cited: &Cited<'_>) -> Result<Vec<Network>, Missing> {
    let names = FINITE.iter().filter_map(|id| {
        let network = id.strip_suffix(".one_sided.cosine")?;
        network.strip_prefix("eqprop.finite.")
    });
    let network = |name: &'static str| {
        let of = |what: &str| cited.value(&format!("eqprop.finite.{name}.{what}.cosine"));
        Ok(Network {
            name,
            one_sided: of("one_sided")?,
            symmetric: of("symmetric")?,
            hasty: of("symmetric.steps_3")?,
            compensated: of("drift_compensated")?,
        })
    };
    names.map(network).collect()
}

/// One-sided estimates point the wrong way, symmetric ones do not, and nothing else helps.
pub fn finite(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let networks = networks(cited)?;
    let least = |of: fn(&Network) -> f64| networks.iter().map(of).fold(f64::INFINITY, f64::min);
    let (worst, symmetric) = (least(|n| n.one_sided), least(|n| n.symmetric));
    let (hasty, compensated) = (least(|n| n.hasty), least(|n| n.compensated));
    let opposed: Vec<&str> = networks
        .iter()
        .filter(|network| network.one_sided < 0.0)
        .map(|network| network.name)
        .collect();
    let unaligned = networks
        .iter()
        .filter(|network| network.one_sided < ALIGNED)
        .count();
    let as_well = networks
        .iter()
        .all(|network| network.compensated >= network.symmetric - AS_WELL);
    let verdict = if opposed.is_empty() || symmetric < ALIGNED {
        Verdict::NotReproduced
    } else if opposed.len() < networks.len() {
        Verdict::OnlyIf(format!(
            "'anti-correlated' is read as 'not aligned': {unaligned} of {} one-sided estimates have a cosine below \
             {ALIGNED}, and {} ({}) are negative, down to {}",
            networks.len(),
            opposed.len(),
            opposed.join(", "),
            show(worst),
        ))
    } else if as_well {
        Verdict::OnlyIf("the drift of the free phase is not taken off by itself".to_owned())
    } else {
        Verdict::Reproduced
    };
    let shorter = if hasty < ALIGNED {
        format!(
            "With still shorter phases it fails too ({} after 3 steps).",
            show(hasty)
        )
    } else {
        format!(
            "It bears still shorter phases ({} after 3 steps).",
            show(hasty)
        )
    };
    let essential = if as_well {
        "as good as the symmetric estimate in all of them, so that symmetry is not essential"
    } else {
        "not in all of them as good as the symmetric estimate"
    };
    let note = format!(
        "Each network at a free phase of its own length, as in docs/eqprop.md: symmetric {} at least. {shorter} \
         One-sided with the drift taken off has {} at least, {essential}.",
        show(symmetric),
        show(compensated),
    );
    Ok(Finding::new(verdict, note)
        .here(worst, "one-sided, lowest cosine")
        .here(symmetric, "symmetric, lowest")
        .here(compensated, "drift taken off, lowest")
        .floor(0.0, "no relation")
        .ceiling(cited.best(FINITE[0])?, "exact gradient"))
}

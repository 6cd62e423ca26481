//! Claims 1 to 3: the equilibrium of the couplings, where they come from, and how many wires they take.

use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, percent, show};

/// Deviation of an equilibrium, in standard deviations, that chance alone does not make.
const CHANCE: f64 = 5.0;
/// Error of the law of averages, as a share of it, up to which it is followed.
const LAW: f64 = 0.02;
/// Cosine from which a state counts as the output.
const GOOD_COSINE: f64 = 0.99;
/// Share of the full linear signal from which a coupling carries it.
const CARRIES: f64 = 0.5;
/// R^2 below that of the best map at full rank up to which quality has saturated.
const SATURATED: f64 = 0.01;
/// Share of the wires of a dense map up to which wires are saved.
const SAVED: f64 = 0.5;

const DECODER: &str = "inference.full.r2";
const ONE_SAMPLE: &str = "inference.langevin.samples_1.raw_cosine";
const LAW_ERROR: &str = "inference.langevin.cosine_law_error";
const SAMPLES: &str = "inference.langevin.samples_for_cosine_99";
const TEMPERATURE: &str = "inference.langevin.temperature_for_cosine_99";
/// Ids of claim 1; the first four are in standard deviations.
pub const EQUILIBRIUM: &[&str] = &[
    "inference.langevin.equilibrium.mean_z",
    "inference.langevin.equilibrium.covariance_z",
    "inference.langevin.equilibrium.worst_mode_z",
    "inference.langevin.equilibrium.shape_z",
    LAW_ERROR,
    ONE_SAMPLE,
    SAMPLES,
    TEMPERATURE,
    DECODER,
];

/// Claim 1: the substrate relaxes to the output.
pub fn equilibrium(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let worst = EQUILIBRIUM[..4]
        .iter()
        .try_fold(0.0_f64, |worst, id| Ok(worst.max(cited.value(id)?.abs())))?;
    let law = cited.value(LAW_ERROR)?;
    let one = cited.value(ONE_SAMPLE)?;
    let right = worst <= CHANCE && law <= LAW;
    let verdict = if !right {
        Verdict::NotReproduced
    } else if one >= GOOD_COSINE {
        Verdict::Reproduced
    } else {
        Verdict::OnlyIf(format!(
            "{} samples are averaged, or the bath is cooled to kT = {}: at kT = 1 one sample has a cosine of {} with \
             the state at rest",
            show(cited.value(SAMPLES)?.ceil()),
            show(cited.value(TEMPERATURE)?),
            show(one),
        ))
    };
    let is_right = if right {
        "The equilibrium itself is right"
    } else {
        "The equilibrium is not that of the law"
    };
    let note = format!(
        "{is_right}: its moments and modes are off by {} standard deviations at most, averages by {}. How near the \
         state at rest is to the U-Net's decoder (R^2 {}) is a matter of the couplings.",
        show(worst),
        percent(law),
        show(cited.value(DECODER)?),
    );
    Ok(Finding::new(verdict, note)
        .here(one, "cosine of one sample")
        .here(worst, "standard deviations off the law")
        .ceiling(cited.best(ONE_SAMPLE)?, "the state at rest"))
}

const RANDOM: &str = "inference.pixel.sigma_0_5.random_coupling.r2";
/// Ids of claim 2.
pub const COUPLINGS: &[&str] = &[
    "inference.rank.weight_gram.k16.r2",
    "inference.rank.activation_gram.k16.r2",
    "inference.rank.reduced_rank.k16.r2",
    RANDOM,
    "inference.pixel.sigma_0_5.ridge.r2",
    "inference.published.centred_cosine",
    "inference.random_coupling.centred_cosine",
    "inference.published.no_skip.centred_cosine",
];

/// Claim 2: couplings from Gram matrices carry what skips do.
pub fn couplings(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let published = cited.value(COUPLINGS[0])?;
    let activations = cited.value(COUPLINGS[1])?;
    let regression = cited.value(COUPLINGS[2])?;
    let random = cited.value(RANDOM)?;
    let linear = cited.value(COUPLINGS[4])?;
    let verdict = if published >= CARRIES * linear && published > random {
        Verdict::Reproduced
    } else if activations >= CARRIES * linear && activations > random {
        Verdict::OnlyIf(format!(
            "the Gram matrices are those of activations and the strength is fitted (R^2 {} at rank 16; a regression \
             has {})",
            show(activations),
            show(regression),
        ))
    } else {
        Verdict::NotReproduced
    };
    let (skip, without) = (cited.value(COUPLINGS[5])?, cited.value(COUPLINGS[7])?);
    let effect = if skip < without { "harms" } else { "helps" };
    let note = format!(
        "From weights, as the published code has it, R^2 is {} even at the best strength, a random coupling of the \
         same norm has {}. In the published pipeline the skip {effect}: the centred cosine is {} with it, {} with \
         a random one, {} without any.",
        show(published),
        show(random),
        show(skip),
        show(cited.value(COUPLINGS[6])?),
        show(without),
    );
    Ok(Finding::new(verdict, note)
        .here(published, "R^2, rank 16, from weights")
        .here(activations, "from activations")
        .floor(random, "a random coupling")
        .ceiling(linear, "any linear map"))
}

/// R^2 by rank of couplings from either Gram matrix and from a regression, and that of a random coupling.
pub const RANKS: &[&str] = &[
    "inference.rank.weight_gram.k1.r2",
    "inference.rank.weight_gram.k2.r2",
    "inference.rank.weight_gram.k4.r2",
    "inference.rank.weight_gram.k8.r2",
    "inference.rank.weight_gram.k16.r2",
    "inference.rank.weight_gram.k32.r2",
    "inference.rank.weight_gram.k64.r2",
    "inference.rank.activation_gram.k1.r2",
    "inference.rank.activation_gram.k2.r2",
    "inference.rank.activation_gram.k4.r2",
    "inference.rank.activation_gram.k8.r2",
    "inference.rank.activation_gram.k16.r2",
    "inference.rank.activation_gram.k32.r2",
    "inference.rank.activation_gram.k64.r2",
    "inference.rank.reduced_rank.k1.r2",
    "inference.rank.reduced_rank.k2.r2",
    "inference.rank.reduced_rank.k4.r2",
    "inference.rank.reduced_rank.k8.r2",
    "inference.rank.reduced_rank.k16.r2",
    "inference.rank.reduced_rank.k32.r2",
    "inference.rank.reduced_rank.k64.r2",
    RANDOM,
];

/// A coupling of some rank.
#[derive(Clone, Copy)]
struct Coupling {
    rank: f64,
    r2: f64,
    wires: f64,
}

/// The ranks of one method, in rising order.
fn by_rank(cited: &Cited<'_>, method: &str) -> Result<Vec<Coupling>, Missing> {
    let ranks = RANKS.iter().filter_map(|id| {
        let rest = id.strip_prefix("inference.rank.")?.strip_prefix(method)?;
        let rank = rest.strip_prefix(".k")?.strip_suffix(".r2")?;
        Some((*id, rank.parse::<f64>().ok()?))
    });
    let coupling = |(id, rank): (&str, f64)| {
        Ok(Coupling {
            rank,
            r2: cited.value(id)?,
            wires: cited.reference(id, "wires")?,
        })
    };
    ranks.map(coupling).collect()
}

/// Claim 3: fewer wires than a dense map. *Such* couplings are those of claim 2.
pub fn wires(cited: &Cited<'_>) -> Result<Finding, Missing> {
    const BEST: &str = "inference.rank.reduced_rank.k1.r2";
    let full = cited.best(BEST)?;
    let [weights, activations, regression] = [
        by_rank(cited, "weight_gram")?,
        by_rank(cited, "activation_gram")?,
        by_rank(cited, "reduced_rank")?,
    ];
    // A coupling of rank k takes k wires to each of 2 D units.
    let units = regression
        .first()
        .map_or(0.0, |first| first.wires / (2.0 * first.rank));
    let dense = units * units;
    let saving = |couplings: &[Coupling]| {
        let good = |coupling: &&Coupling| {
            coupling.r2 >= full - SATURATED && coupling.wires <= SAVED * dense
        };
        couplings.iter().find(good).copied()
    };
    let best = |couplings: &[Coupling]| {
        couplings
            .iter()
            .fold(f64::NEG_INFINITY, |best, coupling| best.max(coupling.r2))
    };
    let gram = saving(&weights).or_else(|| saving(&activations));
    let found = gram.or_else(|| saving(&regression));
    let verdict = match found {
        Some(_) if gram.is_some() => Verdict::Reproduced,
        Some(Coupling { rank, r2, .. }) => Verdict::OnlyIf(format!(
            "couplings are found by regression, not from Gram matrices: R^2 {} at rank {rank}, within {SATURATED} of \
             full rank",
            show(r2),
        )),
        None => Verdict::NotReproduced,
    };
    let count = found.map_or_else(
        || format!("None is within {SATURATED} of that by half the wires of a dense map"),
        |found| format!("Rank {} takes {} wires", found.rank, show(found.wires)),
    );
    let note = format!(
        "At the best rank couplings from Gram matrices of activations have R^2 {}, from those of weights {}; any \
         linear map has {}. {count}, where a dense map takes {} at D = {}. Fewer wires than that need k < D/2.",
        show(best(&activations)),
        show(best(&weights)),
        show(full),
        show(dense),
        show(units),
    );
    let finding = match found {
        Some(found) => Finding::new(verdict, note)
            .here(found.r2, &format!("R^2 at rank {}", found.rank))
            .here(found.wires, "wires"),
        None => Finding::new(verdict, note).here(best(&regression), "R^2, regression"),
    };
    Ok(finding
        .here(dense, "of a dense map")
        .floor(cited.value(RANDOM)?, "R^2 of a random coupling")
        .ceiling(full, "R^2 at full rank"))
}

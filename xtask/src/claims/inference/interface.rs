//! Claims 4 to 7 and 9: what is digital beside the couplings, and what it reaches.

use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, show, times};

/// Half a unit in the fourth decimal, to which cosines are published.
const FOURTH_DECIMAL: f64 = 5e-5;
/// Factor within which "about" is met.
const ABOUT: f64 = 1.25;

/// What every figure of a decoder here is of.
const OWN_NETWORK: &str = "this project's own U-Net (16 x 16 digits, fewer channels)";

const WEIGHTS: &str = "inference.interface.parameters";
const MACS: &str = "inference.interface.macs";
const UPSTREAM: &str = "3 x 3 convolutions of block e1, from which x comes";
/// Ids of claim 4.
pub const INTERFACE: &[&str] = &[WEIGHTS, MACS];
/// Ids of claim 9.
pub const ARITHMETIC: &[&str] = &[MACS];

/// Claim 4: 2,560 parameters are all.
pub fn interface(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let (here, claimed) = (cited.value(WEIGHTS)?, cited.published(WEIGHTS)?);
    let biases = cited.reference(WEIGHTS, "with the biases of the published code")?;
    let means = cited.reference(WEIGHTS, "numbers of each mean kept on top, if any")?;
    let merged = cited.reference(
        WEIGHTS,
        "the same function with adjacent linear maps made one",
    )?;
    let upstream = cited.reference(MACS, UPSTREAM)?;
    let verdict = if here != claimed {
        Verdict::NotReproduced
    } else if biases > here {
        Verdict::OnlyIf(format!(
            "biases are left out: the published code has {} more, {} in all",
            show(biases - here),
            show(biases),
        ))
    } else {
        Verdict::Reproduced
    };
    let note = format!(
        "Weights: {}, and {} in the paper. Not among them: each mean that is kept ({} numbers), and the encoder block \
         that makes the interface's input ({} multiply-accumulates an image). {} weights would make the same function.",
        show(here),
        show(claimed),
        show(means),
        show(upstream),
        show(merged),
    );
    Ok(Finding::new(verdict, note)
        .here(here, "weights")
        .ceiling(merged, "weights, same function"))
}

const RAW: &str = "inference.published.raw_cosine";
const NORMALISED: &str = "inference.published.normalised_cosine";
const AS_CODED: &str = "inference.published.as_coded.raw_cosine";
const CENTRED: &str = "inference.published.centred_cosine";
const BARE: &str = "inference.published.no_skip.raw_cosine";
const BARE_CENTRED: &str = "inference.published.no_skip.centred_cosine";
const MEAN: &str = "inference.mean.raw_cosine";
const FULL: &str = "inference.full.raw_cosine";
/// Ids of claim 5.
pub const COSINE: &[&str] = &[
    RAW,
    NORMALISED,
    AS_CODED,
    CENTRED,
    BARE,
    BARE_CENTRED,
    MEAN,
    FULL,
];

/// Claim 5: a cosine of .9906, by whichever way of taking it is kindest.
pub fn cosine(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let claimed = cited.published(RAW)? - FOURTH_DECIMAL;
    let best = cited.largest(&[RAW, NORMALISED, AS_CODED])?;
    let (bare, mean) = (cited.value(BARE)?, cited.value(MEAN)?);
    let trivial = if mean >= claimed {
        "and the mean of the training images has as much"
    } else {
        "where the mean of the training images has less"
    };
    let verdict = if best >= claimed && mean < claimed {
        Verdict::Reproduced
    } else if best >= claimed {
        Verdict::OnlyIf(format!(
            "a cosine counts that the mean of the training images has too ({})",
            decimals(mean)
        ))
    } else if bare >= claimed {
        Verdict::OnlyIf(format!(
            "the published skip is left out ({}), {trivial} ({})",
            decimals(bare),
            decimals(mean),
        ))
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "On {OWN_NETWORK} it is, as published, {} at best, {} the mean ({}). What is left of the cosine once the mean \
         is taken off: {} as published, {} without the skip. Pixel by pixel, where the mean has {}, this project's \
         substrate has {}.",
        decimals(best),
        side(best, mean),
        decimals(mean),
        show(cited.value(CENTRED)?),
        show(cited.value(BARE_CENTRED)?),
        show(cited.reference(FULL, "mean of the training images")?),
        decimals(cited.value(FULL)?),
    );
    Ok(Finding::new(verdict, note)
        .here(cited.value(RAW)?, "raw cosine")
        .here(bare, "without the skip")
        .floor(mean, "mean of the training images")
        .ceiling(cited.best(RAW)?, "oracle drive"))
}

/// Cosines near one differ in their fourth decimal.
fn decimals(cosine: f64) -> String {
    format!("{cosine:.4}")
}

/// On which side of `floor` a figure lies.
fn side(figure: f64, floor: f64) -> &'static str {
    if figure < floor { "below" } else { "not below" }
}

const ORACLE_RAW: &str = "inference.oracle.raw_cosine";
const ORACLE_NORMALISED: &str = "inference.oracle.normalised_cosine";
const EXACT: &str = "inference.oracle.exact.raw_cosine";
/// Ids of claim 6.
pub const ORACLE: &[&str] = &[ORACLE_RAW, ORACLE_NORMALISED, EXACT, MEAN];

/// Claim 6: the best drive there is.
pub fn oracle(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let claimed = cited.published(ORACLE_RAW)? - FOURTH_DECIMAL;
    let published = cited.largest(&[ORACLE_RAW, ORACLE_NORMALISED])?;
    let exact = cited.value(EXACT)?;
    let mean = cited.value(MEAN)?;
    let verdict = if published >= claimed {
        Verdict::Reproduced
    } else if exact >= claimed {
        Verdict::OnlyIf("the oracle is b = K z, which undoes the couplings".to_owned())
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "With the drives of the published code, A x and B d, it is {}, {} the mean of the training images ({}).",
        decimals(published),
        side(published, mean),
        decimals(mean),
    );
    Ok(Finding::new(verdict, note)
        .here(cited.value(ORACLE_RAW)?, "as published")
        .here(exact, "b = K z")
        .floor(mean, "mean of the training images")
        .ceiling(1.0, "cosine"))
}

/// Every definition, between modules and within the encoder's, for both sources of activations.
pub const BARRIERS: &[&str] = &[
    SIGNAL,
    "inference.barrier.magnitude",
    "inference.barrier.drive",
    "inference.barrier.between",
    "inference.barrier.bias",
    "inference.barrier.median",
    "inference.barrier.within.signal",
    "inference.barrier.within.magnitude",
    "inference.barrier.within.drive",
    "inference.barrier.within.between",
    "inference.barrier.within.bias",
    "inference.barrier.within.median",
    "inference.barrier.on_noise.signal",
    "inference.barrier.on_noise.magnitude",
    "inference.barrier.on_noise.drive",
    "inference.barrier.on_noise.between",
    "inference.barrier.on_noise.bias",
    "inference.barrier.on_noise.median",
    "inference.barrier.on_noise.within.signal",
    "inference.barrier.on_noise.within.magnitude",
    "inference.barrier.on_noise.within.drive",
    "inference.barrier.on_noise.within.between",
    "inference.barrier.on_noise.within.bias",
    "inference.barrier.on_noise.within.median",
];
const SIGNAL: &str = "inference.barrier.signal";

/// Claim 7: how much too weak couplings are, by any definition.
pub fn barrier(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let claimed = cited.published(SIGNAL)?;
    let (least, most) = (cited.smallest(BARRIERS)?, cited.largest(BARRIERS)?);
    let met = BARRIERS.iter().try_fold(false, |met, id| {
        let ratio = cited.value(id)? / claimed;
        Ok(met || (ABOUT.recip()..=ABOUT).contains(&ratio))
    })?;
    let weak = if least > 1.0 {
        "are too weak by every definition"
    } else {
        "are not too weak by every definition"
    };
    let prototype = cited.reference(SIGNAL, "a prototype of the published code, D = 64")?;
    let note = format!(
        "On {OWN_NETWORK} couplings {weak}: {} to {} times. The spread is between definitions; one of them (`signal`, \
         {} here) gave {} on another network, in a prototype of the published code.",
        times(least),
        times(most),
        times(cited.value(SIGNAL)?),
        show(prototype),
    );
    Ok(Finding::decided(met, note)
        .here(most, "the largest definition")
        .here(least, "the smallest")
        .floor(1.0, "no barrier"))
}

/// Claim 9: no digital arithmetic.
pub fn arithmetic(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let macs = cited.value(MACS)?;
    let upstream = cited.reference(MACS, UPSTREAM)?;
    let note = format!(
        "The relaxation itself needs none; the interface takes {} multiply-accumulates an image, and the encoder block \
         whose activations it reads {}.",
        show(macs),
        show(upstream),
    );
    Ok(Finding::decided(macs + upstream == 0.0, note)
        .here(macs, "digital MACs, interface")
        .here(upstream, "encoder block")
        .ceiling(0.0, "as claimed"))
}

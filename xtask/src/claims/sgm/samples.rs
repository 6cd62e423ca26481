//! Claims 22 and 23: what driven networks draw.

use super::{EXACT, GAUSSIAN, PER_CLASS};
use crate::claims::figures::{Cited, Missing};
use crate::claims::finding::{Finding, Verdict, percent, show};
use crate::experiments::{EMBEDDED_HIDDEN, MNIST_HIDDEN};

/// Share of the distance of one Gaussian below which two are sampled.
const TWO_MODES: f64 = 0.5;
/// Share of one Gaussian's deviation from the weight in the data up to which a weight is that of the data.
const WEIGHT: f64 = 0.5;
/// Share of the way from one Gaussian to real digits.
const MOST_OF_THE_WAY: f64 = 0.5;

const SW1: &str = "sgm.mixture.force_matching.sw1";
/// Of unequal Gaussians: of equal ones a single Gaussian has the weights too.
const SHARE: &str = "sgm.mixture_w03.force_matching.weight";
/// Ids of a mixture of equal Gaussians, and of one of unequal ones.
pub const MIXTURES: &[&str] = &[SW1, EXACT, SHARE];
/// Ids of the first alone.
pub const MIXTURE: &[&str] = &[SW1, EXACT];

/// Claim 22, by the distance alone.
pub fn mixture(cited: &Cited<'_>) -> Result<Finding, Missing> {
    by_distance(cited, true, "")
}

/// Claim 22, by the distance and the weights.
pub fn mixtures(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let (weight, wanted) = (cited.value(SHARE)?, cited.best(SHARE)?);
    let trivial = cited.reference(SHARE, GAUSSIAN)?;
    let kept = (weight - wanted).abs() <= WEIGHT * (trivial - wanted).abs();
    let weights = format!(
        " With unequal weights the smaller one has {} ({} in the data, {} of one Gaussian).",
        show(weight),
        show(wanted),
        show(trivial),
    );
    Ok(by_distance(cited, kept, &weights)?
        .here(weight, "the smaller weight")
        .floor(trivial, "its smaller weight")
        .ceiling(wanted, "weight in the data"))
}

fn by_distance(cited: &Cited<'_>, weighed: bool, weights: &str) -> Result<Finding, Missing> {
    let distance = cited.value(SW1)?;
    let (floor, best) = (cited.reference(SW1, GAUSSIAN)?, cited.best(SW1)?);
    let holds = weighed && distance <= TWO_MODES * floor;
    let both = if holds {
        "Both Gaussians are there: the"
    } else {
        "The"
    };
    let note = format!(
        "{both} distance is {} of that of one Gaussian.{weights} The exact optimum of a quartic energy of two units \
         has a distance of {}, the exact score {}.",
        percent(distance / floor),
        show(cited.value(EXACT)?),
        show(best),
    );
    Ok(Finding::decided(holds, note)
        .here(distance, "sliced W1")
        .floor(floor, GAUSSIAN)
        .ceiling(best, "exact score"))
}

/// Networks of one study of zeros and ones.
pub struct Networks {
    /// Name of the experiment.
    pub experiment: &'static str,
    /// Variant with springs between pixels.
    pub springs: &'static str,
    /// That variant, in words.
    pub described: &'static str,
    /// How its springs were found, where that is not the paper's way.
    pub caveat: &'static str,
    /// Number of hidden oscillators of the other variant, which has no springs.
    pub hidden: usize,
}

/// With the published springs, by MNIST.
pub const MNIST: Networks = Networks {
    experiment: "sgm.mnist01",
    springs: "rich",
    described: "the published springs",
    caveat: " The published springs were solved by least squares, not trained by the paper's rule, and a part of \
             their shortfall may be the solver's.",
    hidden: MNIST_HIDDEN,
};
/// With fewer springs, by the embedded digits.
pub const EMBEDDED: Networks = Networks {
    experiment: "sgm.digits01",
    springs: "plain",
    described: "bilinear springs alone",
    caveat: "",
    hidden: EMBEDDED_HIDDEN,
};

/// Claim 23: zeros and ones.
pub fn zeros_and_ones(cited: &Cited<'_>, networks: &Networks) -> Result<Finding, Missing> {
    let ids = |variant: &str| {
        ["in01", "coverage", "fd_pixels"]
            .map(|metric| format!("{}.{variant}.{metric}", networks.experiment))
    };
    let least = |variant: &str| -> Result<f64, Missing> {
        ids(variant).iter().try_fold(f64::INFINITY, |least, id| {
            Ok(least.min(cited.way(id, GAUSSIAN)?))
        })
    };
    let row = |variant: &str| -> Result<String, Missing> {
        let [in01, coverage, distance] = ids(variant);
        Ok(format!(
            "{} of samples are read as 0 or 1, coverage {}, Fréchet distance {}",
            percent(cited.value(&in01)?),
            show(cited.value(&coverage)?),
            show(cited.value(&distance)?),
        ))
    };
    let trivial = |floor: &str| -> Result<String, Missing> {
        let [in01, coverage, distance] = ids(networks.springs);
        Ok(format!(
            "{}, {} and {}",
            percent(cited.reference(&in01, floor)?),
            show(cited.reference(&coverage, floor)?),
            show(cited.reference(&distance, floor)?),
        ))
    };
    let verdict = if least(networks.springs)? >= MOST_OF_THE_WAY {
        Verdict::Reproduced
    } else if least("hidden")? >= MOST_OF_THE_WAY {
        Verdict::OnlyIf(format!(
            "springs are replaced by {} hidden oscillators, which enter as if infinitely fast: {}",
            networks.hidden,
            row("hidden")?
        ))
    } else {
        Verdict::NotReproduced
    };
    // Where springs suffice they have no shortfall to be explained.
    let caveat = if verdict == Verdict::Reproduced {
        ""
    } else {
        networks.caveat
    };
    let [in01, coverage, _] = ids(networks.springs);
    let [hidden_in01, ..] = ids("hidden");
    let note = format!(
        "With {}: {}.{caveat} One Gaussian, without any network, has {}. One Gaussian for each class has {}. The \
         paper shows images and no metric.",
        networks.described,
        row(networks.springs)?,
        trivial(GAUSSIAN)?,
        trivial(PER_CLASS)?,
    );
    Ok(Finding::new(verdict, note)
        .here(cited.value(&in01)?, "read as 0 or 1, springs")
        .here(cited.value(&coverage)?, "coverage")
        .here(
            cited.value(&hidden_in01)?,
            "read as 0 or 1, hidden oscillators",
        )
        .floor(cited.reference(&in01, GAUSSIAN)?, GAUSSIAN)
        .floor(cited.reference(&coverage, GAUSSIAN)?, "its coverage")
        .floor(cited.reference(&in01, PER_CLASS)?, PER_CLASS)
        .floor(cited.reference(&coverage, PER_CLASS)?, "its coverage")
        .ceiling(cited.best(&in01)?, "real digits")
        .ceiling(cited.best(&coverage)?, "their coverage"))
}

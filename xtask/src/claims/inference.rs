//! Claims of arXiv 2604.14332: diffusion inference by couplings and a small interface.

use super::figures::{Cited, Missing};
use super::finding::{Finding, Verdict, percent, show};
use super::{Answer, Basis, Claim, Paper, Proof, energy};

const STUDY: &str = "cargo xtask reproduce inference --preset paper";
const BILL: &str = "cargo xtask reproduce accounting.inference --preset paper";

/// The claims, in order.
pub const CLAIMS: &[Claim] = &[
    Claim {
        number: 1,
        paper: Paper::Inference,
        place: "abstract",
        short: "a substrate equilibrates to the output",
        statement: "Diffusion inference is overdamped Langevin dynamics, so that a substrate which holds the energy \
                    relaxes to the right output by itself.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: &[
                "inference.langevin.equilibrium.mean_z",
                "inference.langevin.equilibrium.covariance_z",
                "inference.langevin.equilibrium.worst_mode_z",
                "inference.langevin.equilibrium.shape_z",
                "inference.langevin.cosine_law_error",
                "inference.langevin.samples_1.raw_cosine",
                "inference.langevin.samples_for_cosine_99",
                "inference.langevin.temperature_for_cosine_99",
                "inference.full.r2",
            ],
            rule: equilibrium,
        }],
        command: STUDY,
    },
    Claim {
        number: 2,
        paper: Paper::Inference,
        place: "abstract",
        short: "skips as couplings from Gram matrices",
        statement: "Skip connections of a U-Net become rank-k couplings, derived from the singular structure of the \
                    Gram matrices of encoder and decoder.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: &[
                "inference.rank.weight_gram.k16.r2",
                "inference.rank.activation_gram.k16.r2",
                "inference.rank.reduced_rank.k16.r2",
                "inference.pixel.sigma_0_5.random_coupling.r2",
                "inference.pixel.sigma_0_5.ridge.r2",
                "inference.published.centred_cosine",
                "inference.random_coupling.centred_cosine",
                "inference.published.no_skip.centred_cosine",
            ],
            rule: couplings,
        }],
        command: STUDY,
    },
    Claim {
        number: 3,
        paper: Paper::Inference,
        place: "abstract",
        short: "O(Dk) wires, not O(D^2)",
        statement: "Such couplings need O(Dk) connections in place of O(D^2).",
        basis: Basis::Counted,
        proofs: &[Proof {
            file: "crates/coupling/src/map.rs",
            item: "fn wires",
        }],
        answers: &[Answer {
            ids: RANKS,
            rule: wires,
        }],
        command: STUDY,
    },
    Claim {
        number: 4,
        paper: Paper::Inference,
        place: "abstract",
        short: "an interface of 2,560 parameters",
        statement: "A bottleneck encoder to 4 numbers and a transfer network of 16 units, 2,560 parameters in all, are \
                    the whole digital interface.",
        basis: Basis::Counted,
        proofs: &[Proof {
            file: "crates/conditioning/src/interface.rs",
            item: "struct Interface",
        }],
        answers: &[Answer {
            ids: &["inference.interface.parameters", "inference.interface.macs"],
            rule: interface,
        }],
        command: STUDY,
    },
    Claim {
        number: 5,
        paper: Paper::Inference,
        place: "abstract",
        short: "decoder cosine .9906",
        statement: "The whole system reaches a cosine of .9906 with the decoder of a trained U-Net.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: &[
                "inference.published.raw_cosine",
                "inference.published.normalised_cosine",
                "inference.published.as_coded.raw_cosine",
                "inference.published.centred_cosine",
                "inference.published.no_skip.raw_cosine",
                "inference.published.no_skip.centred_cosine",
                "inference.mean.raw_cosine",
                "inference.full.raw_cosine",
            ],
            rule: cosine,
        }],
        command: STUDY,
    },
    Claim {
        number: 6,
        paper: Paper::Inference,
        place: "abstract",
        short: "oracle 1.0000",
        statement: "An oracle for the drive, the upper bound of the interface, reaches 1.0000.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: &[
                "inference.oracle.raw_cosine",
                "inference.oracle.normalised_cosine",
                "inference.oracle.exact.raw_cosine",
                "inference.mean.raw_cosine",
            ],
            rule: oracle,
        }],
        command: STUDY,
    },
    Claim {
        number: 7,
        paper: Paper::Inference,
        place: "abstract",
        short: "couplings carry 2,600 times too little",
        statement: "Couplings alone carry about 2,600 times too little signal to tie the system to its input.",
        basis: Basis::Measured,
        proofs: &[Proof {
            file: "crates/conditioning/src/barrier.rs",
            item: "enum Definition",
        }],
        answers: &[Answer {
            ids: BARRIERS,
            rule: barrier,
        }],
        command: STUDY,
    },
    Claim {
        number: 8,
        paper: Paper::Inference,
        place: "abstract",
        short: "about 1e7 times less energy",
        statement: "Inference can take 10,000 times less energy than on a GPU; net of the interface, about 1e7 times less.",
        basis: Basis::Billed,
        proofs: &[],
        answers: &[Answer {
            ids: energy::INFERENCE,
            rule: energy::net_saving,
        }],
        command: BILL,
    },
    Claim {
        number: 9,
        paper: Paper::Inference,
        place: "abstract",
        short: "no digital arithmetic in inference",
        statement: "Inference needs no digital arithmetic.",
        basis: Basis::Counted,
        proofs: &[],
        answers: &[Answer {
            ids: &["inference.interface.macs"],
            rule: arithmetic,
        }],
        command: STUDY,
    },
];

/// Deviation of an equilibrium, in standard deviations, that chance alone does not make.
const CHANCE: f64 = 5.0;
/// Error of the law of averages, as a share of it, up to which it is followed.
const LAW: f64 = 0.02;
/// Cosine from which a state counts as the output.
const GOOD_COSINE: f64 = 0.99;
/// Share of the full linear signal from which a coupling carries it.
const CARRIES: f64 = 0.5;
/// Loss of R^2 below that of full rank up to which quality has saturated.
const SATURATED: f64 = 0.01;
/// Half a unit in the fourth decimal, to which cosines are published.
const FOURTH_DECIMAL: f64 = 5e-5;
/// Factor within which "about" is met.
const ABOUT: f64 = 1.25;

fn equilibrium(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let z = ["mean_z", "covariance_z", "worst_mode_z", "shape_z"];
    let worst = z.iter().try_fold(0.0_f64, |worst, what| {
        let id = format!("inference.langevin.equilibrium.{what}");
        Ok(worst.max(cited.value(&id)?.abs()))
    })?;
    let law = cited.value("inference.langevin.cosine_law_error")?;
    let one = cited.value("inference.langevin.samples_1.raw_cosine")?;
    let samples = cited.value("inference.langevin.samples_for_cosine_99")?;
    let cold = cited.value("inference.langevin.temperature_for_cosine_99")?;
    let verdict = if worst > CHANCE || law > LAW {
        Verdict::NotReproduced
    } else if one >= GOOD_COSINE {
        Verdict::Reproduced
    } else {
        Verdict::OnlyIf(format!(
            "{} samples are averaged, or the bath is cooled to kT = {}: at kT = 1 one sample has a cosine of {} with \
             the state at rest",
            show(samples.ceil()),
            show(cold),
            show(one),
        ))
    };
    let note = format!(
        "The equilibrium itself is right: its moments and all its modes are within {} standard deviations of the law, \
         averages within {}. How near the state at rest is to the U-Net's decoder (R^2 {}) is a matter of the couplings.",
        show(worst),
        percent(law),
        show(cited.value("inference.full.r2")?),
    );
    Ok(Finding::new(verdict, note)
        .here(one, "cosine of one sample")
        .here(worst, "standard deviations off the law")
        .ceiling(
            cited.best("inference.langevin.samples_1.raw_cosine")?,
            "the state at rest",
        ))
}

fn couplings(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let published = cited.value("inference.rank.weight_gram.k16.r2")?;
    let activations = cited.value("inference.rank.activation_gram.k16.r2")?;
    let regression = cited.value("inference.rank.reduced_rank.k16.r2")?;
    let random = cited.value("inference.pixel.sigma_0_5.random_coupling.r2")?;
    let linear = cited.value("inference.pixel.sigma_0_5.ridge.r2")?;
    let verdict = if published >= CARRIES * linear && published > random {
        Verdict::Reproduced
    } else if activations >= CARRIES * linear {
        Verdict::OnlyIf(format!(
            "the Gram matrices are those of activations and the strength is fitted (R^2 {} at rank 16; a regression \
             has {})",
            show(activations),
            show(regression),
        ))
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "From weights, as the published code has it, R^2 is {} even at the best strength, a random coupling of the \
         same norm has {}. In the published pipeline the skip is an error: the centred cosine is {} with it, {} with \
         a random one, {} without any.",
        show(published),
        show(random),
        show(cited.value("inference.published.centred_cosine")?),
        show(cited.value("inference.random_coupling.centred_cosine")?),
        show(cited.value("inference.published.no_skip.centred_cosine")?),
    );
    Ok(Finding::new(verdict, note)
        .here(published, "R^2, rank 16, from weights")
        .here(activations, "from activations")
        .floor(random, "a random coupling")
        .ceiling(linear, "any linear map"))
}

/// R^2 by rank of the best couplings.
const RANKS: &[&str] = &[
    "inference.rank.reduced_rank.k1.r2",
    "inference.rank.reduced_rank.k2.r2",
    "inference.rank.reduced_rank.k4.r2",
    "inference.rank.reduced_rank.k8.r2",
    "inference.rank.reduced_rank.k16.r2",
    "inference.rank.reduced_rank.k32.r2",
    "inference.rank.reduced_rank.k64.r2",
];

fn wires(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let full = cited.best(RANKS[0])?;
    let mut saturating = None;
    for (doubling, id) in RANKS.iter().enumerate() {
        let r2 = cited.value(id)?;
        if r2 >= full - SATURATED {
            saturating = Some((1_u32 << doubling, r2, cited.reference(id, "wires")?));
            break;
        }
    }
    let Some((rank, r2, wires)) = saturating else {
        let note = format!("No rank comes within {SATURATED} of the R^2 at full rank.");
        return Ok(Finding::decided(false, note));
    };
    // A coupling of rank k takes k wires to each of 2 D units.
    let units = wires / (2.0 * f64::from(rank));
    let dense = units * units;
    let verdict = if 2.0 * wires <= dense {
        Verdict::Reproduced
    } else if wires < dense {
        Verdict::OnlyIf(format!(
            "{} wires in place of {} count",
            show(wires),
            show(dense)
        ))
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "Couplings found by regression have R^2 {} at rank {rank}, within {SATURATED} of full rank ({}), and take {} \
         wires in place of {} at D = {}. Fewer wires than a dense map need k < D/2.",
        show(r2),
        show(full),
        show(wires),
        show(dense),
        show(units),
    );
    Ok(Finding::new(verdict, note)
        .here(r2, &format!("R^2 at rank {rank}"))
        .here(wires, "wires")
        .floor(
            cited.reference(RANKS[0], "mean of the training images")?,
            "R^2 of the mean",
        )
        .floor(dense, "wires of a dense map")
        .ceiling(full, "R^2 at full rank"))
}

fn interface(cited: &Cited<'_>) -> Result<Finding, Missing> {
    const ID: &str = "inference.interface.parameters";
    let here = cited.value(ID)?;
    let biases = cited.reference(ID, "with the biases of the published code")?;
    let means = cited.reference(ID, "numbers of each mean kept on top, if any")?;
    let merged = cited.reference(ID, "the same function with adjacent linear maps made one")?;
    let upstream = cited.reference(
        "inference.interface.macs",
        "3 x 3 convolutions of block e1, from which x comes",
    )?;
    let verdict = if here != cited.published(ID)? {
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
        "The count of weights is exact. Not in it: each mean that is kept ({} numbers), and the encoder block that \
         makes the interface's input ({} multiply-accumulates an image). {} weights would make the same function.",
        show(means),
        show(upstream),
        show(merged),
    );
    Ok(Finding::new(verdict, note)
        .here(here, "weights")
        .ceiling(merged, "weights, same function"))
}

fn cosine(cited: &Cited<'_>) -> Result<Finding, Missing> {
    const RAW: &str = "inference.published.raw_cosine";
    let claimed = cited.published(RAW)? - FOURTH_DECIMAL;
    let best = cited.largest(&[
        RAW,
        "inference.published.normalised_cosine",
        "inference.published.as_coded.raw_cosine",
    ])?;
    let bare = cited.value("inference.published.no_skip.raw_cosine")?;
    let mean = cited.value("inference.mean.raw_cosine")?;
    let verdict = if best >= claimed && mean < claimed {
        Verdict::Reproduced
    } else if best >= claimed {
        Verdict::OnlyIf(format!(
            "a cosine counts that the mean of the training images has too ({})",
            show(mean)
        ))
    } else if bare >= claimed {
        Verdict::OnlyIf(format!(
            "the published skip is left out ({}), and then the mean of the training images has as much ({})",
            decimals(bare),
            decimals(mean),
        ))
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "As published it is {} at best, below the mean. What is left of the cosine once the mean is taken off: {} as \
         published, {} without the skip. Pixel by pixel, where the mean has {}, this project's substrate has {}.",
        decimals(best),
        show(cited.value("inference.published.centred_cosine")?),
        show(cited.value("inference.published.no_skip.centred_cosine")?),
        show(cited.reference("inference.full.raw_cosine", "mean of the training images")?),
        decimals(cited.value("inference.full.raw_cosine")?),
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

fn oracle(cited: &Cited<'_>) -> Result<Finding, Missing> {
    const ID: &str = "inference.oracle.raw_cosine";
    let claimed = cited.published(ID)? - FOURTH_DECIMAL;
    let published = cited.largest(&[ID, "inference.oracle.normalised_cosine"])?;
    let exact = cited.value("inference.oracle.exact.raw_cosine")?;
    let mean = cited.value("inference.mean.raw_cosine")?;
    let verdict = if published >= claimed {
        Verdict::Reproduced
    } else if exact >= claimed {
        Verdict::OnlyIf("the oracle is b = K z, which undoes the couplings".to_owned())
    } else {
        Verdict::NotReproduced
    };
    let note = format!(
        "With the drives of the published code, A x and B d, it is {}, below the mean of the training images ({}).",
        decimals(published),
        decimals(mean),
    );
    Ok(Finding::new(verdict, note)
        .here(cited.value(ID)?, "as published")
        .here(exact, "b = K z")
        .floor(mean, "mean of the training images")
        .ceiling(1.0, "cosine"))
}

/// Every definition, between modules and within the encoder's, for both sources of activations.
const BARRIERS: &[&str] = &[
    "inference.barrier.signal",
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

fn barrier(cited: &Cited<'_>) -> Result<Finding, Missing> {
    let claimed = cited.published(BARRIERS[0])?;
    let (least, most) = (cited.smallest(BARRIERS)?, cited.largest(BARRIERS)?);
    let met = BARRIERS.iter().try_fold(false, |met, id| {
        let ratio = cited.value(id)? / claimed;
        Ok(met || (ABOUT.recip()..=ABOUT).contains(&ratio))
    })?;
    let prototype = cited.reference(BARRIERS[0], "a prototype of the published code, D = 64")?;
    let note = format!(
        "Couplings are too weak by every definition, but by {} to {}, and the spread is between definitions. The one \
         that comes nearest gave {} on another network, in a prototype of the published code.",
        times_of(least),
        times_of(most),
        show(prototype),
    );
    Ok(Finding::decided(met, note)
        .here(most, "the largest definition")
        .here(least, "the smallest")
        .floor(1.0, "no barrier"))
}

fn times_of(ratio: f64) -> String {
    format!("{} times", super::finding::times(ratio))
}

fn arithmetic(cited: &Cited<'_>) -> Result<Finding, Missing> {
    const ID: &str = "inference.interface.macs";
    let macs = cited.value(ID)?;
    let upstream = cited.reference(ID, "3 x 3 convolutions of block e1, from which x comes")?;
    let verdict = if macs + upstream == 0.0 {
        Verdict::Reproduced
    } else {
        Verdict::OnlyIf("inference is the relaxation alone".to_owned())
    };
    let note = format!(
        "The interface takes {} multiply-accumulates an image, and the encoder block whose activations it reads {}.",
        show(macs),
        show(upstream),
    );
    Ok(Finding::new(verdict, note)
        .here(macs, "digital MACs, interface")
        .here(upstream, "encoder block")
        .ceiling(0.0, "as claimed"))
}

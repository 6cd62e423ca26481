//! Claims of arXiv 2506.19136: local rules for driven networks.

use super::figures::{Cited, Missing};
use super::finding::{Finding, Verdict, percent, show};
use super::{Answer, Basis, Claim, Paper, Proof};

const MIXTURE: &str = "cargo xtask reproduce sgm.mixture --preset paper";
const BOTH: &str =
    "cargo xtask fetch && cargo xtask reproduce sgm.mixture sgm.mnist01 --preset paper";
const DIGITS: &str = "cargo xtask fetch && cargo xtask reproduce sgm.mnist01 --preset paper";

/// The claims, in order.
pub const CLAIMS: &[Claim] = &[
    Claim {
        number: 20,
        paper: Paper::Sgm,
        place: "abstract",
        short: "protocol learned from forces",
        statement: "The driving protocol of a score-based model is learned by a local rule from measured forces.",
        basis: Basis::Measured,
        proofs: &[Proof {
            file: "crates/learn/tests/rules/metering.rs",
            item: "fn force_matching_probes_forces_and_never_runs",
        }],
        answers: &[
            Answer {
                ids: &[
                    "sgm.mnist01.force_matching.excess_loss",
                    "sgm.mixture.force_matching.sw1",
                    "sgm.mixture.exact.sw1",
                ],
                rule: |cited| forces(cited, "sgm.mnist01.force_matching.excess_loss"),
            },
            Answer {
                ids: &[
                    "sgm.digits01.force_matching.excess_loss",
                    "sgm.mixture.force_matching.sw1",
                    "sgm.mixture.exact.sw1",
                ],
                rule: |cited| forces(cited, "sgm.digits01.force_matching.excess_loss"),
            },
        ],
        command: BOTH,
    },
    Claim {
        number: 21,
        paper: Paper::Sgm,
        place: "abstract",
        short: "or from observed dynamics alone",
        statement: "Or from observed dynamics alone, by a variant of contrastive divergence.",
        basis: Basis::Measured,
        proofs: &[Proof {
            file: "crates/learn/tests/rules/metering.rs",
            item: "fn contrasts_run_and_read_but_never_probe",
        }],
        answers: &[Answer {
            ids: &[
                "sgm.mixture.static_cd.sw1",
                "sgm.mixture.trajectory_cd.sw1",
                "sgm.mixture.exact.sw1",
            ],
            rule: dynamics,
        }],
        command: MIXTURE,
    },
    Claim {
        number: 22,
        paper: Paper::Sgm,
        place: "abstract",
        short: "samples a mixture of two Gaussians",
        statement: "A network of driven, nonlinear, overdamped oscillators samples a mixture of two Gaussians in 2-D.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: &[
                "sgm.mixture.force_matching.sw1",
                "sgm.mixture.force_matching.weight",
                "sgm.mixture.exact.sw1",
            ],
            rule: mixture,
        }],
        command: MIXTURE,
    },
    Claim {
        number: 23,
        paper: Paper::Sgm,
        place: "abstract",
        short: "12 x 12 oscillators draw 0 and 1",
        statement: "A network of 12 x 12 oscillators, trained on MNIST, draws handwritten zeros and ones.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[
            Answer {
                ids: &[
                    "sgm.mnist01.rich.in01",
                    "sgm.mnist01.rich.coverage",
                    "sgm.mnist01.rich.fd_pixels",
                    "sgm.mnist01.hidden.in01",
                    "sgm.mnist01.hidden.coverage",
                    "sgm.mnist01.hidden.fd_pixels",
                ],
                rule: |cited| zeros_and_ones(cited, "sgm.mnist01", "rich", "the published springs"),
            },
            Answer {
                ids: &[
                    "sgm.digits01.plain.in01",
                    "sgm.digits01.plain.coverage",
                    "sgm.digits01.plain.fd_pixels",
                    "sgm.digits01.hidden.in01",
                    "sgm.digits01.hidden.coverage",
                    "sgm.digits01.hidden.fd_pixels",
                ],
                rule: |cited| {
                    zeros_and_ones(cited, "sgm.digits01", "plain", "bilinear springs alone")
                },
            },
        ],
        command: DIGITS,
    },
    Claim {
        number: 24,
        paper: Paper::Sgm,
        place: "abstract of the talk on it, APS summit 2026",
        short: "no digital simulation in learning",
        statement: "Gradients come without any digital simulation, which enables training on the device.",
        basis: Basis::ByConstruction,
        proofs: &[
            Proof {
                file: "crates/learn/src/force_matching.rs",
                item: "S: ForceProbe<T>",
            },
            Proof {
                file: "crates/learn/tests/rules/metering.rs",
                item: "fn force_matching_probes_forces_and_never_runs",
            },
            Proof {
                file: "crates/learn/tests/rules/metering.rs",
                item: "fn contrasts_run_and_read_but_never_probe",
            },
        ],
        answers: &[
            Answer {
                ids: &["sgm.mnist01.force_matching.excess_loss"],
                rule: |cited| on_device(cited, "sgm.mnist01.force_matching.excess_loss"),
            },
            Answer {
                ids: &["sgm.digits01.force_matching.excess_loss"],
                rule: |cited| on_device(cited, "sgm.digits01.force_matching.excess_loss"),
            },
        ],
        command: DIGITS,
    },
];

/// Loss over the exact optimum, as a share of it, up to which a rule has learned the protocol.
const LEARNED: f64 = 0.02;
/// Distance over that of the exact optimum up to which a rule has reached it.
const REACHED: f64 = 1.25;
/// Share of the distance of one Gaussian below which two are sampled.
const TWO_MODES: f64 = 0.5;
/// Deviation of the weight of a mode.
const WEIGHT: f64 = 0.03;
/// Share of the way from one Gaussian to real digits.
const MOST_OF_THE_WAY: f64 = 0.5;

const GAUSSIAN: &str = "one Gaussian";
const EXACT: &str = "sgm.mixture.exact.sw1";

fn forces(cited: &Cited<'_>, id: &str) -> Result<Finding, Missing> {
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

fn dynamics(cited: &Cited<'_>) -> Result<Finding, Missing> {
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

fn mixture(cited: &Cited<'_>) -> Result<Finding, Missing> {
    const SW1: &str = "sgm.mixture.force_matching.sw1";
    const SHARE: &str = "sgm.mixture.force_matching.weight";
    let distance = cited.value(SW1)?;
    let (floor, best) = (cited.reference(SW1, GAUSSIAN)?, cited.best(SW1)?);
    let (weight, wanted) = (cited.value(SHARE)?, cited.best(SHARE)?);
    let holds = distance <= TWO_MODES * floor && (weight - wanted).abs() <= WEIGHT;
    let note = format!(
        "Both Gaussians are there, with a weight of {} ({} in the data). The distance is {} of that of one Gaussian; \
         a quartic energy of two units cannot do much better ({}), the exact score can ({}).",
        show(weight),
        show(wanted),
        percent(distance / floor),
        show(cited.value(EXACT)?),
        show(best),
    );
    Ok(Finding::decided(holds, note)
        .here(distance, "sliced W1")
        .here(weight, "weight of one")
        .floor(floor, GAUSSIAN)
        .ceiling(best, "exact score"))
}

/// How far a figure has come from one Gaussian (0) to real digits (1).
fn way(cited: &Cited<'_>, id: &str) -> Result<f64, Missing> {
    let floor = cited.reference(id, GAUSSIAN)?;
    Ok((cited.value(id)? - floor) / (cited.best(id)? - floor))
}

fn zeros_and_ones(
    cited: &Cited<'_>,
    experiment: &str,
    springs: &str,
    described: &str,
) -> Result<Finding, Missing> {
    let ids = |variant: &str| {
        ["in01", "coverage", "fd_pixels"].map(|metric| format!("{experiment}.{variant}.{metric}"))
    };
    let least = |variant: &str| -> Result<f64, Missing> {
        ids(variant)
            .iter()
            .try_fold(f64::INFINITY, |least, id| Ok(least.min(way(cited, id)?)))
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
    let verdict = if least(springs)? >= MOST_OF_THE_WAY {
        Verdict::Reproduced
    } else if least("hidden")? >= MOST_OF_THE_WAY {
        Verdict::OnlyIf(format!("hidden oscillators are added: {}", row("hidden")?))
    } else {
        Verdict::NotReproduced
    };
    let [in01, coverage, distance] = ids(springs);
    let note = format!(
        "With {described}: {}. One Gaussian, without any network, has {}, {} and {}. The paper shows images and no \
         metric.",
        row(springs)?,
        percent(cited.reference(&in01, GAUSSIAN)?),
        show(cited.reference(&coverage, GAUSSIAN)?),
        show(cited.reference(&distance, GAUSSIAN)?),
    );
    Ok(Finding::new(verdict, note)
        .here(cited.value(&in01)?, "read as 0 or 1")
        .here(cited.value(&coverage)?, "coverage")
        .floor(cited.reference(&in01, GAUSSIAN)?, GAUSSIAN)
        .floor(cited.reference(&coverage, GAUSSIAN)?, "its coverage")
        .ceiling(cited.best(&in01)?, "real digits")
        .ceiling(cited.best(&coverage)?, "their coverage"))
}

fn on_device(cited: &Cited<'_>, id: &str) -> Result<Finding, Missing> {
    let excess = cited.value(id)?;
    let note = format!(
        "Rules see a substrate through its trait: they prepare, run and read it, and the acts are counted. Forces read \
         from it alone bring the loss within {} of the optimum. What is left to digital hardware is the noised \
         target and the optimiser. No device was at hand: the substrate here is a simulated one.",
        percent(excess),
    );
    Ok(Finding::decided(excess <= LEARNED, note)
        .here(excess, "excess loss, learned from forces read")
        .ceiling(0.0, "exact optimum"))
}

//! Claims of arXiv 2506.19136: local rules for driven networks.

mod rules;
mod samples;

use rules::{dynamics, forces, on_device};
use samples::{EMBEDDED, MIXTURE, MIXTURES, MNIST, mixture, mixtures, zeros_and_ones};

use super::{Answer, Basis, Claim, Paper, Proof};

const GAUSSIAN: &str = "one Gaussian";
const PER_CLASS: &str = "one Gaussian for each class";
const EXACT: &str = "sgm.mixture.exact.sw1";

const EQUAL: &str = "cargo xtask reproduce sgm.mixture --preset paper";
const UNEQUAL_TOO: &str = "cargo xtask reproduce sgm.mixture sgm.mixture_w03 --preset paper";
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
        command: EQUAL,
    },
    Claim {
        number: 22,
        paper: Paper::Sgm,
        place: "abstract",
        short: "samples a mixture of two Gaussians",
        statement: "A network of driven, nonlinear, overdamped oscillators samples a mixture of two Gaussians in 2-D.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[
            Answer {
                ids: MIXTURES,
                rule: mixtures,
            },
            Answer {
                ids: MIXTURE,
                rule: mixture,
            },
        ],
        command: UNEQUAL_TOO,
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
                rule: |cited| zeros_and_ones(cited, &MNIST),
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
                rule: |cited| zeros_and_ones(cited, &EMBEDDED),
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

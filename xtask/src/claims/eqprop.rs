//! Claims of arXiv 2604.23806: symmetric equilibrium propagation on a bilinear energy.

mod bias;
mod learning;
mod relaxation;

use bias::{BOUND, CROSS, OPTIMUM, SLOPES, UNBIASED, bound, cross_term, optimum, slopes, unbiased};
use learning::{LOOP, local};
use relaxation::{FINITE, finite};

use super::{Answer, Basis, Claim, Paper, Proof, energy};

const THEORY: &str = "cargo xtask fetch && cargo xtask reproduce eqprop --preset paper";
const TRAINING_BILL: &str = "cargo xtask reproduce accounting.training --preset paper";
const INFERENCE_BILL: &str = "cargo xtask reproduce accounting.inference --preset paper";

/// The claims, in order.
pub const CLAIMS: &[Claim] = &[
    Claim {
        number: 10,
        paper: Paper::EqProp,
        place: "abstract",
        short: "unbiased as the nudge goes to zero",
        statement: "On the bilinear energy, equilibrium propagation estimates the gradient of denoising score matching \
                    without bias as the nudge goes to zero.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: UNBIASED,
            rule: unbiased,
        }],
        command: THEORY,
    },
    Claim {
        number: 11,
        paper: Paper::EqProp,
        place: "abstract",
        short: "a sharp bound on the bias",
        statement: "At a finite nudge the bias is bounded sharply by stiffness, curvature and the norm of the \
                    loss gradient alone.",
        basis: Basis::Measured,
        proofs: &[Proof {
            file: "crates/learn/src/theory/bound.rs",
            item: "struct BiasBound",
        }],
        answers: &[Answer {
            ids: BOUND,
            rule: bound,
        }],
        command: THEORY,
    },
    Claim {
        number: 12,
        paper: Paper::EqProp,
        place: "abstract",
        short: "a bias term vanishes for couplings",
        statement: "One dominant term of the bias vanishes identically for the couplings.",
        basis: Basis::Measured,
        proofs: &[Proof {
            file: "crates/learn/tests/theory/couplings.rs",
            item: "fn a_coupling_has_no_term_within_a_module",
        }],
        answers: &[Answer {
            ids: CROSS,
            rule: cross_term,
        }],
        command: THEORY,
    },
    Claim {
        number: 13,
        paper: Paper::EqProp,
        place: "abstract",
        short: "symmetric: O(beta) to O(beta^2)",
        statement: "Nudging to both sides lifts the leading bias from O(beta) to O(beta^2).",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: SLOPES,
            rule: slopes,
        }],
        command: THEORY,
    },
    Claim {
        number: 14,
        paper: Paper::EqProp,
        place: "abstract",
        short: "at negligible extra cost",
        statement: "It does so at negligible extra cost.",
        basis: Basis::Billed,
        proofs: &[Proof {
            file: "crates/learn/tests/score_matching/metering.rs",
            item: "fn a_nudged_update_is_counted",
        }],
        answers: &[Answer {
            ids: energy::SYMMETRIC,
            rule: energy::second_nudge,
        }],
        command: TRAINING_BILL,
    },
    Claim {
        number: 15,
        paper: Paper::EqProp,
        place: "abstract",
        short: "one-sided anti-correlated, symmetric aligned",
        statement: "When relaxation is finite, one-sided gradients are anti-correlated with the true one and symmetric \
                    ones are aligned, so that symmetry is essential.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: FINITE,
            rule: finite,
        }],
        command: THEORY,
    },
    Claim {
        number: 16,
        paper: Paper::EqProp,
        place: "abstract",
        short: "a bias-variance optimum",
        statement: "Bias and variance together determine the best nudge.",
        basis: Basis::Measured,
        proofs: &[Proof {
            file: "crates/learn/src/theory/accuracy.rs",
            item: "fn optimum",
        }],
        answers: &[Answer {
            ids: OPTIMUM,
            rule: optimum,
        }],
        command: THEORY,
    },
    Claim {
        number: 17,
        paper: Paper::EqProp,
        place: "abstract",
        short: "1e3 to 1e4 times less for training",
        statement: "A training step takes 1e3 to 1e4 times less energy than on a matched GPU.",
        basis: Basis::Billed,
        proofs: &[],
        answers: &[
            Answer {
                ids: energy::TRAINING_AND_SYSTEMS,
                rule: energy::training_and_systems,
            },
            Answer {
                ids: energy::TRAINING,
                rule: energy::training,
            },
        ],
        command: "cargo xtask reproduce accounting --preset paper",
    },
    Claim {
        number: 18,
        paper: Paper::EqProp,
        place: "abstract, about the paper before",
        short: "1e3 to 1e4 times less for inference",
        statement: "Inference takes three to four orders of magnitude less energy than digital inference.",
        basis: Basis::Billed,
        proofs: &[],
        answers: &[Answer {
            ids: energy::INFERENCE,
            rule: energy::inference_as_cited,
        }],
        command: INFERENCE_BILL,
    },
    Claim {
        number: 19,
        paper: Paper::EqProp,
        place: "abstract",
        short: "local, readout-only, keeps low rank",
        statement: "The training rule is local, only reads states, and preserves the low rank of the couplings.",
        basis: Basis::ByConstruction,
        proofs: &[
            Proof {
                file: "crates/substrate/src/capability.rs",
                item: "trait Substrate",
            },
            Proof {
                file: "crates/learn/tests/score_matching/metering.rs",
                item: "assert_eq!(acts.forces_read, 0)",
            },
            Proof {
                file: "crates/energy/src/modular/wires.rs",
                item: "struct LowRankWires",
            },
        ],
        answers: &[Answer {
            ids: LOOP,
            rule: local,
        }],
        command: "cargo xtask reproduce eqprop.loop --preset paper",
    },
];

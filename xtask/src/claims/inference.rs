//! Claims of arXiv 2604.14332: diffusion inference by couplings and a small interface.

mod interface;
mod substrate;

use interface::{
    ARITHMETIC, BARRIERS, COSINE, INTERFACE, ORACLE, arithmetic, barrier, cosine, interface, oracle,
};
use substrate::{COUPLINGS, EQUILIBRIUM, RANKS, couplings, equilibrium, wires};

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
            ids: EQUILIBRIUM,
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
            ids: COUPLINGS,
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
            ids: INTERFACE,
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
            ids: COSINE,
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
            ids: ORACLE,
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
        statement: "Inference can take 10,000 times less energy than on a GPU; net of the interface, about 1e7 times \
                    less.",
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
            ids: ARITHMETIC,
            rule: arithmetic,
        }],
        command: STUDY,
    },
];

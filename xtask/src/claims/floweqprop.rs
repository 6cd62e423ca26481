//! Claims of arXiv 2604.08150: gradient equilibrium propagation and flow matching.

mod gradients;
mod samples;
mod training;

use gradients::{BACKPROPAGATION, GRADIENTS, QUADRATIC, backpropagation, gradients, quadratic};
use samples::{DIGITS, HORIZONS, SHORT_HORIZONS, SHORT_SWEEP, SWEEP, digits, horizon};
use training::{SHORT, TRAINING, WITH_SHORT, training};

use super::{Answer, Basis, Claim, Paper, Proof};

const FINAL: &str = "floweqprop.loss.final";
const LINEAR: &str = "best linear function";

const MAIN: &str = "cargo xtask fetch && cargo xtask reproduce floweqprop --preset paper";

/// The claims, in order.
pub const CLAIMS: &[Claim] = &[
    Claim {
        number: 25,
        paper: Paper::FlowEqProp,
        place: "abstract",
        short: "GradEP trains energy gradients",
        statement: "Equilibrium propagation extends from energy minima to energy gradients, from local measurements at \
                    equilibrium and without backpropagation.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: GRADIENTS,
            rule: gradients,
        }],
        command: MAIN,
    },
    Claim {
        number: 26,
        paper: Paper::FlowEqProp,
        place: "abstract",
        short: "spring and nudge purely quadratic",
        statement: "The spring and the nudge are both purely quadratic.",
        basis: Basis::ByConstruction,
        proofs: &[
            Proof {
                file: "crates/learn/src/flow/field.rs",
                item: "Drive::spring",
            },
            Proof {
                file: "crates/learn/src/nudging/cost.rs",
                item: "struct QuadraticCost",
            },
            Proof {
                file: "crates/learn/tests/gradep/bias.rs",
                item: "fn factors_of_a_quadratic_energy_are_those_of_theory",
            },
        ],
        answers: &[Answer {
            ids: QUADRATIC,
            rule: quadratic,
        }],
        command: MAIN,
    },
    Claim {
        number: 27,
        paper: Paper::FlowEqProp,
        place: "abstract",
        short: "24,896 parameters, ten classes of digits",
        statement: "A network of 24,896 parameters draws recognisable digits of all ten classes.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: DIGITS,
            rule: digits,
        }],
        command: MAIN,
    },
    Claim {
        number: 28,
        paper: Paper::FlowEqProp,
        place: "abstract (stable); loss curve of the author's code",
        short: "stable, loss 2.75 to .32 in 2,000 updates",
        statement: "Training is stable and takes the loss from 2.75 to .32 in 2,000 updates.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[
            Answer {
                ids: WITH_SHORT,
                rule: |cited| training(cited, Some(cited.value(SHORT)?)),
            },
            Answer {
                ids: TRAINING,
                rule: |cited| training(cited, None),
            },
        ],
        command: MAIN,
    },
    Claim {
        number: 29,
        paper: Paper::FlowEqProp,
        place: "abstract",
        short: "longer relaxation, sharper samples",
        statement: "To go on past the training horizon makes samples sharper: longer relaxation, better samples.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[
            Answer {
                ids: SWEEP,
                rule: |cited| horizon(cited, HORIZONS),
            },
            Answer {
                ids: SHORT_SWEEP,
                rule: |cited| horizon(cited, SHORT_HORIZONS),
            },
        ],
        command: MAIN,
    },
    Claim {
        number: 30,
        paper: Paper::FlowEqProp,
        place: "not in the abstract",
        short: "matches backpropagation",
        statement: "A flow trained by equilibrium propagation matches one trained by backpropagation.",
        basis: Basis::Measured,
        proofs: &[],
        answers: &[Answer {
            ids: BACKPROPAGATION,
            rule: backpropagation,
        }],
        command: "cargo xtask fetch && cargo xtask reproduce floweqprop eqprop.train --preset paper",
    },
];

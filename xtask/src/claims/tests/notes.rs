//! The sentences of a finding where figures fail: none may say what they do not.

use super::floweqprop::PUBLISHED_RECIPE;
use super::row;
use crate::claims::all;
use crate::claims::finding::Verdict;

/// Figures, what is said by them, and what may not be.
struct Case {
    number: u8,
    figures: &'static [(&'static str, f64)],
    said: &'static str,
    false_then: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        number: 1,
        figures: &[("inference.langevin.equilibrium.mean_z", 7.0)],
        said: "is not that of the law",
        false_then: &["is right"],
    },
    Case {
        number: 2,
        figures: &[("inference.published.centred_cosine", 0.9)],
        said: "the skip helps",
        false_then: &["harms"],
    },
    Case {
        number: 3,
        figures: &[
            ("inference.rank.reduced_rank.k8.r2", 0.5),
            ("inference.rank.reduced_rank.k16.r2", 0.5),
        ],
        said: "None is within",
        false_then: &["Rank 16 takes"],
    },
    Case {
        number: 4,
        figures: &[("inference.interface.parameters", 2561.0)],
        said: "2561, and 2560 in the paper",
        false_then: &["exact"],
    },
    Case {
        number: 5,
        figures: &[
            ("inference.mean.raw_cosine", 0.5),
            ("inference.published.no_skip.raw_cosine", 0.995),
        ],
        said: "not below the mean",
        false_then: &["best, below the mean", "has as much"],
    },
    Case {
        number: 6,
        figures: &[("inference.mean.raw_cosine", 0.5)],
        said: "not below the mean",
        false_then: &["0.9691, below the mean"],
    },
    Case {
        number: 7,
        figures: &[("inference.barrier.bias", 0.5)],
        said: "are not too weak by every definition",
        false_then: &["couplings are too weak"],
    },
    Case {
        number: 8,
        figures: &[("accounting.inference.gain.typical", 900.0)],
        said: "is missed",
        false_then: &["is reached"],
    },
    Case {
        number: 10,
        figures: &[("eqprop.bias.one_sided.relative_error", 0.5)],
        said: "a bias may be left at zero",
        false_then: &["nothing is left at zero"],
    },
    Case {
        number: 12,
        figures: &[("eqprop.cross_term.hidden_output.relative_error", 1e-9)],
        said: "where theory has",
        false_then: &["as large as theory says"],
    },
    Case {
        number: 15,
        figures: &[("eqprop.finite.converged.drift_compensated.cosine", 0.9995)],
        said: "symmetry is not essential",
        false_then: &["not in all of them"],
    },
    Case {
        number: 15,
        figures: &[
            ("eqprop.finite.overshooting.symmetric.steps_3.cosine", 0.99),
            ("eqprop.finite.trained.symmetric.steps_3.cosine", 0.99),
            ("eqprop.finite.converged.symmetric.steps_3.cosine", 0.99),
            ("eqprop.finite.quartic.symmetric.steps_3.cosine", 0.99),
        ],
        said: "bears still shorter phases",
        false_then: &["fails too"],
    },
    Case {
        number: 18,
        figures: &[("accounting.inference.gain.typical", 5e3)],
        said: "5000 with typical converters",
        false_then: &["more than claimed"],
    },
    Case {
        number: 22,
        figures: &[("sgm.mixture.force_matching.sw1", 0.2)],
        said: "The distance is",
        false_then: &["Both Gaussians are there"],
    },
    Case {
        number: 22,
        figures: &[("sgm.mixture_w03.force_matching.weight", 0.345)],
        said: "The distance is",
        false_then: &["Both Gaussians are there"],
    },
    Case {
        number: 23,
        figures: &[
            ("sgm.mnist01.rich.in01", 0.98),
            ("sgm.mnist01.rich.coverage", 0.9),
            ("sgm.mnist01.rich.fd_pixels", 0.8),
        ],
        said: "98 % of samples",
        false_then: &["shortfall"],
    },
    Case {
        number: 25,
        figures: &[("floweqprop.loss.final", 0.5)],
        said: "no better than a linear function",
        false_then: &["below every linear function"],
    },
    Case {
        number: 25,
        figures: &PUBLISHED_RECIPE,
        said: "a network trained by it ends",
        false_then: &["by constant forces, which"],
    },
    Case {
        number: 26,
        figures: &[(
            "floweqprop.gradient.quadratic_symmetric.relative_error",
            0.05,
        )],
        said: "is not as theory has it",
        false_then: &["is as theory"],
    },
    Case {
        number: 27,
        figures: &[
            ("floweqprop.samples.t1_2.coverage", 0.5),
            ("floweqprop.samples.t1_2.precision", 0.5),
        ],
        said: "ahead in nothing",
        false_then: &["ahead in precision"],
    },
    Case {
        number: 28,
        figures: &[("floweqprop.loss.residual", 0.5)],
        said: "no longer comes to rest",
        false_then: &["still comes to rest"],
    },
    Case {
        number: 28,
        figures: &PUBLISHED_RECIPE,
        said: "2000 updates",
        false_then: &["was not run"],
    },
    Case {
        number: 29,
        figures: &[("floweqprop.samples.t1_0.fd", 0.1)],
        said: "least at T = 1",
        false_then: &["soon after the horizon"],
    },
    Case {
        number: 30,
        figures: &[("eqprop.train.digits8.definite.mse", 0.05)],
        said: "the linear optimum has (",
        false_then: &["both hardly leave"],
    },
];

#[test]
fn sentences_follow_their_figures() {
    for case in CASES {
        let number = case.number;
        let failing = text(number, case.figures);
        assert!(failing.contains(case.said), "{number}: {failing}");
        for sentence in case.false_then {
            assert!(!failing.contains(sentence), "{number}: {failing}");
        }
    }
}

/// What is said of each claim when one of its figures after the other is far off in either direction.
#[test]
fn no_figure_far_off_leaves_a_claim_without_words() {
    for claim in all() {
        for id in claim.answers[0].ids {
            for value in [-1e9, 0.0, 1e9] {
                let found = row(claim.number, &[(id, value)]);
                let note = &found.finding.note;
                let missing = matches!(found.finding.verdict, Verdict::NotMeasured(_));
                assert!(!missing && note.ends_with('.'), "{id}: {note}");
                assert!(!note.contains(".."), "{id}: {note}");
            }
        }
    }
}

/// Condition and note.
fn text(number: u8, figures: &[(&str, f64)]) -> String {
    let finding = row(number, figures).finding;
    match finding.verdict {
        Verdict::OnlyIf(condition) => format!("{condition}. {}", finding.note),
        _ => finding.note,
    }
}

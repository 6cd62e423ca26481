//! Claims 1 to 9, without those of energy.

use super::super::finding::Verdict;
use super::{NOT, ONLY_IF, REPRODUCED, check, judged, kept, refer};

#[test]
fn rules_of_inference_follow_their_figures() {
    let z = "inference.langevin.equilibrium.mean_z";
    let one = "inference.langevin.samples_1.raw_cosine";
    check(
        1,
        &[
            (&[(z, 1.0), (one, 0.5)], ONLY_IF),
            (&[(z, 1.0), (one, 0.995)], REPRODUCED),
            (&[(z, -7.0), (one, 0.995)], NOT),
        ],
    );
    let weights = "inference.rank.weight_gram.k16.r2";
    let activations = "inference.rank.activation_gram.k16.r2";
    let linear = "inference.pixel.sigma_0_5.ridge.r2";
    check(
        2,
        &[
            (&[(weights, 0.8), (linear, 0.9)], REPRODUCED),
            (
                &[(weights, 0.1), (activations, 0.7), (linear, 0.9)],
                ONLY_IF,
            ),
            (&[(weights, 0.1), (activations, 0.1), (linear, 0.9)], NOT),
        ],
    );
    let rank = |k| match k {
        16 => "inference.rank.reduced_rank.k16.r2",
        _ => "inference.rank.reduced_rank.k32.r2",
    };
    let gram = "inference.rank.activation_gram.k4.r2";
    check(
        3,
        &[
            (&[(rank(16), 0.867)], ONLY_IF),
            (&[(gram, 0.86)], REPRODUCED),
            // At D = 64 and rank 32 couplings take as many wires as a dense map.
            (&[(rank(16), 0.5), (rank(32), 0.867)], NOT),
        ],
    );
    let parameters = "inference.interface.parameters";
    check(
        4,
        &[
            (&[(parameters, 2560.0)], ONLY_IF),
            (&[(parameters, 2561.0)], NOT),
        ],
    );
    let published = "inference.published.raw_cosine";
    let normalised = "inference.published.normalised_cosine";
    let bare = "inference.published.no_skip.raw_cosine";
    let mean = "inference.mean.raw_cosine";
    check(
        5,
        &[
            (&[(published, 0.991), (mean, 0.5)], REPRODUCED),
            (&[(published, 0.991), (mean, 0.998)], ONLY_IF),
            (
                &[(published, 0.9), (normalised, 0.9), (bare, 0.999)],
                ONLY_IF,
            ),
            (&[(published, 0.9), (normalised, 0.9), (bare, 0.9)], NOT),
        ],
    );
    let oracle = "inference.oracle.raw_cosine";
    let exact = "inference.oracle.exact.raw_cosine";
    check(
        6,
        &[
            (&[(oracle, 1.0)], REPRODUCED),
            (&[(oracle, 0.9), (exact, 1.0)], ONLY_IF),
            (&[(oracle, 0.9), (exact, 0.99)], NOT),
        ],
    );
    let barrier = "inference.barrier.within.signal";
    check(
        7,
        &[
            (&[(barrier, 370.0)], NOT),
            (&[(barrier, 2500.0)], REPRODUCED),
        ],
    );
    check(9, &[(&[("inference.interface.macs", 2560.0)], NOT)]);
}

#[test]
fn without_any_arithmetic_there_is_none() {
    let mut kept = kept();
    let id = "inference.interface.macs";
    let upstream = "3 x 3 convolutions of block e1, from which x comes";
    refer(&mut kept, id, upstream, 0.0);
    let mut entries = kept.iter_mut().flat_map(|results| &mut results.results);
    entries.find(|entry| entry.id == id).unwrap().value = 0.0;
    assert_eq!(judged(9, &kept).finding.verdict, Verdict::Reproduced);
}

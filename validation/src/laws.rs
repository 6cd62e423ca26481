//! All laws, in the order of the table.

mod accounts;
mod balance;
mod bits;
mod derivatives;
mod energies;
mod exact;
mod generator;
mod linear;
mod models;
mod noise;
mod response;
mod wells;
mod work;

use crate::{Law, Mutant, Term};

/// Every law, each with the faults that it must notice.
#[must_use]
pub fn all() -> Vec<Law> {
    use Mutant as M;
    vec![
        Law {
            id: "linear.transition",
            title: "mean and covariance of three coupled units of unequal mobility, after 8 steps in three baths",
            oracle: "powers of the linear map of a step",
            mutants: &[
                M::StrongNoise,
                M::WrongSign,
                M::LostCoupling,
                M::OneBath,
                M::SlowClock,
                M::SharedNoise,
            ],
            measure: linear::transition,
        },
        Law {
            id: "linear.euler_maruyama",
            title: "stationary covariance kT K^-1 (1 - h K / 2)^-1",
            oracle: "discrete Lyapunov equation",
            mutants: &[M::StrongNoise, M::WrongSign, M::LostCoupling],
            measure: linear::euler_maruyama,
        },
        Law {
            id: "linear.leimkuhler_matthews",
            title: "stationary covariance kT K^-1, whatever the step",
            oracle: "inverse of the stiffness",
            mutants: &[M::EulerByAnotherName, M::StrongNoise, M::LostCoupling],
            measure: linear::leimkuhler_matthews,
        },
        Law {
            id: "linear.baths",
            title: "stationary covariance between three baths, unequal mobilities (no normal drift)",
            oracle: "continuous Lyapunov equation, and the step's own correction",
            mutants: &[M::OneBath, M::WarmUnit, M::WrongSign],
            measure: linear::baths,
        },
        Law {
            id: "linear.exact_sampler",
            title: "transition and stationary covariance of the exact sampler, for a drift that is not normal between two baths",
            oracle: "Runge-Kutta integration of the covariance",
            mutants: &[M::NormalDrift, M::StrongNoise, M::OneBath, M::SlowClock],
            measure: exact::sampler,
        },
        Law {
            id: "models.equipartition",
            title: "<x F> = -kT - h <F^2> / 2 of every unit in every kind of energy, by both integrators (the last term by Euler-Maruyama)",
            oracle: "stationarity of x^2, exact at any step",
            mutants: &[M::StrongNoise, M::WrongSign, M::WarmUnit],
            measure: models::equipartition,
        },
        Law {
            id: "wells.histograms",
            title: "histograms of a quartic and of a double well",
            oracle: "quadrature of exp(-E / kT)",
            mutants: &[M::StrongNoise, M::StrongQuartic, M::SharedNoise],
            measure: wells::histograms,
        },
        Law {
            id: "wells.euler_bias",
            title: "bias of <x^4> by Euler-Maruyama: h <F^2> / 2, first order in h",
            oracle: "stationarity of x^2, exact at any step",
            mutants: &[M::StrongNoise, M::StrongQuartic],
            measure: wells::euler_bias,
        },
        Law {
            id: "wells.leimkuhler_order",
            title: "bias of <x^4> by Leimkuhler-Matthews: second order in h",
            oracle: "virial theorem",
            mutants: &[M::EulerByAnotherName],
            measure: wells::leimkuhler_order,
        },
        Law {
            id: "response.step",
            title: "response to a small force against the equilibrium correlation",
            oracle: "fluctuation-dissipation theorem",
            mutants: &[M::StrongNoise, M::WarmUnit],
            measure: response::step,
        },
        Law {
            id: "work.first_law",
            title: "energy change = work + heat on every chain, drives and switches included",
            oracle: "energies before and after, to 1e-12",
            mutants: &[M::WorkSign, M::LostSwitch],
            measure: work::first_law,
        },
        Law {
            id: "work.jarzynski_crooks",
            title: "Jarzynski and Crooks relations of a dragged and of a stiffened trap",
            oracle: "free energies in closed form",
            mutants: &[M::WorkSign, M::LostSwitch, M::StrongNoise],
            measure: work::jarzynski_crooks,
        },
        Law {
            id: "work.baths",
            title: "heat through two coupled units between two baths",
            oracle: "Ornstein-Uhlenbeck process",
            mutants: &[M::SwappedHeat, M::OneBath, M::LostCoupling],
            measure: work::baths,
        },
        Law {
            id: "work.accounts",
            title: "energy change = work + heat after 5e4 switches of up to 1e6 kT; mean and variance of 2e6 samples near 1e6",
            oracle: "energies before and after; sums in integers",
            mutants: &[M::NaiveSums, M::LostSwitch],
            measure: accounts::long,
        },
        Law {
            id: "balance.sectors",
            title: "as many transitions forward as backward between states of two coupled double wells",
            oracle: "detailed balance at one temperature",
            mutants: &[M::WarmUnit],
            measure: balance::sectors,
        },
        Law {
            id: "derivatives.forces",
            title: "forces of every kind of energy against differences of the energy",
            oracle: "central differences in double precision",
            mutants: &[M::WrongSign, M::LostCoupling, M::StrongQuartic],
            measure: derivatives::forces,
        },
        Law {
            id: "derivatives.parameters",
            title: "parameter gradients of every kind of energy against differences of the energy",
            oracle: "central differences in double precision",
            mutants: &[
                M::WrongSign,
                M::LostCoupling,
                M::StrongQuartic,
                M::Gradient(Term::Sextic),
                M::Gradient(Term::Spring),
                M::Gradient(Term::Biquadratic),
                M::Gradient(Term::HiddenWeights),
                M::Gradient(Term::ModeShape),
                M::Gradient(Term::LayerWeights),
                M::Gradient(Term::LayerBias),
                M::Gradient(Term::BusEnds),
            ],
            measure: derivatives::parameters,
        },
        Law {
            id: "derivatives.curvature",
            title: "curvatures of every kind of energy along a direction against differences of the force",
            oracle: "central differences in double precision",
            mutants: &[M::WrongSign, M::LostCoupling, M::StrongQuartic],
            measure: derivatives::curvature,
        },
        Law {
            id: "derivatives.directional",
            title: "parameter gradients of every kind of energy along a direction against differences of the gradient",
            oracle: "central differences in double precision",
            mutants: &[
                M::StrongQuartic,
                M::Gradient(Term::Biquadratic),
                M::Gradient(Term::HiddenWeights),
                M::Gradient(Term::LayerWeights),
                M::Gradient(Term::BusEnds),
            ],
            measure: derivatives::directional,
        },
        Law {
            id: "bits.threads",
            title: "the same bits on 1, 2 and 7 threads",
            oracle: "equality",
            mutants: &[M::ThreadSeed],
            measure: bits::threads,
        },
        Law {
            id: "bits.batches",
            title: "the same bits for three ways to split a batch",
            oracle: "equality",
            mutants: &[M::BatchSeed],
            measure: bits::batches,
        },
        Law {
            id: "bits.resume",
            title: "the same bits after a resume at any step",
            oracle: "equality",
            mutants: &[M::ForgottenStream],
            measure: bits::resume,
        },
        Law {
            id: "bits.paths",
            title: "the same bits by every set of instructions that the machine has",
            oracle: "equality with plain lanes",
            mutants: &[M::OtherRounding],
            measure: bits::paths,
        },
        Law {
            id: "bits.reference",
            title: "fused loops follow plain loops over the force, to 1e-12",
            oracle: "plain loops with the same noise",
            mutants: &[M::StrongQuartic, M::LostCoupling],
            measure: bits::reference,
        },
        Law {
            id: "noise.generator",
            title: "seeds, words and normals of the noise format",
            oracle: "scalar xoshiro128++ with its published words, Box-Muller in double precision",
            mutants: &[M::OtherRotation],
            measure: generator::generator,
        },
        Law {
            id: "noise.histogram",
            title: "chi-square of the normals in 64 cells of equal probability",
            oracle: "quantiles of the standard normal",
            mutants: &[M::WideNormals, M::CoarseNormals],
            measure: noise::histogram,
        },
        Law {
            id: "noise.moments",
            title: "moments of the normals to the sixth order, tails beyond 3, 4 and 5",
            oracle: "standard normal",
            mutants: &[M::WideNormals, M::CutTails],
            measure: noise::moments,
        },
        Law {
            id: "noise.independence",
            title: "normals of one chain in a row, and of neighbouring chains, are not correlated",
            oracle: "independence",
            mutants: &[M::LinkedNormals, M::SharedNoise],
            measure: noise::independence,
        },
    ]
}

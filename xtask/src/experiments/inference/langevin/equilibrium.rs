//! Whether the sampled states have the law of the equilibrium, and not only its mean.
//!
//! In the eigenvectors of K, u = sqrt(rate / kT) (z - rest) must be independent standard normal numbers. Four figures
//! say how far N samples of d modes are from that, each in standard deviations of what samples of the law itself would show:
//!
//! | figure | of | law |
//! |---|---|---|
//! | mean | sum over patches and modes of C (mean u)^2 | chi-square |
//! | covariance | T = the squared Frobenius norm of (1/N) sum u u^T - 1 | mean (d^2 + d) / N, variance of N T / d about 4 + 8 d / N (Ledoit and Wolf 2002) |
//! | worst mode | the variance of each mode | 1 with variance 2 / N |
//! | shape | mean u^4 | 3 with variance 96 / (N d) |

use faer::{Mat, MatRef};
use overdamped_substrate::ornstein_uhlenbeck::OrnsteinUhlenbeck;
use overdamped_substrate::stream;

use super::bench::{Bath, Bench, Encoder, Ensemble};
use super::{EQUILIBRATED, NAME, PIECES, settle};
use crate::experiments::Context;
use crate::progress::Progress;
use crate::report::{Block, Table};
use crate::results::{Entry, Preset};

/// Deviations of samples from the law, in standard deviations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviations {
    pub mean: f64,
    pub covariance: f64,
    /// The largest of all modes, either way.
    pub worst_mode: f64,
    pub shape: f64,
}

impl Deviations {
    /// Of states (units x chains, the chains of an ensemble) in a bath of `temperature`.
    pub fn of(
        bench: &Bench<'_>,
        states: MatRef<'_, f64>,
        ensemble: Ensemble,
        temperature: f64,
    ) -> Self {
        let off = Mat::from_fn(states.nrows(), states.ncols(), |unit, chain| {
            states[(unit, chain)] - bench.rest[(unit, ensemble.patch(chain))]
        });
        let mut whitened = bench.modes.transpose() * off;
        for chain in 0..whitened.ncols() {
            let slots = whitened.col_as_slice_mut(chain).iter_mut();
            for (u, rate) in slots.zip(&bench.rates) {
                *u *= (rate / temperature).sqrt();
            }
        }
        Self::of_normals(whitened.as_ref(), ensemble)
    }

    /// Of numbers that should be standard normal (modes x chains).
    fn of_normals(normals: MatRef<'_, f64>, ensemble: Ensemble) -> Self {
        let (modes, samples) = (normals.nrows() as f64, normals.ncols() as f64);
        let copies = ensemble.copies as f64;
        let mut of_means = 0.0;
        for patch in 0..ensemble.patches {
            let own = normals.subcols(patch * ensemble.copies, ensemble.copies);
            let sums = own.row_iter().map(|row| row.iter().sum::<f64>());
            of_means += sums.map(|sum| sum * sum / copies).sum::<f64>();
        }
        let freedom = modes * ensemble.patches as f64;

        let covariance = normals * normals.transpose();
        let (mut frobenius, mut worst_mode) = (0.0, 0.0_f64);
        for j in 0..covariance.ncols() {
            for i in 0..covariance.nrows() {
                let wanted = if i == j { 1.0 } else { 0.0 };
                frobenius += (covariance[(i, j)] / samples - wanted).powi(2);
            }
            let off = covariance[(j, j)] / samples - 1.0;
            worst_mode = worst_mode.max(off.abs() * (samples / 2.0).sqrt());
        }
        let scaled = samples * frobenius / modes;
        let fourth: f64 = normals
            .col_iter()
            .flat_map(|column| column.iter().map(|u| u.powi(4)))
            .sum();
        let numbers = samples * modes;
        Self {
            mean: (of_means - freedom) / (2.0 * freedom).sqrt(),
            covariance: (scaled - modes - 1.0) / (4.0 + 8.0 * modes / samples).sqrt(),
            worst_mode,
            shape: (fourth / numbers - 3.0) * (numbers / 96.0).sqrt(),
        }
    }

    /// Each with its segment of an id, and what people read.
    fn figures(self) -> [(&'static str, &'static str, f64); 4] {
        [
            ("mean_z", "means of all units", self.mean),
            ("covariance_z", "covariance of all units", self.covariance),
            (
                "worst_mode_z",
                "variance of the worst mode",
                self.worst_mode,
            ),
            ("shape_z", "fourth moment", self.shape),
        ]
    }
}

/// Most steps of all chains together; every chain is one independent sample of the equilibrium.
const fn chain_steps(preset: Preset) -> u64 {
    match preset {
        Preset::Quick => 400_000,
        Preset::Paper => 3_000_000,
    }
}

/// Patches whose equilibrium is sampled.
const PATCHES: usize = 4;

/// Samples the decoder with its encoder clamped, and compares distributions.
///
/// # Errors
/// An interrupt, or whatever the substrate reports.
pub fn study(context: &mut Context, bench: &Bench<'_>, seed: u64) -> anyhow::Result<Vec<Block>> {
    let bath = Bath {
        temperature: 1.0,
        step: bench.step(0.8),
    };
    let steps = bench.steps(EQUILIBRATED, bath.step);
    let patches = PATCHES.min(bench.patches());
    let ensemble = Ensemble::within(chain_steps(context.preset), patches, steps);
    let mut device = bench.device(Encoder::Clamped, bath, ensemble, seed)?;
    let progress = Progress::new("equilibrium", PIECES);
    settle(context, &mut device, steps, &progress)?;
    progress.finish();
    let states = device.read()?;
    let moved = device.clamped_move(bench, ensemble)?;
    let found = Deviations::of(bench, states.as_ref(), ensemble, bath.temperature);
    let exact = exact_states(bench, ensemble, bath.temperature, seed)?;
    let exact = Deviations::of(bench, exact.as_ref(), ensemble, bath.temperature);

    let mut table = Table::new(&format!(
        "Deviations of {} sampled states of {} units from N(K^-1 b, kT K^-1), in standard deviations of what samples of that law \
         show, beside states of the exact sampler of linear systems. A normal figure of a true law goes beyond 5 once in 1.7 million runs, and \
         the largest of {} modes once in {:.0} (the chi-squares have a somewhat longer tail).",
        ensemble.chains(),
        bench.units(),
        bench.units(),
        1.0 / (5.7e-7 * bench.units() as f64),
    ));
    for ((what, title, value), (_, _, exact)) in found.figures().into_iter().zip(exact.figures()) {
        let id = format!("{NAME}.equilibrium.{what}");
        let entry = Entry::new(&id, value)
            .unit("standard deviations")
            .n(ensemble.chains())
            .reference("exact sampler", exact);
        context.recorder.record(entry)?;
        table = table.row(title, &id);
    }
    let id = format!("{NAME}.equilibrium.clamped_move");
    let entry = Entry::new(&id, moved)
        .unit("data units, the largest over chains")
        .lower()
        .n(ensemble.chains());
    context.recorder.record(entry)?;
    let table = table.row("move of clamped units", &id);
    Ok(vec![Block::Table(table)])
}

/// States of the exact sampler of dz = (f - K z) dt + sqrt(2 kT) dW, which knows nothing of the modes.
fn exact_states(
    bench: &Bench<'_>,
    ensemble: Ensemble,
    temperature: f64,
    seed: u64,
) -> anyhow::Result<Mat<f64>> {
    let units = bench.units();
    let diffusion = Mat::from_fn(
        units,
        units,
        |i, j| {
            if i == j { 2.0 * temperature } else { 0.0 }
        },
    );
    let process = OrnsteinUhlenbeck::new(bench.stiffness.clone(), diffusion, vec![0.0; units])?;
    let mut states = Mat::zeros(units, ensemble.chains());
    let mut streams: Vec<_> = (0..ensemble.chains())
        .map(|chain| stream::of(stream::derive(seed, 1), chain as u64))
        .collect();
    process
        .stationary_transition()?
        .sample_into(states.as_mut(), &mut streams)?;
    for chain in 0..states.ncols() {
        for unit in 0..units {
            states[(unit, chain)] += bench.rest[(unit, ensemble.patch(chain))];
        }
    }
    Ok(states)
}

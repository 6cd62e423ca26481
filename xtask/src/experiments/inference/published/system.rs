//! The published system: two modules whose couplings are Gram matrices of convolution weights, and a skip between
//! them.
//!
//! | symbol | field | made of |
//! |---|---|---|
//! | J_e, J_d | [`Modules::within`] | W^T W / 4 kT, with W the first D rows and D columns of a kernel (channels x fan-in) |
//! | A, B | [`Modules::stiffness`] | 2 J2 + J + J^T of either module |
//! | J_skip | [`Modules::skip`] | sum of sqrt(g_i h_i) u_i v_i^T over the leading eigenpairs of J_e and J_d, Frobenius norm 1 / 4 kT |
//! | M | [`System`] | [[A, J_skip], [J_skip^T, B]] |
//!
//! The published "equilibrium" is z = M^-1 b. There the skip has a *plus* sign; as an energy it is +x^T J_skip y. Fan-in
//! counts inputs first and the nine taps of each inside, so that D = 64 columns are the taps of the first seven inputs
//! and one tap of the eighth: couplings between units of pooled activations that share nothing with them but their number.

use anyhow::{Context as _, ensure};
use faer::linalg::solvers::{PartialPivLu, Solve};
use faer::{Mat, MatRef, Scale, Side};
use overdamped_coupling::{Fit, LowRankMap};
use overdamped_digital::{Block, UNet};

/// Units of a module.
pub const UNITS: usize = 64;
/// Rank of the skip.
pub const RANK: usize = 16;
/// kT.
const TEMPERATURE: f64 = 1.0;
/// J2, half the stiffness of a unit by itself.
const QUADRATIC: f64 = 0.1;
/// Taps of a convolution.
const TAPS: usize = 9;

/// What the weights of a U-Net make: encoder first, decoder second.
pub struct Modules {
    /// J_e and J_d.
    pub within: [Mat<f64>; 2],
    /// A and B.
    pub stiffness: [Mat<f64>; 2],
    /// J_skip.
    pub skip: LowRankMap,
}

impl Modules {
    /// Of the first kernels of the outer blocks, as published.
    ///
    /// # Errors
    /// None for a trained network.
    pub fn of(network: &UNet) -> anyhow::Result<Self> {
        let kernels = [Block::E1, Block::D1].map(|block| inputs_first(network.first_kernel(block)));
        let [encoder, decoder] = &kernels;
        Self::of_weights(cut(encoder.as_ref())?, cut(decoder.as_ref())?, RANK)
    }

    /// Of square weights, with a skip of this rank.
    ///
    /// # Errors
    /// Weights that are zero, not square, or not of one size; a rank beyond it.
    pub fn of_weights(
        encoder: MatRef<'_, f32>,
        decoder: MatRef<'_, f32>,
        rank: usize,
    ) -> anyhow::Result<Self> {
        let sizes = [encoder, decoder].map(|weights| [weights.nrows(), weights.ncols()]);
        ensure!(
            sizes.concat().iter().all(|&size| size == encoder.nrows()),
            "weights must be square and of one size, not {sizes:?}"
        );
        // W^T W is what the fit makes of the transposed weights.
        let fit = Fit::of_weights(encoder.transpose(), decoder.transpose(), TEMPERATURE)?;
        let skip = fit.rank(rank)?.scaled(0.25 / TEMPERATURE)?;
        let within = [gram(encoder), gram(decoder)];
        let stiffness = within.each_ref().map(|within| {
            let units = within.nrows();
            Mat::<f64>::identity(units, units) * Scale(2.0 * QUADRATIC)
                + within
                + within.transpose()
        });
        Ok(Self {
            within,
            stiffness,
            skip,
        })
    }

    /// Units of each module.
    pub fn units(&self) -> usize {
        self.within[0].nrows()
    }

    /// The same modules without a skip.
    pub fn apart(&self) -> Mat<f64> {
        Mat::zeros(self.units(), self.units())
    }
}

/// Both modules with some skip between them, and what it takes to solve for their rest.
pub struct System {
    /// M, encoder units first.
    pub matrix: Mat<f64>,
    factors: PartialPivLu<f64>,
}

impl System {
    /// Of `modules` with this `skip` in place of their own (D x D).
    pub fn new(modules: &Modules, skip: MatRef<'_, f64>) -> Self {
        let units = modules.units();
        let mut matrix = Mat::zeros(2 * units, 2 * units);
        for (module, stiffness) in modules.stiffness.iter().enumerate() {
            let at = module * units;
            let block = matrix.as_mut().submatrix_mut(at, at, units, units);
            { block }.copy_from(stiffness);
        }
        let mut upper = matrix.as_mut().submatrix_mut(0, units, units, units);
        upper.copy_from(skip);
        let mut lower = matrix.as_mut().submatrix_mut(units, 0, units, units);
        lower.copy_from(skip.transpose());
        let factors = matrix.partial_piv_lu();
        Self { matrix, factors }
    }

    /// Where the decoder's units rest (D x samples) under drives on both modules (D x samples each).
    ///
    /// # Errors
    /// A system that is singular in the precision of its numbers.
    pub fn decoder(
        &self,
        encoder_drive: MatRef<'_, f32>,
        decoder_drive: MatRef<'_, f32>,
    ) -> anyhow::Result<Mat<f32>> {
        let (units, samples) = (encoder_drive.nrows(), encoder_drive.ncols());
        let drives = Mat::from_fn(2 * units, samples, |row, sample| {
            f64::from(if row < units {
                encoder_drive[(row, sample)]
            } else {
                decoder_drive[(row - units, sample)]
            })
        });
        let states = self.factors.solve(&drives);
        let decoder = Mat::from_fn(units, samples, |unit, sample| {
            states[(units + unit, sample)] as f32
        });
        let finite = decoder
            .col_iter()
            .all(|state| state.iter().all(|y| y.is_finite()));
        ensure!(finite, "the system of both modules is singular");
        Ok(decoder)
    }

    /// The smallest and the largest eigenvalue of M: below zero the solution is a saddle, which no substrate rests at.
    ///
    /// # Errors
    /// A decomposition that does not converge.
    pub fn extremes(&self) -> anyhow::Result<[f64; 2]> {
        let values = self.matrix.self_adjoint_eigenvalues(Side::Lower);
        let values = values
            .ok()
            .context("the eigenvalues of the system did not converge")?;
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Ok([least, most])
    }
}

/// A kernel whose fan-in counts taps first (channels x 9 inputs) in the published order: inputs, and inside each the
/// nine taps.
fn inputs_first(kernel: MatRef<'_, f32>) -> Mat<f32> {
    let inputs = kernel.ncols() / TAPS;
    Mat::from_fn(kernel.nrows(), kernel.ncols(), |channel, place| {
        let (input, tap) = (place / TAPS, place % TAPS);
        kernel[(channel, tap * inputs + input)]
    })
}

/// The first [`UNITS`] channels and fan-in places.
fn cut(kernel: MatRef<'_, f32>) -> anyhow::Result<MatRef<'_, f32>> {
    let least = kernel.nrows().min(kernel.ncols());
    ensure!(
        least >= UNITS,
        "a kernel of {} x {} has no {UNITS} x {UNITS} to take",
        kernel.nrows(),
        kernel.ncols()
    );
    Ok(kernel.submatrix(0, 0, UNITS, UNITS))
}

/// W^T W / 4 kT.
fn gram(weights: MatRef<'_, f32>) -> Mat<f64> {
    let wide = Mat::from_fn(weights.nrows(), weights.ncols(), |i, j| {
        f64::from(weights[(i, j)])
    });
    wide.transpose() * &wide * Scale(0.25 / TEMPERATURE)
}

#[cfg(test)]
mod tests {
    use faer::mat;
    use overdamped_conditioning::holding_drive;

    use super::*;

    /// Weights without any pattern, the same each time.
    pub fn weights(units: usize, seed: usize) -> Mat<f32> {
        Mat::from_fn(units, units, |i, j| {
            let mixed = (i * 31 + j * 17 + seed * 101 + i * j * 7) % 97;
            mixed as f32 / 97.0 - 0.5
        })
    }

    #[test]
    fn a_kernel_is_reordered_input_by_input() {
        // Two inputs; the entry is 10 x tap + input, in the order tap, input.
        let kernel = Mat::from_fn(1, 18, |_, place| (10 * (place / 2) + place % 2) as f32);
        let row: Vec<f32> = inputs_first(kernel.as_ref())
            .row(0)
            .iter()
            .copied()
            .collect();
        let of = |input: usize| (0..9).map(move |tap| (10 * tap + input) as f32);
        assert_eq!(row, of(0).chain(of(1)).collect::<Vec<_>>());
    }

    #[test]
    fn a_cut_keeps_the_first_rows_and_columns() {
        let kernel = Mat::from_fn(70, 90, |i, j| (100 * i + j) as f32);
        let part = cut(kernel.as_ref()).unwrap();
        assert_eq!((part.nrows(), part.ncols()), (64, 64));
        assert_eq!((part[(63, 0)], part[(0, 63)]), (6300.0, 63.0));
        let narrow = Mat::<f32>::zeros(64, 9);
        assert!(cut(narrow.as_ref()).is_err());
    }

    #[test]
    fn couplings_of_weights_by_hand() {
        // W^T W / 4 = diag(4, 1) and diag(1, 9): the pairs are (4, 9) along units 0 and 1, (1, 1) along 1 and 0.
        let encoder = mat![[4.0_f32, 0.0], [0.0, 2.0]];
        let decoder = mat![[0.0_f32, 6.0], [2.0, 0.0]];
        let modules = Modules::of_weights(encoder.as_ref(), decoder.as_ref(), 2).unwrap();
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-12, "{value}");
        near(modules.stiffness[0][(0, 0)], 0.2 + 8.0);
        near(modules.stiffness[1][(1, 1)], 0.2 + 18.0);
        near(modules.stiffness[1][(0, 1)], 0.0);
        // sqrt(4 x 9) = 6 and sqrt(1 x 1) = 1, over their root sum of squares, over 4.
        let skip = modules.skip.matrix();
        near(skip[(0, 1)], 6.0 / 37.0_f64.sqrt() / 4.0);
        near(skip[(1, 0)], 1.0 / 37.0_f64.sqrt() / 4.0);
        near(skip[(0, 0)], 0.0);

        let system = System::new(&modules, skip.as_ref());
        let m = &system.matrix;
        near(m[(0, 0)], 8.2);
        near(m[(3, 3)], 18.2);
        assert_eq!((m[(0, 3)], m[(3, 0)]), (skip[(0, 1)], skip[(0, 1)]));
        assert_eq!((m[(1, 2)], m[(0, 2)]), (skip[(1, 0)], skip[(0, 0)]));
    }

    #[test]
    fn the_skip_has_norm_a_quarter_at_every_rank() {
        for rank in [1, 3, 8] {
            let (e, d) = (weights(8, 1), weights(8, 2));
            let modules = Modules::of_weights(e.as_ref(), d.as_ref(), rank).unwrap();
            assert!((modules.skip.matrix().norm_l2() - 0.25).abs() < 1e-12);
        }
    }

    #[test]
    fn the_oracle_of_the_whole_system_is_exact() {
        let (e, d) = (weights(8, 1), weights(8, 2));
        let modules = Modules::of_weights(e.as_ref(), d.as_ref(), 3).unwrap();
        let system = System::new(&modules, modules.skip.matrix().as_ref());
        let states = Mat::from_fn(16, 5, |i, n| ((3 * i + 5 * n) % 11) as f32 - 4.0);
        let drive = holding_drive(system.matrix.as_ref(), states.as_ref()).unwrap();
        let rest = system
            .decoder(drive.subrows(0, 8), drive.subrows(8, 8))
            .unwrap();
        for n in 0..5 {
            let (y, d) = (rest.col(n), states.subrows(8, 8).col(n));
            let wide = |col: faer::ColRef<'_, f32>| -> Vec<f64> {
                col.iter().map(|&v| v.into()).collect()
            };
            let (y, d) = (wide(y), wide(d));
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let cosine = dot(&y, &d) / (dot(&y, &y) * dot(&d, &d)).sqrt();
            assert!((cosine - 1.0).abs() < 1e-9, "{cosine}");
        }
    }

    #[test]
    fn extremes_say_when_there_is_no_equilibrium() {
        let flat = mat![[0.01_f32, 0.0], [0.0, 0.01]];
        let modules = Modules::of_weights(flat.as_ref(), flat.as_ref(), 2).unwrap();
        // A = B = .2 + tiny, and a skip of .25 / sqrt 2 = .177 along either unit: barely definite.
        let own = System::new(&modules, modules.skip.matrix().as_ref());
        let [least, most] = own.extremes().unwrap();
        let tiny = 2.0 * 0.25e-4;
        assert!(
            (least - (0.2 + tiny - 0.25 * 0.5_f64.sqrt())).abs() < 1e-9,
            "{least}"
        );
        assert!(
            (most - (0.2 + tiny + 0.25 * 0.5_f64.sqrt())).abs() < 1e-9,
            "{most}"
        );
        // All of the same norm in one mode: a saddle.
        let one = Modules::of_weights(flat.as_ref(), flat.as_ref(), 1).unwrap();
        let saddle = System::new(&one, one.skip.matrix().as_ref());
        assert!(saddle.extremes().unwrap()[0] < 0.0);
        assert!(Modules::of_weights(flat.as_ref(), flat.as_ref(), 3).is_err());
    }
}

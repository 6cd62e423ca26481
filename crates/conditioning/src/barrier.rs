//! The conditioning barrier: by how much a coupling falls short of what conditioning takes.
//!
//! With the encoder clamped at x, the coupling -x^T J y acts on the decoder as the drive c = J^T x. To
//! rest where it should, the decoder needs the drive b. arXiv 2604.14332 speaks of a barrier of about
//! 2,600; which ratio that is depends on what is put above and below the line, so that every definition
//! met is in [`Definition`]. A seventh, [`thermal_noise`], sets the noise of the bath against what the
//! coupling moves.

mod spread;

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Solve;
use faer::{Accum, Mat, MatRef, Par, Side};
use serde::{Deserialize, Serialize};

use crate::weights::{column_blocks, widened};
use crate::{ConditioningError, check};
use spread::Spread;

/// What is set against what, for an input x, a coupling J with c = J^T x, and the drive b that is
/// needed.
///
/// | definition | formula | note |
/// |---|---|---|
/// | `Signal` | std(x) / std_n(c) | about 2,457 at D = 64 for the published coupling |
/// | `Magnitude` | mean \|x\| / mean \|c\| | |
/// | `Drive` | rms(b) / rms(c) | |
/// | `Between` | std_n(b) / std_n(c) | what tells samples apart; a constant drive makes up for the rest |
/// | `Bias` | std(b) / std(c) | what the published code prints, with b = A x and c = J x of one module |
/// | `Median` | median over units of std_n(b_i) / std_n(c_i) | not ruled by a few loud units |
///
/// rms and std are over all entries, std about the one mean of them all; std_n is between samples: each
/// unit about its own mean, root mean square over units. All divide by the number of entries. Every
/// ratio falls as 1 / |J|, and none changes with a common scale of x and b.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Definition {
    /// std(x) / std_n(c): the clamped signal against what of it arrives and differs between samples.
    Signal,
    /// mean |x| / mean |c|: magnitudes, constant parts included.
    Magnitude,
    /// rms(b) / rms(c): the drive needed against the drive that the coupling gives.
    Drive,
    /// std_n(b) / std_n(c): the same of the parts that differ between samples.
    Between,
    /// std(b) / std(c): the same about one mean of all entries.
    Bias,
    /// Median over units of std_n(b_i) / std_n(c_i).
    Median,
}

impl Definition {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 6] = [
        Self::Signal,
        Self::Magnitude,
        Self::Drive,
        Self::Between,
        Self::Bias,
        Self::Median,
    ];

    /// Name in lower case, as in result ids.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Magnitude => "magnitude",
            Self::Drive => "drive",
            Self::Between => "between",
            Self::Bias => "bias",
            Self::Median => "median",
        }
    }

    /// The formula, with c = J^T x.
    #[must_use]
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Signal => "std(x) / std_n(J^T x)",
            Self::Magnitude => "mean |x| / mean |J^T x|",
            Self::Drive => "rms(b) / rms(J^T x)",
            Self::Between => "std_n(b) / std_n(J^T x)",
            Self::Bias => "std(b) / std(J^T x)",
            Self::Median => "median_i std_n(b_i) / std_n((J^T x)_i)",
        }
    }
}

/// Statistics of a clamped input, of what a coupling makes of it, and of the drive that is needed.
///
/// ```
/// use overdamped_conditioning::{Barrier, Definition, holding_drive};
///
/// let x = faer::mat![[1.0_f32, -1.0], [1.0, -1.0]];
/// let coupling = faer::mat![[0.01, 0.0], [0.0, 0.01]];
/// let oracle = holding_drive(faer::mat![[2.0, 0.0], [0.0, 2.0]].as_ref(), x.as_ref())?;
/// let barrier = Barrier::new(x.as_ref(), coupling.as_ref(), oracle.as_ref())?;
/// assert!((barrier.ratio(Definition::Signal)? - 100.0).abs() < 1e-9);
/// assert!((barrier.ratio(Definition::Drive)? - 200.0).abs() < 1e-9);
/// # Ok::<(), overdamped_conditioning::ConditioningError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Barrier {
    input: Spread,
    coupled: Spread,
    needed: Spread,
}

impl Barrier {
    /// Measures `x` (De x samples), J^T `x` with the `coupling` J (De x Dd), and the drive `needed`
    /// (Dd x samples).
    ///
    /// The drive needed is the oracle b = K y ([`holding_drive`](crate::holding_drive)); or what an
    /// interface gives, to see how much it adds. For the figure of the published code, `x` is clamped
    /// in one module with couplings J in it, and b = A x with its stiffness A.
    ///
    /// # Errors
    /// [`ConditioningError::Units`], [`ConditioningError::Unpaired`], [`ConditioningError::NonFinite`]
    /// or [`ConditioningError::Empty`].
    pub fn new(
        x: MatRef<'_, f32>,
        coupling: MatRef<'_, f64>,
        needed: MatRef<'_, f32>,
    ) -> Result<Self, ConditioningError> {
        check_coupling(x, coupling)?;
        check::paired("the drive needed", x.ncols(), needed.ncols())?;
        check::samples("the drive needed", needed)?;
        check::units("the drive needed", coupling.ncols(), needed.nrows())?;
        let mut input = Spread::new(x.nrows());
        let mut wanted = Spread::new(needed.nrows());
        for (first, width) in column_blocks(x.ncols()) {
            input.add(widened(x.subcols(first, width)).as_ref());
            wanted.add(widened(needed.subcols(first, width)).as_ref());
        }
        Ok(Self {
            input,
            coupled: through(coupling.transpose(), x),
            needed: wanted,
        })
    }

    /// The ratio of a definition: a pure number, large where the coupling carries little.
    ///
    /// # Errors
    /// [`ConditioningError::ZeroDenominator`] if what stands below the line is zero.
    pub fn ratio(&self, definition: Definition) -> Result<f64, ConditioningError> {
        let Self {
            input,
            coupled,
            needed,
        } = self;
        let (above, below, what) = match definition {
            Definition::Signal => (
                input.standard_deviation(),
                coupled.between_samples(),
                "the spread of J^T x between samples",
            ),
            Definition::Magnitude => (
                input.mean_magnitude(),
                coupled.mean_magnitude(),
                "the mean magnitude of J^T x",
            ),
            Definition::Drive => (
                needed.root_mean_square(),
                coupled.root_mean_square(),
                "the root mean square of J^T x",
            ),
            Definition::Between => (
                needed.between_samples(),
                coupled.between_samples(),
                "the spread of J^T x between samples",
            ),
            Definition::Bias => (
                needed.standard_deviation(),
                coupled.standard_deviation(),
                "the spread of J^T x",
            ),
            Definition::Median => return Ok(median(self.units()?)),
        };
        quotient(above, below, what, None)
    }

    /// std_n(b_i) / std_n((J^T x)_i) of each decoder unit.
    ///
    /// # Errors
    /// [`ConditioningError::ZeroDenominator`] with the first unit that the coupling tells nothing.
    pub fn units(&self) -> Result<Vec<f64>, ConditioningError> {
        let units = 0..self.coupled.units();
        units
            .map(|unit| {
                quotient(
                    self.needed.of_unit(unit),
                    self.coupled.of_unit(unit),
                    "the spread of J^T x between samples",
                    Some(unit),
                )
            })
            .collect()
    }
}

/// Thermal noise of one sample of the decoder over what the coupling moves it between samples:
/// sqrt(kT tr K^-1 / Dd) / std_n(K^-1 J^T x).
///
/// `x` is De x samples, J (`coupling`) De x Dd, K (`stiffness`) Dd x Dd. The mean of n independent
/// samples has 1 / sqrt(n) of the noise, so that the square of the ratio is how many it takes to see
/// the coupling.
///
/// # Errors
/// [`ConditioningError::Setting`] for a temperature below zero, [`ConditioningError::NotDefinite`],
/// [`ConditioningError::ZeroDenominator`], and those of [`Barrier::new`].
pub fn thermal_noise(
    x: MatRef<'_, f32>,
    coupling: MatRef<'_, f64>,
    stiffness: MatRef<'_, f64>,
    temperature: f64,
) -> Result<f64, ConditioningError> {
    check::setting(
        "the temperature kT",
        temperature,
        temperature.is_finite() && temperature >= 0.0,
        "at least 0 and finite",
    )?;
    check_coupling(x, coupling)?;
    let units = coupling.ncols();
    check::samples("the stiffness", stiffness)?;
    check::units("the rows of the stiffness", units, stiffness.nrows())?;
    check::units("the columns of the stiffness", units, stiffness.ncols())?;
    let symmetric = (0..units).all(|i| {
        (0..i).all(|j| {
            let (one, other) = (stiffness[(i, j)], stiffness[(j, i)]);
            (one - other).abs() <= 1e-9 * (stiffness[(i, i)] * stiffness[(j, j)]).abs().sqrt()
        })
    });
    let Some(factors) = stiffness.llt(Side::Lower).ok().filter(|_| symmetric) else {
        return Err(ConditioningError::NotDefinite { units });
    };
    let inverse = factors.solve(Mat::<f64>::identity(units, units));
    let trace: f64 = (0..units).map(|unit| inverse[(unit, unit)]).sum();
    let response = factors.solve(coupling.transpose());
    quotient(
        (temperature * trace / units as f64).sqrt(),
        through(response.as_ref(), x).between_samples(),
        "the spread of K^-1 J^T x between samples",
        None,
    )
}

fn check_coupling(x: MatRef<'_, f32>, coupling: MatRef<'_, f64>) -> Result<(), ConditioningError> {
    check::samples("the clamped inputs", x)?;
    check::samples("the coupling", coupling)?;
    check::units("the rows of the coupling", x.nrows(), coupling.nrows())
}

/// Statistics of M x.
fn through(map: MatRef<'_, f64>, x: MatRef<'_, f32>) -> Spread {
    let mut spread = Spread::new(map.nrows());
    for (first, width) in column_blocks(x.ncols()) {
        let block = widened(x.subcols(first, width));
        let mut out = Mat::zeros(map.nrows(), width);
        matmul(&mut out, Accum::Replace, map, &block, 1.0, Par::Seq);
        spread.add(out.as_ref());
    }
    spread
}

fn quotient(
    above: f64,
    below: f64,
    what: &'static str,
    unit: Option<usize>,
) -> Result<f64, ConditioningError> {
    let ratio = above / below;
    // A denominator may also be so small that the ratio has no number.
    if below > 0.0 && ratio.is_finite() {
        return Ok(ratio);
    }
    Err(ConditioningError::ZeroDenominator { what, unit })
}

/// The middle value; the mean of the two middle ones if their number is even.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return values[middle];
    }
    (values[middle - 1] + values[middle]) / 2.0
}

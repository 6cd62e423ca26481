//! A method's decompositions, made once, from which a map of any rank can be cut.
//!
//! All methods end as two factors, M_k = L_k R_k^T with the first k columns of each. Three differ only in
//! what is whitened before the singular value decomposition T = A S B^T of the cross-covariance:
//!
//! | method | T | L | R |
//! |---|---|---|---|
//! | cross-covariance | Cxy | A S | B |
//! | reduced rank | Wx Cxy | Wx^T A S | B |
//! | canonical | Wx Cxy Wy^T | Wx^T A S | Wy^-1 B |
//!
//! where W C W^T = 1 ([`whitening`]): that of the encoder makes the squared error of a map a plain distance, for
//! which the truncated decomposition is the nearest of its rank (Eckart and Young 1936).
//!
//! The joint Gaussian has, with B = Cxx^-1 Cxy and the decoder's covariance given the encoder G = Cyy - B^T Cxy,
//! the precision blocks K_yy = kT G^-1 and K_xy = -kT B G^-1. Its map J_k K_yy^-1 is free of kT.

mod whitening;

use faer::{Mat, MatRef, Side as Triangle};

use self::whitening::Whitening;
use crate::gauge::{largest, negate};
use crate::map::{check_entries, check_rank};
use crate::{CouplingError, FitSettings, LowRankMap, Method, Moments, Side};

/// The decompositions of one method.
///
/// ```
/// use overdamped_coupling::{Fit, FitSettings, Method, Moments};
///
/// let mut moments = Moments::new(2, 2)?;
/// // y repeats the first unit of x; the second says nothing about it.
/// let x = faer::mat![[1.0_f32, -1.0, 1.0, -1.0], [2.0, 2.0, -2.0, -2.0]];
/// let y = faer::mat![[1.0_f32, -1.0, 1.0, -1.0], [0.5, -0.5, 0.5, -0.5]];
/// moments.add(x.as_ref(), y.as_ref())?;
/// let fit = Fit::new(&moments, Method::ReducedRank, FitSettings::default())?;
/// let map = fit.rank(1)?;
/// assert!(map.coefficient_of_determination(&moments)? > 0.999_999);
/// assert_eq!((map.wires(), map.dense_wires()), (4, 4));
/// # Ok::<(), overdamped_coupling::CouplingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fit {
    method: Method,
    spectrum: Vec<f64>,
    left: Mat<f64>,
    right: Mat<f64>,
    mean_encoder: Vec<f64>,
    mean_decoder: Vec<f64>,
    /// Samples it is made of; none for weights.
    samples: Option<usize>,
}

/// What a method makes: the values that its modes are ordered by, and L and R.
struct Factors {
    spectrum: Vec<f64>,
    left: Mat<f64>,
    right: Mat<f64>,
}

impl Fit {
    /// Fits all ranks at once.
    ///
    /// # Errors
    /// [`CouplingError::NeedsWeights`] for [`Method::WeightGram`]; [`CouplingError::Setting`];
    /// [`CouplingError::TooFewSamples`] for fewer than two; [`CouplingError::NoVariance`] if one side is constant;
    /// [`CouplingError::RankDeficient`] if a method that divides by covariances finds them singular in
    /// spite of the ridge; [`CouplingError::Unconverged`].
    pub fn new(
        moments: &Moments,
        method: Method,
        settings: FitSettings,
    ) -> Result<Self, CouplingError> {
        if method == Method::WeightGram {
            return Err(CouplingError::NeedsWeights);
        }
        let settings = settings.validated()?;
        let samples = moments.samples();
        if samples < 2 {
            return Err(CouplingError::TooFewSamples {
                samples,
                needed: 2,
                purpose: "a fit",
            });
        }
        for side in [Side::Encoder, Side::Decoder] {
            if moments
                .variance(side)
                .iter()
                .all(|&variance| variance == 0.0)
            {
                return Err(CouplingError::NoVariance { side, samples });
            }
        }
        let factors = match method {
            Method::WeightGram => return Err(CouplingError::NeedsWeights),
            Method::ActivationGram => paired(
                &Modes::of(moments.covariance_encoder())?,
                &Modes::of(moments.covariance_decoder())?,
            ),
            Method::CrossCovariance => decomposed(moments.cross_covariance())?,
            Method::ReducedRank => {
                let x = Whitening::of(moments, Side::Encoder, settings.ridge)?;
                let made = decomposed(x.whitened(moments.cross_covariance()))?;
                Factors {
                    left: x.transposed(made.left),
                    ..made
                }
            }
            Method::Canonical => {
                let x = Whitening::of(moments, Side::Encoder, settings.ridge)?;
                let y = Whitening::of(moments, Side::Decoder, settings.ridge)?;
                let half = x.whitened(moments.cross_covariance());
                let both = y.whitened(half.transpose().to_owned());
                let made = decomposed(both.transpose().to_owned())?;
                Factors {
                    left: x.transposed(made.left),
                    right: y.coloured(made.right),
                    ..made
                }
            }
            Method::JointGaussian => joint(moments, settings.ridge)?,
        };
        Ok(Self {
            method,
            spectrum: factors.spectrum,
            left: factors.left,
            right: factors.right,
            mean_encoder: moments.mean_encoder(),
            mean_decoder: moments.mean_decoder(),
            samples: Some(samples),
        })
    }

    /// The published way: from the weights (channels x fan-in) of a convolution on each side, the eigenpairs of
    /// the Gram matrices W W^T / 4 kT, paired in order and brought to Frobenius norm one at each rank. Its maps
    /// have no means until they are [calibrated](LowRankMap::calibrated), and kT drops out of them; it remains in
    /// the [spectrum](Self::spectrum).
    ///
    /// # Errors
    /// [`CouplingError::Units`] for a side without or with too many channels, [`CouplingError::Setting`] for a
    /// temperature that is not positive, [`CouplingError::NonFiniteValue`], [`CouplingError::NoResponse`] for
    /// weights that are zero, [`CouplingError::Unconverged`].
    pub fn of_weights(
        encoder: MatRef<'_, f32>,
        decoder: MatRef<'_, f32>,
        temperature: f64,
    ) -> Result<Self, CouplingError> {
        if !(temperature > 0.0 && temperature.is_finite()) {
            return Err(CouplingError::Setting {
                setting: "the temperature kT",
                value: temperature,
                bound: "finite and above 0",
            });
        }
        let gram = |side, weights: MatRef<'_, f32>, what| {
            let (units, most) = (weights.nrows(), Moments::MOST_UNITS);
            if !(1..=most).contains(&units) {
                return Err(CouplingError::Units { side, units, most });
            }
            let wide = Mat::from_fn(units, weights.ncols(), |i, j| f64::from(weights[(i, j)]));
            check_entries(what, wide.as_ref())?;
            let share = faer::Scale(0.25 / temperature);
            Modes::of((&wide * wide.transpose()) * share)
        };
        let x = gram(Side::Encoder, encoder, "the encoder's weights")?;
        let y = gram(Side::Decoder, decoder, "the decoder's weights")?;
        let factors = paired(&x, &y);
        if factors.spectrum[0] == 0.0 {
            return Err(CouplingError::NoResponse);
        }
        Ok(Self {
            method: Method::WeightGram,
            spectrum: factors.spectrum,
            left: factors.left,
            right: factors.right,
            mean_encoder: vec![0.0; encoder.nrows()],
            mean_decoder: vec![0.0; decoder.nrows()],
            samples: None,
        })
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// Highest rank: the units of the smaller side.
    #[must_use]
    pub fn full_rank(&self) -> usize {
        self.spectrum.len()
    }

    /// The values by which modes are ordered, descending: canonical correlations; for reduced rank the standard
    /// deviation of what each mode predicts; singular values of Cxy, or of J / kT for the joint Gaussian;
    /// geometric means of the two eigenvalues that are paired.
    #[must_use]
    pub fn spectrum(&self) -> &[f64] {
        &self.spectrum
    }

    /// The map of the first `rank` modes.
    ///
    /// # Errors
    /// [`CouplingError::Rank`] for zero or more than [`full_rank`](Self::full_rank),
    /// [`CouplingError::TooFewSamples`] for more than there were samples, [`CouplingError::Unconverged`].
    pub fn rank(&self, rank: usize) -> Result<LowRankMap, CouplingError> {
        check_rank(rank, self.left.nrows(), self.right.nrows())?;
        if let Some(samples) = self.samples.filter(|&samples| samples < rank) {
            return Err(CouplingError::TooFewSamples {
                samples,
                needed: rank,
                purpose: "a map of that rank",
            });
        }
        let map = LowRankMap::new(
            self.left.subcols(0, rank),
            self.right.subcols(0, rank),
            self.mean_encoder.clone(),
            self.mean_decoder.clone(),
        )?;
        if self.method != Method::WeightGram {
            return Ok(map);
        }
        let square = map.strength().iter().map(|s| s * s).sum::<f64>();
        map.scaled(square.sqrt().recip())
    }
}

/// T = A S B^T as the factors A S and B.
fn decomposed(matrix: Mat<f64>) -> Result<Factors, CouplingError> {
    let svd = matrix.thin_svd().map_err(|_| CouplingError::Unconverged {
        what: "the singular values of the cross-covariance",
    })?;
    let spectrum: Vec<f64> = svd.S().column_vector().iter().copied().collect();
    let left = Mat::from_fn(matrix.nrows(), spectrum.len(), |i, k| {
        svd.U()[(i, k)] * spectrum[k]
    });
    Ok(Factors {
        left,
        right: svd.V().to_owned(),
        spectrum,
    })
}

/// K = kT Sigma^-1 of both sides jointly.
fn joint(moments: &Moments, ridge: f64) -> Result<Factors, CouplingError> {
    let x = Whitening::of(moments, Side::Encoder, ridge)?;
    let whitened = x.whitened(moments.cross_covariance());
    let explained = whitened.transpose() * &whitened;
    let given = Whitening::given(moments, ridge, explained.as_ref())?;
    // J^T / kT = G^-1 B^T, with G^-1 = W^T W.
    let regression = x.transposed(whitened);
    let coupling = given.transposed(given.whitened(regression.transpose().to_owned()));
    let made = decomposed(coupling.transpose().to_owned())?;
    Ok(Factors {
        right: given.covariance() * made.right,
        ..made
    })
}

/// Eigenpairs, the largest eigenvalue first.
struct Modes {
    values: Vec<f64>,
    vectors: Mat<f64>,
}

impl Modes {
    /// Of a symmetric matrix without negative eigenvalues, but for rounding. The largest entry of each vector is
    /// positive.
    fn of(matrix: Mat<f64>) -> Result<Self, CouplingError> {
        let modes = matrix.self_adjoint_eigen(Triangle::Lower);
        let modes = modes.map_err(|_| CouplingError::Unconverged {
            what: "the eigenvalues of a Gram matrix",
        })?;
        let mut vectors = modes.U().reverse_cols().to_owned();
        for k in 0..vectors.ncols() {
            if largest(vectors.col_as_slice(k)) < 0.0 {
                negate(&mut vectors, k);
            }
        }
        let ascending: Vec<f64> = modes.S().column_vector().iter().copied().collect();
        let values = ascending.into_iter().rev().map(|value| value.max(0.0));
        Ok(Self {
            values: values.collect(),
            vectors,
        })
    }
}

/// The i-th mode of one side with the i-th of the other, by the geometric mean of their eigenvalues.
fn paired(x: &Modes, y: &Modes) -> Factors {
    let both = x.values.iter().zip(&y.values);
    let spectrum: Vec<f64> = both.map(|(l, m)| (l * m).sqrt()).collect();
    let left = Mat::from_fn(x.vectors.nrows(), spectrum.len(), |i, k| {
        x.vectors[(i, k)] * spectrum[k]
    });
    Factors {
        left,
        right: y.vectors.subcols(0, spectrum.len()).to_owned(),
        spectrum,
    }
}

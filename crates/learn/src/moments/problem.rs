//! The loss of force matching at one noise level, as an explicit quadratic form.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use overdamped_energy::{Edges, EnergyError};

use super::data::DataMoments;
use super::noised::{NoisedMoments, Polynomial, dot};
use super::projected::{gather, scatter};
use crate::error::positive;
use crate::{LearnError, Level};

/// Force matching of sites and bilinear couplings at one noise level, from moments alone.
///
/// Parameters theta' are those of
/// `Sum(Sites::new(n, [Bias, Stiffness, Cubic, Quartic]), Pairs::new(edges, [Bilinear]))` in
/// denoiser form: blocks b, k, c, q of `n` each, then J in the order of the edges.
///
/// ```
/// use overdamped_energy::Edges;
/// use overdamped_learn::{DataMoments, MomentProblem, Noising, MomentSettings};
///
/// let data = faer::mat![[1.0_f64, -1.0, 1.0], [1.0, -1.0, -1.0]];
/// let moments = DataMoments::new(data.as_ref())?;
/// let edges = Edges::all_to_all(2);
/// let problem = MomentProblem::new(&moments, Noising::default().level(0.3), &edges)?;
/// let optimum = problem.solve(&MomentSettings::default(), None)?;
/// assert!(optimum.loss < problem.loss(&problem.site_gaussian())?);
/// # Ok::<(), overdamped_learn::LearnError>(())
/// ```
pub struct MomentProblem<'a> {
    data: &'a DataMoments,
    edges: &'a Edges,
    moments: NoisedMoments,
}

impl<'a> MomentProblem<'a> {
    /// The problem at `level`, with couplings on `edges`.
    ///
    /// # Errors
    /// [`LearnError::Shape`] if the edges are on another number of units;
    /// [`LearnError::Setting`] unless the level has noise (without it, powers of a
    /// state of few values cannot be told apart) and its signal is finite.
    pub fn new(data: &'a DataMoments, level: Level, edges: &'a Edges) -> Result<Self, LearnError> {
        if edges.units() != data.units() {
            return Err(LearnError::Shape {
                what: "units of the edge set",
                expected: data.units(),
                found: edges.units(),
            });
        }
        positive("the noise of the level", level.noise)?;
        if !level.signal.is_finite() {
            return Err(LearnError::Setting {
                setting: "the signal of the level",
                value: level.signal,
                bound: "finite",
            });
        }
        Ok(Self {
            data,
            edges,
            moments: NoisedMoments::new(data, level),
        })
    }

    /// Number of parameters: four at each unit and one on each edge.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        4 * self.edges.units() + self.edges.len()
    }

    /// The edge set.
    pub(super) const fn edges(&self) -> &Edges {
        self.edges
    }

    pub(super) const fn moments(&self) -> &NoisedMoments {
        &self.moments
    }

    /// The best harmonic trap of each unit by itself: b and k in closed form, all else
    /// zero. A Gaussian fit to each pixel, and the start from which rules learn.
    #[must_use]
    pub fn site_gaussian(&self) -> Vec<f64> {
        let trap = |unit: usize| {
            let shift = self.moments.sites[unit].frame.shift;
            let gain = self.moments.target[(unit, unit)] / self.moments.covariance[(unit, unit)];
            [self.data.mean()[unit] - gain * shift, -gain, 0.0, 0.0]
        };
        let sites: Vec<_> = (0..self.edges.units()).map(trap).collect();
        self.join(&sites, &vec![0.0; self.edges.len()])
    }

    /// E |xhat(x) - x_0|^2 / (2 units) at the given parameters, exactly.
    ///
    /// # Errors
    /// [`LearnError::Shape`] unless there is one value for each parameter, and
    /// [`LearnError::Energy`] unless each is finite.
    pub fn loss(&self, parameters: &[f64]) -> Result<f64, LearnError> {
        let denoiser = self.denoiser(parameters)?;
        let units = self.edges.units();
        let sum: f64 = (0..units)
            .map(|unit| {
                let (site, polynomial) = (&self.moments.sites[unit], &denoiser.polynomials[unit]);
                let own = site.times(polynomial);
                // E p^2 + 2 E p (J xi - y)
                let mut square = dot(polynomial, &own);
                square += 2.0 * dot(polynomial, &denoiser.coupled[unit]);
                square -= 2.0 * dot(polynomial, &site.target);
                // + E (J xi)^2 - 2 E y (J xi) + E y^2
                let couplings = denoiser.couplings.col(unit).transpose();
                square += couplings * denoiser.products.col(unit);
                square -= 2.0 * (couplings * self.moments.target.col(unit));
                square + self.data.powers(unit)[2]
            })
            .sum();
        Ok(sum / (2.0 * units as f64))
    }

    /// The derivative of the loss by each parameter.
    ///
    /// # Errors
    /// As [`MomentProblem::loss`].
    pub fn gradient(&self, parameters: &[f64]) -> Result<Vec<f64>, LearnError> {
        let denoiser = self.denoiser(parameters)?;
        let units = self.edges.units();
        let share = 1.0 / units as f64;
        // E e_i z_i^s of the error e = xhat - x_0.
        let errors: Vec<Polynomial> = (0..units)
            .map(|unit| {
                let site = &self.moments.sites[unit];
                let own = site.times(&denoiser.polynomials[unit]);
                std::array::from_fn(|s| own[s] + denoiser.coupled[unit][s] - site.target[s])
            })
            .collect();
        let sites: Vec<[f64; 4]> = errors
            .iter()
            .zip(&self.moments.sites)
            .map(|(error, site)| {
                let [one, x, square, cube] = site.frame.moments(*error);
                [share * one, -share * x, -share * square, -share * cube]
            })
            .collect();
        // E e_i x_j in row j, column i.
        let across = Mat::from_fn(units, units, |other, unit| {
            let polynomial = &denoiser.polynomials[unit];
            let sites: f64 = (1..4)
                .map(|s| polynomial[s] * self.moments.cross[s - 1][(other, unit)])
                .sum();
            let mean = self.moments.sites[other].frame.shift * errors[unit][0];
            let pairs = denoiser.products[(other, unit)] - self.moments.target[(other, unit)];
            share * (sites + pairs + mean)
        });
        Ok(self.join(&sites, &gather(self.edges, across.as_ref())))
    }

    /// (b, k, c, q) of each unit, and the couplings.
    pub(super) fn split<'p>(
        &self,
        parameters: &'p [f64],
    ) -> Result<(Vec<[f64; 4]>, &'p [f64]), LearnError> {
        if parameters.len() != self.parameter_count() {
            return Err(LearnError::Shape {
                what: "parameters of sites and bilinear couplings",
                expected: self.parameter_count(),
                found: parameters.len(),
            });
        }
        if let Some(index) = parameters.iter().position(|value| !value.is_finite()) {
            return Err(EnergyError::NonFinite {
                what: "the parameter vector".to_owned(),
                index,
                value: parameters[index],
            }
            .into());
        }
        let units = self.edges.units();
        let sites = (0..units)
            .map(|unit| std::array::from_fn(|term| parameters[term * units + unit]))
            .collect();
        Ok((sites, &parameters[4 * units..]))
    }

    /// The inverse of [`MomentProblem::split`].
    pub(super) fn join(&self, sites: &[[f64; 4]], strengths: &[f64]) -> Vec<f64> {
        let blocks = (0..4).flat_map(|term| sites.iter().map(move |site| site[term]));
        blocks.chain(strengths.iter().copied()).collect()
    }

    /// E x_0 - J E x: the bias that lets centred couplings act on centred states.
    pub(super) fn offset(&self, unit: usize, couplings: MatRef<'_, f64>) -> f64 {
        let inputs = self.moments.sites.iter().zip(couplings.col(unit).iter());
        let coupled: f64 = inputs
            .map(|(site, coupling)| coupling * site.frame.shift)
            .sum();
        self.data.mean()[unit] - coupled
    }

    fn denoiser(&self, parameters: &[f64]) -> Result<CentredDenoiser, LearnError> {
        let (sites, strengths) = self.split(parameters)?;
        let couplings = scatter(self.edges, strengths);
        let mut products = Mat::zeros(couplings.nrows(), couplings.ncols());
        matmul(
            &mut products,
            Accum::Replace,
            &self.moments.covariance,
            &couplings,
            1.0,
            Par::Seq,
        );
        let polynomial = |unit: usize| {
            let [bias, stiffness, cubic, quartic] = sites[unit];
            let constant = bias - self.offset(unit, couplings.as_ref());
            let frame = self.moments.sites[unit].frame;
            frame.standardised([constant, -stiffness, -cubic, -quartic])
        };
        let coupled = |unit: usize| {
            let with = |cross: &Mat<f64>| cross.col(unit).transpose() * couplings.col(unit);
            let [first, second, third] = self.moments.cross.each_ref().map(with);
            [0.0, first, second, third]
        };
        Ok(CentredDenoiser {
            polynomials: (0..sites.len()).map(polynomial).collect(),
            coupled: (0..sites.len()).map(coupled).collect(),
            products,
            couplings,
        })
    }
}

/// xhat_i - E x_0 = p_i(z_i) + sum_j J_ij xi_j, and its moments.
struct CentredDenoiser {
    polynomials: Vec<Polynomial>,
    couplings: Mat<f64>,
    /// S J.
    products: Mat<f64>,
    /// E z_i^s sum_j J_ij xi_j.
    coupled: Vec<Polynomial>,
}

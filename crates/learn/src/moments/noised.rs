//! Moments of noised data at one level, and the frame that keeps them well scaled.

use faer::Mat;

use super::binomial::{BINOMIAL, Mixture, powers};
use super::data::DataMoments;
use crate::Level;

/// Coefficients of 1, z, z^2, z^3.
pub(super) type Polynomial = [f64; 4];

/// An affine change of variable, x = scale z + shift.
///
/// At a nearly constant pixel and little noise the powers 1, x, x^2, x^3 are all but
/// parallel; in the standardised z = (x - E x) / sd x they are not. Everything is
/// computed in z and translated at the very end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) shift: f64,
    pub(super) scale: f64,
}

impl Frame {
    /// A with x^r = sum_s A_rs z^s.
    fn expansion(self) -> [Polynomial; 4] {
        let (scale, shift) = (powers::<4>(self.scale), powers::<4>(self.shift));
        let mut expansion = [[0.0; 4]; 4];
        for r in 0..4 {
            for s in 0..=r {
                expansion[r][s] = BINOMIAL[r][s] * scale[s] * shift[r - s];
            }
        }
        expansion
    }

    /// The coefficients in z of a polynomial in x.
    pub(super) fn standardised(self, in_x: Polynomial) -> Polynomial {
        let expansion = self.expansion();
        std::array::from_fn(|s| (0..4).map(|r| in_x[r] * expansion[r][s]).sum())
    }

    /// The coefficients in x of a polynomial in z.
    pub(super) fn original(self, in_z: Polynomial) -> Polynomial {
        let inverse = Self {
            shift: -self.shift / self.scale,
            scale: 1.0 / self.scale,
        };
        inverse.standardised(in_z)
    }

    /// E w x^r from E w z^s.
    pub(super) fn moments(self, in_z: Polynomial) -> Polynomial {
        self.expansion()
            .map(|row| row.iter().zip(in_z).map(|(a, moment)| a * moment).sum())
    }
}

/// What one unit's own polynomial needs, in its own frame.
#[derive(Debug, Clone)]
pub(super) struct SiteMoments {
    pub(super) frame: Frame,
    /// E z^p, p = 0 to 6.
    pub(super) powers: [f64; 7],
    /// E y z^p with y = x_0 - E x_0, p = 0 to 3.
    pub(super) target: Polynomial,
}

impl SiteMoments {
    /// E p(z) r(z).
    pub(super) fn inner(&self, p: &Polynomial, r: &Polynomial) -> f64 {
        dot(p, &self.times(r))
    }

    /// E p(z) z^s, s = 0 to 3.
    pub(super) fn times(&self, p: &Polynomial) -> Polynomial {
        std::array::from_fn(|s| (0..4).map(|r| p[r] * self.powers[r + s]).sum())
    }
}

pub(super) fn dot(p: &Polynomial, r: &Polynomial) -> f64 {
    p.iter().zip(r).map(|(p, r)| p * r).sum()
}

/// Moments of x = a x_0 + sigma eps. With xi = x - E x:
pub(super) struct NoisedMoments {
    pub(super) sites: Vec<SiteMoments>,
    /// E xi xi^T.
    pub(super) covariance: Mat<f64>,
    /// E y_i xi_j (row j, column i; the diagonal belongs to the sites).
    pub(super) target: Mat<f64>,
    /// E z_i^s xi_j in row j, column i, for s = 1, 2, 3; zero on the diagonal.
    pub(super) cross: [Mat<f64>; 3],
}

impl NoisedMoments {
    pub(super) fn new(data: &DataMoments, level: Level) -> Self {
        let Level { signal, noise, .. } = level;
        let covariance = data.covariance();
        let variance = |unit: usize| signal * signal * covariance[(unit, unit)] + noise * noise;
        let units = data.units();
        let deviations: Vec<f64> = (0..units).map(|unit| variance(unit).sqrt()).collect();
        let mixtures: Vec<Mixture> = deviations
            .iter()
            .map(|deviation| Mixture::new(signal / deviation, noise / deviation))
            .collect();
        let site = |unit: usize| {
            let (known, mixture) = (data.powers(unit), &mixtures[unit]);
            SiteMoments {
                frame: Frame {
                    shift: signal * data.mean()[unit],
                    scale: deviations[unit],
                },
                powers: std::array::from_fn(|p| mixture.moment(p, |k| known[k])),
                target: std::array::from_fn(|p| mixture.moment(p, |k| known[k + 1])),
            }
        };
        let cross = std::array::from_fn(|index| {
            let order = index + 1;
            Mat::from_fn(units, units, |other, unit| {
                if other == unit {
                    return 0.0;
                }
                let known = |k: usize| match k {
                    0 => 0.0, // E y_j
                    k => data.cross(k)[(other, unit)],
                };
                signal * mixtures[unit].moment(order, known)
            })
        });
        Self {
            sites: (0..units).map(site).collect(),
            covariance: Mat::from_fn(units, units, |row, column| {
                if row == column {
                    variance(row)
                } else {
                    signal * signal * covariance[(row, column)]
                }
            }),
            target: Mat::from_fn(units, units, |row, column| {
                signal * covariance[(row, column)]
            }),
            cross,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_change_variables_both_ways() {
        let frame = Frame {
            shift: -0.9,
            scale: 0.2,
        };
        let polynomial = [0.3, -1.2, 0.8, 2.5];
        let value = |p: Polynomial, x: f64| p[0] + x * (p[1] + x * (p[2] + x * p[3]));
        let in_z = frame.standardised(polynomial);
        for z in [-2.0, 0.1, 1.7] {
            let x = frame.scale * z + frame.shift;
            assert!((value(in_z, z) - value(polynomial, x)).abs() < 1e-13);
        }
        for (back, expected) in frame.original(in_z).iter().zip(polynomial) {
            assert!((back - expected).abs() < 1e-12);
        }
        // A point mass: E z^s = z^s.
        let z = 0.7;
        let moments = frame.moments(powers(z));
        for (moment, expected) in moments.iter().zip(powers::<4>(0.2 * z - 0.9)) {
            assert!((moment - expected).abs() < 1e-14);
        }
    }
}

//! The best polynomial of one unit: projection on orthonormal polynomials of its noised state.

use super::noised::{Polynomial, SiteMoments, dot};

/// A power whose part that lower powers cannot express has less than this share of its
/// second moment is dropped: it would only amplify rounding.
const INDEPENDENT: f64 = 1e-12;

/// Which polynomials one unit may choose from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reach {
    /// Bias, stiffness, cubic and quartic are all free.
    Free,
    /// Bias and stiffness are free, the quartic is held at this value and the cubic at zero.
    Pinned(f64),
}

/// A fixed polynomial plus the span of polynomials orthonormal under E.
#[derive(Debug, Clone)]
pub(super) struct Basis {
    pub(super) fixed: Polynomial,
    /// Degree r in row r; zero where a degree is not free.
    pub(super) rows: [Polynomial; 4],
}

impl Basis {
    /// Gram-Schmidt on 1, z, z^2, z^3, twice: once loses orthogonality when powers are nearly parallel.
    pub(super) fn new(site: &SiteMoments, reach: Reach) -> Self {
        let (fixed, degrees) = match reach {
            Reach::Free => ([0.0; 4], 4),
            Reach::Pinned(quartic) => (site.frame.standardised([0.0, 0.0, 0.0, -quartic]), 2),
        };
        let mut rows = [[0.0; 4]; 4];
        for degree in 0..degrees {
            let mut row = [0.0; 4];
            row[degree] = 1.0;
            for lower in rows[..degree].iter().chain(&rows[..degree]) {
                let overlap = site.inner(&row, lower);
                for (slot, value) in row.iter_mut().zip(lower) {
                    *slot -= overlap * value;
                }
            }
            let square = site.inner(&row, &row);
            if square > INDEPENDENT * site.powers[2 * degree] {
                rows[degree] = row.map(|value| value / square.sqrt());
            }
        }
        Self { fixed, rows }
    }

    /// Coordinates of the best approximation to t in this basis, from E t z^s.
    pub(super) fn coordinates(&self, site: &SiteMoments, target: &Polynomial) -> [f64; 4] {
        let fixed = site.times(&self.fixed);
        self.rows.map(|row| {
            row.iter()
                .zip(target.iter().zip(fixed))
                .map(|(r, (t, f))| r * (t - f))
                .sum()
        })
    }

    /// The polynomial with these coordinates.
    pub(super) fn polynomial(&self, coordinates: &[f64; 4]) -> Polynomial {
        std::array::from_fn(|s| {
            let column = self.rows.map(|row| row[s]);
            self.fixed[s] + dot(&column, coordinates)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::noised::Frame;
    use super::*;

    /// Moments of a standard normal state, with target E t z^s.
    fn normal(target: Polynomial) -> SiteMoments {
        SiteMoments {
            frame: Frame {
                shift: 0.5,
                scale: 2.0,
            },
            powers: [1.0, 0.0, 1.0, 0.0, 3.0, 0.0, 15.0],
            target,
        }
    }

    #[test]
    fn polynomials_of_a_normal_state_are_those_of_hermite() {
        let basis = Basis::new(&normal([0.0; 4]), Reach::Free);
        let expected = [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [-1.0, 0.0, 1.0, 0.0].map(|c: f64| c / 2.0_f64.sqrt()),
            [0.0, -3.0, 0.0, 1.0].map(|c: f64| c / 6.0_f64.sqrt()),
        ];
        for (row, expected) in basis.rows.iter().zip(expected) {
            for (value, expected) in row.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn pinned_units_keep_their_quartic() {
        // t = z^3, so E t z^s = 0, 3, 0, 15.
        let site = normal([0.0, 3.0, 0.0, 15.0]);
        let free = Basis::new(&site, Reach::Free);
        let fit = free.polynomial(&free.coordinates(&site, &site.target));
        for (value, expected) in fit.iter().zip([0.0, 0.0, 0.0, 1.0]) {
            assert!((value - expected).abs() < 1e-13);
        }
        let pinned = Basis::new(&site, Reach::Pinned(0.3));
        let fit = pinned.polynomial(&pinned.coordinates(&site, &site.target));
        let in_x = site.frame.original(fit);
        assert!((in_x[3] + 0.3).abs() < 1e-13 && in_x[2].abs() < 1e-13);
        // What is left of the target is orthogonal to the powers that stay free.
        let explained = site.times(&fit);
        assert!(explained[0].abs() < 1e-12 && (explained[1] - 3.0).abs() < 1e-12);
    }
}

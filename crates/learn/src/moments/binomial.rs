//! Moments of signal plus Gaussian noise, by binomial expansion.

/// Moments E g^p of a standard normal variable, p = 0 to 6.
const NORMAL: [f64; 7] = [1.0, 0.0, 1.0, 0.0, 3.0, 0.0, 15.0];

/// Pascal's triangle.
pub(super) const BINOMIAL: [[f64; 7]; 7] = [
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [1.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0],
    [1.0, 3.0, 3.0, 1.0, 0.0, 0.0, 0.0],
    [1.0, 4.0, 6.0, 4.0, 1.0, 0.0, 0.0],
    [1.0, 5.0, 10.0, 10.0, 5.0, 1.0, 0.0],
    [1.0, 6.0, 15.0, 20.0, 15.0, 6.0, 1.0],
];

/// 1, x, x^2, ... by multiplication: `powi` is not bit-stable across platforms.
pub(super) fn powers<const N: usize>(x: f64) -> [f64; N] {
    let mut powers = [1.0; N];
    for order in 1..N {
        powers[order] = powers[order - 1] * x;
    }
    powers
}

/// z = signal y + noise g, with y of any distribution and g standard normal, independent of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mixture {
    signal: [f64; 7],
    noise: [f64; 7],
}

impl Mixture {
    pub(super) fn new(signal: f64, noise: f64) -> Self {
        Self {
            signal: powers(signal),
            noise: powers(noise),
        }
    }

    /// E z^p w, p <= 6, from `known(k)` = E y^k w for any w that is independent of the noise.
    pub(super) fn moment(&self, p: usize, known: impl Fn(usize) -> f64) -> f64 {
        (0..=p)
            .filter(|k| (p - k).is_multiple_of(2))
            .map(|k| BINOMIAL[p][k] * self.signal[k] * known(k) * self.noise[p - k] * NORMAL[p - k])
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_normal_variables_is_normal() {
        // 0.6^2 + 0.8^2 = 1.
        let mixture = Mixture::new(0.6, 0.8);
        for (p, expected) in NORMAL.into_iter().enumerate() {
            assert!((mixture.moment(p, |k| NORMAL[k]) - expected).abs() < 1e-14);
        }
        // E z^3 y = 3 E zy E z^2.
        let product = mixture.moment(3, |k| NORMAL[k + 1]);
        assert!((product - 3.0 * 0.6).abs() < 1e-14);
    }
}

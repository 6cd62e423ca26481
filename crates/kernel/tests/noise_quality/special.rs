//! The normal distribution and chi-square probabilities, in double precision.

use std::f64::consts::PI;

/// Density of the standard normal.
pub fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// Probability that a standard normal exceeds `x` >= 0: a series of positive terms around zero,
/// Laplace's continued fraction beyond.
pub fn upper_tail(x: f64) -> f64 {
    assert!(x >= 0.0);
    if x < 3.0 {
        // 1/2 - phi(x) (x + x^3 / 3 + x^5 / (3 5) + ...).
        let mut term = x;
        let mut sum = x;
        for odd in (3..200).step_by(2) {
            term *= x * x / f64::from(odd);
            sum += term;
        }
        0.5 - density(x) * sum
    } else {
        // phi(x) / (x + 1 / (x + 2 / (x + 3 / ...))).
        let fraction = (1..=200).rev().fold(x, |below, k| x + f64::from(k) / below);
        density(x) / fraction
    }
}

/// Distribution function of the standard normal.
pub fn cumulative(x: f64) -> f64 {
    if x < 0.0 {
        upper_tail(-x)
    } else {
        1.0 - upper_tail(x)
    }
}

/// Probability that chi-square with so many degrees of freedom exceeds `x`.
///
/// Q(a + 1, y) = Q(a, y) + y^a exp(-y) / Gamma(a + 1) from a = 1/2 or a = 1 upwards, y = x/2.
pub fn chi_square_tail(freedom: usize, x: f64) -> f64 {
    let y = x / 2.0;
    let odd = freedom % 2 == 1;
    let mut a = if odd { 0.5 } else { 1.0 };
    let mut sum = if odd {
        2.0 * upper_tail(x.sqrt())
    } else {
        (-y).exp()
    };
    // ln of the next term: Gamma(3/2) = sqrt(pi) / 2, Gamma(2) = 1.
    let ln_gamma = if odd { 0.5 * PI.ln() - 2_f64.ln() } else { 0.0 };
    let mut ln_term = a * y.ln() - y - ln_gamma;
    while a < freedom as f64 / 2.0 {
        sum += ln_term.exp();
        a += 1.0;
        ln_term += y.ln() - a.ln();
    }
    sum
}

#[test]
fn probabilities_agree_with_tables() {
    let close = |found: f64, exact: f64| assert!((found / exact - 1.0).abs() < 1e-12, "{found:e}");
    close(upper_tail(1.0), 0.158_655_253_931_457_05);
    close(2.0 * upper_tail(3.0), 0.002_699_796_063_260_189);
    close(2.0 * upper_tail(4.0), 6.334_248_366_623_984e-5);
    close(2.0 * upper_tail(5.0), 5.733_031_437_583_878e-7);
    close(cumulative(-1.0) + cumulative(1.0), 1.0);
    // Two degrees of freedom: exp(-x/2); one: both tails of the normal.
    close(chi_square_tail(2, 6.0), (-3.0_f64).exp());
    close(chi_square_tail(1, 9.0), 2.0 * upper_tail(3.0));
    // Four: (1 + x/2) exp(-x/2); three: erfc + 2 sqrt(x / 2 pi) exp(-x/2).
    close(chi_square_tail(4, 6.0), 4.0 * (-3.0_f64).exp());
    let three = 2.0 * upper_tail(2.0) + 4.0 * density(2.0);
    close(chi_square_tail(3, 4.0), three);
}

//! Numbers about samples, and integrals that they are held against.

/// Mean of independent values, and its standard error.
pub fn mean_and_error(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.into_iter().collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// How many standard errors a chi-square with so many degrees of freedom is off its mean, by the cube root that is
/// nearly normal (E. B. Wilson and M. M. Hilferty 1931; within a few per cent out to five).
pub fn chi_square_deviation(chi_square: f64, freedom: usize) -> f64 {
    let spread = 2.0 / (9.0 * freedom as f64);
    ((chi_square / freedom as f64).cbrt() - (1.0 - spread)).abs() / spread.sqrt()
}

/// The mean of `f` under the density exp(-energy / kT), by the trapezoidal rule on -8 to 8: exact to rounding for
/// smooth functions of wells that confine.
pub fn boltzmann_mean(energy: impl Fn(f64) -> f64, kt: f64, f: impl Fn(f64) -> f64) -> f64 {
    let points = (-8000..=8000).map(|point| f64::from(point) * 1e-3);
    let (weight, sum) = points.fold((0.0, 0.0), |(total, sum), x| {
        let weight = (-energy(x) / kt).exp();
        (total + weight, sum + weight * f(x))
    });
    sum / weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_squares_at_known_quantiles_deviate_as_they_should() {
        // P(chi-square with 20 degrees of freedom > 37.57) = 1 %: 2.326 standard errors.
        assert!((chi_square_deviation(37.57, 20) - 2.326).abs() < 0.02);
        // 5.0 standard errors: P = 2.87e-7 at 69.
        assert!((chi_square_deviation(69.0, 20) - 5.0).abs() < 0.2);
    }

    #[test]
    fn quadrature_knows_the_virial_theorem() {
        let quartic = |x: f64| 0.25 * x.powi(4);
        assert!((boltzmann_mean(quartic, 1.0, |x| x.powi(4)) - 1.0).abs() < 1e-12);
        assert!((boltzmann_mean(|x| 0.5 * x * x, 0.5, |x| x * x) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn means_have_the_error_of_their_sample() {
        let (mean, error) = mean_and_error([1.0, 2.0, 3.0, 4.0]);
        assert!((mean - 2.5).abs() < 1e-15 && (error - (5.0_f64 / 12.0).sqrt()).abs() < 1e-15);
    }
}

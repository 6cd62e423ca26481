//! Small fits and comparisons: exponents of power laws, minima of curves, angles between gradients.

/// The exponent of the power law through points of positive coordinates: the slope of least squares in
/// log-log. NaN for fewer than two different abscissae.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let both: f64 = logs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let square: f64 = logs.iter().map(|p| (p.0 - x).powi(2)).sum();
    both / square
}

/// The minimum of a curve of positive coordinates, from left to right: that of the parabola in log-log through
/// the lowest point and its neighbours; the lowest point itself where it is at an end.
pub fn minimum(curve: &[(f64, f64)]) -> Option<(f64, f64)> {
    let ends = curve.iter().enumerate();
    let (lowest, &at) = ends.min_by(|(_, one), (_, other)| one.1.total_cmp(&other.1))?;
    if lowest == 0 || lowest + 1 == curve.len() {
        return Some(at);
    }
    let log = |point: (f64, f64)| (point.0.ln(), point.1.ln());
    let [left, middle, right] =
        [-1_isize, 0, 1].map(|step| log(curve[lowest.saturating_add_signed(step)]));
    // Newton's form: y = y0 + slope (x - x0) + bend (x - x0)(x - x1).
    let rise = |a: (f64, f64), b: (f64, f64)| (b.1 - a.1) / (b.0 - a.0);
    let (first, second) = (rise(left, middle), rise(middle, right));
    let bend = (second - first) / (right.0 - left.0);
    if bend.is_nan() || bend <= 0.0 {
        return Some(at);
    }
    let x = 0.5 * (left.0 + middle.0 - first / bend);
    let y = left.1 + (x - left.0) * (first + bend * (x - middle.0));
    Some((x.exp(), y.exp()))
}

/// Cosine of the angle between two gradients.
pub fn cosine(left: &[f64], right: &[f64]) -> f64 {
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

/// |found - exact| / |exact|.
pub fn relative_error(found: &[f64], exact: &[f64]) -> f64 {
    let off = difference(found, exact);
    norm(&off) / norm(exact)
}

/// Euclidean length.
pub fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

/// left - right.
pub fn difference(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(a, b)| a - b).collect()
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_has_its_exponent() {
        let points: Vec<_> = [1.0, 3.0, 10.0, 70.0_f64]
            .map(|x| (x, 5.0 * x.powf(-2.0 / 3.0)))
            .into();
        assert!((exponent(&points) + 2.0 / 3.0).abs() < 1e-14);
        // One point off by a factor of e^2 among four, two on either side of the mean: by hand,
        // x = 0, 1, 2, 3 and y = 0, 0, 0, 2 have the slope (1.5 * 2) / 5.
        let e = std::f64::consts::E;
        let bent: Vec<_> = (0..4)
            .map(|k| (e.powi(k), if k == 3 { e * e } else { 1.0 }))
            .collect();
        assert!((exponent(&bent) - 0.6).abs() < 1e-14);
        assert!(exponent(&points[..1]).is_nan());
    }

    /// y = 2 (x / 3)^(ln x / 3), a parabola in log-log about x = 3, on points that miss it.
    #[test]
    fn a_parabola_has_its_minimum_between_the_points() {
        let curve: Vec<_> = (-3..5)
            .map(|k| 1.7_f64.powi(k))
            .map(|x| (x, 2.0 * (x / 3.0).ln().powi(2).exp()))
            .collect();
        let (x, y) = minimum(&curve).unwrap();
        assert!(
            (x - 3.0).abs() < 1e-12 && (y - 2.0).abs() < 1e-12,
            "{x} {y}"
        );
        let falling = &curve[..4];
        assert_eq!(minimum(falling), Some(falling[3]));
        assert_eq!(minimum(&[]), None);
    }

    #[test]
    fn angles_and_errors_are_those_of_vectors_in_a_plane() {
        let (along, across) = ([2.0, 0.0], [0.0, 3.0]);
        assert_eq!(cosine(&along, &across), 0.0);
        assert_eq!(cosine(&along, &[-1.0, 0.0]), -1.0);
        assert_eq!(relative_error(&[2.0, 1.0], &along), 0.5);
    }
}

//! Largest relaxation rate at a state: the stiffest direction sets the stable step size.

use faer::Mat;

use crate::{Potential, Scalar, potential::column};

/// Power iterations; the Rayleigh quotient converges twice as fast as the vector.
const ITERATIONS: usize = 30;

/// Largest eigenvalue of M^(1/2) H M^(1/2), with M the diagonal of mobilities.
pub(crate) fn largest_rate<T: Scalar>(
    potential: &dyn Potential<T>,
    state: &[T],
    mobility: &[f64],
) -> f64 {
    let root: Vec<T> = mobility.iter().map(|m| T::of(m.sqrt())).collect();
    let units = potential.units();
    let states = Mat::from_fn(units, 1, |unit, _| state[unit]);
    let product = |direction: &Mat<T>| {
        let scaled = Mat::from_fn(units, 1, |unit, _| root[unit] * direction[(unit, 0)]);
        let mut product = Mat::zeros(units, 1);
        potential.add_curvature_product(states.as_ref(), scaled.as_ref(), product.as_mut());
        Mat::from_fn(units, 1, |unit, _| root[unit] * product[(unit, 0)])
    };
    // A fixed, aperiodic start has a component along every symmetric or antisymmetric mode.
    let mut direction = Mat::from_fn(units, 1, |unit, _| {
        T::of(1.0 + 0.5 * (1.7 * unit as f64 + 0.3).sin())
    });
    let mut quotient = f64::NEG_INFINITY;
    let mut shift = 0.0;
    for _ in 0..ITERATIONS {
        let norm = norm(&direction);
        if norm == 0.0 || !norm.is_finite() {
            break;
        }
        for unit in 0..units {
            direction[(unit, 0)] = T::of(direction[(unit, 0)].wide() / norm);
        }
        let image = product(&direction);
        let rayleigh: f64 = column(direction.as_ref(), 0)
            .iter()
            .zip(column(image.as_ref(), 0))
            .map(|(v, hv)| v.wide() * hv.wide())
            .sum();
        quotient = quotient.max(rayleigh);
        // The iteration on H + shift must favour the largest, not the most negative, eigenvalue.
        if rayleigh < 0.0 {
            shift = f64::max(shift, self::norm(&image));
        }
        direction = Mat::from_fn(units, 1, |unit, _| {
            T::of(image[(unit, 0)].wide() + shift * direction[(unit, 0)].wide())
        });
    }
    quotient
}

fn norm<T: Scalar>(vector: &Mat<T>) -> f64 {
    column(vector.as_ref(), 0)
        .iter()
        .map(|value| value.wide().powi(2))
        .sum::<f64>()
        .sqrt()
}

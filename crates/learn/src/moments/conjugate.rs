//! Conjugate gradients with a diagonal preconditioner (Hestenes & Stiefel 1952).

use super::projected::Projected;

/// Where the iteration stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) iterations: usize,
    /// |b - A x| / |b| in the norm of the inverse diagonal.
    pub(super) residual: f64,
}

/// Improves `x` until the relative residual is below `tolerance` or `limit` iterations are spent.
pub(super) fn conjugate_gradients(
    system: &Projected<'_>,
    x: &mut [f64],
    limit: usize,
    tolerance: f64,
) -> Stop {
    let precondition = |r: &[f64]| -> Vec<f64> {
        r.iter()
            .zip(system.diagonal())
            .map(|(r, d)| r / d)
            .collect()
    };
    let scale = dot(system.right(), &precondition(system.right()));
    if scale == 0.0 {
        // Nothing pulls on any coupling (or there is none): zero is the exact solution.
        x.fill(0.0);
        return Stop {
            iterations: 0,
            residual: 0.0,
        };
    }
    let mut residual = remainder(system, x);
    let mut preconditioned = precondition(&residual);
    let mut norm = dot(&residual, &preconditioned);
    let mut direction = preconditioned.clone();
    let mut iterations = 0;
    while iterations < limit && norm > tolerance * tolerance * scale {
        let product = system.product(&direction);
        let curvature = dot(&direction, &product);
        if curvature <= 0.0 {
            break; // The residual is down to rounding.
        }
        add(x, norm / curvature, &direction);
        add(&mut residual, -norm / curvature, &product);
        preconditioned = precondition(&residual);
        let next = dot(&residual, &preconditioned);
        for (slot, value) in direction.iter_mut().zip(&preconditioned) {
            *slot = value + next / norm * *slot;
        }
        norm = next;
        iterations += 1;
    }
    Stop {
        iterations,
        residual: relative_residual(system, x),
    }
}

/// |b - A x| / |b|, computed afresh: the recurrence drifts from it by rounding.
pub(super) fn relative_residual(system: &Projected<'_>, x: &[f64]) -> f64 {
    let square = |r: &[f64]| -> f64 {
        r.iter()
            .zip(system.diagonal())
            .map(|(r, d)| r * r / d)
            .sum()
    };
    let scale = square(system.right());
    let left = square(&remainder(system, x));
    if left == 0.0 {
        0.0
    } else {
        (left / scale).sqrt()
    }
}

fn remainder(system: &Projected<'_>, x: &[f64]) -> Vec<f64> {
    let product = system.product(x);
    system
        .right()
        .iter()
        .zip(product)
        .map(|(b, ax)| b - ax)
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(x: &mut [f64], factor: f64, y: &[f64]) {
    for (slot, value) in x.iter_mut().zip(y) {
        *slot += factor * value;
    }
}

//! The theory of nudged equilibria against finite differences, exact nudged states, simulated phases and
//! brute force.
//!
//! Most are free of chance: seeds pick the systems. The simulated phases state n, seed and false-alarm rate.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bias;
mod bound;
mod couplings;
mod finite;
mod noise;
mod optimum;
mod quartic;
mod recommendation;
mod refusals;

use faer::{Col, Mat};
use overdamped_learn::theory::{QuadraticSystem, Typical};

/// Cosine of two matrices.
fn cosine(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    let inner: f64 = (0..a.ncols())
        .map(|column| a.col(column).transpose() * b.col(column))
        .sum();
    inner / (a.norm_l2() * b.norm_l2())
}

/// |a - b| / |b|.
fn relative(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (a - b).norm_l2() / b.norm_l2()
}

fn entries(column: &Col<f64>) -> Vec<f64> {
    column.iter().copied().collect()
}

/// A small system of middling stiffness.
fn small(units: usize, seen: usize, seed: u64) -> QuadraticSystem {
    let typical = Typical {
        units,
        seen,
        ..Typical::default()
    };
    typical.system(seed).unwrap()
}

//! What the fits find, against closed forms and networks that are known.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod encoder;
mod interface;
mod storage;
mod transfer;

use faer::{Mat, MatRef};
use overdamped_conditioning::Transfer;
use overdamped_substrate::stream;
use rand::RngExt;
use rand_distr::StandardNormal;

/// Standard normal, times `scale`.
fn normal(rows: usize, columns: usize, scale: f32, seed: u64) -> Mat<f32> {
    let mut stream = stream::of(seed, 0);
    Mat::from_fn(rows, columns, |_, _| {
        scale * stream.sample::<f32, _>(StandardNormal)
    })
}

/// A network with normal weights of variance 1 / (fan-in).
fn teacher(inputs: usize, hidden: usize, outputs: usize, seed: u64) -> Transfer {
    let scale = |fan_in: usize| 1.0 / (fan_in as f32).sqrt();
    let first = normal(hidden, inputs, scale(inputs), seed);
    let second = normal(outputs, hidden, scale(hidden), seed + 1);
    Transfer::new(first.as_ref(), second.as_ref()).unwrap()
}

fn squares(matrix: MatRef<'_, f32>) -> f64 {
    let columns = (0..matrix.ncols()).map(|k| {
        let squares = matrix.col(k).iter().map(|&v| f64::from(v).powi(2));
        squares.sum::<f64>()
    });
    columns.sum()
}

/// |a - b|^2 / |b|^2.
fn unexplained(a: &Mat<f32>, b: &Mat<f32>) -> f64 {
    squares((a - b).as_ref()) / squares(b.as_ref())
}

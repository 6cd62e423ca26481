//! Denoising score matching at equilibrium, on networks small enough for exact answers.
//!
//! Most tests are free of chance: a seed picks the batch, and what is compared is deterministic. Those of
//! samples are statistical; they state n, seed, false-alarm rate and what they would catch.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod definite;
mod descent;
mod gaussian;
mod gradient;
mod metering;
mod refusals;
mod resume;
mod toy;
mod wiener;

//! `GradEP`, its nudges, the field that it learns and walks along it, on networks small enough for exact
//! answers.
//!
//! Most are free of chance: a seed picks the batch, and what is compared is deterministic. Two tests
//! are statistical; they state n, seed and false-alarm rate.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bias;
mod exact;
mod field;
mod learning;
mod metering;
mod refusals;
mod resume;
mod toy;
mod walk;

//! The family of estimators, cold and warm, on networks of four units that linear algebra answers exactly.
//!
//! Cold ones are free of chance. Warm ones are statistical: each test states n, seed, false-alarm rate and
//! which error it would catch.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cold;
mod drift;
mod metering;
mod network;
mod refusals;
mod warm;

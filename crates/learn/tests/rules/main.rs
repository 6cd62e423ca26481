//! Every learning rule against expectations in closed form.
//!
//! False-alarm rate: each comparison allows five standard errors (6e-7 each, below 1e-4 for
//! the whole binary); seeds are fixed and every n is stated where it is used.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod gradients;
mod labels;
mod metering;
mod optimum;
mod oracle;

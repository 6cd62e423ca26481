//! Moments, maps and hierarchies against closed forms and independent formulas.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod gauge;
mod hierarchy;
mod moments;
mod pairing;
mod properties;
mod quality;
mod refusals;
mod regression;
mod support;

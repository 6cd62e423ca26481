//! Rules of the energy claims: one bill, and every baseline that it may be held against.
//!
//! A gain is an energy of a GPU over that of the substrate with all its converters and arithmetic. What
//! decides is never the bill alone but what the GPU is asked to do, so that a claim counts as reproduced
//! where it holds against the *same function*, and under a condition where it needs another baseline. The
//! ceiling of a gain is the same baseline over an ideal substrate.

mod inference;
mod training;

pub use inference::{INFERENCE, inference_as_cited, net_saving};
pub use training::{
    SYMMETRIC, TRAINING, TRAINING_AND_SYSTEMS, second_nudge, training, training_and_systems,
};

/// Name of the reference that has a figure with converters of record efficiency (preset `record`).
const RECORD: &str = "record hardware";
/// Name of the reference that has it where only relaxation costs (preset `ideal`).
const IDEAL: &str = "ideal hardware";
/// The lower and the upper end of what the second paper claims.
const THOUSANDFOLD: f64 = 1e3;
const TEN_THOUSANDFOLD: f64 = 1e4;

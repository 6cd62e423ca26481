//! Bills against arithmetic by hand, against metered substrates, and against the laws that every bill keeps.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod by_hand;
mod hostile;
mod metered;
mod properties;
mod published;
mod refusals;
mod sweeps;

//! Moments, maps and hierarchies against closed forms and independent formulas.

mod gauge;
mod moments;
mod pairing;
mod properties;
mod quality;
mod refusals;
mod regression;
mod support;

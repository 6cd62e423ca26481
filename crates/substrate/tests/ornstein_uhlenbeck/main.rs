//! Exact Ornstein-Uhlenbeck process against closed forms, independent quadrature and sampling.

mod closed_forms;
mod faults;
mod oracle;
mod properties;
mod sampling;

//! overdamped-substrate

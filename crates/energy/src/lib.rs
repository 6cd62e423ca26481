//! overdamped-energy

//! overdamped-learn

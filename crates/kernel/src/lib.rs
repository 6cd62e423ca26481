//! The innermost loops of Overdamped, with the same bits on every instruction set.
//!
//! | module | what it is |
//! |---|---|
//! | [`simd`] | sixteen lanes, in three versions; the only unsafe code of the project |
//! | `math` | ln, sine, cosine, exp and tanh by polynomials |
//! | [`activation`] | what the units of layered energies pass on, with slopes and curvatures |
//! | [`quartic`] | units moved towards the bottoms of quartic wells |
//! | [`noise`] | a stream of standard normals for each chain, as a documented format |
//! | [`matrix`] | couplings, packed for the order in which they are read |
//! | [`program`] | the force on each unit in closed form |
//! | [`block`] | chains that run together, for many steps of force, noise and update |
//! | [`heat`] | the heat of each unit |
//! | [`compensated`] | sums that do not drift |
//! | [`memory`] | what the machine has free |
//! | [`floor`] | what the multipliers of this machine can do, for benchmarks |
//!
//! One rule makes the bits equal: a chain is a lane, so that whatever the path, block, thread or
//! batch, each number is made by the same operations in the same order. Multiply-add
//! is fused everywhere; without an instruction for it, it is emulated exactly (and slowly).
//!
//! This crate knows units, chains and steps, and nothing of energies, baths or protocols; those are
//! the business of `overdamped-energy` and `overdamped-substrate`.

// A library that panics takes a user's hours with it; tests may.
#![cfg_attr(
    not(test),
    warn(
        clippy::panic,
        clippy::expect_used,
        clippy::unreachable,
        clippy::unimplemented
    )
)]

pub mod activation;
pub mod block;
pub mod compensated;
pub mod floor;
pub mod heat;
pub(crate) mod math;
pub mod matrix;
pub mod memory;
pub mod noise;
pub mod program;
pub mod quartic;
pub mod simd;
mod steps;

pub use activation::Activation;
pub use block::{Block, Drive, Motion};
pub use compensated::Compensated;
pub use heat::HeatMeter;
pub use matrix::Matrix;
pub use noise::Streams;
pub use program::{Layer, Product, Program, Scratch};
pub use simd::{Chunk, LANES, Path, PathError, Real};

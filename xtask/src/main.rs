//! The project's own commands: `cargo xtask --help`.

mod data;
mod fetch;
mod judging;
mod report;
mod results;

fn main() {}
